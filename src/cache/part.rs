//! Parts of a representation (206): which bytes one holds, which requests it answers, and which
//! other parts it makes one with (RFC 9110 §14.4, §15.3.7; RFC 9111 §3.3, §3.4).

use std::ops::Range;
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue, Method};

use super::entity_tag::EntityTag;
use super::range::{self, Parts};
use super::{age, date};

/// How much older than the response `Last-Modified` must be to be a strong validator: so much that
/// two clocks that differ a little do not matter (RFC 9110 §8.8.2.2).
const OLD_ENOUGH: Duration = Duration::from_mins(1);

/// Which bytes of a representation a response holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The place of its first byte.
    pub first: u64,
    /// The place of its last byte.
    pub last: u64,
    /// How many bytes the whole has.
    pub complete: u64,
    /// Whether the body is as long as `Content-Range` said. One that is shorter is never joined with
    /// another.
    pub is_exact: bool,
}

impl Part {
    /// The part that a 206 with these fields and a body of `length` bytes is; of a body whose length
    /// is not known yet, what the fields say.
    ///
    /// `None` unless it says in one valid `Content-Range` where it belongs and how long the whole is:
    /// several parts in one (`multipart/byteranges`) are none, nor is a body that is longer than
    /// declared. Of a shorter one it is the beginning; when the end of the whole was declared, the
    /// whole ends there.
    #[must_use]
    pub fn of(response: &HeaderMap, length: Option<u64>) -> Option<Self> {
        let declared = declared(response)?;
        let Some(length) = length.filter(|length| *length != declared.len()) else { return Some(declared) };
        let last = declared.first.checked_add(length.checked_sub(1)?)?;
        let complete = if declared.last + 1 == declared.complete { last + 1 } else { declared.complete };
        (last < declared.last).then_some(Self { last, complete, is_exact: false, ..declared })
    }

    /// As [`of`](Self::of), with the length that `Content-Length` says.
    #[must_use]
    pub fn received(response: &HeaderMap) -> Option<Self> {
        let length = response.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Self::of(response, length)
    }

    /// How many bytes it holds.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a part holds one byte at least")]
    pub fn len(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Whether it is all there is.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.first == 0 && self.last + 1 == self.complete
    }

    /// What a request asks for, by its first and its last byte, if it asks for one range and the part
    /// holds all of that. `response` are the fields of the part, for `If-Range` to be judged by.
    #[must_use]
    pub fn answer(&self, method: &Method, request: &HeaderMap, response: &HeaderMap) -> Option<(u64, u64)> {
        let Parts::Some(parts) = range::parts(method, request, response, self.complete) else { return None };
        let [(first, last)] = parts.as_slice() else { return None };
        (*first >= self.first && *last <= self.last).then_some((*first, *last))
    }

    /// The value of `Content-Range` for the bytes from `first` to `last` of the same whole.
    #[must_use]
    pub fn content_range(&self, first: u64, last: u64) -> String {
        format!("bytes {first}-{last}/{}", self.complete)
    }
}

/// What one valid `Content-Range` says (RFC 9110 §14.4).
fn declared(response: &HeaderMap) -> Option<Part> {
    let is_several = |kind: &HeaderValue| {
        kind.as_bytes().get(..20).is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/byteranges"))
    };
    let mut lines = response.get_all(CONTENT_RANGE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return None };
    if response.get(CONTENT_TYPE).is_some_and(is_several) {
        return None;
    }
    let (unit, place) = line.to_str().ok()?.trim().split_once(' ')?;
    let (range, complete) = place.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, complete) = (number(first)?, number(last)?, number(complete)?);
    let is_valid = unit.eq_ignore_ascii_case("bytes") && first <= last && last < complete;
    is_valid.then_some(Part { first, last, complete, is_exact: true })
}

fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// A stored part and one that was received, as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What they are together.
    pub part: Part,
    /// Which bytes of the stored body stand before those received.
    pub before: Range<u64>,
    /// Which bytes of the stored body stand behind them.
    pub behind: Range<u64>,
}

