//! One fetch for all who ask for the same at the same time, and no herd when they cannot share it.
//!
//! The first who finds nothing fetches, the others wait for it. They are woken at the head of its response,
//! which they read along, also where that is too large to be kept; what else may come of it:
//!
//! - *The response cannot be shared.* All who waited have to ask for themselves: at most so many at a time, in
//!   the order in which they began to wait ([`FetchLock::enter`]). pingora would send them all at once.
//! - *The fetch failed, and would for others.* Quickly, as when a connection is refused or reset: one of those
//!   who wait tries again, in case it was an accident. After [`MOST_TRIES`] such failures, or when one took
//!   [`LONG`], those who waited share the failure: each would find out the same, one after another or
//!   all at once, while the origin is in trouble. Varnish and nginx let the next one try each time, so that
//!   a thousand clients of a dead origin wait for a thousand timeouts.
//! - *What it brings was purged meanwhile*, so that it is of no use to who may have come behind the purge: one of those
//!   who wait fetches anew, and the others wait for that.
//! - *The fetch ended for a reason of its own*, or never began: one of those who wait fetches. That is so, too,
//!   where nothing is left of what it brought, as when the body breaks off behind the head.
//! - *It takes longer than it should*, which may lie in that one fetch: one of those who wait begins another, and
//!   whichever is first is for all. It should take no more than four times as long as the last fetch of the key
//!   that somebody waited for, and [`UNKNOWN`] where none is known. The next one begins when that takes twice as
//!   long again, and so on, since it is likely by then that any fetch would. So who waits behind one that hangs has
//!   an answer in little more than the time of a fetch of its own, and an origin that has become slow meets
//!   a handful of fetches, not all who wait. nginx lets all of them go after five seconds, Varnish none.
//!
//! Between finding nothing and coming here, the response may come and its fetch be over; who fetched then
//! would do so a second time. So whoever would begin is sent to look once more if there is something now.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

use http::Extensions;
use pingora::cache::key::CacheHashKey;
use pingora::cache::lock::{CacheKeyLock, LockCore, LockStatus, LockStub, Locked, WritePermit};
use pingora::cache::{CacheKey, CacheOptionOverrides};

use super::flights::{Fetch, Flight, Flights, Waiter, Waiting, Waits};
use super::gate::{Gate, Place};
use super::storage::{PingoraStorage, key_of};
use super::stored::StoredResponse;
use super::stored_body::StoredHit;
use super::turn::{Ended, Row, Said, Turn};
use crate::store::{Marks, Object};

/// How long fetches may keep a request waiting before it asks for itself.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How often a request waits anew: because another fetch has begun, because the one before it never did, or because
/// what came of it is not there any more.
const MOST_WAITS: usize = 20;

/// A fetch that takes longer to fail is not tried again by those who waited for it.
const LONG: Duration = Duration::from_secs(1);

/// How many fetches fail, one after another, before those who wait give up.
const MOST_TRIES: usize = 3;

/// How long a fetch should take at most to its head where nothing is known of the key; as nginx's
/// `proxy_cache_lock_age`.
const UNKNOWN: Duration = Duration::from_secs(5);

/// The least that it is given, since machines are busy at times.
const LEAST: Duration = Duration::from_secs(1);

/// It is given so often the time that the one before it took.
const TIMES_THE_LAST: u32 = 4;

/// How long that is remembered.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Why the head of a response is not stored that came without its body, as one to HEAD does: those who wait
/// look again.
pub const HEAD_ONLY: &str = "head-only";

/// Set on a key that is to be fetched whatever is stored (`req.hash_always_miss`): else whoever holds the lock is sent to
/// look for what has come meanwhile. Where that may be fresh and too old, [`NoOlder`](super::NoOlder) is set.
#[derive(Clone, Copy, Debug)]
pub struct AlwaysMiss;

/// Set on a key for which nobody waits: another fetch begins beside the one that is under way
/// (`req.hash_ignore_busy`). What is stale and within its grace is still fetched once.
#[derive(Clone, Copy, Debug)]
pub struct IgnoreBusy;

/// How many may do what for one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coalescing {
    /// How many wait for a fetch; more are refused.
    pub most_waiting: usize,
    /// How many fetches there are at the same time, of those that others wait for and those of requests that have
    /// waited and cannot share a response.
    pub most_fetches: usize,
}

impl Default for Coalescing {
    fn default() -> Self {
        Self { most_waiting: 10_000, most_fetches: 100 }
    }
}

/// The right to fetch a key. Requests whose key carries a [`Turn`] learn from it why they may not wait or
/// what the fetch failed of, and share what is too large to be kept; others are sent to the origin then.
pub struct FetchLock<F> {
    storage: &'static PingoraStorage,
    coalescing: Coalescing,
    gate: Gate,
    /// The fetches under way that others may wait for.
    flights: Arc<Flights<F>>,
    /// How long the last fetch of a key took to its head, if somebody waited for it.
    known: Marks<Duration>,
    next_number: AtomicU64,
    /// Locks that are released: to send a request to look again, or on its way without the cache.
    look_again: LockStub,
    go_on: LockStub,
}

