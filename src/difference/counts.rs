//! How many requests of a log belong to each class.

use super::change::{Change, between};
use super::classes::{Class, Difference};
use super::fired::{Fired, Teller, apart};
use super::policies::Policy;
use crate::simulate::{Journey, Simulator};

/// Counts requests, each in the one class that has most in common with it.
pub struct Counts<'c> {
    classes: &'c [Class],
    tellers: [Teller<'c>; 2],
    requests: Vec<u64>,
}

/// What requests of a log came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InLog {
    /// How many there were.
    pub requests: u64,
    /// For how many something changes.
    pub changed: u64,
    /// How many of those belong to each of the classes.
    pub of_classes: Vec<u64>,
}

/// How much a request and a class have in common: rules that only one policy has, whether all that changes is told of the
/// class, and other rules.
type Likeness = (usize, bool, usize);

impl<'c> Counts<'c> {
    /// Counts for what was found by comparing two policies, each with what takes requests through it.
    #[must_use]
    pub fn new(found: &'c Difference, old: (Policy<'c>, &'c Simulator), new: (Policy<'c>, &'c Simulator)) -> Self {
        let tellers = [old, new].map(|(policy, simulator)| Teller::new(simulator, policy.sources));
        Self { classes: &found.classes, tellers, requests: vec![0; found.classes.len()] }
    }

    /// What changes for a request, which is counted if something does.
    pub fn between(&mut self, old: &Journey, new: &Journey) -> Option<Change> {
        let change = between(old, new)?;
        if let Some(requests) = self.class_of(&change, [old, new]).and_then(|class| self.requests.get_mut(class)) {
            *requests += 1;
        }
        Some(change)
    }

    /// How many requests each class has by now.
    #[must_use]
    pub fn of_classes(self) -> Vec<u64> {
        self.requests
    }

    fn class_of(&self, change: &Change, journeys: [&Journey; 2]) -> Option<usize> {
        let rules = apart(self.tellers.each_ref(), journeys);
        let like = |class: &Class| class.likeness(change, &rules).filter(|_| class.is_of_sites(journeys));
        let all = self.classes.iter().enumerate().filter_map(|(at, class)| Some((like(class)?, at)));
        // Of those that have as much in common the first.
        all.max_by_key(|(likeness, at)| (*likeness, std::cmp::Reverse(*at))).map(|(_, at)| at)
    }
}

impl Class {
    fn is_of_sites(&self, [old, new]: [&Journey; 2]) -> bool {
        self.old.site == old.site && self.new.site == new.site
    }

    /// What a request has in common with it that changes by those rules; `None` if that is too little.
    fn likeness(&self, change: &Change, rules: &[Vec<Fired>; 2]) -> Option<Likeness> {
        let common = |own: [&Vec<Fired>; 2]| -> usize {
            own.iter().zip(rules).map(|(own, rules)| own.iter().filter(|rule| rules.contains(rule)).count()).sum()
        };
        let own = if self.has_own_rules { common(self.own_rules.each_ref()) } else { 0 };
        let tells_all = change.aspects().iter().all(|aspect| self.tells(aspect));
        let told = common([&self.old_rules, &self.new_rules]);
        (own > 0 || tells_all && told > 0).then_some((own, tells_all, told))
    }
}
