//! What statements and conditions are about.

use http::HeaderName;
use http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, HOST};

use super::survey::{DeedKind, Shaped};
use crate::lang::hir::{Expression, ExpressionKind, StatementKind, Table, TableId, Target};
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

/// Whether a condition asks what stands in the file of a table by now.
pub(super) fn asks_a_file(condition: &Expression, tables: &[Table]) -> bool {
    let is_file = |id: &TableId| tables.get(id.0 as usize).is_some_and(|table| table.is_from_file);
    match &condition.kind {
        ExpressionKind::Lookup(table, _) | ExpressionKind::InTable(table, _) if is_file(table) => true,
        _ => condition.parts().any(|part| asks_a_file(part, tables)),
    }
}

/// How long a response is fresh, and of use then.
const LIFETIMES: [Variable; 4] =
    [Variable::BerespTtl, Variable::BerespGrace, Variable::BerespKeep, Variable::BerespStaleIfError];

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
        StatementKind::Set(Target::Variable(variable), _) if LIFETIMES.contains(variable) => {
            Some(DeedKind::Lives(*variable))
        }
        kind => shaped(kind).map(DeedKind::Shapes).or_else(|| carrying(kind).map(|_| DeedKind::Carries)),
    }
}

/// The field of what a backend may be sent that a statement writes.
pub(super) fn carrying(kind: &StatementKind) -> Option<&HeaderName> {
    match kind {
        StatementKind::Set(Target::Header(Message::Req | Message::Bereq, name), _) => Some(name),
        StatementKind::Effect(Function::Header(_), given) => match &given.first()?.kind {
            ExpressionKind::Header(Message::Req | Message::Bereq, name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an expression is made of what says who somebody is: cookies, or credentials.
pub(super) fn asks_who(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Header(Message::Req | Message::Bereq, name) => *name == COOKIE || *name == AUTHORIZATION,
        ExpressionKind::Cookie(..)
        | ExpressionKind::HasCookie(..)
        | ExpressionKind::AnyCookie(..)
        | ExpressionKind::Call(Function::Cookie(_), _) => true,
        _ => expression.parts().any(asks_who),
    }
}

/// What a statement shapes of what may be stored.
fn shaped(kind: &StatementKind) -> Option<Shaped> {
    match kind {
        StatementKind::Set(Target::Variable(variable), _) => match variable {
            Variable::ReqUrl | Variable::BereqUrl => Some(Shaped::Url),
            Variable::ReqBackendHint | Variable::BereqBackend => Some(Shaped::Backend),
            Variable::BerespBody => Some(Shaped::Body),
            _ => None,
        },
        StatementKind::Set(Target::Header(Message::Req | Message::Bereq, HOST), _) => Some(Shaped::Host),
        StatementKind::Set(Target::Header(Message::Beresp, _), _) => Some(Shaped::Field),
        StatementKind::Effect(Function::Header(_), given) => {
            matches!(given.first()?.kind, ExpressionKind::Header(Message::Beresp, _)).then_some(Shaped::Field)
        }
        _ => None,
    }
}

/// Whether a statement writes the `Cache-Control` of a response.
pub(super) fn is_of_caching(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::Set(Target::Header(Message::Beresp, name), _) => *name == CACHE_CONTROL,
        StatementKind::Effect(_, given) => {
            given.iter().any(|part| matches!(&part.kind, ExpressionKind::Header(Message::Beresp, CACHE_CONTROL)))
        }
        _ => false,
    }
}
