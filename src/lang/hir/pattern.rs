//! Patterns: regular expressions, and names with `*`.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use regex::bytes::{Regex, RegexBuilder};

use super::pcre::{Translated, translate};

/// A regular expression that has been checked and is compiled when it is first needed.
///
/// Matching is on bytes, case-sensitive unless `(?i)` says otherwise, not anchored, and takes time
/// linear in the text. Classes such as `\w` are ASCII, as in Varnish, and what means another thing to PCRE2 than to the
/// engine means that ([`translate`]). Clones share what is compiled.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Arc<str>,
    compiled: Arc<OnceLock<Option<Regex>>>,
}

/// The most memory that one compiled pattern may take, in bytes. `check` refuses patterns whose
/// repetitions would come near it, so that compiling on the request path cannot fail.
pub const PATTERN_SIZE_LIMIT_BYTES: usize = 16 << 20;

impl Pattern {
    /// A pattern whose text, as it was written, has been checked.
    #[must_use]
    pub fn new(text: impl AsRef<str>) -> Self {
        Self::of(&translate(text.as_ref()))
    }

    /// The same, of what was translated already.
    #[must_use]
    pub fn of(translated: &Translated<'_>) -> Self {
        Self { text: Arc::from(&*translated.text), compiled: Arc::default() }
    }

    /// A pattern that is compiled already, of the text that the engine read.
    #[must_use]
    pub fn compiled(text: impl Into<Box<str>>, regex: Regex) -> Self {
        Self { text: Arc::from(text.into()), compiled: Arc::new(OnceLock::from(Some(regex))) }
    }

    /// The text as the engine reads it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The compiled pattern, built on the first call; `None` only if the text was never checked.
    #[must_use]
    pub fn regex(&self) -> Option<&Regex> {
        let build = || RegexBuilder::new(&self.text).unicode(false).size_limit(PATTERN_SIZE_LIMIT_BYTES).build().ok();
        self.compiled.get_or_init(build).as_ref()
    }

    /// Whether it matches somewhere in `text`.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// The literal that a regular expression asks for at the start of the text, and what follows, as a regular expression of
/// its own: `^/a/[0-9]+$` is `/a/` and `[0-9]+$`. `None` if it has none, or if that takes a closer look. Many rules differ
/// in their literal alone.
#[must_use]
pub fn literal_start(pattern: &str) -> Option<(String, &str)> {
    let body = pattern.strip_prefix('^').filter(|body| !alternates(body))?;
    let mut literal = String::new();
    let (mut at, mut before) = (0, 0);
    while let Some((byte, length)) = literal_at(body.as_bytes().get(at..)?) {
        literal.push(char::from(byte));
        (before, at) = (at, at + length);
    }
    if matches!(body.as_bytes().get(at), Some(b'*' | b'+' | b'?' | b'{')) {
        literal.pop();
        at = before;
    }
    Some((literal, body.get(at..)?)).filter(|(literal, _)| !literal.is_empty())
}

/// The character that stands for itself at the start of a pattern, and how many bytes it takes.
fn literal_at(pattern: &[u8]) -> Option<(u8, usize)> {
    match pattern {
        [b'\\', mark, ..] if mark.is_ascii_punctuation() && !matches!(mark, b'<' | b'>') => Some((*mark, 2)),
        [byte, ..] if byte.is_ascii_alphanumeric() || b" !\"#%&',-/:;<=>@_`~".contains(byte) => Some((*byte, 1)),
        _ => None,
    }
}

/// Whether there are alternatives outside of groups, or perhaps: flags may change what is read.
fn alternates(pattern: &str) -> bool {
    if memchr::memchr2(b'|', b'(', pattern.as_bytes()).is_none() {
        return false;
    }
    let (mut rest, mut groups) = (pattern.as_bytes(), 0_usize);
    while let Some((byte, behind)) = rest.split_first() {
        rest = match byte {
            b'\\' => behind.get(1..).unwrap_or_default(),
            b'[' => behind_class(behind),
            _ => behind,
        };
        match byte {
            b'(' if rest.starts_with(b"?") && !rest.starts_with(b"?:") => return true,
            b'(' => groups += 1,
            b')' => groups = groups.saturating_sub(1),
            b'|' if groups == 0 => return true,
            _ => {}
        }
    }
    false
}

/// What follows a class, behind the `[` that opens it; classes nest.
fn behind_class(pattern: &[u8]) -> &[u8] {
    let opened = |rest: &'_ [u8]| {
        let negated = usize::from(rest.starts_with(b"^"));
        negated + usize::from(rest.get(negated) == Some(&b']'))
    };
    let mut rest = pattern.get(opened(pattern)..).unwrap_or_default();
    let mut depth = 1;
    while depth > 0
        && let Some((byte, behind)) = rest.split_first()
    {
        let skipped = match byte {
            b'\\' => 1,
            b'[' => opened(behind),
            _ => 0,
        };
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => {}
        }
        rest = behind.get(skipped..).unwrap_or_default();
    }
    rest
}

/// A name in which `*` stands for any number of characters: `utm_*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob(String);

impl Glob {
    /// The pattern of that text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether `name` is like it, case-sensitive. O(pattern × name) at worst.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        let pattern = self.0.as_bytes();
        let (mut at, mut star) = ((0, 0), None);
        while at.1 < name.len() {
            match pattern.get(at.0) {
                Some(b'*') => {
                    star = Some(at);
                    at.0 += 1;
                }
                Some(byte) if *byte == name[at.1] => at = (at.0 + 1, at.1 + 1),
                _ => {
                    let Some((star_pattern, star_name)) = star else { return false };
                    star = Some((star_pattern, star_name + 1));
                    at = (star_pattern + 1, star_name + 1);
                }
            }
        }
        pattern[at.0..].iter().all(|byte| *byte == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_number_of_characters() {
        let matches = |pattern: &str, name: &str| Glob::new(pattern).matches(name.as_bytes());
        assert!(matches("utm_*", "utm_source"));
        assert!(matches("utm_*", "utm_"));
        assert!(matches("*a*b", "xaxab"));
        assert!(matches("*", ""));
        assert!(!matches("utm_*", "utm"));
        assert!(!matches("a*b", "abc"));
        assert!(!matches("sid", "sid2"));
    }

    #[test]
    fn literals_at_the_start_are_told_from_what_follows() {
        let split = |pattern| literal_start(pattern).map(|(literal, rest)| (literal, rest.to_owned()));
        let of = |literal: &str, rest: &str| Some((literal.to_owned(), rest.to_owned()));
        assert_eq!(split("^/a/[0-9]+$"), of("/a/", "[0-9]+$"));
        assert_eq!(split(r"^/a\.b$"), of("/a.b", "$"));
        assert_eq!(split(r"^/a\.*b"), of("/a", r"\.*b"));
        assert_eq!(split("^/ab{2}"), of("/a", "b{2}"));
        assert_eq!(split("^/a(b|c)"), of("/a", "(b|c)"));
        assert_eq!(split("^/a[|]b"), of("/a", "[|]b"));
        assert_eq!(split(r"^/a\d"), of("/a", r"\d"));
        for whole in ["/a", "^", "^a|b", "^a*", "^a[(]|b", "^a[])]|b", "^a(?i)b", "^(?i:a)", "^[a]"] {
            assert_eq!(split(whole), None, "{whole}");
        }
    }

    #[test]
    fn patterns_match_bytes_anywhere_in_the_text() {
        assert!(Pattern::new("b.d").is_match(b"ab\xffd"));
        assert!(!Pattern::new("^b").is_match(b"ab"));
    }
}