/// Joins a stored part with one that was received, if they touch or overlap and each has something
/// that the other has not. Whether they are of one version, [`same_version`] says.
#[must_use]
pub fn join(stored: &Part, received: &Part) -> Option<Joined> {
    let touch = stored.first <= received.last.saturating_add(1) && received.first <= stored.last.saturating_add(1);
    if !touch || !stored.is_exact || !received.is_exact || stored.complete != received.complete {
        return None;
    }
    let before = 0..received.first.saturating_sub(stored.first);
    let behind = (received.last + 1).saturating_sub(stored.first).min(stored.len())..stored.len();
    let part = Part {
        first: stored.first.min(received.first),
        last: stored.last.max(received.last),
        complete: stored.complete,
        is_exact: true,
    };
    (!before.is_empty() || !behind.is_empty()).then_some(Joined { part, before, behind })
}

/// The validator of a response, if it is a strong one (RFC 9110 §8.8.1): a strong `ETag`, or in the
/// absence of any a `Last-Modified` that is old enough. To be sent as `If-Range`.
#[must_use]
pub fn strong_validator(response: &HeaderMap, now: SystemTime) -> Option<&HeaderValue> {
    let Some(tag) = response.get(ETAG) else { return strong_date(response, now) };
    EntityTag::parse(tag.as_bytes()).filter(|tag| !tag.weak).map(|_| tag)
}

/// `Last-Modified`, where it is a strong validator (RFC 9110 §8.8.2.2).
pub(super) fn strong_date(response: &HeaderMap, now: SystemTime) -> Option<&HeaderValue> {
    let value = response.get(LAST_MODIFIED)?;
    let modified = date::parse(value.as_bytes(), now)?;
    let sent = age::date_value(response, now)?;
    (sent.duration_since(modified).ok()? >= OLD_ENOUGH).then_some(value)
}

