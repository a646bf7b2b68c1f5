//! Conditions on one text.

use std::collections::{BTreeMap, HashMap};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::claim::Key;
use crate::analysis::model::{Model, Scalar};
use crate::analysis::term::Term;

/// Conditions by what they ask of one value.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Those that only ask for one that is set.
    set: Vec<usize>,
    starts: Starts,
    parts: Parts,
}

impl Values {
    pub(super) fn add(&mut self, key: &Key, at: usize) {
        match key {
            Key::Start(start) => self.starts.add(start, at),
            Key::Part(part) => self.parts.by_text.entry(part.clone()).or_default().push(at),
            Key::Set | Key::Addresses(_) | Key::Numbers(_) => self.set.push(at),
        }
    }

    /// To be called once all are there.
    pub(super) fn finish(&mut self) {
        self.parts.finish();
    }

    /// Calls `visit` with those that may hold of a model, which has that value.
    pub(super) fn candidates(&self, term: &Term, model: &Model<'_>, visit: &mut impl FnMut(usize)) {
        match model.value(term) {
            None | Some(Scalar::Text(None) | Scalar::Number(None)) => {}
            Some(value) => {
                self.set.iter().for_each(|at| visit(*at));
                if let Scalar::Text(Some(text)) = value {
                    self.starts.of(&text, visit);
                    self.parts.of(&text, visit);
                }
            }
        }
    }
}

/// Conditions by the start of the text that they ask for.
#[derive(Debug, Default)]
struct Starts {
    by_start: HashMap<Box<[u8]>, Vec<usize>>,
    /// How long starts are, and how many there are of that length.
    lengths: BTreeMap<usize, usize>,
}

impl Starts {
    fn add(&mut self, start: &[u8], at: usize) {
        let length = start.len();
        let known = self.by_start.entry(start.into()).or_default();
        if known.is_empty() {
            *self.lengths.entry(length).or_default() += 1;
        }
        known.push(at);
    }

    fn of(&self, text: &[u8], visit: &mut impl FnMut(usize)) {
        for length in self.lengths.keys().take_while(|length| **length <= text.len()) {
            let found = text.get(..*length).and_then(|start| self.by_start.get(start));
            found.into_iter().flatten().for_each(|at| visit(*at));
        }
    }
}

/// Conditions by a text that occurs in the one that they ask for, letter case aside.
#[derive(Debug, Default)]
struct Parts {
    by_text: HashMap<Box<[u8]>, Vec<usize>>,
    /// Finds them, and the conditions of each by its number; `None` if there are none, or too many.
    all: Option<(AhoCorasick, Vec<Vec<usize>>)>,
}

impl Parts {
    fn finish(&mut self) {
        if self.by_text.is_empty() {
            return;
        }
        // Few texts are looked at: it is to be made quickly.
        let kind = Some(AhoCorasickKind::NoncontiguousNFA);
        let automaton = AhoCorasick::builder().kind(kind).ascii_case_insensitive(true).build(self.by_text.keys());
        self.all = automaton.ok().map(|automaton| (automaton, self.by_text.values().cloned().collect()));
    }

    fn of(&self, text: &[u8], visit: &mut impl FnMut(usize)) {
        let Some((automaton, conditions)) = &self.all else {
            return self.by_text.values().flatten().for_each(|at| visit(*at));
        };
        let found =
            automaton.find_overlapping_iter(text).filter_map(|found| conditions.get(found.pattern().as_usize()));
        found.flatten().for_each(|at| visit(*at));
    }
}