/// What a fetch comes to for those who wait for it.
enum End<F> {
    /// A response that is found in the store.
    Came,
    /// One that is found nowhere but here.
    CameUnkept(Arc<Object<StoredResponse>>),
    Unshared,
    Failed(F),
    /// They are to try again. These have failed by now, if that is why.
    Again(Option<Arc<Row<F>>>),
}

impl<F: Clone + Send + Sync + 'static> FetchLock<F> {
    /// A lock for what fills `storage`.
    #[must_use]
    pub fn new(storage: &'static PingoraStorage, coalescing: Coalescing) -> Self {
        Self {
            storage,
            coalescing,
            gate: Gate::new(coalescing.most_fetches, coalescing.most_waiting),
            flights: Arc::default(),
            known: Marks::default(),
            next_number: AtomicU64::new(0),
            look_again: released(LockStatus::Done),
            go_on: released(LockStatus::GiveUp),
        }
    }

    /// What pingora is to be told beside the lock, where the cache is enabled. `wait_timeout` may be set to what a
    /// fetch of the request's own may take to its head: it asks for itself when it has waited so long.
    #[must_use]
    pub fn options() -> CacheOptionOverrides {
        let mut options = CacheOptionOverrides::default();
        (options.wait_timeout, options.max_lock_retries) = (Some(LONGEST_WAIT), Some(MOST_WAITS));
        options
    }

    /// A place among those who fetch this key, to be kept until the fetch is over; `None` when too many queue for
    /// one. It is for who holds the lock and for who has waited: before the origin is asked. Places are given in the
    /// order in which these came for the lock.
    pub fn enter(&self, key: &CacheKey, turn: &Turn<F>) -> impl Future<Output = Option<Place>> + use<F> {
        // It is sent on without it.
        drop(turn.seat().take());
        let (gate, place) = (self.gate.clone(), place_of(key));
        let ticket = turn.ticket(|| self.number());
        async move { gate.enter(place, ticket).await }
    }

    /// How many requests wait for the fetch of another.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.flights.waiting()
    }

    /// How many requests queue to fetch, most of them having waited.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.gate.queued()
    }

    fn number(&self) -> u64 {
        self.next_number.fetch_add(1, Relaxed)
    }

    /// Waits for what is fetched, if not too many do.
    fn wait(&self, flight: &mut Flight<F>, place: u128, turn: Option<&Turn<F>>) -> Locked {
        if flight.waiting() >= self.coalescing.most_waiting {
            turn.inspect(|turn| turn.end(Ended::TooMany));
            return Locked::Read(self.go_on.read_lock());
        }
        let number = self.number();
        let ticket = (turn.map_or(number, |turn| turn.ticket(|| number)), number);
        let waits = Waits { flights: Arc::clone(&self.flights), place, ticket };
        let core = LockCore::new_arc(flight.left(), false, with(waits));
        turn.inspect(|turn| turn.wait_at(&core));
        flight.wait(ticket, &core, turn.cloned());
        Locked::Read(LockStub(core).read_lock())
    }

    /// The permit of a fetch with this number.
    fn permit(&self, place: u128, number: u64, stale_writer: bool, turn: Option<&Turn<F>>) -> Locked {
        let fetch = Fetch {
            flights: Arc::clone(&self.flights),
            place,
            number,
            began: Instant::now(),
            row: turn.and_then(Turn::row).unwrap_or_default(),
        };
        // Nobody waits at this core.
        let (permit, _) = WritePermit::new(LONGEST_WAIT, stale_writer, with(fetch));
        Locked::Write(permit)
    }

    fn came_meanwhile(&self, key: &CacheKey, was_stale: bool) -> bool {
        key.extensions.get::<AlwaysMiss>().is_none() && self.storage.has_come(key, was_stale)
    }

    /// Whether this one fetches although another does.
    fn waits_for_nobody(&self, key: &CacheKey, is_stale: bool) -> bool {
        key.extensions.get::<IgnoreBusy>().is_some() && (!is_stale || self.storage.is_spent(key))
    }

    /// How long a fetch of this key may take before another one begins.
    fn patience(&self, key: &CacheKey) -> Duration {
        let last = self.known.find(key_of(key), SystemTime::now());
        last.map_or(UNKNOWN, |last| last.saturating_mul(TIMES_THE_LAST).max(LEAST))
    }

    /// Notes that a fetch for which others waited has brought a head.
    fn learn(&self, key: &CacheKey, fetch: &Fetch<F>) {
        if let Some(until) = SystemTime::now().checked_add(REMEMBERED) {
            self.known.mark(key_of(key), fetch.began.elapsed(), until);
        }
    }

    fn end_of(&self, key: &CacheKey, fetch: &Fetch<F>, ended: LockStatus) -> End<F> {
        match ended {
            LockStatus::Done if self.storage.is_spent(key) => self.end_of_spent(key),
            LockStatus::Done => match self.storage.unkept(key) {
                None => End::Came,
                Some(object) if is_fresh(&object) => End::CameUnkept(object),
                Some(_) => self.end_of_spent(key),
            },
            LockStatus::TransientError => match key.extensions.get::<Turn<F>>().and_then(Turn::said) {
                Some(Said::OfItselfAlone) => End::Unshared,
                Some(Said::Failed(failure)) => end_of_failed(fetch, failure),
                None => End::Again(None),
            },
            LockStatus::Dangling => End::Again(None),
            _ => End::Unshared,
        }
    }

    /// What came is stale. Made so by a purge, it is to be asked for once more; else whoever asks gets what is stale
    /// again, so that they would do so one after another.
    fn end_of_spent(&self, key: &CacheKey) -> End<F> {
        let intent = key.extensions.get::<Turn<F>>().and_then(Turn::intended);
        let is_purged = intent.is_some_and(|intent| self.storage.was_purged_since(key, &intent));
        if is_purged { End::Again(None) } else { End::Unshared }
    }
}

