//! A part of a response is asked for.
//!
//! What is asked for is worked out by `crate::cache::range`; pingora, told in a form that leaves it
//! nothing to judge, changes the head and cuts the body.

use http::header;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::proxy::{RangeType, range_header_filter};

use super::fetch::content_length;
use crate::cache::range::{self, Parts};

/// Makes of a whole response the head for the parts that `req` asks for.
pub fn narrow(req: &RequestHeader, response: &mut ResponseHeader) -> RangeType {
    let Some(length) = content_length(&response.headers) else { return RangeType::None };
    let value = match range::parts(&req.method, &req.headers, &response.headers, length) {
        Parts::Whole => None,
        Parts::Unsatisfiable => Some(format!("bytes={length}-")),
        Parts::Some(parts) => Some(as_field(&parts)),
    };
    let Ok(mut plain) = RequestHeader::build("GET", b"/", None) else { return RangeType::None };
    if let Some(value) = value
        && plain.insert_header(header::RANGE, value).is_err()
    {
        return RangeType::None;
    }
    range_header_filter(&plain, response, None)
}

fn as_field(parts: &[(u64, u64)]) -> String {
    let parts: Vec<_> = parts.iter().map(|(first, last)| format!("{first}-{last}")).collect();
    format!("bytes={}", parts.join(","))
}
