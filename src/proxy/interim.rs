//! Interim responses (RFC 9110 section 15.2): they go on to the client that caused the fetch, at once,
//! and are no part of what is stored.
//!
//! pingora passes them on as well, but loses those that come together with the head of a response
//! that it stores. So warp writes them itself and lets pingora's be dropped. 100 and 101 are
//! pingora's: they belong to the framing of the connection.

use http::Version;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use super::fetch::hop_by_hop_fields;

/// Whether warp passes it on.
pub fn is_relayed(response: &ResponseHeader) -> bool {
    response.status.is_informational() && !matches!(response.status.as_u16(), 100 | 101)
}

/// Sends it to the client, if it can take it: HTTP/1.0 knows none (RFC 9110 section 15.2). A client
/// that is gone does not keep the response from being stored.
pub async fn relay(session: &mut Session, response: &ResponseHeader) {
    if session.subrequest_ctx.is_some() || session.req_header().version < Version::HTTP_11 {
        session.downstream_session.set_ignore_info_resp(true);
        return;
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
}