impl<F: Clone + Send + Sync + 'static> CacheKeyLock for FetchLock<F> {
    fn lock(&self, key: &CacheKey, stale_writer: bool) -> Locked {
        let turn = key.extensions.get::<Turn<F>>();
        let place = place_of(key);
        let mut flights = self.flights.shard(place);
        if let Some(flight) = flights.get_mut(&place)
            && !flight.is_due(self.coalescing.most_fetches)
            && !self.waits_for_nobody(key, stale_writer)
        {
            return self.wait(flight, place, turn);
        }
        // What a fetch before this one brought is there before its lock is gone.
        if self.came_meanwhile(key, stale_writer) {
            return Locked::Read(self.look_again.read_lock());
        }
        if let Some((turn, failure)) = turn.and_then(|turn| Some((turn, turn.row()?.shared()?))) {
            turn.end(Ended::Failed(failure));
            return Locked::Read(self.go_on.read_lock());
        }
        let number = self.number();
        match flights.get_mut(&place) {
            Some(flight) => flight.join(number),
            None => _ = flights.insert(place, Flight::begin(number, self.patience(key))),
        }
        drop(flights);
        self.permit(place, number, stale_writer, turn)
    }

    fn release(&self, key: &CacheKey, mut permit: WritePermit, reason: LockStatus) {
        permit.unlock(reason);
        let Some(fetch) = permit.extensions().get::<Arc<Fetch<F>>>() else { return };
        let end = self.end_of(key, fetch, reason);
        let waiting = self.flights.end(fetch.place, fetch.number, !matches!(end, End::Again(_)));
        if !waiting.is_empty() && matches!(reason, LockStatus::Done | LockStatus::GiveUp) {
            self.learn(key, fetch);
        }
        end.tell(waiting);
    }

    fn custom_lock_status(&self, reason: &'static str) -> LockStatus {
        // Others look again: the head that came may have made what is stored fresh.
        if reason == HEAD_ONLY { LockStatus::TransientError } else { LockStatus::GiveUp }
    }
}

impl<F: Clone> End<F> {
    /// Tells those who have waited, who go on then.
    fn tell(&self, waiting: Waiting<F>) {
        for waiter in waiting.into_values() {
            waiter.wake(self.tell_one(&waiter));
        }
    }

    /// What pingora is to do with this one.
    fn tell_one(&self, waiter: &Waiter<F>) -> LockStatus {
        match self {
            Self::Came => LockStatus::Done,
            Self::CameUnkept(object) => {
                let Some(turn) = &waiter.turn else { return LockStatus::GiveUp };
                // Its start is gone already: the waiter looks again.
                let Some(response) = StoredHit::open(Arc::clone(object)) else { return LockStatus::TransientError };
                turn.seat().hand(response);
                LockStatus::Done
            }
            Self::Unshared => LockStatus::GiveUp,
            Self::Failed(failure) => {
                waiter.turn.as_ref().inspect(|turn| turn.end(Ended::Failed(failure.clone())));
                LockStatus::GiveUp
            }
            Self::Again(row) => {
                waiter.turn.as_ref().inspect(|turn| turn.note_failures(row.clone()));
                LockStatus::TransientError
            }
        }
    }
}

fn end_of_failed<F: Clone>(fetch: &Fetch<F>, failure: F) -> End<F> {
    let is_tried_again = fetch.row.add() < MOST_TRIES && fetch.began.elapsed() < LONG;
    if is_tried_again {
        return End::Again(Some(Arc::clone(&fetch.row)));
    }
    fetch.row.give_up(failure.clone());
    End::Failed(failure)
}

fn place_of(key: &CacheKey) -> u128 {
    u128::from_le_bytes(key.combined_bin())
}

fn is_fresh(object: &Object<StoredResponse>) -> bool {
    object.head().particulars().is_some_and(|head| head.fresh_until > SystemTime::now())
}

/// What is set on a lock core, and dropped with it.
fn with<T: Send + Sync + 'static>(what: T) -> Extensions {
    let mut extensions = Extensions::new();
    extensions.insert(Arc::new(what));
    extensions
}

/// A lock that holds nobody up.
fn released(status: LockStatus) -> LockStub {
    let (mut permit, stub) = WritePermit::new(LONGEST_WAIT, false, Extensions::new());
    permit.unlock(status);
    stub
}

#[cfg(test)]
mod tests;
