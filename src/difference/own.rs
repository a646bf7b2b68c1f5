//! Whether it is a row or statement itself that makes a difference: a request that shows one may show that of another.
//!
//! The policy that has it is compared with one that is the same but there: who takes the row does what the other policy has
//! in the place of the table, and a statement is left out, or the other policy's is in its place. What differs between
//! these differs by that row or statement alone.

use std::collections::HashSet;

use super::apart::{Pair, Side};
use super::rows::Rows;
use super::targets::with_all_targets;
use super::trial::{Met, Tried, trial};
use crate::lang::hir::{Arm, Expression, ExpressionKind as Kind, Hir, LocalId, Statement, StatementKind};
use crate::lang::source::{FileId, Span};
use crate::simulate::{Case, Simulator};

/// A row or statement that only one policy has: the old one is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Own {
    pub side: usize,
    pub pair: usize,
    /// The row, if it is a ladder.
    pub row: Option<usize>,
}

/// Tells what is a row's own.
pub(super) struct Judge<'h> {
    policies: [&'h Hir; 2],
    rows: &'h Rows<'h>,
    /// Both policies, once they are asked for.
    whole: [Option<Simulator>; 2],
    /// The row that was asked about last, with the policy that is the same but there.
    last: Option<(Own, Option<Simulator>)>,
}

impl<'h> Judge<'h> {
    /// Of two policies that were joined.
    pub fn new(policies: [&'h Hir; 2], rows: &'h Rows<'h>) -> Self {
        Self { policies, rows, whole: [None, None], last: None }
    }

    /// When a request is treated otherwise by the row itself.
    pub fn tried(&mut self, own: Own, case: &Case, met: &[Met]) -> Option<Tried> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != own) {
            let other = self.other_than(own).map(|hir| Simulator::new(with_all_targets(hir, self.policies)));
            self.last = Some((own, other));
        }
        let other = self.last.as_ref().and_then(|(_, other)| other.as_ref())?;
        let policy = *self.policies.get(own.side)?;
        let whole = || Simulator::new(with_all_targets(policy.clone(), self.policies));
        let whole = self.whole.get_mut(own.side)?.get_or_insert_with(whole);
        trial([whole, other], case, met, &|_, _| true)
    }

    /// The policy that has a row or statement, but for that; `None` if what stands in its place reads names that only one
    /// policy has.
    fn other_than(&self, own: Own) -> Option<Hir> {
        let (spot, inside) = match (self.rows.pairs().get(own.pair)?, own.row) {
            (Pair::Only { statement, partner, .. }, _) => {
                let (statement, partner): (&Statement, Option<&Statement>) = (statement, *partner);
                (Spot::Statement(statement), partner.into_iter().cloned().collect())
            }
            (Pair::Ladders(sides), Some(row)) => {
                let (mine, other) = (sides.get(own.side)?, sides.get(1 - own.side)?);
                (mine.arms.get(row).map_or(Spot::Rest(mine.arms.as_ptr()), |arm| Spot::Body(arm)), ladder(other))
            }
            (Pair::Ladders(_), None) => return None,
        };
        let mut read = HashSet::new();
        for statement in &inside {
            names_in(statement, &mut read);
        }
        if self.rows.names().any(|name| read.contains(&name)) {
            return None;
        }
        let policy = *self.policies.get(own.side)?;
        let mut other = policy.clone();
        let bodies = policy.steps.iter().map(|step| &step.body).chain(policy.subs.iter().map(|sub| &sub.body));
        let subs = other.subs.iter_mut().map(|sub| &mut sub.body);
        let others = other.steps.iter_mut().map(|step| &mut step.body).chain(subs);
        for (body, other) in bodies.zip(others) {
            other.statements = replaced(&body.statements, &spot, &inside);
        }
        Some(other)
    }
}

/// Where in a policy something stands.
enum Spot {
    Statement(*const Statement),
    Body(*const Arm),
    /// What is done if none of the arms holds.
    Rest(*const Arm),
}

/// The statements with others in one spot.
fn replaced(statements: &[Statement], spot: &Spot, inside: &[Statement]) -> Vec<Statement> {
    let mut all = Vec::with_capacity(statements.len());
    for statement in statements {
        if matches!(spot, Spot::Statement(it) if std::ptr::eq(*it, statement)) {
            all.extend_from_slice(inside);
            continue;
        }
        let StatementKind::If { arms, otherwise, rest } = &statement.kind else {
            all.push(statement.clone());
            continue;
        };
        let block =
            |is_it: bool, body: &[Statement]| if is_it { inside.to_vec() } else { replaced(body, spot, inside) };
        let arm = |arm: &Arm| {
            let body = block(matches!(spot, Spot::Body(it) if std::ptr::eq(*it, arm)), &arm.body);
            Arm { condition: arm.condition.clone(), body, span: arm.span }
        };
        let is_rest = matches!(spot, Spot::Rest(it) if std::ptr::eq(*it, arms.as_ptr()));
        let (arms, otherwise, rest) = (arms.iter().map(arm).collect(), block(is_rest, otherwise), *rest);
        all.push(Statement { kind: StatementKind::If { arms, otherwise, rest }, span: statement.span });
    }
    all
}

/// A ladder as a statement; nothing, where there is none.
fn ladder(side: &Side<'_>) -> Vec<Statement> {
    if side.arms.is_empty() {
        return side.otherwise.to_vec();
    }
    let kind = StatementKind::If { arms: side.arms.to_vec(), otherwise: side.otherwise.to_vec(), rest: None };
    vec![Statement { kind, span: Span { file: FileId(0), start: 0, end: 0 } }]
}

/// Adds the names that a statement reads or binds.
fn names_in(statement: &Statement, names: &mut HashSet<LocalId>) {
    fn of_value(value: &Expression, names: &mut HashSet<LocalId>) {
        if let Kind::Local(name) = value.kind {
            names.insert(name);
        }
        value.parts().for_each(|part| of_value(part, names));
    }
    statement.kind.expressions().for_each(|value| of_value(value, names));
    if let StatementKind::If { arms, otherwise, .. } = &statement.kind {
        for arm in arms {
            of_value(&arm.condition, names);
        }
        arms.iter().flat_map(|arm| &arm.body).chain(otherwise).for_each(|within| names_in(within, names));
    }
}
