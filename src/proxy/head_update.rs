//! A HEAD for a stored response that has become stale is asked as HEAD, and what comes back brings the
//! stored head up to date (RFC 9111 section 4.3.5).

use http::{Method, StatusCode};
use pingora::cache::NoCacheReason;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::beresp::{refresh, respond, stored_tags};
use super::ctx::RequestCtx;
use super::lookup::found;
use super::storing::refreshed_meta;
use crate::cache::update304;
use crate::decision::Verdict;
use crate::store::pingora::{HEAD_ONLY, PingoraStorage};

/// Why pingora is told not to store what the policy asked for with HEAD.
const BY_POLICY: NoCacheReason = NoCacheReason::Custom("asked for with HEAD");

/// Whether the backend is to be asked for the head alone. A refresh in the background is for all, and
/// fetches the whole.
pub fn is_due(session: &Session, ctx: &RequestCtx) -> bool {
    let is_stale = session.cache.enabled() && session.cache.maybe_cache_meta().is_some();
    is_stale && !ctx.exchange.background && session.req_header().method == Method::HEAD
}

/// Whether the backend was asked for the head alone, so that nothing but the head has come.
pub fn was_asked(session: &Session, ctx: &RequestCtx) -> bool {
    session.cache.enabled() && ctx.fetch.asks_for_head()
}

/// Why a response is not stored of which nothing but the head has come; `None` if it is not one. Who waits for one that
/// may have brought a stored head up to date looks again; where the policy asks for heads, each would get no more.
pub fn why_not_stored(session: &Session, ctx: &RequestCtx) -> Option<NoCacheReason> {
    let is_for_a_get = session.req_header().method != Method::HEAD;
    match ctx.fetch.asks_for_head() {
        true if is_due(session, ctx) => Some(NoCacheReason::Custom(HEAD_ONLY)),
        // A HEAD for a key that is known not to be stored makes it one that may be.
        true if session.cache.enabled() || is_for_a_get => Some(BY_POLICY),
        _ => None,
    }
}

/// Updates the stored response by a 200 to HEAD, or removes it if it is another one by now. The client
/// gets the updated head.
pub fn receive(
    storage: &PingoraStorage,
    session: &Session,
    response: &mut ResponseHeader,
    ctx: &mut RequestCtx,
) -> Option<Verdict> {
    let stored = session.cache.maybe_cache_meta().filter(|_| is_due(session, ctx) && was_asked(session, ctx))?;
    let id = found(stored, ctx).map(|found| found.object);
    if response.status != StatusCode::OK {
        return None;
    }
    if !update304::head_confirms(stored.headers(), &response.headers) {
        id.inspect(|id| storage.remove(*id));
        return None;
    }
    let Ok(mut refreshed) = refresh(stored.response_header(), response) else {
        id.inspect(|id| storage.remove(*id));
        return None;
    };
    let verdict = respond(session, &mut refreshed, stored_tags(storage, stored, ctx), ctx);
    match refreshed_meta(session, &refreshed, ctx) {
        Some(mut meta) => {
            stored.variance().inspect(|variance| meta.set_variance(*variance));
            ctx.verdict.stored = id.is_some_and(|id| storage.refresh(id, &meta));
        }
        None => drop(id.inspect(|id| storage.remove(*id))),
    }
    *response = refreshed;
    Some(verdict)
}
