//! Everything that is counted, and how to count it.
//!
//! Counting costs a few relaxed additions on memory that the thread mostly has to itself; summing
//! over the shards is left to the reader. Rendering is in [`super::exposition`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use serde::Serialize;

use super::histogram::HistogramTotal;
use super::outcome::{OriginResult, Outcome, Reason, ReloadResult};
use super::shard::{CLASSES, Shard, place_of_thread};

/// Names of backends that are counted apart; more share the name `other`.
const MAX_BACKENDS: usize = 1_000;

/// What is counted of a request at its end.
#[derive(Clone, Copy, Debug)]
pub struct RequestSample {
    /// How it was answered.
    pub outcome: Outcome,
    /// Why so.
    pub reason: Reason,
    /// The status that the client got; 0 if it got none.
    pub status: u16,
    /// From the end of the request's head to the last byte of the response.
    pub duration: Duration,
    /// Bytes of the response's body that were sent.
    pub sent_bytes: u64,
    /// Whether it shared the fetch of another request.
    pub collapsed: bool,
}

/// All counters of the process.
#[derive(Debug)]
pub struct Metrics {
    shards: Box<[Shard]>,
    /// Those that a backend holds. A name that no policy has any more is forgotten with what was counted for it.
    origins: Mutex<BTreeMap<String, Weak<OriginCounters>>>,
    reloads: [AtomicU64; ReloadResult::ALL.len()],
    generation: AtomicU64,
    /// By step.
    policy_failures: Mutex<BTreeMap<&'static str, u64>>,
    dropped_log_records: Arc<AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Counters at zero, one shard for each processor.
    #[must_use]
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            shards: std::iter::repeat_with(Shard::default).take(processors).collect(),
            origins: Mutex::default(),
            reloads: Default::default(),
            generation: AtomicU64::new(0),
            policy_failures: Mutex::default(),
            dropped_log_records: Arc::default(),
        }
    }

    /// Counts a request that has ended.
    pub fn record(&self, sample: &RequestSample) {
        let Some(shard) = self.shard() else { return };
        shard.count_request(sample.outcome, sample.reason);
        shard.count_response(sample.status);
        shard.sent_bytes.fetch_add(sample.sent_bytes, Relaxed);
        shard.collapsed.fetch_add(u64::from(sample.collapsed), Relaxed);
        if let Some(latency) = shard.latency.get(sample.outcome.place()) {
            latency.observe(sample.duration);
        }
    }

    /// Counts a request as running until the guard is dropped.
    #[must_use]
    pub fn begin(self: &Arc<Self>) -> InFlight {
        if let Some(shard) = self.shard() {
            shard.in_flight.fetch_add(1, Relaxed);
        }
        InFlight(self.clone())
    }

    /// Counts a reload.
    pub fn reload(&self, result: ReloadResult) {
        if let Some(counter) = self.reloads.get(result.place()) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Says which generation of the policy serves.
    pub fn set_generation(&self, generation: u64) {
        self.generation.store(generation, Relaxed);
    }

    /// Counts that the policy failed in the step of that name.
    pub fn policy_failure(&self, step: &'static str) {
        let mut failures = self.policy_failures.lock().unwrap_or_else(PoisonError::into_inner);
        *failures.entry(step).or_default() += 1;
    }

    /// The counters of the backend of that name. Takes a lock: keep what it returns. They are shown as long as it
    /// is kept.
    #[must_use]
    pub fn origin(&self, backend: &str) -> Arc<OriginCounters> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        origins.retain(|_, counters| counters.strong_count() > 0);
        let full = origins.len() >= MAX_BACKENDS && !origins.contains_key(backend);
        let name = if full { "other" } else { backend };
        if let Some(counters) = origins.get(name).and_then(Weak::upgrade) {
            return counters;
        }
        let counters = Arc::default();
        origins.insert(name.to_owned(), Arc::downgrade(&counters));
        counters
    }

    /// The counter of access log records that found the queue full; [`super::AccessLog`] takes it.
    #[must_use]
    pub fn dropped_log_records(&self) -> Arc<AtomicU64> {
        self.dropped_log_records.clone()
    }

    /// Requests by outcome, for people.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals::new(|outcome| self.requests_of(outcome))
    }

    fn requests_of(&self, outcome: Outcome) -> u64 {
        Reason::ALL.iter().map(|reason| self.requests(outcome, *reason)).sum()
    }

    /// Requests of that outcome and reason.
    pub(super) fn requests(&self, outcome: Outcome, reason: Reason) -> u64 {
        self.shards.iter().map(|shard| shard.requests(outcome, reason)).sum()
    }

    /// Responses by class of status.
    pub(super) fn responses(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let mut sums = [0; CLASSES.len()];
        for shard in &self.shards {
            for (sum, count) in sums.iter_mut().zip(shard.responses()) {
                *sum += count;
            }
        }
        CLASSES.into_iter().zip(sums)
    }

    /// Durations of requests of that outcome.
    pub(super) fn latency(&self, outcome: Outcome) -> HistogramTotal {
        let mut total = HistogramTotal::default();
        for latency in self.shards.iter().filter_map(|shard| shard.latency.get(outcome.place())) {
            latency.add_to(&mut total);
        }
        total
    }

    /// Bytes of bodies sent to clients.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.shards.iter().map(|shard| shard.sent_bytes.load(Relaxed)).sum()
    }

    /// Requests that shared the fetch of another.
    pub(super) fn collapsed(&self) -> u64 {
        self.shards.iter().map(|shard| shard.collapsed.load(Relaxed)).sum()
    }

    /// Requests that have not ended. A guard may be dropped on another thread, so only the sum means something.
    pub(super) fn in_flight(&self) -> i64 {
        self.shards.iter().map(|shard| shard.in_flight.load(Relaxed)).sum()
    }

    /// Requests to origins by backend.
    pub(super) fn origins(&self) -> Vec<(String, Arc<OriginCounters>)> {
        let origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        origins.iter().filter_map(|(name, counters)| Some((name.clone(), counters.upgrade()?))).collect()
    }

    /// Reloads by result.
    pub fn reloads(&self) -> impl Iterator<Item = (ReloadResult, u64)> {
        ReloadResult::ALL.iter().copied().zip(self.reloads.iter().map(|counter| counter.load(Relaxed)))
    }

    /// Failures of the policy by step.
    pub(super) fn policy_failures(&self) -> BTreeMap<&'static str, u64> {
        self.policy_failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The generation of the policy that serves.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Relaxed)
    }

    /// Access log records that were dropped.
    pub(super) fn log_records_dropped(&self) -> u64 {
        self.dropped_log_records.load(Relaxed)
    }

    fn shard(&self) -> Option<&Shard> {
        self.shards.get(place_of_thread(self.shards.len()))
    }
}

