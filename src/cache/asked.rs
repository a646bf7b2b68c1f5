//! What a cache makes of a client's request: which host and path it means, whether it can be looked up, and what of it
//! goes to the origin.

use std::borrow::Cow;
use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::hop_by_hop;
use super::validation::CONDITIONS;

/// The name of the method QUERY (RFC 10008), which `http` does not have.
pub const QUERY: &str = "QUERY";

/// What warp says of itself in `Via` (RFC 9110 section 7.6.3).
pub const OWN_VIA: &str = "1.1 warp";

/// So many bytes of the content of a request are kept at most, to be sent again: pingora keeps as much.
pub const MOST_KEPT_BYTES: usize = 64 << 10;

/// What stands in front of a client's address as it is told to the origin.
pub const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The host of a request without its port and the dot of a full name, which mean the same host (RFC 3986 section
/// 3.2.2), in whatever case it came.
#[must_use]
pub fn bare_host(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(header::HOST).map(|value| bare(value.as_bytes()))
}

fn bare(value: &[u8]) -> &[u8] {
    let host = without_port(value);
    host.strip_suffix(b".").filter(|name| !name.is_empty()).unwrap_or(host)
}

fn without_port(host: &[u8]) -> &[u8] {
    if host.first() == Some(&b'[') {
        let end = memchr::memchr(b']', host).map_or(host.len(), |at| at + 1);
        return host.get(..end).unwrap_or(host);
    }
    memchr::memchr(b':', host).and_then(|at| host.get(..at)).unwrap_or(host)
}

/// The same in lower case; borrowed when it already is.
#[must_use]
pub fn host(headers: &HeaderMap) -> Option<Cow<'_, [u8]>> {
    headers.get(header::HOST).map(|value| host_in(value.as_bytes()))
}

/// The same of a value of `Host`.
#[must_use]
pub fn host_in(value: &[u8]) -> Cow<'_, [u8]> {
    let host = bare(value);
    let is_lower = !host.iter().any(u8::is_ascii_uppercase);
    if is_lower { Cow::Borrowed(host) } else { Cow::Owned(host.to_ascii_lowercase()) }
}

/// The part of a request target up to the `?`.
#[must_use]
pub fn path_of(target: &[u8]) -> &[u8] {
    memchr::memchr(b'?', target).and_then(|at| target.get(..at)).unwrap_or(target)
}

/// Why a request is not looked up, whatever the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLookedUp {
    /// It has a condition that only the origin can judge.
    Condition,
    /// It has content, which is not in the key.
    Content,
    /// Its method.
    Method,
}

/// Whether a request with this method can be looked up.
#[must_use]
pub fn is_looked_up(method: &Method) -> bool {
    matches!(method.as_str(), "GET" | "HEAD" | QUERY)
}

/// Why a request is not looked up; `None` if it may be.
#[must_use]
pub fn why_not_looked_up(method: &Method, headers: &HeaderMap) -> Option<NotLookedUp> {
    if !is_looked_up(method) {
        return Some(NotLookedUp::Method);
    }
    if is_for_the_origin(headers) {
        return Some(NotLookedUp::Condition);
    }
    // The body is not in the key, so two requests that differ only there would share an answer.
    (method.as_str() != QUERY && has_content(headers)).then_some(NotLookedUp::Content)
}

/// Whether a request has a condition that only the origin can judge (RFC 9111 section 4.3.2): whether
/// what the client has is still the current state. An answer from the store would leave it unjudged.
fn is_for_the_origin(headers: &HeaderMap) -> bool {
    headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_UNMODIFIED_SINCE)
}

fn has_content(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// The fields that the client's `Connection` names, for which it ends here (RFC 9110 section 7.6.1). The framing is the
/// connection's own business, whoever names it there.
#[must_use]
pub fn for_this_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let named = hop_by_hop::named_by_connection(headers).into_iter();
    named.filter(|name| !matches!(*name, header::CONTENT_LENGTH | header::HOST)).collect()
}

/// `X-Forwarded-For` with a client's address behind those that stand there, as Varnish does it.
#[must_use]
pub fn forwarded_for(headers: &HeaderMap, client: IpAddr) -> Option<HeaderValue> {
    let client = client.to_string();
    let known = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let all: Vec<_> = known.chain([client.as_str()]).collect();
    HeaderValue::from_str(&all.join(", ")).ok()
}

/// The fields of a client's request that are not sent on with it.
///
/// A cache fetches for all, so it does not send the conditions of one client's copy. `If-Range` stays
/// with the range that it belongs to, which is the policy's to drop: when it fails, the whole comes.
pub fn not_sent_on(method: &Method, may_be_stored: bool) -> impl Iterator<Item = &'static HeaderName> {
    static RANGE: HeaderName = header::RANGE;
    // RFC 9110 section 14.2: it has a meaning for GET alone.
    let range = (may_be_stored && method != Method::GET).then_some(&RANGE);
    let conditions = CONDITIONS.iter().filter(move |name| may_be_stored && **name != header::IF_RANGE);
    // What the client's `Connection` names went before the policy saw it: what is there now is the policy's.
    range.into_iter().chain(conditions).chain(&hop_by_hop::HOP_BY_HOP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_host(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_host_is_bare_without_its_port_and_last_dot() {
        for (value, expected) in [
            ("WWW.Example.org:8080", "WWW.Example.org"),
            ("[::1]:80", "[::1]"),
            ("a.test", "a.test"),
            ("a.test.:80", "a.test"),
            (".", "."),
        ] {
            assert_eq!(bare_host(&of_host(value)), Some(expected.as_bytes()), "{value}");
        }
        assert_eq!(bare_host(&HeaderMap::new()), None);
    }

    #[test]
    fn a_host_is_lower_case() {
        assert_eq!(host(&of_host("WWW.Example.org:8080")).unwrap(), &b"www.example.org"[..]);
        assert!(matches!(host(&of_host("a.test")), Some(Cow::Borrowed(b"a.test"))));
    }

    #[test]
    fn a_path_ends_at_the_question_mark() {
        assert_eq!(path_of(b"/a?b?c"), b"/a");
        assert_eq!(path_of(b"/a"), b"/a");
    }

    #[test]
    fn rfc9111_4_3_2_what_only_the_origin_can_judge_is_not_looked_up() {
        let with = |name: HeaderName| HeaderMap::from_iter([(name, HeaderValue::from_static("1"))]);
        assert_eq!(why_not_looked_up(&Method::GET, &HeaderMap::new()), None);
        assert_eq!(why_not_looked_up(&Method::POST, &with(header::IF_MATCH)), Some(NotLookedUp::Method));
        assert_eq!(why_not_looked_up(&Method::GET, &with(header::IF_MATCH)), Some(NotLookedUp::Condition));
        assert_eq!(why_not_looked_up(&Method::GET, &with(header::CONTENT_LENGTH)), Some(NotLookedUp::Content));
        let query = Method::from_bytes(QUERY.as_bytes()).unwrap();
        assert_eq!(why_not_looked_up(&query, &with(header::CONTENT_LENGTH)), None);
    }
}
