//! Whether every chunk of a response has a size (RFC 9112 section 7.1).
//!
//! pingora takes the chunks apart. Where a size should stand and no digit does (an empty line, blanks, `;`), it reads
//! 0, the end of the body. This reads along, and by the same rules: it parts ways with pingora only where pingora gives
//! the response up anyway.

/// How much of a status line is looked at: `HTTP/1.1 200`.
const STATUS_BYTES: usize = 12;

/// Where the status begins.
const STATUS_AT: usize = 9;

/// What has come of an exchange, read as if the body were in chunks: whether it is, only the parsed head says.
#[derive(Debug)]
pub struct Sizes {
    at: Place,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The first line of a head, of which these bytes have come, and how many.
    StatusLine([u8; STATUS_BYTES], usize),
    Field(FieldLine),
    Size,
    /// More digits.
    Digits(u64),
    Extension(u64),
    SizeEnd(u64),
    /// So much of a chunk, with the line end behind it.
    Data(u64),
    /// What the last chunk leaves to come.
    Trailers,
    /// A size that is none.
    Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FieldLine {
    is_empty: bool,
    /// Whether another head follows this one.
    is_interim: bool,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { at: Place::START }
    }
}

impl Sizes {
    /// Whether there was no size where one should be.
    pub fn is_one_missing(&self) -> bool {
        self.at == Place::Missing
    }

    /// Reads on.
    pub fn read(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((byte, behind)) = self.at.skip_idle(rest).split_first() {
            rest = match self.at {
                Place::Trailers | Place::Missing => return,
                Place::Data(left) => self.skip_data(left, rest),
                at => {
                    self.at = at.next(*byte);
                    behind
                }
            };
        }
    }

    fn skip_data<'a>(&mut self, left: u64, bytes: &'a [u8]) -> &'a [u8] {
        let skipped = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let left = left - skipped as u64;
        self.at = if left == 0 { Place::Size } else { Place::Data(left) };
        bytes.get(skipped..).unwrap_or_default()
    }
}

impl Place {
    const START: Self = Self::StatusLine([0; STATUS_BYTES], 0);

    /// What is left of these bytes behind those that change nothing.
    fn skip_idle(self, bytes: &[u8]) -> &[u8] {
        let end = match self {
            Self::Field(FieldLine { is_empty: false, .. }) => b'\n',
            Self::Extension(_) => b'\r',
            _ => return bytes,
        };
        memchr::memchr(end, bytes).and_then(|place| bytes.get(place..)).unwrap_or_default()
    }

    fn next(self, byte: u8) -> Self {
        match (self, byte) {
            // Empty lines before a head are read over (RFC 9112 section 2.2).
            (Self::StatusLine(_, 0), b'\r' | b'\n') => self,
            (Self::StatusLine(start, _), b'\n') => {
                Self::Field(FieldLine { is_empty: true, is_interim: is_interim(&start) })
            }
            (Self::StatusLine(start, read), _) => with_byte(start, read, byte),
            (Self::Field(line), _) => line.next(byte),
            (Self::Size, _) => digit(byte).map_or(Self::Missing, Self::Digits),
            (Self::Digits(size) | Self::Extension(size), b'\r') => Self::SizeEnd(size),
            (Self::Digits(size), _) => digit(byte)
                .map_or(Self::Extension(size), |digit| Self::Digits(size.saturating_mul(16).saturating_add(digit))),
            (Self::SizeEnd(0), _) => Self::Trailers,
            (Self::SizeEnd(size), _) => Self::Data(size.saturating_add(2)),
            (Self::Extension(_) | Self::Data(_) | Self::Trailers | Self::Missing, _) => self,
        }
    }
}

impl FieldLine {
    fn next(self, byte: u8) -> Place {
        match byte {
            b'\n' if self.is_empty && self.is_interim => Place::START,
            b'\n' if self.is_empty => Place::Size,
            b'\n' => Place::Field(Self { is_empty: true, ..self }),
            b'\r' => Place::Field(self),
            _ => Place::Field(Self { is_empty: false, ..self }),
        }
    }
}

fn with_byte(mut start: [u8; STATUS_BYTES], read: usize, byte: u8) -> Place {
    let Some(place) = start.get_mut(read) else { return Place::StatusLine(start, read) };
    *place = byte;
    Place::StatusLine(start, read + 1)
}

/// Whether another response follows (RFC 9110 section 15.2): not behind a 101, which is the last of HTTP or an error.
fn is_interim(start: &[u8; STATUS_BYTES]) -> bool {
    let status = start.get(STATUS_AT..).unwrap_or_default();
    status.starts_with(b"1") && status != b"101"
}

fn digit(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: \r\n\r\n";

    /// Whether a size is missing in this, however it is cut.
    fn is_one_missing(bytes: &str) -> bool {
        let mut whole = Sizes::default();
        whole.read(bytes.as_bytes());
        let mut cut = Sizes::default();
        bytes.as_bytes().chunks(1).for_each(|byte| cut.read(byte));
        assert_eq!(whole.at, cut.at, "{bytes:?}");
        whole.is_one_missing()
    }

    #[test]
    fn rfc9112_7_1_a_size_has_a_digit() {
        for line in ["", ";a=b", " ", "\t", " ;a", " 5", "g", "-5", "\n"] {
            for before in ["", "5\r\nhello\r\n", "A;a=\"5\n\"\r\n\r\n\r\n\r\n\r\n\r\n\r\n"] {
                assert!(is_one_missing(&format!("{HEAD}{before}{line}\r\n\r\n")), "{before:?} {line:?}");
            }
        }
    }

    #[test]
    fn rfc9112_7_1_what_has_a_digit_is_a_size() {
        for body in [
            "0\r\n\r\n",
            "000;a\r\n\r\n",
            "5\r\n\r\n\r\n;\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\t\r\n\r\n",
            "5 ; a = \"\n\"\r\nhello\r\n00\r\nX: a\r\n\r\n",
            "aF\r\n",
            "ffffffffffffffff\r\n\r\n\r\n",
            "0\r\n\r\n\r\n\r\n;",
            "",
        ] {
            assert!(!is_one_missing(&format!("{HEAD}{body}")), "{body:?}");
        }
    }

    #[test]
    fn rfc9110_15_2_interim_heads_have_no_body() {
        for interim in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103\nLink: <a>\n\n", "\r\n\nHTTP/1.1 102 \r\n\r\n"] {
            assert!(!is_one_missing(&format!("{interim}{HEAD}5\r\nhello\r\n0\r\n\r\n")), "{interim:?}");
            assert!(is_one_missing(&format!("{interim}{interim}{HEAD}5\r\nhello\r\n\r\n\r\n")), "{interim:?}");
        }
        assert!(is_one_missing("HTTP/1.1 101 Switching Protocols\r\n\r\n\r\n"));
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_does_not_matter(bytes in "(HTTP/1.1 [12]0[01])?[\r\n 05a;:x]{0,60}") {
            is_one_missing(&bytes);
        }

        #[test]
        fn a_body_in_chunks_misses_no_size(chunks in proptest::collection::vec("[\r\n05;a]{1,40}", 0..5)) {
            let framed: Vec<_> = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
            let framed = framed.concat();
            let (whole, cut) = (format!("{HEAD}{framed}0\r\n\r\n"), format!("{HEAD}{framed}\r\n\r\n"));
            prop_assert!(!is_one_missing(&whole));
            prop_assert!(is_one_missing(&cut));
        }
    }
}
