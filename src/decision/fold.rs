//! Expressions whose value is known already: pure functions of constants, and what is made of them.
//!
//! Their value takes their place before a policy is lowered, so that a condition that compares with one
//! is looked up like a condition that compares with the text itself.

use std::borrow::Cow;

use http::HeaderName;

use super::eval::{Acls, Context, Scope, Tables};
use super::facts::{Facts, Refused, Value};
use crate::lang::hir::{Expression, ExpressionKind, Hir, KeyPart, Statement, StatementKind, Tags};
use crate::lang::schema::function::Class;
use crate::lang::schema::{Message, Step, Type, Variable};
use crate::pace;

/// The longest text that is kept in the policy in place of a call, in bytes.
pub(super) const LONGEST_TEXT_BYTES: usize = 4 << 10;

/// Puts values in the place of what is known already.
pub(super) fn fold(hir: &mut Hir) {
    hir.subs.iter_mut().for_each(|sub| statements(&mut sub.body.statements));
    hir.steps.iter_mut().for_each(|step| statements(&mut step.body.statements));
}

fn statements(all: &mut [Statement]) {
    for statement in all {
        match &mut statement.kind {
            StatementKind::Let(_, value)
            | StatementKind::Set(_, value)
            | StatementKind::Key(KeyPart::Value(value))
            | StatementKind::Tag(Tags::Text(value))
            | StatementKind::Ban(value) => {
                expression(value);
            }
            StatementKind::If { arms, otherwise, .. } => {
                for arm in arms {
                    expression(&mut arm.condition);
                    statements(&mut arm.body);
                }
                statements(otherwise);
            }
            StatementKind::Effect(_, arguments) => arguments.iter_mut().for_each(expression),
            StatementKind::Return(outcome) => outcome.values_mut().for_each(expression),
            StatementKind::Unset(_)
            | StatementKind::Call(_)
            | StatementKind::Leave
            | StatementKind::Normalize(_)
            | StatementKind::Key(KeyPart::Query { .. })
            | StatementKind::Tag(Tags::Field(_)) => {}
        }
    }
}

fn expression(whole: &mut Expression) {
    pace::pause();
    whole.parts_mut().for_each(expression);
    if let Some(kind) = as_condition(whole) {
        whole.kind = kind;
    }
    if is_known(whole)
        && let Some(kind) = value_of(whole)
    {
        whole.kind = kind;
    }
}

/// A choice of which all values but the last are `true` or `false`, as the condition that it is: so it is looked up.
fn as_condition(whole: &mut Expression) -> Option<ExpressionKind> {
    let ExpressionKind::Choose(conditions, values) = &mut whole.kind else { return None };
    let (last, others) = values.split_last_mut()?;
    let is_plain = |value: &Expression| matches!(value.kind, ExpressionKind::Bool(_));
    if last.ty != Type::Bool || !others.iter().all(is_plain) {
        return None;
    }
    let mut condition = std::mem::replace(&mut last.kind, ExpressionKind::Unset);
    for (test, value) in std::mem::take(conditions).into_iter().zip(others).rev() {
        let span = test.span;
        let bool_of = |kind| Expression { kind, ty: Type::Bool, span };
        condition = match (&value.kind, condition) {
            (ExpressionKind::Bool(true), ExpressionKind::Bool(false)) => test.kind,
            (ExpressionKind::Bool(true), rest) => ExpressionKind::Or(vec![test, bool_of(rest)]),
            (_, rest) => ExpressionKind::And(vec![bool_of(ExpressionKind::Not(Box::new(test))), bool_of(rest)]),
        };
    }
    Some(condition)
}

/// Whether the value depends on nothing but literals.
fn is_known(whole: &Expression) -> bool {
    depends_on_parts(whole) && whole.parts().all(is_literal)
}

/// Whether the value depends on nothing but what is written, however that is put together.
pub(super) fn is_constant(whole: &Expression) -> bool {
    is_literal(whole) || depends_on_parts(whole) && whole.parts().all(is_constant)
}

/// Whether the value depends on those of the parts alone.
fn depends_on_parts(whole: &Expression) -> bool {
    match &whole.kind {
        ExpressionKind::Call(function, _) => function.class() == Class::Pure,
        ExpressionKind::Concat(_)
        | ExpressionKind::ToText(_)
        | ExpressionKind::Truth(_)
        | ExpressionKind::Not(_)
        | ExpressionKind::Compare(..)
        | ExpressionKind::Arithmetic(..)
        | ExpressionKind::Fallback(_)
        | ExpressionKind::Choose(..)
        | ExpressionKind::Matches(..)
        | ExpressionKind::InTexts(..)
        | ExpressionKind::InRanges(..)
        | ExpressionKind::Under(..)
        | ExpressionKind::Extension(..) => true,
        _ => false,
    }
}

fn is_literal(part: &Expression) -> bool {
    if let ExpressionKind::Text(text) = &part.kind {
        return text.len() <= LONGEST_TEXT_BYTES;
    }
    matches!(
        part.kind,
        ExpressionKind::Int(_)
            | ExpressionKind::Real(_)
            | ExpressionKind::Bool(_)
            | ExpressionKind::Duration(_)
            | ExpressionKind::Bytes(_)
            | ExpressionKind::Ip(_)
            | ExpressionKind::Unset
            | ExpressionKind::Regex(_)
            | ExpressionKind::List(_)
    )
}

/// The value as it would be written; `None` for a moment, which no policy writes.
pub(super) fn literal(value: Value<'_>) -> Option<ExpressionKind> {
    Some(match value {
        Value::Text(None) => ExpressionKind::Unset,
        Value::Text(Some(text)) => ExpressionKind::Text(text.into_owned().into()),
        Value::Int(number) => ExpressionKind::Int(number),
        Value::Real(number) => ExpressionKind::Real(number),
        Value::Bool(flag) => ExpressionKind::Bool(flag),
        Value::Duration(millis) => ExpressionKind::Duration(millis),
        Value::Bytes(bytes) => ExpressionKind::Bytes(bytes),
        Value::Ip(address) => ExpressionKind::Ip(address),
        Value::Backend(backend) => ExpressionKind::Backend(backend),
        Value::Time(_) => return None,
    })
}

fn value_of(whole: &Expression) -> Option<ExpressionKind> {
    let (acls, tables) = (Acls::Declared(&[]), Tables::Declared(&[]));
    let context = Context { step: Step::Recv, names: &[], acls, tables, work: None, counts: false };
    let scope = Scope::new(&Nothing, &[], context);
    match scope.value(whole) {
        Value::Text(Some(text)) if text.len() > LONGEST_TEXT_BYTES => None,
        Value::Backend(_) => None,
        value => literal(value),
    }
}

/// No request: what is folded asks for none.
struct Nothing;

impl Facts for Nothing {
    fn get(&self, _: Variable) -> Value<'_> {
        Value::UNSET
    }

    fn set(&mut self, _: Variable, _: Value<'_>) -> Result<(), Refused> {
        Ok(())
    }

    fn header(&self, _: Message, _: &HeaderName) -> Option<Cow<'_, [u8]>> {
        None
    }

    fn set_header(&mut self, _: Message, _: &HeaderName, _: &[u8]) -> Result<(), Refused> {
        Ok(())
    }

    fn unset_header(&mut self, _: Message, _: &HeaderName) {}

    fn hash_data(&mut self, _: &[u8]) {}

    fn log(&mut self, _: &[u8]) {}
}
