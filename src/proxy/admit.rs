//! The gate that every request passes before any policy sees it.
//!
//! What two servers could read in two ways is refused (RFC 9112 sections 3.2 and 6.3), and the
//! target is brought into origin form, so that the key, the policy and the backend see one thing.

use std::net::Ipv6Addr;

use http::{Method, Uri, Version, header};
use pingora::http::RequestHeader;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The status to answer with.
    pub status: u16,
    /// The reason phrase: what is wrong with the request.
    pub reason: &'static str,
}

/// The longest request target, and the longest field, its name included; what nginx and Varnish take.
const MOST_FIELD_BYTES: usize = 8 << 10;

/// How long all fields together may be.
const MOST_HEAD_BYTES: usize = 32 << 10;

const fn bad(reason: &'static str) -> Rejection {
    Rejection { status: 400, reason }
}

/// Lets a request in, in origin form, or says why not.
pub fn admit(req: &mut RequestHeader) -> Result<(), Rejection> {
    check_size(req)?;
    check_framing(req)?;
    to_origin_form(req)?;
    check_host(req)
}

/// What warp lets through and a backend refuses could be stored as that refusal.
fn check_size(req: &RequestHeader) -> Result<(), Rejection> {
    let sizes = req.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    let (mut total, mut largest) = (0, 0);
    for size in sizes {
        total += size;
        largest = largest.max(size);
    }
    if largest > MOST_FIELD_BYTES || total > MOST_HEAD_BYTES {
        return Err(Rejection { status: 431, reason: "Request Header Fields Too Large" });
    }
    if req.raw_path().len() > MOST_FIELD_BYTES {
        return Err(Rejection { status: 414, reason: "URI Too Long" });
    }
    Ok(())
}

