//! A body that is made up for a response that has none: a 204, a 304 or one below 200 ends with its head (RFC 9110 §6.4.1).

use std::collections::HashSet;

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arm, Comparison, Expression, ExpressionKind, Hir, LocalId, Statement, StatementKind, Target};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Step, Variable};
use crate::lang::source::{SourceMap, Span};

pub(super) fn find(hir: &Hir, _: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for statements in walk::bodies_beside(hir, Step::Pipe) {
        Known::default().look(statements, &mut found);
    }
    found
}

/// What is known of the status where statements run.
#[derive(Clone, Default)]
struct Known {
    /// The one without a body that it is, with where that is said.
    status: Option<(i64, Span)>,
    /// The names that stand for it.
    names: HashSet<LocalId>,
}

impl Known {
    /// Looks through statements that run one behind the other.
    fn look(&mut self, statements: &[Statement], found: &mut Vec<Diagnostic>) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Let(name, value) => self.name(*name, value),
                StatementKind::Set(Target::Variable(Variable::RespStatus | Variable::BerespStatus), value) => {
                    let bodyless = constant(value).filter(|status| is_bodyless(*status));
                    *self = Self { status: bodyless.map(|number| (number, value.span)), names: HashSet::new() };
                }
                kind if makes_body(kind) => {
                    found.extend(self.status.map(|(number, place)| finding(number, place, statement.span)));
                }
                StatementKind::If { arms, otherwise, .. } => {
                    self.branch(arms, otherwise, found);
                    if sets_status(std::slice::from_ref(statement)) {
                        *self = Self::default();
                    }
                }
                // What a sub sets is not known here.
                StatementKind::Call(_) => *self = Self::default(),
                _ => {}
            }
        }
    }

    fn name(&mut self, name: LocalId, value: &Expression) {
        if self.is_status(value) {
            self.names.insert(name);
        } else {
            self.names.remove(&name);
        }
    }

    fn branch(&self, arms: &[Arm], otherwise: &[Statement], found: &mut Vec<Diagnostic>) {
        let mut denied = None;
        for arm in arms {
            self.with(self.asserted(&arm.condition, true).or(denied)).look(&arm.body, found);
            denied = denied.or(self.asserted(&arm.condition, false));
        }
        self.with(denied).look(otherwise, found);
    }

    fn with(&self, status: Option<(i64, Span)>) -> Self {
        Self { status: status.or(self.status), names: self.names.clone() }
    }

    /// The status without a body that the response has if the condition is so; of several, the first.
    fn asserted(&self, condition: &Expression, holds: bool) -> Option<(i64, Span)> {
        let any = |parts: &[Expression]| parts.iter().find_map(|part| self.asserted(part, holds));
        let all = |parts: &[Expression]| -> Option<(i64, Span)> {
            let each: Option<Vec<_>> = parts.iter().map(|part| self.asserted(part, holds)).collect();
            each?.first().copied()
        };
        match &condition.kind {
            ExpressionKind::Not(inner) => self.asserted(inner, !holds),
            ExpressionKind::And(parts) if holds => any(parts),
            ExpressionKind::And(parts) => all(parts),
            ExpressionKind::Or(parts) if holds => all(parts),
            ExpressionKind::Or(parts) => any(parts),
            ExpressionKind::Compare(sign, left, right)
                if *sign == if holds { Comparison::Equal } else { Comparison::NotEqual } =>
            {
                self.compared(left, right, condition.span)
            }
            ExpressionKind::InRanges(subject, ranges) if holds && self.is_status(subject) => {
                let ends = ranges.iter().flat_map(|range| [*range.start(), *range.end()]);
                let all = ranges.iter().all(|range| range.start() == range.end() || *range.end() < 200);
                let first = ends.clone().next().filter(|_| all && ends.clone().all(is_bodyless));
                first.map(|first| (first, condition.span))
            }
            _ => None,
        }
    }

    fn compared(&self, left: &Expression, right: &Expression, place: Span) -> Option<(i64, Span)> {
        let number =
            if self.is_status(left) { constant(right) } else { constant(left).filter(|_| self.is_status(right)) };
        number.filter(|number| is_bodyless(*number)).map(|number| (number, place))
    }

    fn is_status(&self, expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Variable(Variable::RespStatus | Variable::BerespStatus) => true,
            ExpressionKind::Local(name) => self.names.contains(name),
            _ => false,
        }
    }
}

/// Whether the statements, or what they call, may set the status.
fn sets_status(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        StatementKind::Set(Target::Variable(Variable::RespStatus | Variable::BerespStatus), _)
        | StatementKind::Call(_) => true,
        StatementKind::If { arms, otherwise, .. } => {
            arms.iter().any(|arm| sets_status(&arm.body)) || sets_status(otherwise)
        }
        _ => false,
    })
}

/// Whether a statement gives a response some content.
pub(super) fn makes_body(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::Set(Target::Variable(Variable::RespBody | Variable::BerespBody), body) => !is_empty(body),
        StatementKind::Effect(Function::Core(Core::Synthetic), body) => !body.iter().all(is_empty),
        _ => false,
    }
}

fn is_empty(body: &Expression) -> bool {
    matches!(&body.kind, ExpressionKind::Text(text) if text.is_empty())
}

pub(super) fn constant(expression: &Expression) -> Option<i64> {
    if let ExpressionKind::Int(number) = expression.kind { Some(number) } else { None }
}

/// Statuses of five digits end with the one that is sent.
pub(super) fn is_bodyless(status: i64) -> bool {
    matches!(status % 1000, 100..200 | 204 | 304)
}

pub(super) fn finding(status: i64, place: Span, body: Span) -> Diagnostic {
    Diagnostic::new(Code::W0811, body, format!("a response with the status {status} has no body"))
        .context(place, "the status")
        .help("remove the body, or answer with another status, such as 200")
}
