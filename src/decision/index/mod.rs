//! Finds the first arm whose condition holds without testing them all.
//!
//! Conditions are taken apart into rows ([`alternatives`]): an arm and tests that must all pass
//! ([`test`]). A [`plan`] then splits the rows by the fact that tells most of them apart, and what
//! is left by the next fact, until few rows are left, which are tested in turn. A split looks a
//! value up ([`lookup`]) by hash, radix tree, automaton, intervals or networks. The answer is the
//! smallest arm of all rows that pass, so that the order of the first match is kept exactly.
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
mod inputs;
mod intervals;
mod keys;
mod lookup;
mod pattern;
mod plan;
mod shape;
mod subject;
mod summary;
mod test;
mod trie;

pub use summary::{Lookups, Summary};

use self::automaton::Automaton;
use self::inputs::Inputs;
use self::lookup::Matcher;
use self::test::Test;
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
    tests: Box<[Test]>,
    automata: Box<[Automaton]>,
    matchers: Box<[Matcher]>,
    root: u32,
}

impl Index {
    /// An index over the conditions of a match; `None` if testing them in turn is as good.
    pub(super) fn build(conditions: &[&Expression]) -> Option<Self> {
        if conditions.len() <= FEW_ARMS {
            return None;
        }
        let mut table = test::Table::default();
        let rows = table.rows(conditions);
        let automata = pattern::assign(&mut table);
        let (subjects, tests) = table.finish();
        let (matchers, root) = plan::plan(&tests, rows);
        matchers.get(root as usize).filter(|matcher| matcher.splits())?;
        Some(Self { subjects, tests, automata, matchers: matchers.into(), root })
    }

    /// The number of the first arm whose condition holds.
    pub(super) fn first<'a, F: Facts>(&'a self, scope: &Scope<'a, F>) -> Option<usize> {
        let inputs = Inputs::new(self, *scope);
        let arm = self.search(self.root, &inputs, u32::MAX);
        (arm != u32::MAX).then_some(arm as usize)
    }

    /// The smallest arm below `bound` of the rows of a matcher that pass; `bound` if there is none.
    fn search<'a, F: Facts>(&'a self, matcher: u32, inputs: &Inputs<'a, F>, bound: u32) -> u32 {
        match self.matchers.get(matcher as usize) {
            Some(Matcher::InTurn(rows)) => {
                let rows = rows.iter().take_while(|row| row.arm < bound);
                let passes = |test: &u32| inputs.passes(*test);
                rows.into_iter().find(|row| row.tests.iter().all(passes)).map_or(bound, |row| row.arm)
            }
            Some(Matcher::Split(split)) if split.least < bound => {
                let mut bound = bound;
                split.visit(inputs, |matcher| bound = self.search(matcher, inputs, bound));
                split.wild.map_or(bound, |wild| self.search(wild, inputs, bound))
            }
            _ => bound,
        }
    }
}
