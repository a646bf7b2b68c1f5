//! `if`s that follow each other. Who is taken by one whose arms all end never comes to the next: they are one `if` with
//! the arms of all, and what is made of one knows them all.

use crate::lang::hir::{Arm, Statement, StatementKind};

/// The same statements, with such `if`s made one.
pub(super) fn chained(mut statements: Vec<Statement>) -> Vec<Statement> {
    let mut is_open = statements.first().is_some_and(is_passed_untaken);
    statements.dedup_by(|statement, before| {
        let follows = std::mem::replace(&mut is_open, is_passed_untaken(statement));
        follows && before.span.file == statement.span.file && join(before, statement)
    });
    statements
}

/// Moves the arms of an `if` to those of the one before; `false` if one of the two is none.
fn join(before: &mut Statement, statement: &mut Statement) -> bool {
    let StatementKind::If { arms, otherwise, rest } = &mut before.kind else { return false };
    let StatementKind::If { arms: more, otherwise: last, rest: place } = &mut statement.kind else { return false };
    arms.append(more);
    (*otherwise, *rest) = (std::mem::take(last), *place);
    before.span = before.span.to(statement.span);
    true
}

/// Whether nobody goes on behind an `if` but who is taken by none of its arms.
fn is_passed_untaken(statement: &Statement) -> bool {
    let ends = |arm: &Arm| {
        matches!(arm.body.last().map(|last| &last.kind), Some(StatementKind::Return(_) | StatementKind::Leave))
    };
    matches!(&statement.kind, StatementKind::If { arms, rest: None, .. } if arms.iter().all(ends))
}
