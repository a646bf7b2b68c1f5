//! How a response is framed goes by its status, whoever gave it that: some statuses have no content.
//!
//! A reader finds the end of such a response behind its head, whatever stands there (RFC 9112 section 6.3). A length
//! that nothing follows, or a body that nobody expects, would be taken for a part of the next response.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use pingora::Result;
use pingora::http::ResponseHeader;

use super::ctx::{Course, RequestCtx};
use super::fetch::failed;
use crate::cache::{AmbiguousLength, one_content_length};
use crate::telemetry::Reason;

/// What becomes of the body of a response of the backend.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum BodyUse {
    /// It is sent on, and stored.
    #[default]
    Taken,
    /// It is read, and dropped.
    LeftOut,
}

/// What `Content-Length` is to say in the place of what it says, if that is the same length in more words: a list, or
/// several lines.
pub fn length_to_say(headers: &HeaderMap) -> Result<Option<u64>, AmbiguousLength> {
    let Some(length) = one_content_length(headers)? else { return Ok(None) };
    let mut lines = headers.get_all(header::CONTENT_LENGTH).iter();
    let is_said = lines.next().is_some_and(|line| line.as_bytes() == length.to_string().as_bytes());
    Ok((!is_said || lines.next().is_some()).then_some(length))
}

/// Has a response of the backend say its length once. RFC 9110 section 8.6 lets one that is repeated be sent on so, or
/// refused; as it came it would be sent on, and stored, for readers that take the first.
///
/// # Errors
/// When it says different lengths (RFC 9112 section 6.3).
pub fn say_length_once(beresp: &mut ResponseHeader, ctx: &mut RequestCtx) -> Result<()> {
    let Ok(length) = length_to_say(&beresp.headers) else {
        ctx.verdict.reason = Reason::BadResponse;
        note_no_length(ctx);
        return Err(failed(503, "the backend says different lengths"));
    };
    length.map_or(Ok(()), |length| beresp.insert_header(header::CONTENT_LENGTH, length))
}

/// Has the client told that the backend sent a response whose end cannot be found: 502 (RFC 9112 section 6.3).
pub fn note_no_length(ctx: &mut RequestCtx) {
    ctx.fetch.error.get_or_insert((StatusCode::BAD_GATEWAY.as_u16(), None));
}

/// Whether a response with this status has content: not 204 (RFC 9110 section 15.3.5), 205 (section 15.3.6) and 304
/// (section 15.4.5).
pub fn has_content(status: StatusCode) -> bool {
    !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Says of a response that it has no content. RFC 9110 section 8.6: a 204 says nothing of a length, and of a 304 it
/// would be that of another response; with any other status but for a HEAD the length is what tells where it ends.
pub fn without_content(response: &mut ResponseHeader, is_head: bool) -> Result<()> {
    response.remove_header(&header::TRANSFER_ENCODING);
    response.remove_header(&header::CONTENT_LENGTH);
    let is_ended_by_head = matches!(response.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) || is_head;
    if is_ended_by_head { Ok(()) } else { response.set_content_length(0) }
}

/// Frames a response that warp makes itself; what is left of its body.
pub fn made(response: &mut ResponseHeader, body: Option<Bytes>) -> Result<Bytes> {
    if !has_content(response.status) {
        without_content(response, false)?;
        return Ok(Bytes::new());
    }
    let body = body.unwrap_or_default();
    response.set_content_length(body.len())?;
    Ok(body)
}

/// Frames a response anew that came with the status `before`, after `deliver`. What had no content has none with
/// another status either, as in Varnish. A client that has what it asks for is told so whatever success it is called
/// (RFC 9110 section 13.2.1): to have nothing in its place would be another answer.
pub fn delivered(
    response: &mut ResponseHeader,
    before: StatusCode,
    method: &Method,
    ctx: &mut RequestCtx,
) -> Result<()> {
    if has_content(response.status) && has_content(before) {
        return Ok(());
    }
    if before == StatusCode::NOT_MODIFIED && response.status.is_success() {
        response.set_status(before)?;
    }
    ctx.course = Course::HeadAlone;
    without_content(response, method == Method::HEAD)
}

/// Frames a response of the backend anew that came with the status `before`, after `backend_response`, for a request
/// with that method: what has no content by its status is read, and neither sent on nor stored. Nor has what was asked
/// for with HEAD (RFC 9110 section 9.3.2): a client that did not ask so would wait for what its length says.
pub fn fetched(beresp: &mut ResponseHeader, before: StatusCode, method: &Method, ctx: &mut RequestCtx) -> Result<()> {
    let is_head = method == Method::HEAD;
    let is_head_alone = ctx.fetch.asks_for_head() && !is_head;
    if has_content(beresp.status) && has_content(before) && !is_head_alone {
        ctx.fetch.body = BodyUse::Taken;
        return Ok(());
    }
    ctx.fetch.body = BodyUse::LeftOut;
    without_content(beresp, is_head && ctx.fetch.asks_for_head())
}

/// Leaves out what has come of a body, but not that something has.
pub fn leave_out(body: &mut Option<Bytes>) {
    *body = body.as_ref().map(|_| Bytes::new());
}
