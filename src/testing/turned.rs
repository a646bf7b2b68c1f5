//! The tests of a policy while one of its conditions says something else.

use super::{Outcome, Runner, Suite, Tested, apart, case, report, world};
use crate::decision::RuleId;
use crate::lang::hir::{Expression, Hir};
use crate::simulate::{Case, Journey, Simulator, Store};

/// A policy of which conditions can be exchanged, with its tests.
#[derive(Debug)]
pub struct Turning<'t, 'h> {
    suite: &'t Suite<'h>,
    /// The policy as it is.
    simulator: &'t Simulator,
    /// The same, to be changed.
    turned: Simulator,
    /// How often a request is made, at the most, to tell the two apart.
    times: usize,
}

impl<'t, 'h> Turning<'t, 'h> {
    /// The tests of a policy, which is the root or one of its sites.
    #[must_use]
    pub fn of(root: &Hir, suite: &'t Suite<'h>, simulator: &'t Simulator, times: usize) -> Self {
        Self { suite, simulator, turned: Simulator::in_turn(root.clone()), times }
    }

    /// Looks at the policy while those rules have that condition.
    pub fn turned<T>(&mut self, rules: &[RuleId], condition: &Expression, look: impl FnOnce(&Self) -> T) -> T {
        let mut before = Vec::new();
        for name in &self.suite.names {
            for rule in rules {
                let own = self.turned.exchange(name.as_deref(), *rule, condition.clone());
                before.extend(own.map(|own| (name.as_deref(), *rule, own)));
            }
        }
        let found = look(self);
        for (name, rule, own) in before {
            self.turned.exchange(name, rule, own);
        }
        found
    }

    /// Whether a test comes out otherwise.
    #[must_use]
    pub fn is_noticed(&self, tested: &Tested<'_>) -> bool {
        let runner = Runner { simulator: &self.turned, names: &self.suite.names };
        !matches!(runner.run(tested.test).0, Outcome::Passed)
    }

    /// What a test would have to expect to come out otherwise; `None` if it cannot.
    #[must_use]
    pub fn missed(&self, tested: &Tested<'_>) -> Option<String> {
        let (test, world) = (tested.test, world());
        let last = |simulator: &Simulator| {
            let mut store = Store::default();
            for sent in &test.before {
                let _ = simulator.run(&case::of(sent, &test.origins), &mut store, &world);
            }
            simulator.run(&case::of(&test.request, &test.origins), &mut store, &world)
        };
        apart::claim(&last(self.simulator), &last(&self.turned))
    }

    /// A test with that request that comes out otherwise, one of the first times; `None` if there is none.
    #[must_use]
    pub fn telling(&self, name: &str, case: &Case) -> Option<String> {
        let (mut stores, world) = ([Store::default(), Store::default()], world());
        (0..self.times).find_map(|before| {
            let [own, others] = &mut stores;
            let (one, other) = (self.simulator.run(case, own, &world), self.turned.run(case, others, &world));
            let claim = apart::claim(&one, &other).filter(|_| self.is_ours(&one))?;
            Some(report::text(name, case, before, &one, &[claim]))
        })
    }

    fn is_ours(&self, journey: &Journey) -> bool {
        self.suite.names.contains(&journey.site)
    }
}
