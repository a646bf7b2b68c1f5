//! A response goes to the client: `deliver`, and the fields that say where it came from.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, Version, header};
use pingora::Result;
use pingora::cache::CachePhase;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::Session;

use super::connection::{self, NextHead, Patience};
use super::ctx::{Course, Disposition, Fetch, RequestCtx, Synthetic};
use super::lookup::{object_view, stored_times};
use super::recv::answer_for;
use super::step::Messages;
use super::told::Obj;
use super::{explain, framing, restart, slice, synth};
use crate::cache::asked::OWN_VIA;
use crate::cache::cache_status;
use crate::cache::spelling;
use crate::cache::targeted::SURROGATE_CONTROL;
use crate::cache::validation::Stored;
use crate::cache::{Precondition, age, validation};
use crate::decision::Verdict;
use crate::lang::schema::{Action, Step};
use crate::telemetry::{Outcome, Reason};

/// Runs `deliver` on a response from the store or the backend. A fetch in the background has nobody
/// to deliver to.
pub async fn respond(session: &mut Session, response: &mut ResponseHeader, ctx: &mut RequestCtx) -> Result<()> {
    if response.status == StatusCode::SWITCHING_PROTOCOLS {
        connection::switch_protocols(session);
    }
    if response.status.is_informational() || ctx.exchange.background {
        return Ok(());
    }
    settle(session, ctx);
    keep_what_was_for_us(session, response, ctx);
    if !is_reused(session) {
        complete_fetched(response, &ctx.fetch);
    }
    if slice::tell(session, ctx) {
        return Ok(());
    }
    hand_over(session, response, ctx).await
}

/// As `respond`, for a response of which `ctx` says already where it comes from.
pub async fn hand_over(session: &mut Session, response: &mut ResponseHeader, ctx: &mut RequestCtx) -> Result<()> {
    ctx.exchange.unsent_status = 0;
    ctx.exchange.is_streaming = ctx.sliced || !(ctx.has_whole_body && is_from_store(session));
    let before = response.status;
    announce(response);
    let verdict = run_deliver(session, response, ctx);
    begin(session, ctx);
    if verdict.action == Action::Deliver {
        strip_hop_by_hop(response);
        speak_as_the_client(session, response);
        framing::delivered(response, before, &session.req_header().method, ctx)?;
        finish(response, ctx, ctx.verdict.ttl_seconds);
        keep_date(session, response, ctx);
        return Ok(());
    }
    // Written at once and whole: a response without a body gives no later occasion. What pingora
    // writes after it is ignored.
    ctx.course = Course::Replaced;
    match answer_to(&verdict, session, ctx) {
        Some(synthetic) => synth::answer(session, ctx, &synthetic).await,
        None => Ok(()),
    }
}

/// Before the response goes to the client: says how long it may take.
pub fn begin(session: &mut Session, ctx: &RequestCtx) {
    if let Some(of_client) = &ctx.exchange.session {
        connection::begin_response(session, of_client);
    }
}

/// The answer in the place of a response; none if the request begins again.
fn answer_to(verdict: &Verdict, session: &mut Session, ctx: &mut RequestCtx) -> Option<Synthetic> {
    match verdict.action {
        Action::Restart => restart::elsewhere(session, ctx).err(),
        _ => Some(answer_for(verdict, ctx)),
    }
}

/// Runs `deliver` on a response that `backend_error` made: what to write, if the request does not begin again.
pub fn respond_made(
    session: &mut Session,
    mut response: ResponseHeader,
    body: Bytes,
    ctx: &mut RequestCtx,
) -> Result<Option<(ResponseHeader, Bytes)>> {
    if slice::tell(session, ctx) {
        return Ok(Some((response, body)));
    }
    (ctx.exchange.is_streaming, ctx.exchange.unsent_status) = (false, 0);
    announce(&mut response);
    let verdict = run_deliver(session, &mut response, ctx);
    if verdict.action != Action::Deliver {
        let Some(synthetic) = answer_to(&verdict, session, ctx) else { return Ok(None) };
        return synth::make(session, ctx, &synthetic);
    }
    finish(&mut response, ctx, None);
    let body = framing::made(&mut response, Some(body))?;
    Ok(Some((response, body)))
}

