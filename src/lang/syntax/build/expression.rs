//! Expressions.

use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::source::Span;

use super::super::ast::{Argument, BinaryOperator, Call, Expression, ExpressionKind, ListItem, TestOperator};
use super::super::grammar::{Pair, Pairs, Rule};
use super::{Builder, child, literal};

/// How deep the tree of one expression may be. A chain `a + b + c` is as deep as it is long,
/// since it leans to the left.
const MAX_EXPRESSION_DEPTH: usize = 256;

type Built = Option<Expression>;

impl Builder<'_> {
    /// The expression that `pair` is: any rule from `expression` down to a literal. `depth` is how
    /// many expressions it stands in.
    pub(super) fn expression(&mut self, pair: Pair<'_>, depth: usize) -> Built {
        if depth > MAX_EXPRESSION_DEPTH {
            self.diagnostics.push(too_long(self.span(&pair)));
            return None;
        }
        match pair.as_rule() {
            Rule::expression => self.flat(pair, depth, ExpressionKind::Or),
            Rule::conjunction => self.flat(pair, depth, ExpressionKind::And),
            Rule::fallback => self.flat(pair, depth, ExpressionKind::Fallback),
            Rule::negation | Rule::unary => self.prefixed(pair, depth),
            Rule::comparison => self.comparison(pair, depth),
            Rule::sum | Rule::product => self.chain(pair, depth),
            _ => self.primary(pair, depth),
        }
    }

    /// `a || b || c`; one operand alone is itself.
    fn flat(&mut self, pair: Pair<'_>, depth: usize, join: fn(Vec<Expression>) -> ExpressionKind) -> Built {
        let span = self.span(&pair);
        let operands = pair.into_inner().filter(|part| is_operand(part.as_rule()));
        let mut operands: Vec<Expression> = operands.map(|part| self.expression(part, depth)).collect::<Option<_>>()?;
        if operands.len() == 1 {
            return operands.pop();
        }
        Some(Expression { kind: join(operands), span })
    }

    /// `!! x`, `- - x`
    fn prefixed(&mut self, pair: Pair<'_>, depth: usize) -> Built {
        let mut parts: Vec<Pair<'_>> = pair.into_inner().collect();
        let operand = parts.pop()?;
        let mut built = self.expression(operand, depth + parts.len())?;
        for mark in parts.iter().rev() {
            let span = self.span(mark).to(built.span);
            let inner = Box::new(built);
            let kind =
                if mark.as_rule() == Rule::minus { ExpressionKind::Negate(inner) } else { ExpressionKind::Not(inner) };
            built = Expression { kind, span };
        }
        Some(built)
    }

    /// `a + b - c`, leaning to the left.
    fn chain(&mut self, pair: Pair<'_>, depth: usize) -> Built {
        let mut parts = pair.into_inner();
        let length = parts.len() / 2;
        let mut left = self.expression(parts.next()?, depth + length)?;
        while let (Some(mark), Some(right)) = (parts.next(), parts.next()) {
            let right = self.expression(right, depth + 1)?;
            left = self.binary(left, &mark, right)?;
        }
        Some(left)
    }

    fn comparison(&mut self, pair: Pair<'_>, depth: usize) -> Built {
        let mut parts = pair.into_inner();
        let left = parts.next()?;
        let Some(mark) = parts.next() else { return self.expression(left, depth) };
        let left = self.expression(left, depth + 1)?;
        if let Some(operator) = test_operator(mark.as_rule()) {
            return self.test(left, operator, &mark, parts, depth);
        }
        let right = self.expression(parts.next()?, depth + 1)?;
        self.binary(left, &mark, right)
    }

    fn binary(&self, left: Expression, mark: &Pair<'_>, right: Expression) -> Built {
        let operator = binary_operator(mark.as_rule())?;
        let span = left.span.to(right.span);
        let (left, right) = (Box::new(left), Box::new(right));
        Some(Expression {
            kind: ExpressionKind::Binary { operator, operator_span: self.span(mark), left, right },
            span,
        })
    }

    fn test(
        &mut self,
        subject: Expression,
        operator: TestOperator,
        mark: &Pair<'_>,
        mut rest: Pairs<'_>,
        depth: usize,
    ) -> Built {
        let list = rest.find(|part| is_listed(part.as_rule()))?;
        let span = subject.span.to(self.span(&list));
        let list = self.listed(list, depth)?;
        let kind = ExpressionKind::Test { operator, operator_span: self.span(mark), subject: Box::new(subject), list };
        Some(Expression { kind, span })
    }

    /// The elements of a list, or of what stands for one.
    pub(super) fn listed(&mut self, pair: Pair<'_>, depth: usize) -> Option<Vec<ListItem>> {
        if pair.as_rule() == Rule::item { Some(vec![self.item(pair, depth)?]) } else { self.items(pair, depth) }
    }

    fn items(&mut self, list: Pair<'_>, depth: usize) -> Option<Vec<ListItem>> {
        let items = list.into_inner().filter(|part| part.as_rule() == Rule::item);
        items.map(|part| self.item(part, depth)).collect()
    }

    fn item(&mut self, pair: Pair<'_>, depth: usize) -> Option<ListItem> {
        let mut ends = pair.into_inner().filter(|part| part.as_rule() == Rule::fallback);
        let first = self.expression(ends.next()?, depth + 1)?;
        Some(match ends.next() {
            Some(last) => ListItem::Range(first, self.expression(last, depth + 1)?),
            None => ListItem::Value(first),
        })
    }

    fn primary(&mut self, pair: Pair<'_>, depth: usize) -> Built {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::number => self.number(&pair),
            Rule::string => ExpressionKind::String(literal::unquote(pair.as_str()).to_owned()),
            Rule::kw_true => ExpressionKind::Bool(true),
            Rule::kw_false => ExpressionKind::Bool(false),
            Rule::header => ExpressionKind::Header(self.text(&child(pair, Rule::string)?)),
            Rule::group => self.expression(child(pair, Rule::expression)?, depth + 1)?.kind,
            Rule::list => ExpressionKind::List(self.items(pair, depth + 1)?),
            Rule::match_value => ExpressionKind::Match(Box::new(self.match_value(pair, depth + 1)?)),
            Rule::reference => self.reference(pair, depth)?,
            _ => return None,
        };
        Some(Expression { kind, span })
    }

    fn reference(&mut self, pair: Pair<'_>, depth: usize) -> Option<ExpressionKind> {
        let mut inner = pair.into_inner();
        let path = self.path(inner.next()?);
        Some(match inner.next() {
            None => ExpressionKind::Path(path),
            Some(tail) if tail.as_rule() == Rule::index => {
                let key = self.expression(child(tail, Rule::expression)?, depth + 1)?;
                ExpressionKind::Index { base: path, key: Box::new(key) }
            }
            Some(tail) => ExpressionKind::Call(Call { function: path, arguments: self.arguments(tail, depth + 1)? }),
        })
    }

    /// What stands in the parentheses of a call.
    pub(super) fn arguments(&mut self, pair: Pair<'_>, depth: usize) -> Option<Vec<Argument>> {
        let arguments = pair.into_inner().filter(|part| part.as_rule() == Rule::argument);
        arguments.map(|part| self.argument(part, depth)).collect()
    }

    fn argument(&mut self, pair: Pair<'_>, depth: usize) -> Option<Argument> {
        let mut label = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::label => label = Some(self.name(&part)),
                Rule::expression => return Some(Argument { label, value: self.expression(part, depth)? }),
                _ => {}
            }
        }
        None
    }

    /// What stands in the parentheses of an action.
    pub(super) fn operands(&mut self, pair: Pair<'_>) -> Option<Vec<Expression>> {
        let operands = pair.into_inner().filter(|part| part.as_rule() == Rule::expression);
        operands.map(|part| self.expression(part, 0)).collect()
    }
}

fn is_operand(rule: Rule) -> bool {
    matches!(rule, Rule::conjunction | Rule::negation | Rule::sum)
}

/// Whether it stands for a list.
pub(super) fn is_listed(rule: Rule) -> bool {
    matches!(rule, Rule::list | Rule::item)
}

fn too_long(span: Span) -> Diagnostic {
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
