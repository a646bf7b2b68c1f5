//! Lifetimes that are not what they look like: one below zero, and one that the next line replaces.

use std::collections::BTreeMap;

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir, Statement, StatementKind, Target};
use crate::lang::schema::{Step, Variable};
use crate::lang::source::{SourceMap, Span};

const LIFETIMES: [Variable; 4] =
    [Variable::BerespTtl, Variable::BerespGrace, Variable::BerespKeep, Variable::BerespStaleIfError];

pub(super) fn find(hir: &Hir, _: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for statement in walk::statements(hir) {
        found.extend(lifetime(statement).and_then(|(variable, value)| negative(variable, value)));
    }
    for statements in walk::bodies_beside(hir, Step::Pipe) {
        replaced(statements, &mut found);
    }
    found
}

/// The lifetime that a statement sets.
fn lifetime(statement: &Statement) -> Option<(Variable, &Expression)> {
    let StatementKind::Set(Target::Variable(variable), value) = &statement.kind else { return None };
    LIFETIMES.contains(variable).then_some((*variable, value))
}

/// One below zero. A ttl may be: what is stale already is so from then on.
fn negative(variable: Variable, value: &Expression) -> Option<Diagnostic> {
    let ExpressionKind::Duration(milliseconds) = value.kind else { return None };
    if milliseconds >= 0 || variable == Variable::BerespTtl {
        return None;
    }
    let message = format!("`{}` is below zero, which is like `0s`", variable.name());
    Some(
        Diagnostic::new(Code::W1015, value.span, message)
            .help("write `0s` to keep nothing, else how long it is to be kept"),
    )
}

/// Values that another one follows in any case, with nothing in between that reads it.
fn replaced(statements: &[Statement], found: &mut Vec<Diagnostic>) {
    let mut pending: BTreeMap<Variable, Span> = BTreeMap::new();
    for statement in statements {
        match &statement.kind {
            StatementKind::Set(_, value) => pending.retain(|variable, _| !reads(value, *variable)),
            StatementKind::Unset(_) => {}
            // What is done in between may read it, or end the step.
            _ => pending.clear(),
        }
        if let StatementKind::If { arms, otherwise, .. } = &statement.kind {
            for arm in arms {
                replaced(&arm.body, found);
            }
            replaced(otherwise, found);
        }
        let Some((variable, value)) = lifetime(statement) else { continue };
        if let Some(before) = pending.insert(variable, value.span) {
            found.push(again(variable, before, value.span));
        }
    }
}

fn again(variable: Variable, before: Span, place: Span) -> Diagnostic {
    let message = format!("`{}` is set again before anything reads it", variable.name());
    Diagnostic::new(Code::W1016, before, message).context(place, "here").help("remove one of the two")
}

fn reads(value: &Expression, variable: Variable) -> bool {
    matches!(value.kind, ExpressionKind::Variable(read) if read == variable)
        || value.parts().any(|part| reads(part, variable))
}
