//! The tests of a policy, taken through its steps.
//!
//! Each test is a request, with what the backend answers, in a world of its own in which nothing is stored but what the
//! test has asked for before: [`run`] tells what came of it beside what was expected, and how many tests come to each rule
//! of the policy. No sockets and no clock: time stands still, all backends are healthy, no limit is exceeded, and chance
//! gives the same each time.

mod apart;
mod case;
mod report;
mod turned;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use report::report;
pub use turned::Turning;

use crate::decision::{Event, RuleId};
use crate::lang::hir::{Expectation, Hir, Test};
use crate::simulate::{Case, Journey, Simulator, Store, Twin, World};

/// The tests of one policy, run.
#[derive(Debug)]
pub struct Suite<'h> {
    /// The policy.
    pub hir: &'h Hir,
    /// The names of the sites that it is of; `None` for the root's.
    pub names: Vec<Option<String>>,
    /// Its tests in order, with what came of them.
    pub tested: Vec<Tested<'h>>,
    /// How many tests come to each rule, by [`RuleId`].
    pub visits: Vec<u32>,
}

impl Suite<'_> {
    /// The name of the site that it is of; `None` for the root's. Of several with the same file, the first.
    #[must_use]
    pub fn site(&self) -> Option<&str> {
        self.names.first().and_then(Option::as_deref)
    }
}

/// A test with what came of it.
#[derive(Debug)]
pub struct Tested<'h> {
    /// The test.
    pub test: &'h Test,
    /// What came of it.
    pub outcome: Outcome<'h>,
    /// The rules that it comes to.
    pub rules: BTreeSet<RuleId>,
}

/// What came of a test.
#[derive(Debug)]
pub enum Outcome<'h> {
    /// All came as expected.
    Passed,
    /// These expectations do not hold of what became of the request.
    Failed(Vec<Failure<'h>>),
    /// A backend is asked, and the test does not say what it answers.
    Unanswered,
    /// The request is served by the policy of that site, or of the root.
    Elsewhere(Option<String>),
}

/// An expectation that does not hold.
#[derive(Debug)]
pub struct Failure<'h> {
    /// What was expected.
    pub expectation: &'h Expectation,
    /// What it asks for, with what that came to: `ttl` and `1h`.
    pub found: Vec<(String, String)>,
    /// What became of the request.
    pub journey: Arc<Journey>,
}

/// A moment like any other: a Friday in 2027.
fn world() -> World {
    World::at(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000))
}

/// Runs the tests of a policy and of its sites, those of a file with several sites once. The simulator is of that policy.
#[must_use]
pub fn run<'h>(hir: &'h Hir, simulator: &Simulator) -> Vec<Suite<'h>> {
    let mut suites = vec![suite(simulator, hir, vec![None])];
    let mut seen: Vec<&Arc<Hir>> = Vec::new();
    for site in &hir.sites {
        if seen.iter().any(|other| Arc::ptr_eq(other, &site.policy)) {
            continue;
        }
        seen.push(&site.policy);
        let same = hir.sites.iter().filter(|other| Arc::ptr_eq(&other.policy, &site.policy));
        let names = same.map(|site| Some(site.name())).collect();
        suites.push(suite(simulator, &site.policy, names));
    }
    suites
}

/// Whether a policy, or one of its sites, has tests.
#[must_use]
pub fn has_tests(hir: &Hir) -> bool {
    !hir.tests.is_empty() || hir.sites.iter().any(|site| !site.policy.tests.is_empty())
}

/// Runs the tests of one policy.
struct Runner<'s> {
    simulator: &'s Simulator,
    /// The names of the sites that have it; `None` for the root.
    names: &'s [Option<String>],
}

