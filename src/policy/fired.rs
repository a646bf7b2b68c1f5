//! How often each rule of a policy decided.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::decision::trace::{RuleId, Trace};
use crate::lang::hir::SubId;
use crate::lang::source::Span;
use crate::telemetry::place_of_thread;

/// At most so many groups of threads count apart: a policy of ten thousand rules has as many counters in each.
const MAX_SHARDS: usize = 8;

/// Counters of rules, which threads mostly have to themselves.
#[derive(Debug)]
pub struct Fired {
    shards: Box<[Box<[AtomicU64]>]>,
}

impl Fired {
    /// Counters at zero for so many rules.
    #[must_use]
    pub fn new(rules: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let shard = || std::iter::repeat_with(AtomicU64::default).take(rules).collect();
        Self { shards: std::iter::repeat_with(shard).take(processors.min(MAX_SHARDS)).collect() }
    }

    /// How often the rule decided since the policy was loaded.
    #[must_use]
    pub fn times(&self, rule: RuleId) -> u64 {
        let counters = self.shards.iter().filter_map(|shard| shard.get(rule.0 as usize));
        counters.map(|counter| counter.load(Relaxed)).fold(0, u64::wrapping_add)
    }

    /// The counters of this thread.
    #[must_use]
    pub fn counting(&self) -> Counting<'_> {
        Counting { shard: self.shards.get(place_of_thread(self.shards.len())).map(Box::as_ref).unwrap_or_default() }
    }
}

/// Counts the rules of one run.
#[derive(Debug)]
pub struct Counting<'a> {
    shard: &'a [AtomicU64],
}

impl Trace for Counting<'_> {
    fn decided(&mut self, rule: RuleId) {
        if let Some(counter) = self.shard.get(rule.0 as usize) {
            counter.fetch_add(1, Relaxed);
        }
    }

    fn acting(&mut self, _: Span) {}
    fn calling(&mut self, _: SubId) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_count_adds_up() {
        let fired = Fired::new(2);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|_| fired.counting().decided(RuleId(1))));
            }
        });
        fired.counting().decided(RuleId(7));
        assert_eq!((fired.times(RuleId(0)), fired.times(RuleId(1)), fired.times(RuleId(7))), (0, 400, 0));
    }
}
