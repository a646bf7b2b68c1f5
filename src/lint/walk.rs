//! All statements and expressions of a policy, one after the other.

use std::collections::BTreeSet;

use crate::lang::hir::{Expression, Hir, KeyPart, Statement, StatementKind, SubId, Tags};
use crate::lang::schema::Step;

/// Every statement, those within others too; those of a sub once.
pub(super) fn statements(hir: &Hir) -> Vec<&Statement> {
    bodies(hir).flat_map(all_of).collect()
}

/// The statements of each step and each sub.
pub(super) fn bodies(hir: &Hir) -> impl Iterator<Item = &[Statement]> {
    let bodies = hir.steps.iter().map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
    bodies.map(|body| body.statements.as_slice())
}

fn within<'h>(statements: &'h [Statement], found: &mut Vec<&'h Statement>) {
    for statement in statements {
        found.push(statement);
        if let StatementKind::If { arms, otherwise, .. } = &statement.kind {
            for arm in arms {
                within(&arm.body, found);
            }
            within(otherwise, found);
        }
    }
}

/// Every expression, those within others too.
pub(super) fn expressions(hir: &Hir) -> Vec<&Expression> {
    expressions_of(&statements(hir))
}

/// Those of some statements, those within others too.
pub(super) fn expressions_of<'h>(statements: &[&'h Statement]) -> Vec<&'h Expression> {
    let mut found = Vec::new();
    for expression in statements.iter().copied().flat_map(direct) {
        parts(expression, &mut found);
    }
    found
}

fn parts<'h>(expression: &'h Expression, found: &mut Vec<&'h Expression>) {
    found.push(expression);
    for part in expression.parts() {
        parts(part, found);
    }
}

/// The expressions that a statement has itself, not in what it holds.
pub(super) fn direct(statement: &Statement) -> Vec<&Expression> {
    match &statement.kind {
        StatementKind::Let(_, value)
        | StatementKind::Set(_, value)
        | StatementKind::Ban(value)
        | StatementKind::Key(KeyPart::Value(value))
        | StatementKind::Tag(Tags::Text(value)) => vec![value],
        StatementKind::If { arms, .. } => arms.iter().map(|arm| &arm.condition).collect(),
        StatementKind::Return(outcome) => outcome.values().collect(),
        StatementKind::Effect(_, arguments) => arguments.iter().collect(),
        StatementKind::Unset(_)
        | StatementKind::Call(_)
        | StatementKind::Leave
        | StatementKind::Normalize(_)
        | StatementKind::Key(KeyPart::Query { .. })
        | StatementKind::Tag(Tags::Field(_)) => Vec::new(),
    }
}

/// The subs that a step may call, one by another too.
pub(super) fn called(hir: &Hir, step: Step) -> BTreeSet<SubId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Statement> = Vec::new();
    if let Some(body) = hir.step(step) {
        within(&body.body.statements, &mut open);
    }
    while let Some(statement) = open.pop() {
        let StatementKind::Call(id) = &statement.kind else { continue };
        if found.insert(*id)
            && let Some(sub) = hir.subs.get(id.0 as usize)
        {
            within(&sub.body.statements, &mut open);
        }
    }
    found
}

/// The bodies of a policy, but for those that the step runs.
pub(super) fn bodies_beside(hir: &Hir, step: Step) -> Vec<&[Statement]> {
    let called = called(hir, step);
    let steps = hir.steps.iter().filter(|body| body.step != step).map(|body| body.body.statements.as_slice());
    let subs = (0..).zip(&hir.subs).filter(|(id, _)| !called.contains(&SubId(*id)));
    steps.chain(subs.map(|(_, sub)| sub.body.statements.as_slice())).collect()
}

/// The statements, and those within them.
pub(super) fn all_of(statements: &[Statement]) -> Vec<&Statement> {
    let mut found = Vec::new();
    within(statements, &mut found);
    found
}
