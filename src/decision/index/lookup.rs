//! Matchers: rows tested in turn, or split by a value that is looked up.

use std::collections::HashMap;

use super::inputs::{Inputs, text_of};
use super::intervals::Intervals;
use super::trie::Trie;
use crate::decision::facts::{Facts, Value};
use crate::lang::hir::AclId;

/// How rows are told apart. Matchers are named by number and lie before those that name them.
#[derive(Debug)]
pub(super) enum Matcher {
    /// One row after the other.
    InTurn(Box<[Candidate]>),
    /// By a value.
    Split(Box<Split>),
}

impl Matcher {
    /// Whether anything is looked up.
    pub fn splits(&self) -> bool {
        matches!(self, Self::Split(_))
    }
}

/// A row with the tests that the way to it has not settled.
#[derive(Debug)]
pub(super) struct Candidate {
    pub arm: u32,
    pub tests: Box<[u32]>,
}

/// Rows told apart by the value of one subject.
#[derive(Debug)]
pub(super) struct Split {
    /// Whose value is looked up.
    pub subject: u32,
    /// The smallest arm of all rows.
    pub least: u32,
    pub lookup: Lookup,
    /// The matcher of the rows that do not test the subject.
    pub wild: Option<u32>,
}

/// From values to the matchers of the rows that ask for them.
#[derive(Debug)]
pub(super) enum Lookup {
    Text(TextLookup),
    Number(Intervals),
    Address(Box<[(AclId, u32)]>),
    Truth(u32),
}

/// All ways to look a text up.
#[derive(Debug, Default)]
pub(super) struct TextLookup {
    pub equal: HashMap<Box<[u8]>, u32>,
    pub prefixes: Trie,
    /// Reversed.
    pub suffixes: Trie,
    /// Reversed and in lower case, from the dot on.
    pub extensions: Trie,
    /// The automaton of the subject.
    pub automaton: u32,
    /// Its patterns with their matchers.
    pub patterns: HashMap<u32, u32>,
}

impl Split {
    /// Visits the matchers of all rows that ask for the value.
    pub fn visit<F: Facts>(&self, inputs: &Inputs<'_, F>, mut visit: impl FnMut(u32)) {
        inputs.with_value(self.subject, |value| match (&self.lookup, value) {
            (Lookup::Text(lookup), value) => lookup.visit(self.subject, text_of(value), inputs, &mut visit),
            (Lookup::Number(intervals), Value::Int(number) | Value::Duration(number) | Value::Bytes(number)) => {
                intervals.find(*number).into_iter().for_each(&mut visit);
            }
            (Lookup::Address(acls), Value::Ip(address)) => {
                let holding = acls.iter().filter(|(acl, _)| inputs.acl_holds(*acl, *address));
                holding.for_each(|(_, matcher)| visit(*matcher));
            }
            (Lookup::Truth(matcher), Value::Bool(true)) => visit(*matcher),
            _ => {}
        });
    }
}

impl TextLookup {
    fn visit<F: Facts>(&self, subject: u32, text: Option<&[u8]>, inputs: &Inputs<'_, F>, visit: &mut impl FnMut(u32)) {
        if let Some(text) = text {
            self.equal.get(text).copied().into_iter().for_each(&mut *visit);
            self.prefixes.walk(text.iter().copied(), &mut *visit);
            self.suffixes.walk(text.iter().rev().copied(), &mut *visit);
            self.extensions.walk(text.iter().rev().map(u8::to_ascii_lowercase), &mut *visit);
        }
        if !self.patterns.is_empty() {
            inputs.with_found(self.automaton, subject, |found| {
                found.iter().filter_map(|pattern| self.patterns.get(&pattern)).copied().for_each(visit);
            });
        }
    }
}
