//! Where a body in chunks ends (RFC 9112 section 7.1).
//!
//! pingora takes the chunks apart; this only counts along, so that no byte of the next request is
//! handed on with them, and refuses what another server could count in another way: lines that end
//! with a line feed alone, sizes that are none, controls in extensions and trailers.

use super::head::{MOST_LINE_BYTES, is_control};

/// The longest number of a chunk's size, zeros before it included; what pingora takes.
const MOST_DIGITS: u8 = 16;

/// How long all trailers together may be.
const MOST_TRAILER_BYTES: usize = 32 << 10;

/// A body that is not in chunks though it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chunks of the body are malformed")]
pub struct BadChunk;

/// A body in chunks being counted.
#[derive(Debug)]
pub struct Chunks {
    at: Place,
    /// How many bytes of the line, or of the trailers, have been read.
    line_bytes: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A size: its value and how many digits have been read.
    Size(u64, u8),
    /// Spaces behind a size, which only an extension may follow.
    Padding(u64),
    Extension(u64),
    SizeEnd(u64),
    Data(u64),
    DataReturn,
    DataEnd,
    /// A line of the trailers, or the empty one behind them.
    TrailerStart,
    Trailer,
    TrailerEnd,
    LastEnd,
    Done,
}

impl Chunks {
    /// A body of which nothing has come yet.
    pub const fn new() -> Self {
        Self { at: Place::Size(0, 0), line_bytes: 0 }
    }

    /// Whether the whole body has come.
    pub fn is_done(&self) -> bool {
        self.at == Place::Done
    }

    /// Reads on; how many of these bytes belong to the body: all unless it ends before.
    pub fn read(&mut self, bytes: &[u8]) -> Result<usize, BadChunk> {
        let mut read = 0;
        while let Some(rest) = bytes.get(read..).filter(|rest| !rest.is_empty() && !self.is_done()) {
            read += match self.at {
                Place::Data(left) => self.skip_data(left, rest.len()),
                _ => self.read_byte(rest)?,
            };
        }
        Ok(read)
    }

    fn skip_data(&mut self, left: u64, available: usize) -> usize {
        let skipped = usize::try_from(left).map_or(available, |left| left.min(available));
        let left = left - skipped as u64;
        self.at = if left == 0 { Place::DataReturn } else { Place::Data(left) };
        skipped
    }

    fn read_byte(&mut self, rest: &[u8]) -> Result<usize, BadChunk> {
        let byte = rest.first().copied().ok_or(BadChunk)?;
        self.line_bytes += 1;
        self.at = next(self.at, byte).ok_or(BadChunk)?;
        let most = match self.at {
            Place::Size(..) | Place::Padding(_) | Place::Extension(_) | Place::SizeEnd(_) => MOST_LINE_BYTES,
            Place::TrailerStart | Place::Trailer | Place::TrailerEnd => MOST_TRAILER_BYTES,
            _ => {
                self.line_bytes = 0;
                return Ok(1);
            }
        };
        if self.line_bytes > most { Err(BadChunk) } else { Ok(1) }
    }
}

/// What comes behind this byte; `None` if it must not stand there.
fn next(at: Place, byte: u8) -> Option<Place> {
    Some(match (at, byte) {
        (Place::Size(size, 1..) | Place::Extension(size), b'\r') => Place::SizeEnd(size),
        (Place::Size(size, 1..) | Place::Padding(size), b';') => Place::Extension(size),
        // RFC 9112 section 7.1.1 has spaces before an extension read over, and none elsewhere.
        (Place::Size(size, 1..) | Place::Padding(size), b' ' | b'\t') => Place::Padding(size),
        (Place::Size(size, digits), _) if digits < MOST_DIGITS => Place::Size(with_digit(size, byte)?, digits + 1),
        (Place::Extension(size), _) if !is_control(byte) => Place::Extension(size),
        (Place::SizeEnd(0) | Place::TrailerEnd, b'\n') => Place::TrailerStart,
        (Place::SizeEnd(size), b'\n') => Place::Data(size),
        (Place::DataReturn, b'\r') => Place::DataEnd,
        (Place::DataEnd, b'\n') => Place::Size(0, 0),
        (Place::TrailerStart, b'\r') => Place::LastEnd,
        (Place::LastEnd, b'\n') => Place::Done,
        (Place::Trailer, b'\r') => Place::TrailerEnd,
        (Place::TrailerStart | Place::Trailer, _) if !is_control(byte) => Place::Trailer,
        _ => return None,
    })
}

