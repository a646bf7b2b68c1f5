//! An index in a few words, for graphs.

use std::collections::BTreeMap;

use super::Index;
use super::lookup::{Lookup, Matcher};
use super::subject::describe;

/// What an index looks up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The values that are looked up, in the order in which conditions first name them.
    pub lookups: Vec<Lookups>,
    /// The most rows that are tested in turn at one place.
    pub most_in_turn: usize,
}

/// How often a value is looked up by which way, all places of the index together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookups {
    /// The value, as it would be written: `req.path`.
    pub subject: String,
    /// How many keys there are, by the name of their kind. Never zero.
    pub keys: BTreeMap<&'static str, usize>,
}

impl Index {
    /// What it looks up.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut keys: BTreeMap<u32, BTreeMap<&'static str, usize>> = BTreeMap::new();
        let mut most_in_turn = 0;
        for matcher in &self.matchers {
            match matcher {
                Matcher::InTurn { count, .. } => most_in_turn = most_in_turn.max(*count as usize),
                Matcher::Split(split) => {
                    // Straight to a row is one.
                    most_in_turn = most_in_turn.max(1);
                    split
                        .of(&self.lookups)
                        .iter()
                        .for_each(|lookup| count(lookup, keys.entry(split.subject).or_default()));
                }
            }
        }
        let lookups = keys.into_iter().filter_map(|(subject, keys)| {
            let subject = describe(self.subjects.get(subject as usize)?);
            Some(Lookups { subject, keys })
        });
        Summary { lookups: lookups.collect(), most_in_turn }
    }
}

fn count(lookup: &Lookup, keys: &mut BTreeMap<&'static str, usize>) {
    let mut add = |kind, count| {
        if count > 0 {
            *keys.entry(kind).or_insert(0) += count;
        }
    };
    match lookup {
        Lookup::Equal(texts) => add("texts", texts.len()),
        Lookup::Starts(trie) => add("prefixes", trie.len()),
        Lookup::Ends(trie) | Lookup::Extensions(trie) => add("suffixes", trie.len()),
        Lookup::Patterns { targets, .. } => add("patterns", targets.len()),
        Lookup::Number(intervals) => add("intervals", intervals.len()),
        Lookup::Address(networks) => add("acls", networks.len()),
        Lookup::Lists(lists) => add("acls", lists.len()),
        Lookup::Truth(_) => add("conditions", 1),
    }
}
