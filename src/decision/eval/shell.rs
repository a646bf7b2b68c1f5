//! `std.fnmatch`: shell patterns as in `fnmatch(3)` with `FNM_PATHNAME`.

/// Whether all of `text` matches `pattern`: `*` is any run without `/`, `?` any byte but `/`,
/// `[a-z]` and `[!a-z]` a byte of (or not of) a set but never `/`, `\` takes the next byte as it
/// is. O(pattern × text): one place to go back to is enough, as in a glob.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let Some(behind) = pattern.strip_prefix(b"*") {
            star = Some((behind, text));
            pattern = behind;
            continue;
        }
        match (text.split_first(), step(pattern, text)) {
            (_, Some((next_pattern, next_text))) => (pattern, text) = (next_pattern, next_text),
            (None, None) if pattern.is_empty() => return true,
            _ => {
                let Some((behind, from)) = star else { return false };
                let Some((skipped, rest)) = from.split_first() else { return false };
                if *skipped == b'/' {
                    return false;
                }
                star = Some((behind, rest));
                (pattern, text) = (behind, rest);
            }
        }
    }
}

/// Matches one byte; what is left of both, or `None` if it does not match.
fn step<'p, 't>(pattern: &'p [u8], text: &'t [u8]) -> Option<(&'p [u8], &'t [u8])> {
    let (byte, text) = text.split_first()?;
    let (first, behind) = pattern.split_first()?;
    let behind = match first {
        b'?' => (*byte != b'/').then_some(behind),
        b'[' => match set(behind, *byte) {
            Some((holds, behind)) => (holds && *byte != b'/').then_some(behind),
            None => (*byte == b'[').then_some(behind),
        },
        b'\\' => match behind.split_first() {
            Some((literal, behind)) => (literal == byte).then_some(behind),
            None => (*byte == b'\\').then_some(behind),
        },
        literal => (literal == byte).then_some(behind),
    };
    behind.map(|behind| (behind, text))
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
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), is, "{pattern} {text}");
        }
    }
}
