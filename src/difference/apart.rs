//! In which statements and rows two policies differ: the others are the same, in the same order.

use std::collections::HashSet;

use super::order::common;
use super::unseen::is_drawn;
use crate::lang::hir::{Arm, Body, Hir, Statement, StatementKind, Target};

/// What is not the same in both.
pub(super) enum Pair<'h> {
    /// A ladder of the old policy, and the one in its place in the new one.
    Ladders([Side<'h>; 2]),
    /// A statement that only one of them has: the old one is 0.
    Only {
        side: usize,
        statement: &'h Statement,
        /// What the other one has in its place.
        partner: Option<&'h Statement>,
    },
}

/// A ladder, with the rows that the other one does not have there.
pub(super) struct Side<'h> {
    pub arms: &'h [Arm],
    pub otherwise: &'h [Statement],
    pub only: Vec<usize>,
}

impl Pair<'_> {
    /// Whether it is what the other policy has elsewhere.
    fn is_moved_to(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Only { side, statement, .. }, Self::Only { side: elsewhere, statement: same, .. }) => {
                side != elsewhere && statement == same
            }
            (Self::Ladders([old, _]), Self::Ladders([_, new])) => {
                !old.only.is_empty()
                    && old.only.len() == new.only.len()
                    && old.arms == new.arms
                    && old.otherwise == new.otherwise
            }
            _ => false,
        }
    }

    /// How many rows and statements it is.
    pub fn count(&self) -> usize {
        match self {
            Self::Ladders(sides) => sides.iter().map(|side| side.only.len()).sum(),
            Self::Only { .. } => 1,
        }
    }
}

impl<'h> Side<'h> {
    /// What is done by a row, or behind the last one.
    pub fn body(&self, row: usize) -> &'h [Statement] {
        self.arms.get(row).map_or(self.otherwise, |arm| &arm.body)
    }
}

/// All that differs between two policies; `None` if that is something else than statements and rows.
pub(super) fn pairs<'h>(old: &'h Hir, new: &'h Hir) -> Option<Vec<Pair<'h>>> {
    let mut all = Vec::new();
    let mut bodies = |one: &'h Body, other: &'h Body| block(&one.statements, &other.statements, &mut all);
    let alike = old.default_backend == new.default_backend
        && old.steps.len() == new.steps.len()
        && old.subs.len() == new.subs.len()
        && old
            .steps
            .iter()
            .zip(&new.steps)
            .all(|(one, other)| one.step == other.step && bodies(&one.body, &other.body))
        && old.subs.iter().zip(&new.subs).all(|(one, other)| one.name == other.name && bodies(&one.body, &other.body));
    alike.then_some(all)
}

/// Whether something only stands elsewhere in the other policy: it has no line of its own that could be told, and to do without
/// it is not what the other policy does.
pub(super) fn moves(pairs: &[Pair<'_>]) -> bool {
    pairs.iter().any(|one| pairs.iter().any(|other| one.is_moved_to(other)))
}

/// So many statements of a block may be in no pair that is alike.
const MOST_STATEMENTS: usize = 256;

fn block<'h>(old: &'h [Statement], new: &'h [Statement], all: &mut Vec<Pair<'h>>) -> bool {
    if old == new {
        return true;
    }
    let key = |statement: &Statement| format!("{:?}", statement.kind);
    let is_same = |one: usize, other: usize| old.get(one) == new.get(other);
    let same = common(old.iter().map(key), new.iter().map(key), is_same);
    let came = same.iter().filter(|at| at.is_none()).count();
    if came > MOST_STATEMENTS || (old.len() + came).saturating_sub(new.len()) > MOST_STATEMENTS {
        return false;
    }
    let (mut from, mut to) = (0, 0);
    for (at, known) in same.iter().copied().enumerate().chain([(new.len(), Some(old.len()))]) {
        let Some(known) = known else { continue };
        let gap = (old.get(from..known).unwrap_or_default(), new.get(to..at).unwrap_or_default());
        if !between(gap.0, gap.1, all) {
            return false;
        }
        (from, to) = (known + 1, at + 1);
    }
    true
}

