//! Which policies have bans by URL or host. What was asked for is kept with what they store, and with nothing else.

use crate::lang::hir::{Expression, ExpressionKind, Hir, Statement, StatementKind};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Variable};

/// Whether a policy may ban by URL or host.
pub(in crate::decision) fn bans_by_url(hir: &Hir) -> bool {
    let subs = hir.subs.iter().map(|sub| &sub.body);
    subs.chain(hir.steps.iter().map(|step| &step.body)).any(|body| any(&body.statements))
}

/// Whether the condition of a ban asks for URL or host.
pub(super) fn asks_url(condition: &Expression) -> bool {
    matches!(condition.kind, ExpressionKind::Variable(Variable::ObjUrl | Variable::ObjHost))
        || condition.parts().any(asks_url)
}

fn any(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        StatementKind::Ban(condition) => asks_url(condition),
        StatementKind::Effect(Function::Core(Core::Ban), given) => given.iter().any(may_ask_url),
        StatementKind::If { arms, otherwise, .. } => arms.iter().any(|arm| any(&arm.body)) || any(otherwise),
        _ => false,
    })
}

/// Whether the text of a ban may ask for them. One that is put together from others may say anything.
fn may_ask_url(text: &Expression) -> bool {
    let ExpressionKind::Text(text) = &text.kind else { return true };
    [&b"obj.url"[..], b"obj.host"].iter().any(|name| memchr::memmem::find(text, name).is_some())
}
