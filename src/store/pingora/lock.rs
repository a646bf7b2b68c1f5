//! One fetch for all who ask for the same at the same time, and no herd when they cannot share it.
//!
//! The first who finds nothing fetches, the others wait for it. They are woken at the head of its response,
//! which they read along; what else may come of it:
//!
//! - *The response cannot be shared.* All who waited have to ask for themselves: at most so many at a time, in
//!   the order in which they began to wait ([`FetchLock::enter`]). pingora would send them all at once.
//! - *The fetch failed, and would for others.* Quickly, as when a connection is refused or reset: one of those
//!   who wait tries again, in case it was an accident. After [`MOST_TRIES`] such failures, or when one took
//!   [`PATIENCE`], those who waited share the failure: each would find out the same, one after another or
//!   all at once, while the origin is in trouble. Varnish and nginx let the next one try each time, so that
//!   a thousand clients of a dead origin wait for a thousand timeouts.
//! - *The fetch ended for a reason of its own*, or never began: one of those who wait fetches. That is so, too,
//!   where nothing is left of what it brought, as when the body breaks off behind the head.
//! - *It takes too long.* After [`LONGEST_WAIT`] they ask for themselves, as above.
//!
//! Between finding nothing and coming here, the response may come and its fetch be over; who fetched then
//! would do so a second time. So whoever would begin is sent to look once more if there is something now.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http::Extensions;
use pingora::cache::key::CacheHashKey;
use pingora::cache::lock::{CacheKeyLock, LockStatus, LockStub, Locked, WritePermit};
use pingora::cache::{CacheKey, CacheOptionOverrides};

use super::gate::{Gate, Place};
use super::storage::PingoraStorage;
use super::turn::{Fetch, Said, Turn};

/// How long a fetch may keep others waiting for it before they ask for themselves.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How often a request waits for another fetch, because the one before it was of no use to it: it never
/// began, or what came of it is not there any more.
const MOST_WAITS: usize = 10;

/// A fetch that takes longer to fail is not tried again by those who waited for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many fetches fail, one after another, before those who wait give up.
const MOST_TRIES: usize = 3;

const SHARDS: usize = 16;

/// Why the head of a response is not stored that came without its body, as one to HEAD does: those who wait
/// look again.
pub const HEAD_ONLY: &str = "head-only";

/// Set on a key that is to be fetched whatever is stored (`req.hash_always_miss`).
#[derive(Clone, Copy, Debug)]
pub struct AlwaysMiss;

/// How many may do what for one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coalescing {
    /// How many wait for a fetch; more are refused.
    pub most_waiting: usize,
    /// How many of those who have waited fetch at the same time, where they cannot share a response.
    pub most_fetches: usize,
}

impl Default for Coalescing {
    fn default() -> Self {
        Self { most_waiting: 10_000, most_fetches: 100 }
    }
}

/// The right to fetch a key. Requests whose key carries a [`Turn`] learn from it why they may not wait or
/// what the fetch failed of; others are sent to the origin then.
pub struct FetchLock<F> {
    storage: &'static PingoraStorage,
    most_waiting: usize,
    gate: Gate,
    /// The fetches under way that others may wait for.
    fetches: [Mutex<HashMap<u128, LockStub>>; SHARDS],
    next_ticket: AtomicU64,
    /// Locks that are released: to send a request to look again, or on its way without the cache.
    look_again: LockStub,
    go_on: LockStub,
    says: std::marker::PhantomData<fn() -> F>,
}

