//! What statements and conditions are about.

use http::header::{AUTHORIZATION, COOKIE};

use super::survey::DeedKind;
use crate::lang::hir::{Expression, ExpressionKind, StatementKind, Target};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Message, Variable};

/// Whether a condition asks how often something was tried: it may hold of a request that the policy does not make yet.
pub(super) fn counts_tries(condition: &Expression) -> bool {
    let itself = matches!(condition.kind, ExpressionKind::Variable(Variable::ReqRestarts | Variable::BereqRetries));
    itself || condition.parts().any(counts_tries)
}

/// Whether a condition has a switch in it that somebody has set: a constant.
pub(super) fn has_switch(condition: &Expression) -> bool {
    match &condition.kind {
        ExpressionKind::Bool(_) => true,
        ExpressionKind::Not(_) | ExpressionKind::And(_) | ExpressionKind::Or(_) => condition.parts().any(has_switch),
        _ => false,
    }
}

/// What a statement does to what is stored.
pub(super) fn deed(kind: &StatementKind) -> Option<DeedKind> {
    match kind {
        StatementKind::Ban(_) | StatementKind::Effect(Function::Core(Core::Ban), _) => Some(DeedKind::Ban),
        StatementKind::Effect(Function::Core(Core::PurgeTags), _) => Some(DeedKind::PurgeTags),
        StatementKind::Set(Target::Variable(Variable::ReqHashAlwaysMiss), value)
            if value.kind != ExpressionKind::Bool(false) =>
        {
            Some(DeedKind::Refresh)
        }
        StatementKind::Set(Target::Header(Message::Bereq, name), _) if *name == COOKIE || *name == AUTHORIZATION => {
            Some(DeedKind::Sends)
        }
        _ => None,
    }
}
