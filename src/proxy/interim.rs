//! Interim responses (RFC 9110 section 15.2): they go on to the client that caused the fetch, at once,
//! and are no part of what is stored.
//!
//! pingora passes them on as well, but loses those that come together with the head of a response
//! that it stores. So warp writes them itself and lets pingora's be dropped. 100 and 101 are
//! pingora's: they belong to the framing of the connection.

use http::Version;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::ctx::RequestCtx;
use super::fetch::{failed, hop_by_hop_fields};
use crate::telemetry::Reason;

/// The most of one response: each starts the backend's time anew.
const MOST: u32 = 128;

/// Whether warp passes it on.
pub fn is_relayed(response: &ResponseHeader) -> bool {
    response.status.is_informational() && !matches!(response.status.as_u16(), 100 | 101)
}

/// Sends it to the client, if it can take it: HTTP/1.0 knows none (RFC 9110 section 15.2). A client
/// that is gone does not keep the response from being stored.
///
/// # Errors
/// When the backend sends one after the other and no response.
pub async fn relay(session: &mut Session, response: &ResponseHeader, ctx: &mut RequestCtx) -> Result<()> {
    ctx.fetch.interims += 1;
    if ctx.fetch.interims > MOST {
        ctx.verdict.reason = Reason::BadResponse;
        return Err(failed(503, "the backend sends interim responses without end"));
    }
    if session.subrequest_ctx.is_some() || session.req_header().version < Version::HTTP_11 {
        session.downstream_session.set_ignore_info_resp(true);
        return Ok(());
    }
    let mut interim = response.clone();
    for name in hop_by_hop_fields(&interim.headers) {
        interim.remove_header(&name);
    }
    interim.set_version(Version::HTTP_11);
    session.downstream_session.set_ignore_info_resp(false);
    if let Err(error) = session.downstream_session.write_response_header(Box::new(interim)).await {
        tracing::debug!(%error, "an interim response could not be sent");
    }
    session.downstream_session.set_ignore_info_resp(true);
    Ok(())
}
