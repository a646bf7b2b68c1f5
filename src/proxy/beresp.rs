//! The backend has answered: `backend_response`, and what RFC 9111 says of the response before it.

use std::time::SystemTime;

use http::header;
use pingora::cache::CacheMeta;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;
use pingora::{Error, Result};

use super::ctx::{Fetch, RequestCtx, Stage};
use super::fetch::{failed, refused};
use super::lookup::found;
use super::marks::MARK_TIME;
use super::refresh::{self, Refreshed};
use super::retry::{self, Retry};
use super::revalidate::Unusable;
use super::step::Messages;
use super::storing::conclude_times;
use super::tags::Tags;
use super::{framing, head_update, part, stale};
use crate::cache::lifetimes::{Lifetimes, NotStored, Uncacheable, timing};
use crate::cache::targeted::SURROGATE_CONTROL;
use crate::cache::transfer_coding;
use crate::cache::update304::TooLarge;
use crate::cache::{Unstorable, update304, validation};
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step};
use crate::store::pingora::PingoraStorage;

use crate::telemetry::Reason;

/// Takes a response, or what a 304 or a part makes of a stored one, through `backend_response`.
pub fn response(
    storage: &PingoraStorage,
    session: &mut Session,
    response: &mut ResponseHeader,
    ctx: &mut RequestCtx,
) -> Result<()> {
    if response.status == http::StatusCode::SWITCHING_PROTOCOLS && !session.is_upgrade_req() {
        return Err(failed(503, "the backend switched protocols unasked"));
    }
    if response.status.is_informational() {
        return Ok(());
    }
    if !transfer_coding::is_understood(&response.headers) {
        ctx.verdict.reason = Reason::BadResponse;
        return Err(failed(503, "the backend sent a transfer coding that it was not asked for"));
    }
    framing::say_length_once(response, ctx)?;
    ctx.verdict.forward_status = Some(response.status.as_u16());
    add_date(response)?;
    if response.status == http::StatusCode::NO_CONTENT {
        // RFC 9110 section 8.6.
        response.remove_header(&header::CONTENT_LENGTH);
    }
    let validated = response.status == http::StatusCode::NOT_MODIFIED;
    let stored = session.cache.maybe_cache_meta().filter(|_| validated && session.cache.enabled());
    if validated && stored.is_none() && !is_conditional(ctx.fetch.bereq.as_deref()) {
        return Err(failed(503, "the backend answered 304 to a request without conditions"));
    }
    ctx.fetch.was_304 = stored.is_some();
    let joined = part::receive(storage, session, response, ctx)?;
    let verdict = match (stored, joined) {
        (None, None) => {
            if let Some(verdict) = head_update::receive(storage, session, response, ctx) {
                verdict
            } else {
                let before = response.status;
                let verdict = respond(session, response, Tags::default(), ctx);
                framing::fetched(response, before, &session.req_header().method, ctx)?;
                verdict
            }
        }
        (Some(meta), _) if !update304::identifies(&meta.response_header().headers, &response.headers) => {
            ctx.fetch.unusable = Some(Unusable::OfAnother);
            return Ok(());
        }
        (Some(meta), _) => match refresh::refresh(meta, response, ctx) {
            Refreshed::Head(mut refreshed) => {
                let verdict = respond(session, &mut refreshed, stored_tags(storage, meta, ctx), ctx);
                ctx.fetch.refreshed = Some(refreshed);
                verdict
            }
            Refreshed::TooLarge => {
                ctx.fetch.unusable = Some(Unusable::TooLarge);
                return Ok(());
            }
            Refreshed::Refused(verdict) => verdict,
        },
        (None, Some(mut joined)) => {
            let tags = session.cache.maybe_cache_meta().map(|meta| stored_tags(storage, meta, ctx)).unwrap_or_default();
            let verdict = respond(session, &mut joined, tags, ctx);
            if ctx.fetch.lifetimes.why_not_kept(&joined.headers).is_some() {
                part::give_up_joining(ctx)?;
            } else {
                ctx.fetch.refreshed = Some(joined);
            }
            verdict
        }
    };
    let error = match verdict.action {
        Action::Deliver | Action::Pass => return stale::prefer(session, response.status, ctx),
        Action::Retry => not_taken(session, &verdict, ctx),
        _ => refused(&verdict, ctx),
    };
    if !ctx.fetch.was_304 {
        return Err(error);
    }
    // pingora would answer an error here with the 304 itself, which the client has not asked for.
    ctx.fetch.unusable = Some(Unusable::Refused(error));
    Ok(())
}

