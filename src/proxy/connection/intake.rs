//! What was received from the client and not handed on yet, and how much of it pingora may have.
//!
//! pingora is given one request at a time and never a byte of the next one, which must be judged
//! first. So it never has anything left over, and has nothing to keep between two requests.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::chunks::Chunks;
use super::head::{Body, Head};

/// How much room there is at least for what is read at once: a head with its cookies, mostly.
const ROOM_BYTES: usize = 4 << 10;

/// The bytes that came, and what is due to pingora.
#[derive(Debug)]
pub struct Intake {
    buffer: BytesMut,
    due: Due,
}

/// What pingora may have.
#[derive(Debug)]
enum Due {
    /// That many bytes; none when the request has been handed on.
    Bytes(u64),
    /// The rest of the head, of that many bytes, and a body in chunks.
    Chunks(usize, Chunks),
    /// All that comes: the connection has gone over to another protocol.
    Everything,
}

impl Intake {
    /// Nothing has come, and nothing is due.
    pub fn new() -> Self {
        Self { buffer: BytesMut::new(), due: Due::Bytes(0) }
    }

    /// What has come and was not handed on.
    pub fn received(&self) -> &[u8] {
        &self.buffer
    }

    /// Makes the request due whose head was found in what has come. Empty lines before it are dropped.
    pub fn begin(&mut self, head: &Head) {
        self.buffer.advance(head.place.start.min(self.buffer.len()));
        let head_bytes = head.place.len();
        self.due = match head.body {
            Body::Length(length) => Due::Bytes(length.saturating_add(head_bytes as u64)),
            Body::Chunked => Due::Chunks(head_bytes, Chunks::new()),
        };
    }

    /// Makes everything due from here on.
    pub fn open(&mut self) {
        self.due = Due::Everything;
    }

    /// Whether the request has been handed on to its last byte.
    pub fn is_over(&self) -> bool {
        match &self.due {
            Due::Bytes(left) => *left == 0,
            Due::Chunks(head, chunks) => *head == 0 && chunks.is_done(),
            Due::Everything => false,
        }
    }

    /// Reads more of what comes, in one read; 0 when the connection has ended.
    pub async fn fill(&mut self, source: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        self.buffer.reserve(ROOM_BYTES);
        source.read_buf(&mut self.buffer).await
    }

    /// Whether up to `room` bytes may go to pingora without a look at them.
    pub fn lets_through(&self, room: usize) -> bool {
        let all_due = match self.due {
            Due::Bytes(left) => left > 0 && room as u64 <= left,
            Due::Chunks(..) => false,
            Due::Everything => true,
        };
        all_due && self.buffer.is_empty()
    }

    /// Notes that so many bytes went to pingora in that way.
    pub fn let_through(&mut self, count: usize) {
        if let Due::Bytes(left) = &mut self.due {
            *left = left.saturating_sub(count as u64);
        }
    }

    /// Hands on what is due of what has come, as far as it fits: at least one byte, if there is one.
    pub fn hand_on(&mut self, out: &mut ReadBuf<'_>) -> io::Result<()> {
        let fitting = self.buffer.get(..out.remaining().min(self.buffer.len())).unwrap_or_default();
        let count = self.due.take(fitting)?;
        out.put_slice(fitting.get(..count).unwrap_or_default());
        self.buffer.advance(count);
        Ok(())
    }
}

impl Due {
    /// How many of these bytes are due; they are so no longer.
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Bytes(left) => {
                let count = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= count as u64;
                Ok(count)
            }
            Self::Chunks(0, chunks) => {
                chunks.read(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
            }
            Self::Chunks(head, _) => {
                let count = bytes.len().min(*head);
                *head -= count;
                Ok(count)
            }
            Self::Everything => Ok(bytes.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::head::HeadReader;
    use super::*;

    const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";

    fn holding(bytes: &str) -> Intake {
        let mut intake = Intake::new();
        intake.buffer.extend_from_slice(bytes.as_bytes());
        intake
    }

    fn begin(intake: &mut Intake) {
        let head = HeadReader::default().read(intake.received()).unwrap().unwrap();
        intake.begin(&head);
    }

    /// What pingora gets when it reads so many bytes at a time.
    fn handed_on(intake: &mut Intake, room: usize) -> io::Result<String> {
        let mut all = Vec::new();
        while !intake.is_over() && !intake.received().is_empty() {
            let mut room = vec![0; room];
            let mut out = ReadBuf::new(&mut room);
            intake.hand_on(&mut out)?;
            all.extend_from_slice(out.filled());
        }
        Ok(String::from_utf8(all).unwrap())
    }

    #[test]
    fn one_request_is_handed_on_and_no_byte_of_the_next() {
        let post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc";
        let chunked = format!("{CHUNKED}3;x\r\nabc\r\n0\r\nX: y\r\n\r\n");
        for request in [GET, post, &chunked] {
            for room in [1, 7, 4096] {
                let mut intake = holding(&format!("\r\n{request}{GET}"));
                begin(&mut intake);
                assert_eq!(handed_on(&mut intake, room).unwrap(), request);
                assert_eq!((intake.is_over(), intake.received()), (true, GET.as_bytes()));
            }
        }
    }

    #[test]
    fn rfc9112_7_1_malformed_chunks_are_not_handed_on() {
        let mut intake = holding(&format!("{CHUNKED}3\nabc\n0\n\n"));
        begin(&mut intake);
        assert_eq!(handed_on(&mut intake, 4096).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_body_goes_through_without_a_look_as_far_as_it_is_due() {
        let mut intake = holding("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n");
        begin(&mut intake);
        assert!(!intake.lets_through(10), "the head has not been handed on");
        handed_on(&mut intake, 4096).unwrap();
        assert!(intake.lets_through(10) && !intake.lets_through(11));
        intake.let_through(9);
        assert!(intake.lets_through(1) && !intake.is_over());
        intake.let_through(1);
        assert!(!intake.lets_through(1) && intake.is_over());
    }

    #[test]
    fn after_a_switch_of_protocols_everything_is_handed_on() {
        let mut intake = holding("raw \n bytes");
        intake.open();
        assert!(!intake.lets_through(4), "what came before goes first");
        assert_eq!(handed_on(&mut intake, 4).unwrap(), "raw \n bytes");
        assert!(intake.lets_through(4096) && !intake.is_over());
    }
}