/// Whether two responses are surely of one version: they have the same strong validator, without
/// which parts must not be joined (RFC 9110 §15.3.7.3).
#[must_use]
pub fn same_version(stored: &HeaderMap, received: &HeaderMap, now: SystemTime) -> bool {
    let ours = strong_validator(stored, now);
    ours.is_some() && ours == strong_validator(received, now)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::header::{DATE, IF_RANGE, RANGE};
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const DAY: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn part(first: u64, last: u64, complete: u64) -> Part {
        Part { first, last, complete, is_exact: true }
    }

    fn of(content_range: &str, length: Option<u64>) -> Option<Part> {
        Part::of(&headers(&[(CONTENT_RANGE, content_range)]), length)
    }

    #[test]
    fn rfc9110_14_4_what_says_which_part_it_is() {
        assert_eq!(of("bytes 4-8/10", None), Some(part(4, 8, 10)));
        assert_eq!(of("Bytes 4-8/10", Some(5)), Some(part(4, 8, 10)));
        for bad in [
            "bytes 4-8/*",
            "bytes */10",
            "bytes 8-4/10",
            "bytes 4-10/10",
            "bytes 4-8",
            "bytes=4-8/10",
            "lines 4-8/10",
            "bytes +4-8/10",
            "bytes 4-8/99999999999999999999",
            "",
        ] {
            assert_eq!(of(bad, None), None, "{bad}");
        }
        let twice = headers(&[(CONTENT_RANGE, "bytes 4-8/10"), (CONTENT_RANGE, "bytes 4-8/10")]);
        assert_eq!(Part::of(&twice, None), None);
        let several = [(CONTENT_RANGE, "bytes 4-8/10"), (CONTENT_TYPE, "Multipart/Byteranges; boundary=x")];
        assert_eq!(Part::of(&headers(&several), None), None);
    }

    #[test]
    fn a_part_is_as_long_as_its_body() {
        let inexact = |first, last, complete| Some(Part { is_exact: false, ..part(first, last, complete) });
        assert_eq!(of("bytes 4-9/10", Some(5)), inexact(4, 8, 9));
        assert_eq!(of("bytes 2-6/10", Some(3)), inexact(2, 4, 10));
        assert_eq!(of("bytes 4-8/10", Some(6)), None);
        assert_eq!(of("bytes 4-8/10", Some(0)), None);
        assert_eq!(of("bytes 18446744073709551610-18446744073709551612/18446744073709551615", Some(9)), None);
    }

    #[test]
    fn rfc9111_3_3_a_part_answers_what_lies_within_it() {
        let tagged = headers(&[(ETAG, "\"a\"")]);
        let answer = |part: Part, range: &str| part.answer(&Method::GET, &headers(&[(RANGE, range)]), &tagged);
        let (middle, end) = (part(4, 7, 10), part(4, 9, 10));
        assert_eq!(answer(middle, "bytes=4-7"), Some((4, 7)));
        assert_eq!(answer(middle, "bytes=5-5"), Some((5, 5)));
        assert_eq!(answer(end, "bytes=6-"), Some((6, 9)));
        assert_eq!(answer(end, "bytes=-1"), Some((9, 9)));
        assert_eq!(answer(end, "bytes=5-99"), Some((5, 9)));
        for range in ["bytes=3-5", "bytes=5-8", "bytes=6-", "bytes=-1", "bytes=4-4,6-6", "bytes=10-", "bytes=x"] {
            assert_eq!(answer(middle, range), None, "{range}");
        }
        let whole = HeaderMap::new();
        assert_eq!(end.answer(&Method::GET, &whole, &tagged), None);
        assert_eq!(end.answer(&Method::HEAD, &headers(&[(RANGE, "bytes=5-6")]), &tagged), None);
        let other = headers(&[(RANGE, "bytes=5-6"), (IF_RANGE, "\"b\"")]);
        assert_eq!(end.answer(&Method::GET, &other, &tagged), None);
    }

    #[test]
    fn rfc9110_15_3_7_3_which_parts_are_joined() {
        let joined = |stored, received| {
            join(&stored, &received).map(|joined| (joined.part.first, joined.part.last, joined.before, joined.behind))
        };
        assert_eq!(joined(part(0, 4, 10), part(5, 9, 10)), Some((0, 9, 0..5, 5..5)));
        assert_eq!(joined(part(5, 9, 10), part(0, 4, 10)), Some((0, 9, 0..0, 0..5)));
        assert_eq!(joined(part(2, 8, 10), part(4, 5, 10)), Some((2, 8, 0..2, 4..7)));
        assert_eq!(joined(part(2, 6, 10), part(4, 9, 10)), Some((2, 9, 0..2, 5..5)));
        assert_eq!(joined(part(0, 3, 10), part(5, 9, 10)), None);
        assert_eq!(joined(part(5, 9, 10), part(0, 3, 10)), None);
        assert_eq!(joined(part(4, 5, 10), part(2, 8, 10)), None);
        assert_eq!(joined(part(0, 4, 10), part(5, 9, 11)), None);
        assert_eq!(joined(Part { is_exact: false, ..part(0, 4, 10) }, part(5, 9, 10)), None);
    }

    #[test]
    fn rfc9110_8_8_2_2_which_validators_are_strong() {
        let minute_later = (DATE, "Sun, 06 Nov 1994 08:50:37 GMT");
        let too_soon = (DATE, "Sun, 06 Nov 1994 08:50:36 GMT");
        for (fields, strong) in [
            (&[(ETAG, "\"a\"")][..], Some("\"a\"")),
            (&[(ETAG, "W/\"a\""), (LAST_MODIFIED, DAY), minute_later.clone()], None),
            (&[(LAST_MODIFIED, DAY), minute_later], Some(DAY)),
            (&[(LAST_MODIFIED, DAY), too_soon], None),
            (&[(LAST_MODIFIED, DAY)], None),
            (&[], None),
        ] {
            let found = strong_validator(&headers(fields), UNIX_EPOCH).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(found.as_deref(), strong, "{fields:?}");
        }
        let tag = |tag| headers(&[(ETAG, tag)]);
        assert!(same_version(&tag("\"a\""), &tag("\"a\""), UNIX_EPOCH));
        assert!(!same_version(&tag("\"a\""), &tag("\"b\""), UNIX_EPOCH));
        assert!(!same_version(&tag("W/\"a\""), &tag("W/\"a\""), UNIX_EPOCH));
        assert!(!same_version(&HeaderMap::new(), &HeaderMap::new(), UNIX_EPOCH));
    }

    proptest! {
        #[test]
        fn what_is_joined_is_the_whole_cut_once(
            complete in 1..40_u64, ends in (0..40_u64, 0..40_u64, 0..40_u64, 0..40_u64),
        ) {
            let between = |a: u64, b: u64| part(a.min(b) % complete, (a.min(b) % complete).max(a.max(b) % complete), complete);
            let (stored, received) = (between(ends.0, ends.1), between(ends.2, ends.3));
            let bytes = |part: &Part| (part.first..=part.last).collect::<Vec<_>>();
            if let Some(joined) = join(&stored, &received) {
                let old = bytes(&stored);
                let cut = |range: &Range<u64>| old[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec();
                let all = [cut(&joined.before), bytes(&received), cut(&joined.behind)].concat();
                prop_assert_eq!(all, bytes(&joined.part));
            }
        }
    }
}
