//! `Cache-Status` (RFC 9211): what this cache did with a request, as a structured field.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

static CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// The largest integer of a structured field (RFC 9651 §3.3.1).
const MAX_INTEGER: i64 = 999_999_999_999_999;

/// Why a request went forward to the origin (RFC 9211 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forward {
    /// The policy said to pass it by the cache.
    Bypass,
    /// Its method asks for it.
    Method,
    /// Nothing is stored under its key.
    UriMiss,
    /// Something is stored, but for requests with other fields (`Vary`).
    VaryMiss,
    /// Nothing that is stored could answer it; why, is not known.
    Miss,
    /// A fresh response was stored, but the request did not accept it.
    Request,
    /// What is stored was stale.
    Stale,
    /// What is stored is only a part of what was asked for.
    Partial,
}

impl Forward {
    /// The token that RFC 9211 §2.2 gives it.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Miss => "miss",
            Self::Request => "request",
            Self::Stale => "stale",
            Self::Partial => "partial",
        }
    }
}

/// Where the answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handling {
    Hit,
    Made,
    Forwarded(Forward),
}

/// One member of the field, ours. Built by chaining, written by [`value`](Self::value) or

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheStatus {
    handling: Handling,
    forward_status: Option<StatusCode>,
    ttl_seconds: Option<i64>,
    stored: bool,
    collapsed: bool,
    key: Option<Vec<u8>>,
    detail: Option<Vec<u8>>,
}

impl CacheStatus {
    /// Answered from the cache, without going forward.
    #[must_use]
    pub fn hit() -> Self {
        Self::new(Handling::Hit)
    }

    /// Answered with a response that this cache made itself: neither `hit` nor `fwd`.
    #[must_use]
    pub fn made() -> Self {
        Self::new(Handling::Made)
    }

    /// Gone forward to the origin.
    #[must_use]
    pub fn forwarded(reason: Forward) -> Self {
        Self::new(Handling::Forwarded(reason))
    }

    fn new(handling: Handling) -> Self {
        Self {
            handling,
            forward_status: None,
            ttl_seconds: None,
            stored: false,
            collapsed: false,
            key: None,
            detail: None,
        }
    }

    /// The status that the origin answered with; says nothing on a hit.
    #[must_use]
    pub fn forward_status(self, status: StatusCode) -> Self {
        Self { forward_status: Some(status), ..self }
    }

    /// Seconds of freshness left, negative when stale.
    #[must_use]
    pub fn ttl_seconds(self, seconds: i64) -> Self {
        Self { ttl_seconds: Some(seconds), ..self }
    }

    /// Whether the origin's answer was stored; says nothing on a hit.
    #[must_use]
    pub fn stored(self, stored: bool) -> Self {
        Self { stored, ..self }
    }

    /// Whether it waited for the answer to another request; says nothing on a hit.
    #[must_use]
    pub fn collapsed(self, collapsed: bool) -> Self {
        Self { collapsed, ..self }
    }

    /// The cache key, in whatever form it is written for people.
    #[must_use]
    pub fn key(self, key: impl AsRef<[u8]>) -> Self {
        Self { key: Some(key.as_ref().to_vec()), ..self }
    }

    /// More about it, like the reason why it was not stored.
    #[must_use]
    pub fn detail(self, detail: impl AsRef<[u8]>) -> Self {
        Self { detail: Some(detail.as_ref().to_vec()), ..self }
    }

    /// Our member as a structured field, such as `warp; fwd=uri-miss; fwd-status=200; stored`.
    #[must_use]
    pub fn value(&self) -> HeaderValue {
        // Only printable ASCII was written, so this cannot fail.
        HeaderValue::try_from(self.text()).unwrap_or_else(|_| HeaderValue::from_static("warp"))
    }

    fn text(&self) -> String {
        let mut text = String::from("warp");
        match self.handling {
            Handling::Hit => text.push_str("; hit"),
            Handling::Made => {}
            Handling::Forwarded(reason) => self.push_forward(&mut text, reason),
        }
        if let Some(seconds) = self.ttl_seconds {
            text.push_str("; ttl=");
            text.push_str(&seconds.clamp(-MAX_INTEGER, MAX_INTEGER).to_string());
        }
        for (name, value) in [("key", &self.key), ("detail", &self.detail)] {
            if let Some(value) = value {
                text.push_str("; ");
                text.push_str(name);
                text.push('=');
                push_string(&mut text, value);
            }
        }
        text
    }

