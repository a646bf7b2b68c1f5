//! What a test can say of one journey and not of another.

use std::collections::HashSet;

use http::HeaderName;
use http::header::{AGE, DATE};

use crate::cache::spelling;
use crate::lang::hir::Hir;
use crate::lang::schema::written_duration;
use crate::simulate::{Journey, KeyPart};

/// A claim that holds of the first and not of the second; `None` if no test can tell them apart.
pub(super) fn claim(one: &Journey, other: &Journey) -> Option<String> {
    let others: HashSet<String> = claims(other).into_iter().collect();
    claims(one).into_iter().find(|claim| !others.contains(claim)).or_else(|| without(one, other))
}

/// What a test says of a journey that is to be held as it is.
pub(super) fn usual(hir: &Hir, journey: &Journey) -> Vec<String> {
    let mut claims = vec![stored(journey), status(journey)];
    claims.extend(ttl(journey));
    if hir.backends.len() + hir.directors.len() > 1 {
        claims.push(backend(journey));
    }
    claims
}

fn status(journey: &Journey) -> String {
    format!("status == {}", journey.response.status.as_u16())
}

fn stored(journey: &Journey) -> String {
    with(!journey.stored.is_empty(), "stored")
}

fn with(is: bool, word: &str) -> String {
    if is { word.to_owned() } else { format!("not {word}") }
}

fn ttl(journey: &Journey) -> Option<String> {
    let ttl_ms = journey.stored.last()?.lifetimes.ttl_ms;
    Some(format!("ttl == {}", written_duration(ttl_ms.max(0))))
}

fn backend(journey: &Journey) -> String {
    format!("backend == {}", journey.backend_name.as_deref().unwrap_or("none"))
}

/// What a test can claim of a journey, what people ask first in front.
fn claims(journey: &Journey) -> Vec<String> {
    let mut claims = vec![status(journey), stored(journey), with(journey.passed, "passed")];
    claims.extend(ttl(journey));
    claims.push(backend(journey));
    let fields = journey.response.headers.iter().filter(|(name, _)| is_of_policy(name));
    claims.extend(fields.filter_map(|(name, value)| {
        let value = quoted(value.to_str().ok()?)?;
        // Of several lines of a field, a policy reads the first.
        let is_first =
            journey.response.headers.get(name)?.to_str().is_ok_and(|first| quoted(first).as_ref() == Some(&value));
        is_first.then(|| format!("resp.http.{} == {value}", spelling(name)))
    }));
    claims.extend(journey.last_key().unwrap_or_default().iter().filter_map(|part| match part {
        KeyPart::Value(value) => Some(format!("key contains {}", quoted(std::str::from_utf8(value).ok()?)?)),
        KeyPart::Unset | KeyPart::Further(_) => None,
    }));
    claims
}

/// That there is no field that there is in the other.
fn without(one: &Journey, other: &Journey) -> Option<String> {
    let mut names = other.response.headers.keys().filter(|name| is_of_policy(name));
    let name = names.find(|name| !one.response.headers.contains_key(*name))?;
    Some(format!("not resp.http.{}", spelling(name)))
}

/// Whether a field says something of the policy.
fn is_of_policy(name: &HeaderName) -> bool {
    let is_word = name.as_str().starts_with(|first: char| first.is_ascii_alphabetic());
    is_word && ![AGE, DATE].contains(name)
}

/// A text in quotes, if it needs no more than that.
fn quoted(text: &str) -> Option<String> {
    (!text.contains(['"', '\n'])).then(|| format!("\"{text}\""))
}
