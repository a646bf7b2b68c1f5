//! Text: parts of it, its case, what it holds.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use super::{Arguments, Given};
use crate::decision::eval::expression::part;
use crate::decision::eval::text::append;
use crate::decision::eval::{normalize, query, replace, shell};
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::function::Text;

/// Unset text stays unset where text comes out, and is part of nothing.
pub(super) fn value<'a, F: Facts>(function: Text, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    match arguments.text(0) {
        Some(text) => of_text(function, text, arguments),
        None => of_unset(function),
    }
}

fn of_unset<'a>(function: Text) -> Value<'a> {
    match function {
        Text::Strlen | Text::Count => Value::Int(0),
        Text::Contains
        | Text::ContainsAny
        | Text::Prefixof
        | Text::Suffixof
        | Text::StartsWith
        | Text::EndsWith
        | Text::Fnmatch => Value::Bool(false),
        _ => Value::UNSET,
    }
}

fn of_text<'a, F: Facts>(function: Text, text: Cow<'a, [u8]>, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let number = |at| arguments.get::<i64>(at).unwrap_or(0);
    let limit = arguments.text_limit_bytes();
    let both = |test: fn(&[u8], &[u8]) -> bool| arguments.text(1).is_some_and(|other| test(&text, &other)).into();
    match function {
        Text::ToLower => lower(text).into(),
        Text::ToUpper => upper(text).into(),
        Text::Strlen => count(text.len()),
        Text::Strstr => arguments.text(1).and_then(|wanted| from_part(text, &wanted)).into(),
        Text::Contains => both(|text, wanted| memmem::find(text, wanted).is_some()),
        Text::ContainsAny => arguments.list(1).iter().any(|wanted| memmem::find(&text, wanted).is_some()).into(),
        Text::Prefixof | Text::StartsWith => both(<[u8]>::starts_with),
        Text::Suffixof | Text::EndsWith => both(<[u8]>::ends_with),
        Text::Fnmatch => arguments.text(1).is_some_and(|other| shell_rules(arguments).hold(&text, &other)).into(),
        Text::Replace => replace::replace(text, &arguments.bytes(1), &arguments.bytes(2), limit).into(),
        Text::ReplacePrefix => replace_prefix(text, &arguments.bytes(1), &arguments.bytes(2), limit).into(),
        Text::ReplaceSuffix => replace_suffix(text, &arguments.bytes(1), &arguments.bytes(2), limit).into(),
        Text::Substr => substr(text.len(), number(1), number(2)).map(|range| part(text, range)).into(),
        Text::Take => within(text, |text| take(text.len(), number(1), number(2))).into(),
        Text::Split => token(&text, number(1), &arguments.bytes(2)).map(|range| part(text, range)).into(),
        Text::Count => occurrences(&text, &arguments.bytes(1)),
        Text::Basename => within(text, basename).into(),
        Text::Dirname => dirname(text).into(),
        Text::Pad => pad(text, number(1), &arguments.bytes(2), limit).into(),
        Text::Reverse | Text::StrReverse => text.iter().rev().copied().collect::<Vec<u8>>().into(),
        Text::Repeat => repeated(&text, number(1), limit).into(),
        Text::Trim => within(text, |text| trim(text, &arguments.bytes(1), &arguments.bytes(2))).into(),
        Text::Querysort => sorted(text).into(),
    }
}

/// What a shell pattern means by its signs, as the arguments behind the text say.
fn shell_rules<F: Facts>(arguments: &Arguments<'_, '_, F>) -> shell::Rules {
    let flag = |at| arguments.get::<bool>(at).unwrap_or_default();
    shell::Rules { pathname: flag(2), noescape: flag(3), period: flag(4) }
}

