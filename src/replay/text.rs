//! Texts in quotation marks, as servers write them into logs.

/// Takes the escapes out of a quoted text: `\"` and `\\`, and `\xHH` for a byte, as nginx and Apache write them.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        (rest, plain) = match (first, behind) {
            (b'\\', [b'x' | b'X', high, low, behind @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                plain.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                (behind, plain)
            }
            (b'\\', [next, behind @ ..]) => {
                plain.push(match next {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    other => *other,
                });
                (behind, plain)
            }
            (byte, behind) => {
                plain.push(*byte);
                (behind, plain)
            }
        };
    }
    plain
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escapes_of_nginx_and_apache_are_undone() {
        for (written, meant) in [
            (&br"Mozilla/5.0"[..], &b"Mozilla/5.0"[..]),
            (br#"say \"hi\""#, br#"say "hi""#),
            (br"a\x22b\xC3\xbc", b"a\"b\xc3\xbc"),
            (br"a\\b", br"a\b"),
            (br"cut off\", br"cut off\"),
            (br"\x2", b"x2"),
        ] {
            assert_eq!(unescaped(written), meant, "{}", String::from_utf8_lossy(written));
        }
    }
}
