//! Which parts of a response a request asks for (RFC 9110 §14).
//!
//! Parts are answered from the whole, so a `Range` that cannot be followed to the letter is ignored
//! and the whole is sent, as §14.2 allows.

use std::time::UNIX_EPOCH;

use http::header::{ETAG, IF_RANGE, RANGE};
use http::{HeaderMap, Method};

use super::age;
use super::entity_tag::EntityTag;
use super::part::strong_date;

/// More parts than this are not made (§17.15): the whole is sent instead.
const MOST_PARTS: usize = 16;

/// What is to be sent of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts {
    /// All of it.
    Whole,
    /// These parts, each by its first and its last byte, ascending and apart from each other.
    Some(Vec<(u64, u64)>),
    /// Nothing: every part asked for lies beyond the end (416).
    Unsatisfiable,
}

/// What a request asks for of a response with these fields and a body of `length` bytes.
#[must_use]
pub fn parts(method: &Method, request: &HeaderMap, response: &HeaderMap, length: u64) -> Parts {
    // §14.2: ranges are defined for GET alone. Of nothing there are no parts.
    if *method != Method::GET || length == 0 || !is_for_this_response(request, response) {
        return Parts::Whole;
    }
    let mut lines = request.get_all(RANGE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return Parts::Whole };
    line.to_str().ok().and_then(|line| read(line, length)).unwrap_or(Parts::Whole)
}

/// §13.1.5: without `If-Range`, or with the validator that the response has, compared strongly.
fn is_for_this_response(request: &HeaderMap, response: &HeaderMap) -> bool {
    let Some(condition) = request.get(IF_RANGE) else { return true };
    let Some(wanted) = EntityTag::parse(condition.as_bytes()) else {
        // A date that is near that of the response is a weak validator (§8.8.2.2).
        let sent = age::date_value(response, UNIX_EPOCH).unwrap_or(UNIX_EPOCH);
        return strong_date(response, sent) == Some(condition);
    };
    let tag = response.get(ETAG).and_then(|tag| EntityTag::parse(tag.as_bytes()));
    tag.is_some_and(|tag| tag.matches_strongly(&wanted))
}

/// `None` for what is not a range of bytes, or one that is not worth following.
fn read(line: &str, length: u64) -> Option<Parts> {
    let (unit, ranges) = line.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let ranges = ranges.split(',').map(str::trim).filter(|range| !range.is_empty());
    let (mut parts, mut count) = (Vec::new(), 0);
    for range in ranges {
        count += 1;
        parts.extend(part(range, length).ok()?);
    }
    if count == 0 || count > MOST_PARTS || !are_ascending(&parts) {
        return None;
    }
    Some(if parts.is_empty() { Parts::Unsatisfiable } else { Parts::Some(parts) })
}

/// It is no range, or one of a body without bytes.
struct NotARange;

/// One `first-last`, `first-` or `-suffix`; `None` when it lies beyond the end.
fn part(range: &str, length: u64) -> Result<Option<(u64, u64)>, NotARange> {
    let (first, last) = range.split_once('-').ok_or(NotARange)?;
    let end = length.checked_sub(1).ok_or(NotARange)?;
    if first.is_empty() {
        let suffix = number(last)?;
        return Ok((suffix > 0).then(|| (length.saturating_sub(suffix), end)));
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if last < first {
        return Err(NotARange);
    }
    Ok((first <= end).then(|| (first, last.min(end))))
}

/// Digits alone; a number too large to be counted is larger than any body.
fn number(text: &str) -> Result<u64, NotARange> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { Ok(text.parse().unwrap_or(u64::MAX)) } else { Err(NotARange) }
}

