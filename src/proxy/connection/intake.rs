//! What was received from the client and not handed on yet, and how much of it pingora may have.
//!
//! pingora is given one request at a time and never a byte of the next one, which must be judged
//! first. So it never has anything left over, and has nothing to keep between two requests. Nor has it a byte of
//! a body before it asks for the body, so that a request can begin again with its body untouched.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::chunks::Chunks;
use super::head::{Body, Head};

/// How much room there is at least for what is read at once: a head with its cookies, mostly.
const ROOM_BYTES: usize = 4 << 10;

/// The bytes that came, and what is due to pingora.
#[derive(Debug)]
pub struct Intake {
    /// The head of a request that begins again, and its body where that was kept.
    again: Bytes,
    buffer: BytesMut,
    due: Due,
    /// Whether anything of the body was handed on.
    is_body_begun: bool,
}

/// What becomes of the body as it comes, of a request that begins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It follows the head, as the first time.
    Follows,
    /// There is none that could follow: it was read already.
    Gone,
}

/// What pingora may have.
#[derive(Debug)]
enum Due {
    /// The rest of the head, of that many bytes, and a body of so many; none when the request has been handed on.
    Bytes(usize, u64),
    /// The rest of the head, of that many bytes, and a body in chunks.
    Chunks(usize, Chunks),
    /// All that comes: the connection has gone over to another protocol.
    Everything,
    /// Nothing more, for what comes belongs to a body that nobody reads.
    Nothing,
}

impl Intake {
    /// Nothing has come, and nothing is due.
    pub fn new() -> Self {
        Self { again: Bytes::new(), buffer: BytesMut::new(), due: Due::Bytes(0, 0), is_body_begun: false }
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
            Body::Length(length) => Due::Bytes(head_bytes, length),
            Body::Chunked => Due::Chunks(head_bytes, Chunks::new()),
        };
        self.is_body_begun = false;
    }

    /// Makes this head due in the place of the one that was handed on, with what follows it in these bytes.
    pub fn begin_again(&mut self, head: Bytes, rest: Rest) {
        if rest == Rest::Gone && !self.is_over() {
            self.due = Due::Nothing;
        }
        self.again = head;
    }

    /// Whether anything of the body was handed on.
    pub fn is_body_begun(&self) -> bool {
        self.is_body_begun
    }

    /// Whether what is due next has not to be waited for.
    pub fn is_at_hand(&self) -> bool {
        !self.again.is_empty()
    }

    /// Whether nothing more is handed on, of this request or another.
    pub fn is_closed(&self) -> bool {
        self.is_over() || matches!(self.due, Due::Nothing)
    }

    /// Makes everything due from here on.
    pub fn open(&mut self) {
        self.due = Due::Everything;
    }

    /// Whether the request has been handed on to its last byte.
    pub fn is_over(&self) -> bool {
        let is_all_due_gone = match &self.due {
            Due::Bytes(head, left) => *head == 0 && *left == 0,
            Due::Chunks(head, chunks) => *head == 0 && chunks.is_done(),
            Due::Everything | Due::Nothing => false,
        };
        is_all_due_gone && self.again.is_empty()
    }

    /// Reads more of what comes, in one read; 0 when the connection has ended.
    pub async fn fill(&mut self, source: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        self.buffer.reserve(ROOM_BYTES);
        source.read_buf(&mut self.buffer).await
    }

    /// Whether up to `room` bytes may go to pingora without a look at them.
    pub fn lets_through(&self, room: usize) -> bool {
        let all_due = match self.due {
            Due::Bytes(0, left) => left > 0 && room as u64 <= left,
            Due::Bytes(..) | Due::Chunks(..) | Due::Nothing => false,
            Due::Everything => true,
        };
        all_due && self.buffer.is_empty()
    }

    /// Notes that so many bytes went to pingora in that way.
    pub fn let_through(&mut self, count: usize) {
        if let Due::Bytes(_, left) = &mut self.due {
            *left = left.saturating_sub(count as u64);
            self.is_body_begun |= count > 0;
        }
    }

    /// Hands on what is due of what has come, as far as it fits: at least one byte, if there is one.
    pub fn hand_on(&mut self, out: &mut ReadBuf<'_>) -> io::Result<()> {
        if !self.again.is_empty() {
            out.put_slice(&self.again.split_to(out.remaining().min(self.again.len())));
            return Ok(());
        }
        self.is_body_begun |= !self.due.is_head();
        let fitting = self.buffer.get(..out.remaining().min(self.buffer.len())).unwrap_or_default();
        let count = self.due.take(fitting)?;
        out.put_slice(fitting.get(..count).unwrap_or_default());
        self.buffer.advance(count);
        Ok(())
    }
}

impl Due {
    /// Whether the head has not been handed on.
    fn is_head(&self) -> bool {
        matches!(self, Self::Bytes(1.., _) | Self::Chunks(1.., _))
    }

    /// How many of these bytes are due; they are so no longer.
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Bytes(0, left) => {
                let count = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= count as u64;
                Ok(count)
            }
            Self::Chunks(0, chunks) => {
                chunks.read(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
            }
            Self::Bytes(head, _) | Self::Chunks(head, _) => {
                let count = bytes.len().min(*head);
                *head -= count;
                Ok(count)
            }
            Self::Everything => Ok(bytes.len()),
            Self::Nothing => Ok(0),
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
    fn a_body_is_not_handed_on_with_its_head() {
        for request in ["POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", &format!("{CHUNKED}0\r\n\r\n")] {
            let mut intake = holding(request);
            begin(&mut intake);
            let mut room = [0; 4096];
            let mut out = ReadBuf::new(&mut room);
            intake.hand_on(&mut out).unwrap();
            assert!(out.filled().ends_with(b"\r\n\r\n") && !intake.is_body_begun());
            assert!(!intake.is_over());
        }
    }

    #[test]
    fn a_request_begins_again_with_another_head() {
        let post = "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc";
        let again = || Bytes::from_static(b"PUT / HTTP/1.0\r\n\r\n");
        for (read, rest, expected) in [
            (false, Rest::Follows, "PUT / HTTP/1.0\r\n\r\nabc"),
            (true, Rest::Gone, "PUT / HTTP/1.0\r\n\r\n"),
            (false, Rest::Gone, "PUT / HTTP/1.0\r\n\r\n"),
        ] {
            let mut intake = holding(&format!("{post}{GET}"));
            begin(&mut intake);
            let mut room = [0; 4096];
            intake.hand_on(&mut ReadBuf::new(&mut room)).unwrap();
            if read {
                intake.hand_on(&mut ReadBuf::new(&mut room)).unwrap();
            }
            assert_eq!(intake.is_body_begun(), read);
            intake.begin_again(again(), rest);
            let mut all = Vec::new();
            while intake.is_at_hand() || !intake.is_closed() {
                let mut room = [0; 5];
                let mut out = ReadBuf::new(&mut room);
                intake.hand_on(&mut out).unwrap();
                all.extend_from_slice(out.filled());
            }
            assert_eq!(String::from_utf8(all).unwrap(), expected);
            assert_eq!(intake.is_over(), read || rest == Rest::Follows);
        }
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
