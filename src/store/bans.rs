//! Bans: conditions that make what was stored before them unusable.
//!
//! A ban takes a number from the counter that objects take theirs from when they are asked for, so that it holds for
//! all that was asked for before it, and for nothing later. An object is tested against the bans that are younger than
//! it, the newest first, and each of them tests it once: then it knows up to which number it stands. As long as there is
//! no ban that it has not seen, that costs one comparison.
//!
//! Each owner has bans of its own, which are tested with its own objects and are bounded for it alone: whoever bans too
//! much loses what it has stored, and nobody else does.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

/// So many bans of one owner are kept. Beyond that its oldest is given up, and with it all objects of the owner that this
/// one has not tested.
pub const MOST_BANS: usize = 1_024;
/// So many bytes of bans of one owner are kept, likewise.
pub const MOST_BYTES: usize = 16 << 20;
/// So many bytes of bans of all owners are kept. Beyond that the owner with the most of them gives up its oldest.
pub const MOST_BYTES_OF_ALL: usize = 64 << 20;

/// Whose bans and objects they are; `None` is an owner like any other.
pub type Owner = Option<u64>;

/// A ban.
struct Ban<C> {
    number: u64,
    bytes: usize,
    /// What it bans.
    condition: C,
}

/// What the bans make of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It stands, as far as bans up to this number go.
    UpTo(u64),
    /// It is banned.
    Banned,
}

/// The bans of one owner, the newest first.
struct Owned<C> {
    bans: Vec<Arc<Ban<C>>>,
    bytes: usize,
    /// What has not been tested up to here is banned.
    given_up: u64,
}

type ByOwner<C> = HashMap<Owner, Arc<Owned<C>>>;

/// The bans of all owners.
pub struct BanList<C> {
    owners: ArcSwap<ByOwner<C>>,
    /// How many there are.
    count: AtomicUsize,
    /// The number of the newest one, even when it is gone.
    newest: AtomicU64,
    /// How many were given up.
    given_up: AtomicU64,
    writing: Mutex<()>,
}

impl<C> Default for BanList<C> {
    fn default() -> Self {
        Self {
            owners: ArcSwap::default(),
            count: AtomicUsize::new(0),
            newest: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            writing: Mutex::default(),
        }
    }
}

impl<C> Clone for Owned<C> {
    fn clone(&self) -> Self {
        Self { bans: self.bans.clone(), bytes: self.bytes, given_up: self.given_up }
    }
}

impl<C> Default for Owned<C> {
    fn default() -> Self {
        Self { bans: Vec::new(), bytes: 0, given_up: 0 }
    }
}

impl<C> Owned<C> {
    fn keep(&mut self, is_kept: impl Fn(&Ban<C>) -> bool) {
        self.bans.retain(|ban| is_kept(ban));
        self.bytes = self.bans.iter().map(|ban| ban.bytes).sum();
    }

    fn give_up_oldest(&mut self) {
        let Some(oldest) = self.bans.pop() else { return };
        self.bytes -= oldest.bytes;
        self.given_up = self.given_up.max(oldest.number);
    }
}

impl<C: PartialEq> BanList<C> {
    /// Adds a ban that takes so many bytes; one of the same owner that bans the same is replaced, with all it has yet to
    /// test. `number` is asked for under the lock, so that the lists are in the order of their numbers.
    pub fn add(&self, owner: Owner, condition: C, bytes: usize, number: impl FnOnce() -> u64) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let number = number();
        let mut owners = self.owners.load().as_ref().clone();
        let own = Arc::make_mut(owners.entry(owner).or_default());
        own.keep(|ban| ban.condition != condition);
        own.bans.insert(0, Arc::new(Ban { number, bytes, condition }));
        own.bytes += bytes;
        let mut given_up = 0;
        while own.bans.len() > MOST_BANS || own.bytes > MOST_BYTES {
            own.give_up_oldest();
            given_up += 1;
        }
        given_up += keep_to_all(&mut owners);
        self.put(owners);
        self.given_up.fetch_add(given_up, Ordering::Relaxed);
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

    /// Tests an object of that owner that stands up to `seen` with the bans that it has not seen. `holds` says whether a
    /// ban's condition does; `None` where that cannot be said, and then the object has not seen it.
    pub fn test(&self, owner: Owner, seen: u64, mut holds: impl FnMut(&C) -> Option<bool>) -> Standing {
        // Before the lists: a ban that comes in between is not to count as seen.
        let newest = self.newest.load(Ordering::SeqCst);
        let owners = self.owners.load();
        let Some(own) = owners.get(&owner) else { return Standing::UpTo(newest.max(seen)) };
        if seen < own.given_up {
            return Standing::Banned;
        }
        let mut up_to = newest;
        for ban in own.bans.iter().take_while(|ban| ban.number > seen) {
            match holds(&ban.condition) {
                Some(true) => return Standing::Banned,
                Some(false) => {}
                None => up_to = up_to.min(ban.number - 1),
            }
        }
        Standing::UpTo(up_to.max(seen))
    }

    /// Drops the bans up to a number: all that is left has seen them.
    pub fn forget(&self, up_to: u64) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut owners = self.owners.load().as_ref().clone();
        owners.retain(|_, owned| {
            let is_seen = owned.bans.last().is_some_and(|oldest| oldest.number <= up_to);
            if is_seen {
                Arc::make_mut(owned).keep(|ban| ban.number > up_to);
            }
            !owned.bans.is_empty() || owned.given_up > up_to
        });
        self.put(owners);
    }

    fn put(&self, owners: ByOwner<C>) {
        self.count.store(owners.values().map(|owned| owned.bans.len()).sum(), Ordering::SeqCst);
        self.owners.store(Arc::new(owners));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many were given up.
    pub fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Whether that owner has one of which that holds.
    pub fn any(&self, owner: Owner, of: impl Fn(&C) -> bool) -> bool {
        self.owners.load().get(&owner).is_some_and(|owned| owned.bans.iter().any(|ban| of(&ban.condition)))
    }
}

