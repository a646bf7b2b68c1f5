//! Entity tags (RFC 9110 §8.8.3) and their comparison.

/// An entity tag: its opaque text without the quotes, and whether it is weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntityTag<'a> {
    pub(super) weak: bool,
    opaque: &'a [u8],
}

impl<'a> EntityTag<'a> {
    /// Reads a field value that is one entity tag and nothing else.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let (tag, rest) = Self::read(value.trim_ascii())?;
        rest.is_empty().then_some(tag)
    }

    /// Weak comparison (RFC 9110 §8.8.3.2): the same opaque text, weak or not.
    pub(super) fn matches_weakly(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }

    /// Strong comparison (RFC 9110 §8.8.3.2): the same opaque text, and neither is weak.
    pub(super) fn matches_strongly(&self, other: &Self) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// Reads a tag at the start of `text` and gives what stands behind it.
    fn read(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (weak, quoted) = match text.strip_prefix(b"W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let inner = quoted.strip_prefix(b"\"")?;
        let end = inner.iter().position(|&byte| byte == b'"')?;
        let opaque = inner.get(..end)?;
        let valid = opaque.iter().all(|&byte| byte > b' ' && byte != 0x7f);
        valid.then_some((Self { weak, opaque }, inner.get(end + 1..)?))
    }
}

/// The entity tags of a list line (`If-None-Match`). Backslashes escape nothing in them, so the
/// line is not split like other lists. Members that are no entity tag are passed over.
pub(super) fn list(line: &[u8]) -> impl Iterator<Item = EntityTag<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            rest = skip_blanks_and_commas(rest);
            if rest.is_empty() {
                return None;
            }
            match EntityTag::read(rest) {
                Some((tag, behind)) if at_member_end(behind) => {
                    rest = behind;
                    return Some(tag);
                }
                _ => rest = behind_comma(rest),
            }
        }
    })
}

fn skip_blanks_and_commas(text: &[u8]) -> &[u8] {
    let skipped = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b',')).count();
    text.get(skipped..).unwrap_or_default()
}

fn at_member_end(behind: &[u8]) -> bool {
    matches!(behind.trim_ascii_start().first(), None | Some(b','))
}

fn behind_comma(text: &[u8]) -> &[u8] {
    let comma = text.iter().position(|&byte| byte == b',');
    comma.and_then(|at| text.get(at + 1..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9110_8_8_3_what_is_an_entity_tag() {
        for (value, weak) in [
            ("\"a\"", Some(false)),
            ("\"\"", Some(false)),
            ("W/\"a\"", Some(true)),
            (" \"a\\\" ", Some(false)),
            ("\"a,b\"", Some(false)),
        ] {
            assert_eq!(EntityTag::parse(value.as_bytes()).map(|tag| tag.weak), weak, "{value}");
        }
        for value in ["", "a", "\"a", "w/\"a\"", "W\"a\"", "\"a b\"", "\"a\"x", "\"a\", \"b\"", "*"] {
            assert_eq!(EntityTag::parse(value.as_bytes()), None, "{value}");
        }
        assert!(EntityTag::parse(b"\"a\xfc\"").is_some());
    }

    #[test]
    fn rfc9110_8_8_3_2_comparison() {
        let tag = |text: &'static str| EntityTag::parse(text.as_bytes()).unwrap();
        for (a, b, strong, weak) in [
            ("W/\"1\"", "W/\"1\"", false, true),
            ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
        ] {
            assert_eq!((tag(a).matches_strongly(&tag(b)), tag(a).matches_weakly(&tag(b))), (strong, weak), "{a} {b}");
        }
    }

    #[test]
    fn lists_pass_over_what_is_no_tag() {
        let texts = |line: &'static [u8]| list(line).map(|tag| tag.opaque).collect::<Vec<_>>();
        assert_eq!(texts(b"\"a\", W/\"b\" ,,\"c,d\""), [&b"a"[..], b"b", b"c,d"]);
        assert_eq!(texts(b"a, \"b\"x, \"c\\\", \"d\""), [&b"c\\"[..], b"d"]);
        assert_eq!(texts(b"\"open"), [&b""[..]; 0]);
    }
}