/// A size with one more digit, if it stays one that can be counted on both sides.
fn with_digit(size: u64, byte: u8) -> Option<u64> {
    let digit = char::from(byte).to_digit(16)?;
    size.checked_mul(16)?.checked_add(digit.into()).filter(|size| i64::try_from(*size).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many bytes the body takes; `None` if more has to come.
    fn length(bytes: &[u8]) -> Result<Option<usize>, BadChunk> {
        let mut chunks = Chunks::new();
        let read = chunks.read(bytes)?;
        Ok(chunks.is_done().then_some(read))
    }

    #[test]
    fn rfc9112_7_1_a_body_ends_behind_its_last_chunk_and_trailers() {
        for body in [
            "0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "A\r\n0123456789\r\n00\r\n\r\n",
            "1;a=b;c=\"d e\"\r\nx\r\n0;last\r\n\r\n",
            "1 ;a=b\r\nx\r\n0\t; a\r\n\r\n",
            "2\r\n\r\n\r\n0\r\n\r\n",
            "0\r\nX-Sum: 1\r\nX-Two: 2\r\n\r\n",
        ] {
            assert_eq!(length(body.as_bytes()), Ok(Some(body.len())), "{body:?}");
            assert_eq!(length(format!("{body}GET / HTTP/1.1\r\n").as_bytes()), Ok(Some(body.len())), "{body:?}");
            assert_eq!(length(&body.as_bytes()[..body.len() - 1]), Ok(None), "{body:?}");
        }
    }

    #[test]
    fn rfc9112_7_1_what_others_could_count_in_another_way_is_refused() {
        for body in [
            "\r\n",
            "3\nabc\r\n0\r\n\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            "3 \r\nabc\r\n0\r\n\r\n",
            " 3\r\nabc\r\n",
            "0x3\r\nabc\r\n",
            "+3\r\nabc\r\n",
            "-1\r\n",
            "3;a\nb\r\nabc\r\n",
            "3;\rb\r\nabc\r\n",
            "3 3\r\nabc\r\n",
            "3,\r\nabc\r\n",
            ";a\r\n",
            "8000000000000000\r\n",
            "00000000000000003\r\nabc\r\n",
            "0\r\nX: a\nY: b\r\n\r\n",
            "0\r\nX: a\u{0}\r\n\r\n",
            "0\r\n\n",
            "0\n\r\n",
        ] {
            assert_eq!(length(body.as_bytes()), Err(BadChunk), "{body:?}");
        }
    }

    #[test]
    fn extensions_and_trailers_have_an_end() {
        let long = |start: &str, count: usize| [start.as_bytes(), &vec![b'a'; count]].concat();
        assert_eq!(length(&long("1;", MOST_LINE_BYTES)), Err(BadChunk));
        assert_eq!(length(&long("1;", MOST_LINE_BYTES - 2)), Ok(None));
        assert_eq!(length(&long("0\r\n", MOST_TRAILER_BYTES + 1)), Err(BadChunk));
        assert_eq!(
            length(&[b"0\r\n".to_vec(), b"X: a\r\n".repeat(MOST_TRAILER_BYTES / 6 + 1)].concat()),
            Err(BadChunk)
        );
    }

    fn nearly() -> impl Strategy<Value = Vec<u8>> {
        let pieces =
            prop::sample::select(vec!["0", "1", "3", "f", ";", "a=b", " ", "\r\n", "\r", "\n", "abc", "x", "X: y\r\n"]);
        prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = length(&bytes);
        }

        #[test]
        fn it_is_the_same_however_the_bytes_arrive(bytes in nearly(), step in 1_usize..5) {
            let mut chunks = Chunks::new();
            let read: Result<usize, BadChunk> = bytes.chunks(step).map(|part| chunks.read(part)).sum();
            prop_assert_eq!(read.map(|read| chunks.is_done().then_some(read)), length(&bytes));
        }
    }
}
