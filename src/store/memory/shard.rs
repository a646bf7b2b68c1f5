//! A part of the store: the objects of some primary keys, and whose turn it is to be evicted.
//!
//! Everything here runs under the shard's lock and is short. Objects that are taken out are returned, for the
//! caller to drop them after the lock is free.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::budget::Moment;
use super::ghost::Ghost;
use super::index::Index;
use super::lingering::Lingering;
use super::object::Object;
use super::queues::{Queue, Queues};
use super::relief::{Patience, Stalled};
use super::slab::{Slab, Slot, SlotId};
use crate::store::{Key, StoredHead};

/// How many complete variants a key may have. Beyond that the oldest goes: a response that varies on a
/// field with ever new values must not push out what others are asked for.
pub(super) const MOST_VARIANTS: usize = 64;
/// What a fill takes in the lists of fills and intents.
const FILL_BYTES: usize = 64;

/// An object that was taken out of the index.
pub(super) type Removed<H> = Arc<Object<H>>;

/// Some objects with their keys, and where to go on behind them.
pub(super) type Batch<H> = (Vec<(Key, Arc<Object<H>>)>, Option<u32>);

/// What a turn of eviction did.
pub(super) enum Step<H> {
    Evicted(Removed<H>),
    /// Its turn came, but it is in use: it lines up again.
    Spared,
    Empty,
}

/// Whether a fill stands under its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    Kept,
    /// There is no room for it, or its intent was struck out.
    NotKept,
}

/// A fill that ended well but is not kept.
pub(super) struct NotKept;

pub(super) struct Shard<H> {
    slab: Slab<H>,
    index: Index,
    queues: Queues,
    ghost: Ghost,
    /// All fills under way by id, those without a slot as well.
    fills: HashMap<u64, Arc<Object<H>>>,
    /// What was taken out while it was read.
    lingering: Lingering<H>,
    /// The intents to fill that no purge has struck out: primary key and a number of their own.
    intents: BTreeSet<(u128, u64)>,
    /// Complete objects.
    objects: usize,
    /// The bytes of the index that the budget knows of.
    pub(super) charged_bytes: u64,
}

impl<H> Default for Shard<H> {
    fn default() -> Self {
        Self {
            slab: Slab::default(),
            index: Index::default(),
            queues: Queues::default(),
            ghost: Ghost::default(),
            fills: HashMap::new(),
            lingering: Lingering::default(),
            intents: BTreeSet::new(),
            objects: 0,
            charged_bytes: 0,
        }
    }
}

impl<H: StoredHead> Shard<H> {
    pub(super) fn objects(&self) -> u64 {
        self.objects as u64
    }

    pub(super) fn fills(&self) -> u64 {
        self.fills.len() as u64
    }

