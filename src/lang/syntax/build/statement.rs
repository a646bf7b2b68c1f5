//! Blocks and statements.

use super::super::ast::{Arm, AssignOperator, Binding, Block, Call, If, Return, Statement, StatementKind};
use super::super::grammar::{Pair, Rule};
use super::{Builder, child};

impl Builder<'_> {
    pub(super) fn block(&mut self, pair: Pair<'_>) -> Option<Block> {
        let span = self.span(&pair);
        let is_mark = |part: &Pair<'_>| matches!(part.as_rule(), Rule::brace_open | Rule::brace_close);
        let statements = pair.into_inner().filter(|part| !is_mark(part)).map(|part| self.statement(part));
        Some(Block { statements: statements.collect::<Option<_>>()?, span })
    }

    fn statement(&mut self, pair: Pair<'_>) -> Option<Statement> {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::let_statement => StatementKind::Let(Binding { span, ..self.binding(child(pair, Rule::binding)?)? }),
            Rule::set_statement => self.set(child(pair, Rule::set)?)?,
            Rule::unset_statement => self.unset(child(pair, Rule::unset)?)?,
            Rule::call_statement => self.call(child(pair, Rule::call)?)?,
            Rule::return_statement => StatementKind::Return(self.return_statement(pair)?),
            Rule::if_statement => StatementKind::If(self.if_statement(pair)?),
            Rule::match_statement => StatementKind::Match(self.match_statement(pair)?),
            Rule::effect => StatementKind::Effect(self.effect(pair)?),
            _ => return None,
        };
        Some(Statement { kind, span })
    }

    pub(super) fn set(&mut self, pair: Pair<'_>) -> Option<StatementKind> {
        let (mut target, mut operator, mut value) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::path => target = Some(self.path(part)),
                Rule::expression => value = Some(self.expression(part, 0)?),
                rule => operator = assign_operator(rule).or(operator),
            }
        }
        Some(StatementKind::Set { target: target?, operator: operator?, value: value? })
    }

    pub(super) fn unset(&mut self, pair: Pair<'_>) -> Option<StatementKind> {
        Some(StatementKind::Unset { target: self.path(child(pair, Rule::path)?) })
    }

    pub(super) fn call(&mut self, pair: Pair<'_>) -> Option<StatementKind> {
        Some(StatementKind::Call { name: self.dotted_name(&child(pair, Rule::dotted_name)?) })
    }

    fn return_statement(&mut self, pair: Pair<'_>) -> Option<Return> {
        let Some(action) = child(pair, Rule::action) else {
            return Some(Return { action: None, arguments: Vec::new() });
        };
        let mut inner = action.into_inner();
        let name = self.name(&inner.next()?);
        let arguments = match inner.next() {
            Some(operands) => self.operands(operands)?,
            None => Vec::new(),
        };
        Some(Return { action: Some(name), arguments })
    }

    fn if_statement(&mut self, pair: Pair<'_>) -> Option<If> {
        let (mut arms, mut otherwise, mut condition) = (Vec::new(), None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::condition => condition = Some(self.condition(part)?),
                Rule::block => arms.push(Arm { condition: condition.take()?, block: self.block(part)? }),
                Rule::else_if => arms.push(self.arm(part)?),
                Rule::otherwise => otherwise = Some(self.block(child(part, Rule::block)?)?),
                _ => {}
            }
        }
        Some(If { arms, otherwise })
    }

    fn arm(&mut self, pair: Pair<'_>) -> Option<Arm> {
        let (mut condition, mut block) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::condition => condition = Some(self.condition(part)?),
                Rule::block => block = Some(self.block(part)?),
                _ => {}
            }
        }
        Some(Arm { condition: condition?, block: block? })
    }

    fn condition(&mut self, pair: Pair<'_>) -> Option<super::super::ast::Expression> {
        self.expression(child(pair, Rule::expression)?, 0)
    }

    fn effect(&mut self, pair: Pair<'_>) -> Option<Call> {
        let mut inner = pair.into_inner();
        let function = self.path(inner.next()?);
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