fn run_deliver(session: &mut Session, response: &mut ResponseHeader, ctx: &mut RequestCtx) -> Verdict {
    let is_stored = is_from_store(session) || ctx.verdict.stored;
    let obj = is_stored.then(|| session.cache.maybe_cache_meta().map(|meta| object_view(meta, ctx))).flatten();
    let told = ctx.obj.take();
    let obj = obj.or_else(|| told.as_deref().map(Obj::view));
    let req = Some(session.downstream_session.req_header_mut());
    let verdict = ctx.run(Step::Deliver, Messages { req, obj, resp: Some(response), ..Messages::default() });
    ctx.obj = told;
    verdict
}

/// Whether a client has what it asked for already (RFC 9111 section 4.3.2).
pub fn is_not_modified(req: &RequestHeader, response: &ResponseHeader) -> bool {
    let now = SystemTime::now();
    let stored = Stored { status: response.status, headers: &response.headers, response_time: now };
    validation::evaluate(&req.method, &req.headers, &stored, now) == Precondition::NotModified
}

fn is_from_store(session: &Session) -> bool {
    use CachePhase as P;
    matches!(session.cache.phase(), P::Hit | P::Stale | P::StaleUpdating | P::Revalidated | P::RevalidatedNoCache(_))
}

fn seconds_left(session: &Session) -> Option<i64> {
    let fresh_until = session.cache.maybe_cache_meta()?.fresh_until();
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Some(match fresh_until.duration_since(SystemTime::now()) {
        Ok(left) => seconds(left),
        Err(past) => -seconds(past.duration()),
    })
}

/// Notes what the request came to, as far as pingora's state tells.
fn settle(session: &Session, ctx: &mut RequestCtx) {
    let verdict = &mut ctx.verdict;
    verdict.ttl_seconds = is_from_store(session).then(|| seconds_left(session)).flatten();
    match session.cache.phase() {
        CachePhase::Hit => {
            if session.cache.lock_duration().is_some() {
                let expired = (verdict.reason == Reason::Expired).then_some(Reason::Expired);
                verdict.collapsed = expired.or(Some(Reason::UriMiss));
            }
            let unasked = ctx.exchange.unasked.map(|reason| (Outcome::Stale, reason));
            (verdict.outcome, verdict.reason) = unasked.unwrap_or((Outcome::Hit, Reason::Fresh));
        }
        CachePhase::Stale | CachePhase::StaleUpdating => verdict.outcome = Outcome::Stale,
        CachePhase::Revalidated | CachePhase::RevalidatedNoCache(_) => {
            (verdict.outcome, verdict.reason) = (Outcome::Hit, Reason::Revalidated);
        }
        CachePhase::Miss => {
            verdict.outcome = Outcome::Miss;
            if verdict.reason == Reason::Other {
                verdict.reason = Reason::UriMiss;
            }
        }
        CachePhase::Expired => (verdict.outcome, verdict.reason) = (Outcome::Miss, Reason::Expired),
        _ if ctx.disposition == Disposition::Pass => verdict.outcome = Outcome::Pass,
        _ => {
            verdict.outcome = Outcome::Miss;
            if session.cache.predicted_uncacheable_reason().is_some() {
                verdict.reason = Reason::HitForMiss;
            } else if verdict.reason == Reason::Other {
                verdict.reason = Reason::UriMiss;
            }
        }
    }
}

/// Whether a stored response is used without asking the backend.
fn is_reused(session: &Session) -> bool {
    matches!(session.cache.phase(), CachePhase::Hit | CachePhase::Stale | CachePhase::StaleUpdating)
}