impl<F: Clone + Send + Sync + 'static> FetchLock<F> {
    /// A lock for what fills `storage`.
    #[must_use]
    pub fn new(storage: &'static PingoraStorage, coalescing: Coalescing) -> Self {
        Self {
            storage,
            most_waiting: coalescing.most_waiting,
            gate: Gate::new(coalescing.most_fetches, coalescing.most_waiting),
            fetches: Default::default(),
            next_ticket: AtomicU64::new(0),
            look_again: released(LockStatus::Done),
            go_on: released(LockStatus::GiveUp),
            says: std::marker::PhantomData,
        }
    }

    /// What pingora is to be told beside the lock, where the cache is enabled.
    #[must_use]
    pub fn options() -> CacheOptionOverrides {
        let mut options = CacheOptionOverrides::default();
        (options.wait_timeout, options.max_lock_retries) = (Some(LONGEST_WAIT), Some(MOST_WAITS));
        options
    }

    /// A place among those who fetch this key though they had waited, to be kept until the fetch is over;
    /// `None` when too many queue for one.
    pub fn enter(&self, key: &CacheKey, turn: &Turn<F>) -> impl Future<Output = Option<Place>> + use<F> {
        let (gate, place) = (self.gate.clone(), place_of(key));
        let ticket = turn.ticket().unwrap_or_else(|| self.ticket());
        async move { gate.enter(place, ticket).await }
    }

    /// How many requests wait for the fetch of another.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let shards = self.fetches.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shards.map(|shard| shard.values().map(waiting_for).sum::<usize>()).sum()
    }

    /// How many requests have waited and queue to fetch for themselves.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.gate.queued()
    }

    fn ticket(&self) -> u64 {
        self.next_ticket.fetch_add(1, Relaxed)
    }

    /// Waits for a fetch, if not too many do.
    fn wait(&self, fetch: &LockStub, turn: Option<&Turn<F>>) -> Locked {
        if waiting_for(fetch) >= self.most_waiting {
            turn.inspect(|turn| turn.be_refused());
            return Locked::Read(self.go_on.read_lock());
        }
        turn.inspect(|turn| turn.wait_for(fetch.extensions().get().cloned(), || self.ticket()));
        Locked::Read(fetch.read_lock())
    }

    fn came_meanwhile(&self, key: &CacheKey, was_stale: bool) -> bool {
        key.extensions.get::<AlwaysMiss>().is_none() && self.storage.has_come(key, was_stale)
    }

    /// What those who wait are to do.
    fn status(&self, key: &CacheKey, fetch: Option<&Fetch<F>>, ended: LockStatus) -> LockStatus {
        match ended {
            // One after another they would find it stale again.
            LockStatus::Done if self.storage.is_spent(key) => LockStatus::GiveUp,
            LockStatus::TransientError => {
                let said = key.extensions.get::<Turn<F>>().and_then(Turn::said);
                let is_shared = match (said, fetch) {
                    (Some(Said::OfItselfAlone), _) => true,
                    (Some(Said::Failed(failure)), Some(fetch)) => {
                        let _ = fetch.failure.set(failure);
                        fetch.began.elapsed() >= PATIENCE || fetch.failed_before + 1 >= MOST_TRIES
                    }
                    _ => false,
                };
                if is_shared { LockStatus::GiveUp } else { LockStatus::TransientError }
            }
            ended => ended,
        }
    }

    fn shard(&self, place: u128) -> MutexGuard<'_, HashMap<u128, LockStub>> {
        let [first, ..] = &self.fetches;
        let shard = usize::try_from(place % SHARDS as u128).unwrap_or_default();
        self.fetches.get(shard).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Clone + Send + Sync + 'static> CacheKeyLock for FetchLock<F> {
    fn lock(&self, key: &CacheKey, stale_writer: bool) -> Locked {
        let turn = key.extensions.get::<Turn<F>>();
        let place = place_of(key);
        let mut fetches = self.shard(place);
        if let Some(fetch) = fetches.get(&place).filter(|fetch| is_under_way(fetch)) {
            return self.wait(fetch, turn);
        }
        // What a fetch before this one brought is there before its lock is gone.
        if self.came_meanwhile(key, stale_writer) {
            return Locked::Read(self.look_again.read_lock());
        }
        let fetch =
            Fetch::<F> { began: Instant::now(), failed_before: turn.map_or(0, Turn::lead), failure: OnceLock::new() };
        let mut extensions = Extensions::new();
        extensions.insert(Arc::new(fetch));
        let (permit, stub) = WritePermit::new(LONGEST_WAIT, stale_writer, extensions);
        fetches.insert(place, stub);
        Locked::Write(permit)
    }

    fn release(&self, key: &CacheKey, mut permit: WritePermit, reason: LockStatus) {
        let fetch = permit.extensions().get::<Arc<Fetch<F>>>().cloned();
        let status = match permit.lock_status() {
            // Those who waited have begun another.
            LockStatus::AgeTimeout => LockStatus::AgeTimeout,
            _ => self.status(key, fetch.as_deref(), reason),
        };
        let place = place_of(key);
        let mut fetches = self.shard(place);
        let current = fetches.get(&place).and_then(|stub| stub.extensions().get::<Arc<Fetch<F>>>());
        if current.zip(fetch.as_ref()).is_some_and(|(current, fetch)| Arc::ptr_eq(current, fetch)) {
            fetches.remove(&place);
        }
        drop(fetches);
        permit.unlock(status);
    }

    fn custom_lock_status(&self, reason: &'static str) -> LockStatus {
        // Others look again: the head that came may have made what is stored fresh.
        if reason == HEAD_ONLY { LockStatus::TransientError } else { LockStatus::GiveUp }
    }
}

fn place_of(key: &CacheKey) -> u128 {
    u128::from_le_bytes(key.combined_bin())
}

/// Not so when it took too long, or ended without a word, as a panic would have it.
fn is_under_way(fetch: &LockStub) -> bool {
    !matches!(fetch.0.lock_status(), LockStatus::Dangling | LockStatus::AgeTimeout)
}

/// How many wait: all who hold the lock but the table and who fetches.
fn waiting_for(fetch: &LockStub) -> usize {
    Arc::strong_count(&fetch.0).saturating_sub(2)
}

/// A lock that holds nobody up.
fn released(status: LockStatus) -> LockStub {
    let (mut permit, stub) = WritePermit::new(LONGEST_WAIT, false, Extensions::new());
    permit.unlock(status);
    stub
}

#[cfg(test)]
mod tests;
