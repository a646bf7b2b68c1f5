//! The gate that every request passes before any policy sees it.
//!
//! Its bytes have been judged in `connection`. Here the target is brought into origin form, and the host
//! must be one, so that the key, the policy and the backend see one thing.

use std::net::Ipv6Addr;

use http::{Method, Uri, header};
use pingora::http::RequestHeader;

use super::connection::{Rejection, bad};

/// Lets a request in, in origin form, or says why not.
pub fn admit(req: &mut RequestHeader) -> Result<(), Rejection> {
    to_origin_form(req)?;
    check_host(req)
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
    // Only HTTP/1.0 comes so far without one.
    let Some(host) = req.headers.get(header::HOST) else { return Ok(()) };
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
    fn targets_of_other_forms_are_refused() {
        assert_eq!(status("*", &[("host", "a.test")]), 400);
        assert_eq!(status("ftp://a.test/", &[("host", "a.test")]), 400);
    }
}