/// Gives the client that caused a fetch what the backend sent it and what is not stored, in whose
/// form pingora sends it: fields that are listed as this client's (RFC 9111 sections 5.2.2.4 and
/// 5.2.2.7), and the age (section 5.1).
fn complete_fetched(response: &mut ResponseHeader, fetch: &Fetch) {
    for name in fetch.withheld.keys().filter(|name| !response.headers.contains_key(*name)).collect::<Vec<_>>() {
        for value in fetch.withheld.get_all(name) {
            let _ = response.append_header(spelling(name), value.clone());
        }
    }
    if let Some((initial_age, received)) = fetch.aged {
        let age = age::current_age(initial_age, received, SystemTime::now());
        let _ = response.insert_header(header::AGE, age::header_value(age));
    }
}

/// What `Surrogate-Control` said was for us alone, if we followed it. It stays with what is stored,
/// for a 304 that does not repeat it.
fn keep_what_was_for_us(session: &Session, response: &mut ResponseHeader, ctx: &RequestCtx) {
    let stored = session.cache.maybe_cache_meta().map(|meta| stored_times(meta, ctx));
    let obeyed = stored.map_or(ctx.fetch.obeys_surrogate_control, |times| times.obeys_surrogate_control);
    if obeyed {
        response.remove_header(&SURROGATE_CONTROL);
    }
}

/// RFC 9110 section 7.6.1: what is meant for one connection is not sent on the next. Framing is
/// pingora's, and so is a switch of protocols.
fn strip_hop_by_hop(response: &mut ResponseHeader) {
    if response.status.as_u16() == 101 {
        return;
    }
    for name in super::fetch::hop_by_hop_fields(&response.headers) {
        if name != header::TRANSFER_ENCODING {
            response.remove_header(&name);
        }
    }
}

/// The version is that of this connection, whatever the origin spoke (RFC 9110 section 2.5), and a
/// client of HTTP/1.0 knows no chunks (RFC 9112 section 6.1): the end of the connection ends its body.
fn speak_as_the_client(session: &Session, response: &mut ResponseHeader) {
    response.set_version(Version::HTTP_11);
    if session.req_header().version < Version::HTTP_11 {
        response.remove_header(&header::TRANSFER_ENCODING);
    }
}

/// Who sends a response on leaves its `Date` as it is (RFC 9110 section 6.6.1), or out if the policy has taken it off;
/// pingora would write the time at which it is sent.
pub fn keep_date(session: &Session, response: &ResponseHeader, ctx: &RequestCtx) {
    let date = response.headers.get(header::DATE).cloned();
    connection::set_next_head(session, Some(NextHead { date, patience: patience(session, ctx) }));
}

/// How long the head waits for its body. Not for one that others fetch, nor for slices: the client is not
/// looked at meanwhile, so nothing would send the head of a body that is late.
fn patience(session: &Session, ctx: &RequestCtx) -> Patience {
    match is_from_store(session) {
        true if ctx.has_whole_body => Patience::Endless,
        false if !ctx.sliced => Patience::OneTurn,
        _ => Patience::None,
    }
}

/// Adds what the policy may take off again, as in Varnish: `Via`, which a gateway may leave out (RFC 9110 section 7.6.3),
/// and the `Date` of what has none (section 6.6.1).
pub fn announce(response: &mut ResponseHeader) {
    add(response, "Via", HeaderValue::from_static(OWN_VIA));
    if !response.headers.contains_key(header::DATE) {
        // A date is a value that a field can have.
        let _ = response.insert_header(header::DATE, httpdate::fmt_http_date(SystemTime::now()));
    }
}

/// Adds `Cache-Status` (RFC 9211).
pub fn finish(response: &mut ResponseHeader, ctx: &RequestCtx, ttl_seconds: Option<i64>) {
    if !cache_status::is_readable(&response.headers) {
        response.remove_header("Cache-Status");
    }
    add(response, "Cache-Status", explain::cache_status(ctx, ttl_seconds).value());
}

fn add(response: &mut ResponseHeader, name: &'static str, value: HeaderValue) {
    // Appending fails only when a response has tens of thousands of fields.
    let _ = response.append_header(name, value);
}
