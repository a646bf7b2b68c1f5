//! Conditions that are asked one after the other, of which the first that holds decides.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::choices::Choices;
use super::formula::{Formula, MOST_FLAT};
use super::index::Index;
use super::model::Model;
use crate::lang::source::Span;

/// The conditions of an `if`, a `match` or a table.
#[derive(Debug)]
pub struct Ladder {
    conditions: Vec<Formula>,
    spans: Vec<Span>,
    rest: Span,
    index: OnceLock<Index>,
    /// How many ladders are within each other: conditions that ask for what another one chose.
    depth: usize,
    /// The values that it is known to choose.
    choices: Choices,
}

/// Which way out of a ladder is taken.
#[derive(Debug)]
pub struct First {
    /// The ladder.
    pub ladder: Arc<Ladder>,
    /// One of these.
    pub taken: Taken,
}

impl PartialEq for First {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ladder, &other.ladder) && self.taken == other.taken
    }
}

/// Some of the arms of a ladder, by number, and what is behind them all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Taken {
    /// Arms that follow each other, of which none follows those before: all but one are two ranges, of however many.
    arms: Vec<Range<u32>>,
    rest: bool,
}

impl Taken {
    /// That arm alone.
    #[must_use]
    pub fn arm(arm: usize) -> Self {
        let arms = u32::try_from(arm).map(|arm| arm..arm.saturating_add(1)).into_iter().collect();
        Self { arms, rest: false }
    }

    /// Those arms of a ladder of so many, in any order; what is behind them all is one more.
    #[must_use]
    pub fn of(arms: impl IntoIterator<Item = usize>, all: usize) -> Self {
        let mut sorted: Vec<usize> = arms.into_iter().collect();
        sorted.sort_unstable();
        let mut taken = Self::default();
        for arm in sorted {
            taken.add(arm, all);
        }
        taken
    }

    /// What is done if no condition of a ladder holds, alone.
    #[must_use]
    pub fn rest() -> Self {
        Self { arms: Vec::new(), rest: true }
    }

    /// Adds an arm of a ladder of so many, or what is behind them all; they come in order.
    pub fn add(&mut self, arm: usize, arms: usize) {
        match u32::try_from(arm) {
            Ok(number) if arm < arms => match self.arms.last_mut() {
                Some(last) if last.end == number => last.end = number.saturating_add(1),
                _ => self.arms.push(number..number.saturating_add(1)),
            },
            _ => self.rest = true,
        }
    }

    /// In how many parts it is kept.
    pub(super) fn parts(&self) -> usize {
        self.arms.len().saturating_add(1)
    }

    /// The arms, then `None` if no condition may hold.
    pub fn iter(&self) -> impl Iterator<Item = Option<usize>> {
        self.arms.iter().cloned().flatten().map(|arm| Some(arm as usize)).chain(self.rest.then_some(None))
    }

    /// Whether that arm is one of them.
    #[must_use]
    pub fn contains(&self, arm: Option<usize>) -> bool {
        match arm {
            Some(arm) => {
                let arm = u32::try_from(arm).unwrap_or(u32::MAX);
                let before = self.arms.partition_point(|range| range.end <= arm);
                self.arms.get(before).is_some_and(|range| range.contains(&arm))
            }
            None => self.rest,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.arms.is_empty() && !self.rest
    }

    pub(super) fn is_all(&self, arms: usize) -> bool {
        self.rest && self.opposite(arms).is_none()
    }

    /// All others.
    pub(super) fn opposite(&self, arms: usize) -> Self {
        let starts = [0].into_iter().chain(self.arms.iter().map(|range| range.end));
        let ends = self.arms.iter().map(|range| range.start).chain([u32::try_from(arms).unwrap_or(u32::MAX)]);
        let between = starts.zip(ends).map(|(start, end)| start..end).filter(|range| !range.is_empty());
        Self { arms: between.collect(), rest: !self.rest }
    }
}

impl Ladder {
    /// A ladder of conditions with their places; `rest` is the place of the whole.
    #[must_use]
    pub fn new(conditions: Vec<Formula>, spans: Vec<Span>, rest: Span) -> Self {
        let depth = conditions.iter().map(Formula::ladders).max().unwrap_or(0).saturating_add(1);
        Self { conditions, spans, rest, index: OnceLock::new(), depth, choices: Choices::default() }
    }

