//! What a host may be (RFC 9110 section 7.2, RFC 3986 section 3.2).

use std::net::Ipv6Addr;

/// Whether it is a host name or address and, if wanted, a port.
pub fn is_host(host: &[u8]) -> bool {
    std::str::from_utf8(host).is_ok_and(|host| {
        let (name, port) = split_port(host);
        is_name(name) && port.is_none_or(is_port)
    })
}

/// The authority of a target in absolute form (RFC 9112 section 3.2.2) of a kind that warp serves.
pub fn authority_of(target: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memmem::find(target, b"://")?;
    let (scheme, rest) = target.split_at_checked(colon)?;
    let rest = rest.strip_prefix(b"://")?;
    let is_http = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
    let end = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
    rest.get(..end).filter(|authority| is_http && is_host(authority))
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
    // One dot at the end is that of the root (RFC 1034 section 3.1); no part before it is empty.
    let full = name.strip_suffix('.').unwrap_or(name);
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~%".contains(&byte))
    };
    full.split('.').all(is_part)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_7_2_a_host_is_a_name_or_address_with_a_port() {
        for good in ["a.test", "a.test:8080", "[::1]:80", "127.0.0.1", "xn--e1afmkfd.test."] {
            assert!(is_host(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            ":80",
            "a.test/x?y",
            "a.test:99999",
            "a b",
            "a.test:8o",
            "a:+80",
            "a,b",
            "[]]]",
            "[::1",
            "user@a.test",
            "caf\u{e9}.test",
            ".",
            "a.test..",
            "a..test:80",
            ".a.test",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn rfc9112_3_2_2_a_target_in_absolute_form_has_an_authority() {
        for (target, authority) in [
            ("http://a.test", Some("a.test")),
            ("HTTPS://a.test:8443/x?y=http://b.test/", Some("a.test:8443")),
            ("http://a.test?x", Some("a.test")),
            ("ftp://a.test/", None),
            ("http:///x", None),
            ("http:/\\a.test/", None),
            ("http://a.test\\b.test/", None),
            ("http://user@a.test/", None),
            ("page", None),
            ("*", None),
        ] {
            assert_eq!(authority_of(target.as_bytes()), authority.map(str::as_bytes), "{target}");
        }
    }
}
