//! How often each rule of a policy decided.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ring::digest::Context;

use super::digest::Digest;
use super::reads::Texts;
use crate::decision::Program;
use crate::decision::trace::{RuleId, Trace};
use crate::lang::hir::SubId;
use crate::lang::source::{FileId, SourceMap, Span};
use crate::pace;
use crate::telemetry::place_of_thread;

/// At most so many groups of threads count apart: a policy of ten thousand rules has as many counters in each.
const MAX_SHARDS: usize = 8;

/// The counters of all policies that serve, by their sites and rules: a policy whose rules are written as they were goes
/// on with the counters of the one before, whatever has changed in its tables.
#[derive(Debug, Default)]
pub struct Counters {
    kept: Mutex<HashMap<(String, Digest), Weak<Fired>>>,
}

impl Counters {
    /// The counters for a policy of that site, which was made of those texts.
    #[must_use]
    pub(super) fn of(&self, site: &str, program: &Program, sources: &SourceMap, texts: &Texts<'_>) -> Arc<Fired> {
        let key = (site.to_owned(), written(program, sources, texts));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.get(&key).and_then(Weak::upgrade);
        let fired = known.unwrap_or_else(|| Arc::new(Fired::new(program.rule_count())));
        kept.insert(key, Arc::downgrade(&fired));
        kept.retain(|_, fired| fired.strong_count() > 0);
        fired
    }
}

/// What tells rules apart as they are written: their places, and the text of all files that they stand in.
fn written(program: &Program, sources: &SourceMap, texts: &Texts<'_>) -> Digest {
    Digest::made(|hash| put(hash, program, sources, texts))
}

fn put(hash: &mut Context, program: &Program, sources: &SourceMap, texts: &Texts<'_>) {
    // The number of a file is that of its policy: it may be another one where another site reads more files.
    let mut files: HashMap<FileId, usize> = HashMap::new();
    for rule in program.rules() {
        pace::pause();
        hash.update(rule.step.name().as_bytes());
        let Some(place) = rule.place else {
            hash.update(b" ");
            continue;
        };
        hash.update(b"@");
        let next = files.len();
        let number = *files.entry(place.file).or_insert(next);
        for part in [number as u64, place.start.into(), place.end.into()] {
            hash.update(&part.to_be_bytes());
        }
        if number == next
            && let Some(file) = sources.get(place.file)
        {
            let text = texts.of(file.name()).unwrap_or_else(|| Digest::of(file.text().as_bytes()));
            hash.update(&(file.name().len() as u64).to_be_bytes());
            hash.update(file.name().as_bytes());
            hash.update(&text.0);
        }
    }
}

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

    /// How often the rule decided since they were made.
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
