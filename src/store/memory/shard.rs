//! A part of the index: the objects of some primary keys, and whose turn it is to be evicted.
//!
//! Everything here runs under the shard's lock and is short. What is taken out is returned, for the
//! caller to give its bytes back and drop it after the lock is free.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use super::object::Object;
use super::queues::{Queue, Queues, Token};
use crate::store::{Key, StoredHead};

/// An object that was taken out of the index, and the bytes that it was charged.
pub(super) struct Removed<H> {
    pub(super) object: Arc<Object<H>>,
    pub(super) charge: u64,
}

/// What a turn of eviction did.
pub(super) enum Step<H> {
    Evicted(Removed<H>),
    /// Its turn came, but it is in use: it lines up again.
    Spared,
    Empty,
}

/// A complete object.
struct Kept<H> {
    object: Arc<Object<H>>,
    charge: u64,
    queue: Queue,
}

/// An object being filled.
struct Filling<H> {
    object: Arc<Object<H>>,
    charge: u64,
}

/// What stands under one key: at most one object of each kind, and at least one.
struct Slot<H> {
    kept: Option<Kept<H>>,
    filling: Option<Filling<H>>,
}

pub(super) struct Shard<H> {
    slots: BTreeMap<Key, Slot<H>>,
    /// All fills under way by id, those without a slot as well.
    fills: HashMap<u64, Arc<Object<H>>>,
    /// The intents to fill that no purge has struck out: primary key and a number of their own.
    intents: BTreeSet<(u128, u64)>,
    queues: Queues,
    objects: u64,
}

impl<H> Default for Shard<H> {
    fn default() -> Self {
        Self {
            slots: BTreeMap::new(),
            fills: HashMap::new(),
            intents: BTreeSet::new(),
            queues: Queues::default(),
            objects: 0,
        }
    }
}

impl<H: StoredHead> Shard<H> {
    pub(super) fn objects(&self) -> u64 {
        self.objects
    }

    pub(super) fn fills(&self) -> u64 {
        self.fills.len() as u64
    }

    /// The sum of all charges, counted anew.
    #[cfg(test)]
    pub(super) fn charges(&self) -> u64 {
        let of_slot = |slot: &Slot<H>| {
            slot.kept.as_ref().map_or(0, |kept| kept.charge) + slot.filling.as_ref().map_or(0, |filling| filling.charge)
        };
        self.slots.values().map(of_slot).sum()
    }

    pub(super) fn fill(&self, id: u64) -> Option<Arc<Object<H>>> {
        self.fills.get(&id).cloned()
    }

    /// The object to use, the one being filled first, and whether there is one of no more use.
    pub(super) fn find(&self, key: Key, now: SystemTime) -> (Option<Arc<Object<H>>>, bool) {
        let Some(slot) = self.slots.get(&key) else { return (None, false) };
        let filling = slot.filling.as_ref().map(|filling| &filling.object);
        let kept = slot.kept.as_ref().map(|kept| &kept.object);
        let mut any_useless = false;
        for object in [filling, kept].into_iter().flatten() {
            if !is_useless(object, now) {
                return (Some(Arc::clone(object)), any_useless);
            }
            any_useless = true;
        }
        (None, any_useless)
    }

    pub(super) fn intend(&mut self, primary: u128, id: u64) {
        self.intents.insert((primary, id));
    }

    pub(super) fn withdraw(&mut self, primary: u128, id: u64) {
        self.intents.remove(&(primary, id));
    }

    /// Notes a fill and puts it under its key; gives the one that was there before. `Err` when it is
    /// noted only: there is no charge for it, or its intent was struck out.
    pub(super) fn begin(
        &mut self,
        key: Key,
        object: &Arc<Object<H>>,
        charge: Option<u64>,
        intent: Option<u64>,
    ) -> Result<Option<Removed<H>>, NotKept> {
        self.fills.insert(object.id(), Arc::clone(object));
        if intent.is_some_and(|id| !self.intents.contains(&(key.primary, id))) {
            return Err(NotKept);
        }
        let filling = Filling { object: Arc::clone(object), charge: charge.ok_or(NotKept)? };
        let slot = self.slots.entry(key).or_insert(Slot { kept: None, filling: None });
        Ok(slot.filling.replace(filling).map(Filling::removed))
    }

