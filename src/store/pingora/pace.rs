//! The pace of the client whose request fetches what is being stored.
//!
//! pingora does everything for that client in one task: it reads from the backend, writes to the store, reads
//! from the store and writes to the client. While it waits to write to a client that reads slowly, it would
//! fetch nothing, and hold up all who share the response. So as long as the store keeps what comes, the
//! client's connection takes what it is given without waiting, and the *reader* of that client waits until the
//! connection is ready for more: the fetch runs ahead, and what the client has yet to read lies in the store.
//! Once the response is not kept, nothing would limit what lies there; then the connection makes the fetch
//! wait, as without any of this.

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How long a client may take nothing before it is cut off.
pub const STALL: Duration = Duration::from_mins(1);

const UNDECIDED: u8 = 0;
const AHEAD: u8 = 1;
const HELD: u8 = 2;

/// What a client's connection and the readers and writers of one response tell each other.
#[derive(Debug, Default)]
pub struct Pace {
    stage: AtomicU8,
    /// Since when the connection has bytes that it could not send on, and has sent none of them.
    waiting_since: Mutex<Option<Instant>>,
    is_cut: AtomicBool,
    /// Told of all that `ready` waits for.
    changed: Notify,
}

impl Pace {
    /// Lets the fetch run ahead of the client, unless it was held before.
    pub fn run_ahead(&self) {
        // Fails when that is decided already.
        let _ = self.stage.compare_exchange(UNDECIDED, AHEAD, Relaxed, Relaxed);
    }

    /// Makes the fetch wait for the client from here on.
    pub fn hold(&self) {
        self.stage.store(HELD, Relaxed);
        self.changed.notify_waiters();
    }

    /// Whether the connection is to take what it is given, and not to wait.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.stage.load(Relaxed) == AHEAD
    }

    /// Cuts the client off: its connection fails at the next touch.
    pub fn cut(&self) {
        self.is_cut.store(true, Relaxed);
    }

    /// Whether the client is cut off.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut.load(Relaxed)
    }

    /// The connection has bytes that wait; whether it has just sent some.
    pub fn waits(&self, has_moved: bool) {
        let mut since = self.since();
        if has_moved || since.is_none() {
            *since = Some(Instant::now());
        }
    }

    /// The connection has sent all that it was given.
    pub fn has_sent_all(&self) {
        if self.since().take().is_some() {
            self.changed.notify_waiters();
        }
    }

    /// Returns when the connection is ready for more of the body; never for a client that is cut off, as one is
    /// here that takes nothing for [`STALL`]. May be dropped while it waits.
    pub async fn ready(&self) {
        loop {
            let changed = self.changed.notified();
            if !self.is_ahead() {
                return;
            }
            let Some(since) = *self.since() else { return };
            let deadline = since + STALL;
            if Instant::now() >= deadline {
                return self.end().await;
            }
            // Late or not: what has come of it is looked at above.
            let _ = timeout_at(deadline, changed).await;
        }
    }

    /// Cuts the client off and has its connection touched, which ends it for pingora; an error of its reader
    /// would end the fetch, too.
    pub async fn end(&self) {
        self.cut();
        // The same task reads from the connection, and has perhaps just found nothing there.
        tokio::task::yield_now().await;
        pending::<()>().await;
    }

    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.waiting_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALMOST: Duration = Duration::from_secs(59);

    async fn is_ready(pace: &Pace) -> bool {
        tokio::time::timeout(Duration::from_millis(1), pace.ready()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_waits_for_its_connection_only_while_the_fetch_runs_ahead() {
        let pace = Pace::default();
        pace.waits(false);
        assert!(is_ready(&pace).await);
        pace.run_ahead();
        assert!(!is_ready(&pace).await);
        pace.has_sent_all();
        assert!(is_ready(&pace).await);
        pace.waits(false);
        pace.hold();
        assert!(is_ready(&pace).await);
        pace.run_ahead();
        assert!(!pace.is_ahead(), "what is held stays so");
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_for_long_is_cut_off() {
        let pace = Pace::default();
        pace.run_ahead();
        pace.waits(false);
        let slow = tokio::time::timeout(ALMOST, pace.ready()).await;
        assert!(slow.is_err() && !pace.is_cut());
        pace.waits(true);
        let slow = tokio::time::timeout(ALMOST, pace.ready()).await;
        assert!(slow.is_err() && !pace.is_cut(), "it has taken something meanwhile");
        pace.waits(false);
        let gone = tokio::time::timeout(STALL, pace.ready()).await;
        assert!(gone.is_err() && pace.is_cut());
    }
}
