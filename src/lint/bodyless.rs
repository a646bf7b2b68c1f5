//! A body that is made up for a response that has none: a 204, a 304 or one below 200 ends with its head (RFC 9110 §6.4.1).

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Comparison, Expression, ExpressionKind, Hir, Statement, StatementKind, Target};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Step, Variable};
use crate::lang::source::{SourceMap, Span};

pub(super) fn find(hir: &Hir, _: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for statements in walk::bodies_beside(hir, Step::Pipe) {
        look(statements, None, &mut found);
    }
    found
}

/// Looks through statements that run one behind the other; `status` is the one that is known to be without a body, with
/// where that is said.
fn look(statements: &[Statement], mut status: Option<(i64, Span)>, found: &mut Vec<Diagnostic>) {
    for statement in statements {
        match &statement.kind {
            StatementKind::Set(Target::Variable(Variable::RespStatus | Variable::BerespStatus), value) => {
                status = constant(value).filter(|status| is_bodyless(*status)).map(|number| (number, value.span));
            }
            StatementKind::Set(Target::Variable(Variable::RespBody | Variable::BerespBody), body)
                if !is_empty(body) =>
            {
                found.extend(status.map(|(number, place)| finding(number, place, statement.span)));
            }
            StatementKind::Effect(Function::Core(Core::Synthetic), body) if !body.iter().all(is_empty) => {
                found.extend(status.map(|(number, place)| finding(number, place, statement.span)));
            }
            StatementKind::If { arms, otherwise, .. } => {
                let mut denied = None;
                for arm in arms {
                    look(&arm.body, asserted(&arm.condition, true).or(denied).or(status), found);
                    denied = denied.or(asserted(&arm.condition, false));
                }
                look(otherwise, denied.or(status), found);
                if sets_status(std::slice::from_ref(statement)) {
                    status = None;
                }
            }
            // What a sub sets is not known here.
            StatementKind::Call(_) => status = None,
            _ => {}
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

/// The status without a body that the response has if the condition is so.
fn asserted(condition: &Expression, holds: bool) -> Option<(i64, Span)> {
    match &condition.kind {
        ExpressionKind::Not(inner) => asserted(inner, !holds),
        ExpressionKind::And(parts) if holds => parts.iter().find_map(|part| asserted(part, true)),
        ExpressionKind::Or(parts) if !holds => parts.iter().find_map(|part| asserted(part, false)),
        ExpressionKind::Compare(Comparison::Equal, left, right) if holds => compared(left, right, condition.span),
        ExpressionKind::Compare(Comparison::NotEqual, left, right) if !holds => compared(left, right, condition.span),
        ExpressionKind::InRanges(subject, ranges) if holds && is_status(subject) => {
            let ends = ranges.iter().flat_map(|range| [*range.start(), *range.end()]);
            let all = ranges.iter().all(|range| range.start() == range.end() || *range.end() < 200);
            let first = ends.clone().next().filter(|_| all && ends.clone().all(is_bodyless));
            first.map(|first| (first, condition.span))
        }
        _ => None,
    }
}

fn compared(left: &Expression, right: &Expression, place: Span) -> Option<(i64, Span)> {
    let number = if is_status(left) { constant(right) } else { constant(left).filter(|_| is_status(right)) };
    number.filter(|number| is_bodyless(*number)).map(|number| (number, place))
}

fn is_empty(body: &Expression) -> bool {
    matches!(&body.kind, ExpressionKind::Text(text) if text.is_empty())
}

fn is_status(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Variable(Variable::RespStatus | Variable::BerespStatus))
}

fn constant(expression: &Expression) -> Option<i64> {
    if let ExpressionKind::Int(number) = expression.kind { Some(number) } else { None }
}

/// Statuses of five digits end with the one that is sent.
fn is_bodyless(status: i64) -> bool {
    matches!(status % 1000, 100..200 | 204 | 304)
}

fn finding(status: i64, place: Span, body: Span) -> Diagnostic {
    Diagnostic::new(Code::W0811, body, format!("a response with the status {status} has no body"))
        .context(place, "the status")
        .help("remove the body, or answer with another status, such as 200")
}
