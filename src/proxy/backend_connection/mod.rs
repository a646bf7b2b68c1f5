//! A backend's connection: what comes on it is looked at before pingora reads it (`stream`).
//!
//! pingora takes a response apart, and is right but for one thing (`sizes`). Where that is found the response is an
//! error when it ends, as one that was cut short, and its connection is not used again. `connector` makes the
//! connections, and `app` makes pingora use it.

mod app;
mod connector;
mod sizes;
mod stream;

use http::{StatusCode, header};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::protocols::Digest;
use pingora::proxy::Session;

use super::ctx::RequestCtx;
use super::fetch::failed;
use crate::telemetry::Reason;

pub use app::{App, app};
pub use connector::alpn;
pub use stream::Received;

/// The response that is read from a backend.
#[derive(Default)]
pub struct Reading {
    received: Option<Received>,
    is_in_chunks: bool,
}

impl Reading {
    /// What comes on its connection.
    pub fn received(&self) -> Option<&Received> {
        self.received.as_ref()
    }

    /// Reads no further: what waits for the response gets an error at once.
    pub fn cut(&self) {
        self.received.iter().for_each(Received::cut);
    }
}

/// A request is about to be sent on the connection with this digest.
pub fn begin(session: &mut Session, digest: Option<&Digest>, ctx: &mut RequestCtx) {
    let received = digest.and_then(Received::of).cloned();
    if let Some(received) = &received {
        received.begin();
        if session.is_upgrade_req() && session.is_body_empty() {
            received.hold_until_sent();
        }
    }
    ctx.fetch.reading = Reading { received, is_in_chunks: false };
}

/// Notes how the body is framed, as the head came. Nothing but chunks is let through (RFC 9112 section 6.1).
pub fn note_framing(response: &ResponseHeader, ctx: &mut RequestCtx) {
    let is_coded = response.headers.contains_key(header::TRANSFER_ENCODING);
    ctx.fetch.reading.is_in_chunks = is_coded && response.status != StatusCode::SWITCHING_PROTOCOLS;
}

/// Looks at the body, when pingora says that it has ended.
///
/// # Errors
/// When it has not: a chunk without a size is not the last one (RFC 9112 section 7.1), and what ends with it is
/// incomplete (section 8).
pub fn check(end_of_stream: bool, ctx: &mut RequestCtx) -> Result<()> {
    let Reading { received: Some(received), is_in_chunks: true } = &ctx.fetch.reading else { return Ok(()) };
    if !end_of_stream || !received.misses_size() {
        return Ok(());
    }
    ctx.verdict.reason = Reason::BadResponse;
    Err(failed(503, "the backend sent a chunk without a size"))
}
