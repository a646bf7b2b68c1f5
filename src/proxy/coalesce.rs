//! Requests for the same key share one fetch; what becomes of those who cannot share its response.
//!
//! `crate::store::pingora`'s `FetchLock` says who waits and how waiting ends. Here the fetch tells it what
//! it fails of, and who waited in vain is answered or takes its place among those who ask the backend.

use pingora::cache::{CacheKey, CacheOptionOverrides, CachePhase, NoCacheReason};
use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};

use super::WarpProxy;
use super::ctx::RequestCtx;
use super::fetch::failed;
use super::{connection, failure, upstream};
use crate::store::pingora::{Ended, FetchLock, FillIntent, Place, Turn};
use crate::telemetry::Reason;

/// When a client that was refused may come again.
pub const RETRY_AFTER_SECONDS: u64 = 5;

/// The lock, with what a fetch tells of its failure to those who wait for it.
pub type Lock = FetchLock<FetchFailure>;

/// How a fetch failed, as far as it is no one client's business.
#[derive(Clone, Copy, Debug)]
pub struct FetchFailure {
    /// The status of the error page, if it is not the usual one.
    status: Option<u16>,
    /// Why.
    reason: Reason,
    /// How often the policy has had it made again.
    retries: u32,
}

/// A request's part in waiting for fetches.
#[derive(Default)]
pub struct Part {
    turn: Option<Turn<FetchFailure>>,
    /// Held while it asks the backend.
    place: Option<Place>,
}

/// What pingora is told of waiting: nobody waits longer for the fetches of others than the head of its own might take.
pub fn options(ctx: &RequestCtx) -> CacheOptionOverrides {
    let mut options = Lock::options();
    options.wait_timeout = Some(upstream::longest_to_head(ctx));
    options
}

/// Makes a key through which the lock and this request speak to each other.
pub fn join(key: &mut CacheKey, session: &Session, ctx: &mut RequestCtx) {
    let turn = Turn::default();
    turn.join(key);
    connection::set_seat(session, turn.seat());
    ctx.part.turn = Some(turn);
}

/// Notes what the fetch is to fill, now that the backend is asked.
pub fn note_intent(intent: &FillIntent, ctx: &RequestCtx) {
    ctx.part.turn.iter().for_each(|turn| turn.intend(intent));
}

/// Notes that the fetch failed. Only what is the backend's fault is shared; a policy that refuses may do so
/// because of this request, and a client that goes away is its own affair.
pub fn note_failure(error: &Error, ctx: &RequestCtx) {
    let Some(turn) = &ctx.part.turn else { return };
    match failure::reason_of(error, ctx) {
        reason @ (Reason::Resolve
        | Reason::BackendSick
        | Reason::BackendBusy
        | Reason::Connect
        | Reason::Timeout
        | Reason::BadResponse) => {
            let status = ctx.fetch.error.as_ref().map(|(status, _)| *status);
            turn.fail(FetchFailure { status, reason, retries: ctx.fetch.attempts.retries });
        }
        Reason::Client | Reason::BadRequest | Reason::Internal => turn.recover(),
        _ => turn.go_alone(),
    }
}

/// Notes that a stored response serves in place of the one that could not be had: those who wait find it, too.
pub fn note_recovery(ctx: &RequestCtx) {
    if let Some(turn) = &ctx.part.turn {
        turn.recover();
    }
}

/// Lets go of a fetch in the background, since what is stale is served meanwhile.
pub fn wait_no_longer(session: &mut Session) {
    if session.cache.is_cache_locked() {
        session.cache.release_write_lock(NoCacheReason::Custom("stale"));
    }
}

/// Before the backend is asked: an error if the request waited for a fetch that failed, or could not wait.
pub fn check(session: &Session, ctx: &mut RequestCtx) -> Result<()> {
    let Some(turn) = ctx.part.turn.as_ref().filter(|_| has_waited(session)) else { return Ok(()) };
    match turn.ended() {
        Ended::Unshared => Ok(()),
        Ended::Left => {
            Err(Error::explain(ErrorType::ConnectionClosed, "the client went away while it waited").into_down())
        }
        Ended::TooMany => Err(refused(Reason::TooManyWaiting, ctx)),
        Ended::Failed(shared) => {
            ctx.verdict.reason = shared.reason;
            // RFC 9211 section 2.6.
            ctx.verdict.collapsed = Some(Reason::UriMiss);
            ctx.fetch.attempts.retries = shared.retries;
            ctx.fetch.error = shared.status.map(|status| (status, None));
            Err(failed(503, "the fetch that it waited for failed"))
        }
    }
}

/// Takes a place among those who ask the backend for a key: for whom others wait, who has waited, and who comes just
/// when it is known that there is nothing to wait for. The queue is left when it lasts longer than the head of an own
/// fetch might take, and when the client goes away.
pub async fn queue(proxy: &WarpProxy, session: &mut Session, ctx: &mut RequestCtx) -> Result<()> {
    let is_one_of_them = fetches_for_others(session) || has_waited(session) || comes_late(proxy, session);
    let Some(turn) = ctx.part.turn.as_ref().filter(|_| is_one_of_them) else { return Ok(()) };
    let entering = proxy.lock.enter(session.cache.cache_key(), turn);
    tokio::select! {
        biased;
        place = entering => ctx.part.place = Some(place.ok_or_else(|| refused(Reason::TooManyWaiting, ctx))?),
        error = gone(session), if !ctx.exchange.background => return Err(error),
        () = tokio::time::sleep(upstream::longest_to_head(ctx)) => return Err(refused(Reason::QueuedTooLong, ctx)),
    }
    Ok(())
}

/// Gives the place to the next when all has come.
pub fn leave(end_of_stream: bool, ctx: &mut RequestCtx) {
    if end_of_stream {
        ctx.part.place = None;
    }
}

/// Whether the answer is that no more is taken on for now.
pub fn is_refusal(reason: Reason) -> bool {
    matches!(reason, Reason::TooManyWaiting | Reason::QueuedTooLong)
}

/// Whether it has the lock.
fn fetches_for_others(session: &Session) -> bool {
    session.cache.enabled() && session.cache.is_cache_lock_writer()
}

/// Whether it could not wait any more for what others have waited for just now.
fn comes_late(proxy: &WarpProxy, session: &Session) -> bool {
    session.cache.bypassing() && proxy.marks.is_new(session.cache.cache_key())
}

/// Whether pingora sent the request on, without the cache, because waiting brought nothing.
fn has_waited(session: &Session) -> bool {
    use NoCacheReason as R;
    let CachePhase::Disabled(reason) = session.cache.phase() else { return false };
    matches!(reason, R::CacheLockGiveUp | R::CacheLockRetryLimit | R::CacheLockTimeout)
}

fn refused(reason: Reason, ctx: &mut RequestCtx) -> Box<Error> {
    ctx.verdict.reason = reason;
    failed(503, "too many requests wait for the same response")
}

/// The end of a client's connection. One that may still send content is not watched.
pub async fn gone(session: &mut Session) -> Box<Error> {
    if session.is_body_empty()
        && let Err(error) = session.downstream_session.read_body_or_idle(true).await
    {
        return error.into_down();
    }
    std::future::pending().await
}