/// A number of bytes as INT.
fn count<'a>(bytes: usize) -> Value<'a> {
    Value::Int(i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// A number as one of bytes, its sign left out.
fn bytes(number: i64) -> usize {
    usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX)
}

/// The part of a text that `range` names.
fn within(text: Cow<'_, [u8]>, range: impl FnOnce(&[u8]) -> Range<usize>) -> Cow<'_, [u8]> {
    let range = range(&text);
    part(text, range)
}

fn lower(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if text.iter().any(u8::is_ascii_uppercase) { text.to_ascii_lowercase().into() } else { text }
}

fn upper(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if text.iter().any(u8::is_ascii_lowercase) { text.to_ascii_uppercase().into() } else { text }
}

fn from_part<'a>(text: Cow<'a, [u8]>, wanted: &[u8]) -> Option<Cow<'a, [u8]>> {
    let start = memmem::find(&text, wanted)?;
    let end = text.len();
    Some(part(text, start..end))
}

fn replace_prefix<'a>(text: Cow<'a, [u8]>, prefix: &[u8], to: &[u8], limit: usize) -> Cow<'a, [u8]> {
    match text.strip_prefix(prefix) {
        None => text,
        Some(rest) if to.is_empty() => {
            let range = text.len() - rest.len()..text.len();
            part(text, range)
        }
        Some(rest) => joined(to, rest, limit),
    }
}

fn replace_suffix<'a>(text: Cow<'a, [u8]>, suffix: &[u8], to: &[u8], limit: usize) -> Cow<'a, [u8]> {
    match text.strip_suffix(suffix) {
        None => text,
        Some(rest) if to.is_empty() => {
            let range = 0..rest.len();
            part(text, range)
        }
        Some(rest) => joined(rest, to, limit),
    }
}

fn joined(first: &[u8], second: &[u8], limit_bytes: usize) -> Cow<'static, [u8]> {
    let mut text = Vec::with_capacity((first.len() + second.len()).min(limit_bytes));
    append(&mut text, first, limit_bytes);
    append(&mut text, second, limit_bytes);
    text.into()
}

/// Where `offset` is in a text, from its end if negative; `None` behind it.
fn place(length: usize, offset: i64) -> Option<usize> {
    if offset < 0 {
        return Some(length.saturating_sub(bytes(offset)));
    }
    Some(bytes(offset)).filter(|place| *place <= length)
}

/// `substr` of Fastly.
fn substr(length: usize, offset: i64, most: i64) -> Option<Range<usize>> {
    let start = place(length, offset)?;
    let end = if most < 0 { length.saturating_sub(bytes(most)) } else { start.saturating_add(bytes(most)).min(length) };
    Some(start..end.max(start))
}

/// `str.take` of varnish-modules.
fn take(length: usize, count: i64, offset: i64) -> Range<usize> {
    let place = place(length, offset).unwrap_or(length);
    if count < 0 {
        return place.saturating_sub(bytes(count))..place;
    }
    place..place.saturating_add(bytes(count)).min(length)
}

/// The part of that number between runs of separators.
fn token(text: &[u8], index: i64, separators: &[u8]) -> Option<Range<usize>> {
    let skipped = bytes(index).checked_sub(1)?;
    let parts = text.split(|byte| separators.contains(byte)).scan(0, |start, part| {
        let range = *start..*start + part.len();
        *start = range.end + 1;
        Some(range)
    });
    let mut parts = parts.filter(|range| !range.is_empty());
    if index > 0 {
        return parts.nth(skipped);
    }
    let parts: Vec<Range<usize>> = parts.collect();
    parts.into_iter().rev().nth(skipped)
}

fn occurrences<'a>(text: &[u8], wanted: &[u8]) -> Value<'a> {
    count(if wanted.is_empty() { 0 } else { memmem::find_iter(text, wanted).count() })
}

/// Where a path ends without its slashes.
fn path_end(path: &[u8]) -> usize {
    path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1)
}

fn basename(path: &[u8]) -> Range<usize> {
    let end = path_end(path);
    let trimmed = path.get(..end).unwrap_or_default();
    let start = memchr::memrchr(b'/', trimmed).map_or(0, |slash| slash + 1);
    start..if end == 0 { path.len().min(1) } else { end }
}

