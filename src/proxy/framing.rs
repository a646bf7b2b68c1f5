//! How a response is framed goes by its status, whoever gave it that: some statuses have no content.
//!
//! A reader finds the end of such a response behind its head, whatever stands there (RFC 9112 section 6.3). A length
//! that nothing follows, or a body that nobody expects, would be taken for a part of the next response.

use bytes::Bytes;
use http::{Method, StatusCode, header};
use pingora::Result;
use pingora::http::ResponseHeader;

use super::ctx::{Course, Extent, RequestCtx};

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

/// Frames a response of the backend anew that came with the status `before`, after `backend_response`: what has no
/// content by its status is read, and neither sent on nor stored.
pub fn fetched(beresp: &mut ResponseHeader, before: StatusCode, ctx: &mut RequestCtx) -> Result<()> {
    ctx.fetch.extent = Extent::Whole;
    if has_content(beresp.status) && has_content(before) {
        return Ok(());
    }
    ctx.fetch.extent = Extent::HeadAlone;
    let is_head = ctx.fetch.bereq.as_ref().is_some_and(|bereq| bereq.method == Method::HEAD);
    without_content(beresp, is_head)
}

/// Leaves out what comes of the body of a response that has none.
pub fn leave_out(body: &mut Option<Bytes>, is_head_alone: bool) {
    if is_head_alone {
        *body = body.as_ref().map(|_| Bytes::new());
    }
}
