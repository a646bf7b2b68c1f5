//! Purging many objects at once, whatever their number: a *group* is what they have in common, a tag,
//! a host, a prefix of the path, by a hash of it.
//!
//! Time is told by a counter that every object and every purge takes a number from. A purge of a group
//! writes down its number beside the group, and that is all; an object whose groups were purged after it was
//! asked for is gone, found out when it is next looked at. As long as no group was purged since it was last
//! looked at, that costs one comparison. A response that was asked for before the purge has the smaller
//! number as well, so it does not come back with its fill.

use std::collections::HashMap;
use std::time::SystemTime;

use super::object::Object;
use super::sync::{AtomicU64, Ordering, PoisonError, RwLock, RwLockReadGuard};
use crate::store::StoredHead;

/// So many groups that were purged are remembered; beyond that the store is swept.
pub(super) const MOST_REMEMBERED: usize = 65_536;

/// What has become of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Stands,
    /// Stale since then.
    Expired(SystemTime),
    Gone,
}

#[derive(Clone, Copy, Default)]
struct Purged {
    /// The number of the last purge; 0 if there was none.
    gone: u64,
    expired: u64,
    expired_at: Option<SystemTime>,
}

#[derive(Default)]
pub(super) struct Groups {
    purged: RwLock<HashMap<u64, Purged>>,
    /// The number of the last purge of any group.
    latest: AtomicU64,
}

impl Groups {
    /// All objects of the group that were asked for before now are gone or, where a time is given, stale since
    /// then. Gives how many groups are remembered.
    pub(super) fn purge(&self, group: u64, number: impl FnOnce() -> u64, expired_at: Option<SystemTime>) -> usize {
        let mut purged = self.purged.write().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that the numbers come in the order in which they are seen.
        let number = number();
        let entry = purged.entry(group).or_default();
        if expired_at.is_some() {
            (entry.expired, entry.expired_at) = (entry.expired.max(number), expired_at);
        } else {
            entry.gone = entry.gone.max(number);
        }
        self.latest.fetch_max(number, Ordering::SeqCst);
        purged.len()
    }

    /// What the purges of its groups have made of an object.
    pub(super) fn fate<H: StoredHead>(&self, object: &Object<H>) -> Fate {
        let latest = self.latest.load(Ordering::SeqCst);
        let seen = object.seen();
        if seen >= latest {
            return Fate::Stands;
        }
        let purged = self.read();
        let mut fate = Fate::Stands;
        let head = object.head();
        for entry in head.groups().iter().filter_map(|group| purged.get(group)) {
            if entry.gone > seen {
                return Fate::Gone;
            }
            if let Some(at) = entry.expired_at.filter(|_| entry.expired > seen) {
                fate = Fate::Expired(at);
            }
        }
        if fate == Fate::Stands {
            object.see(latest);
        }
        fate
    }

    /// Whether one of the groups was purged, softly or not, after that number.
    pub(super) fn are_purged_since(&self, groups: &[u64], number: u64) -> bool {
        if number >= self.latest.load(Ordering::SeqCst) {
            return false;
        }
        let purged = self.read();
        let of = groups.iter().filter_map(|group| purged.get(group));
        of.map(|entry| entry.gone.max(entry.expired)).any(|last| last > number)
    }

    /// The number of the last purge.
    pub(super) fn latest(&self) -> u64 {
        self.latest.load(Ordering::SeqCst)
    }

    /// Forgets the purges up to a number: all objects that are left have seen them.
    pub(super) fn forget(&self, up_to: u64) {
        let mut purged = self.purged.write().unwrap_or_else(PoisonError::into_inner);
        purged.retain(|_, entry| entry.gone.max(entry.expired) > up_to);
        purged.shrink_to_fit();
    }

    /// How many groups are remembered.
    pub(super) fn len(&self) -> usize {
        self.read().len()
    }

    /// The memory of the table, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        (self.read().capacity() * (size_of::<(u64, Purged)>() + 1)) as u64
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<u64, Purged>> {
        self.purged.read().unwrap_or_else(PoisonError::into_inner)
    }
}
