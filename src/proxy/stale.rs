//! Stale responses: which may be served while they are fetched anew, which when the backend fails, and
//! which at once because it failed just now.
//!
//! For how long each is allowed, `crate::cache::stale` says.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use pingora::cache::{CacheKey, CacheMeta};
use pingora::proxy::Session;
use pingora::{Error, ErrorSource, ErrorType, Result};

use super::ctx::{RequestCtx, Stage};
use super::fetch::failed;
use super::lookup::stored_times;
use super::shown::Shown;
use super::{coalesce, failure, query, warning};
use crate::cache::stale::is_error;
use crate::cache::{StaleUse, StaleWindows};
use crate::lang::schema::{Action, Step};
use crate::store::Marks;
use crate::store::pingora::key_of;
use crate::telemetry::{Outcome, Reason};

/// How long the backend is left alone after a fetch that failed, while a stale response can be served.
const PAUSE: Duration = Duration::from_secs(1);

/// The keys whose last fetch failed, and in which way, each for a moment: meanwhile what is stale is
/// served at once, so that a backend in trouble is neither asked for it at every request nor waited for.
#[derive(Default)]
pub struct FailedFetches(Marks<StaleUse>);

impl FailedFetches {
    /// Notes that the fetch of a key failed now.
    pub fn note(&self, key: &CacheKey, how: StaleUse) {
        if let Some(until) = SystemTime::now().checked_add(PAUSE) {
            self.0.mark(key_of(key), how, until);
        }
    }

    fn find(&self, key: &CacheKey) -> Option<StaleUse> {
        if self.0.is_empty() { None } else { self.0.find(key_of(key), SystemTime::now()) }
    }
}

fn windows(meta: &CacheMeta, ctx: &RequestCtx) -> StaleWindows {
    stored_times(meta, ctx).windows()
}

/// How long a response has been stale.
pub fn stale_for(meta: &CacheMeta) -> Duration {
    SystemTime::now().duration_since(meta.fresh_until()).unwrap_or_default()
}

/// Whether a stale response is within its grace, as far as this request makes use of it.
pub fn is_in_grace(session: &Session, meta: &CacheMeta, stale_for: Duration, ctx: &RequestCtx) -> bool {
    let windows = windows(meta, ctx);
    let grace = windows.grace.min(ctx.exchange.grace.unwrap_or(Duration::MAX));
    // A fetch in the background has no content to send, and would not know that it is for a slice.
    session.req_header().method != query::METHOD
        && ctx.exchange.slice.is_none()
        && StaleWindows { grace, ..windows }.allow(StaleUse::WhileRevalidating, stale_for)
}

/// Why a stale response is served without the backend being asked, if it is: a moment ago it failed.
pub fn without_asking(
    failed: &FailedFetches,
    session: &Session,
    meta: &CacheMeta,
    stale_for: Duration,
    ctx: &RequestCtx,
) -> Option<Reason> {
    let how = failed.find(session.cache.cache_key())?;
    if is_in_grace(session, meta, stale_for, ctx) {
        return Some(Reason::Grace);
    }
    windows(meta, ctx).allow(how, stale_for).then_some(Reason::StaleIfError)
}

/// Whether a stale response may be served now: while it is fetched anew (`error` is `None`), or
/// because the backend failed.
pub fn may_serve(failed: &FailedFetches, session: &mut Session, ctx: &mut RequestCtx, error: Option<&Error>) -> bool {
    let Some(meta) = session.cache.maybe_cache_meta().filter(|_| !ctx.is_elsewhere()) else { return false };
    let Some(error) = error else {
        let allowed = is_in_grace(session, meta, stale_for(meta), ctx);
        if allowed {
            (ctx.verdict.outcome, ctx.verdict.reason) = (Outcome::Stale, Reason::Grace);
            coalesce::wait_no_longer(session);
        }
        return allowed;
    };
    if ctx.fetch.stage == Stage::Open && may_be_asked_again(ctx) {
        // An error of the backend: the policy speaks first, and then `prefer`.
        return false;
    }
    let Some(how) = failure_of(error, ctx.verdict.reason) else { return false };
    let allowed = windows(meta, ctx).allow(how, stale_for(meta));
    if allowed {
        failed.note(session.cache.cache_key(), how);
        note_failed_fetch(error, how, ctx);
        coalesce::note_recovery(ctx);
        (ctx.verdict.outcome, ctx.verdict.reason) = (Outcome::Stale, Reason::StaleIfError);
    }
    allowed
}

/// Whether the policy may ask for another response than the one that came.
fn may_be_asked_again(ctx: &RequestCtx) -> bool {
    ctx.policy.program.may_end(Step::BackendResponse, Action::Retry)
}

/// Prefers what is stale to an error of the backend that the policy, which may have had it asked again, lets through.
///
/// # Errors
/// When what is stale is to be served.
pub fn prefer(session: &Session, status: StatusCode, ctx: &mut RequestCtx) -> Result<()> {
    if !may_be_asked_again(ctx) || !is_error(status.as_u16()) {
        return Ok(());
    }
    let error = failed(status.as_u16(), "the backend answered with an error");
    if would_serve(session, &error, ctx) {
        ctx.verdict.forward_status = None;
        return Err(error);
    }
    Ok(())
}

/// Whether a stale response serves in the place of an answer that could not be had.
pub fn would_serve(session: &Session, error: &Error, ctx: &RequestCtx) -> bool {
    stale_and(session, error, ctx, |meta, how| windows(meta, ctx).allow(how, stale_for(meta)))
}

/// Whether a stale response would, if its use were not forbidden.
pub fn is_forbidden(session: &Session, error: &Error, ctx: &RequestCtx) -> bool {
    stale_and(session, error, ctx, |meta, how| windows(meta, ctx).forbidden && how == StaleUse::Disconnected)
}

fn stale_and(session: &Session, error: &Error, ctx: &RequestCtx, is_so: impl Fn(&CacheMeta, StaleUse) -> bool) -> bool {
    let meta = session.cache.maybe_cache_meta().filter(|_| session.cache.can_serve_stale_error());
    let how = failure_of(error, ctx.verdict.reason);
    meta.zip(how).is_some_and(|(meta, how)| is_so(meta, how))
}

/// How the backend failed; `None` if it did not. One that is sick or busy, or whose name does not resolve,
/// was not asked at all.
fn failure_of(error: &Error, reason: Reason) -> Option<StaleUse> {
    match (error.esource(), error.etype()) {
        (ErrorSource::Downstream, _) => None,
        (_, ErrorType::HTTPStatus(status))
            if !matches!(reason, Reason::BackendSick | Reason::BackendBusy | Reason::Resolve) =>
        {
            is_error(*status).then_some(StaleUse::OnError)
        }
        _ => Some(StaleUse::Disconnected),
    }
}

/// A stale response hides the failure from the client, not from those who look after the backend.
fn note_failed_fetch(error: &Error, how: StaleUse, ctx: &mut RequestCtx) {
    let reason = if how == StaleUse::OnError { Reason::StaleIfError } else { failure::reason_of(error, ctx) };
    failure::count_fetch(reason, ctx);
    let error = Shown(error);
    let (xid, backend) = (ctx.exchange.xid, ctx.fetch.asked_name());
    if let Some(left_out) = warning::due("stale", backend) {
        tracing::warn!(xid, backend, %error, left_out, "the backend failed; a stale response is served");
    }
}