    /// Charges a fill `bytes` more; `false` when it is no longer under its key or would have more
    /// than `at_most`.
    pub(super) fn charge_fill(&mut self, key: Key, id: u64, bytes: u64, at_most: u64) -> bool {
        match self.filling(key, id) {
            Some(filling) if filling.charge + bytes <= at_most => {
                filling.charge += bytes;
                true
            }
            _ => false,
        }
    }

    /// Makes a fill the object of its key, charged `less` than it was; gives the one that was there
    /// before. `Err` when it is no longer under its key: it was purged, overtaken or given up.
    pub(super) fn publish(&mut self, key: Key, id: u64, less: u64) -> Result<Option<Removed<H>>, NotKept> {
        self.fills.remove(&id);
        let Removed { object, charge } = self.take_filling(key, id).ok_or(NotKept)?;
        let before = self.take_kept(key);
        let charge = charge - less;
        let queue = self.queues.insert(Token { key, id }, charge);
        let slot = self.slots.entry(key).or_insert(Slot { kept: None, filling: None });
        slot.kept = Some(Kept { object, charge, queue });
        self.objects += 1;
        self.sweep();
        Ok(before)
    }

    /// Takes a fill from its key, if it is there; it goes on.
    pub(super) fn give_up(&mut self, key: Key, id: u64) -> Option<Removed<H>> {
        let removed = self.take_filling(key, id);
        self.drop_empty(key);
        removed
    }

    /// A fill has ended without completing.
    pub(super) fn end_fill(&mut self, key: Key, id: u64) -> Option<Removed<H>> {
        self.fills.remove(&id);
        self.give_up(key, id)
    }

    /// Replaces the head of the object with this id; gives the bytes that the old one took. `None`
    /// when it is no longer under its key or would have more than `at_most` bytes.
    pub(super) fn replace_head(&mut self, key: Key, id: u64, head: H, at_most: u64) -> Option<u64> {
        let slot = self.slots.get_mut(&key)?;
        let (object, charge, queue) = match (&mut slot.kept, &mut slot.filling) {
            (Some(kept), _) if kept.object.id() == id => (&kept.object, &mut kept.charge, Some(kept.queue)),
            (_, Some(filling)) if filling.object.id() == id => (&filling.object, &mut filling.charge, None),
            _ => return None,
        };
        let old_bytes = object.head().size_bytes() as u64;
        let new_charge = *charge - old_bytes + head.size_bytes() as u64;
        if new_charge > at_most {
            return None;
        }
        if let Some(queue) = queue {
            self.queues.resize(queue, *charge, new_charge);
        }
        *charge = new_charge;
        object.set_head(head);
        Some(old_bytes)
    }

    /// Removes every variant of a key and strikes out the intents to fill it, but for one.
    pub(super) fn purge(&mut self, primary: u128, but_intent: Option<u64>) -> Vec<Removed<H>> {
        self.intents.retain(|(intended, id)| *intended != primary || Some(*id) == but_intent);
        let all = Key { primary, variant: 0 }..=Key { primary, variant: u128::MAX };
        let keys: Vec<Key> = self.slots.range(all).map(|(key, _)| *key).collect();
        keys.into_iter().flat_map(|key| self.remove(key)).collect()
    }

    pub(super) fn remove(&mut self, key: Key) -> Vec<Removed<H>> {
        let kept = self.take_kept(key);
        let filling = self.slots.remove(&key).and_then(|slot| slot.filling).map(Filling::removed);
        self.sweep();
        kept.into_iter().chain(filling).collect()
    }

