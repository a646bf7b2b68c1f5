//! The backend answered 304 to a question about a stored response (RFC 9111 section 4.3): what becomes of
//! that response, and of the request, when it is not simply fresh again.

use http::{HeaderName, header};
use pingora::cache::key::HashBinary;
use pingora::cache::{CachePhase, NoCacheReason};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use pingora::{Error, Result};

use super::WarpProxy;
use super::ctx::RequestCtx;
use super::fetch::failed;
use super::lookup::found;
use super::varied::Varied;
use crate::cache::StaleUse;
use crate::cache::spelling;
use crate::telemetry::{OriginResult, Reason};

/// Why a 304 is of no use.
pub enum Unusable {
    /// It speaks of another response than the one that is stored (RFC 9111 section 4.3.4).
    OfAnother,
    /// It would make the stored head larger than one that the backend may send.
    TooLarge,
    /// The policy refused it, with this error.
    Refused(Box<Error>),
}

impl Unusable {
    fn why(&self) -> &'static str {
        match self {
            Self::OfAnother => "the backend's 304 speaks of another response than the stored one",
            Self::TooLarge => "the backend's 304 adds more fields to the stored response than it may have",
            Self::Refused(_) => "the policy refused the backend's 304",
        }
    }
}

/// Why pingora is told not to bring the stored response up to date.
pub const UNUSABLE: NoCacheReason = NoCacheReason::Custom("unusable 304");

/// Fields that describe a body or how it is sent: those of the response that is being sent are right.
static OF_THE_BODY: [HeaderName; 6] = [
    header::ACCEPT_RANGES,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
];

/// Where a response belongs once a 304 may have changed its `Vary` (RFC 9111 section 4.1): `Err` if that
/// is another place than the one where it lies.
///
/// The 304 answers this request, so it is this request's fields that others have to agree with. What is
/// found by the URL alone stays where it is and now varies on them; a variant is found by its fields.
pub fn new_variance(session: &Session, head: &ResponseHeader, ctx: &RequestCtx) -> Result<Option<HashBinary>, ()> {
    let before = session.cache.maybe_cache_meta().and_then(pingora::cache::CacheMeta::variance);
    let after = Varied::of(&head.headers, session.req_header(), ctx).exact();
    if before.is_none() || before == after { Ok(after) } else { Err(()) }
}

/// The response is not stored, or a 304 says that it must not be any longer: then this request is the
/// last to be answered with it.
pub fn not_stored(proxy: &WarpProxy, session: &Session, ctx: &RequestCtx) {
    let is_usable = ctx.fetch.unusable.is_none();
    if is_usable {
        proxy.marks.mark(session, ctx);
    }
    if !session.cache.enabled() {
        return;
    }
    // Before the lock is given up: whoever comes next would ask for the same at once.
    if ctx.exchange.background || !is_usable {
        proxy.failed.note(session.cache.cache_key(), StaleUse::OnError);
    }
    let stored = session.cache.maybe_cache_meta().and_then(|meta| found(meta, ctx));
    if let Some(stored) = stored.filter(|_| ctx.fetch.was_304 && is_usable) {
        proxy.storage.remove(stored.object);
    }
}

/// Before the stored response is served in the name of a 304: an error if that was of no use. One that
/// speaks of another response, or that the stored one cannot take, has the backend asked again, without conditions.
pub fn check(ctx: &mut RequestCtx) -> Result<()> {
    match ctx.fetch.unusable.take() {
        None => Ok(()),
        Some(Unusable::Refused(error)) => Err(error),
        Some(unusable) => {
            let why = unusable.why();
            ctx.fetch.unusable = Some(unusable);
            if let Some(asked) = ctx.fetch.asked.take() {
                asked.finish(OriginResult::Ok);
            }
            let mut error = failed(503, why);
            error.set_retry(true);
            Err(error)
        }
    }
}

/// Makes a miss of a request whose 304 was of no use, before the backend is asked again.
pub fn start_over(proxy: &WarpProxy, session: &mut Session, ctx: &mut RequestCtx) {
    if !matches!(session.cache.phase(), CachePhase::RevalidatedNoCache(_)) {
        return;
    }
    ctx.fetch.unusable = None;
    ctx.verdict.reason = Reason::Expired;
    let key = session.cache.cache_key().clone();
    session.cache.disable(UNUSABLE);
    // Without the lock: that has been given up with the stored response.
    session.cache.enable(proxy.storage, None, Some(proxy.marks), None, None);
    session.cache.set_cache_key(key);
    session.cache.cache_miss();
}

/// Gives a stored response that a 304 forbids to keep the fields of that 304, for this one time.
pub fn complete(session: &Session, response: &mut ResponseHeader, ctx: &RequestCtx) {
    let (Some(refreshed), CachePhase::RevalidatedNoCache(_)) = (&ctx.fetch.refreshed, session.cache.phase()) else {
        return;
    };
    for name in refreshed.headers.keys().filter(|name| !OF_THE_BODY.contains(name)) {
        response.remove_header(name);
        for value in refreshed.headers.get_all(name) {
            // Fails only when a response has tens of thousands of fields.
            let _ = response.append_header(spelling(name), value.clone());
        }
    }
}
