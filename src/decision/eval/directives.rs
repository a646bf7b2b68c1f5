//! Directives of `Cache-Control`, read from the field as it is by now.

use std::time::Duration;

use http::header::CACHE_CONTROL;

use crate::cache::{CacheControl, Directive as Flag, RequestControl};
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::{Directive, Message};

/// BOOL, or DURATION; unset where the message does not have it.
pub(crate) fn value<F: Facts>(facts: &F, message: Message, directive: Directive) -> Value<'static> {
    let lines = facts.header_lines(message, &CACHE_CONTROL);
    let lines = lines.iter().map(|line| &**line);
    if message.is_request() {
        of_request(&RequestControl::of_lines(lines), directive)
    } else {
        of_response(&CacheControl::of_lines(lines), directive)
    }
}

fn of_request(said: &RequestControl, directive: Directive) -> Value<'static> {
    match directive {
        Directive::MaxAge => duration(said.max_age),
        Directive::MaxStale => duration(said.max_stale),
        Directive::MinFresh => duration(said.min_fresh),
        Directive::StaleIfError => duration(said.stale_if_error),
        Directive::NoCache => said.no_cache.into(),
        Directive::NoStore => said.no_store.into(),
        Directive::NoTransform => said.no_transform.into(),
        Directive::OnlyIfCached => said.only_if_cached.into(),
        _ => Value::UNSET,
    }
}

fn of_response(said: &CacheControl, directive: Directive) -> Value<'static> {
    let has = |flag| Value::Bool(said.has(flag));
    match directive {
        Directive::MaxAge => duration(said.max_age),
        Directive::SMaxage => duration(said.s_maxage),
        Directive::StaleWhileRevalidate => duration(said.stale_while_revalidate),
        Directive::StaleIfError => duration(said.stale_if_error),
        Directive::NoCache => said.no_cache.is_whole().into(),
        Directive::Private => said.private.is_whole().into(),
        Directive::NoStore => has(Flag::NoStore),
        Directive::NoTransform => has(Flag::NoTransform),
        Directive::Public => has(Flag::Public),
        Directive::MustRevalidate => has(Flag::MustRevalidate),
        Directive::ProxyRevalidate => has(Flag::ProxyRevalidate),
        Directive::MustUnderstand => has(Flag::MustUnderstand),
        Directive::Immutable => has(Flag::Immutable),
        Directive::MaxStale | Directive::MinFresh | Directive::OnlyIfCached => Value::UNSET,
    }
}

fn duration(time: Option<Duration>) -> Value<'static> {
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    time.map_or(Value::UNSET, |time| Value::Duration(millis(time)))
}
