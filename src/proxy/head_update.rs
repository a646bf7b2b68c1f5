//! A HEAD for a stored response that has become stale is asked as HEAD, and what comes back brings the
//! stored head up to date (RFC 9111 section 4.3.5).

use http::{Method, StatusCode};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::beresp::{refresh, respond, stored_tags};
use super::ctx::RequestCtx;
use super::lookup::found;
use super::storing::refreshed_meta;
use crate::cache::update304;
use crate::decision::Verdict;
use crate::store::pingora::PingoraStorage;

/// Whether the backend is to be asked for the head alone. A refresh in the background is for all, and
/// fetches the whole.
pub fn is_due(session: &Session, ctx: &RequestCtx) -> bool {
    let is_stale = session.cache.enabled() && session.cache.maybe_cache_meta().is_some();
    is_stale && !ctx.exchange.background && session.req_header().method == Method::HEAD
}

/// Whether the backend was asked for the head alone, so that nothing but the head has come.
pub fn was_asked(session: &Session, ctx: &RequestCtx) -> bool {
    session.cache.enabled() && ctx.fetch.bereq.as_ref().is_some_and(|bereq| bereq.method == Method::HEAD)
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