fn dirname(path: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let trimmed = path.get(..path_end(&path)).unwrap_or_default();
    match memchr::memrchr(b'/', trimmed) {
        None if trimmed.is_empty() && !path.is_empty() => Cow::Borrowed(b"/"),
        None => Cow::Borrowed(b"."),
        Some(slash) => within(path, |path| 0..path_end(path.get(..slash).unwrap_or_default()).max(1)),
    }
}

/// `std.strpad` of Fastly.
fn pad<'a>(text: Cow<'a, [u8]>, width: i64, pad: &[u8], limit: usize) -> Cow<'a, [u8]> {
    let missing = bytes(width).min(limit).saturating_sub(text.len());
    if missing == 0 || pad.is_empty() {
        return text;
    }
    let filler: Vec<u8> = pad.iter().copied().cycle().take(missing).collect();
    if width < 0 { joined(&text, &filler, limit) } else { joined(&filler, &text, limit) }
}

fn repeated(text: &[u8], times: i64, limit_bytes: usize) -> Vec<u8> {
    let times = if times < 0 { 0 } else { bytes(times) };
    let (whole, length) = (limit_bytes.checked_div(text.len()).unwrap_or(0), text.len().saturating_mul(times));
    let mut written = text.repeat(times.min(whole));
    let rest = length.min(limit_bytes).saturating_sub(written.len());
    written.extend_from_slice(text.get(..rest).unwrap_or_default());
    written
}

fn trim(text: &[u8], trimmed: &[u8], side: &[u8]) -> Range<usize> {
    let kept = |byte: &u8| !trimmed.contains(byte);
    let end = if side == b"left" { text.len() } else { text.iter().rposition(kept).map_or(0, |last| last + 1) };
    let start = if side == b"right" { 0 } else { text.iter().position(kept).unwrap_or(end) };
    start.min(end)..end
}

/// By the whole parameter, as `std.querysort` of Varnish; `normalize` sorts by name.
fn sorted(url: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let mut parameters: Vec<&[u8]> = normalize::parameters(&url).collect();
    if parameters.is_empty() {
        return url;
    }
    parameters.sort_unstable();
    Cow::Owned(query::with_query(&url, &parameters))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &[u8], range: Range<usize>) -> &[u8] {
        text.get(range).unwrap()
    }

    proptest! {
        #[test]
        fn ranges_lie_within_the_text(
            text in "[ /a]{0,9}",
            first in prop_oneof![-12_i64..12, any::<i64>()],
            second in prop_oneof![-12_i64..12, any::<i64>()],
        ) {
            let text = text.as_bytes();
            substr(text.len(), first, second).map(|range| cut(text, range));
            cut(text, take(text.len(), first, second));
            token(text, first, b" /").map(|range| cut(text, range));
            cut(text, basename(text));
            for side in [&b"both"[..], b"left", b"right"] {
                cut(text, trim(text, b" /", side));
            }
        }
    }

    #[test]
    fn paths_are_taken_apart_as_in_a_shell() {
        for (path, name, folder) in [("/a/b", "b", "/a"), ("a//b//", "b", "a"), ("//", "/", "/"), ("", "", "."), ("//a", "a", "/")] {
            assert_eq!(cut(path.as_bytes(), basename(path.as_bytes())), name.as_bytes(), "{path}");
            assert_eq!(&*dirname(Cow::Borrowed(path.as_bytes())), folder.as_bytes(), "{path}");
        }
    }

    #[test]
    fn nothing_grows_beyond_the_limit() {
        assert_eq!(repeated(b"abc", i64::MAX, 100), [&b"abc".repeat(33)[..], b"a"].concat());
        assert_eq!(repeated(b"ab", 3, 100), b"ababab");
        assert!(repeated(b"", i64::MAX, 100).is_empty() && repeated(b"a", -1, 100).is_empty());
        assert_eq!(pad(Cow::Borrowed(b"a"), i64::MIN, b"-", 100).len(), 100);
    }
}
