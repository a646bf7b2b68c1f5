//! What may happen with every request is said now and then: clients cannot fill a disk with it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many things are told apart; what comes beyond them is said as one.
const MOST_KINDS: usize = 1_000;

/// Lets so many lines of each kind through in an interval, and counts the others.
#[derive(Debug)]
pub struct Seldom<K> {
    interval: Duration,
    most: u32,
    said: Mutex<HashMap<Option<K>, Said>>,
}

#[derive(Clone, Copy, Debug)]
struct Said {
    /// When the first line of this interval was let through.
    since: Instant,
    lines: u32,
    left_out: u64,
}

impl<K: Eq + Hash> Seldom<K> {
    /// Lets `most` lines of each kind through in an interval, which begins with the first of them.
    #[must_use]
    pub fn new(most: u32, interval: Duration) -> Self {
        Self { interval, most, said: Mutex::default() }
    }

    /// Something of that kind has happened: if it is to be said, how often it happened since the last line without
    /// being said.
    #[must_use]
    pub fn note(&self, kind: K, now: Instant) -> Option<u64> {
        let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kind = Some(kind);
        if all.len() >= MOST_KINDS && !all.contains_key(&kind) {
            all.retain(|_, said| !self.is_over(said, now));
            kind = kind.filter(|_| all.len() < MOST_KINDS);
        }
        let said = all.entry(kind).or_insert(Said { since: now, lines: 0, left_out: 0 });
        if self.is_over(said, now) {
            (said.since, said.lines) = (now, 0);
        }
        if said.lines >= self.most {
            said.left_out = said.left_out.saturating_add(1);
            return None;
        }
        said.lines += 1;
        Some(std::mem::take(&mut said.left_out))
    }

    fn is_over(&self, said: &Said, now: Instant) -> bool {
        now.saturating_duration_since(said.since) >= self.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn so_many_lines_of_a_kind_come_in_an_interval_and_the_next_says_how_many_were_left_out() {
        let (seldom, began) = (Seldom::new(2, MINUTE), Instant::now());
        let at = |seconds, kind| seldom.note(kind, began + Duration::from_secs(seconds));
        assert_eq!([at(0, "a"), at(1, "a"), at(2, "a"), at(59, "a")], [Some(0), Some(0), None, None]);
        assert_eq!(at(59, "b"), Some(0), "of each kind");
        assert_eq!([at(60, "a"), at(61, "a"), at(62, "a")], [Some(2), Some(0), None]);
    }

    #[test]
    fn more_kinds_than_are_told_apart_are_said_as_one_until_there_is_room() {
        let (seldom, began) = (Seldom::new(1, MINUTE), Instant::now());
        let lines = (0..10 * MOST_KINDS).filter_map(|kind| seldom.note(kind, began)).count();
        assert_eq!(lines, MOST_KINDS + 1);
        assert_eq!(seldom.note(usize::MAX, began + MINUTE), Some(0));
        assert!(seldom.said.lock().unwrap().len() <= MOST_KINDS + 1);
    }
}
