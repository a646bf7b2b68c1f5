//! Bans: conditions that make what was stored before them unusable.
//!
//! A ban takes a number from the counter that objects take theirs from when they are asked for, so that it holds for
//! all that was asked for before it, and for nothing later. An object is tested against the bans that are younger than
//! it, the newest first, and each of them tests it once: then it knows up to which number it stands. As long as there is
//! no ban that it has not seen, that costs one comparison.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

/// So many bans are kept. Beyond that the oldest is given up, and with it all objects that it has not tested.
pub const MOST_BANS: usize = 1_024;

/// A ban.
pub struct Ban<C> {
    number: u64,
    /// What it bans.
    pub condition: C,
}

/// What the bans make of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It stands, as far as bans up to this number go.
    UpTo(u64),
    /// It is banned.
    Banned,
}

/// The bans, the newest first.
pub struct BanList<C> {
    bans: ArcSwap<Vec<Arc<Ban<C>>>>,
    /// The number of the newest one, even when it is gone.
    newest: AtomicU64,
    /// What has not been tested up to here is banned.
    given_up: AtomicU64,
    writing: Mutex<()>,
}

impl<C> Default for BanList<C> {
    fn default() -> Self {
        Self {
            bans: ArcSwap::default(),
            newest: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            writing: Mutex::default(),
        }
    }
}

impl<C: PartialEq> BanList<C> {
    /// Adds a ban; one that bans the same takes its place with all it has yet to test. `number` is asked for under the
    /// lock, so that the list is in the order of its numbers.
    pub fn add(&self, condition: C, number: impl FnOnce() -> u64) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let number = number();
        let before = self.bans.load();
        let others = before.iter().filter(|ban| ban.condition != condition).cloned().collect::<Vec<_>>();
        let mut bans = vec![Arc::new(Ban { number, condition })];
        bans.extend(others);
        for oldest in bans.drain(MOST_BANS.min(bans.len())..) {
            self.given_up.fetch_max(oldest.number, Ordering::SeqCst);
        }
        self.bans.store(Arc::new(bans));
        self.newest.fetch_max(number, Ordering::SeqCst);
    }

    /// The number of the newest ban there has been; 0 before the first.
    pub fn newest(&self) -> u64 {
        self.newest.load(Ordering::SeqCst)
    }

    /// Whether an object that stands up to this number has seen all bans.
    pub fn has_seen_all(&self, seen: u64) -> bool {
        seen >= self.newest.load(Ordering::SeqCst)
    }

    /// Tests an object that stands up to `seen` with the bans that it has not seen. `holds` says whether a ban's
    /// condition does; `None` where that cannot be said, and then the object has not seen it.
    pub fn test(&self, seen: u64, mut holds: impl FnMut(&C) -> Option<bool>) -> Standing {
        // Before the list: a ban that comes in between is not to count as seen.
        let newest = self.newest.load(Ordering::SeqCst);
        let bans = self.bans.load();
        let newest = bans.first().map_or(newest, |ban| ban.number);
        if seen < self.given_up.load(Ordering::SeqCst) {
            return Standing::Banned;
        }
        let mut up_to = newest;
        for ban in bans.iter().take_while(|ban| ban.number > seen) {
            match holds(&ban.condition) {
                Some(true) => return Standing::Banned,
                Some(false) => {}
                None => up_to = ban.number - 1,
            }
        }
        Standing::UpTo(up_to.max(seen))
    }

    /// Drops the bans up to a number: all that is left has seen them.
    pub fn forget(&self, up_to: u64) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.bans.load().iter().filter(|ban| ban.number > up_to).cloned().collect();
        self.bans.store(Arc::new(left));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bans.load().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is one of which that holds.
    pub fn any(&self, of: impl Fn(&C) -> bool) -> bool {
        self.bans.load().iter().any(|ban| of(&ban.condition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(conditions: &[u64]) -> BanList<u64> {
        let list = BanList::default();
        for (number, condition) in (10..).step_by(10).zip(conditions) {
            list.add(*condition, || number);
        }
        list
    }

    #[test]
    fn an_object_is_tested_by_younger_bans_alone_and_once() {
        let list = listed(&[1, 2, 3]);
        let mut tested = Vec::new();
        let standing = list.test(10, |condition| {
            tested.push(*condition);
            Some(false)
        });
        assert_eq!((standing, tested), (Standing::UpTo(30), vec![3, 2]));
        assert!(list.has_seen_all(30) && !list.has_seen_all(29));
        assert_eq!(list.test(0, |condition| Some(*condition == 1)), Standing::Banned);
    }

    #[test]
    fn what_cannot_be_said_has_not_been_seen() {
        let list = listed(&[1, 2, 3]);
        assert_eq!(list.test(0, |condition| (*condition != 2).then_some(false)), Standing::UpTo(19));
    }

    #[test]
    fn the_same_ban_is_there_once_as_the_newest() {
        let list = listed(&[1, 2, 1]);
        assert_eq!(list.len(), 2);
        assert_eq!(list.test(20, |condition| Some(*condition == 1)), Standing::Banned);
        assert_eq!(list.test(30, |_| Some(true)), Standing::UpTo(30));
    }

    #[test]
    fn bans_that_all_have_seen_are_dropped() {
        let list = listed(&[1, 2, 3]);
        list.forget(20);
        assert_eq!(list.len(), 1);
        list.forget(30);
        assert!(list.is_empty());
        assert_eq!(list.test(0, |_| Some(true)), Standing::UpTo(30));
    }

    #[test]
    fn beyond_the_limit_what_the_oldest_has_not_tested_is_banned() {
        let list = listed(&(0..=MOST_BANS as u64).collect::<Vec<_>>());
        assert_eq!(list.len(), MOST_BANS);
        assert_eq!(list.test(9, |_| Some(false)), Standing::Banned);
        assert_ne!(list.test(10, |_| Some(false)), Standing::Banned);
    }
}