    /// What it takes beside the objects themselves, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let requests = (self.fills.len() + self.intents.len()) * FILL_BYTES;
        (self.slab.bytes() + self.index.bytes() + self.ghost.bytes() + requests) as u64
    }

    /// The objects under their keys, and the fills that are not.
    #[cfg(all(test, not(feature = "model")))]
    pub(super) fn all(&self) -> Vec<Arc<Object<H>>> {
        let kept = self.slab.iter().map(|(_, slot)| &slot.object);
        let mut all: Vec<_> = kept.chain(self.fills.values()).cloned().collect();
        all.sort_by_key(|object| object.id());
        all.dedup_by_key(|object| object.id());
        all
    }

    pub(super) fn fill(&self, id: u64) -> Option<Arc<Object<H>>> {
        self.fills.get(&id).cloned()
    }

    /// What is held by those who have stalled.
    pub(super) fn stalled(&self, patience: Patience, now: Moment) -> Vec<Stalled<H>> {
        let fills = self.fills.values().filter_map(|object| patience.ends_with_fill(object, now));
        let others = self.lingering.iter().filter_map(|object| patience.ends_with(object, now));
        fills.chain(others).collect()
    }

    /// The object to use, the one being filled first, and whether there is one of no more use.
    pub(super) fn find(&self, key: Key, is_of_use: impl Fn(&Object<H>) -> bool) -> (Option<Arc<Object<H>>>, bool) {
        let members = self.index.find(&self.slab, key);
        let mut any_useless = false;
        for id in [members.filling, members.kept].into_iter().flatten() {
            let Some(slot) = self.slab.get(id) else { continue };
            if is_of_use(&slot.object) {
                return (Some(Arc::clone(&slot.object)), any_useless);
            }
            any_useless = true;
        }
        (None, any_useless)
    }

    /// The objects to use of all variants of a key; of each the one being filled first.
    pub(super) fn variants(&self, of: Key, is_of_use: impl Fn(&Object<H>) -> bool) -> Vec<Arc<Object<H>>> {
        let keys = self.index.variants(&self.slab, of);
        keys.into_iter().filter_map(|(key, _)| self.find(key, &is_of_use).0).collect()
    }

    /// Some of the objects that are complete, from a place in the slab on, and the place behind them; `None` at
    /// the end.
    pub(super) fn some(&self, from: u32, at_most: usize) -> Batch<H> {
        let mut found = Vec::new();
        for (number, slot) in self.slab.iter_from(from) {
            if found.len() >= at_most {
                return (found, Some(number));
            }
            let complete = slot.filter(|slot| slot.queue.is_some());
            found.extend(complete.map(|slot| (slot.key(), Arc::clone(&slot.object))));
        }
        (found, None)
    }

    pub(super) fn intend(&mut self, primary: u128, id: u64) {
        self.intents.insert((primary, id));
    }

    pub(super) fn is_intended(&self, primary: u128, id: u64) -> bool {
        self.intents.contains(&(primary, id))
    }

    pub(super) fn withdraw(&mut self, primary: u128, id: u64) {
        self.intents.remove(&(primary, id));
    }

    /// Notes a fill and puts it under its key; gives the one that was there before.
    pub(super) fn begin(
        &mut self,
        key: Key,
        object: &Arc<Object<H>>,
        has_room: bool,
        intent: Option<u64>,
    ) -> (Begun, Option<Removed<H>>) {
        self.fills.insert(object.id(), Arc::clone(object));
        let is_struck_out = intent.is_some_and(|id| !self.intents.contains(&(key.primary, id)));
        if is_struck_out || !has_room {
            return (Begun::NotKept, None);
        }
        let before = self.index.find(&self.slab, key).filling.and_then(|id| self.take(id));
        let begun = match self.slab.insert(Slot::new(key, Arc::clone(object))) {
            Some(id) => {
                self.index.insert(&self.slab, key, id, true);
                Begun::Kept
            }
            None => Begun::NotKept,
        };
        (begun, before)
    }

    /// Makes a fill the object of its key; gives the one that was there before, and a variant that has to go for
    /// it. `Err` when it is no longer under its key: it was purged, overtaken or given up.
    pub(super) fn publish(&mut self, key: Key, object: &Arc<Object<H>>) -> Result<[Option<Removed<H>>; 2], NotKept> {
        self.fills.remove(&object.id());
        let members = self.index.find(&self.slab, key);
        let Some(id) = members.filling.filter(|id| self.is_object(*id, object.id())) else {
            self.lingering.push(object);
            return Err(NotKept);
        };
        object.charge().land();
        let before = members.kept.and_then(|kept| self.take(kept));
        self.index.completed(key, id);
        let queue = if self.ghost.take(self.hash(key)) { Queue::Main } else { Queue::Small };
        self.queues.join(&mut self.slab, id, queue);
        self.objects += 1;
        let surplus = self.surplus_variant(key).and_then(|surplus| self.take(surplus));
        Ok([before, surplus])
    }

    /// The oldest variant beside this one, if there are too many.
    fn surplus_variant(&self, of: Key) -> Option<SlotId> {
        let variants = self.index.variants(&self.slab, of);
        let kept = variants.into_iter().filter_map(|(key, members)| Some((key, members.kept?)));
        let (count, oldest) = kept.fold((0, None), |(count, oldest), (key, id)| {
            let object = self.slab.get(id).filter(|_| key != of).map(|slot| slot.object.id());
            let found = object.map(|object| (object, id));
            (count + 1, oldest.into_iter().chain(found).min_by_key(|(object, _)| *object))
        });
        oldest.filter(|_| count > MOST_VARIANTS).map(|(_, id)| id)
    }

    /// Takes a fill from its key, if it is there; it goes on.
    pub(super) fn give_up(&mut self, key: Key, object_id: u64) -> Option<Removed<H>> {
        let filling = self.index.find(&self.slab, key).filling;
        filling.filter(|id| self.is_object(*id, object_id)).and_then(|id| self.take(id))
    }

    /// A fill has ended without completing.
    pub(super) fn end_fill(&mut self, key: Key, object: &Arc<Object<H>>) -> Option<Removed<H>> {
        self.fills.remove(&object.id());
        self.lingering.push(object);
        self.give_up(key, object.id())
    }

    /// Replaces the head of the object with this id; gives its bytes before. `None` when it is no longer under
    /// its key or would have more than `at_most` bytes.
    pub(super) fn replace_head(&mut self, key: Key, object_id: u64, head: H, at_most: u64) -> Option<u64> {
        let members = self.index.find(&self.slab, key);
        let id = [members.kept, members.filling].into_iter().flatten().find(|id| self.is_object(*id, object_id))?;
        let slot = self.slab.get_mut(id)?;
        let object = &slot.object;
        let (old_bytes, new_bytes) = (object.head().size_bytes() as u64, head.size_bytes() as u64);
        let charged = object.charged();
        if charged + new_bytes > at_most + old_bytes {
            return None;
        }
        // The new head's bytes are reserved by the caller, who gives the old ones back.
        object.charge().add_reserved(new_bytes);
        object.set_head(head);
        if let Some(queue) = slot.queue {
            self.queues.resize(queue, charged, charged + new_bytes - old_bytes);
        }
        object.charge().shrink(old_bytes);
        Some(old_bytes)
    }

    /// Removes all that stands under a primary key and strikes out the intents to fill it, but for one.
    pub(super) fn purge(&mut self, primary: u128, but_intent: Option<u64>) -> Vec<Removed<H>> {
        self.strike_out(primary, but_intent);
        let members = self.index.family(&self.slab, primary);
        members.into_iter().flat_map(|(_, members)| self.take_all([members.kept, members.filling])).collect()
    }

    /// What stands under a primary key, for a purge that leaves it there. Strikes out the intents to fill it.
    pub(super) fn family(&mut self, primary: u128) -> Vec<(Key, Arc<Object<H>>)> {
        self.strike_out(primary, None);
        let members = self.index.family(&self.slab, primary).into_iter();
        let ids = members.flat_map(|(key, members)| [members.kept, members.filling].map(|id| (key, id)));
        ids.filter_map(|(key, id)| Some((key, Arc::clone(&self.slab.get(id?)?.object)))).collect()
    }

    /// The number of the oldest fill or intent under way.
    pub(super) fn oldest_under_way(&self) -> Option<u64> {
        let fills = self.fills.values().map(|object| object.seen());
        fills.chain(self.intents.iter().map(|(_, id)| *id)).min()
    }

    fn strike_out(&mut self, primary: u128, but_intent: Option<u64>) {
        let struck_out: Vec<_> = self.intents.range((primary, 0)..=(primary, u64::MAX)).copied().collect();
        for intent in struck_out.into_iter().filter(|(_, id)| Some(*id) != but_intent) {
            self.intents.remove(&intent);
        }
    }

    pub(super) fn remove(&mut self, key: Key) -> Vec<Removed<H>> {
        let members = self.index.find(&self.slab, key);
        self.take_all([members.kept, members.filling])
    }

    pub(super) fn remove_useless(&mut self, key: Key, is_of_use: impl Fn(&Object<H>) -> bool) -> Vec<Removed<H>> {
        let members = self.index.find(&self.slab, key);
        let useless = |id: &SlotId| self.slab.get(*id).is_some_and(|slot| !is_of_use(&slot.object));
        let useless = [members.kept, members.filling].map(|id| id.filter(useless));
        self.take_all(useless)
    }

    /// Removes this object, if it still stands under its key.
    pub(super) fn remove_object(&mut self, key: Key, object_id: u64) -> Option<Removed<H>> {
        let members = self.index.find(&self.slab, key);
        let id = [members.kept, members.filling].into_iter().flatten().find(|id| self.is_object(*id, object_id));
        id.and_then(|id| self.take(id))
    }

    /// Takes all fills from their keys, and strikes out the intents to begin one.
    pub(super) fn remove_fills(&mut self) -> Vec<Removed<H>> {
        self.intents.clear();
        let fills: Vec<_> = self.slab.iter().filter(|(_, slot)| slot.queue.is_none()).map(|(id, _)| id).collect();
        fills.into_iter().filter_map(|id| self.take(id)).collect()
    }

    /// The bytes that line up in the small and in the main queue.
    pub(super) fn queued_bytes(&self) -> [u64; 2] {
        self.queues.bytes()
    }

    /// One turn of eviction, from this queue if it is not empty. `gently` spares what was used since its last turn.
    pub(super) fn evict_step(&mut self, queue: Queue, gently: bool) -> Step<H> {
        let Some((queue, id)) = self.queues.next(queue) else { return Step::Empty };
        let Some(slot) = self.slab.get(id) else { return Step::Empty };
        let (uses, key) = (slot.object.uses(), slot.key());
        let spare = match queue {
            Queue::Small => uses > 1,
            Queue::Main => uses > 0,
        };
        if gently && spare {
            // From small to main with its uses forgotten, or round main with one use less.
            slot.object.forget_uses(if queue == Queue::Small { u64::MAX } else { 1 });
            self.queues.leave(&mut self.slab, id);
            self.queues.join(&mut self.slab, id, Queue::Main);
            return Step::Spared;
        }
        if queue == Queue::Small {
            self.ghost.put(self.hash(key), self.objects);
        }
        self.take(id).map_or(Step::Empty, Step::Evicted)
    }

    fn hash(&self, key: Key) -> u64 {
        self.index.hash(key.primary ^ key.variant.rotate_left(1) ^ key.part.rotate_left(2))
    }

    fn is_object(&self, id: SlotId, object_id: u64) -> bool {
        self.slab.get(id).is_some_and(|slot| slot.object.id() == object_id)
    }

    fn take_all(&mut self, ids: [Option<SlotId>; 2]) -> Vec<Removed<H>> {
        ids.into_iter().flatten().filter_map(|id| self.take(id)).collect()
    }

    /// Takes an object out, complete or being filled.
    fn take(&mut self, id: SlotId) -> Option<Removed<H>> {
        let slot = self.slab.get(id)?;
        let (key, is_complete) = (slot.key(), slot.queue.is_some());
        self.index.remove(&self.slab, key, id);
        self.queues.leave(&mut self.slab, id);
        if is_complete {
            self.objects -= 1;
        }
        if self.objects == 0 {
            self.ghost.clear();
        }
        let object = self.slab.remove(id)?.object;
        if is_complete {
            object.charge().take_off();
            // Nobody comes to it while the lock is held.
            if Arc::strong_count(&object) > 1 {
                self.lingering.push(&object);
            }
        }
        Some(object)
    }
}