    fn push_forward(&self, text: &mut String, reason: Forward) {
        text.push_str("; fwd=");
        text.push_str(reason.token());
        if let Some(status) = self.forward_status {
            text.push_str("; fwd-status=");
            text.push_str(status.as_str());
        }
        if self.stored {
            text.push_str("; stored");
        }
        if self.collapsed {
            text.push_str("; collapsed");
        }
    }
}

/// Writes a string of a structured field (RFC 9651 §3.3.3). It holds printable ASCII only; other
/// bytes are percent-encoded.
fn push_string(text: &mut String, value: &[u8]) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    text.push('"');
    for &byte in value {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    text.push('"');
}

/// Whether what the caches before us said is a list by its quotes. If not, ours behind it would be
/// unreadable as well (RFC 9211 §2), so it is to be dropped.
#[must_use]
pub fn is_readable(headers: &HeaderMap) -> bool {
    headers.get_all(&CACHE_STATUS).iter().all(|line| quotes_close(line.as_bytes()))
}

/// Whether every quoted string of a line is closed, and every byte is one that a structured field
/// may have.
fn quotes_close(line: &[u8]) -> bool {
    let mut quoted = false;
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => drop(bytes.next()),
            b' '..=b'~' | b'\t' => {}
            _ => return false,
        }
    }
    !quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc9211_2_the_members() {
        for (status, text) in [
            (CacheStatus::hit().ttl_seconds(30), "warp; hit; ttl=30"),
            (CacheStatus::hit().ttl_seconds(-412), "warp; hit; ttl=-412"),
            (CacheStatus::hit().stored(true).forward_status(StatusCode::OK).collapsed(true), "warp; hit"),
            (CacheStatus::forwarded(Forward::Miss), "warp; fwd=miss"),
            (
                CacheStatus::forwarded(Forward::UriMiss).forward_status(StatusCode::OK).stored(true).ttl_seconds(9),
                "warp; fwd=uri-miss; fwd-status=200; stored; ttl=9",
            ),
            (CacheStatus::forwarded(Forward::VaryMiss).collapsed(true), "warp; fwd=vary-miss; collapsed"),
            (CacheStatus::forwarded(Forward::Bypass).detail("pass"), "warp; fwd=bypass; detail=\"pass\""),
            (
                CacheStatus::forwarded(Forward::Stale).stored(false).detail("no-store"),
                "warp; fwd=stale; detail=\"no-store\"",
            ),
            (CacheStatus::hit().key("/a?b").ttl_seconds(i64::MIN), "warp; hit; ttl=-999999999999999; key=\"/a?b\""),
        ] {
            assert_eq!(status.value(), text);
        }
    }

    #[test]
    fn rfc9211_2_2_the_tokens() {
        use Forward as F;
        let all = [F::Bypass, F::Method, F::UriMiss, F::VaryMiss, F::Miss, F::Request, F::Stale, F::Partial];
        let tokens = ["bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale", "partial"];
        assert_eq!(all.map(F::token), tokens);
    }

    #[test]
    fn rfc9651_3_3_3_strings_are_escaped() {
        let value = CacheStatus::hit().key("\"\\\r\né").value();
        assert_eq!(value, "warp; hit; key=\"\\\"\\\\%0D%0A%C3%A9\"");
    }

    fn readable(lines: &[&'static [u8]]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&CACHE_STATUS, HeaderValue::from_bytes(line).unwrap());
        }
        is_readable(&headers)
    }

    #[test]
    fn rfc9211_2_what_caches_before_us_said_stays_if_it_is_a_list() {
        assert!(readable(&[]) && readable(&[b"Origin; hit, \"CDN, \\\" x\"; fwd=miss", b"near; hit"]));
        for lines in [&[&b"Origin; key=\"open"[..]][..], &[b"Origin; key=\"a\\\""], &[b"ok; hit", b"Or\xefgin"]] {
            assert!(!readable(lines), "{lines:?}");
        }
    }

    proptest! {
        #[test]
        fn any_key_and_detail_stay_inside_their_quotes(key in proptest::collection::vec(any::<u8>(), 0..40), detail in ".*") {
            let value = CacheStatus::forwarded(Forward::Miss).key(&key).detail(detail).value();
            prop_assert!(value.as_bytes().starts_with(b"warp; fwd=miss; key=\""));
            prop_assert!(quotes_close(value.as_bytes()) && value.as_bytes().ends_with(b"\""));
        }
    }
}
