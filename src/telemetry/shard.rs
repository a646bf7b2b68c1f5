//! What one group of threads counts: atomics that other groups' caches do not hold.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::histogram::Histogram;
use super::outcome::{Outcome, Reason};

pub(super) const OUTCOMES: usize = Outcome::ALL.len();
pub(super) const REASONS: usize = Reason::ALL.len();

/// Status classes 1xx to 5xx, and one for all else.
pub(super) const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];

/// Counters of the threads that share it. Aligned to two cache lines, which some processors fetch as a pair.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Shard {
    requests: [[AtomicU64; REASONS]; OUTCOMES],
    responses: [AtomicU64; CLASSES.len()],
    pub(super) latency: [Histogram; OUTCOMES],
    pub(super) sent_bytes: AtomicU64,
    pub(super) collapsed: AtomicU64,
    pub(super) in_flight: AtomicI64,
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            requests: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            responses: Default::default(),
            latency: Default::default(),
            sent_bytes: AtomicU64::new(0),
            collapsed: AtomicU64::new(0),
            in_flight: AtomicI64::new(0),
        }
    }
}

impl Shard {
    /// Counts a request.
    pub(super) fn count_request(&self, outcome: Outcome, reason: Reason) {
        if let Some(counter) = self.requests.get(outcome.place()).and_then(|row| row.get(reason.place())) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Requests of that outcome and reason.
    pub(super) fn requests(&self, outcome: Outcome, reason: Reason) -> u64 {
        let counter = self.requests.get(outcome.place()).and_then(|row| row.get(reason.place()));
        counter.map_or(0, |counter| counter.load(Relaxed))
    }

    /// Counts a response under the class of its status.
    pub(super) fn count_response(&self, status: u16) {
        let place = match status {
            100..=599 => usize::from(status / 100 - 1),
            _ => CLASSES.len() - 1,
        };
        if let Some(counter) = self.responses.get(place) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Responses by class, in the order of [`CLASSES`].
    pub(super) fn responses(&self) -> [u64; CLASSES.len()] {
        self.responses.each_ref().map(|counter| counter.load(Relaxed))
    }
}

/// The shard of this thread among `count`: threads are dealt out in the order of their first call.
#[must_use]
pub fn place_of_thread(count: usize) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PLACE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    let place = PLACE.get().unwrap_or_else(|| {
        let place = NEXT.fetch_add(1, Relaxed);
        PLACE.set(Some(place));
        place
    });
    place.checked_rem(count).unwrap_or(0)
}
