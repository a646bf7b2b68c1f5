//! The cookies of a request (RFC 6265 section 5.4).

use std::borrow::Cow;
use std::ops::Range;

use super::expression::part;

/// The cookies as they are written, white space around them cut, without the empty ones.
pub(super) fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
}

/// The name of a cookie; a cookie without `=` is all name.
pub(super) fn name(pair: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'=', pair).unwrap_or(pair.len());
    pair.get(..end).unwrap_or_default().trim_ascii_end()
}

/// The names.
pub(crate) fn names(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    pairs(header).map(name)
}

/// The value of the first cookie of that name, quotes and all; `None` if there is none.
pub(crate) fn cookie<'a>(header: Cow<'a, [u8]>, wanted: &[u8]) -> Option<Cow<'a, [u8]>> {
    first(header, |name| name == wanted)
}

/// The value of the first cookie that has such a name.
pub(super) fn first(header: Cow<'_, [u8]>, wanted: impl Fn(&[u8]) -> bool) -> Option<Cow<'_, [u8]>> {
    let value = values(&header, wanted).next()?;
    let range = place_in(&header, value);
    Some(part(header, range))
}

/// The value of the last cookie of that name, which takes the place of those before it for Varnish.
pub(super) fn last<'a>(header: Cow<'a, [u8]>, wanted: &[u8]) -> Option<Cow<'a, [u8]>> {
    let value = values(&header, |name| name == wanted).last()?;
    let range = place_in(&header, value);
    Some(part(header, range))
}

/// Where a value, which is a part of the field, stands in it.
fn place_in(header: &[u8], value: &[u8]) -> Range<usize> {
    let offset = value.as_ptr().addr() - header.as_ptr().addr();
    offset..offset + value.len()
}

/// The values of all cookies that have such a name.
pub(super) fn values(header: &[u8], wanted: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = &[u8]> {
    pairs(header).filter(move |pair| wanted(name(pair))).map(|pair| {
        let start = memchr::memchr(b'=', pair).map_or(pair.len(), |mark| mark + 1);
        pair.get(start..).unwrap_or_default().trim_ascii_start()
    })
}

/// Whether a cookie of that name may be found in a field, however that is written.
pub(crate) fn may_be_found(name: &[u8]) -> bool {
    !name.iter().any(|byte| matches!(byte, b'=' | b';')) && name.trim_ascii() == name
}

/// Whether a cookie can have that name: one that is read back as it is (RFC 6265 section 4.1.1, a little wider).
pub(super) fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'=' | b';' | b','))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(header: &str, name: &str) -> Option<String> {
        let value = cookie(Cow::Borrowed(header.as_bytes()), name.as_bytes())?;
        Some(String::from_utf8(value.into_owned()).unwrap())
    }

    #[test]
    fn for_varnish_the_last_cookie_of_a_name_counts() {
        let get = |name: &str| last(Cow::Borrowed(b"dup=1; a=2; dup = 3; d"), name.as_bytes()).map(Cow::into_owned);
        assert_eq!((get("dup").as_deref(), get("a").as_deref()), (Some(&b"3"[..]), Some(&b"2"[..])));
        assert_eq!((get("d").as_deref(), get("du")), (Some(&b""[..]), None));
    }

    #[test]
    fn the_first_cookie_of_a_name_counts() {
        assert_eq!(get("a=1; b=2;b=3", "b").as_deref(), Some("2"));
        assert_eq!(get("a=x=y", "a").as_deref(), Some("x=y"));
        assert_eq!(get("a", "a").as_deref(), Some(""));
        assert_eq!(get(" ; ;a = 1 ", "a").as_deref(), Some("1"));
        assert_eq!(get("ab=1", "a"), None);
    }

    #[test]
    fn what_ends_a_name_or_stands_around_it_is_in_none_that_is_found() {
        for name in ["a;b", "a=b", " a", "a\t"] {
            assert!(!may_be_found(name.as_bytes()), "{name}");
            assert_eq!(get(&format!("{name}=1; {name}"), name), None);
        }
        assert!(may_be_found(b"") && get("=1", "").is_some());
        assert!(may_be_found(b"a b,\"c\"") && get("a b,\"c\"=1", "a b,\"c\"").is_some());
    }

    #[test]
    fn owned_headers_yield_the_same() {
        let value = cookie(Cow::Owned(b"a=1; bc=234".to_vec()), b"bc").unwrap();
        assert_eq!(value, &b"234"[..]);
    }
}