/// Has those with the most bytes give up their oldest until all take no more than they may; how many were given up.
fn keep_to_all<C>(owners: &mut ByOwner<C>) -> u64 {
    let mut bytes: usize = owners.values().map(|owned| owned.bytes).sum();
    let mut given_up = 0;
    while bytes > MOST_BYTES_OF_ALL {
        let Some(most) = owners.values_mut().max_by_key(|owned| owned.bytes) else { break };
        let before = most.bytes;
        let most = Arc::make_mut(most);
        most.give_up_oldest();
        bytes -= before - most.bytes;
        given_up += 1;
    }
    given_up
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner = Some(1);

    fn listed(conditions: &[u64]) -> BanList<u64> {
        let list = BanList::default();
        for (number, condition) in (10..).step_by(10).zip(conditions) {
            list.add(OWNER, *condition, 1, || number);
        }
        list
    }

    #[test]
    fn an_object_is_tested_by_younger_bans_alone_and_once() {
        let list = listed(&[1, 2, 3]);
        let mut tested = Vec::new();
        let standing = list.test(OWNER, 10, |condition| {
            tested.push(*condition);
            Some(false)
        });
        assert_eq!((standing, tested), (Standing::UpTo(30), vec![3, 2]));
        assert!(list.has_seen_all(30) && !list.has_seen_all(29));
        assert_eq!(list.test(OWNER, 0, |condition| Some(*condition == 1)), Standing::Banned);
    }

    #[test]
    fn what_cannot_be_said_has_not_been_seen() {
        let list = listed(&[1, 2, 3]);
        assert_eq!(list.test(OWNER, 0, |condition| (*condition != 2).then_some(false)), Standing::UpTo(19));
        assert_eq!(list.test(OWNER, 0, |condition| (*condition == 2).then_some(false)), Standing::UpTo(9));
    }

    #[test]
    fn the_same_ban_is_there_once_as_the_newest() {
        let list = listed(&[1, 2, 1]);
        assert_eq!(list.len(), 2);
        assert_eq!(list.test(OWNER, 20, |condition| Some(*condition == 1)), Standing::Banned);
        assert_eq!(list.test(OWNER, 30, |_| Some(true)), Standing::UpTo(30));
    }

    #[test]
    fn bans_that_all_have_seen_are_dropped() {
        let list = listed(&[1, 2, 3]);
        list.forget(20);
        assert_eq!(list.len(), 1);
        list.forget(30);
        assert!(list.is_empty());
        assert_eq!(list.test(OWNER, 0, |_| Some(true)), Standing::UpTo(30));
    }

    #[test]
    fn objects_of_one_owner_are_not_tested_with_the_bans_of_another() {
        let list = listed(&[1, 2]);
        for other in [None, Some(2)] {
            assert_eq!(list.test(other, 0, |_| Some(true)), Standing::UpTo(20));
            assert!(!list.any(other, |_| true));
        }
        list.add(None, 1, 1, || 30);
        assert_eq!((list.len(), list.test(OWNER, 20, |_| Some(true))), (3, Standing::UpTo(30)));
    }

    #[test]
    fn beyond_the_number_what_the_oldest_has_not_tested_is_banned_for_its_owner_alone() {
        let list = listed(&(0..=MOST_BANS as u64).collect::<Vec<_>>());
        list.add(None, 1, 1, || 1_000_000);
        assert_eq!((list.len(), list.given_up()), (MOST_BANS + 1, 1));
        assert_eq!(list.test(OWNER, 9, |_| Some(false)), Standing::Banned);
        assert_ne!(list.test(OWNER, 10, |_| Some(false)), Standing::Banned);
        assert_ne!(list.test(None, 0, |_| Some(false)), Standing::Banned);
        // What nobody has to be tested with any more is not remembered.
        list.forget(1_000_000);
        assert_ne!(list.test(OWNER, 9, |_| Some(false)), Standing::Banned);
    }

    #[test]
    fn beyond_the_bytes_as_well() {
        let list = BanList::default();
        for number in 1..=5 {
            list.add(OWNER, number, MOST_BYTES / 4, || number);
        }
        assert_eq!(list.len(), 4);
        assert_eq!(list.test(OWNER, 0, |_| Some(false)), Standing::Banned);
        assert_ne!(list.test(OWNER, 1, |_| Some(false)), Standing::Banned);
        // One that is too much alone is carried out on all.
        list.add(OWNER, 6, MOST_BYTES + 1, || 6);
        assert_eq!((list.len(), list.test(OWNER, 5, |_| Some(false))), (0, Standing::Banned));
        assert_eq!(list.test(None, 0, |_| Some(false)), Standing::UpTo(6));
    }

    #[test]
    fn whoever_has_the_most_gives_up_when_all_have_too_much() {
        let (list, mut numbers) = (BanList::default(), 1..);
        let mut add = |owner, bytes| {
            let number = numbers.next().unwrap_or_default();
            list.add(Some(owner), number, bytes, || number);
        };
        let share = MOST_BYTES_OF_ALL / 8;
        (0..7).for_each(|owner| add(owner, share));
        add(7, share / 2);
        add(3, share / 2);
        assert_eq!(list.given_up(), 0);
        add(8, 1);
        assert_eq!(list.given_up(), 1);
        let banned = |owner| list.test(Some(owner), 0, |_| Some(false)) == Standing::Banned;
        assert_eq!((0..9).filter(|owner| banned(*owner)).collect::<Vec<_>>(), [3]);
    }
}
