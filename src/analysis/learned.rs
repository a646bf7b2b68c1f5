//! What is learned while a condition is looked at: tests that do not go together.

use std::sync::Arc;

use hashbrown::HashMap;

use super::formula::Literal;

/// So many sets of tests that do not go together are kept in mind.
const MOST_LEARNED: usize = 2_000;

/// So many tests do not go together, at most, where it is worth to keep it in mind.
const MOST_TOGETHER: usize = 8;

/// A test by its number, and whether it holds.
pub(super) type Fact = (usize, bool);

/// Tests by number, and those that do not go together.
#[derive(Debug, Default)]
pub(super) struct Learned {
    numbers: HashMap<Arc<Literal>, usize>,
    /// The same by where they stand; kept, so that nothing else comes to stand there.
    known: HashMap<*const Literal, (Arc<Literal>, usize)>,
    apart: Vec<Vec<Fact>>,
    /// The sets in which a fact is.
    by_fact: HashMap<Fact, Vec<usize>>,
    /// How many parts of conditions were looked at.
    looks: usize,
}

impl Learned {
    /// So many parts of conditions are looked at.
    pub(super) fn look(&mut self, parts: usize) {
        self.looks = self.looks.saturating_add(parts);
    }

    /// How many parts of conditions were looked at.
    pub(super) fn looks(&self) -> usize {
        self.looks
    }

    /// The number of a test; the same test of the same value has the same one.
    pub(super) fn number(&mut self, literal: &Arc<Literal>) -> usize {
        if let Some((_, number)) = self.known.get(&Arc::as_ptr(literal)) {
            return *number;
        }
        let next = self.numbers.len();
        let number = *self.numbers.entry(Arc::clone(literal)).or_insert(next);
        self.known.insert(Arc::as_ptr(literal), (Arc::clone(literal), number));
        number
    }

    /// Keeps in mind that these do not go together.
    pub(super) fn learn(&mut self, apart: Vec<Fact>) {
        if apart.len() > MOST_TOGETHER || self.apart.len() >= MOST_LEARNED {
            return;
        }
        for fact in &apart {
            self.by_fact.entry(*fact).or_default().push(self.apart.len());
        }
        self.apart.push(apart);
    }

    /// Facts with which another one does not go together, all of which hold already.
    pub(super) fn against(&self, fact: Fact, holds: impl Fn(Fact) -> bool) -> Option<impl Iterator<Item = Fact>> {
        let sets = self.by_fact.get(&fact)?.iter().filter_map(|set| self.apart.get(*set));
        let others = |set: &Vec<Fact>| set.iter().all(|other| *other == fact || holds(*other));
        let found = sets.into_iter().find(|set| others(set))?;
        Some(found.iter().copied().filter(move |other| *other != fact))
    }
}
