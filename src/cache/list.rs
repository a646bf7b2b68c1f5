//! Lists in field values (RFC 9110 §5.6.1): members between commas, over all lines of a field.

use http::HeaderMap;
use http::header::AsHeaderName;

/// The members of a list field over all its lines, trimmed, without empty ones.
///
/// A comma inside a quoted string does not split. A quote that is never closed protects nothing, so
/// that a broken member cannot hide those behind it.
pub(super) fn members(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = &[u8]> {
    headers.get_all(name).iter().flat_map(|line| split(line.as_bytes()))
}

/// The members of one line.
pub(super) fn split(line: &[u8]) -> Members<'_> {
    Members { rest: line, mark: b',', quotes: true }
}

/// A member and its parameters (RFC 9110 §5.6.6), which stand between semicolons.
pub(super) fn split_at_semicolons(member: &[u8]) -> Members<'_> {
    Members { rest: member, mark: b';', quotes: true }
}

/// Iterator over the members of one line.
pub(super) struct Members<'a> {
    rest: &'a [u8],
    /// What stands between two of them.
    mark: u8,
    /// Whether quotes still count: false once one was found that never closes.
    quotes: bool,
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let member = self.cut().trim_ascii();
            if !member.is_empty() {
                return Some(member);
            }
        }
        None
    }
}

impl<'a> Members<'a> {
    /// Takes what stands before the next mark that counts, and drops that mark.
    fn cut(&mut self) -> &'a [u8] {
        let mut at = 0;
        while let Some(&byte) = self.rest.get(at) {
            match byte {
                _ if byte == self.mark => break,
                b'"' if self.quotes => match self.rest.get(at..).and_then(quoted_len) {
                    Some(len) => at += len,
                    None => self.quotes = false,
                },
                _ => at += 1,
            }
        }
        let (member, rest) = self.rest.split_at_checked(at).unwrap_or((self.rest, &[]));
        self.rest = rest.get(1..).unwrap_or_default();
        member
    }
}

/// How many bytes the quoted string at the start of `text` covers, both quotes included.
fn quoted_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The text of a whole quoted string without its quotes and escapes (RFC 9110 §5.6.4), or `None`
/// when `text` is not exactly one quoted string.
pub(super) fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    if text.first() != Some(&b'"') || quoted_len(text) != Some(text.len()) {
        return None;
    }
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        plain.push(if byte == b'\\' { bytes.next()? } else { byte });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(line: &str) -> Vec<&str> {
        split(line.as_bytes()).map(|member| std::str::from_utf8(member).unwrap()).collect()
    }

    #[test]
    fn rfc9110_5_6_1_members_are_trimmed_and_empty_ones_ignored() {
        assert_eq!(cut("a , b,, ,c"), ["a", "b", "c"]);
        assert_eq!(cut(" , "), [""; 0]);
    }

    #[test]
    fn rfc9110_5_6_4_commas_in_quotes_do_not_split() {
        assert_eq!(cut(r#"a="b, c", d"#), [r#"a="b, c""#, "d"]);
        assert_eq!(cut(r#"a="b\", c", d"#), [r#"a="b\", c""#, "d"]);
    }

    #[test]
    fn an_open_quote_hides_nothing() {
        assert_eq!(cut(r#"a="b, no-store"#), [r#"a="b"#, "no-store"]);
        assert_eq!(cut(r#"a="b\", "c", d"#), [r#"a="b\", "c""#, "d"]);
    }

    #[test]
    fn unquoting_wants_exactly_one_quoted_string() {
        assert_eq!(unquote(br#""a\"b""#).as_deref(), Some(&b"a\"b"[..]));
        for bad in [&br"a"[..], br#"""#, br#""a"b"#, br#""a\""#, b""] {
            assert_eq!(unquote(bad), None, "{bad:?}");
        }
    }
}
