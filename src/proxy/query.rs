//! QUERY (RFC 10008): what is asked for stands in the request's content, so the content is in the key.

use http::{HeaderValue, StatusCode, header};
use pingora::Result;
use pingora::cache::key::hash_key;
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::content::{self, Reading};
use super::ctx::Exchange;

use crate::cache::asked::MOST_KEPT_BYTES;
pub use crate::cache::asked::QUERY as METHOD;

/// No part of a key that `hash_data` adds is as long as this says: so no key without content equals one
/// with it.
const MARK: [u8; 8] = u64::MAX.to_le_bytes();

/// What came of reading the content.
pub enum Content {
    /// What belongs into the key.
    Key(Vec<u8>),
    /// Too large for a key: the request can pass.
    TooLarge,
    /// Too large for a key, and found out too late: the request is refused with this status.
    Refused(StatusCode),
}

/// Reads the content, which stays there to be sent to a backend.
///
/// # Errors
/// When the client breaks off or does not keep to its framing.
pub async fn read(session: &mut Session, exchange: &mut Exchange) -> Result<Content> {
    Ok(match content::read(session, exchange, MOST_KEPT_BYTES).await? {
        Reading::Whole(content) => Content::Key(key(session.req_header(), &content)),
        Reading::TooLarge => Content::TooLarge,
        Reading::Refused(status) => Content::Refused(status),
    })
}

/// The content, by its hash, and the fields that say how it is to be read (RFC 10008 section 2.7).
fn key(req: &RequestHeader, content: &[u8]) -> Vec<u8> {
    let mut key = MARK.to_vec();
    for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
        let lines: Vec<_> = req.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        let value = lines.join(&b", "[..]);
        key.extend_from_slice(&(value.len() as u64).to_le_bytes());
        key.extend_from_slice(&value);
    }
    key.extend_from_slice(&hash_key(content));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content_type: &str, content: &[u8]) -> Vec<u8> {
        let mut req = RequestHeader::build(METHOD, b"/", None).unwrap();
        req.insert_header(header::CONTENT_TYPE, content_type).unwrap();
        key(&req, content)
    }

    #[test]
    fn rfc10008_2_7_content_and_its_type_are_in_the_key() {
        assert_eq!(of("a/b", b"x"), of("a/b", b"x"));
        assert_ne!(of("a/b", b"x"), of("a/b", b"y"));
        assert_ne!(of("a/b", b"x"), of("a/c", b"x"));
        assert_ne!(of("a", b"bx"), of("ab", b"x"));
    }
}
