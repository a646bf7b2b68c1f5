//! Freshening a stored response by a 304 (RFC 9111 §3.2, §4.3.4).

use std::time::SystemTime;

use http::header::{AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::entity_tag::EntityTag;
use super::{date, hop_by_hop};

/// Fields that describe the stored body's own bytes, so a 304 never changes them (RFC 9111 §3.2).
static BODY_BOUND: [HeaderName; 3] = [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE];

/// How many fields a merged head may have: as many as one that a backend sends.
const MOST_FIELDS: usize = 256;

/// How long they may be together, as sent: as long as those that a backend sends.
const MOST_BYTES: usize = 1 << 20;

/// What a field takes beside its name and value: a colon, a space and the end of the line.
const LINE_BYTES: usize = 4;

/// The merged head would be larger than one that a backend may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored head would become too large by what was received")]
pub struct TooLarge;

/// Whether a 304 with these fields speaks of the stored response (RFC 9111 §4.3.4).
///
/// A strong tag must be the stored strong one, a weak tag must match weakly; where the stored response
/// has none, or the 304, `Last-Modified` must be the same. A 304 without any validator is taken to speak
/// of the response that was asked about.
#[must_use]
pub fn identifies(stored: &HeaderMap, received: &HeaderMap) -> bool {
    let tag = |headers: &'_ HeaderMap| headers.get(ETAG).cloned();
    match (tag(stored), tag(received)) {
        (_, None) => !received.contains_key(LAST_MODIFIED) || is_last_modified_as(stored, received, true),
        (None, Some(_)) => is_last_modified_as(stored, received, false),
        (Some(ours), Some(theirs)) => same_tag(&ours, &theirs),
    }
}

/// Whether a 200 to HEAD with these fields speaks of the stored response (RFC 9111 §4.3.5): what it
/// has of `ETag`, `Last-Modified` and `Content-Length` is the same.
#[must_use]
pub fn head_confirms(stored: &HeaderMap, received: &HeaderMap) -> bool {
    let same = |name: &HeaderName| received.get(name).is_none_or(|theirs| stored.get(name) == Some(theirs));
    [ETAG, LAST_MODIFIED, CONTENT_LENGTH].iter().all(same)
}

/// Merges the fields of a 304 into those of the stored response.
///
/// Fields that the 304 has replace all stored lines of that name, others are kept; hop-by-hop ones
/// and those bound to the body are left alone. `Age` and `Date` always become those of the 304, for
/// they tell how old the *validation* is: without `Age` the stored one goes, without `Date`
/// `response_time` is written (RFC 9110 §6.6.1).
///
/// # Errors
/// When more would come of it than a backend may send at once: names that are new in each 304 would let the head
/// grow without end. All fields must be added (RFC 9111 §3.2), so a part of them is not an answer: the stored
/// response is of no more use, and neither is what became of `stored`.
pub fn merge(stored: &mut HeaderMap, received: &HeaderMap, response_time: SystemTime) -> Result<(), TooLarge> {
    stored.remove(AGE);
    if !received.contains_key(DATE)
        && let Ok(now) = HeaderValue::from_str(&date::format(response_time))
    {
        stored.try_insert(DATE, now).map_err(|_| TooLarge)?;
    }
    for name in received.keys() {
        if BODY_BOUND.contains(name) || hop_by_hop::is_hop_by_hop(name, received) {
            continue;
        }
        stored.remove(name);
        for value in received.get_all(name) {
            stored.try_append(name, value.clone()).map_err(|_| TooLarge)?;
        }
    }
    let bytes: usize = stored.iter().map(|(name, value)| name.as_str().len() + value.len() + LINE_BYTES).sum();
    if stored.len() > MOST_FIELDS || bytes > MOST_BYTES { Err(TooLarge) } else { Ok(()) }
}

/// An `ETag` that is no entity tag is compared byte by byte.
fn same_tag(ours: &HeaderValue, theirs: &HeaderValue) -> bool {
    match (EntityTag::parse(ours.as_bytes()), EntityTag::parse(theirs.as_bytes())) {
        (Some(ours), Some(theirs)) if theirs.weak => ours.matches_weakly(&theirs),
        (Some(ours), Some(theirs)) => ours.matches_strongly(&theirs),
        _ => ours == theirs,
    }
}

/// Whether both were modified last at the same time; `unsaid` if the stored response does not say when.
fn is_last_modified_as(stored: &HeaderMap, received: &HeaderMap, unsaid: bool) -> bool {
    match stored.get(LAST_MODIFIED) {
        Some(ours) => Some(ours) == received.get(LAST_MODIFIED),
        None => unsaid,
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, SET_COOKIE};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc9111_4_3_5_a_head_confirms_what_it_says_the_same_of() {
        let stored = [(ETAG, "\"v1\""), (LAST_MODIFIED, "then"), (CONTENT_LENGTH, "5")];
        let confirms = |received: &[(HeaderName, &str)]| head_confirms(&headers(&stored), &headers(received));
        assert!(confirms(&[]) && confirms(&stored) && confirms(&[(CONTENT_TYPE, "a/b")]));
        for other in [(ETAG, "W/\"v1\""), (LAST_MODIFIED, "now"), (CONTENT_LENGTH, "6")] {
            assert!(!confirms(&[other]));
        }
    }

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    const DAY: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    #[test]
    fn rfc9111_3_2_received_fields_replace_and_others_stay() {
        let test = HeaderName::from_static("test-header");
        let mut stored = headers(&[
            (CACHE_CONTROL, "max-age=1"),
            (CONTENT_TYPE, "text/plain"),
            (SET_COOKIE, "a=b"),
            (SET_COOKIE, "c=d"),
            (test.clone(), "kept"),
        ]);
        merge(
            &mut stored,
            &headers(&[(CACHE_CONTROL, "max-age=9"), (SET_COOKIE, "e=f"), (ETAG, "\"n\""), (DATE, DAY)]),
            UNIX_EPOCH,
        )
        .unwrap();
        let expected = headers(&[
            (CACHE_CONTROL, "max-age=9"),
            (CONTENT_TYPE, "text/plain"),
            (SET_COOKIE, "e=f"),
            (test, "kept"),
            (ETAG, "\"n\""),
            (DATE, DAY),
        ]);
        assert_eq!(stored, expected);
    }

    #[test]
    fn rfc9111_3_2_framing_and_hop_by_hop_fields_are_left_alone() {
        let named = HeaderName::from_static("named");
        let mut stored =
            headers(&[(CONTENT_LENGTH, "36"), (CONTENT_ENCODING, "gzip"), (named.clone(), "old"), (DATE, DAY)]);
        let before = stored.clone();
        let received = headers(&[
            (CONTENT_LENGTH, "10"),
            (CONTENT_ENCODING, "br"),
            (CONTENT_RANGE, "bytes 0-9/36"),
            (CONNECTION, "named"),
            (named, "new"),
            (DATE, DAY),
        ]);
        merge(&mut stored, &received, UNIX_EPOCH).unwrap();
        assert_eq!(stored, before);
    }

    #[test]
    fn rfc9111_4_2_3_age_and_date_are_those_of_the_validation() {
        let mut stored = headers(&[(AGE, "500"), (DATE, DAY)]);
        merge(&mut stored, &HeaderMap::new(), UNIX_EPOCH).unwrap();
        assert_eq!(stored, headers(&[(DATE, "Thu, 01 Jan 1970 00:00:00 GMT")]));

        merge(&mut stored, &headers(&[(AGE, "7"), (DATE, DAY)]), UNIX_EPOCH).unwrap();
        assert_eq!(stored, headers(&[(AGE, "7"), (DATE, DAY)]));
    }

    /// So many fields of that name and number.
    fn numbered(name: &str, count: usize, value: &str) -> HeaderMap {
        let field = |n| (HeaderName::try_from(format!("{name}-{n}")).unwrap(), HeaderValue::from_str(value).unwrap());
        (0..count).map(field).collect()
    }

    #[test]
    fn rfc9111_3_2_a_head_does_not_grow_beyond_what_a_backend_may_send() {
        for (stored, received, expected) in [
            (numbered("a", 155, ""), numbered("b", 100, ""), Ok(())),
            (numbered("a", 156, ""), numbered("b", 100, ""), Err(TooLarge)),
            (numbered("a", 20_000, ""), numbered("b", 20_000, ""), Err(TooLarge)),
            (numbered("a", 10, &"x".repeat(50_000)), numbered("a", 10, &"y".repeat(100_000)), Ok(())),
            (numbered("a", 10, &"x".repeat(50_000)), numbered("b", 10, &"y".repeat(60_000)), Err(TooLarge)),
        ] {
            // The date is one more.
            assert_eq!(merge(&mut stored.clone(), &received, UNIX_EPOCH), expected);
        }
    }

    fn any_fields() -> impl Strategy<Value = HeaderMap> {
        let names = prop::sample::select(vec![
            CONTENT_LENGTH,
            CONTENT_ENCODING,
            CONTENT_RANGE,
            CONNECTION,
            CACHE_CONTROL,
            SET_COOKIE,
            ETAG,
            AGE,
            DATE,
        ]);
        // Too short for `Connection` to name one of them.
        let lines = proptest::collection::vec((names, "[a-z]{0,2}"), 0..12);
        lines.prop_map(|lines| {
            let lines = lines.into_iter().map(|(name, value)| (name, HeaderValue::from_str(&value).unwrap()));
            lines.fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            })
        })
    }

    proptest! {
        #[test]
        fn rfc9111_3_2_each_field_is_the_stored_one_or_the_received_one(stored in any_fields(), received in any_fields()) {
            let mut merged = stored.clone();
            merge(&mut merged, &received, UNIX_EPOCH).unwrap();
            let lines = |headers: &HeaderMap, name: &HeaderName| headers.get_all(name).iter().cloned().collect::<Vec<_>>();
            for name in [CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_RANGE, CONNECTION] {
                prop_assert_eq!(lines(&merged, &name), lines(&stored, &name));
            }
            for name in [CACHE_CONTROL, SET_COOKIE, ETAG] {
                let from = if received.contains_key(&name) { &received } else { &stored };
                prop_assert_eq!(lines(&merged, &name), lines(from, &name));
            }
            prop_assert_eq!(lines(&merged, &AGE), lines(&received, &AGE));
            let again = merged.clone();
            merge(&mut merged, &received, UNIX_EPOCH).unwrap();
            prop_assert_eq!(merged, again);
        }

        #[test]
        fn rfc9111_4_3_4_a_304_with_the_stored_fields_speaks_of_the_stored_response(stored in any_fields()) {
            prop_assert!(identifies(&stored, &stored));
            prop_assert!(identifies(&stored, &HeaderMap::new()));
        }
    }

    #[test]
    fn rfc9111_4_3_4_which_response_a_304_speaks_of() {
        for (stored, received, identified) in [
            (&[(ETAG, "\"a\"")][..], &[(ETAG, "\"a\"")][..], true),
            (&[(ETAG, "\"a\"")], &[(ETAG, "\"b\"")], false),
            (&[(ETAG, "W/\"a\"")], &[(ETAG, "W/\"a\"")], true),
            (&[(ETAG, "\"a\"")], &[(ETAG, "W/\"a\"")], true),
            (&[(ETAG, "W/\"a\"")], &[(ETAG, "\"a\"")], false),
            (&[(ETAG, "a")], &[(ETAG, "a")], true),
            (&[], &[(ETAG, "\"a\"")], false),
            (&[(LAST_MODIFIED, DAY)], &[(ETAG, "\"a\"")], false),
            (&[(LAST_MODIFIED, DAY)], &[(ETAG, "\"a\""), (LAST_MODIFIED, DAY)], true),
            (&[(ETAG, "\"a\"")], &[(LAST_MODIFIED, DAY)], true),
            (&[(ETAG, "\"a\"")], &[], true),
            (&[(LAST_MODIFIED, DAY)], &[(LAST_MODIFIED, DAY)], true),
            (&[(LAST_MODIFIED, DAY)], &[(LAST_MODIFIED, "Mon, 07 Nov 1994 08:49:37 GMT")], false),
            (&[(LAST_MODIFIED, DAY)], &[], true),
        ] {
            assert_eq!(identifies(&headers(stored), &headers(received)), identified, "{stored:?} {received:?}");
        }
    }
}