/// A request that has not ended: counted until dropped.
#[derive(Debug)]
pub struct InFlight(Arc<Metrics>);

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(shard) = self.0.shard() {
            shard.in_flight.fetch_sub(1, Relaxed);
        }
    }
}

/// Requests to one backend, by result.
#[derive(Debug, Default)]
pub struct OriginCounters {
    results: [AtomicU64; OriginResult::ALL.len()],
}

impl OriginCounters {
    /// Counts a request to the backend.
    pub fn count(&self, result: OriginResult) {
        if let Some(counter) = self.results.get(result.place()) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Requests that ended so.
    #[must_use]
    pub fn get(&self, result: OriginResult) -> u64 {
        self.results.get(result.place()).map_or(0, |counter| counter.load(Relaxed))
    }
}

/// Requests since the start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Totals {
    /// All of them.
    pub requests: u64,
    /// By outcome, all outcomes named.
    pub by_outcome: BTreeMap<&'static str, u64>,
    /// Hits of those that were looked up, `hit / (hit + miss)` with stale answers among the hits;
    /// `None` before the first lookup.
    pub hit_ratio: Option<f64>,
}

impl Totals {
    fn new(requests_of: impl Fn(Outcome) -> u64) -> Self {
        let by_outcome: BTreeMap<_, _> = Outcome::ALL.iter().map(|o| (o.as_str(), requests_of(*o))).collect();
        let hits = requests_of(Outcome::Hit) + requests_of(Outcome::Stale);
        let lookups = hits + requests_of(Outcome::Miss);
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        let hit_ratio = (lookups > 0).then(|| hits as f64 / lookups as f64);
        Self { requests: by_outcome.values().sum(), by_outcome, hit_ratio }
    }
}

#[cfg(test)]
mod tests;
