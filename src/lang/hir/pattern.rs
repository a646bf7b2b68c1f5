//! Patterns: regular expressions, and names with `*`.

use std::sync::{Arc, OnceLock};

use regex::bytes::{Regex, RegexBuilder};

/// A regular expression that has been checked and is compiled when it is first needed.
///
/// Matching is on bytes, case-sensitive unless `(?i)` says otherwise, not anchored, and takes time
/// linear in the text. Classes such as `\w` are ASCII, as in Varnish. Clones share what is compiled.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Arc<str>,
    compiled: Arc<OnceLock<Option<Regex>>>,
}

/// The most memory that one compiled pattern may take, in bytes. `check` refuses patterns whose
/// repetitions would come near it, so that compiling on the request path cannot fail.
pub const PATTERN_SIZE_LIMIT_BYTES: usize = 16 << 20;

impl Pattern {
    /// A pattern whose text has been checked.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { text: Arc::from(text.into()), compiled: Arc::default() }
    }

    /// The text as written.
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
    fn patterns_match_bytes_anywhere_in_the_text() {
        assert!(Pattern::new("b.d").is_match(b"ab\xffd"));
        assert!(!Pattern::new("^b").is_match(b"ab"));
    }
}
