//! Single fields, read and written.

use http::header::{self, HeaderMap, HeaderName};

/// The fields say different lengths, or something that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmbiguousLength;

/// The one length that all members of all lines of `Content-Length` say (RFC 9110 §8.6, RFC 9112 §6.3); `None` if there
/// is no such field.
///
/// # Errors
/// When one of them says another length, or is not digits alone, or none stands where a comma says that one does.
pub fn one_content_length(headers: &HeaderMap) -> Result<Option<u64>, AmbiguousLength> {
    let mut lines = headers.get_all(header::CONTENT_LENGTH).iter().map(|line| length_of_line(line.as_bytes()));
    let Some(first) = lines.next() else { return Ok(None) };
    let first = first.ok_or(AmbiguousLength)?;
    if lines.all(|line| line == Some(first)) { Ok(Some(first)) } else { Err(AmbiguousLength) }
}

/// The one length that all members of a line of `Content-Length` say. No more bytes than can be counted in 63 bits.
#[must_use]
pub fn length_of_line(line: &[u8]) -> Option<u64> {
    let mut members = line.split(|byte| *byte == b',').map(|member| number(trim_blanks(member)));
    let first = members.next()??;
    members.all(|member| member == Some(first)).then_some(first)
}

/// Without the blanks that may stand around a member (RFC 9110 §5.6.1).
fn trim_blanks(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

fn number(digits: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse::<i64>().ok()?.try_into().ok()
}

/// The length of the body, if the fields say it.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The name as people write it: `X-Cache-Hits`. Names are compared without regard to case, but
/// HTTP/1.1 shows their spelling.
pub fn spelling(name: &HeaderName) -> String {
    let mut starts_word = true;
    let letters = name.as_str().chars().map(|letter| {
        let written = if starts_word { letter.to_ascii_uppercase() } else { letter };
        starts_word = letter == '-';
        written
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(lines: &[&str]) -> Result<Option<u64>, AmbiguousLength> {
        let lines = lines.iter().map(|line| (header::CONTENT_LENGTH, line.parse().unwrap()));
        one_content_length(&lines.collect())
    }

    #[test]
    fn rfc9112_6_3_a_length_that_is_repeated_is_one_length() {
        assert_eq!(length(&[]), Ok(None));
        for lines in [&["5"][..], &["5, 5"], &["5", "5"], &["5\t,5", " 5"], &["05", "5,005"]] {
            assert_eq!(length(lines), Ok(Some(5)), "{lines:?}");
        }
    }

    #[test]
    fn rfc9112_6_3_different_lengths_are_none() {
        for lines in [&["5, 6"][..], &["5", "6"], &["5", ""], &[""], &["5,"], &[",5"], &["5,,5"], &["+5"], &["5 5"]] {
            assert_eq!(length(lines), Err(AmbiguousLength), "{lines:?}");
        }
        for line in ["-5", "5, x", "0x5", "9223372036854775808", "18446744073709551621", "5;5"] {
            assert_eq!(length(&[line]), Err(AmbiguousLength), "{line}");
        }
    }

    #[test]
    fn names_are_spelled_as_people_write_them() {
        assert_eq!(spelling(&HeaderName::from_static("x-cache-hits")), "X-Cache-Hits");
    }
}