    pub(super) fn remove_useless(&mut self, key: Key, now: SystemTime) -> Vec<Removed<H>> {
        let Some(slot) = self.slots.get(&key) else { return Vec::new() };
        let filling = slot.filling.as_ref().filter(|filling| is_useless(&filling.object, now));
        let filling_id = filling.map(|filling| filling.object.id());
        let kept_is_useless = slot.kept.as_ref().is_some_and(|kept| is_useless(&kept.object, now));

        let filling = filling_id.and_then(|id| self.take_filling(key, id));
        let kept = if kept_is_useless { self.take_kept(key) } else { None };
        self.drop_empty(key);
        self.sweep();
        kept.into_iter().chain(filling).collect()
    }

    /// Takes all fills from their keys.
    pub(super) fn remove_fills(&mut self) -> Vec<Removed<H>> {
        let removed = self.slots.values_mut().filter_map(|slot| slot.filling.take()).map(Filling::removed).collect();
        self.slots.retain(|_, slot| slot.kept.is_some());
        removed
    }

    /// One turn of eviction. `gently` spares what was used since its last turn.
    pub(super) fn evict_step(&mut self, gently: bool) -> Step<H> {
        while let Some((queue, token)) = self.queues.pop() {
            let kept = self.slots.get(&token.key).and_then(|slot| slot.kept.as_ref());
            let Some(kept) = kept.filter(|kept| kept.object.id() == token.id) else { continue };
            let uses = kept.object.uses();
            let spare = match queue {
                Queue::Small => uses > 1,
                Queue::Main => uses > 0,
            };
            if gently && spare {
                self.line_up_again(queue, token, uses);
                return Step::Spared;
            }
            let Some(removed) = self.take_kept(token.key) else { continue };
            self.drop_empty(token.key);
            if queue == Queue::Small {
                self.queues.remember(token.key);
            }
            return Step::Evicted(removed);
        }
        Step::Empty
    }

    /// From small to main with its uses forgotten, or round main with one use less.
    fn line_up_again(&mut self, from: Queue, token: Token, uses: u8) {
        let slot = self.slots.get_mut(&token.key);
        let Some(kept) = slot.and_then(|slot| slot.kept.as_mut()) else { return };
        kept.object.set_uses(if from == Queue::Small { 0 } else { uses.saturating_sub(1) });
        kept.queue = Queue::Main;
        self.queues.leave(from, kept.charge);
        self.queues.push(Queue::Main, token, kept.charge);
    }

    fn filling(&mut self, key: Key, id: u64) -> Option<&mut Filling<H>> {
        self.slots.get_mut(&key)?.filling.as_mut().filter(|filling| filling.object.id() == id)
    }

    /// Takes the fill with this id; may leave an empty slot.
    fn take_filling(&mut self, key: Key, id: u64) -> Option<Removed<H>> {
        self.filling(key, id)?;
        self.slots.get_mut(&key)?.filling.take().map(Filling::removed)
    }

    /// Takes the complete object; may leave an empty slot.
    fn take_kept(&mut self, key: Key) -> Option<Removed<H>> {
        let Kept { object, charge, queue } = self.slots.get_mut(&key)?.kept.take()?;
        self.queues.leave(queue, charge);
        self.objects -= 1;
        Some(Removed { object, charge })
    }

    fn drop_empty(&mut self, key: Key) {
        if self.slots.get(&key).is_some_and(|slot| slot.kept.is_none() && slot.filling.is_none()) {
            self.slots.remove(&key);
        }
    }

    fn sweep(&mut self) {
        if self.queues.wants_sweep() {
            let slots = &self.slots;
            let kept = |token: &Token| slots.get(&token.key).and_then(|slot| slot.kept.as_ref());
            self.queues.sweep(|token| kept(token).is_some_and(|kept| kept.object.id() == token.id));
        }
    }
}

/// A fill that ended well but is not kept.
pub(super) struct NotKept;

impl<H> Filling<H> {
    fn removed(self) -> Removed<H> {
        Removed { object: self.object, charge: self.charge }
    }
}

fn is_useless<H: StoredHead>(object: &Object<H>, now: SystemTime) -> bool {
    object.useless_after() < now
}
