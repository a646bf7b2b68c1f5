//! The slots of the index, in chunks that never move: a slot is named by a number of 32 bits, half the
//! size of a pointer, and growing copies nothing.

use std::sync::Arc;

use super::object::Object;
use super::queues::{Links, Queue};
use crate::store::Key;

/// Slots in one allocation.
const CHUNK: usize = 16;

/// The number of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlotId(u32);

/// What stands in one place of the index.
pub(super) struct Slot<H> {
    primary: u128,
    /// Part and variant, where they are not both 0.
    rest: Option<Box<(u128, u128)>>,
    pub(super) object: Arc<Object<H>>,
    pub(super) links: Links,
    /// Where a complete object lines up; `None` while it is filled.
    pub(super) queue: Option<Queue>,
}

impl<H> Slot<H> {
    pub(super) fn new(key: Key, object: Arc<Object<H>>) -> Self {
        let rest = (key.part != 0 || key.variant != 0).then(|| Box::new((key.part, key.variant)));
        Self { primary: key.primary, rest, object, links: Links::default(), queue: None }
    }

    pub(super) fn primary(&self) -> u128 {
        self.primary
    }

    pub(super) fn key(&self) -> Key {
        let (part, variant) = self.rest.as_deref().copied().unwrap_or_default();
        Key { primary: self.primary, part, variant }
    }

    /// What a key takes beside its slot.
    pub(super) fn rest_bytes(key: Key) -> usize {
        if key.part == 0 && key.variant == 0 { 0 } else { size_of::<(u128, u128)>() }
    }
}

enum Cell<H> {
    Used(Slot<H>),
    /// With the next free one.
    Free(Option<SlotId>),
}

pub(super) struct Slab<H> {
    chunks: Vec<Box<[Cell<H>]>>,
    free: Option<SlotId>,
    used: usize,
}

impl<H> Default for Slab<H> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: None, used: 0 }
    }
}

impl<H> Slab<H> {
    /// Takes a slot into use. `None` when all numbers are taken, which no memory is large enough for.
    pub(super) fn insert(&mut self, slot: Slot<H>) -> Option<SlotId> {
        let id = match self.free {
            Some(id) => id,
            None => self.grow()?,
        };
        let cell = self.cell_mut(id)?;
        let Cell::Free(next) = std::mem::replace(cell, Cell::Used(slot)) else { return None };
        self.free = next;
        self.used += 1;
        Some(id)
    }

    pub(super) fn remove(&mut self, id: SlotId) -> Option<Slot<H>> {
        let free = self.free;
        let cell = self.cell_mut(id)?;
        if matches!(cell, Cell::Free(_)) {
            return None;
        }
        let Cell::Used(slot) = std::mem::replace(cell, Cell::Free(free)) else { return None };
        self.free = Some(id);
        self.used -= 1;
        if self.used == 0 {
            *self = Self::default();
        }
        Some(slot)
    }

    pub(super) fn get(&self, id: SlotId) -> Option<&Slot<H>> {
        let (chunk, place) = split(id);
        match self.chunks.get(chunk)?.get(place)? {
            Cell::Used(slot) => Some(slot),
            Cell::Free(_) => None,
        }
    }

    pub(super) fn get_mut(&mut self, id: SlotId) -> Option<&mut Slot<H>> {
        match self.cell_mut(id)? {
            Cell::Used(slot) => Some(slot),
            Cell::Free(_) => None,
        }
    }

    /// The slots in use, by number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (SlotId, &Slot<H>)> {
        self.iter_from(0).filter_map(|(number, slot)| Some((SlotId(number), slot?)))
    }

    /// All cells from a number on, with their slots where they are in use.
    pub(super) fn iter_from(&self, number: u32) -> impl Iterator<Item = (u32, Option<&Slot<H>>)> {
        let (chunk, place) = split(SlotId(number));
        let cells = self.chunks.iter().skip(chunk).flatten().skip(place);
        (number..).zip(cells.map(|cell| match cell {
            Cell::Used(slot) => Some(slot),
            Cell::Free(_) => None,
        }))
    }

    /// The memory of all slots, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK * size_of::<Cell<H>>() + self.chunks.capacity() * size_of::<Box<[Cell<H>]>>()
    }

    fn cell_mut(&mut self, id: SlotId) -> Option<&mut Cell<H>> {
        let (chunk, place) = split(id);
        self.chunks.get_mut(chunk)?.get_mut(place)
    }

    /// Adds a chunk; gives its first number.
    fn grow(&mut self) -> Option<SlotId> {
        let first = u32::try_from(self.chunks.len() * CHUNK).ok()?;
        let last = first.checked_add(u32::try_from(CHUNK).ok()?)? - 1;
        let cells = (first..=last).map(|number| Cell::Free((number < last).then(|| SlotId(number + 1))));
        self.chunks.push(cells.collect());
        self.free = Some(SlotId(first));
        self.free
    }
}

fn split(SlotId(number): SlotId) -> (usize, usize) {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    (number / CHUNK, number % CHUNK)
}
