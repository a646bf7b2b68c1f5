//! What is found: classes of requests, each of those that the same rules treat otherwise.

use super::change::{Aspect, Change};
use super::declarations::Declaration;
use super::fired::Fired;
use super::trial::When;
use super::tries::rank;
use crate::simulate::{Case, Journey};

/// What changes from one policy to another.
#[derive(Debug, Default)]
pub struct Difference {
    /// Classes of requests that are treated otherwise.
    pub classes: Vec<Class>,
    /// Declarations of backends and directors that say something else.
    pub declarations: Vec<Declaration>,
    /// Where there may be more classes than those, and why it is not known.
    pub gave_up: Vec<String>,
}

/// Requests that are treated otherwise by the same rules.
#[derive(Clone, Debug)]
pub struct Class {
    /// In which regards one of them is, the one that people know best.
    pub change: Change,
    /// That one, with the answer of the backend.
    pub case: Case,
    /// How often it is made until it changes.
    pub when: When,
    /// What becomes of it by the old policy.
    pub old: Journey,
    /// What becomes of it by the new one.
    pub new: Journey,
    /// The rules of the old policy that fire.
    pub old_rules: Vec<Fired>,
    /// The rules of the new policy that fire.
    pub new_rules: Vec<Fired>,
    /// What else the rules change for others.
    pub also: Vec<Also>,
    /// The rules of both by which it is told from other classes.
    pub(super) own_rules: [Vec<Fired>; 2],
    /// Whether the other policy does not have these.
    pub(super) has_own_rules: bool,
    /// Whether it answers for a row or statement of several: its lines are told, for that may be one of them.
    pub(super) is_for_a_row: bool,
}

/// A request that changes by the rules of a class in further regards.
#[derive(Clone, Debug)]
pub struct Also {
    /// In which, beside those that are told before.
    pub change: Change,
    /// The request, with the answer of the backend.
    pub case: Case,
    /// How often it is made until it changes.
    pub when: When,
}

impl Difference {
    /// Whether nothing changes, for certain.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.classes.is_empty() && self.declarations.is_empty() && self.gave_up.is_empty()
    }
}

impl Class {
    /// Whether it is made by the same rules of one policy alone.
    fn is_by_the_rules_of(&self, other: &Self) -> bool {
        self.has_own_rules && self.own_rules == other.own_rules && self.old.site == other.old.site
    }

    /// Whether it tells an aspect.
    pub(super) fn tells(&self, aspect: &Aspect) -> bool {
        [&self.change]
            .into_iter()
            .chain(self.also.iter().map(|also| &also.change))
            .any(|it| it.aspects().contains(aspect))
    }

    /// Takes another one in: what it tells, and this one does not.
    fn take_in(&mut self, other: Self) {
        if let Some(change) = other.change.of(|aspect| !self.tells(aspect)) {
            self.also.push(Also { change, case: other.case, when: other.when });
        }
    }
}

/// How little people know of such a request and its answer, as a number: what they know best is told first.
pub(super) fn strangeness(case: &Case) -> (usize, usize) {
    let answer = case.answer.as_ref().map_or(usize::MAX, |answer| answer.headers.len());
    (rank(&case.request.method), case.request.headers.len().saturating_add(answer))
}

/// One class of those that are made by the same rules.
pub(super) fn by_rules(classes: Vec<Class>) -> Vec<Class> {
    let mut all: Vec<Class> = Vec::new();
    for class in classes {
        match all.iter_mut().find(|known| known.is_by_the_rules_of(&class)) {
            Some(known) if !class.is_for_a_row => known.take_in(class),
            _ => all.push(class),
        }
    }
    all
}
