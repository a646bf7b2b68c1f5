//! How many bytes are in use, and how many may be.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::sync::{AtomicU64, Ordering};

/// The time, as the store asks for it.
pub(super) type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// Milliseconds, of the time that the store's clock tells.
pub(super) type Moment = u64;

/// Bytes in use against a limit. What is reserved never exceeds the limit, except between lowering
/// the limit and evicting down to it; what is taken without asking may.
///
/// A part of them is *in flight*: fills, and what is still read of objects that were taken out. Eviction gives
/// nothing of that back, so it has a ceiling of its own.
pub(super) struct Budget {
    used: AtomicU64,
    in_flight: AtomicU64,
    limit: AtomicU64,
    clock: Clock,
}

impl Budget {
    pub(super) fn new(limit: u64, clock: Clock) -> Self {
        Self { used: AtomicU64::new(0), in_flight: AtomicU64::new(0), limit: AtomicU64::new(limit), clock }
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    pub(super) fn moment(&self) -> Moment {
        let since = self.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::SeqCst)
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit.load(Ordering::SeqCst)
    }

    pub(super) fn set_limit(&self, bytes: u64) {
        self.limit.store(bytes, Ordering::SeqCst);
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.used() > self.limit()
    }

    /// The part that is in flight.
    pub(super) fn in_flight(&self) -> u64 {
        let bytes = self.in_flight.load(Ordering::SeqCst);
        // What is given back may be counted a moment before it was taken.
        if bytes > u64::MAX / 2 { 0 } else { bytes }
    }

    /// The most that may be in flight: a half of the limit.
    pub(super) fn ceiling(&self) -> u64 {
        self.limit() / 2
    }

    /// Takes bytes if they are there. The limit is read again afterwards: it may have been lowered
    /// by someone who looked at `used` before these bytes were in it.
    pub(super) fn try_reserve(&self, bytes: u64) -> bool {
        let limit = self.limit();
        let take = |used: u64| used.checked_add(bytes).filter(|&used| used <= limit);
        if self.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_err() {
            return false;
        }
        if self.limit() < limit && self.is_exceeded() {
            self.release(bytes);
            return false;
        }
        true
    }

    /// Takes bytes that are in use already.
    pub(super) fn take(&self, bytes: u64) {
        self.used.fetch_add(bytes, Ordering::SeqCst);
    }

    /// Gives bytes back.
    pub(super) fn release(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::SeqCst);
    }
}

/// Bytes of a budget that are in use for one thing, given back with it.
pub(super) struct Charge {
    budget: Arc<Budget>,
    /// Twice the bytes, and 1 more while they are in flight.
    state: AtomicU64,
}

const IN_FLIGHT: u64 = 1;

fn bytes_of(state: u64) -> u64 {
    state / 2
}

impl Charge {
    /// Of bytes that were reserved or taken before, and are in flight.
    pub(super) fn of_reserved(budget: &Arc<Budget>, bytes: u64) -> Self {
        budget.in_flight.fetch_add(bytes, Ordering::SeqCst);
        Self { budget: Arc::clone(budget), state: AtomicU64::new(2 * bytes + IN_FLIGHT) }
    }

    pub(super) fn bytes(&self) -> u64 {
        bytes_of(self.state.load(Ordering::SeqCst))
    }

    /// The moment, as the budget's clock tells it.
    pub(super) fn moment(&self) -> Moment {
        self.budget.moment()
    }

    /// More bytes that were reserved or taken before.
    pub(super) fn add_reserved(&self, bytes: u64) {
        if self.state.fetch_add(2 * bytes, Ordering::SeqCst) & IN_FLIGHT != 0 {
            self.budget.in_flight.fetch_add(bytes, Ordering::SeqCst);
        }
    }

    /// Gives some back.
    pub(super) fn shrink(&self, bytes: u64) {
        self.leave_flight(self.state.fetch_sub(2 * bytes, Ordering::SeqCst), bytes);
        self.budget.release(bytes);
    }

    /// Gives all back.
    pub(super) fn give_back(&self) {
        let before = self.state.fetch_and(IN_FLIGHT, Ordering::SeqCst);
        self.leave_flight(before, bytes_of(before));
        self.budget.release(bytes_of(before));
    }

    /// As many bytes as are in use by now.
    pub(super) fn set(&self, bytes: u64) {
        let before = self.bytes();
        if bytes > before {
            self.budget.take(bytes - before);
            self.add_reserved(bytes - before);
        } else {
            self.shrink(before - bytes);
        }
    }

    /// Takes over what another one has, and gives back what is more than `needed` of that.
    pub(super) fn take_over(&self, other: &Self, needed: u64) {
        let before = other.state.fetch_and(IN_FLIGHT, Ordering::SeqCst);
        let bytes = bytes_of(before);
        other.leave_flight(before, bytes);
        self.add_reserved(bytes);
        self.shrink(bytes.saturating_sub(needed));
    }

    /// Eviction can give them back from now on.
    pub(super) fn land(&self) {
        let before = self.state.fetch_and(!IN_FLIGHT, Ordering::SeqCst);
        self.leave_flight(before, bytes_of(before));
    }

    /// They are given back with the last who holds them.
    pub(super) fn take_off(&self) {
        let before = self.state.fetch_or(IN_FLIGHT, Ordering::SeqCst);
        if before & IN_FLIGHT == 0 {
            self.budget.in_flight.fetch_add(bytes_of(before), Ordering::SeqCst);
        }
    }

    fn leave_flight(&self, before: u64, bytes: u64) {
        if before & IN_FLIGHT != 0 {
            self.budget.in_flight.fetch_sub(bytes, Ordering::SeqCst);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back();
    }
}
