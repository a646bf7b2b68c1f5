//! `std.fnmatch`: shell patterns as in `fnmatch(3)`.

/// What the signs of a pattern stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Nothing but a `/` matches a `/` (`FNM_PATHNAME`).
    pub(super) pathname: bool,
    /// A `\` is like any other byte (`FNM_NOESCAPE`).
    pub(super) noescape: bool,
    /// Nothing but a `.` matches one at the beginning (`FNM_PERIOD`).
    pub(super) period: bool,
}

impl Rules {
    /// Whether all of `text` matches `pattern`: `*` is any run, `?` any byte, `[a-z]` and `[!a-z]` a byte of (or not
    /// of) a set, `\` takes the next byte as it is. O(pattern × text): one place to go back to is enough, as in a
    /// glob, also where a `*` may not go on: an earlier one would have to get past the same byte.
    pub(super) fn hold(self, pattern: &[u8], text: &[u8]) -> bool {
        let whole = text;
        let (mut pattern, mut text) = (pattern, text);
        let mut star: Option<(&[u8], &[u8])> = None;
        loop {
            if let Some(behind) = pattern.strip_prefix(b"*") {
                star = Some((behind, text));
                pattern = behind;
                continue;
            }
            match self.step(pattern, text, self.is_any(whole, text)) {
                Some(next) => (pattern, text) = next,
                None if pattern.is_empty() && text.is_empty() => return true,
                None => {
                    let Some((behind, from)) = star.filter(|(_, from)| self.is_any(whole, from)) else { return false };
                    let rest = from.get(1..).unwrap_or_default();
                    star = Some((behind, rest));
                    (pattern, text) = (behind, rest);
                }
            }
        }
    }

    /// Whether there is a byte at the beginning of `rest`, an end of `whole`, that `*`, `?` and sets may stand for.
    fn is_any(self, whole: &[u8], rest: &[u8]) -> bool {
        let before = whole.len().checked_sub(rest.len() + 1).and_then(|at| whole.get(at));
        match rest.first() {
            None => false,
            Some(b'/') => !self.pathname,
            Some(b'.') if self.period => !(before.is_none() || self.pathname && before == Some(&b'/')),
            Some(_) => true,
        }
    }

    /// Matches one byte; what is left of both, or `None` if it does not match.
    fn step<'p, 't>(self, pattern: &'p [u8], text: &'t [u8], is_any: bool) -> Option<(&'p [u8], &'t [u8])> {
        let (byte, text) = text.split_first()?;
        let (first, behind) = pattern.split_first()?;
        let behind = match first {
            b'?' => is_any.then_some(behind),
            b'[' => match set(behind, *byte) {
                Some((holds, behind)) => (holds && is_any).then_some(behind),
                None => (*byte == b'[').then_some(behind),
            },
            b'\\' if !self.noescape => match behind.split_first() {
                Some((literal, behind)) => (literal == byte).then_some(behind),
                None => (*byte == b'\\').then_some(behind),
            },
            literal => (literal == byte).then_some(behind),
        };
        behind.map(|behind| (behind, text))
    }
}

/// Whether the set behind a `[` holds `byte`, and what follows its `]`; `None` if it has no end.
fn set(pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let negated = matches!(pattern.first(), Some(b'!' | b'^'));
    let members = pattern.get(usize::from(negated)..)?;
    let end = 1 + memchr::memchr(b']', members.get(1..)?)?;
    let (members, behind) = (members.get(..end)?, members.get(end + 1..)?);
    Some((holds(members, byte) != negated, behind))
}

fn holds(mut members: &[u8], byte: u8) -> bool {
    loop {
        members = match members {
            [] => return false,
            [first, b'-', last, ..] if (*first..=*last).contains(&byte) => return true,
            [_, b'-', _, rest @ ..] => rest,
            [one, ..] if *one == byte => return true,
            [_, rest @ ..] => rest,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHNAME: Rules = Rules { pathname: true, noescape: false, period: false };

    #[test]
    fn shell_patterns_do_not_cross_a_slash() {
        for (pattern, text, is) in [
            ("/a/*.css", "/a/b.css", true),
            ("/a/*.css", "/a/b/c.css", false),
            ("/a/*/c", "/a/b/c", true),
            ("/a/*/c", "/a/b/x/c", false),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("[a-c]x[!0-9]", "bxz", true),
            ("[a-c]x[!0-9]", "bx5", false),
            ("[]a]", "]", true),
            ("[!a]", "/", false),
            (r"\*", "*", true),
            (r"\*", "x", false),
            ("[x", "[x", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b", "a", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(PATHNAME.hold(pattern.as_bytes(), text.as_bytes()), is, "{pattern} {text}");
        }
    }

    #[test]
    fn the_rules_of_a_shell_pattern_are_chosen() {
        let crossing = Rules { pathname: false, ..PATHNAME };
        let plain = Rules { noescape: true, ..PATHNAME };
        let hidden = Rules { period: true, ..PATHNAME };
        let both = Rules { period: true, ..crossing };
        for (rules, pattern, text, is) in [
            (crossing, "/a/*.css", "/a/b/c.css", true),
            (crossing, "a?[!x]b", "a//b", true),
            (plain, r"\*", r"\abc", true),
            (plain, r"\*", "*", false),
            (hidden, "*", ".git", false),
            (hidden, ".*", ".git", true),
            (hidden, "?git", ".git", false),
            (hidden, "[.]git", ".git", false),
            (hidden, "/*/b", "/.a/b", false),
            (hidden, "/*/*", "/a/.b", false),
            (hidden, "/a*", "/a.b", true),
            (both, "/*", "/.git", true),
            (both, "*", ".git", false),
        ] {
            assert_eq!(rules.hold(pattern.as_bytes(), text.as_bytes()), is, "{rules:?} {pattern} {text}");
        }
    }
}
