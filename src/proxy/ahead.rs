//! The fetch of what is stored runs ahead of the client whose request fetches it, so that others who share the
//! response are not held up by one who reads slowly.

use http::{Method, StatusCode};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::connection;
use super::ctx::RequestCtx;
use crate::cache::content_length;
use crate::store::pingora::StoredHit;

/// Begins with the head that the client gets. Who gets a head alone reads nothing of what is stored.
pub fn begin(session: &mut Session, response: &ResponseHeader, ctx: &mut RequestCtx) {
    let has_body = session.req_header().method != Method::HEAD && response.status != StatusCode::NOT_MODIFIED;
    let pace = connection::pace(session);
    let Some(reader) = reader(session) else { return };
    ctx.fetch.wanted = Some(reader.wanted());
    match pace {
        _ if !has_body => _ = reader.leave(),
        Some(pace) => {
            pace.run_ahead();
            reader.keep_pace(pace);
        }
        None => {}
    }
}

/// The reader of what is being stored, for the client of this request.
pub fn reader(session: &mut Session) -> Option<&mut StoredHit> {
    session.cache.miss_body_reader()?.as_any_mut().downcast_mut()
}

/// Lets a request of warp's own run ahead, as that for a slice, whose reader is another request. pingora does it with
/// a queue that nothing limits, so only where the response is known to fit into the store.
pub fn queue(session: &mut Session, response: &ResponseHeader, largest_bytes: u64, ctx: &RequestCtx) {
    let is_stored = session.cache.enabled() && ctx.fetch.lifetimes.not_stored.is_none();
    let fits = content_length(&response.headers).is_some_and(|length| length <= largest_bytes);
    let has_no_client = connection::pace(session).is_none() && !ctx.exchange.background;
    session.set_proxy_tasks_enabled(is_stored && fits && has_no_client);
}
