//! Blocks and statements.

use super::super::ast::{Arm, AssignOperator, Binding, Block, Call, If, Return, Statement, StatementKind};
use super::super::grammar::Rule;
use super::super::parsed::Node;
use super::Builder;

impl Builder<'_> {
    pub(super) fn block(&mut self, node: Node<'_>) -> Option<Block> {
        let span = node.span();
        let is_mark = |part: &Node<'_>| matches!(part.rule(), Rule::brace_open | Rule::brace_close);
        let statements = node.children().filter(|part| !is_mark(part)).map(|part| self.statement(part));
        Some(Block { statements: statements.collect::<Option<_>>()?, span })
    }

    /// The statement that `node` is.
    pub(in super::super) fn statement(&mut self, node: Node<'_>) -> Option<Statement> {
        let span = node.span();
        let kind = match node.rule() {
            Rule::let_statement => {
                StatementKind::Let(Box::new(Binding { span, ..self.binding(node.child(Rule::binding)?)? }))
            }
            Rule::set_statement => self.set(node.child(Rule::set)?)?,
            Rule::unset_statement => Self::unset(node.child(Rule::unset)?)?,
            Rule::call_statement => Self::call(node.child(Rule::call)?)?,
            Rule::return_statement => StatementKind::Return(self.return_statement(node)?),
            Rule::if_statement => StatementKind::If(self.if_statement(node)?),
            Rule::match_statement => StatementKind::Match(Box::new(self.match_statement(node)?)),
            Rule::tag_statement => StatementKind::Tag(self.expression(node.child(Rule::expression)?, 0)?),
            Rule::ban_statement => StatementKind::Ban(self.expression(node.child(Rule::expression)?, 0)?),
            Rule::effect => StatementKind::Effect(self.effect(node)?),
            _ => return None,
        };
        Some(Statement { kind, span })
    }

    pub(super) fn set(&mut self, node: Node<'_>) -> Option<StatementKind> {
        let (mut target, mut operator, mut value) = (None, None, None);
        for part in node.children() {
            match part.rule() {
                Rule::path => target = Some(Self::path(part)),
                Rule::expression => value = Some(self.expression(part, 0)?),
                rule => operator = assign_operator(rule).or(operator),
            }
        }
        Some(StatementKind::Set { target: target?, operator: operator?, value: value? })
    }

    pub(super) fn unset(node: Node<'_>) -> Option<StatementKind> {
        Some(StatementKind::Unset { target: Self::path(node.child(Rule::path)?) })
    }

    pub(super) fn call(node: Node<'_>) -> Option<StatementKind> {
        Some(StatementKind::Call { name: Self::dotted_name(&node.child(Rule::dotted_name)?) })
    }

    fn return_statement(&mut self, node: Node<'_>) -> Option<Return> {
        let Some(action) = node.child(Rule::action) else {
            return Some(Return { action: None, arguments: Vec::new() });
        };
        let mut inner = action.children();
        let name = Self::name(&inner.next()?);
        let arguments = match inner.next() {
            Some(operands) => self.operands(operands)?,
            None => Vec::new(),
        };
        Some(Return { action: Some(name), arguments })
    }

    fn if_statement(&mut self, node: Node<'_>) -> Option<If> {
        let (mut arms, mut otherwise, mut condition) = (Vec::with_capacity(1), None, None);
        for part in node.children() {
            match part.rule() {
                Rule::condition => condition = Some(self.condition(part)?),
                Rule::block => arms.push(Arm { condition: condition.take()?, block: self.block(part)? }),
                Rule::else_if => arms.push(self.arm(part)?),
                Rule::otherwise => otherwise = Some(self.otherwise(part)?),
                _ => {}
            }
        }
        Some(If { arms, otherwise })
    }

    /// The last `else` of an `if`.
    pub(in super::super) fn otherwise(&mut self, node: Node<'_>) -> Option<Block> {
        self.block(node.child(Rule::block)?)
    }

    /// An `else if` with its block.
    pub(in super::super) fn arm(&mut self, node: Node<'_>) -> Option<Arm> {
        let (mut condition, mut block) = (None, None);
        for part in node.children() {
            match part.rule() {
                Rule::condition => condition = Some(self.condition(part)?),
                Rule::block => block = Some(self.block(part)?),
                _ => {}
            }
        }
        Some(Arm { condition: condition?, block: block? })
    }

    pub(super) fn condition(&mut self, node: Node<'_>) -> Option<super::super::ast::Expression> {
        self.expression(node.child(Rule::expression)?, 0)
    }

    fn effect(&mut self, node: Node<'_>) -> Option<Call> {
        let mut inner = node.children();
        let function = Self::path(inner.next()?);
        Some(Call { function, arguments: self.arguments(inner.next()?, 0)? })
    }
}

fn assign_operator(rule: Rule) -> Option<AssignOperator> {
    Some(match rule {
        Rule::assign => AssignOperator::Assign,
        Rule::add_assign => AssignOperator::Add,
        Rule::subtract_assign => AssignOperator::Subtract,
        Rule::multiply_assign => AssignOperator::Multiply,
        Rule::divide_assign => AssignOperator::Divide,
        _ => return None,
    })
}