/// The tests of one policy, run.
fn suite<'h>(simulator: &Simulator, hir: &'h Hir, names: Vec<Option<String>>) -> Suite<'h> {
    let program = simulator.program_of(names.first().and_then(Option::as_deref));
    let mut visits = vec![0; program.rule_count()];
    let runner = Runner { simulator, names: &names };
    let tested = hir.tests.iter().map(|test| {
        let (outcome, rules) = runner.run(test);
        for rule in &rules {
            if let Some(count) = visits.get_mut(rule.0 as usize) {
                *count = u32::saturating_add(*count, 1);
            }
        }
        Tested { test, outcome, rules }
    });
    let tested = tested.collect();
    Suite { hir, names, tested, visits }
}

impl Runner<'_> {
    /// What comes of a test, and the rules that it comes to.
    fn run<'h>(&self, test: &'h Test) -> (Outcome<'h>, BTreeSet<RuleId>) {
        let (mut store, world) = (Store::default(), world());
        let mut rules = BTreeSet::new();
        let mut is_asked = false;
        for sent in &test.before {
            let journey = self.simulator.run(&case::of(sent, &test.origins), &mut store, &world);
            self.note(&journey, &mut rules);
            is_asked |= !journey.asked.is_empty();
        }
        let case = case::of(&test.request, &test.origins);
        let journey = self.simulator.run(&case, &mut store, &world);
        if !self.is_ours(&journey) {
            return (Outcome::Elsewhere(journey.site), rules);
        }
        self.note(&journey, &mut rules);
        is_asked |= journey.and_behind().any(|journey| !journey.asked.is_empty());
        if is_asked && test.origins.is_empty() {
            return (Outcome::Unanswered, rules);
        }
        let journey = Arc::new(journey);
        let failed: Vec<Failure<'_>> =
            test.expectations.iter().filter_map(|expected| self.failure(expected, test, &case, &journey)).collect();
        (if failed.is_empty() { Outcome::Passed } else { Outcome::Failed(failed) }, rules)
    }

    fn is_ours(&self, journey: &Journey) -> bool {
        self.names.contains(&journey.site)
    }

    fn note(&self, journey: &Journey, rules: &mut BTreeSet<RuleId>) {
        rules.extend(journey.and_behind().filter(|journey| self.is_ours(journey)).flat_map(come_to));
    }

    /// Why an expectation does not hold, if it does not.
    fn failure<'h>(
        &self,
        expectation: &'h Expectation,
        test: &Test,
        case: &Case,
        journey: &Arc<Journey>,
    ) -> Option<Failure<'h>> {
        // A key is compared with that of a request for which nothing is stored yet.
        let mut other = if test.before.is_empty() { Twin::sought() } else { Twin::none() };
        if self.simulator.keeps(&expectation.claim, case, journey, &world(), &mut other) {
            return None;
        }
        let mut found = self.simulator.found(&expectation.claim, case, journey, &world());
        found.extend(other.found.map(|other| ("another key".to_owned(), other.to_string())));
        Some(Failure { expectation, found, journey: Arc::clone(journey) })
    }
}

/// The rules that a request comes to.
fn come_to(journey: &Journey) -> impl Iterator<Item = RuleId> {
    journey.steps.iter().flat_map(|ran| &ran.explanation.course).filter_map(|event| match event {
        Event::Decided(rule) => Some(*rule),
        _ => None,
    })
}

/// A test of a policy that comes to one of those rules by that request, made so often at the most; `None` if it comes to
/// none of them there.
#[must_use]
pub fn coming_to(
    suite: &Suite<'_>,
    simulator: &Simulator,
    rules: &[RuleId],
    name: &str,
    (case, times): (&Case, usize),
) -> Option<String> {
    let (mut store, world) = (Store::default(), world());
    (0..times).find_map(|before| {
        let journey = simulator.run(case, &mut store, &world);
        let is_there = suite.names.contains(&journey.site) && come_to(&journey).any(|rule| rules.contains(&rule));
        is_there.then(|| report::text(name, case, before, &journey, &apart::usual(suite.hir, &journey)))
    })
}
