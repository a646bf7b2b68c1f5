//! Who fetches each key, and who waits for it.
//!
//! A key has an entry while somebody fetches it, and not a moment longer. Each request that waits does so at a lock
//! core of its own, so that it can be told to go on alone; it leaves the entry when pingora lets go of that, for
//! whatever reason.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use pingora::cache::lock::{LockCore, LockStatus};

use super::turn::{Row, Turn};

const SHARDS: usize = 16;

/// The keys that are fetched.
pub(super) struct Flights<F>([Mutex<HashMap<u128, Flight<F>>>; SHARDS]);

/// A key that is fetched.
pub(super) struct Flight<F> {
    /// The numbers of the fetches.
    fetches: Vec<u64>,
    waiting: Waiting<F>,
    /// How long they may take before another one begins beside them, and when that is.
    patience: Duration,
    due: Instant,
}

/// By ticket, and the number of this waiting: a request may wait again with the same ticket.
pub(super) type Waiting<F> = BTreeMap<(u64, u64), Waiter<F>>;

/// A request that waits.
pub(super) struct Waiter<F> {
    pub(super) turn: Option<Turn<F>>,
    core: Weak<LockCore>,
}

/// Set on the lock core of a fetch: one that ends without a word, as a panic would have it, is noted all the same.
pub(super) struct Fetch<F> {
    pub(super) flights: Arc<Flights<F>>,
    pub(super) place: u128,
    pub(super) number: u64,
    pub(super) began: Instant,
    /// Those that failed just before it while the same requests waited.
    pub(super) row: Arc<Row<F>>,
}

/// Set on the lock core at which a request waits, and takes it out of the entry when that is dropped.
pub(super) struct Waits<F> {
    pub(super) flights: Arc<Flights<F>>,
    pub(super) place: u128,
    pub(super) ticket: (u64, u64),
}

impl<F> Default for Flights<F> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl<F> Flights<F> {
    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        let shards = self.0.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shards.map(|shard| shard.values().map(|flight| flight.waiting.len()).sum::<usize>()).sum()
    }

    /// The entries among which that of this place is.
    pub(super) fn shard(&self, place: u128) -> MutexGuard<'_, HashMap<u128, Flight<F>>> {
        let [first, ..] = &self.0;
        let shard = usize::try_from(place % SHARDS as u128).unwrap_or_default();
        self.0.get(shard).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fetch has ended; who is to be told: nobody while there are others, unless its end is that of all.
    pub(super) fn end(&self, place: u128, number: u64, is_for_all: bool) -> Waiting<F> {
        let mut shard = self.shard(place);
        let Some(flight) = shard.get_mut(&place) else { return Waiting::new() };
        let fetches = flight.fetches.len();
        flight.fetches.retain(|fetch| *fetch != number);
        let is_of_it = flight.fetches.len() < fetches;
        if !is_of_it || !(is_for_all || flight.fetches.is_empty()) {
            return Waiting::new();
        }
        shard.remove(&place).map(|flight| flight.waiting).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|shard| shard.lock().is_ok_and(|shard| shard.is_empty()))
    }
}

impl<F> Flight<F> {
    /// One that is fetched for the first time.
    pub(super) fn begin(number: u64, patience: Duration) -> Self {
        let mut flight = Self { fetches: Vec::new(), waiting: Waiting::new(), patience, due: Instant::now() };
        flight.fetch(number);
        flight
    }

    /// How long it is until another fetch is due.
    pub(super) fn left(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Another fetch begins. The next one is due when this takes twice as long as those before: by then it is
    /// likely that any would.
    pub(super) fn join(&mut self, number: u64) {
        self.patience = self.patience.saturating_mul(2);
        self.fetch(number);
    }

    /// Whether another fetch is to begin, of so many at most.
    pub(super) fn is_due(&mut self, most_fetches: usize) -> bool {
        let is_late = self.left().is_zero();
        if is_late && self.fetches.len() >= most_fetches {
            self.put_off();
            return false;
        }
        is_late
    }

    pub(super) fn wait(&mut self, ticket: (u64, u64), core: &Arc<LockCore>, turn: Option<Turn<F>>) {
        self.waiting.insert(ticket, Waiter { turn, core: Arc::downgrade(core) });
    }

    #[cfg(test)]
    pub(super) fn let_be_late(&mut self) {
        self.due = Instant::now();
    }

    fn fetch(&mut self, number: u64) {
        self.fetches.push(number);
        self.put_off();
    }

    fn put_off(&mut self) {
        self.due = Instant::now() + self.patience;
    }
}

impl<F> Waiter<F> {
    /// Lets it go on. No entry may be locked.
    pub(super) fn wake(&self, status: LockStatus) {
        if let Some(core) = self.core.upgrade().filter(|core| core.locked()) {
            core.unlock(status);
        }
    }
}

impl<F> Drop for Fetch<F> {
    fn drop(&mut self) {
        let waiting = self.flights.end(self.place, self.number, false);
        for waiter in waiting.values() {
            waiter.wake(LockStatus::TransientError);
        }
    }
}

impl<F> Drop for Waits<F> {
    fn drop(&mut self) {
        let mut shard = self.flights.shard(self.place);
        let left = shard.get_mut(&self.place).and_then(|flight| flight.waiting.remove(&self.ticket));
        drop(shard);
        drop(left);
    }
}
