//! Visits in order, through two policies.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, SystemTime};

use super::line::Visit;
use crate::simulate::{Case, Journey, Request, Simulator, Store, Treatment, World};

/// So many responses are taken to be stored at once, at most.
pub const MOST_STORED: usize = 300_000;

/// So many kinds of change are told apart, at most.
pub const MOST_KINDS: usize = 10_000;

/// Two policies, and what they have made of the visits so far. `C` is what changes for a request.
#[derive(Debug)]
pub struct Replay<'p, C, F> {
    old: Player<'p>,
    new: Player<'p>,
    between: F,
    kinds: HashMap<C, Counted<C>>,
    report: Report<C>,
}

/// What came of all visits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<C> {
    /// How many there were.
    pub requests: u64,
    /// How many bytes were sent for them.
    pub bytes: u64,
    /// From when to when.
    pub times: Option<(SystemTime, SystemTime)>,
    /// What the first policy made of them.
    pub old: Tally,
    /// What the second one made of them.
    pub new: Tally,
    /// What changes for how many, the most first.
    pub changes: Vec<Counted<C>>,
    /// Requests for which something changes that was not told apart any more.
    pub further: u64,
    /// Visits that were made more than [`LATE`] before one that came earlier: the log is not in order.
    pub out_of_order: u64,
}

/// Servers write a line when a response ends: so much later than the next one at most.
pub const LATE: Duration = Duration::from_mins(5);

/// How many requests something changes for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted<C> {
    /// What changes.
    pub change: C,
    /// For how many.
    pub requests: u64,
    /// How many bytes were sent for them.
    pub bytes: u64,
    /// The first of them.
    pub first: Request,
}

/// What a policy made of the visits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that were answered with what was stored, fresh or within its grace.
    pub hits: u64,
    /// Bytes that were sent for those.
    pub bytes_of_hits: u64,
    /// Requests for which a backend was asked, be it behind a stale response.
    pub asked: u64,
    /// Bytes that were sent for those.
    pub bytes_of_asked: u64,
    /// Whether [`MOST_STORED`] responses were stored, so that further ones were not.
    pub was_full: bool,
}

/// A policy, with what it has stored.
#[derive(Debug)]
struct Player<'p> {
    policy: &'p Simulator,
    store: Store,
    tally: Tally,
}

impl<'p> Player<'p> {
    fn new(policy: &'p Simulator) -> Self {
        Self { policy, store: Store::of_at_most(MOST_STORED), tally: Tally::default() }
    }

    fn visit(&mut self, case: &Case, bytes: u64, world: &World) {
        let journey = self.policy.run(case, &mut self.store, world);
        if journey.treatment == Treatment::Hit {
            self.tally.hits += 1;
            self.tally.bytes_of_hits += bytes;
        }
        if journey.and_behind().any(|journey| !journey.asked.is_empty()) {
            self.tally.asked += 1;
            self.tally.bytes_of_asked += bytes;
        }
    }

    fn tally(&self) -> Tally {
        Tally { was_full: self.store.was_full(), ..self.tally }
    }
}

impl<'p, C: Clone + Eq + Hash, F: FnMut(&Journey, &Journey) -> Option<C>> Replay<'p, C, F> {
    /// The replay of no visit yet; `between` says what changes from one journey to the other, and is asked once for each
    /// visit.
    #[must_use]
    pub fn new(old: &'p Simulator, new: &'p Simulator, between: F) -> Self {
        let report = Report {
            requests: 0,
            bytes: 0,
            times: None,
            old: Tally::default(),
            new: Tally::default(),
            changes: Vec::new(),
            further: 0,
            out_of_order: 0,
        };
        Self { old: Player::new(old), new: Player::new(new), between, kinds: HashMap::new(), report }
    }

    /// Takes a visit through both policies.
    pub fn visit(&mut self, visit: &Visit) {
        let world = World::at(visit.at);
        self.report.requests += 1;
        self.report.bytes += visit.bytes;
        let (from, to) = self.report.times.unwrap_or((visit.at, visit.at));
        let is_early = to.duration_since(visit.at).is_ok_and(|before| before > LATE);
        self.report.out_of_order += u64::from(is_early);
        self.report.times = Some((from.min(visit.at), to.max(visit.at)));
        self.old.visit(&visit.case, visit.bytes, &world);
        self.new.visit(&visit.case, visit.bytes, &world);
        // What changes is asked where nothing is stored: whether a request is the first is no matter of the policy.
        let (old, new) = (self.old.policy, self.new.policy);
        let changed = (self.between)(&old.run_cold(&visit.case, &world), &new.run_cold(&visit.case, &world));
        if let Some(change) = changed {
            self.count(change, visit);
        }
    }

    fn count(&mut self, change: C, visit: &Visit) {
        if self.kinds.len() >= MOST_KINDS && !self.kinds.contains_key(&change) {
            self.report.further += 1;
            return;
        }
        let counted = self.kinds.entry(change.clone()).or_insert_with(|| Counted {
            change,
            requests: 0,
            bytes: 0,
            first: visit.case.request.clone(),
        });
        counted.requests += 1;
        counted.bytes += visit.bytes;
    }

    /// What came of all visits.
    #[must_use]
    pub fn finish(self) -> Report<C> {
        let mut changes: Vec<Counted<C>> = self.kinds.into_values().collect();
        changes.sort_by_key(|it| (std::cmp::Reverse(it.requests), it.first.host.clone(), it.first.target.clone()));
        Report { old: self.old.tally(), new: self.new.tally(), changes, ..self.report }
    }
}
