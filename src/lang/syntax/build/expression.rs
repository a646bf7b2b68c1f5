//! Expressions.

use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::source::Span;

use super::super::ast::{Argument, BinaryOperator, Call, Expression, ExpressionKind, KeyClaim, ListItem, TestOperator};
use super::super::grammar::Rule;
use super::super::parsed::{Children, Node};
use super::{Builder, literal};

/// How deep the tree of one expression may be. A chain `a + b + c` is as deep as it is long,
/// since it leans to the left.
pub(in crate::lang::syntax) const MAX_EXPRESSION_DEPTH: usize = 256;

type Built = Option<Expression>;

impl Builder<'_> {
    /// The expression that `node` is: any rule from `expression` down to a literal. `depth` is how
    /// many expressions it stands in.
    pub(super) fn expression(&mut self, node: Node<'_>, depth: usize) -> Built {
        if depth > MAX_EXPRESSION_DEPTH {
            self.diagnostics.push(too_long(node.span()));
            return None;
        }
        match node.rule() {
            Rule::expression => self.flat(node, depth, ExpressionKind::Or),
            Rule::conjunction => self.flat(node, depth, ExpressionKind::And),
            Rule::fallback => self.flat(node, depth, ExpressionKind::Fallback),
            Rule::negation | Rule::unary => self.prefixed(node, depth),
            Rule::comparison => self.comparison(node, depth),
            Rule::sum | Rule::product => self.chain(node, depth),
            _ => self.primary(node, depth),
        }
    }

    /// `a || b || c`; one operand alone is itself.
    fn flat(&mut self, node: Node<'_>, depth: usize, join: fn(Vec<Expression>) -> ExpressionKind) -> Built {
        let mut parts = node.children().filter(|part| !is_join(part.rule()));
        let first = self.expression(parts.next()?, depth)?;
        let rest = parts.clone().count();
        if rest == 0 {
            return Some(first);
        }
        let mut operands = Vec::with_capacity(rest + 1);
        operands.push(first);
        for part in parts {
            operands.push(self.expression(part, depth)?);
        }
        Some(Expression { kind: join(operands), span: node.span() })
    }

    /// `!! x`, `- - x`
    fn prefixed(&mut self, node: Node<'_>, depth: usize) -> Built {
        let mut parts: Vec<Node<'_>> = node.children().collect();
        let operand = parts.pop()?;
        let mut built = self.expression(operand, depth + parts.len())?;
        for mark in parts.iter().rev() {
            let span = mark.span().to(built.span);
            let inner = Box::new(built);
            let kind =
                if mark.rule() == Rule::minus { ExpressionKind::Negate(inner) } else { ExpressionKind::Not(inner) };
            built = Expression { kind, span };
        }
        Some(built)
    }

    /// `a + b - c`, leaning to the left.
    fn chain(&mut self, node: Node<'_>, depth: usize) -> Built {
        let mut parts = node.children();
        let length = parts.clone().count() / 2;
        let mut left = self.expression(parts.next()?, depth + length)?;
        while let (Some(mark), Some(right)) = (parts.next(), parts.next()) {
            let right = self.expression(right, depth + 1)?;
            left = Self::binary(left, &mark, right)?;
        }
        Some(left)
    }

    fn comparison(&mut self, node: Node<'_>, depth: usize) -> Built {
        let mut parts = node.children();
        let left = parts.next()?;
        let Some(mark) = parts.next() else { return self.expression(left, depth) };
        let left = self.expression(left, depth + 1)?;
        if let Some(operator) = test_operator(mark.rule()) {
            return self.test(left, operator, &mark, parts, depth);
        }
        let right = self.expression(parts.next()?, depth + 1)?;
        Self::binary(left, &mark, right)
    }

    fn binary(left: Expression, mark: &Node<'_>, right: Expression) -> Built {
        let operator = binary_operator(mark.rule())?;
        let span = left.span.to(right.span);
        let (left, right) = (Box::new(left), Box::new(right));
        Some(Expression { kind: ExpressionKind::Binary { operator, operator_span: mark.span(), left, right }, span })
    }

    fn test(
        &mut self,
        subject: Expression,
        operator: TestOperator,
        mark: &Node<'_>,
        mut rest: Children<'_>,
        depth: usize,
    ) -> Built {
        let list = rest.find(|part| is_listed(part.rule()))?;
        let span = subject.span.to(list.span());
        let list = self.listed(list, depth)?;
        let kind = ExpressionKind::Test { operator, operator_span: mark.span(), subject: Box::new(subject), list };
        Some(Expression { kind, span })
    }

    /// The elements of a list, or of what stands for one.
    pub(super) fn listed(&mut self, node: Node<'_>, depth: usize) -> Option<Vec<ListItem>> {
        if node.rule() == Rule::item { Some(vec![self.item(node, depth)?]) } else { self.items(node, depth) }
    }

    fn items(&mut self, list: Node<'_>, depth: usize) -> Option<Vec<ListItem>> {
        let items = list.children().filter(|part| part.rule() == Rule::item);
        items.map(|part| self.item(part, depth)).collect()
    }

    fn item(&mut self, node: Node<'_>, depth: usize) -> Option<ListItem> {
        let mut ends = node.children().filter(|part| part.rule() != Rule::dots);
        let first = self.expression(ends.next()?, depth + 1)?;
        Some(match ends.next() {
            Some(last) => ListItem::Range(Box::new((first, self.expression(last, depth + 1)?))),
            None => ListItem::Value(first),
        })
    }

    fn primary(&mut self, node: Node<'_>, depth: usize) -> Built {
        let span = node.span();
        let kind = match node.rule() {
            Rule::number => self.number(&node),
            Rule::string => ExpressionKind::String(literal::unquote(node.text()).into()),
            Rule::kw_true => ExpressionKind::Bool(true),
            Rule::kw_false => ExpressionKind::Bool(false),
            Rule::header => ExpressionKind::Header(Self::text(&node.child(Rule::string)?)),
            Rule::key_claim => ExpressionKind::KeyClaim(Box::new(self.key_claim(node, depth + 1)?)),
            Rule::group => {
                let inner = self.expression(node.child(Rule::expression)?, depth + 1)?;
                // What is wrong within a text is shown there.
                if matches!(inner.kind, ExpressionKind::String(_)) {
                    return Some(inner);
                }
                inner.kind
            }
            Rule::list => ExpressionKind::List(self.items(node, depth + 1)?),
            Rule::match_value => ExpressionKind::Match(Box::new(self.match_value(node, depth + 1)?)),
            Rule::reference => self.reference(node, depth)?,
            _ => return None,
        };
        Some(Expression { kind, span })
    }

    fn key_claim(&mut self, node: Node<'_>, depth: usize) -> Option<KeyClaim> {
        let mut words = node.children().skip(1);
        if words.next()?.rule() == Rule::kw_contains {
            return Some(KeyClaim::Contains(Box::new(self.expression(words.next()?, depth)?)));
        }
        Some(KeyClaim::Excludes(Self::name(&words.next()?), Self::text(&words.next()?)))
    }

    fn reference(&mut self, node: Node<'_>, depth: usize) -> Option<ExpressionKind> {
        let mut inner = node.children();
        let path = Self::path(inner.next()?);
        Some(match inner.next() {
            None => ExpressionKind::Path(path),
            Some(tail) if tail.rule() == Rule::index => {
                let key = self.expression(tail.child(Rule::expression)?, depth + 1)?;
                ExpressionKind::Index { base: path, key: Box::new(key) }
            }
            Some(tail) => ExpressionKind::Call(Call { function: path, arguments: self.arguments(tail, depth + 1)? }),
        })
    }

    /// What stands in the parentheses of a call.
    pub(super) fn arguments(&mut self, node: Node<'_>, depth: usize) -> Option<Vec<Argument>> {
        let arguments = node.children().filter(|part| part.rule() == Rule::argument);
        arguments.map(|part| self.argument(part, depth)).collect()
    }

    fn argument(&mut self, node: Node<'_>, depth: usize) -> Option<Argument> {
        let mut label = None;
        for part in node.children() {
            match part.rule() {
                Rule::label => label = Some(Self::name(&part)),
                Rule::expression => return Some(Argument { label, value: self.expression(part, depth)? }),
                _ => {}
            }
        }
        None
    }

    /// What stands in the parentheses of an action.
    pub(super) fn operands(&mut self, node: Node<'_>) -> Option<Vec<Expression>> {
        let operands = node.children().filter(|part| part.rule() == Rule::expression);
        operands.map(|part| self.expression(part, 0)).collect()
    }
}

