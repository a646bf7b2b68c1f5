//! The two sides of a pipe, with what is told of it afterwards.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

/// How much of what the backend sends is looked at: `HTTP/1.1 200`.
const STATUS_BYTES: usize = 12;

/// Where the status begins.
const STATUS_AT: usize = 9;

/// What is noted of a pipe.
pub(super) struct Notes {
    began: Instant,
    /// When a byte went by last, in milliseconds from the beginning.
    moved_ms: AtomicU64,
    sent_bytes: AtomicU64,
    /// What the backend sent first.
    start: Mutex<Vec<u8>>,
}

impl Notes {
    pub(super) fn begin() -> Self {
        let (moved_ms, sent_bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { began: Instant::now(), moved_ms, sent_bytes, start: Mutex::default() }
    }

    /// How many bytes the client was sent.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Relaxed)
    }

    /// The status of the response that the backend sent; 0 if what it sent does not begin as one.
    pub(super) fn status(&self) -> u16 {
        let start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
        let digits = start.get(STATUS_AT..).filter(|_| start.starts_with(b"HTTP/1."));
        let number = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        number.filter(|status| (100..1_000).contains(status)).unwrap_or(0)
    }

    /// Waits until no byte has gone by for so long.
    pub(super) async fn silence(&self, longest: Duration) {
        loop {
            let moved = self.began + Duration::from_millis(self.moved_ms.load(Relaxed));
            let Some(due) = moved.checked_add(longest) else { return std::future::pending().await };
            if Instant::now() >= due {
                return;
            }
            sleep_until(due).await;
        }
    }

    fn moved(&self) {
        let elapsed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved_ms.store(elapsed, Relaxed);
    }

    fn keep_start(&self, bytes: &[u8]) {
        let mut start = self.start.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = STATUS_BYTES.saturating_sub(start.len()).min(bytes.len());
        start.extend_from_slice(bytes.get(..missing).unwrap_or_default());
    }
}

/// Whose connection it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Backend,
}

/// A connection of which notes are taken.
pub(super) struct Noted<'n, T> {
    inner: T,
    side: Side,
    notes: &'n Notes,
}

impl<'n, T> Noted<'n, T> {
    pub(super) fn new(inner: T, side: Side, notes: &'n Notes) -> Self {
        Self { inner, side, notes }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Noted<'_, T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, out);
        let bytes = out.filled().get(before..).unwrap_or_default();
        if !bytes.is_empty() {
            self.notes.moved();
            if self.side == Side::Backend {
                self.notes.keep_start(bytes);
            }
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Noted<'_, T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = written {
            self.notes.moved();
            if self.side == Side::Client {
                self.notes.sent_bytes.fetch_add(count as u64, Relaxed);
            }
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(pieces: &[&str]) -> u16 {
        let notes = Notes::begin();
        for piece in pieces {
            notes.keep_start(piece.as_bytes());
        }
        notes.status()
    }

    #[test]
    fn the_status_is_that_of_the_first_line_however_it_is_cut() {
        assert_eq!(status(&["HTTP/1.1 101 Switching Protocols\r\n"]), 101);
        assert_eq!(status(&["HTT", "P/1.0 4", "04", " Not Found"]), 404);
        for none in ["", "HTTP/1.1 ", "HTTP/1.1 20", "SSH-2.0-x 200", "HTTP/1.1 abc", "HTTP/1.1 099"] {
            assert_eq!(status(&[none]), 0, "{none}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_begins_with_the_last_byte() {
        let notes = Notes::begin();
        let began = Instant::now();
        let later = async {
            sleep_until(began + Duration::from_secs(7)).await;
            notes.moved();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = later => {}
            () = notes.silence(Duration::from_secs(10)) => {}
        }
        assert_eq!(began.elapsed().as_secs(), 17);
    }
}
