//! Conditional requests (RFC 9110 §13, RFC 9111 §4.3): answering a client's condition from a stored
//! response, and asking the origin whether a stored response still holds.

use std::time::SystemTime;

use http::header::{ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::entity_tag::{self, EntityTag};
use super::{age, date};

/// What a client's condition makes of a stored response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Answer with the stored response.
    Proceed,
    /// Answer with 304: the client has it already.
    NotModified,
}

/// The stored response that a condition is judged against.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its fields.
    pub headers: &'a HeaderMap,
    /// When it was received.
    pub response_time: SystemTime,
}

/// Judges `If-None-Match` and `If-Modified-Since` in the order of RFC 9110 §13.2.2.
///
/// Only for GET and HEAD, and only when the answer would else be a success (§13.2.1). `If-Match`
/// and `If-Unmodified-Since` are for origins (RFC 9111 §4.3.2); `If-Range` belongs to ranges. `now`
/// is needed to read two-digit years.
#[must_use]
pub fn evaluate(method: &Method, request: &HeaderMap, stored: &Stored<'_>, now: SystemTime) -> Precondition {
    if !matches!(*method, Method::GET | Method::HEAD) || !stored.status.is_success() {
        return Precondition::Proceed;
    }
    let client_has_it = if request.contains_key(IF_NONE_MATCH) {
        none_match_lists(request, stored.headers)
    } else {
        unmodified_since(request, stored, now)
    };
    if client_has_it { Precondition::NotModified } else { Precondition::Proceed }
}

/// The fields that make a request conditional. A request that fills the cache is sent without
/// those of the client, whose copy is not ours.
pub static CONDITIONS: [HeaderName; 5] = [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE];

/// The conditions that validate a stored response with these fields (RFC 9111 §4.3.1): `If-None-Match`
/// from its `ETag`, `If-Modified-Since` from its `Last-Modified`, as they were received; none of an empty
/// field.
pub fn conditions_for(stored: &HeaderMap) -> impl Iterator<Item = (HeaderName, &HeaderValue)> {
    let validators = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
    let filled = move |name| stored.get(name).filter(|value| !value.is_empty());
    validators.into_iter().filter_map(move |(validator, condition)| Some((condition, filled(validator)?)))
}

/// RFC 9110 §13.1.2: `*`, or a list that holds the stored tag by weak comparison. What the origin
/// sent as `ETag` without being an entity tag matches itself only.
fn none_match_lists(request: &HeaderMap, stored: &HeaderMap) -> bool {
    let mut lines = request.get_all(IF_NONE_MATCH).iter().map(|line| line.as_bytes().trim_ascii());
    let raw = stored.get(ETAG).map(|value| value.as_bytes().trim_ascii());
    let tag = raw.and_then(EntityTag::parse);
    lines.any(|line| match &tag {
        _ if line == b"*" => true,
        Some(tag) => entity_tag::list(line).any(|listed| listed.matches_weakly(tag)),
        None => !line.is_empty() && Some(line) == raw,
    })
}

