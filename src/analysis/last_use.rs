//! Where names are read for the last time: what nobody asks for any more tells no requests apart.

use std::collections::HashMap;

use crate::lang::hir::{Expression, ExpressionKind, LocalId, Statement, StatementKind};

/// How often each name is bound or read.
pub(super) type Names = HashMap<LocalId, usize>;

/// The names of some statements, and of those within them.
pub(super) fn names(statements: &[Statement]) -> Names {
    let mut names = Names::new();
    for statement in statements {
        in_statement(statement, &mut |name| *names.entry(name).or_default() += 1);
    }
    names
}

/// The names that are met for the last time in a statement of a block, by its number. A name that is bound in the arms of an
/// `if` may be read behind it: those that are met outside of the block too, of `all` in its body, are none of them.
pub(super) fn last_uses(statements: &[Statement], all: &Names) -> HashMap<usize, Vec<LocalId>> {
    let mut uses: HashMap<usize, Vec<LocalId>> = HashMap::new();
    if all.is_empty() {
        return uses;
    }
    let mut found: HashMap<LocalId, (usize, usize)> = HashMap::new();
    for (at, statement) in statements.iter().enumerate() {
        in_statement(statement, &mut |name| {
            let (count, last) = found.entry(name).or_default();
            (*count, *last) = (*count + 1, at);
        });
    }
    for (name, (count, last)) in found {
        if all.get(&name) == Some(&count) {
            uses.entry(last).or_default().push(name);
        }
    }
    uses
}

/// Calls `visit` with each name that a statement binds or reads, and those within it.
fn in_statement(statement: &Statement, visit: &mut impl FnMut(LocalId)) {
    if let StatementKind::Let(name, _) = statement.kind {
        visit(name);
    }
    statement.kind.expressions().for_each(|expression| in_expression(expression, visit));
    if let StatementKind::If { arms, otherwise, .. } = &statement.kind {
        for arm in arms {
            in_expression(&arm.condition, visit);
        }
        let bodies = arms.iter().flat_map(|arm| &arm.body).chain(otherwise);
        bodies.for_each(|statement| in_statement(statement, visit));
    }
}

fn in_expression(expression: &Expression, visit: &mut impl FnMut(LocalId)) {
    if let ExpressionKind::Local(name) = expression.kind {
        visit(name);
    }
    expression.parts().for_each(|part| in_expression(part, visit));
}
