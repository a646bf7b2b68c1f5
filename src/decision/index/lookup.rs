//! Matchers: rows tested in turn, or split by a value that is looked up.

use super::inputs::Inputs;
use super::intervals::Intervals;
use super::networks::Networks;
use super::reading::{Backward, BackwardInLowerCase, Forward};
use super::texts::Texts;
use super::trie::Trie;
use crate::decision::facts::{Facts, Value};
use crate::lang::hir::AclId;

/// Where a look-up leads: to a matcher, or straight to an arm or a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target(u32);

/// What a [`Target`] is.
pub(super) enum Aim {
    /// The arm, which has no test left to pass.
    Arm(u32),
    /// The only row there, which has tests left to pass: where it begins.
    Row(u32),
    /// The same for the row that stands behind the key.
    Here,
    /// The matcher of that number.
    Matcher(u32),
}

impl Target {
    const ARM: u32 = 1 << 31;
    const ROW: u32 = 1 << 30;

    /// To the row that stands behind the key.
    pub const HERE: Self = Self(Self::ARM | Self::ROW);

    /// Straight to an arm.
    pub fn arm(arm: u32) -> Self {
        Self(arm & !Self::ROW | Self::ARM)
    }

    /// Straight to the row that begins there.
    pub fn row(at: u32) -> Self {
        Self(at & !Self::ARM | Self::ROW)
    }

    /// To the matcher of that number.
    pub fn matcher(number: u32) -> Self {
        Self(number & !(Self::ARM | Self::ROW))
    }

    /// What it is.
    pub fn aim(self) -> Aim {
        match (self.0 & Self::ARM, self.0 & Self::ROW) {
            (0, 0) => Aim::Matcher(self.0),
            (0, _) => Aim::Row(self.0 & !Self::ROW),
            (_, 0) => Aim::Arm(self.0 & !Self::ARM),
            _ => Aim::Here,
        }
    }

    /// As a number that tables of texts can hold.
    pub fn code(self) -> u32 {
        self.0
    }

    /// What [`Self::code`] made.
    pub fn of_code(code: u32) -> Self {
        Self(code)
    }
}

/// How rows are told apart.
#[derive(Debug)]
pub(super) enum Matcher {
    /// One of the candidates after the other: where they begin, and how many there are.
    InTurn { first: u32, count: u32 },
    /// By a value.
    Split(Split),
}

/// A row among those that are tested in turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub arm: u32,
    /// Where the row begins.
    pub row: u32,
}

/// Rows told apart by the value of one subject.
#[derive(Debug)]
pub(super) struct Split {
    /// Whose value is looked up.
    pub subject: u32,
    /// The smallest arm of all rows.
    pub least: u32,
    /// The largest arm of all rows.
    pub most: u32,
    /// The rows that do not test the subject.
    pub wild: Option<Target>,
    /// All that is looked up: where it begins among the look-ups of the index, and how much it is.
    pub first: u32,
    pub count: u32,
}

/// From values to the rows that ask for them.
#[derive(Debug)]
pub(super) enum Lookup {
    /// By the whole text.
    Equal(Texts),
    /// By its start.
    Starts(Trie),
    /// By its end: of reversed texts.
    Ends(Trie),
    /// By its extension: reversed and in lower case, from the dot on.
    Extensions(Trie),
    /// By the patterns of the subject's automaton, in order.
    Patterns { automaton: u32, targets: Box<[(u32, Target)]> },
    /// By a number.
    Number(Intervals),
    /// By an address.
    Address(Box<Networks>),
    /// By an address, list for list: they overlap too much.
    Lists(Box<[(AclId, Target)]>),
    /// By a condition that holds.
    Truth(Target),
}

impl Split {
    /// All that is looked up, of the look-ups of the index.
    pub fn of<'l>(&self, lookups: &'l [Lookup]) -> &'l [Lookup] {
        lookups.get(self.first as usize..(self.first + self.count) as usize).unwrap_or_default()
    }

    /// Visits all rows that ask for the value: where each key leads, with the bytes behind the key.
    pub fn visit<F: Facts>(&self, lookups: &[Lookup], inputs: &Inputs<'_, F>, mut visit: impl FnMut(Target, &[u8])) {
        inputs.with_value(self.subject, |value| {
            for lookup in self.of(lookups) {
                lookup.visit(self.subject, value, inputs, &mut visit);
            }
        });
    }
}

impl Lookup {
    fn visit<F: Facts>(
        &self,
        subject: u32,
        value: &Value<'_>,
        inputs: &Inputs<'_, F>,
        mut visit: impl FnMut(Target, &[u8]),
    ) {
        let coded = |code, row: &[u8]| visit(Target::of_code(code), row);
        match (self, value) {
            (Self::Equal(texts), Value::Text(Some(text))) => {
                return texts.get(text).into_iter().for_each(|(code, row)| visit(Target::of_code(code), row));
            }
            (Self::Starts(trie), Value::Text(Some(text))) => return trie.walk::<Forward>(text, coded),
            (Self::Ends(trie), Value::Text(Some(text))) => return trie.walk::<Backward>(text, coded),
            (Self::Extensions(trie), Value::Text(Some(text))) => return trie.walk::<BackwardInLowerCase>(text, coded),
            _ => {}
        }
        let mut visit = |target| visit(target, &[]);
        match (self, value) {
            (Self::Patterns { automaton, targets }, Value::Text(_)) => {
                inputs.with_found(*automaton, subject, |found| {
                    let target = |pattern: u32| targets.binary_search_by_key(&pattern, |(one, _)| *one).ok();
                    found
                        .iter()
                        .filter_map(target)
                        .filter_map(|at| targets.get(at))
                        .for_each(|(_, target)| visit(*target));
                });
            }
            (Self::Number(intervals), Value::Int(number) | Value::Duration(number) | Value::Bytes(number)) => {
                intervals.find(*number).into_iter().for_each(visit);
            }
            (Self::Address(networks), Value::Ip(address)) => {
                networks.find(*address).iter().for_each(|code| visit(Target::of_code(*code)));
            }
            (Self::Lists(lists), Value::Ip(address)) => {
                lists.iter().filter(|(acl, _)| inputs.acl_holds(*acl, *address)).for_each(|(_, target)| visit(*target));
            }
            (Self::Truth(target), Value::Bool(true)) => visit(*target),
            _ => {}
        }
    }
}
