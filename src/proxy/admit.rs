//! The gate that every request passes before any policy sees it.
//!
//! What two servers could read in two ways is refused (RFC 9112 sections 3.2 and 6.3), and the
//! target is brought into origin form, so that the key, the policy and the backend see one thing.

use http::{Method, Uri, header};
use pingora::http::RequestHeader;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The status to answer with.
    pub status: u16,
    /// The reason phrase: what is wrong with the request.
    pub reason: &'static str,
}

const fn bad(reason: &'static str) -> Rejection {
    Rejection { status: 400, reason }
}

/// Lets a request in, in origin form, or says why not.
pub fn admit(req: &mut RequestHeader) -> Result<(), Rejection> {
    check_framing(req)?;
    to_origin_form(req)?;
    check_host(req)
}

/// RFC 9112 section 6.3: one way to tell where the body ends, or none.
fn check_framing(req: &RequestHeader) -> Result<(), Rejection> {
    let mut lengths = req.headers.get_all(header::CONTENT_LENGTH).iter();
    let length = lengths.next();
    if lengths.next().is_some() || length.is_some_and(|value| !value.as_bytes().iter().all(u8::is_ascii_digit)) {
        return Err(bad("Ambiguous Content-Length"));
    }
    let mut codings = req.headers.get_all(header::TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else { return Ok(()) };
    if length.is_some() {
        return Err(bad("Content-Length and Transfer-Encoding"));
    }
    if codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Err(Rejection { status: 501, reason: "Transfer coding not supported" });
    }
    Ok(())
}

/// RFC 9112 section 3.2: `GET http://host/path` means `GET /path` with that `Host`.
fn to_origin_form(req: &mut RequestHeader) -> Result<(), Rejection> {
    const BAD_TARGET: Rejection = bad("Malformed request target");
    let target = req.raw_path();
    if target.iter().any(|byte| !(0x21..=0x7e).contains(byte)) {
        return Err(BAD_TARGET);
    }
    if target.first() == Some(&b'/') || (target == b"*" && req.method == Method::OPTIONS) {
        return Ok(());
    }
    let absolute: Uri = Uri::try_from(target).map_err(|_| BAD_TARGET)?;
    let (Some("http" | "https"), Some(authority)) = (absolute.scheme_str(), absolute.authority()) else {
        return Err(BAD_TARGET);
    };
    let path = absolute.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    let host = authority.as_str().to_owned();
    req.set_raw_path(path.as_bytes()).map_err(|_| BAD_TARGET)?;
    req.insert_header(header::HOST, host).map_err(|_| BAD_TARGET)
}

/// RFC 9110 section 7.2, RFC 3986 section 3.2: a host name or address and, if wanted, a port.
fn check_host(req: &RequestHeader) -> Result<(), Rejection> {
    let Some(host) = req.headers.get(header::HOST) else { return Ok(()) };
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+,;=".contains(byte);
    let host = host.as_bytes();
    if host.is_empty() || !host.iter().all(valid) || !has_valid_port(host) {
        return Err(bad("Malformed Host"));
    }
    Ok(())
}

fn has_valid_port(host: &[u8]) -> bool {
    let after_address = host.iter().rposition(|byte| *byte == b']').map_or(0, |at| at + 1);
    let Some(colon) = memchr::memchr(b':', host.get(after_address..).unwrap_or_default()) else { return true };
    let port = host.get(after_address + colon + 1..).unwrap_or_default();
    port.is_empty() || std::str::from_utf8(port).is_ok_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut req = RequestHeader::build("GET", target.as_bytes(), None).unwrap();
        for (name, value) in fields {
            req.append_header(*name, *value).unwrap();
        }
        req
    }

    fn status(target: &str, fields: &[(&'static str, &str)]) -> u16 {
        admit(&mut request(target, fields)).map_or_else(|rejection| rejection.status, |()| 200)
    }

    #[test]
    fn rfc9112_6_3_ambiguous_framing_is_refused() {
        assert_eq!(status("/", &[("content-length", "5"), ("content-length", "5")]), 400);
        assert_eq!(status("/", &[("content-length", "5, 5")]), 400);
        assert_eq!(status("/", &[("content-length", "+5")]), 400);
        assert_eq!(status("/", &[("content-length", "5"), ("transfer-encoding", "chunked")]), 400);
        assert_eq!(status("/", &[("transfer-encoding", "gzip, chunked")]), 501);
        assert_eq!(status("/", &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")]), 501);
        assert_eq!(status("/", &[("transfer-encoding", "Chunked")]), 200);
        assert_eq!(status("/", &[("content-length", "5")]), 200);
    }

    #[test]
    fn rfc9110_7_2_a_host_is_a_name_or_address_with_a_port() {
        for good in ["a.test", "a.test:8080", "[::1]:80", "127.0.0.1", "xn--e1afmkfd.test."] {
            assert_eq!(status("/", &[("host", good)]), 200, "{good}");
        }
        for bad in ["", "a.test/x?y", "a.test:99999", "a b", "a.test:8o", "user@a.test"] {
            assert_eq!(status("/", &[("host", bad)]), 400, "{bad}");
        }
    }

    #[test]
    fn rfc9112_3_2_2_absolute_form_becomes_origin_form() {
        let mut req = request("http://b.test/x?y=1", &[("host", "a.test")]);
        admit(&mut req).unwrap();
        assert_eq!(req.raw_path(), b"/x?y=1");
        assert_eq!(req.headers["host"], "b.test");
    }

    #[test]
    fn targets_of_other_forms_are_refused() {
        assert_eq!(status("*", &[("host", "a.test")]), 400);
        assert_eq!(status("ftp://a.test/", &[("host", "a.test")]), 400);
    }
}
