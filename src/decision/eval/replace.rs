//! `regsub`, `regsuball` and `std.replace`.

use std::borrow::Cow;

use memchr::memmem;
use regex::bytes::Captures;

use super::text::append;
use crate::lang::hir::Pattern;

/// The text with the first match, or all of them, replaced; borrowed if nothing matches.
///
/// The replacement is asked for only when something matches; unset counts as empty.
pub(super) fn substitute<'a>(
    text: Cow<'a, [u8]>,
    pattern: &Pattern,
    replacement: impl FnOnce() -> Option<Cow<'a, [u8]>>,
    all: bool,
) -> Cow<'a, [u8]> {
    let Some(regex) = pattern.regex().filter(|regex| regex.is_match(&text)) else { return text };
    let replacement = replacement().unwrap_or_default();
    let mut written = Vec::with_capacity(text.len());
    let mut copied = 0;
    for captures in regex.captures_iter(&text).take(if all { usize::MAX } else { 1 }) {
        let Some(whole) = captures.get(0) else { break };
        append(&mut written, text.get(copied..whole.start()).unwrap_or_default());
        expand(&replacement, &captures, &mut written);
        copied = whole.end();
    }
    append(&mut written, text.get(copied..).unwrap_or_default());
    Cow::Owned(written)
}

/// `\0` to `\9` are the match and its groups; any other character behind `\` stands for itself.
fn expand(replacement: &[u8], captures: &Captures<'_>, written: &mut Vec<u8>) {
    let mut rest = replacement;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at(at);
        append(written, plain);
        match escape.get(1) {
            Some(digit @ b'0'..=b'9') => {
                let group = captures.get(usize::from(digit - b'0'));
                append(written, group.map_or(&b""[..], |group| group.as_bytes()));
            }
            Some(byte) => append(written, &[*byte]),
            None => append(written, b"\\"),
        }
        rest = escape.get(2..).unwrap_or_default();
    }
    append(written, rest);
}

/// The text with every `from` replaced by `to`; borrowed if there is none or `from` is empty.
pub(super) fn replace<'a>(text: Cow<'a, [u8]>, from: &[u8], to: &[u8]) -> Cow<'a, [u8]> {
    if from.is_empty() || memmem::find(&text, from).is_none() {
        return text;
    }
    let mut written = Vec::with_capacity(text.len());
    let mut copied = 0;
    for at in memmem::find_iter(&text, from) {
        append(&mut written, text.get(copied..at).unwrap_or_default());
        append(&mut written, to);
        copied = at + from.len();
    }
    append(&mut written, text.get(copied..).unwrap_or_default());
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sub(text: &str, pattern: &str, replacement: &'static str, all: bool) -> String {
        let replacement = || Some(Cow::Borrowed(replacement.as_bytes()));
        let written = substitute(Cow::Borrowed(text.as_bytes()), &Pattern::new(pattern), replacement, all);
        String::from_utf8(written.into_owned()).unwrap()
    }

    #[test]
    fn one_match_or_all_are_replaced() {
        assert_eq!(sub("aXbXc", "X", "-", false), "a-bXc");
        assert_eq!(sub("aXbXc", "X", "-", true), "a-b-c");
        assert_eq!(sub("abc", "X", "-", true), "abc");
        assert_eq!(sub("abc", "", "-", true), "-a-b-c-");
    }

    #[test]
    fn groups_stand_behind_backslashes() {
        assert_eq!(sub("www.example.com", r"^(www)\.(.*)$", r"\2/\1:\0:\9", false), "example.com/www:www.example.com:");
        assert_eq!(sub("a", "a", r"\\1\x\", false), r"\1x\");
    }

    #[test]
    fn plain_text_is_replaced_everywhere() {
        assert_eq!(replace(Cow::Borrowed(b"a--b--"), b"--", b"+"), &b"a+b+"[..]);
        assert!(matches!(replace(Cow::Borrowed(b"ab"), b"", b"+"), Cow::Borrowed(b"ab")));
    }
}