fn are_ascending(parts: &[(u64, u64)]) -> bool {
    parts.is_sorted_by(|(_, last), (first, _)| last < first)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;
    use http::header::{DATE, LAST_MODIFIED};

    const DAY: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn of_ten(range: &str) -> Parts {
        parts(&Method::GET, &headers(&[(RANGE, range)]), &HeaderMap::new(), 10)
    }

    #[test]
    fn rfc9110_14_1_2_ranges_of_bytes() {
        for (range, expected) in [
            ("bytes=0-0", &[(0, 0)][..]),
            ("bytes=2-5", &[(2, 5)]),
            ("Bytes = 2-5", &[(2, 5)]),
            ("bytes=7-", &[(7, 9)]),
            ("bytes=7-99999999999999999999", &[(7, 9)]),
            ("bytes=-3", &[(7, 9)]),
            ("bytes=-99", &[(0, 9)]),
            ("bytes=0-1, 4-5 ,-1", &[(0, 1), (4, 5), (9, 9)]),
            ("bytes=0-1,,20-,-0", &[(0, 1)]),
        ] {
            assert_eq!(of_ten(range), Parts::Some(expected.to_vec()), "{range}");
        }
        for range in ["bytes=10-", "bytes=-0", "bytes=99-100,10-11", "bytes=99999999999999999999-"] {
            assert_eq!(of_ten(range), Parts::Unsatisfiable, "{range}");
        }
    }

    #[test]
    fn rfc9110_14_2_what_is_no_range_is_ignored() {
        for range in [
            "bytes=",
            "bytes=,",
            "bytes",
            "lines=0-1",
            "bytes=5-2",
            "bytes=0-1,5-2",
            "bytes=a-b",
            "bytes=-",
            "bytes=+1-2",
            "bytes=0-5,2-7",
            "bytes=5-6,0-1",
            "bytes=0-,-1",
        ] {
            assert_eq!(of_ten(range), Parts::Whole, "{range}");
        }
        let many: Vec<_> = (0..17).map(|n| format!("{n}-{n}")).collect();
        let request = headers(&[(RANGE, &format!("bytes={}", many.join(",")))]);
        assert_eq!(parts(&Method::GET, &request, &HeaderMap::new(), 1_000), Parts::Whole);
    }

    #[test]
    fn only_get_of_something_has_parts() {
        let request = headers(&[(RANGE, "bytes=-1")]);
        assert_eq!(parts(&Method::HEAD, &request, &HeaderMap::new(), 10), Parts::Whole);
        assert_eq!(parts(&Method::GET, &request, &HeaderMap::new(), 0), Parts::Whole);
        assert_eq!(parts(&Method::GET, &HeaderMap::new(), &HeaderMap::new(), 10), Parts::Whole);
    }

    #[test]
    fn rfc9110_13_1_5_if_range_compares_strongly() {
        for (condition, response, applies) in [
            ("\"a\"", &[(ETAG, "\"a\"")][..], true),
            ("\"b\"", &[(ETAG, "\"a\"")], false),
            ("W/\"a\"", &[(ETAG, "W/\"a\"")], false),
            ("\"a\"", &[(ETAG, "W/\"a\"")], false),
            ("\"a\"", &[], false),
            (DAY, &[(LAST_MODIFIED, DAY), (DATE, "Sun, 06 Nov 1994 08:50:37 GMT")], true),
            (DAY, &[(LAST_MODIFIED, DAY), (DATE, DAY)], false),
            (DAY, &[(LAST_MODIFIED, DAY)], false),
            (DAY, &[(LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:36 GMT")], false),
            (DAY, &[], false),
        ] {
            let request = headers(&[(RANGE, "bytes=0-0"), (IF_RANGE, condition)]);
            let found = parts(&Method::GET, &request, &headers(response), 10);
            assert_eq!(found == Parts::Some(vec![(0, 0)]), applies, "{condition} {response:?}");
        }
    }
    /// Sets of ranges that are mostly well formed: overlapping, out of order, many, beyond the end.
    fn range_sets() -> impl Strategy<Value = String> {
        let number = || prop_oneof![0..40_u64, Just(u64::MAX)];
        let range = prop_oneof![
            (number(), 0..9_u64).prop_map(|(first, more)| format!("{first}-{}", first.saturating_add(more))),
            number().prop_map(|first| format!("{first}-")),
            number().prop_map(|last| format!("-{last}")),
            "[0-9 ,-]{0,4}",
        ];
        proptest::collection::vec(range, 0..40).prop_map(|ranges| format!("bytes={}", ranges.join(",")))
    }

    proptest! {
        #[test]
        fn rfc9110_17_15_no_set_of_ranges_asks_for_more_than_there_is(range in range_sets(), length in 0..60_u64) {
            let found = parts(&Method::GET, &headers(&[(RANGE, &range)]), &HeaderMap::new(), length);
            if let Parts::Some(parts) = found {
                prop_assert!(!parts.is_empty() && parts.len() <= MOST_PARTS);
                prop_assert!(parts.iter().all(|(first, last)| first <= last && *last < length));
                prop_assert!(parts.windows(2).all(|pair| pair[0].1 < pair[1].0));
                prop_assert!(parts.iter().map(|(first, last)| last - first + 1).sum::<u64>() <= length);
            }
        }
    }
}