    /// The same conditions, and then those of another one.
    pub(super) fn followed_by(&self, other: &Self) -> Self {
        let conditions = self.conditions.iter().chain(&other.conditions).cloned().collect();
        let spans = self.spans.iter().chain(&other.spans).copied().collect();
        Self::new(conditions, spans, other.rest)
    }

    /// Where none of its conditions holds, and none of those that `guard` has none of either. Of ladders that come one behind
    /// the other few are kept, each at least twice as long as the next: who is behind a thousand tables is behind ten.
    pub(super) fn behind(self: &Arc<Self>, guard: &Formula) -> Formula {
        let mut parts = match guard {
            Formula::All(parts) if parts.len() < MOST_FLAT => parts.to_vec(),
            other => vec![other.clone()],
        };
        let mut last = Arc::clone(self);
        while let Some(Formula::First(before)) = parts.last()
            && before.taken == Taken::rest()
            && before.ladder.len() <= last.len().saturating_mul(2)
        {
            last = Arc::new(before.ladder.followed_by(&last));
            parts.pop();
        }
        Formula::all(parts.into_iter().chain([Formula::first(&last, Taken::rest())]))
    }

    /// The conditions in order.
    #[must_use]
    pub fn conditions(&self) -> &[Formula] {
        &self.conditions
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.conditions.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// How many ladders are within each other, this one counted.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// The values that it is known to choose.
    pub(super) fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Where an arm stands, or the whole.
    #[must_use]
    pub fn span(&self, arm: Option<usize>) -> Span {
        arm.and_then(|arm| self.spans.get(arm)).copied().unwrap_or(self.rest)
    }

    /// The first condition that holds of a model.
    pub(super) fn first(&self, model: &Model) -> Option<usize> {
        self.held_before(model, self.len())
    }

    /// The first of the conditions before `end` that holds of a model.
    pub(super) fn held_before(&self, model: &Model, end: usize) -> Option<usize> {
        if end < FEW {
            return (0..end).find(|at| self.conditions.get(*at).is_some_and(|condition| model.satisfies(condition)));
        }
        let index = self.index.get_or_init(|| Index::new(&self.conditions, model.acls));
        let mut first = None;
        index.candidates(model, &mut |at| {
            if at < first.unwrap_or(end) && self.conditions.get(at).is_some_and(|it| model.satisfies(it)) {
                first = Some(at);
            }
        });
        first
    }
}

/// So few conditions are asked one by one.
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Taken;

    const ALL: usize = 20;

    /// By number; what is behind all arms is the last one.
    fn numbers(taken: &Taken) -> BTreeSet<usize> {
        taken.iter().map(|arm| arm.unwrap_or(ALL)).collect()
    }

    proptest! {
        #[test]
        fn some_arms_are_a_set(arms in proptest::collection::btree_set(0..=ALL, 0..=ALL + 1)) {
            let taken = Taken::of(arms.iter().copied(), ALL);
            prop_assert_eq!(&numbers(&taken), &arms);
            let others = (0..=ALL).filter(|arm| !arms.contains(arm));
            prop_assert_eq!(taken.opposite(ALL), Taken::of(others, ALL));
            prop_assert_eq!(taken.opposite(ALL).opposite(ALL), taken.clone());
            let is_in = |arm: usize| taken.contains(Some(arm).filter(|arm| *arm < ALL));
            prop_assert!((0..=ALL).all(|arm| is_in(arm) == arms.contains(&arm)));
            prop_assert_eq!(taken.is_all(ALL), arms.len() == ALL + 1);
            prop_assert_eq!(taken.is_none(), arms.is_empty());
        }
    }

    #[test]
    fn all_but_one_arm_are_few_parts() {
        assert_eq!(Taken::arm(5_000).opposite(10_000).parts(), 3);
    }
}
