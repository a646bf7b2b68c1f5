//! `if`s that follow each other. Who is taken by one whose arms all end never comes to the next: they are one `if` with
//! the arms of all, and what is made of one knows them all.

use crate::lang::hir::{Arm, Statement, StatementKind};

/// The same statements, with such `if`s made one.
pub(super) fn chained(statements: Vec<Statement>) -> Vec<Statement> {
    let mut chained: Vec<Statement> = Vec::with_capacity(statements.len());
    let mut is_open = false;
    for statement in statements {
        let before = chained.last_mut().filter(|before| is_open && before.span.file == statement.span.file);
        is_open = is_passed_untaken(&statement);
        let left = if let Some(before) = before { join(before, statement) } else { Some(statement) };
        chained.extend(left);
    }
    chained
}

/// Adds the arms of an `if` to those of the one before; the statement, if it is none.
fn join(before: &mut Statement, mut statement: Statement) -> Option<Statement> {
    let StatementKind::If { arms, otherwise, rest } = &mut before.kind else { return Some(statement) };
    let StatementKind::If { arms: more, otherwise: last, rest: place } = &mut statement.kind else {
        return Some(statement);
    };
    arms.append(more);
    (*otherwise, *rest) = (std::mem::take(last), *place);
    before.span = before.span.to(statement.span);
    None
}

/// Whether nobody goes on behind an `if` but who is taken by none of its arms.
fn is_passed_untaken(statement: &Statement) -> bool {
    let ends = |arm: &Arm| {
        matches!(arm.body.last().map(|last| &last.kind), Some(StatementKind::Return(_) | StatementKind::Leave))
    };
    matches!(&statement.kind, StatementKind::If { arms, rest: None, .. } if arms.iter().all(ends))
}