/// RFC 9112 section 6.3: one way to tell where the body ends, or none.
fn check_framing(req: &RequestHeader) -> Result<(), Rejection> {
    let mut lengths = req.headers.get_all(header::CONTENT_LENGTH).iter();
    let length = lengths.next();
    if lengths.next().is_some() || length.is_some_and(|value| !is_length(value.as_bytes())) {
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

/// Digits alone, and no more bytes than can be counted on both sides.
fn is_length(value: &[u8]) -> bool {
    let number = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    number.is_some_and(|text| text.parse::<i64>().is_ok())
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
    let path = match absolute.path_and_query().map(http::uri::PathAndQuery::as_str) {
        // RFC 9112 section 3.2.4: without a path it is the server as a whole that is asked.
        None | Some("" | "/") if req.method == Method::OPTIONS && !target.ends_with(b"/") => "*".to_owned(),
        Some(path) if path.starts_with('/') => path.to_owned(),
        other => format!("/{}", other.unwrap_or_default()),
    };
    let host = authority.as_str().to_owned();
    req.set_raw_path(path.as_bytes()).map_err(|_| BAD_TARGET)?;
    req.insert_header(header::HOST, host).map_err(|_| BAD_TARGET)
}

/// RFC 9110 section 7.2, RFC 3986 section 3.2: a host name or address and, if wanted, a port.
fn check_host(req: &RequestHeader) -> Result<(), Rejection> {
    let Some(host) = req.headers.get(header::HOST) else {
        // RFC 9112 section 3.2: only HTTP/1.0 can do without.
        return if req.version == Version::HTTP_11 { Err(bad("Missing Host")) } else { Ok(()) };
    };
    let valid = host.to_str().is_ok_and(|host| {
        let (name, port) = split_port(host);
        is_name(name) && port.is_none_or(is_port)
    });
    if valid { Ok(()) } else { Err(bad("Malformed Host")) }
}

/// The name or address, and what stands behind the colon.
fn split_port(host: &str) -> (&str, Option<&str>) {
    let after_address = host.rfind(']').map_or(0, |at| at + 1);
    match host.get(after_address..).and_then(|rest| rest.find(':')) {
        Some(colon) => {
            let (name, port) = host.split_at(after_address + colon);
            (name, port.get(1..))
        }
        None => (host, None),
    }
}

/// A name that DNS could have, or an address; of RFC 3986's `reg-name` only what hosts use.
fn is_name(name: &str) -> bool {
    if let Some(address) = name.strip_prefix('[') {
        return address.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte))
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok())
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
        assert_eq!(status("/", &[("host", "a.test"), ("content-length", "5"), ("content-length", "5")]), 400);
        assert_eq!(status("/", &[("host", "a.test"), ("content-length", "5, 5")]), 400);
        assert_eq!(status("/", &[("host", "a.test"), ("content-length", "+5")]), 400);
        assert_eq!(status("/", &[("host", "a.test"), ("content-length", "18446744073709551615")]), 400);
        assert_eq!(status("/", &[("host", "a.test"), ("content-length", "5"), ("transfer-encoding", "chunked")]), 400);
        assert_eq!(status("/", &[("host", "a.test"), ("transfer-encoding", "gzip, chunked")]), 501);
        assert_eq!(
            status("/", &[("host", "a.test"), ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")]),
            501
        );
        assert_eq!(status("/", &[("host", "a.test"), ("transfer-encoding", "Chunked")]), 200);
        assert_eq!(status("/", &[("host", "a.test"), ("content-length", "5")]), 200);
    }

    #[test]
    fn rfc9110_7_2_a_host_is_a_name_or_address_with_a_port() {
        for good in ["a.test", "a.test:8080", "[::1]:80", "127.0.0.1", "xn--e1afmkfd.test."] {
            assert_eq!(status("/", &[("host", good)]), 200, "{good}");
        }
        for bad in
            ["", ":80", "a.test/x?y", "a.test:99999", "a b", "a.test:8o", "a:+80", "a,b", "[]]]", "[::1", "user@a.test"]
        {
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
    fn rfc9112_3_2_4_a_target_without_a_path_gets_one() {
        let target = |method: &str, target: &str| {
            let mut req = RequestHeader::build(method, target.as_bytes(), None).unwrap();
            req.insert_header("host", "a.test").unwrap();
            admit(&mut req).unwrap();
            String::from_utf8(req.raw_path().to_vec()).unwrap()
        };
        assert_eq!(target("GET", "http://a.test"), "/");
        assert_eq!(target("GET", "http://a.test?/secret/"), "/?/secret/");
        assert_eq!(target("OPTIONS", "http://a.test"), "*");
        assert_eq!(target("OPTIONS", "http://a.test/"), "/");
    }

    #[test]
    fn rfc9112_3_2_a_host_may_only_miss_in_http_1_0() {
        assert_eq!(status("/", &[]), 400);
        let mut old = request("/", &[]);
        old.set_version(Version::HTTP_10);
        assert_eq!(admit(&mut old), Ok(()));
    }

    #[test]
    fn what_backends_find_too_large_is_refused_here() {
        let sized = |length: usize| "a".repeat(length);
        assert_eq!(status("/", &[("host", "a.test"), ("x-a", &sized(MOST_FIELD_BYTES - 3))]), 200);
        assert_eq!(status("/", &[("host", "a.test"), ("x-a", &sized(MOST_FIELD_BYTES - 2))]), 431);
        let many: Vec<_> = ["x-a", "x-b", "x-c", "x-d", "x-e"].map(|name| (name, sized(7_000))).into();
        let many: Vec<_> = many.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(status("/", &[&[("host", "a.test")], &many[..]].concat()), 431);
        assert_eq!(status(&format!("/{}", sized(MOST_FIELD_BYTES)), &[("host", "a.test")]), 414);
    }

    #[test]
    fn targets_of_other_forms_are_refused() {
        assert_eq!(status("*", &[("host", "a.test")]), 400);
        assert_eq!(status("ftp://a.test/", &[("host", "a.test")]), 400);
    }
}
