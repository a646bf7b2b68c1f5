//! Finds the first arm whose condition holds without testing them all.
//!
//! Conditions are taken apart into rows ([`alternatives`]): an arm and tests that must all pass
//! ([`test`]), up to where one asks the world (chance, rate limits): that is asked in turn, once the rest of
//! its condition holds and no arm before it does. A [`plan`] then splits the rows by the fact that tells most of them apart, and what
//! is left by the next fact, until few rows are left, which are tested in turn. A split looks a
//! value up ([`lookup`]) by hash, radix tree, automaton, intervals or networks. The answer is the
//! smallest arm of all rows that pass, so that the order of the first match is kept exactly. A
//! search may also begin behind an arm, for what comes once that arm is done.
//!
//! Building borrows from the conditions; what is kept is what no look-up settles ([`kept`]), and the
//! texts that are looked up, side by side.
//!
//! Regular expressions are split up further than one automaton for each fact ([`pattern`]): one
//! that is really a text, a prefix or a suffix becomes that; one with a literal in front is found by
//! its literal in the radix tree and confirmed alone, the same remainder being compiled once; only
//! the others, and those that share their literal with many, go into the automaton of their fact
//! ([`automaton`]), which is itself made of DFAs and of the literals that patterns cannot match
//! without. That keeps building close to linear, where one DFA of all patterns would take time in
//! their square.

mod alternatives;
mod automaton;
mod confirm;
mod dfa;
mod found;
mod goal;
mod inputs;
mod intervals;
mod kept;
mod keyed;
mod keys;
mod lookup;
mod networks;
mod packed;
mod pattern;
mod places;
mod plan;
mod reading;
mod shape;
mod subject;
mod summary;
mod tally;
mod test;
mod text_list;
mod texts;
mod trie;

pub(super) use plan::AclsOf;
pub(crate) use shape::literals;
pub use summary::{Lookups, Summary};

use self::automaton::Automaton;
use self::inputs::Inputs;
use self::kept::{KeptRow, Rows};
use self::lookup::{Aim, Candidate, Lookup, Matcher, Target};
use self::plan::Plan;
use self::test::{Rest, Table, Test};
use super::eval::Scope;
use super::facts::Facts;
use crate::lang::hir::Expression;

/// How few arms are always tested in turn.
const FEW_ARMS: usize = 4;

/// What is looked up to find an arm.
#[derive(Debug)]
pub struct Index {
    /// The expressions that are looked up, each evaluated at most once.
    subjects: Box<[Expression]>,
    rows: Rows,
    /// The tests of the rows by number.
    tests: Box<[Test<'static>]>,
    /// The rows that are tested in turn.
    candidates: Box<[Candidate]>,
    /// What the tests leave to ask, by arm.
    rests: Box<[Rest]>,
    automata: Box<[Automaton]>,
    matchers: Box<[Matcher]>,
    /// Those of all matchers, side by side.
    lookups: Box<[Lookup]>,
    root: Target,
}

impl Index {
    /// An index over the conditions of a match; `None` if testing them in turn is as good. With `from_any_arm` a search
    /// may begin at any of them.
    pub(super) fn build(conditions: &[&Expression], acls: AclsOf<'_>, from_any_arm: bool) -> Option<Self> {
        if conditions.len() <= FEW_ARMS {
            return None;
        }
        let mut table = Table::of(conditions);
        let automata = pattern::assign(&mut table.tests);
        let Plan { matchers, lookups, candidates, rows, tests, root } = plan::plan(&table, acls, from_any_arm);
        if !matches!(root.aim(), Aim::Matcher(root) if matches!(matchers.get(root as usize), Some(Matcher::Split(_)))) {
            return None;
        }
        let subjects = table.subjects.into_iter().cloned().collect();
        let (rests, candidates) = (table.rests.into(), candidates.into());
        let (matchers, lookups) = (matchers.into(), lookups.into());
        Some(Self { subjects, rows, tests, candidates, rests, automata, matchers, lookups, root })
    }

    /// The number of the first arm whose condition holds, beginning at the arm `from`.
    pub(super) fn first<'a, F: Facts>(&'a self, scope: &Scope<'a, F>, from: u32) -> Option<u32> {
        let inputs = Inputs::new(self, *scope);
        let mut from = from;
        loop {
            let arm = self.search(self.root, &[], &inputs, from, u32::MAX);
            if arm == u32::MAX {
                return None;
            }
            if self.rest_holds(arm, scope) {
                return Some(arm);
            }
            from = arm + 1;
        }
    }

    /// Whether what the tests of an arm leave to ask holds.
    fn rest_holds<'a, F: Facts>(&'a self, arm: u32, scope: &Scope<'a, F>) -> bool {
        let rest = self.rests.binary_search_by_key(&arm, |rest| rest.arm).ok().and_then(|at| self.rests.get(at));
        rest.is_none_or(|rest| rest.parts.iter().all(|part| scope.holds(part)))
    }

    /// The smallest arm from `from` up to below `bound` of the rows there that pass; `bound` if there is none. `here` is
    /// what stands behind the key that leads there.
    fn search<'a, F: Facts>(
        &'a self,
        target: Target,
        here: &[u8],
        inputs: &Inputs<'a, F>,
        from: u32,
        bound: u32,
    ) -> u32 {
        let only = |row: Option<KeptRow<'_>>| {
            let row = row.filter(|row| from <= row.arm && row.arm < bound && passes(*row, inputs));
            row.map_or(bound, |row| row.arm)
        };
        let matcher = match target.aim() {
            Aim::Arm(arm) => return if from <= arm && arm < bound { arm } else { bound },
            Aim::Row(row) => return only(self.rows.at(row)),
            Aim::Here => return only(KeptRow::first_of(here)),
            Aim::Matcher(matcher) => self.matchers.get(matcher as usize),
        };
        match matcher {
            Some(Matcher::InTurn { first, count }) => {
                let rows = self.candidates.get(*first as usize..(first + count) as usize).unwrap_or_default();
                let behind = rows.partition_point(|row| row.arm < from);
                let mut rows = rows.iter().skip(behind).take_while(|row| row.arm < bound);
                let found = rows.find(|row| self.rows.at(row.row).is_some_and(|row| passes(row, inputs)));
                found.map_or(bound, |row| row.arm)
            }
            Some(Matcher::Split(split)) if split.least < bound && from <= split.most => {
                let mut bound = bound;
                split.visit(&self.lookups, inputs, |target, here| {
                    bound = self.search(target, here, inputs, from, bound);
                });
                split.wild.map_or(bound, |wild| self.search(wild, &[], inputs, from, bound))
            }
            _ => bound,
        }
    }
}

fn passes<F: Facts>(row: KeptRow<'_>, inputs: &Inputs<'_, F>) -> bool {
    row.holds(|subject, text| inputs.is(subject, text), |test| inputs.passes(test))
}
