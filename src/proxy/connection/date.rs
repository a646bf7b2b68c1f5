//! The `Date` of a response, put in the place of the one that pingora writes.

use bytes::{BufMut, Bytes, BytesMut};

/// Whether these bytes begin the head of a final response: interim ones (1xx) have no `Date`.
pub fn is_final_head(bytes: &[u8]) -> bool {
    let after_version = bytes.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2));
    after_version.is_some_and(|first_digit| *first_digit != b'1')
}

/// The head with this value in its `Date` line, or without that line if there is to be none; `None` if the head has no
/// such line.
pub fn replace(head: &[u8], date: Option<&[u8]>) -> Option<Bytes> {
    const NAME: &[u8] = b"date: ";
    let is_date = |line: &[u8]| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    let mut starts = memchr::memchr_iter(b'\n', head).map(|end| end + 1);
    let start = starts.find(|start| head.get(*start..).is_some_and(is_date))?;
    let (before, rest) = head.split_at_checked(start)?;
    let (line, after) = rest.split_at_checked(memchr::memchr(b'\n', rest)? + 1)?;
    let mut replaced = BytesMut::with_capacity(head.len() + date.map_or(0, <[u8]>::len));
    replaced.put_slice(before);
    if let Some(date) = date {
        for part in [line.get(..NAME.len())?, date, b"\r\n"] {
            replaced.put_slice(part);
        }
    }
    replaced.put_slice(after);
    Some(replaced.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(head: &str, date: &str) -> Option<String> {
        replace(head.as_bytes(), Some(date.as_bytes())).map(|head| String::from_utf8(head.to_vec()).unwrap())
    }

    #[test]
    fn the_value_of_the_line_is_replaced_whatever_its_length() {
        for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "", "then"] {
            let head = "HTTP/1.1 200 OK\r\nX-Date: a\r\ndATE: now\r\nConnection: close\r\n\r\n";
            let expected = head.replace("now", date);
            assert_eq!(replaced(head, date), Some(expected));
        }
    }

    #[test]
    fn the_line_goes_where_there_is_to_be_none() {
        let head = b"HTTP/1.1 200 OK\r\nX-Date: a\r\nDate: now\r\nConnection: close\r\n\r\n";
        let expected = b"HTTP/1.1 200 OK\r\nX-Date: a\r\nConnection: close\r\n\r\n";
        assert_eq!(replace(head, None).as_deref(), Some(&expected[..]));
    }

    #[test]
    fn a_head_without_the_line_is_left_alone() {
        for head in
            ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 Date: x\r\n\r\n", "HTTP/1.1 200 OK\r\nUpdate: x\r\n\r\n", ""]
        {
            assert_eq!(replaced(head, "then"), None, "{head:?}");
        }
    }

    #[test]
    fn rfc9110_15_2_interim_heads_are_no_final_ones() {
        assert!(is_final_head(b"HTTP/1.1 200 OK\r\n\r\n"));
        assert!(is_final_head(b"HTTP/1.0 404 Not Found\r\n\r\n"));
        assert!(!is_final_head(b"HTTP/1.1 103 Early Hints\r\n\r\n"));
        assert!(!is_final_head(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"));
        assert!(!is_final_head(b"HTTP/1.1"));
        assert!(!is_final_head(b"<html>"));
    }
}
