//! What is found under a key.
//!
//! Nearly all URLs have one object, and that one costs a number of 32 bits in a hash table. Where there are
//! more, variants, slices or one that is being filled anew, they stand together in a *family*, in the
//! order of their keys.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::ops::RangeInclusive;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::slab::{Slab, SlotId};
use crate::store::Key;

/// What a family takes beside its members, and one member, in bytes: the nodes of its tree are at least
/// half full.
const FAMILY_BYTES: usize = 160;
const MEMBER_BYTES: usize = 2 * size_of::<(Place, Members)>();

/// Part and variant.
type Place = (u128, u128);

/// What stands under one key: at most one of each, and at least one.
#[derive(Clone, Copy, Default)]
pub(super) struct Members {
    pub(super) kept: Option<SlotId>,
    pub(super) filling: Option<SlotId>,
}

impl Members {
    fn one(id: SlotId, is_filling: bool) -> Self {
        if is_filling { Self { filling: Some(id), kept: None } } else { Self { kept: Some(id), filling: None } }
    }

    fn ids(self) -> impl Iterator<Item = SlotId> {
        [self.filling, self.kept].into_iter().flatten()
    }

    fn is_filling(self) -> bool {
        self.filling.is_some()
    }
}

#[derive(Default)]
pub(super) struct Index {
    /// The one slot of each primary key that has one alone.
    single: HashTable<SlotId>,
    /// The slots of the others.
    families: HashMap<u128, BTreeMap<Place, Members>, DefaultHashBuilder>,
    /// Members of all families.
    members: usize,
    hasher: DefaultHashBuilder,
}

impl Index {
    /// What stands under a key.
    pub(super) fn find<H>(&self, slab: &Slab<H>, key: Key) -> Members {
        let hash = self.hash(key.primary);
        if let Some(id) = self.single(slab, hash, key.primary) {
            let slot = slab.get(id).filter(|slot| slot.key() == key);
            return slot.map_or_else(Members::default, |slot| Members::one(id, slot.queue.is_none()));
        }
        if self.families.is_empty() {
            return Members::default();
        }
        self.families.get(&key.primary).and_then(|family| family.get(&place(key))).copied().unwrap_or_default()
    }

    /// All that stands under a primary key, by key.
    pub(super) fn family<H>(&self, slab: &Slab<H>, primary: u128) -> Vec<(Key, Members)> {
        self.range(slab, primary, (0, 0)..=(u128::MAX, u128::MAX))
    }

    /// What stands under the keys that differ from this one in their variant alone, itself among them.
    pub(super) fn variants<H>(&self, slab: &Slab<H>, of: Key) -> Vec<(Key, Members)> {
        self.range(slab, of.primary, (of.part, 0)..=(of.part, u128::MAX))
    }

    fn range<H>(&self, slab: &Slab<H>, primary: u128, places: RangeInclusive<Place>) -> Vec<(Key, Members)> {
        if let Some(id) = self.single(slab, self.hash(primary), primary) {
            let slot = slab.get(id).filter(|slot| places.contains(&place(slot.key())));
            return slot.map(|slot| (slot.key(), Members::one(id, slot.queue.is_none()))).into_iter().collect();
        }
        let Some(family) = self.families.get(&primary) else { return Vec::new() };
        family.range(places).map(|(&(part, variant), members)| (Key { primary, part, variant }, *members)).collect()
    }

    /// Enters a slot that stands in the slab. No other of its kind may stand under its key.
    pub(super) fn insert<H>(&mut self, slab: &Slab<H>, key: Key, id: SlotId, is_filling: bool) {
        let hash = self.hash(key.primary);
        if let Some(other) = self.take_single(slab, hash, key.primary)
            && let Some(slot) = slab.get(other)
        {
            self.join(slot.key(), other, slot.queue.is_none());
        } else if !self.families.contains_key(&key.primary) {
            let hasher = |id: &SlotId| slab.get(*id).map_or(0, |slot| self.hasher.hash_one(slot.primary()));
            self.single.insert_unique(hash, id, hasher);
            return;
        }
        self.join(key, id, is_filling);
    }

    /// Takes a slot out, while it is still in the slab.
    pub(super) fn remove<H>(&mut self, slab: &Slab<H>, key: Key, id: SlotId) {
        let hash = self.hash(key.primary);
        if let Ok(entry) = self.single.find_entry(hash, |other| *other == id) {
            entry.remove();
            if self.single.is_empty() {
                self.single = HashTable::new();
            }
            return;
        }
        let Some(family) = self.families.get_mut(&key.primary) else { return };
        if let Some(members) = family.get_mut(&place(key)) {
            members.kept = members.kept.filter(|kept| *kept != id);
            members.filling = members.filling.filter(|filling| *filling != id);
            self.members -= 1;
            if members.ids().next().is_none() {
                family.remove(&place(key));
            }
        }
        self.dissolve(slab, key.primary);
    }

    /// A slot that was being filled is complete now.
    pub(super) fn completed(&mut self, key: Key, id: SlotId) {
        let family = self.families.get_mut(&key.primary);
        if let Some(members) = family.and_then(|family| family.get_mut(&place(key))) {
            *members = Members { kept: Some(id), filling: None };
        }
    }

    /// The hash of a primary key, which nobody outside can foresee.
    pub(super) fn hash(&self, primary: u128) -> u64 {
        self.hasher.hash_one(primary)
    }

    /// The memory of the index, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let single = self.single.allocation_size();
        let families = self.families.capacity() * (size_of::<(u128, BTreeMap<Place, Members>)>() + 1);
        single + families + self.families.len() * FAMILY_BYTES + self.members * MEMBER_BYTES
    }

    fn join(&mut self, key: Key, id: SlotId, is_filling: bool) {
        let members = self.families.entry(key.primary).or_default().entry(place(key)).or_default();
        if is_filling {
            members.filling = Some(id);
        } else {
            members.kept = Some(id);
        }
        self.members += 1;
    }

    /// A family of one is none.
    fn dissolve<H>(&mut self, slab: &Slab<H>, primary: u128) {
        let Some(family) = self.families.get(&primary) else { return };
        let mut left = family.iter().flat_map(|(place, members)| members.ids().map(|id| (*place, id, *members)));
        let (last, others) = (left.next(), left.next());
        if others.is_some() {
            return;
        }
        self.families.remove(&primary);
        if self.families.is_empty() {
            self.families.shrink_to_fit();
        }
        if let Some(((part, variant), id, members)) = last {
            self.members -= 1;
            self.insert(slab, Key { primary, part, variant }, id, members.is_filling());
        }
    }

    fn single<H>(&self, slab: &Slab<H>, hash: u64, primary: u128) -> Option<SlotId> {
        self.single.find(hash, |id| is_of(slab, *id, primary)).copied()
    }

    fn take_single<H>(&mut self, slab: &Slab<H>, hash: u64, primary: u128) -> Option<SlotId> {
        let entry = self.single.find_entry(hash, |id| is_of(slab, *id, primary)).ok()?;
        Some(entry.remove().0)
    }
}

fn is_of<H>(slab: &Slab<H>, id: SlotId, primary: u128) -> bool {
    slab.get(id).is_some_and(|slot| slot.primary() == primary)
}

fn place(key: Key) -> Place {
    (key.part, key.variant)
}
