//! `regsub`, `regsuball` and `std.replace`.

use std::borrow::Cow;

use memchr::memmem;
use regex::bytes::Captures;

use super::text::append;
use crate::lang::hir::Pattern;

/// The text with the first match, or all of them, replaced; borrowed if nothing matches. Behind the first match what
/// is empty counts for none, as in Varnish: `regsuball("abc", "", "-")` is `-abc`.
///
/// The replacement is asked for only when something matches; unset counts as empty.
pub(super) fn substitute<'a>(
    text: Cow<'a, [u8]>,
    pattern: &Pattern,
    replacement: impl FnOnce() -> Option<Cow<'a, [u8]>>,
    all: bool,
    limit_bytes: usize,
) -> Cow<'a, [u8]> {
    let Some(regex) = pattern.regex().filter(|regex| regex.is_match(&text)) else { return text };
    let replacement = replacement().unwrap_or_default();
    let mut written = Written { text: Vec::with_capacity(text.len().min(limit_bytes)), limit_bytes };
    let mut copied = 0;
    for (at, captures) in regex.captures_iter(&text).take(if all { usize::MAX } else { 1 }).enumerate() {
        let Some(whole) = captures.get(0) else { break };
        if at > 0 && whole.is_empty() {
            continue;
        }
        written.append(text.get(copied..whole.start()).unwrap_or_default());
        expand(&replacement, &captures, &mut written);
        copied = whole.end();
        if written.is_full() {
            break;
        }
    }
    written.append(text.get(copied..).unwrap_or_default());
    Cow::Owned(written.text)
}

/// A text that is made, up to a limit.
struct Written {
    text: Vec<u8>,
    limit_bytes: usize,
}

impl Written {
    fn append(&mut self, more: &[u8]) {
        append(&mut self.text, more, self.limit_bytes);
    }

    /// Whether all that follows would be cut off.
    fn is_full(&self) -> bool {
        self.text.len() >= self.limit_bytes
    }
}

/// `\0` to `\9` are the match and its groups; any other character behind `\` stands for itself.
fn expand(replacement: &[u8], captures: &Captures<'_>, written: &mut Written) {
    let mut rest = replacement;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at(at);
        written.append(plain);
        match escape.get(1) {
            Some(digit @ b'0'..=b'9') => {
                let group = captures.get(usize::from(digit - b'0'));
                written.append(group.map_or(&b""[..], |group| group.as_bytes()));
            }
            Some(byte) => written.append(&[*byte]),
            None => written.append(b"\\"),
        }
        rest = escape.get(2..).unwrap_or_default();
    }
    written.append(rest);
}

/// The text with every `from` replaced by `to`; borrowed if there is none or `from` is empty.
pub(super) fn replace<'a>(text: Cow<'a, [u8]>, from: &[u8], to: &[u8], limit_bytes: usize) -> Cow<'a, [u8]> {
    if from.is_empty() || memmem::find(&text, from).is_none() {
        return text;
    }
    let mut written = Written { text: Vec::with_capacity(text.len().min(limit_bytes)), limit_bytes };
    let mut copied = 0;
    for at in memmem::find_iter(&text, from) {
        written.append(text.get(copied..at).unwrap_or_default());
        written.append(to);
        copied = at + from.len();
        if written.is_full() {
            break;
        }
    }
    written.append(text.get(copied..).unwrap_or_default());
    Cow::Owned(written.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sub(text: &str, pattern: &str, replacement: &'static str, all: bool) -> String {
        let replacement = || Some(Cow::Borrowed(replacement.as_bytes()));
        let written = substitute(Cow::Borrowed(text.as_bytes()), &Pattern::new(pattern), replacement, all, 1_000);
        String::from_utf8(written.into_owned()).unwrap()
    }

    #[test]
    fn one_match_or_all_are_replaced() {
        assert_eq!(sub("aXbXc", "X", "-", false), "a-bXc");
        assert_eq!(sub("aXbXc", "X", "-", true), "a-b-c");
        assert_eq!(sub("abc", "X", "-", true), "abc");
    }

    /// As varnishd 7.1.1 answers.
    #[test]
    fn only_the_first_match_may_be_empty() {
        for (text, pattern, expected) in [
            ("abc", "", "-abc"),
            ("abc", "x*", "-abc"),
            ("abcb", "b*", "-a-c-"),
            ("xaax", "a*", "-x-x"),
            ("aXbX", "$", "aXbX-"),
            ("a b", r"\b", "-a b"),
            ("xayaz", "a|$", "x-y-z"),
            ("aaa", "a{2}|", "-a"),
            ("", "", "-"),
        ] {
            assert_eq!(sub(text, pattern, "-", true), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn groups_stand_behind_backslashes() {
        assert_eq!(sub("www.example.com", r"^(www)\.(.*)$", r"\2/\1:\0:\9", false), "example.com/www:www.example.com:");
        assert_eq!(sub("a", "a", r"\\1\x\", false), r"\1x\");
    }

    #[test]
    fn plain_text_is_replaced_everywhere() {
        assert_eq!(replace(Cow::Borrowed(b"a--b--"), b"--", b"+", 100), &b"a+b+"[..]);
        assert!(matches!(replace(Cow::Borrowed(b"ab"), b"", b"+", 100), Cow::Borrowed(b"ab")));
    }
}
