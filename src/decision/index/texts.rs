//! Texts that values are equal to.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// How few texts are compared one by one.
const FEW: usize = 4;

/// Maps texts to targets. A look-up takes time in the length of the text, however many there are.
#[derive(Debug)]
pub(super) struct Texts {
    /// Where each text ends in all of them, and its target.
    entries: Box<[(u32, u32)]>,
    /// The texts, one after the other.
    joined: Box<[u8]>,
    /// The entries by hash, if there are more than a few.
    hashed: Option<Box<Hashed>>,
}

#[derive(Debug, Default)]
struct Hashed {
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    /// A map of different texts.
    pub fn new(entries: &[(&[u8], u32)]) -> Self {
        let ends = entries.iter().scan(0, |end, (text, target)| {
            *end += text.len();
            Some((number(*end), *target))
        });
        let joined = entries.iter().flat_map(|(text, _)| *text).copied().collect();
        let mut map = Self { entries: ends.collect(), joined, hashed: None };
        if entries.len() > FEW {
            map.hashed = Some(Box::new(map.hash()));
        }
        map
    }

    fn hash(&self) -> Hashed {
        let (mut table, hasher) = (HashTable::with_capacity(self.len()), DefaultHashBuilder::default());
        let hash = |at: &u32| hasher.hash_one(self.text(*at));
        for at in 0..number(self.len()) {
            table.insert_unique(hash(&at), at, hash);
        }
        Hashed { table, hasher }
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The target of a text.
    pub fn get(&self, text: &[u8]) -> Option<u32> {
        let is_it = |at: &u32| self.text(*at) == text;
        let at = match self.hashed.as_deref() {
            Some(Hashed { table, hasher }) => *table.find(hasher.hash_one(text), is_it)?,
            None => (0..number(self.len())).find(is_it)?,
        };
        self.entries.get(at as usize).map(|(_, target)| *target)
    }

    fn text(&self, at: u32) -> &[u8] {
        let end = |at: u32| self.entries.get(at as usize).map(|(end, _)| *end as usize);
        let start = at.checked_sub(1).and_then(end).unwrap_or(0);
        self.joined.get(start..end(at).unwrap_or(start)).unwrap_or_default()
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(texts in prop::collection::btree_set("[ab]{0,3}", 0..15), asked in "[ab]{0,3}") {
            let texts: Vec<String> = texts.into_iter().collect();
            let entries: Vec<(&[u8], u32)> = texts.iter().map(String::as_bytes).zip(7..).collect();
            let map = Texts::new(&entries);
            let expected = entries.iter().find(|(text, _)| *text == asked.as_bytes()).map(|(_, target)| *target);
            prop_assert_eq!(map.get(asked.as_bytes()), expected);
            prop_assert_eq!(map.len(), texts.len());
        }
    }
}
