//! Fields that mean one connection only: never stored, never forwarded (RFC 9110 §7.6.1,
//! RFC 9111 §3.1).

use http::header::{CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName};

use super::list;

/// The fields that are hop-by-hop whether `Connection` names them or not.
///
/// The `Proxy-*` fields are listed one by one: others of that prefix, like `Proxy-Status`
/// (RFC 9209), are meant for the client.
pub static HOP_BY_HOP: [HeaderName; 10] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-authenticate"),
    HeaderName::from_static("proxy-authentication-info"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Whether a field is hop-by-hop in a message with these headers.
#[must_use]
pub fn is_hop_by_hop(name: &HeaderName, headers: &HeaderMap) -> bool {
    HOP_BY_HOP.contains(name)
        || list::members(headers, CONNECTION).any(|option| option.eq_ignore_ascii_case(name.as_str().as_bytes()))
}

/// Those of these fields that are hop-by-hop.
#[must_use]
pub fn found_in(headers: &HeaderMap) -> Vec<HeaderName> {
    let named = named_by_connection(headers);
    headers.keys().filter(|name| HOP_BY_HOP.contains(name) || named.contains(name)).cloned().collect()
}

/// The fields that `Connection` names, beside those that are hop-by-hop in any case.
pub fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let named = list::members(headers, CONNECTION).filter_map(|option| HeaderName::from_bytes(option).ok());
    named.filter(|name| !HOP_BY_HOP.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn rfc9111_3_1_hop_by_hop_fields_go_and_others_stay() {
        let mut all: HeaderMap = HOP_BY_HOP.iter().map(|name| (name.clone(), HeaderValue::from_static("x"))).collect();
        all.insert("set-cookie", HeaderValue::from_static("a=b"));
        all.insert("proxy-status", HeaderValue::from_static("origin"));
        let mut left: Vec<_> = all.keys().filter(|name| !is_hop_by_hop(name, &all)).map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["proxy-status", "set-cookie"]);
    }

    #[test]
    fn rfc9110_7_6_1_what_connection_names_goes() {
        let named = headers(&[
            ("connection", "A, close,, not a name"),
            ("connection", "b"),
            ("a", "1"),
            ("a", "2"),
            ("b", "3"),
            ("c", "4"),
        ]);
        let left: Vec<_> = named.keys().filter(|name| !is_hop_by_hop(name, &named)).map(HeaderName::as_str).collect();
        assert_eq!(left, ["c"]);
        assert_eq!(found_in(&named), ["connection", "a", "b"]);
    }
}
