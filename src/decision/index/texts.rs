//! Texts that values are equal to.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use super::goal::Goal;
use super::packed::{self, number};
use crate::pace;

/// How long a row may be that stands behind its text, in bytes.
const ROOM: usize = 64;

/// Maps texts to targets. A look-up takes time in the length of the text, however many there are.
///
/// Of thousands of texts little is near when it is asked for, so one is found with two looks: at its slot, and at its
/// record, where all the rest stands.
#[derive(Debug)]
pub(super) struct Texts {
    /// Each text has the slot that its hash says, or the next one that is free; a quarter of them are, at least.
    slots: Box<[Slot]>,
    /// The target of each text, its length, its bytes, and the row if it is the only one there.
    records: Box<[u8]>,
    hasher: DefaultHashBuilder,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Of the hash what its place does not say.
    hash: u32,
    /// Where the record begins.
    record: u32,
}

impl Slot {
    const FREE: Self = Self { hash: 0, record: u32::MAX };

    fn is_free(self) -> bool {
        self.record == u32::MAX
    }
}

impl Texts {
    /// A map of different texts.
    pub fn new(entries: &[(&[u8], Goal<'_>)]) -> Self {
        let slots =
            vec![Slot::FREE; (entries.len() + entries.len().div_ceil(3)).next_power_of_two()].into_boxed_slice();
        let mut map = Self { slots, records: Box::default(), hasher: DefaultHashBuilder::default() };
        let mut records = Vec::new();
        for (text, goal) in entries {
            pace::pause();
            let goal = goal.within(ROOM);
            map.insert(text, number(records.len()));
            records.extend_from_slice(&goal.code().to_le_bytes());
            packed::push(&mut records, text);
            records.extend_from_slice(goal.row);
        }
        map.records = records.into();
        map
    }

    fn insert(&mut self, text: &[u8], record: u32) {
        let hash = self.hasher.hash_one(text);
        let free = self.places(hash).find(|place| self.slots.get(*place).is_some_and(|slot| slot.is_free()));
        if let Some(slot) = free.and_then(|place| self.slots.get_mut(place)) {
            *slot = Slot { hash: upper(hash), record };
        }
    }

    /// The places where a text of that hash may have its slot, the likeliest first.
    fn places(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let last = self.slots.len().wrapping_sub(1);
        #[expect(clippy::cast_possible_truncation, reason = "the lower bits count")]
        let first = hash as usize;
        (0..=last).map(move |step| first.wrapping_add(step) & last)
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.slots.iter().filter(|slot| !slot.is_free()).count()
    }

    /// The target of a text, and what stands behind it.
    pub fn get(&self, text: &[u8]) -> Option<(u32, &[u8])> {
        let hash = self.hasher.hash_one(text);
        for place in self.places(hash) {
            let slot = self.slots.get(place).filter(|slot| !slot.is_free())?;
            if slot.hash == upper(hash)
                && let Some(found) = self.found(slot.record, text)
            {
                return Some(found);
            }
        }
        None
    }

    /// What a record holds, if it is that of the text.
    fn found(&self, record: u32, text: &[u8]) -> Option<(u32, &[u8])> {
        let (target, rest) = self.records.get(record as usize..)?.split_first_chunk()?;
        let (own, behind) = packed::split(rest)?;
        (own == text).then(|| (u32::from_le_bytes(*target), behind))
    }
}

fn upper(hash: u64) -> u32 {
    (hash >> u32::BITS) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lookup::Target;
    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(texts in prop::collection::btree_set("[ab]{0,3}", 0..15), asked in "[ab]{0,3}") {
            let texts: Vec<String> = texts.into_iter().collect();
            let goal = |arm| Goal { target: Target::row(arm), row: if arm % 2 == 0 { b"row" } else { b"" } };
            let entries: Vec<(&[u8], Goal<'_>)> = texts.iter().map(String::as_bytes).zip((7..).map(goal)).collect();
            let map = Texts::new(&entries);
            let expected = entries.iter().find(|(text, _)| *text == asked.as_bytes()).map(|(_, goal)| goal.within(ROOM));
            let found = map.get(asked.as_bytes());
            prop_assert_eq!(found.map(|(code, _)| code), expected.map(Goal::code));
            prop_assert!(found.is_none_or(|(_, behind)| expected.is_some_and(|goal| behind.starts_with(goal.row))));
            prop_assert_eq!(map.len(), texts.len());
        }
    }
}
