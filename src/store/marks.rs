//! Keys marked as something, each for a time: those whose responses are not stored, say.
//!
//! Varnish keeps an object for each of them, hit-for-miss or hit-for-pass; here it is a place in a
//! table, so that a flood of such keys takes no room from what is stored. When the table is full, the
//! oldest marks go first: a request without its mark is slower, never wrong.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::Key;

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
    marks: HashMap<Key, Marked<M>>,
    /// The keys in the order in which they were marked, each with the turn of its mark: one whose turn is
    /// another by now is passed over.
    order: VecDeque<(Key, u64)>,
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
    pub fn mark(&self, key: Key, mark: M, until: SystemTime) {
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
    pub fn find(&self, key: Key, now: SystemTime) -> Option<M> {
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
    pub fn unmark(&self, key: Key) -> bool {
        let was_marked = self.shard(key).marks.remove(&key).is_some();
        self.count.fetch_sub(usize::from(was_marked), Ordering::Relaxed);
        was_marked
    }

    /// Takes the marks off all keys of a family.
    pub fn unmark_family(&self, primary: u128) {
        if self.is_empty() {
            return;
        }
        let mut shard = self.shard(Key::first(primary));
        let before = shard.marks.len();
        shard.marks.retain(|key, _| key.primary != primary);
        self.count.fetch_sub(before - shard.marks.len(), Ordering::Relaxed);
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard<M>> {
        let [first, ..] = &self.shards;
        let place = usize::try_from(key.primary % SHARDS as u128).unwrap_or_default();
        self.shards.get(place).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Shard<M> {
    fn mark(&mut self, key: Key, mark: M, until: SystemTime) {
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

    fn has(&self, key: Key, turn: u64) -> bool {
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

    fn key(primary: u128) -> Key {
        Key::first(primary)
    }

    #[test]
    fn a_family_is_unmarked_together() {
        let marks = Marks::default();
        let answer = Key { part: 7, ..key(1) };
        for key in [key(1), answer, key(17)] {
            marks.mark(key, Mark::HitForPass, at(10));
        }
        marks.unmark_family(1);
        assert_eq!((marks.find(key(1), at(0)), marks.find(answer, at(0))), (None, None));
        assert_eq!(marks.find(key(17), at(0)), Some(Mark::HitForPass));
    }

    #[test]
    fn a_mark_holds_for_its_time() {
        let marks = Marks::default();
        assert_eq!(marks.find(key(1), at(0)), None);
        marks.mark(key(1), Mark::HitForPass, at(10));
        assert_eq!((marks.find(key(1), at(9)), marks.find(key(2), at(9))), (Some(Mark::HitForPass), None));
        assert_eq!((marks.find(key(1), at(10)), marks.find(key(1), at(9))), (None, None));
    }

    #[test]
    fn the_last_mark_counts_until_it_is_taken_off() {
        let marks = Marks::default();
        marks.mark(key(1), Mark::HitForPass, at(10));
        marks.mark(key(1), Mark::HitForMiss, at(20));
        assert_eq!(marks.find(key(1), at(15)), Some(Mark::HitForMiss));
        assert_eq!((marks.unmark(key(1)), marks.unmark(key(1)), marks.find(key(1), at(15))), (true, false, None));
    }

    #[test]
    fn the_oldest_go_when_it_is_full() {
        let marks = Marks::default();
        let keys = || (0..).step_by(SHARDS).take(MOST + 1);
        for key in keys() {
            marks.mark(Key::first(key), Mark::HitForMiss, at(10));
        }
        assert_eq!(keys().filter(|key| marks.find(Key::first(*key), at(0)).is_none()).collect::<Vec<_>>(), [0]);
        assert_eq!(marks.count.load(Ordering::Relaxed), MOST);
    }

    #[test]
    fn marking_and_unmarking_one_key_for_ever_takes_no_room() {
        let marks = Marks::default();
        for _ in 0..5 * MOST {
            marks.mark(key(16), Mark::HitForMiss, at(10));
            marks.unmark(key(16));
        }
        assert!(marks.shard(key(16)).order.len() <= 2 * MOST);
    }
}
