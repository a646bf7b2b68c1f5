//! What statements do to the request, and how a step ends.

use std::borrow::Cow;

use http::HeaderValue;

use super::copied::Copied;
use super::functions::{self, Settled};
use super::key_part::further_values;
use super::work::BAN_BYTES;
use super::{Context, Scope, normalize, own, query};
use crate::decision::ban::Ban;
use crate::decision::facts::{Facts, KEPT_TEXT_LIMIT_BYTES, Refused, Value};
use crate::decision::program::Verdict;
use crate::lang::hir::{Expression, KeyPart, Outcome, StatementKind, Tags, Target};
use crate::lang::schema::function::Core;
use crate::lang::schema::{self, Function};
use crate::lang::source::Span;

/// Carries out a statement that is not control flow (control flow is the caller's: nothing is done).
///
/// `locals` is the frame of the whole step, `base` where the frame of this body begins in it.
///
/// # Errors
/// When the facts refuse a value.
pub(in crate::decision) fn perform<F: Facts>(
    statement: &StatementKind,
    facts: &mut F,
    locals: &mut Vec<Value<'static>>,
    base: usize,
    context: Context<'_>,
) -> Result<(), Refused> {
    let context = Context { counts: true, ..context };
    let value = |facts: &F, expression: &Expression| {
        let scope = Scope::new(facts, locals.get(base..).unwrap_or_default(), context);
        let value = scope.value(expression);
        scope.works(value.text_bytes());
        let value = Copied::of(value);
        context.check_work().map(|()| value)
    };
    match statement {
        StatementKind::Let(id, expression) => {
            let value = value(facts, expression)?;
            bind(locals, base + id.0 as usize, own(kept(value.value())?));
            Ok(())
        }
        StatementKind::Set(target, expression) => set(target, value(facts, expression)?.value(), facts),
        StatementKind::Unset(target) => unset(target, facts),
        StatementKind::Effect(function, given) => {
            if let [only] = given.as_slice() {
                let values = [value(facts, only)?];
                let mut further = Vec::new();
                if *function == Function::Core(Core::HashData) {
                    let scope = Scope::new(&*facts, locals.get(base..).unwrap_or_default(), context);
                    further = further_values(&scope, only);
                }
                functions::perform(*function, &Settled::new(given, &values, context), facts, context.step)?;
                for value in &further {
                    facts.hash_further(value);
                }
                return Ok(());
            }
            let values = given.iter().map(|argument| value(facts, argument)).collect::<Result<Vec<_>, _>>()?;
            functions::perform(*function, &Settled::new(given, &values, context), facts, context.step)
        }
        StatementKind::Normalize(normalization) => {
            context.works(normalize::read_bytes(normalization, facts));
            context.check_work()?;
            normalize::normalize(normalization, facts)
        }
        StatementKind::Key(part) => {
            match part {
                KeyPart::Value(expression) => {
                    let part = value(facts, expression)?;
                    let scope = Scope::new(&*facts, locals.get(base..).unwrap_or_default(), context);
                    let further = further_values(&scope, expression);
                    facts.hash_part(text_of(part.value()).as_deref());
                    for value in &further {
                        facts.hash_further(value);
                    }
                }
                KeyPart::Query { sorted } => {
                    let part = query::whole(facts, *sorted);
                    facts.hash_part(part.as_deref());
                }
            }
            Ok(())
        }
        StatementKind::Ban(condition) => {
            let scope = Scope::new(&*facts, locals.get(base..).unwrap_or_default(), context);
            let ban = Ban::bind(condition, &scope);
            context.works(BAN_BYTES);
            context.check_work()?;
            facts.ban(ban);
            Ok(())
        }
        StatementKind::Tag(tags) => {
            match tags {
                Tags::Text(expression) => {
                    let tags = value(facts, expression)?;
                    facts.tag(&text_of(tags.value()).unwrap_or_default());
                }
                Tags::Field(name) => facts.tag_by_field(name),
            }
            Ok(())
        }
        StatementKind::Call(_) | StatementKind::If { .. } | StatementKind::Return(_) | StatementKind::Leave => Ok(()),
    }
}

fn text_of(value: Value<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::Text(text) => text,
        _ => None,
    }
}

