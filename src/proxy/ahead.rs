//! The fetch of what is stored runs ahead of the client whose request fetches it, so that others who share the
//! response are not held up by one who reads slowly.

use http::{Method, StatusCode};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::connection;
use super::ctx::RequestCtx;
use crate::cache::content_length;
use crate::store::pingora::StoredHit;

/// Whether pingora reads what is stored for the client of this response, before `deliver` makes another one of it.
pub fn is_read(session: &Session, response: &ResponseHeader) -> bool {
    session.req_header().method != Method::HEAD && response.status != StatusCode::NOT_MODIFIED
}

/// Begins with the head that the client gets. Who gets a head alone reads nothing of what is stored, and a request
/// of warp's own leaves it to the one that it is for.
pub fn begin(session: &mut Session, response: &ResponseHeader, is_read: bool, ctx: &mut RequestCtx) {
    let pace = connection::pace(session);
    let Some(reader) = reader(session) else { return };
    reader.belong_to_fetch();
    ctx.fetch.wanted = Some(reader.wanted());
    match pace {
        _ if !is_read || ctx.exchange.background => _ = reader.leave(),
        Some(pace) => {
            pace.run_ahead();
            reader.keep_pace(pace);
        }
        None => hand_over(reader, response, ctx),
    }
}

/// Lets the request that a slice is for read what is stored itself, if it is to have all of it.
fn hand_over(reader: &mut StoredHit, response: &ResponseHeader, ctx: &RequestCtx) {
    let is_all = reader.whole_len().is_none() || reader.whole_len() == content_length(&response.headers);
    if let Some(handed) = ctx.handed.as_ref().filter(|_| is_all) {
        handed.give(reader.hand_over());
    }
}

/// The reader of what is being stored, for the client of this request.
pub fn reader(session: &mut Session) -> Option<&mut StoredHit> {
    session.cache.miss_body_reader()?.as_any_mut().downcast_mut()
}
