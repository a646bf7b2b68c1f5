//! Watches over a backend that may take longer for the head of its response than within the body, or less.
//!
//! pingora has one limit for every read. Where two are wanted it has none, and a task beside the request looks when a
//! limit has passed: where the backend is waited for and has sent nothing, reading it fails
//! ([`Received::look_again`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http::StatusCode;
use pingora::http::ResponseHeader;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::backend_connection::Received;
use super::ctx::RequestCtx;
use super::upstream::Patience;

/// Begins to wait for the head.
pub fn begin(ctx: &mut RequestCtx) {
    let patience = patience(ctx).filter(|patience| patience.needs_watch());
    let received = ctx.fetch.reading.received().cloned();
    ctx.fetch.watch = patience.zip(received).map(|(patience, received)| Watch::start(received, patience.first_byte));
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
    let (Some(watch), Some(patience)) = (&ctx.fetch.watch, patience) else { return };
    if response.status.is_informational() && response.status != StatusCode::SWITCHING_PROTOCOLS {
        return watch.note();
    }
    watch.set_limit(patience.between_bytes);
}

/// A part of the body has come, or its end.
pub fn on_body(ctx: &RequestCtx) {
    if let Some(watch) = &ctx.fetch.watch {
        watch.note();
    }
}

fn patience(ctx: &RequestCtx) -> Option<Patience> {
    ctx.fetch.asked.as_ref().map(|asked| Patience::of(asked.backend(), ctx))
}

/// A connection that is watched over. Ends with this.
pub struct Watch {
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    received: Received,
    began: Instant,
    /// When the backend was heard of last, in milliseconds since it began.
    heard_ms: AtomicU64,
    limit_ms: AtomicU64,
    limit_changed: Notify,
}

impl Watch {
    /// Watches over the response that comes so.
    fn start(received: Received, limit: Duration) -> Self {
        let shared = Arc::new(Shared {
            received,
            began: Instant::now(),
            heard_ms: AtomicU64::new(0),
            limit_ms: AtomicU64::new(milliseconds(limit)),
            limit_changed: Notify::new(),
        });
        let task = tokio::spawn(watch(Arc::clone(&shared))).abort_handle();
        Self { shared, task }
    }

    /// Something came, or was sent.
    fn note(&self) {
        self.shared.note();
    }

    /// From now on another limit holds.
    fn set_limit(&self, limit: Duration) {
        self.note();
        self.shared.limit_ms.store(milliseconds(limit), Relaxed);
        self.shared.limit_changed.notify_one();
    }

    /// Whether the response was ended because the backend took too long.
    pub fn has_cut(&self) -> bool {
        self.shared.received.has_timed_out()
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
        // What has come and is not read, or was a moment ago, is not the backend's delay.
        shared.received.look_again();
        shared.note();
    }
}
