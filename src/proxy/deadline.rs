//! Watches over a backend that may take longer for the head of its response than within the body, or less.
//!
//! pingora has one limit for every read. Where two are wanted it has none, and a task beside the request ends
//! the connection when a limit has passed: reading then comes to an end, and [`Watch::has_cut`] tells why.

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http::{StatusCode, header};
use pingora::http::ResponseHeader;
use pingora::protocols::Digest;
use pingora::{Error, ErrorType, Result};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::backend_connection;
use super::ctx::RequestCtx;
use super::upstream::Patience;

/// Begins to wait for the head.
pub fn begin(digest: Option<&Digest>, ctx: &mut RequestCtx) {
    ctx.fetch.watch = patience(ctx).and_then(|patience| Watch::start(digest, patience.first_byte));
}

/// A part of the request goes to the backend.
pub fn on_request_body(ctx: &RequestCtx) {
    if let Some(watch) = &ctx.fetch.watch {
        watch.note();
    }
}

/// A head has come.
pub fn on_head(response: &ResponseHeader, ctx: &mut RequestCtx) {
    let patience = patience(ctx);
    let (Some(watch), Some(patience)) = (&mut ctx.fetch.watch, patience) else { return };
    if response.status.is_informational() && response.status != StatusCode::SWITCHING_PROTOCOLS {
        return watch.note();
    }
    watch.set_limit(patience.between_bytes);
    let is_framed = |name| response.headers.contains_key(name);
    watch.is_ended_by_close = !is_framed(header::CONTENT_LENGTH) && !is_framed(header::TRANSFER_ENCODING);
}

/// A part of the body has come, or its end.
///
/// # Errors
/// When that end is our own doing: to the reader it looks like the end of a body that a close ends.
pub fn on_body(end_of_stream: bool, ctx: &RequestCtx) -> Result<()> {
    let Some(watch) = &ctx.fetch.watch else { return Ok(()) };
    if end_of_stream && watch.is_ended_by_close && watch.has_cut() {
        return Err(Error::explain(ErrorType::ReadTimedout, "the backend fell silent").into_up());
    }
    watch.note();
    Ok(())
}

fn patience(ctx: &RequestCtx) -> Option<Patience> {
    ctx.fetch.asked.as_ref().map(|asked| Patience::of(asked.backend(), ctx))
}

/// A second hold on the socket of a connection.
#[derive(Debug)]
pub struct Line(socket2::Socket);

impl Line {
    /// That of this connection.
    ///
    /// # Errors
    /// When the system has no more room for open files.
    pub fn of(socket: &impl AsFd) -> io::Result<Self> {
        Ok(Self(socket.as_fd().try_clone_to_owned()?.into()))
    }

    /// That of the connection that pingora tells of, if it is watched.
    fn found(digest: Option<&Digest>) -> Option<Arc<Self>> {
        let kept = backend_connection::beneath(digest?)?.user_data.as_ref()?;
        kept.downcast_ref::<Arc<Self>>().cloned()
    }

    /// Whether there is something to read, the end included: then it is not the backend that is slow.
    fn has_news(&self) -> bool {
        !matches!(self.0.peek(&mut [MaybeUninit::uninit()]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    fn cut(&self) {
        // Fails where the connection has ended already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// A connection that is watched over. Ends with this.
pub struct Watch {
    shared: Arc<Shared>,
    task: AbortHandle,
    /// Whether the body ends where the connection does.
    is_ended_by_close: bool,
}

struct Shared {
    line: Arc<Line>,
    began: Instant,
    /// When the backend was heard of last, in milliseconds since it began.
    heard_ms: AtomicU64,
    limit_ms: AtomicU64,
    limit_changed: Notify,
    has_cut: AtomicBool,
}

impl Watch {
    /// Watches over the connection that pingora tells of; `None` if it does so itself.
    pub fn start(digest: Option<&Digest>, limit: Duration) -> Option<Self> {
        let shared = Arc::new(Shared {
            line: Line::found(digest)?,
            began: Instant::now(),
            heard_ms: AtomicU64::new(0),
            limit_ms: AtomicU64::new(milliseconds(limit)),
            limit_changed: Notify::new(),
            has_cut: AtomicBool::new(false),
        });
        let task = tokio::spawn(watch(Arc::clone(&shared))).abort_handle();
        Some(Self { shared, task, is_ended_by_close: false })
    }

    /// Something came, or was sent.
    pub fn note(&self) {
        self.shared.note();
    }

    /// From now on another limit holds.
    pub fn set_limit(&self, limit: Duration) {
        self.note();
        self.shared.limit_ms.store(milliseconds(limit), Relaxed);
        self.shared.limit_changed.notify_one();
    }

    /// Whether the connection was ended because the backend took too long.
    pub fn has_cut(&self) -> bool {
        self.shared.has_cut.load(Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn note(&self) {
        self.heard_ms.store(milliseconds(self.began.elapsed()), Relaxed);
    }

    /// When the limit has passed; `None` for a limit beyond all time.
    fn due(&self) -> Option<Instant> {
        let heard = Duration::from_millis(self.heard_ms.load(Relaxed));
        let limit = Duration::from_millis(self.limit_ms.load(Relaxed));
        self.began.checked_add(heard)?.checked_add(limit)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

async fn watch(shared: Arc<Shared>) {
    while let Some(due) = shared.due() {
        tokio::select! {
            () = sleep_until(due) => {}
            () = shared.limit_changed.notified() => continue,
        }
        if shared.due().is_none_or(|due| due > Instant::now()) {
            continue;
        }
        if shared.line.has_news() {
            shared.note();
            continue;
        }
        shared.has_cut.store(true, Relaxed);
        return shared.line.cut();
    }
}