/// Statements that stand between the same ones, and are not the same.
fn between<'h>(old: &'h [Statement], new: &'h [Statement], all: &mut Vec<Pair<'h>>) -> bool {
    let is_in_place = |(one, other): (&Statement, &Statement)| {
        is_ladder(one) && is_ladder(other) || target(one).is_some() && target(one) == target(other)
    };
    if old.len() == new.len() && old.iter().zip(new).all(is_in_place) {
        return old.iter().zip(new).all(|(one, other)| {
            if is_ladder(one) {
                return ladders(one, other, all);
            }
            one == other || only(0, one, Some(other), all) && only(1, other, Some(one), all)
        });
    }
    let olds = old.iter().map(|statement| (0, statement, new));
    let mut each = olds.chain(new.iter().map(|statement| (1, statement, old)));
    each.all(|(side, statement, others)| only(side, statement, partner(statement, others), all))
}

/// The one of the statements of the other policy that is in the place of a statement, if there is one.
fn partner<'h>(statement: &Statement, others: &'h [Statement]) -> Option<&'h Statement> {
    let target = target(statement);
    let mut same = others.iter().filter(|other| target.is_some() && self::target(other) == target);
    let first = same.next().filter(|_| same.next().is_none());
    // A name stands for what is put elsewhere.
    let is_name = |statement: &Statement| matches!(statement.kind, StatementKind::Let(..));
    let only = others.first().filter(|other| others.len() == 1 && !is_name(statement) && !is_name(other));
    first.or(only)
}

/// What a statement gives a value, if that is all that it does.
fn target(statement: &Statement) -> Option<Given<'_>> {
    match &statement.kind {
        StatementKind::Set(target, _) | StatementKind::Unset(target) => Some(Given::Target(target)),
        StatementKind::Let(name, _) => Some(Given::Name(name.0)),
        _ => None,
    }
}

#[derive(PartialEq)]
enum Given<'s> {
    Target(&'s Target),
    Name(u32),
}

fn is_ladder(statement: &Statement) -> bool {
    matches!(statement.kind, StatementKind::If { .. })
}

/// Two ladders in the same place.
fn ladders<'h>(old: &'h Statement, new: &'h Statement, all: &mut Vec<Pair<'h>>) -> bool {
    let (
        StatementKind::If { arms: before, otherwise: rest, .. },
        StatementKind::If { arms: after, otherwise: other_rest, .. },
    ) = (&old.kind, &new.kind)
    else {
        return false;
    };
    let asks_the_same =
        before.len() == after.len() && before.iter().zip(after).all(|(one, other)| one.condition == other.condition);
    if asks_the_same {
        let mut bodies = before.iter().zip(after).map(|(one, other)| (&*one.body, &*other.body));
        return bodies.all(|(one, other)| block(one, other, all)) && block(rest, other_rest, all);
    }
    // How often a row is tried counts where it takes from a limit.
    if before.iter().chain(after).any(|arm| is_drawn(&arm.condition)) {
        return false;
    }
    let [mut gone, mut came] = rows_apart(before, after);
    if rest != other_rest {
        gone.push(before.len());
        came.push(after.len());
    }
    let old = Side { arms: before, otherwise: rest, only: gone };
    let new = Side { arms: after, otherwise: other_rest, only: came };
    all.push(Pair::Ladders([old, new]));
    true
}

/// A statement that only one of them has.
fn only<'h>(side: usize, statement: &'h Statement, partner: Option<&'h Statement>, all: &mut Vec<Pair<'h>>) -> bool {
    match &statement.kind {
        StatementKind::Call(_) | StatementKind::Leave => return false,
        StatementKind::If { arms, otherwise, .. } => {
            if arms.iter().any(|arm| is_drawn(&arm.condition)) {
                return false;
            }
            let rows = arms.len() + usize::from(!otherwise.is_empty());
            let own = Side { arms, otherwise, only: (0..rows).collect() };
            let none = Side { arms: &[], otherwise: &[], only: Vec::new() };
            all.push(Pair::Ladders(if side == 0 { [own, none] } else { [none, own] }));
        }
        _ => all.push(Pair::Only { side, statement, partner }),
    }
    true
}

/// The rows of each that the other one does not have there.
fn rows_apart(before: &[Arm], after: &[Arm]) -> [Vec<usize>; 2] {
    let conditions = |arms: &[Arm]| -> Vec<String> { arms.iter().map(|arm| format!("{:?}", arm.condition)).collect() };
    let is_same = |old: usize, new: usize| before.get(old) == after.get(new);
    let same = common(conditions(before), conditions(after), is_same);
    let kept: HashSet<usize> = same.iter().flatten().copied().collect();
    let gone = (0..before.len()).filter(|row| !kept.contains(row)).collect();
    let came = (0..after.len()).filter(|row| same.get(*row).is_none_or(Option::is_none)).collect();
    [gone, came]
}
