//! Keys marked as something, each for a time: those whose responses are not stored, say.
//!
//! Varnish keeps an object for each of them, hit-for-miss or hit-for-pass; here it is a place in a
//! table, so that a flood of such keys takes no room from what is stored. When the table is full, the
//! oldest marks go first: a request without its mark is slower, never wrong.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

const SHARDS: usize = 16;
/// The most marks of one shard; a mark takes some 100 bytes.
const MOST: usize = 4_096;

/// What becomes of a request for a marked key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It waits for no other request, since they could not share an answer; its response is stored if it
    /// may be.
    HitForMiss,
    /// It passes.
    HitForPass,
}

/// The marked keys, at most 65,536, each with what it is marked as.
pub struct Marks<M = Mark> {
    shards: [Mutex<Shard<M>>; SHARDS],
    count: AtomicUsize,
}

struct Shard<M> {
    marks: HashMap<u128, Marked<M>>,
    /// The keys in the order in which they were marked, each with the turn of its mark: one whose turn is
    /// another by now is passed over.
    order: VecDeque<(u128, u64)>,
    next_turn: u64,
}

struct Marked<M> {
    mark: M,
    until: SystemTime,
    turn: u64,
}

impl<M> Default for Shard<M> {
    fn default() -> Self {
        Self { marks: HashMap::new(), order: VecDeque::new(), next_turn: 0 }
    }
}

impl<M> Default for Marks<M> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), count: AtomicUsize::new(0) }
    }
}

impl<M: Copy> Marks<M> {
    /// Marks a key up to a moment.
    pub fn mark(&self, key: u128, mark: M, until: SystemTime) {
        let (before, after) = {
            let mut shard = self.shard(key);
            let before = shard.marks.len();
            shard.mark(key, mark, until);
            (before, shard.marks.len())
        };
        // One more at most: what is full gives one up for the new one.
        self.count.fetch_add(after.saturating_sub(before), Ordering::Relaxed);
    }

    /// Whether no key is marked, as far as this thread knows.
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// The mark of a key at `now`.
    pub fn find(&self, key: u128, now: SystemTime) -> Option<M> {
        if self.is_empty() {
            return None;
        }
        let found = self.shard(key).marks.get(&key).map(|marked| (marked.mark, marked.until));
        let (mark, until) = found?;
        if until <= now {
            self.unmark(key);
            return None;
        }
        Some(mark)
    }

    /// Takes the mark off a key; `false` when there was none.
    pub fn unmark(&self, key: u128) -> bool {
        let was_marked = self.shard(key).marks.remove(&key).is_some();
        self.count.fetch_sub(usize::from(was_marked), Ordering::Relaxed);
        was_marked
    }

    fn shard(&self, key: u128) -> MutexGuard<'_, Shard<M>> {
        let [first, ..] = &self.shards;
        let place = usize::try_from(key % SHARDS as u128).unwrap_or_default();
        self.shards.get(place).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Shard<M> {
    fn mark(&mut self, key: u128, mark: M, until: SystemTime) {
        let turn = self.next_turn;
        self.next_turn += 1;
        self.marks.insert(key, Marked { mark, until, turn });
        self.order.push_back((key, turn));
        while self.marks.len() > MOST {
            let Some((oldest, turn)) = self.order.pop_front() else { break };
            if self.has(oldest, turn) {
                self.marks.remove(&oldest);
            }
        }
        if self.order.len() > 2 * MOST {
            let mut order = std::mem::take(&mut self.order);
            order.retain(|&(key, turn)| self.has(key, turn));
            self.order = order;
        }
    }

    fn has(&self, key: u128, turn: u64) -> bool {
        self.marks.get(&key).is_some_and(|marked| marked.turn == turn)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_mark_holds_for_its_time() {
        let marks = Marks::default();
        assert_eq!(marks.find(1, at(0)), None);
        marks.mark(1, Mark::HitForPass, at(10));
        assert_eq!((marks.find(1, at(9)), marks.find(2, at(9))), (Some(Mark::HitForPass), None));
        assert_eq!((marks.find(1, at(10)), marks.find(1, at(9))), (None, None));
    }

    #[test]
    fn the_last_mark_counts_until_it_is_taken_off() {
        let marks = Marks::default();
        marks.mark(1, Mark::HitForPass, at(10));
        marks.mark(1, Mark::HitForMiss, at(20));
        assert_eq!(marks.find(1, at(15)), Some(Mark::HitForMiss));
        assert_eq!((marks.unmark(1), marks.unmark(1), marks.find(1, at(15))), (true, false, None));
    }

    #[test]
    fn the_oldest_go_when_it_is_full() {
        let marks = Marks::default();
        let keys = || (0..).step_by(SHARDS).take(MOST + 1);
        for key in keys() {
            marks.mark(key, Mark::HitForMiss, at(10));
        }
        assert_eq!(keys().filter(|key| marks.find(*key, at(0)).is_none()).collect::<Vec<_>>(), [0]);
        assert_eq!(marks.count.load(Ordering::Relaxed), MOST);
    }

    #[test]
    fn marking_and_unmarking_one_key_for_ever_takes_no_room() {
        let marks = Marks::default();
        for _ in 0..5 * MOST {
            marks.mark(16, Mark::HitForMiss, at(10));
            marks.unmark(16);
        }
        assert!(marks.shard(16).order.len() <= 2 * MOST);
    }
}