/// RFC 9110 §13.1.3: not modified after the client's date. Without `Last-Modified`, the `Date` of
/// the stored response stands in, or else the time it was received (RFC 9111 §4.3.2).
fn unmodified_since(request: &HeaderMap, stored: &Stored<'_>, now: SystemTime) -> bool {
    let read = |value: &HeaderValue| date::parse(value.as_bytes(), now);
    let mut lines = request.get_all(IF_MODIFIED_SINCE).iter();
    let (Some(since), None) = (lines.next().and_then(read), lines.next()) else { return false };
    let modified = match stored.headers.get(LAST_MODIFIED) {
        Some(value) => read(value),
        None => age::date_value(stored.headers, now).or(Some(stored.response_time)),
    };
    modified.is_some_and(|modified| modified <= since)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::header::DATE;
    use proptest::prelude::*;

    use super::*;

    const NOVEMBER: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_785_542_401)
    }

    fn has_it(request: &[(HeaderName, &str)], stored: &[(HeaderName, &str)]) -> bool {
        judge(&Method::GET, 200, request, stored) == Precondition::NotModified
    }

    fn judge(
        method: &Method,
        status: u16,
        request: &[(HeaderName, &str)],
        stored: &[(HeaderName, &str)],
    ) -> Precondition {
        let fields = headers(stored);
        let stored = Stored {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &fields,
            response_time: UNIX_EPOCH + Duration::from_secs(1_000),
        };
        evaluate(method, &headers(request), &stored, now())
    }

    #[test]
    fn rfc9110_13_1_2_if_none_match() {
        for (listed, tag, matched) in [
            ("\"a\"", "\"a\"", true),
            ("\"a\"", "W/\"a\"", true),
            ("W/\"a\"", "\"a\"", true),
            ("\"a\", \"b\", \"c\"", "\"a\"", true),
            ("\"b\", \"a\", \"c\"", "\"a\"", true),
            ("\"b\", \"c\", \"a\"", "\"a\"", true),
            ("\"b\"", "\"a\"", false),
            ("*", "\"a\"", true),
            ("\"*\"", "\"a\"", false),
            ("a", "\"a\"", false),
            ("\"a\"", "a", false),
            ("a", "a", true),
            ("w/\"a\"", "w/\"a\"", true),
            ("", "", false),
        ] {
            assert_eq!(has_it(&[(IF_NONE_MATCH, listed)], &[(ETAG, tag)]), matched, "{listed} {tag}");
        }
        assert!(has_it(&[(IF_NONE_MATCH, "\"a\""), (IF_NONE_MATCH, "\"b\"")], &[(ETAG, "\"b\"")]));
        assert!(has_it(&[(IF_NONE_MATCH, "*")], &[]));
        assert!(!has_it(&[(IF_NONE_MATCH, "\"a\"")], &[]));
    }

    #[test]
    fn rfc9110_13_1_3_if_modified_since() {
        for (since, matched) in [
            (NOVEMBER, true),
            ("Sunday, 06-Nov-94 08:49:37 GMT", true),
            ("Sun Nov  6 08:49:37 1994", true),
            ("Sun, 06 Nov 1994 08:49:38 GMT", true),
            ("Sun, 06 Nov 1994 08:49:36 GMT", false),
            ("yesterday", false),
        ] {
            assert_eq!(has_it(&[(IF_MODIFIED_SINCE, since)], &[(LAST_MODIFIED, NOVEMBER)]), matched, "{since}");
        }
        let twice = [(IF_MODIFIED_SINCE, NOVEMBER), (IF_MODIFIED_SINCE, NOVEMBER)];
        assert!(!has_it(&twice, &[(LAST_MODIFIED, NOVEMBER)]));
        assert!(!has_it(&[(IF_MODIFIED_SINCE, NOVEMBER)], &[(LAST_MODIFIED, "yesterday")]));
    }

    #[test]
    fn rfc9111_4_3_2_without_last_modified_the_date_or_receipt_counts() {
        let earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
        assert!(has_it(&[(IF_MODIFIED_SINCE, NOVEMBER)], &[(DATE, NOVEMBER)]));
        assert!(!has_it(&[(IF_MODIFIED_SINCE, earlier)], &[(DATE, NOVEMBER)]));
        assert!(has_it(&[(IF_MODIFIED_SINCE, "Thu, 01 Jan 1970 00:16:40 GMT")], &[]));
        assert!(!has_it(&[(IF_MODIFIED_SINCE, "Thu, 01 Jan 1970 00:16:39 GMT")], &[]));
    }

    #[test]
    fn rfc9110_13_2_2_if_none_match_takes_precedence() {
        let stored = [(ETAG, "\"a\""), (LAST_MODIFIED, NOVEMBER)];
        let old = "Sun, 06 Nov 1990 08:49:37 GMT";
        assert!(has_it(&[(IF_NONE_MATCH, "\"a\""), (IF_MODIFIED_SINCE, old)], &stored));
        assert!(!has_it(&[(IF_NONE_MATCH, "\"b\""), (IF_MODIFIED_SINCE, NOVEMBER)], &stored));
    }

    #[test]
    fn rfc9110_13_2_1_only_get_and_head_and_success() {
        let (condition, stored) = ([(IF_NONE_MATCH, "\"a\"")], [(ETAG, "\"a\"")]);
        for (method, status, expected) in [
            (Method::HEAD, 200, Precondition::NotModified),
            (Method::GET, 203, Precondition::NotModified),
            (Method::POST, 200, Precondition::Proceed),
            (Method::GET, 404, Precondition::Proceed),
            (Method::GET, 301, Precondition::Proceed),
        ] {
            assert_eq!(judge(&method, status, &condition, &stored), expected, "{method} {status}");
        }
    }

    #[test]
    fn rfc9111_4_3_1_the_conditions_are_what_is_stored() {
        let conditions = |stored: &[(HeaderName, &str)]| {
            let stored = headers(stored);
            let conditions = conditions_for(&stored).map(|(name, value)| (name, value.clone()));
            conditions.collect::<HeaderMap>()
        };
        assert_eq!(
            conditions(&[(ETAG, "W/\"ours\""), (LAST_MODIFIED, NOVEMBER)]),
            headers(&[(IF_NONE_MATCH, "W/\"ours\""), (IF_MODIFIED_SINCE, NOVEMBER)])
        );
        assert_eq!(conditions(&[(ETAG, ""), (DATE, NOVEMBER)]), HeaderMap::new());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(lines in proptest::collection::vec((0..4_usize, proptest::collection::vec(any::<u8>(), 0..40)), 0..6)) {
            let names = [IF_NONE_MATCH, IF_MODIFIED_SINCE, ETAG, LAST_MODIFIED];
            let mut all = HeaderMap::new();
            for (name, value) in lines {
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    all.append(&names[name], value);
                }
            }
            let stored = Stored { status: StatusCode::OK, headers: &all, response_time: now() };
            let _ = evaluate(&Method::GET, &all, &stored, now());
        }
    }
}