/// The error that stands for a response in whose place another one is asked for.
fn not_taken(session: &mut Session, verdict: &Verdict, ctx: &mut RequestCtx) -> Box<Error> {
    match retry::want(session, ctx) {
        Retry::Due => return retry::ask_again(),
        Retry::TooOften => {}
        // As in Varnish: the backend has had the content of the request, so there is no page of its own for it.
        Retry::Impossible => ctx.fetch.stage = Stage::GivenUp,
    }
    refused(verdict, ctx)
}

/// A response that says not when it was made was made when it came (RFC 9110 section 6.6.1).
fn add_date(response: &mut ResponseHeader) -> Result<()> {
    if response.headers.contains_key(header::DATE) {
        return Ok(());
    }
    response.insert_header(header::DATE, httpdate::fmt_http_date(SystemTime::now()))
}

fn is_conditional(bereq: Option<&RequestHeader>) -> bool {
    bereq.is_some_and(|bereq| validation::CONDITIONS.iter().any(|name| bereq.headers.contains_key(name)))
}

/// The stored head brought up to date by a 304 (RFC 9111 section 3.2).
pub fn refresh(stored: &ResponseHeader, validation: &ResponseHeader) -> Result<ResponseHeader, TooLarge> {
    let mut refreshed = stored.as_owned_parts();
    update304::merge(&mut refreshed.headers, &validation.headers, SystemTime::now())?;
    Ok(ResponseHeader::from(refreshed))
}

/// The tags of a stored response that is brought up to date: it keeps them, since the field that listed them need
/// not stand in what has come, nor any more in what is stored.
pub fn stored_tags(storage: &PingoraStorage, stored: &CacheMeta, ctx: &RequestCtx) -> Tags {
    Tags::of_stored(found(stored, ctx).map(|found| storage.tags(found.object)).unwrap_or_default())
}

/// Works out the times of a response and runs `backend_response` on it; it has those tags already.
pub fn respond(session: &Session, beresp: &mut ResponseHeader, tags: Tags, ctx: &mut RequestCtx) -> Verdict {
    ctx.fetch.tags = tags;
    let passes = ctx.fetch.lifetimes.uncacheable;
    ctx.fetch.lifetimes = lifetimes(beresp, &ctx.fetch);
    ctx.fetch.lifetimes.uncacheable = passes;
    ctx.fetch.unsent_status = 0;
    if let Some(changed) = ctx.fetch.changed.take() {
        changed.hand_to(&mut ctx.fetch.lifetimes);
    }
    let verdict = ctx.run(Step::BackendResponse, Messages::beresp(beresp));
    if verdict.action == Action::Pass {
        ctx.fetch.lifetimes.uncacheable = Uncacheable::Refused;
        ctx.fetch.refused_at = verdict.span;
        ctx.fetch.hit_for_pass = Some(verdict.time_ms.map_or(MARK_TIME, Lifetimes::duration));
    }
    let cc = conclude_times(session.req_header(), beresp, ctx);
    if ctx.fetch.pieces.is_unasked() {
        ctx.fetch.lifetimes.not_stored.get_or_insert(NotStored::Rule(Unstorable::Partial));
    }
    let has_age = beresp.headers.contains_key(header::AGE);
    ctx.fetch.aged = has_age.then(|| (ctx.fetch.lifetimes.age, SystemTime::now()));
    ctx.fetch.obeys_surrogate_control = cc.targeted == Some(SURROGATE_CONTROL);
    verdict
}

/// The times that a response has before the policy speaks.
pub fn lifetimes(beresp: &ResponseHeader, fetch: &Fetch) -> Lifetimes {
    let cc = fetch.directives(&beresp.headers);
    Lifetimes::of(beresp.status, &beresp.headers, &cc, timing(fetch.sent, SystemTime::now()))
}
