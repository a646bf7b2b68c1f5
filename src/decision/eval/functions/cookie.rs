//! The cookies of the request.

use std::borrow::Cow;

use http::header::COOKIE;

use super::{Arguments, Given, Settled};
use crate::decision::eval::{cookies, reckon, text};
use crate::decision::facts::{Facts, Refused, Value};
use crate::lang::hir::Arithmetic;
use crate::lang::schema::function::Cookie;
use crate::lang::schema::{Message, Step, StepSet};

pub(super) fn value<'a, F: Facts>(function: Cookie, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let cookies = || arguments.facts().header(message_of(arguments.step()), &COOKIE);
    match function {
        Cookie::Get => cookies().and_then(|header| cookies::last(header, &arguments.bytes(0))).into(),
        Cookie::IsSet => {
            let wanted = arguments.bytes(0);
            cookies().is_some_and(|header| cookies::names(&header).any(|name| *name == *wanted)).into()
        }
        Cookie::GetRe => {
            let Some(pattern) = arguments.pattern(0) else { return Value::UNSET };
            let Some(header) = cookies() else { return Value::UNSET };
            let name = cookies::names(&header).find(|name| pattern.is_match(name)).map(<[u8]>::to_vec);
            name.and_then(|name| cookies::last(header, &name)).into()
        }
        Cookie::FormatDate => date(&arguments.value(0), &arguments.value(1)),
        _ => Value::UNSET,
    }
}

/// The request that a step is about.
fn message_of(step: Step) -> Message {
    if StepSet::BACKEND.contains(step) { Message::Bereq } else { Message::Req }
}

fn date<'a>(from: &Value<'a>, length: &Value<'a>) -> Value<'a> {
    match reckon::reckon(Arithmetic::Add, from, length) {
        Value::Time(moment) => text::date(moment).into_bytes().into(),
        _ => Value::UNSET,
    }
}

pub(super) fn perform<F: Facts>(
    function: Cookie,
    arguments: &Settled<'_>,
    facts: &mut F,
    step: Step,
) -> Result<(), Refused> {
    let message = message_of(step);
    let (name, names) = (arguments.bytes(0), arguments.list(0));
    let matches = |name: &[u8]| arguments.pattern(0).is_some_and(|pattern| pattern.is_match(name));
    match function {
        Cookie::Set => set(facts, message, &name, &arguments.bytes(1)),
        Cookie::Delete => keep(facts, message, |found| *found != *name),
        Cookie::Keep => keep(facts, message, |found| is_among(found, names)),
        Cookie::Filter => keep(facts, message, |found| !is_among(found, names)),
        Cookie::KeepRe => keep(facts, message, matches),
        Cookie::FilterRe => keep(facts, message, |found| !matches(found)),
        Cookie::Clean => keep(facts, message, |_| false),
        Cookie::Get | Cookie::GetRe | Cookie::IsSet | Cookie::FormatDate => Ok(()),
    }
}

/// Whether the name is one of these, of which each may be several with commas between them.
fn is_among(name: &[u8], names: &[Box<[u8]>]) -> bool {
    names.iter().flat_map(|several| several.split(|byte| *byte == b',')).any(|one| one.trim_ascii() == name)
}

fn keep<F: Facts>(facts: &mut F, message: Message, keeps: impl Fn(&[u8]) -> bool) -> Result<(), Refused> {
    let Some(header) = facts.header(message, &COOKIE) else { return Ok(()) };
    if cookies::names(&header).all(&keeps) && !header.is_empty() {
        return Ok(());
    }
    let kept: Vec<&[u8]> = cookies::pairs(&header).filter(|pair| keeps(cookies::name(pair))).collect();
    let kept = kept.join(&b"; "[..]);
    if kept.is_empty() {
        facts.unset_header(message, &COOKIE);
        return Ok(());
    }
    facts.set_header(message, &COOKIE, &kept)
}

fn set<F: Facts>(facts: &mut F, message: Message, name: &[u8], value: &[u8]) -> Result<(), Refused> {
    if !cookies::is_name(name) || value.iter().any(|byte| *byte == b';' || byte.is_ascii_control()) {
        return Err(Refused("a cookie has a name of plain characters, and no `;` or control character in its value"));
    }
    let header = facts.header(message, &COOKIE).unwrap_or_default();
    let new = [name, b"=", value].concat();
    let mut pairs: Vec<Cow<'_, [u8]>> = Vec::new();
    let mut new = Some(new);
    for pair in cookies::pairs(&header) {
        if cookies::name(pair) != name {
            pairs.push(Cow::Borrowed(pair));
        } else if let Some(new) = new.take() {
            pairs.push(Cow::Owned(new));
        }
    }
    pairs.extend(new.map(Cow::Owned));
    let joined = pairs.join(&b"; "[..]);
    facts.set_header(message, &COOKIE, &joined)
}
