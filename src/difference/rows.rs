//! Policies that differ in a few rows of ladders alone.
//!
//! A request that takes none of them takes the same rows in both: so it is enough to ask of each of them who takes it.

use std::collections::HashMap;
use std::sync::Arc;

use super::hints::Hint;
use super::ladders::can_be_asked;
use super::search::{QUESTIONS, Question, Questions};
use crate::analysis::{Analysis, At, Formula, Ladder, Taken, Visitor};
use crate::lang::hir::{Arm, Hir, Statement, StatementKind};

/// So many rows may differ.
const MOST_ROWS: usize = 64;

/// The rows that only one of two policies has, by where they are kept.
pub(super) struct Rows {
    old: Vec<*const Arm>,
    new: Vec<*const Arm>,
}

impl Rows {
    /// `None` if the policies differ in something else, or in too much.
    pub fn of(old: &Hir, new: &Hir) -> Option<Self> {
        let mut rows = Self { old: Vec::new(), new: Vec::new() };
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
        (alike && rows.old.len() + rows.new.len() <= MOST_ROWS).then_some(rows)
    }

    fn block(&mut self, old: &[Statement], new: &[Statement]) -> bool {
        old.len() == new.len() && old.iter().zip(new).all(|(one, other)| one == other || self.ladder(one, other))
    }

    fn ladder(&mut self, old: &Statement, new: &Statement) -> bool {
        let (
            StatementKind::If { arms: before, otherwise: rest, .. },
            StatementKind::If { arms: after, otherwise: other_rest, .. },
        ) = (&old.kind, &new.kind)
        else {
            return false;
        };
        let mut by_condition: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, arm) in before.iter().enumerate() {
            by_condition.entry(format!("{:?}", arm.condition)).or_default().push(at);
        }
        let mut next = 0;
        for arm in after {
            let same = by_condition.get(&format!("{:?}", arm.condition)).into_iter().flatten();
            let same = same.copied().find(|at| *at >= next && before.get(*at) == Some(arm));
            match same {
                Some(at) => {
                    self.old.extend(before.get(next..at).unwrap_or_default().iter().map(std::ptr::from_ref));
                    next = at + 1;
                }
                None => self.new.push(std::ptr::from_ref(arm)),
            }
        }
        self.old.extend(before.get(next..).unwrap_or_default().iter().map(std::ptr::from_ref));
        rest == other_rest
    }

    /// Of each row: who takes it.
    pub fn questions(&self, analyses: &[Analysis<'_>; 2], hosts: &Formula) -> Questions {
        let mut eyes = Eyes { rows: &[], hosts, found: Vec::new(), is_too_large: false };
        let mut gave_up = None;
        for (analysis, rows) in analyses.iter().zip([&self.old, &self.new]) {
            eyes.rows = rows;
            gave_up = gave_up.or(analysis.journeys(&mut eyes).gave_up);
        }
        Questions { all: eyes.found, gave_up: gave_up.or(eyes.is_too_large.then_some(QUESTIONS)) }
    }
}

struct Eyes<'r> {
    rows: &'r [*const Arm],
    hosts: &'r Formula,
    found: Vec<Question>,
    /// Whether a question was left out because it has too many parts.
    is_too_large: bool,
}

impl Visitor for Eyes<'_> {
    fn ladder(&mut self, ladder: &Arc<Ladder>, arms: &[Arm], at: &At<'_>) {
        for (number, arm) in arms.iter().enumerate() {
            if self.rows.contains(&std::ptr::from_ref(arm)) {
                let taken = Formula::first(ladder, Taken::arm(number));
                let formula = Formula::all([self.hosts.clone(), taken, (at.guard)()]);
                if !can_be_asked(&formula) {
                    self.is_too_large = true;
                    continue;
                }
                let about = format!("row {:?} {:?}", at.step, std::ptr::from_ref(arm));
                self.found.push(Question { formula, about, hints: vec![Hint::Disorder] });
            }
        }
    }
}
