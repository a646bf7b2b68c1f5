//! The transfer codings of a response.

use http::{HeaderMap, header};

/// Whether the body can be told from its transfer codings: there are none, or it is in chunks and in nothing else.
///
/// Nobody asks for another (`TE`), so no server sends one (RFC 9112 section 7.4), and "chunked" is applied once, as the
/// last (section 6.1). What came in another would be stored and sent on as if it were the content.
#[must_use]
pub fn is_understood(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = lines.next().is_none_or(|line| line.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"));
    is_chunked && lines.next().is_none()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn rfc9112_6_1_only_chunks_once_are_understood() {
        let is_understood = |lines: &[&'static str]| {
            let values = lines.iter().map(|line| (header::TRANSFER_ENCODING, HeaderValue::from_static(line)));
            super::is_understood(&values.collect())
        };
        for lines in [&[][..], &["chunked"], &["Chunked"]] {
            assert!(is_understood(lines), "{lines:?}");
        }
        let others =
            ["gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "xchunked", "identity", "", "\"chunked\""];
        for line in others {
            assert!(!is_understood(&[line]), "{line:?}");
        }
        assert!(!is_understood(&["chunked", "chunked"]));
        assert!(!is_understood(&["gzip", "chunked"]));
    }
}