fn bind(locals: &mut Vec<Value<'static>>, at: usize, value: Value<'static>) {
    if locals.len() <= at {
        locals.resize(at + 1, Value::UNSET);
    }
    if let Some(local) = locals.get_mut(at) {
        *local = value;
    }
}

/// The value, to be read again.
pub(super) fn kept(value: Value<'_>) -> Result<Value<'_>, Refused> {
    if value.text_bytes() > KEPT_TEXT_LIMIT_BYTES { Err(Refused(TOO_LONG)) } else { Ok(value) }
}

/// Why a text is not kept.
const TOO_LONG: &str = "the text is too long: a policy keeps up to 64 KiB, more only as a body";

/// A field that is set to what is unset is unset from then on, unlike in VCL, where it is there and empty: a policy that
/// takes a field from a token and closes the door to those that have none relies on `!` and `??`.
fn set<F: Facts>(target: &Target, value: Value<'_>, facts: &mut F) -> Result<(), Refused> {
    let value = match target {
        Target::Header(..) if value == Value::UNSET => return unset(target, facts),
        Target::Variable(_) if value == Value::UNSET => Value::Text(Some(Cow::Borrowed(b""))),
        _ => value,
    };
    match (target, value) {
        (Target::Variable(variable), value) if variable.access().read.is_empty() => facts.set(*variable, value),
        (Target::Variable(variable), value) => facts.set(*variable, kept(value)?),
        (Target::Header(message, name), value @ Value::Text(_)) => {
            let text = text_of(kept(value)?);
            facts.set_header(*message, name, &text.unwrap_or_default())
        }
        (Target::Header(..), _) => Err(Refused("a header field holds text only")),
    }
}

fn unset<F: Facts>(target: &Target, facts: &mut F) -> Result<(), Refused> {
    match target {
        Target::Variable(variable) => facts.set(*variable, Value::UNSET),
        Target::Header(message, name) => {
            facts.unset_header(*message, name);
            Ok(())
        }
    }
}

fn settled(value: &Value<'_>) -> Option<u16> {
    if let Value::Int(number) = value { schema::status(*number) } else { None }
}

/// The verdict of a `return`.
pub(in crate::decision) fn conclude<'a, F: Facts>(outcome: &'a Outcome, span: Span, scope: &Scope<'a, F>) -> Verdict {
    let mut scope = *scope;
    scope.context.counts = true;
    let status = outcome.status.as_ref().map(|status| scope.value(status));
    let status = match status {
        None => None,
        Some(value) => match settled(&value) {
            Some(status) => Some(status),
            None => {
                return Verdict::refused(
                    Refused("the status is none: its last three digits are not within 200 to 999"),
                    Some(span),
                );
            }
        },
    };
    let reason = outcome.reason.as_ref().map(|reason| kept(Value::Text(scope.text(reason)))).transpose();
    let location = outcome.location.as_ref().map(|location| sendable(scope.text(location))).transpose();
    let time_ms = match outcome.time.as_ref().map(|time| scope.value(time)) {
        Some(Value::Duration(time_ms)) => Some(time_ms),
        _ => None,
    };
    let said = reason.and_then(|reason| Ok((reason.and_then(text_of).map(Cow::into_owned), location?)));
    match scope.context.check_work().and(said) {
        Ok((reason, location)) => {
            let Outcome { action, soft, .. } = *outcome;
            Verdict { action, status, reason, location, time_ms, soft, span: Some(span) }
        }
        Err(why) => Verdict::refused(why, Some(span)),
    }
}

/// The value of a `Location`: what `set` takes for a field, and not nothing, which would lead nowhere.
fn sendable(location: Option<Cow<'_, [u8]>>) -> Result<Vec<u8>, Refused> {
    let location = text_of(kept(Value::Text(location))?).unwrap_or_default();
    if location.is_empty() {
        return Err(Refused("a redirect needs a URL, and this one is unset or empty"));
    }
    match HeaderValue::from_bytes(&location) {
        Ok(_) => Ok(location.into_owned()),
        Err(_) => Err(Refused("the URL of a redirect cannot hold a line feed, a NUL or another control character")),
    }
}