fn is_join(rule: Rule) -> bool {
    matches!(rule, Rule::or_mark | Rule::kw_or | Rule::and_mark | Rule::kw_and | Rule::otherwise_mark)
}

/// Whether it stands for a list.
pub(super) fn is_listed(rule: Rule) -> bool {
    matches!(rule, Rule::list | Rule::item)
}

/// An expression at `span` that is too long.
pub(in crate::lang::syntax) fn too_long(span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0108, span, format!("this expression joins more than {MAX_EXPRESSION_DEPTH} parts"))
        .help("give parts of it a name with `let` and join the names")
}

pub(super) fn binary_operator(rule: Rule) -> Option<BinaryOperator> {
    Some(match rule {
        Rule::equal => BinaryOperator::Equal,
        Rule::not_equal => BinaryOperator::NotEqual,
        Rule::less => BinaryOperator::Less,
        Rule::less_or_equal => BinaryOperator::LessOrEqual,
        Rule::greater => BinaryOperator::Greater,
        Rule::greater_or_equal => BinaryOperator::GreaterOrEqual,
        Rule::match_mark => BinaryOperator::Match,
        Rule::not_match => BinaryOperator::NotMatch,
        Rule::plus => BinaryOperator::Add,
        Rule::minus => BinaryOperator::Subtract,
        Rule::multiply => BinaryOperator::Multiply,
        Rule::divide => BinaryOperator::Divide,
        Rule::remainder => BinaryOperator::Remainder,
        _ => return None,
    })
}

pub(super) fn test_operator(rule: Rule) -> Option<TestOperator> {
    Some(match rule {
        Rule::kw_in => TestOperator::In,
        Rule::kw_under => TestOperator::Under,
        Rule::kw_ext => TestOperator::Ext,
        Rule::kw_has => TestOperator::Has,
        Rule::kw_any => TestOperator::Any,
        _ => return None,
    })
}
