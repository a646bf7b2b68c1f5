//! The content of a request, read before it is sent on, and kept to be sent once more.

use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use pingora::Result;
use pingora::proxy::Session;

use super::ctx::Exchange;
use crate::cache::asked::MOST_KEPT_BYTES;
use crate::cache::content_length;

/// What is kept of it.
#[derive(Default)]
pub struct Keeping {
    /// How much the policy wants kept at most.
    pub wanted_bytes: Option<u64>,
    /// All of it, if it was kept.
    pub kept: Option<Bytes>,
    /// Whether it was read and not kept before the request began again.
    pub is_gone: bool,
}

/// What came of reading it.
pub enum Reading {
    /// All of it.
    Whole(Bytes),
    /// Too large, and not read yet: it can be sent on as it comes.
    TooLarge,
    /// Too large, and found out too late: the request is refused with this status.
    Refused(StatusCode),
}

/// Reads up to so many bytes, which stay there to be sent to a backend; once for each request.
///
/// # Errors
/// When the client breaks off or does not keep to its framing.
pub async fn read(session: &mut Session, exchange: &mut Exchange, most_bytes: usize) -> Result<Reading> {
    if let Some(kept) = exchange.keeping.kept.as_ref().filter(|_| session.as_mut().is_body_done()) {
        return Ok(Reading::Whole(kept.clone()));
    }
    let most_bytes = most_bytes.min(MOST_KEPT_BYTES);
    let length = content_length(&session.req_header().headers);
    if length.is_some_and(|length| length > most_bytes as u64) {
        return Ok(Reading::TooLarge);
    }
    if session.req_header().headers.contains_key(header::EXPECT) {
        // We are who waits for the content.
        session.write_continue_response().await?;
        session.downstream_session.req_header_mut().remove_header(&header::EXPECT);
    }
    session.enable_retry_buffering();
    // As much as is needed and no more: it is held for as long as the backend takes.
    let mut content = BytesMut::with_capacity(length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0));
    while let Some(bytes) = session.read_request_body().await? {
        content.extend_from_slice(&bytes);
        if content.len() > most_bytes {
            return Ok(Reading::Refused(StatusCode::PAYLOAD_TOO_LARGE));
        }
    }
    let content = content.freeze();
    exchange.keeping.kept = Some(content.clone());
    Ok(Reading::Whole(content))
}
