//! The query of a URL: its parameters by name.
//!
//! Names and values are percent-decoded (RFC 3986 section 2.1) to be compared; `+` stays `+`. A
//! parameter without `=` has the empty value; empty parameters (`a&&b`) are passed over.

use std::borrow::Cow;

use super::expression::part;
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::{Message, Variable};

/// The variable that holds the URL of a request.
pub(super) fn url_of(message: Message) -> Option<Variable> {
    match message {
        Message::Req => Some(Variable::ReqUrl),
        Message::Bereq => Some(Variable::BereqUrl),
        Message::Beresp | Message::ObjStale | Message::Obj | Message::Resp => None,
    }
}

/// What stands behind the first `?`; `None` without one.
pub(crate) fn of_url(url: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    let mark = memchr::memchr(b'?', &url)?;
    let end = url.len();
    Some(part(url, mark + 1..end))
}

/// What stands behind the `?` of the client's URL, its parameters sorted if that is wanted; `None` without one.
pub(super) fn whole<F: Facts>(facts: &F, sorted: bool) -> Option<Cow<'static, [u8]>> {
    let Value::Text(Some(url)) = facts.get(Variable::ReqUrl) else { return None };
    let query = of_url(url)?;
    let whole = if sorted { sort(&query).join(&b"&"[..]) } else { query.into_owned() };
    Some(Cow::Owned(whole))
}

/// The parameters by decoded name; values of one name keep their order.
pub(super) fn sort(query: &[u8]) -> Vec<&[u8]> {
    let mut sorted: Vec<&[u8]> = parameters(query).collect();
    sorted.sort_by_cached_key(|parameter| name(parameter));
    sorted
}

/// The parameters as they are written, without the empty ones.
pub(super) fn parameters(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    query.split(|byte| *byte == b'&').filter(|parameter| !parameter.is_empty())
}

/// The decoded name of a parameter.
pub(super) fn name(parameter: &[u8]) -> Cow<'_, [u8]> {
    let end = memchr::memchr(b'=', parameter).unwrap_or(parameter.len());
    decode(parameter.get(..end).unwrap_or_default())
}

/// The decoded names.
pub(crate) fn names(query: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    parameters(query).map(name)
}

/// The decoded value of the first parameter of that name; `None` if there is none.
pub(crate) fn parameter<'a>(query: Cow<'a, [u8]>, wanted: &[u8]) -> Option<Cow<'a, [u8]>> {
    match query {
        Cow::Borrowed(query) => value(query, wanted),
        Cow::Owned(query) => value(&query, wanted).map(|value| Cow::Owned(value.into_owned())),
    }
}

fn value<'a>(query: &'a [u8], wanted: &[u8]) -> Option<Cow<'a, [u8]>> {
    values(query, wanted).next()
}

/// The decoded values of all parameters of that name.
pub(super) fn values<'a>(query: &'a [u8], wanted: &[u8]) -> impl Iterator<Item = Cow<'a, [u8]>> {
    parameters(query).filter(move |parameter| *name(parameter) == *wanted).map(|parameter| {
        let start = memchr::memchr(b'=', parameter).map_or(parameter.len(), |mark| mark + 1);
        decode(parameter.get(start..).unwrap_or_default())
    })
}

/// The text with `%XX` replaced by the byte; a `%` without two digits stays as it is.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let byte = if *first == b'%' { escaped(behind) } else { None };
        decoded.push(byte.unwrap_or(*first));
        rest = behind.get(if byte.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    Cow::Owned(decoded)
}

fn escaped(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| digits.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// The URL with another query; without one if it is empty.
pub(super) fn with_query(url: &[u8], parameters: &[&[u8]]) -> Vec<u8> {
    let path = url.get(..memchr::memchr(b'?', url).unwrap_or(url.len())).unwrap_or_default();
    let mut written = path.to_vec();
    for (at, parameter) in parameters.iter().enumerate() {
        written.push(if at == 0 { b'?' } else { b'&' });
        written.extend_from_slice(parameter);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(query: &str, name: &str) -> Option<String> {
        let value = parameter(Cow::Borrowed(query.as_bytes()), name.as_bytes())?;
        Some(String::from_utf8(value.into_owned()).unwrap())
    }

    #[test]
    fn the_first_parameter_of_a_name_counts_and_is_decoded() {
        assert_eq!(get("a=1&b=2&b=3", "b").as_deref(), Some("2"));
        assert_eq!(get("q=caf%c3%A9+x", "q").as_deref(), Some("café+x"));
        assert_eq!(get("%61=1", "a").as_deref(), Some("1"));
        assert_eq!(get("a&b", "a").as_deref(), Some(""));
        assert_eq!(get("a=1", "A"), None);
        assert_eq!(get("a=%zz%4", "a").as_deref(), Some("%zz%4"));
    }

    #[test]
    fn a_url_without_a_question_mark_has_no_query() {
        assert_eq!(of_url(Cow::Borrowed(b"/a")), None);
        assert_eq!(of_url(Cow::Borrowed(b"/a?")).as_deref(), Some(&b""[..]));
        assert_eq!(of_url(Cow::Borrowed(b"/a?b?c")).as_deref(), Some(&b"b?c"[..]));
    }

    #[test]
    fn a_url_loses_its_question_mark_with_its_last_parameter() {
        assert_eq!(with_query(b"/a?b", &[]), b"/a");
        assert_eq!(with_query(b"/a?b", &[b"c=1", b"d"]), b"/a?c=1&d");
    }
}
