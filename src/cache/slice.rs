//! Slices: a representation in pieces of one size, each fetched and stored alone.
//!
//! The slice `n` of size `s` holds the bytes from `n * s` on, the last one what is left. A response is
//! put together only from slices of one version (RFC 9110 §15.3.7.3).

use std::ops::Range;

use http::header::{CONTENT_RANGE, ETAG, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderValue};

use super::entity_tag::EntityTag;
use super::part::Part;

/// Slices are not smaller than this: each is a request and an object of its own.
pub const LEAST_BYTES: u64 = 64 << 10;

/// One slice of a representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The size of all slices but the last one; not 0.
    pub size_bytes: u64,
    /// Its number, counted from 0.
    pub index: u64,
}

impl Slice {
    /// The slice that holds the byte at `place`.
    #[must_use]
    pub fn holding(place: u64, size_bytes: u64) -> Self {
        Self { size_bytes, index: place / size_bytes.max(1) }
    }

    /// The slice to ask for first: the one in which the range of a request begins, as far as that can
    /// be said before the length is known, or else the first one, which tells it.
    #[must_use]
    pub fn first_for(request: &HeaderMap, size_bytes: u64) -> Self {
        let range = request.get(RANGE).and_then(|range| range.to_str().ok()?.trim().strip_prefix("bytes="));
        let first = range.and_then(|range| range.split_once('-')?.0.parse().ok());
        Self::holding(first.unwrap_or(0), size_bytes)
    }

    /// The place of its first byte.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.index.saturating_mul(self.size_bytes)
    }

    /// The one behind it.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { index: self.index.saturating_add(1), ..*self }
    }

    /// The `Range` that asks for it.
    #[must_use]
    pub fn range(&self) -> String {
        let last = self.first().saturating_add(self.size_bytes - 1);
        format!("bytes={}-{last}", self.first())
    }

    /// Whether a part is this slice, neither less nor more.
    #[must_use]
    pub fn is(&self, part: &Part) -> bool {
        let last = self.first().saturating_add(self.size_bytes - 1).min(part.complete - 1);
        part.is_exact && part.first == self.first() && part.last == last
    }

    /// How long the representation is where a 416 with these fields came in place of this slice: as it
    /// says itself (RFC 9110 §14.4), else at most up to where the slice would begin.
    #[must_use]
    pub fn length_by_416(&self, response: &HeaderMap) -> u64 {
        let place = response.get(CONTENT_RANGE).and_then(|place| place.to_str().ok());
        let told = place.and_then(|place| place.trim().strip_prefix("bytes */")?.parse().ok());
        told.unwrap_or_else(|| self.first())
    }

    /// Which bytes of the representation it adds to those of `wanted`.
    #[must_use]
    pub fn of(&self, wanted: &Range<u64>) -> Range<u64> {
        let end = self.first().saturating_add(self.size_bytes);
        wanted.start.max(self.first())..wanted.end.min(end)
    }
}

/// What slices must have in common to be put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// How long the representation is.
    pub complete: u64,
    validator: HeaderValue,
}

impl Version {
    /// The version that a 206 with these fields is `slice` of. `None` when it is not that slice, or
    /// says nothing by which versions could be told apart: a strong `ETag`, or without any a
    /// `Last-Modified`.
    #[must_use]
    pub fn of(response: &HeaderMap, slice: Slice) -> Option<Self> {
        let part = Part::received(response).filter(|part| slice.is(part))?;
        let validator = match response.get(ETAG) {
            Some(tag) => EntityTag::parse(tag.as_bytes()).filter(|tag| !tag.weak).map(|_| tag),
            None => response.get(LAST_MODIFIED),
        };
        Some(Self { complete: part.complete, validator: validator?.clone() })
    }

    /// Whether a 206 with these fields is `slice` of it.
    #[must_use]
    pub fn is_of(&self, response: &HeaderMap, slice: Slice) -> bool {
        Self::of(response, slice).is_some_and(|version| version == *self)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use http::header::CONTENT_LENGTH;
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_request_begins_with_the_slice_that_its_range_begins_in() {
        for (range, index) in
            [("bytes=0-", 0), ("bytes=99-", 0), ("bytes=100-100", 1), ("bytes=250-", 2), ("bytes=-5", 0), ("x", 0)]
        {
            assert_eq!(Slice::first_for(&headers(&[(RANGE, range)]), 100).index, index, "{range}");
        }
        assert_eq!(Slice { size_bytes: 100, index: 2 }.range(), "bytes=200-299");
    }

    #[test]
    fn rfc9110_14_4_a_416_tells_the_length() {
        let slice = Slice { size_bytes: 100, index: 3 };
        for (place, length) in [("bytes */0", 0), ("bytes */250", 250), ("bytes */*", 300), ("bytes 0-9/10", 300)] {
            assert_eq!(slice.length_by_416(&headers(&[(CONTENT_RANGE, place)])), length, "{place}");
        }
        assert_eq!(slice.length_by_416(&HeaderMap::new()), 300);
    }

    #[test]
    fn rfc9110_15_3_7_3_slices_of_one_version() {
        let slice = Slice { size_bytes: 100, index: 1 };
        let of = |place: &str, length: &str, validator: (HeaderName, &str)| {
            Version::of(&headers(&[(CONTENT_RANGE, place), (CONTENT_LENGTH, length), validator]), slice)
        };
        let tag = |tag| (ETAG, tag);
        let version = of("bytes 100-199/250", "100", tag("\"a\"")).unwrap();
        assert_eq!(version.complete, 250);
        assert_eq!(of("bytes 100-149/150", "50", tag("\"a\"")).map(|version| version.complete), Some(150));
        assert_ne!(of("bytes 100-199/250", "100", tag("\"b\"")).unwrap(), version);
        assert_ne!(of("bytes 100-199/251", "100", tag("\"a\"")).unwrap(), version);
        for place in ["bytes 100-198/250", "bytes 101-199/250", "bytes 100-200/250", "bytes 0-99/250", "x"] {
            assert_eq!(of(place, "99", tag("\"a\"")), None, "{place}");
        }
        assert_eq!(of("bytes 100-199/250", "100", tag("W/\"a\"")), None);
        assert!(of("bytes 100-199/250", "100", (LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT")).is_some());
    }

    proptest! {
        #[test]
        fn slices_one_behind_the_other_are_what_is_wanted(start in 0..500_u64, len in 1..500_u64, size in 1..99_u64) {
            let wanted = start..start + len;
            let mut slice = Slice::holding(wanted.start, size);
            let mut place = wanted.start;
            while place < wanted.end {
                let bytes = slice.of(&wanted);
                prop_assert!(bytes.start == place && bytes.end > place);
                place = bytes.end;
                slice = slice.next();
            }
            prop_assert_eq!(place, wanted.end);
        }
    }
}
