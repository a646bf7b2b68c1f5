//! The pace of the client whose request fetches what is being stored.
//!
//! pingora does everything for that client in one task: it reads from the backend, writes to the store, reads
//! from the store and writes to the client. While it waits to write to a client that reads slowly, it would
//! fetch nothing, and hold up all who share the response. So as long as the store keeps what comes, the
//! client's connection takes what it is given without waiting, and the *reader* of that client waits until the
//! connection is ready for more: the fetch runs ahead, and what the client has yet to read lies in the store.
//!
//! Once the response is not kept, the fetch is to wait for the fastest who reads it. While one of the others is
//! near, that is not this client: the fetch runs ahead of it as before, until it is so far behind that the store cuts
//! it off unless it is waited for, which is done for a moment. While none is, or for that moment, the fetch is *held*:
//! the connection takes nothing without waiting, and is given something to wait with.

use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, timeout_at};

use super::stored::StoredResponse;
use crate::store::{Others, Room};

/// How long a client may take nothing before it is cut off.
pub const STALL: Duration = Duration::from_mins(1);

const UNDECIDED: u8 = 0;
const AHEAD: u8 = 1;
const OVER: u8 = 2;

/// What a client's connection and the readers and writers of one response tell each other.
#[derive(Default)]
pub struct Pace {
    stage: AtomicU8,
    /// Those who share the response, as long as it is fetched.
    others: Mutex<Option<Sharing>>,
    /// Since when the connection has bytes that it could not send on, and has sent none of them.
    waiting_since: Mutex<Option<Instant>>,
    is_cut: AtomicBool,
    /// The connection, while it waits to send.
    connection: Mutex<Option<Waker>>,
    /// Told of all that `ready` waits for.
    changed: Notify,
}

struct Sharing {
    others: Others<StoredResponse>,
    /// Since when they wait for this client, and until when.
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Sharing {
    fn poll_ahead(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let room = self.others.room(context.waker());
            let Room::Slow(left) = room else {
                self.end_wait();
                return if room == Room::Open { Poll::Ready(()) } else { Poll::Pending };
            };
            let (_, until) = self.wait.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
            if until.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.end_wait();
        }
    }

    fn end_wait(&mut self) {
        if let Some((since, _)) = self.wait.take() {
            self.others.have_waited(since.elapsed());
        }
    }
}

impl Pace {
    /// Lets the fetch run ahead of the client, unless it is over.
    pub fn run_ahead(&self) {
        // Fails when that is decided already.
        let _ = self.stage.compare_exchange(UNDECIDED, AHEAD, Relaxed, Relaxed);
    }

    /// Has the fetch run ahead only as long as these allow it.
    pub(super) fn follow(&self, others: Option<Others<StoredResponse>>) {
        *lock(&self.others) = others.map(|others| Sharing { others, wait: None });
    }

    /// The fetch is over: from here on the client is waited for.
    pub fn end_of_fetch(&self) {
        self.stage.store(OVER, Relaxed);
        self.follow(None);
        self.changed.notify_waiters();
    }

    /// Ready where the connection is to take what it is given, and not to wait. Else the task is woken when that may
    /// have changed, unless it cannot any more.
    pub fn poll_ahead(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.stage.load(Relaxed) != AHEAD {
            return Poll::Pending;
        }
        let ahead = lock(&self.others).as_mut().map_or(Poll::Ready(()), |sharing| sharing.poll_ahead(context));
        *lock(&self.connection) = ahead.is_pending().then(|| context.waker().clone());
        if self.is_cut() {
            // Just now, perhaps, when there was nobody to be woken.
            context.waker().wake_by_ref();
        }
        ahead
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
        let mut since = lock(&self.waiting_since);
        if has_moved || since.is_none() {
            *since = Some(Instant::now());
        }
    }

    /// The connection has sent all that it was given.
    pub fn has_sent_all(&self) {
        if lock(&self.waiting_since).take().is_some() {
            self.changed.notify_waiters();
        }
    }

    /// Returns when the connection is to be given more of the body, and how many bytes at most: all, if it is
    /// ready; a single one, if the fetch is held and the connection has enough to send already, so that it makes
    /// the fetch wait and yet never keeps much. Never returns for a client that is cut off, as one is here that
    /// takes nothing for [`STALL`]. May be dropped while it waits.
    pub async fn ready(&self) -> u64 {
        loop {
            let changed = self.changed.notified();
            let Some(since) = *lock(&self.waiting_since) else { return u64::MAX };
            if self.stage.load(Relaxed) != AHEAD {
                return u64::MAX;
            }
            let deadline = since + STALL;
            if Instant::now() >= deadline {
                self.end().await;
            }
            let ahead = poll_fn(|context| Poll::Ready(self.poll_ahead(context))).await;
            if ahead.is_pending() {
                return 1;
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
}

/// The store has cut the client off: its connection fails now, also while it waits to send.
impl Wake for Pace {
    fn wake(self: Arc<Self>) {
        self.cut();
        if let Some(connection) = lock(&self.connection).take() {
            connection.wake();
        }
    }
}

impl std::fmt::Debug for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pace").field("stage", &self.stage).field("is_cut", &self.is_cut).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        pace.end_of_fetch();
        assert!(is_ready(&pace).await);
        pace.run_ahead();
        assert!(
            pace.poll_ahead(&mut Context::from_waker(std::task::Waker::noop())).is_pending(),
            "what is over stays so"
        );
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
