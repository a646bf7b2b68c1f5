//! Policies that differ in a few rows of ladders alone.
//!
//! A request that takes none of them takes the same rows in both: so it is enough to ask of each of them who takes it, and
//! does something else by the other policy.

use std::collections::HashSet;
use std::sync::Arc;

use super::ladders::can_be_asked;
use super::order::common;
use super::search::{QUESTIONS, Question, Questions};
use super::unseen::counts;
use crate::analysis::{Analysis, At, Formula, Hint, Ladder, State, Taken, Visitor};
use crate::lang::hir::{Arm, Hir, Statement, StatementKind};
use crate::lang::schema::Step;

/// So many rows may differ.
const MOST_ROWS: usize = 64;

/// The ladders of two policies that have not the same rows.
pub(super) struct Rows<'h>(Vec<Pair<'h>>);

/// A ladder of the old policy, and the one in its place in the new one.
struct Pair<'h> {
    sides: [Side<'h>; 2],
}

/// A ladder, with the rows that the other one does not have there.
struct Side<'h> {
    arms: &'h [Arm],
    otherwise: &'h [Statement],
    only: Vec<usize>,
}

impl<'h> Rows<'h> {
    /// `None` if the policies differ in something else, or in too much.
    pub fn of(old: &'h Hir, new: &'h Hir) -> Option<Self> {
        let mut rows = Self(Vec::new());
        let alike =
            old.default_backend == new.default_backend
                && old.steps.len() == new.steps.len()
                && old.subs.len() == new.subs.len()
                && old.steps.iter().zip(&new.steps).all(|(one, other)| {
                    one.step == other.step && rows.block(&one.body.statements, &other.body.statements)
                })
                && old.subs.iter().zip(&new.subs).all(|(one, other)| {
                    one.name == other.name && rows.block(&one.body.statements, &other.body.statements)
                });
        let count: usize = rows.0.iter().flat_map(|pair| &pair.sides).map(|side| side.only.len()).sum();
        (alike && count <= MOST_ROWS).then_some(rows)
    }

    fn block(&mut self, old: &'h [Statement], new: &'h [Statement]) -> bool {
        old.len() == new.len() && old.iter().zip(new).all(|(one, other)| one == other || self.ladder(one, other))
    }

    fn ladder(&mut self, old: &'h Statement, new: &'h Statement) -> bool {
        let (
            StatementKind::If { arms: before, otherwise: rest, .. },
            StatementKind::If { arms: after, otherwise: other_rest, .. },
        ) = (&old.kind, &new.kind)
        else {
            return false;
        };
        // How often a row is tried counts where it takes from a limit.
        if rest != other_rest || before.iter().chain(after).any(|arm| counts(&arm.condition)) {
            return false;
        }
        let (gone, came) = apart(before, after);
        let old = Side { arms: before, otherwise: rest, only: gone };
        let new = Side { arms: after, otherwise: other_rest, only: came };
        self.0.push(Pair { sides: [old, new] });
        true
    }

    /// Of each row: who takes it.
    pub fn questions(&self, analyses: &[Analysis<'_>; 2], hosts: &Formula) -> Questions {
        let mut gave_up = None;
        let visits = [0, 1].map(|number| {
            let ladders = self.0.iter().map(|pair| pair.sides[number].arms.as_ptr()).collect();
            let mut eyes = Eyes { ladders, visits: Vec::new() };
            gave_up = gave_up.or(analyses[number].journeys(&mut eyes).gave_up);
            eyes.visits
        });
        let mut all = Vec::new();
        for (own, other) in [(0, 1), (1, 0)] {
            for visit in &visits[own] {
                let there = visits[other].iter().find(|there| visit.is_like(there));
                let Some(pair) = self.0.get(visit.pair) else { continue };
                let (mine, others) = (&pair.sides[own], &pair.sides[other]);
                all.extend(mine.only.iter().filter_map(|row| {
                    let otherwise = there.map(|there| others.doing_otherwise(mine.body(*row), &there.ladder));
                    let taken = Formula::first(&visit.ladder, Taken::arm(*row));
                    let parts = [hosts.clone(), taken, visit.guard.clone(), otherwise.unwrap_or(Formula::Const(true))];
                    let (formula, about) = (Formula::all(parts), format!("row {own} {:?} {row}", mine.arms.as_ptr()));
                    let hints = vec![Hint::Disorder];
                    let place = format!("which rows of a table in `{}` are taken", visit.step.name());
                    (formula != Formula::Const(false)).then_some(Question { formula, place, about, hints })
                }));
            }
        }
        let count = all.len();
        all.retain(|question| can_be_asked(&question.formula));
        Questions { gave_up: gave_up.or((all.len() < count).then_some(QUESTIONS)), all }
    }
}

impl Side<'_> {
    /// What is done by a row, or behind the last one.
    fn body(&self, row: usize) -> &[Statement] {
        self.arms.get(row).map_or(self.otherwise, |arm| &arm.body)
    }

    /// Whether a row is taken that does something else.
    fn doing_otherwise(&self, body: &[Statement], ladder: &Arc<Ladder>) -> Formula {
        let mut taken = Taken::default();
        let others = (0..=self.arms.len()).filter(|row| self.body(*row) != body);
        others.for_each(|row| taken.add(row, ladder.len()));
        Formula::first(ladder, taken)
    }
}

/// The rows of each that the other one does not have there.
fn apart(before: &[Arm], after: &[Arm]) -> (Vec<usize>, Vec<usize>) {
    let conditions = |arms: &[Arm]| -> Vec<String> { arms.iter().map(|arm| format!("{:?}", arm.condition)).collect() };
    let is_same = |old: usize, new: usize| before.get(old) == after.get(new);
    let same = common(conditions(before), conditions(after), is_same);
    let kept: HashSet<usize> = same.iter().flatten().copied().collect();
    let gone = (0..before.len()).filter(|row| !kept.contains(row)).collect();
    let came = (0..after.len()).filter(|row| same.get(*row).is_none_or(Option::is_none)).collect();
    (gone, came)
}

/// A ladder as some requests come to it.
struct Visit {
    pair: usize,
    step: Step,
    guard: Formula,
    state: State,
    ladder: Arc<Ladder>,
}

impl Visit {
    /// Whether requests come to the other one in the same state, so that its conditions are about the same values.
    fn is_like(&self, other: &Self) -> bool {
        self.pair == other.pair && self.step == other.step && self.state == other.state
    }
}

struct Eyes {
    ladders: Vec<*const Arm>,
    visits: Vec<Visit>,
}

impl Visitor for Eyes {
    fn ladder(&mut self, ladder: &Arc<Ladder>, arms: &[Arm], at: &At<'_>) {
        if let Some(pair) = self.ladders.iter().position(|known| *known == arms.as_ptr()) {
            let (step, guard, state) = (at.step, (at.guard)(), at.state.clone());
            self.visits.push(Visit { pair, step, guard, state, ladder: Arc::clone(ladder) });
        }
    }
}
