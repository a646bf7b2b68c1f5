//! What a scripted origin answers, well-behaved or not.

use std::sync::Arc;

use tokio::sync::watch;

/// Holds answers back until it is opened.
#[derive(Clone, Debug)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// A gate that is shut.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Lets through all that waits and all that comes.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        *self.0.borrow()
    }

    pub(super) async fn pass(&self) {
        self.0.subscribe().wait_for(|open| *open).await.expect("the gate lives");
    }
}

/// How an answer ends on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// As it should: the next request may follow.
    Whole,
    /// Closed after that many bytes of the body as framed.
    ClosedAfter(usize),
    /// Reset after that many bytes of the body as framed.
    ResetAfter(usize),
    /// Left open after that many bytes of the body as framed, with nothing more to come.
    SilentAfter(usize),
}

/// How the body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    ContentLength,
    Chunked(usize),
    UntilClose,
}

/// What an origin sends back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) kind: BodyKind,
    pub(super) ending: Ending,
    pub(super) head_gate: Option<Gate>,
    pub(super) body_gate: Option<(usize, Gate)>,
    pub(super) raw: Option<Vec<u8>>,
    pub(super) framed: Option<Vec<u8>>,
    pub(super) when_sent: Option<Gate>,
}

impl Answer {
    /// A response with that status and no body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            fields: Vec::new(),
            body: Vec::new(),
            kind: BodyKind::ContentLength,
            ending: Ending::Whole,
            head_gate: None,
            body_gate: None,
            raw: None,
            framed: None,
            when_sent: None,
        }
    }

    /// A 200 with that body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).with_body(body)
    }

    /// Replaces the body.
    pub fn with_body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// These bytes and nothing else, then a close.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some(bytes.into()), ..Self::status(0) }
    }

    /// No byte at all: the connection is closed.
    pub fn close() -> Self {
        Self::raw("")
    }

    /// No byte at all: the connection is reset.
    pub fn reset() -> Self {
        Self { ending: Ending::ResetAfter(0), ..Self::close() }
    }

    /// Adds a field line.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends the body in chunks of that many bytes.
    pub fn chunked(self, chunk_bytes: usize) -> Self {
        Self { kind: BodyKind::Chunked(chunk_bytes), ..self }
    }

    /// Ends the body by closing the connection.
    pub fn until_close(self) -> Self {
        Self { kind: BodyKind::UntilClose, ..self }
    }

    /// Sends the head as if the body were whole, and closes after that many bytes of it as framed.
    pub fn truncated(self, bytes: usize) -> Self {
        Self { ending: Ending::ClosedAfter(bytes), ..self }
    }

    /// Sends the head as if the body were whole, and resets after that many bytes of it as framed.
    pub fn reset_after(self, bytes: usize) -> Self {
        Self { ending: Ending::ResetAfter(bytes), ..self }
    }

    /// Sends the head as if the body were whole, and falls silent after that many bytes of it as framed.
    pub fn silent_after(self, bytes: usize) -> Self {
        Self { ending: Ending::SilentAfter(bytes), ..self }
    }

    /// Sends these bytes in the place of the body as framed.
    pub fn framed_as(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { framed: Some(bytes.into()), ..self }
    }

    /// Opens the gate when all of it is sent.
    pub fn then_open(self, gate: &Gate) -> Self {
        Self { when_sent: Some(gate.clone()), ..self }
    }

    /// Sends nothing until the gate is open.
    pub fn behind(self, gate: &Gate) -> Self {
        Self { head_gate: Some(gate.clone()), ..self }
    }

    /// Sends the head and that many bytes of the body as framed, and the rest once the gate is open.
    pub fn body_behind(self, bytes: usize, gate: &Gate) -> Self {
        Self { body_gate: Some((bytes, gate.clone())), ..self }
    }

    /// Whether the connection may be used again.
    pub(super) fn keeps_alive(&self) -> bool {
        self.raw.is_none() && self.ending == Ending::Whole && self.kind != BodyKind::UntilClose
    }

    /// The bytes of the head.
    pub(super) fn head_bytes(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let mut lines = vec![format!("HTTP/1.1 {} {}", self.status, reason(self.status))];
        lines.extend(self.fields.iter().map(|(name, value)| format!("{name}: {value}")));
        let own_length = self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        match self.kind {
            BodyKind::ContentLength if !own_length && !self.is_bodiless() => {
                lines.push(format!("Content-Length: {}", self.body.len()));
            }
            BodyKind::Chunked(_) => lines.push("Transfer-Encoding: chunked".to_owned()),
            BodyKind::UntilClose => lines.push("Connection: close".to_owned()),
            BodyKind::ContentLength => {}
        }
        (lines.join("\r\n") + "\r\n\r\n").into_bytes()
    }

    /// The bytes of the body as framed.
    pub(super) fn body_bytes(&self, method: &str) -> Vec<u8> {
        if self.raw.is_some() || self.is_bodiless() || method == "HEAD" {
            return Vec::new();
        }
        if let Some(framed) = &self.framed {
            return framed.clone();
        }
        let BodyKind::Chunked(size) = self.kind else { return self.body.clone() };
        let mut framed = Vec::new();
        for chunk in self.body.chunks(size.max(1)) {
            framed.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            framed.extend(chunk);
            framed.extend(b"\r\n");
        }
        framed.extend(b"0\r\n\r\n");
        framed
    }

    /// Whether the status allows no body (RFC 9110 section 6.4.1).
    fn is_bodiless(&self) -> bool {
        matches!(self.status, 100..200 | 204 | 304)
    }
}

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unnamed")
}
