//! One HTTP/1.1 request for a probe: only the status of the answer is of interest, and that it ends.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::addresses::ResolveError;

/// The longest head that is read.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// How much behind the head is read.
const MAX_BODY_BYTES: u64 = 64 * 1024;

/// Why a probe failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProbeError {
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error("no connection: {0}")]
    Connect(io::Error),
    #[error("no connection by TLS: {0}")]
    Tls(String),
    #[error("the connection broke: {0}")]
    Broken(io::Error),
    #[error("no whole answer within {0:?}")]
    TimedOut(Duration),
    #[error("the connection was closed before the answer was whole")]
    Closed,
    #[error("the connection was not closed in time after the answer")]
    NotClosed,
    #[error("the answer is not HTTP")]
    NotHttp,
    #[error("the head of the answer is longer than {} KiB", MAX_HEAD_BYTES / 1024)]
    TooLong,
    #[error("status {got} where {expected} is expected")]
    Status { got: u16, expected: String },
}

impl ProbeError {
    /// The status of the answer, if there was one.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Status { got, .. } => Some(*got),
            _ => None,
        }
    }
}

/// Sends `request` and gives the status of the answer once its head is there.
pub(super) async fn status_of(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &str,
) -> Result<u16, ProbeError> {
    stream.write_all(request.as_bytes()).await.map_err(ProbeError::Broken)?;
    let mut head = Vec::with_capacity(1024);
    while !ends_head(&head) {
        if head.len() > MAX_HEAD_BYTES {
            return Err(ProbeError::TooLong);
        }
        if stream.read_buf(&mut head).await.map_err(ProbeError::Broken)? == 0 {
            return Err(ProbeError::Closed);
        }
    }
    status(&head).ok_or(ProbeError::NotHttp)
}

/// Reads until the server closes the connection. Many a server that speaks TLS does so without saying it there. Of a long
/// answer only the beginning is read, which has to do: one without end would be work without end.
pub(super) async fn to_the_end(stream: &mut (impl AsyncRead + Unpin), until: Instant) -> Result<(), ProbeError> {
    match timeout_at(until, tokio::io::copy(&mut stream.take(MAX_BODY_BYTES), &mut tokio::io::sink())).await {
        Err(_) => Err(ProbeError::NotClosed),
        Ok(Err(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(ProbeError::Broken(error)),
        Ok(_) => Ok(()),
    }
}

/// Whether the empty line that ends a head has come; a bare line feed ends a line too (RFC 9112 section 2.2).
fn ends_head(received: &[u8]) -> bool {
    received.windows(2).any(|pair| pair == b"\n\n") || received.windows(3).any(|three| three == b"\n\r\n")
}

/// The status of `HTTP/1.1 200 OK` (RFC 9112 section 4).
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line.get(..line.len().min(16))?).ok()?.split_ascii_whitespace();
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    let digits = words.next().filter(|digits| digits.len() == 3)?;
    digits.parse().ok().filter(|status| (100..1000).contains(status))
}
