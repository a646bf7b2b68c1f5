//! Lifetimes that are not what they look like: one below zero, and one that the next line replaces, or makes useless.

use std::collections::BTreeMap;

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Datum, Expression, ExpressionKind, Hir, Statement, StatementKind, Table, Target};
use crate::lang::schema::{Action, Step, Variable};
use crate::lang::source::{SourceMap, Span};

const LIFETIMES: [Variable; 4] =
    [Variable::BerespTtl, Variable::BerespGrace, Variable::BerespKeep, Variable::BerespStaleIfError];

pub(super) fn find(hir: &Hir, _: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for statement in walk::statements(hir) {
        let Some((variable, value)) = lifetime(statement) else { continue };
        add_negative(variable, value, hir, &mut found);
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

/// Those below zero of the values that one may be.
fn add_negative(variable: Variable, value: &Expression, hir: &Hir, found: &mut Vec<Diagnostic>) {
    match &value.kind {
        ExpressionKind::Duration(..0) => found.push(negative(variable, value.span)),
        ExpressionKind::Choose(_, values) | ExpressionKind::Fallback(values) => {
            for value in values {
                add_negative(variable, value, hir, found);
            }
        }
        ExpressionKind::Bind(_, _, value) => add_negative(variable, value, hir, found),
        ExpressionKind::Lookup(table, _) => {
            let table = hir.tables.get(table.0 as usize).filter(|table| !table.is_from_file);
            let is_below = |table: &Table| table.entries.iter().any(|(_, datum)| matches!(datum, Datum::Duration(..0)));
            found.extend(table.filter(|table| is_below(table)).map(|_| negative(variable, value.span)));
        }
        _ => {}
    }
}

fn negative(variable: Variable, place: Span) -> Diagnostic {
    let (why, help) = match variable {
        // What is stale already has been so for that long.
        Variable::BerespTtl => ("its grace ends by as much earlier", "write `0s` for what is stale at once"),
        _ => ("which is like `0s`", "write `0s` to keep nothing, else how long it is to be kept"),
    };
    let message = format!("`{}` is below zero, {why}", variable.name());
    Diagnostic::new(Code::W1015, place, message).help(help)
}

/// Values that another one follows in any case, with nothing in between that reads it.
fn replaced(statements: &[Statement], found: &mut Vec<Diagnostic>) {
    let mut pending: BTreeMap<Variable, Span> = BTreeMap::new();
    for statement in statements {
        match &statement.kind {
            StatementKind::Set(_, value) => pending.retain(|variable, _| !reads(value, *variable)),
            StatementKind::Unset(_) => {}
            StatementKind::Return(outcome) if outcome.action == Action::Pass && outcome.time.is_some() => {
                let is_read = |variable| outcome.time.iter().any(|time| reads(time, variable));
                let useless = std::mem::take(&mut pending).into_iter().filter(|(variable, _)| !is_read(*variable));
                found.extend(useless.map(|(variable, value)| passed(variable, value, statement.span)));
            }
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

fn passed(variable: Variable, value: Span, end: Span) -> Diagnostic {
    let message = format!("`{}` is set for nothing: the response is not stored", variable.name());
    let finding = Diagnostic::new(Code::W0703, value, message).context(end, "requests pass for this long");
    finding.help("remove it; the time of `pass` says for how long requests pass")
}

fn reads(value: &Expression, variable: Variable) -> bool {
    matches!(value.kind, ExpressionKind::Variable(read) if read == variable)
        || value.parts().any(|part| reads(part, variable))
}
