//! What is asked of a text, and what of it keeps two texts apart.

use std::borrow::Cow;

use super::{Pattern, literal_start};

/// Texts of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Texts<'h> {
    /// That one.
    Exact(Cow<'h, [u8]>),
    /// Those that start so.
    Prefix(Cow<'h, [u8]>),
    /// Those that end so.
    Suffix(Cow<'h, [u8]>),
    /// Those whose last segment ends in a dot and that, in lower case; letter case aside.
    Extension(Cow<'h, [u8]>),
    /// Those that match, and what they start with then.
    Pattern(Pattern, Option<String>),
}

impl<'h> Texts<'h> {
    /// The texts that are `prefix` or below it.
    #[must_use]
    pub fn under(prefix: &'h [u8]) -> Vec<Self> {
        vec![Self::Exact(prefix.into()), Self::Prefix([prefix, b"/"].concat().into())]
    }

    /// The texts that a pattern matches.
    #[must_use]
    pub fn matching(pattern: &Pattern) -> Self {
        Self::Pattern(pattern.clone(), literal_start(pattern.text()).map(|(start, _)| start))
    }

    /// The same, owning what it says.
    #[must_use]
    pub fn into_owned(self) -> Texts<'static> {
        let own = |text: Cow<'_, [u8]>| Cow::Owned(text.into_owned());
        match self {
            Self::Exact(text) => Texts::Exact(own(text)),
            Self::Prefix(start) => Texts::Prefix(own(start)),
            Self::Suffix(end) => Texts::Suffix(own(end)),
            Self::Extension(extension) => Texts::Extension(own(extension)),
            Self::Pattern(pattern, start) => Texts::Pattern(pattern, start),
        }
    }

    /// What all of them start with, and whether they are nothing but that; `None` if nothing is known of it.
    #[must_use]
    pub fn start(&self) -> Option<(&[u8], bool)> {
        match self {
            Self::Exact(text) => Some((text, true)),
            Self::Prefix(start) => Some((start, false)),
            Self::Pattern(_, start) => Some((start.as_ref()?.as_bytes(), false)),
            Self::Suffix(_) | Self::Extension(_) => None,
        }
    }

    /// Whether no text is both. False where that is not known.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(text), other) | (other, Self::Exact(text)) => !other.holds(text),
            (Self::Suffix(one), Self::Suffix(other)) => !one.ends_with(other) && !other.ends_with(one),
            (Self::Suffix(end), Self::Extension(extension)) | (Self::Extension(extension), Self::Suffix(end)) => {
                let ends = end.iter().rev().zip(extension.iter().rev().chain(b"."));
                ends.into_iter().any(|(one, other)| !one.eq_ignore_ascii_case(other))
            }
            (Self::Extension(one), Self::Extension(other)) => !is_part(one, other) && !is_part(other, one),
            _ => match (self.start(), other.start()) {
                (Some((one, _)), Some((other, _))) => !one.starts_with(other) && !other.starts_with(one),
                _ => false,
            },
        }
    }

    /// Whether all of them are among the others. False where that is not known.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(text), other) => other.holds(text),
            (Self::Pattern(one, _), Self::Pattern(other, _)) => one == other,
            (Self::Suffix(one), Self::Suffix(other)) => one.ends_with(other),
            (Self::Extension(one), Self::Extension(other)) => is_part(one, other),
            (one, Self::Prefix(start)) => one.start().is_some_and(|(one, _)| one.starts_with(start)),
            _ => false,
        }
    }

    /// Whether the text is one of them.
    #[must_use]
    pub fn holds(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(other) => *text == **other,
            Self::Prefix(start) => text.starts_with(start),
            Self::Suffix(end) => text.ends_with(end),
            Self::Extension(extension) => has_extension(text, extension),
            Self::Pattern(pattern, _) => pattern.is_match(text),
        }
    }

    /// Whether a text that is unset counts as one of them.
    #[must_use]
    pub fn holds_unset(&self) -> bool {
        matches!(self, Self::Pattern(pattern, _) if pattern.is_match(b""))
    }
}

/// Whether what has the extension `one` has `other` too: `tar.gz` is `gz`.
fn is_part(one: &[u8], other: &[u8]) -> bool {
    let rest = one.strip_suffix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
}

fn has_extension(text: &[u8], extension: &[u8]) -> bool {
    let Some(dot) = text.len().checked_sub(extension.len() + 1) else { return false };
    let end = text.get(dot..).and_then(|end| end.strip_prefix(b"."));
    end.is_some_and(|end| end.eq_ignore_ascii_case(extension) && !end.contains(&b'/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const TEXTS: &[&str] =
        &["", "/", "/a", "/a/", "/a/b", "/ab", "/a.gz", "/a.tar.gz", "/a.GZ", ".gz", "gz", "/a.gz/b", "/b"];
    const PATTERNS: &[&str] = &["^/a", "^/a/", "^/a$", "gz$", "", "^$", "^/(a|b)", "(?i)^/A", "^/a|b"];

    fn kind(number: usize, text: &'static str, pattern: &'static Pattern) -> Texts<'static> {
        match number {
            0 => Texts::Exact(text.as_bytes().into()),
            1 => Texts::Prefix(text.as_bytes().into()),
            2 => Texts::Suffix(text.as_bytes().into()),
            3 => Texts::Extension(text.as_bytes().into()),
            _ => Texts::matching(pattern),
        }
    }

    fn pattern(text: &str) -> &'static Pattern {
        Box::leak(Box::new(Pattern::new(text)))
    }

    proptest! {
        #[test]
        fn what_is_said_of_two_kinds_holds_for_every_text(
            one in (0_usize..5, select(TEXTS), select(PATTERNS)),
            other in (0_usize..5, select(TEXTS), select(PATTERNS)),
        ) {
            let lower = |(number, text, written): (usize, &'static str, &str)| {
                let is_extension = number == 3 && text.bytes().any(|byte| byte.is_ascii_uppercase());
                kind(number, if is_extension { "gz" } else { text }, pattern(written))
            };
            let (one, other) = (lower(one), lower(other));
            for text in TEXTS.iter().flat_map(|one| TEXTS.iter().map(move |other| format!("{one}{other}"))) {
                let (in_one, in_other) = (one.holds(text.as_bytes()), other.holds(text.as_bytes()));
                prop_assert!(!(one.excludes(&other) && in_one && in_other), "{one:?} {other:?} {text}");
                prop_assert!(!(one.is_within(&other) && in_one && !in_other), "{one:?} {other:?} {text}");
            }
        }
    }

    #[test]
    fn what_differs_is_told_apart() {
        let extension = |text: &'static str| Texts::Extension(text.as_bytes().into());
        assert!(extension("css").excludes(&extension("js")) && !extension("tar.gz").excludes(&extension("gz")));
        assert!(extension("tar.gz").is_within(&extension("gz")) && !extension("targz").is_within(&extension("gz")));
        assert!(Texts::Suffix(b".js"[..].into()).excludes(&extension("css")));
        let (a, b) = (pattern("^/a/[0-9]"), pattern("^/b/"));
        assert!(Texts::matching(a).excludes(&Texts::matching(b)));
        assert!(Texts::Exact(b"/c"[..].into()).excludes(&Texts::matching(a)));
    }
}
