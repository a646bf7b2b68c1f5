//! A part of a response is asked for.
//!
//! What is asked for is worked out by `crate::cache::range`; pingora, told in a form that leaves it
//! nothing to judge, changes the head and cuts the body.

use http::{StatusCode, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{RangeType, Session, range_header_filter};

use super::ctx::RequestCtx;
use super::part;
use crate::cache::content_length;
use crate::cache::range::{self, Parts};

/// Makes of a response the head for the parts that the client asks for. A part that does not come
/// through the store is what the backend answered to the client's own range.
pub fn narrow(session: &Session, response: &mut ResponseHeader, ctx: &RequestCtx) -> RangeType {
    match response.status {
        // What came in place of a slice goes on to whom it is put together for, as it is.
        StatusCode::OK if ctx.exchange.slice.is_some() => RangeType::None,
        StatusCode::PARTIAL_CONTENT if session.cache.enabled() => part::narrow(session, response),
        StatusCode::OK => narrow_whole(session.req_header(), response),
        _ => RangeType::None,
    }
}

/// As `narrow`, for a whole response.
pub fn narrow_whole(req: &RequestHeader, response: &mut ResponseHeader) -> RangeType {
    let Some(length) = content_length(&response.headers) else { return RangeType::None };
    let value = match range::parts(&req.method, &req.headers, &response.headers, length) {
        Parts::Whole => {
            // What pingora says to a request without a range, which most are: parts may be asked for.
            let _ = response.insert_header(header::ACCEPT_RANGES, "bytes");
            return RangeType::None;
        }
        Parts::Unsatisfiable => format!("bytes={length}-"),
        Parts::Some(parts) => as_field(&parts),
    };
    let Ok(mut plain) = RequestHeader::build("GET", b"/", None) else { return RangeType::None };
    if plain.insert_header(header::RANGE, value).is_err() {
        return RangeType::None;
    }
    range_header_filter(&plain, response, None)
}

fn as_field(parts: &[(u64, u64)]) -> String {
    let parts: Vec<_> = parts.iter().map(|(first, last)| format!("{first}-{last}")).collect();
    format!("bytes={}", parts.join(","))
}
