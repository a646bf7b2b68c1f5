//! Statements that may be refused: the step fails there, and `synth` sees what was done by then.
//!
//! A client sends no more than 256 fields and 64 KiB, and a backend no more either; what no request comes near, a thousand
//! fields and 32 MiB of text in one step, is left out of account.

use std::collections::HashMap;

use http::header::VIA;

use crate::decision::facts::KEPT_TEXT_LIMIT_BYTES;
use crate::decision::settable;
use crate::lang::hir::{
    Datum, Expression, ExpressionKind as Kind, Hir, Outcome, Statement, StatementKind, Table, TableId, Target,
};
use crate::lang::schema::function::{Core, Text, World};
use crate::lang::schema::{Function, Type, Variable, status};

/// Which statements of a policy may be refused.
pub(super) struct Refusals {
    /// How many bytes the longest text of a table has; none, if one of them cannot stand in a field.
    longest: HashMap<TableId, usize>,
}

impl Refusals {
    pub fn of(hir: &Hir) -> Self {
        let bytes = |datum: &Datum| match datum {
            Datum::Text(text) => settable::field_value(&VIA, text).ok().map(|text| text.len()),
            _ => Some(0),
        };
        let longest =
            |table: &Table| table.entries.iter().try_fold(0, |longest, (_, datum)| Some(bytes(datum)?.max(longest)));
        let tables = (0..).zip(&hir.tables).filter_map(|(id, table)| Some((TableId(id), longest(table)?)));
        Self { longest: tables.collect() }
    }

    /// Whether a statement, or one within it, may be refused. Subs that are called are not looked at.
    pub fn may_refuse(&self, statement: &StatementKind) -> bool {
        let may_refuse = |statement: &Statement| self.may_refuse(&statement.kind);
        match statement {
            StatementKind::Let(_, value) => value.ty == Type::String && !(self.can_be_sent(value) || is_short(value)),
            StatementKind::Set(Target::Header(_, name), value) => {
                settable::field_value(name, b"").is_err() || !self.can_be_sent(value)
            }
            StatementKind::Set(Target::Variable(variable), value) => !can_be(*variable, value),
            StatementKind::Unset(target) => !matches!(target, Target::Header(..)),
            StatementKind::If { arms, otherwise, .. } => {
                arms.iter().flat_map(|arm| &arm.body).chain(otherwise).any(may_refuse)
            }
            StatementKind::Return(outcome) => may_be_refused(outcome),
            StatementKind::Effect(function, given) => match function {
                Function::Core(Core::Synthetic) => !given.iter().all(is_page),
                Function::Core(_) => false,
                _ => true,
            },
            StatementKind::Call(_)
            | StatementKind::Leave
            | StatementKind::Normalize(_)
            | StatementKind::Key(_)
            | StatementKind::Ban(_)
            | StatementKind::Tag(_) => false,
        }
    }

    /// How many bytes a text has at most that is made of what the policy says itself.
    fn bytes(&self, value: &Expression) -> Option<usize> {
        match &value.kind {
            Kind::Text(text) => Some(text.len()),
            Kind::Lookup(table, _) => self.longest.get(table).copied(),
            Kind::Unset => Some(0),
            Kind::Concat(parts) => parts.iter().try_fold(0, |all, part| Some(self.bytes(part)? + all)),
            Kind::Fallback(values) | Kind::Choose(_, values) => {
                values.iter().try_fold(0, |most, value| Some(self.bytes(value)?.max(most)))
            }
            _ => None,
        }
    }

    /// Whether a text can stand in a field, whatever stands in it.
    fn can_be_sent(&self, value: &Expression) -> bool {
        match &value.kind {
            Kind::Text(text) => settable::field_value(&VIA, text).is_ok(),
            Kind::Header(..)
            | Kind::Cookie(..)
            | Kind::Unset
            | Kind::Call(Function::World(World::UuidV4 | World::UuidV7), _) => true,
            Kind::Lookup(table, _) => self.longest.contains_key(table),
            Kind::Concat(parts) => {
                parts.iter().all(|part| self.can_be_sent(part))
                    && self.bytes(value).is_some_and(|bytes| bytes <= KEPT_TEXT_LIMIT_BYTES)
            }
            Kind::Variable(variable) => {
                !matches!(variable, Variable::ClientIdentity | Variable::BereqCacheControlFields)
            }
            Kind::ToText(inner) => inner.ty != Type::String || self.can_be_sent(inner),
            Kind::Fallback(values) | Kind::Choose(_, values) => values.iter().all(|value| self.can_be_sent(value)),
            Kind::Call(Function::Text(Text::ToLower | Text::ToUpper), given) => {
                given.iter().all(|value| self.can_be_sent(value))
            }
            _ => false,
        }
    }
}

/// Whether a text is kept, whatever stands in it: it is no longer than what is sent, or was kept before.
pub(super) fn is_short(value: &Expression) -> bool {
    match &value.kind {
        Kind::Text(text) => text.len() <= KEPT_TEXT_LIMIT_BYTES,
        Kind::Variable(_)
        | Kind::Header(..)
        | Kind::Query(..)
        | Kind::Cookie(..)
        | Kind::Local(_)
        | Kind::Unset
        | Kind::Call(Function::World(World::UuidV4 | World::UuidV7), _) => true,
        Kind::ToText(inner) => inner.ty != Type::String || is_short(inner),
        Kind::Fallback(values) | Kind::Choose(_, values) => values.iter().all(is_short),
        Kind::Call(Function::Text(Text::ToLower | Text::ToUpper), given) => given.iter().all(is_short),
        _ => false,
    }
}

/// Whether a value can be put in a variable, whatever it is.
fn can_be(variable: Variable, value: &Expression) -> bool {
    use Variable as V;
    match (variable, &value.kind) {
        (V::ReqUrl | V::BereqUrl, Kind::Text(text)) => settable::target(text).is_ok(),
        (V::ReqUrl | V::BereqUrl, Kind::Variable(V::ReqUrl | V::BereqUrl))
        | (V::ReqMethod | V::BereqMethod, Kind::Variable(V::ReqMethod | V::BereqMethod)) => true,
        (V::ReqUrl | V::BereqUrl, Kind::Call(Function::Text(Text::ToLower | Text::ToUpper), given)) => {
            given.iter().all(|value| can_be(variable, value))
        }
        (V::ReqMethod | V::BereqMethod, Kind::Text(text)) => settable::method(text).is_ok(),
        (V::RespStatus | V::BerespStatus, Kind::Int(number)) => status(*number).is_some(),
        (V::RespStatus | V::BerespStatus, _) => false,
        (V::RespBody | V::BerespBody, _) => is_page(value),
        _ => value.ty != Type::String,
    }
}

fn may_be_refused(outcome: &Outcome) -> bool {
    let Outcome { status: code, reason, location, .. } = outcome;
    let is_code = |value: &Expression| matches!(value.kind, Kind::Int(number) if status(number).is_some());
    let is_url = |value: &Expression| matches!(&value.kind, Kind::Text(text) if settable::field_value(&VIA, text).is_ok() && !text.is_empty());
    !(code.as_ref().is_none_or(is_code) && reason.as_ref().is_none_or(is_short) && location.as_ref().is_none_or(is_url))
}

/// So many texts of 64 KiB are shorter than the content of a page may be.
const MOST_TEXTS: usize = 15;

/// Whether a text is no longer than the content of a page may be.
fn is_page(value: &Expression) -> bool {
    match &value.kind {
        Kind::Concat(texts) => texts.len() <= MOST_TEXTS && texts.iter().all(is_short),
        _ => is_short(value),
    }
}
