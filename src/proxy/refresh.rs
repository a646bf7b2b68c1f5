//! A 304 has validated a stored response: `backend_refresh` says which fields that has from now on.
//!
//! Without a word of the policy they are merged (RFC 9111 section 3.2). Whichever they are, those that describe the body
//! stay as they are stored, since the body does.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, header};
use pingora::cache::CacheMeta;
use pingora::http::ResponseHeader;

use super::beresp;
use super::ctx::RequestCtx;
use super::lookup::object_view;
use super::step::Messages;
use crate::cache::Lifetimes;
use crate::cache::update304::{self, TooLarge};
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step};

/// What comes of a 304.
pub enum Refreshed {
    /// The stored head as it is now.
    Head(Box<ResponseHeader>),
    /// Nothing: the head would be too large.
    TooLarge,
    /// Nothing: the policy said so.
    Refused(Verdict),
}

/// Times that the policy set before those of the response are known.
pub struct Changed {
    before: Lifetimes,
    after: Lifetimes,
}

impl Changed {
    /// Puts what the policy changed in its place.
    pub fn hand_to(self, times: &mut Lifetimes) {
        let Self { before, after } = self;
        if (after.ttl_ms, after.source) != (before.ttl_ms, before.source) {
            (times.ttl_ms, times.source) = (after.ttl_ms, after.source);
        }
        for (now, (was, new)) in [
            (&mut times.grace_ms, (before.grace_ms, after.grace_ms)),
            (&mut times.keep_ms, (before.keep_ms, after.keep_ms)),
        ] {
            if was != new {
                *now = new;
            }
        }
        if before.stale_if_error_ms != after.stale_if_error_ms {
            times.stale_if_error_ms = after.stale_if_error_ms;
        }
    }
}

/// Fields of a stored response that stay whatever is said of it: of its body, and those by which it is validated.
static STAYING: [HeaderName; 6] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::TRANSFER_ENCODING,
];

/// Runs `backend_refresh` on a 304 that speaks of this stored response.
pub fn refresh(meta: &CacheMeta, response: &ResponseHeader, ctx: &mut RequestCtx) -> Refreshed {
    // pingora goes by the 304 as it came.
    let mut validation = response.clone();
    let uncacheable = ctx.fetch.lifetimes.uncacheable;
    ctx.fetch.lifetimes = Lifetimes { uncacheable, ..beresp::lifetimes(response, &ctx.fetch) };
    let before = ctx.fetch.lifetimes.clone();
    let messages = Messages { obj: Some(object_view(meta, ctx)), ..Messages::beresp(&mut validation) };
    let verdict = ctx.run(Step::BackendRefresh, messages);
    ctx.fetch.changed = Some(Changed { before, after: ctx.fetch.lifetimes.clone() });
    let stored = meta.response_header();
    let head = match verdict.action {
        Action::Merge => beresp::refresh(stored, &validation),
        Action::ObjStale => beresp::refresh(stored, &times_of(&validation)),
        Action::Beresp => with_stored_body(stored, &validation),
        _ => return Refreshed::Refused(verdict),
    };
    let Ok(mut head) = head else { return Refreshed::TooLarge };
    if verdict.action != Action::ObjStale {
        take_status(&mut head, &validation, response);
    }
    Refreshed::Head(Box::new(head))
}

/// Gives the stored response the status and the reason that the policy has put in the place of those of the 304, as
/// Varnish does.
fn take_status(head: &mut ResponseHeader, validation: &ResponseHeader, as_it_came: &ResponseHeader) {
    // Nothing of it fails: these are of a head already.
    if validation.status != as_it_came.status {
        let _ = head.set_status(validation.status);
        let _ = head.set_reason_phrase(None);
    }
    let reason = validation.get_reason_phrase();
    if reason != as_it_came.get_reason_phrase() {
        let _ = head.set_reason_phrase(reason);
    }
}

/// What of a 304 says how old the response is by it: without that it would be as old as before.
fn times_of(validation: &ResponseHeader) -> ResponseHeader {
    let mut parts = validation.as_owned_parts();
    let mut times = HeaderMap::new();
    for name in [header::DATE, header::AGE] {
        times.extend(parts.headers.remove(&name).map(|value| (name, value)));
    }
    parts.headers = times;
    ResponseHeader::from(parts)
}

/// The fields of a 304, but for those that a stored response keeps.
fn with_stored_body(stored: &ResponseHeader, validation: &ResponseHeader) -> Result<ResponseHeader, TooLarge> {
    let mut parts = stored.as_owned_parts();
    let kept = parts.headers;
    let mut bare = HeaderMap::new();
    // Merged into nothing they are without what is meant for one connection, and no more than may be.
    update304::merge(&mut bare, &validation.headers, SystemTime::now())?;
    for name in &STAYING {
        bare.remove(name);
        for value in kept.get_all(name) {
            bare.append(name.clone(), value.clone());
        }
    }
    parts.headers = bare;
    Ok(ResponseHeader::from(parts))
}
