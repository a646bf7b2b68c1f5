//! What is kept of the tests: those that no look-up settles, each once.

use hashbrown::HashMap;

use super::lookup::Candidate;
use super::test::{Check, Test, number};

/// The rows that are tested in turn, and their tests.
pub(super) struct Kept {
    pub candidates: Box<[Candidate]>,
    /// The tests of all candidates by number.
    pub listed: Box<[u32]>,
    pub tests: Box<[Test<'static>]>,
}

/// Collects what is kept.
pub(super) struct Keeper<'t, 'h> {
    all: &'t [Test<'h>],
    candidates: Vec<Candidate>,
    listed: Vec<u32>,
    tests: Vec<Test<'static>>,
    /// By number, and whether only the second half is left.
    known: HashMap<(u32, bool), u32>,
    /// By what is asked of which subject.
    same: HashMap<(u32, Check<'static>, bool), u32>,
}

impl<'t, 'h> Keeper<'t, 'h> {
    /// Nothing yet.
    pub fn new(all: &'t [Test<'h>]) -> Self {
        let (known, same) = (HashMap::new(), HashMap::new());
        Self { all, candidates: Vec::new(), listed: Vec::new(), tests: Vec::new(), known, same }
    }

    /// The number of the next candidate.
    pub fn next(&self) -> u32 {
        number(self.candidates.len())
    }

    /// Adds a row with its tests, each with whether it has been looked up and is only to be confirmed.
    pub fn add(&mut self, arm: u32, tests: impl Iterator<Item = (u32, bool)>) {
        let first = number(self.listed.len());
        for (test, confirmed) in tests {
            let kept = self.keep(test, confirmed);
            self.listed.push(kept);
        }
        self.candidates.push(Candidate { arm, first, count: number(self.listed.len()) - first });
    }

    fn keep(&mut self, test: u32, confirmed: bool) -> u32 {
        if let Some(known) = self.known.get(&(test, confirmed)) {
            return *known;
        }
        let kept = match self.all.get(test as usize) {
            Some(Test::Value {
                subject,
                check: Check::Guarded(_, confirm) | Check::GuardedEnd(_, confirm),
                negated,
            }) if confirmed => self.keep_check(*subject, Check::Confirmed(confirm.clone()), *negated),
            Some(Test::Value { subject, check, negated }) => self.keep_check(*subject, check.own(), *negated),
            Some(condition) => self.push(condition.own()),
            None => u32::MAX,
        };
        self.known.insert((test, confirmed), kept);
        kept
    }

    fn keep_check(&mut self, subject: u32, check: Check<'static>, negated: bool) -> u32 {
        let next = number(self.tests.len());
        let kept = *self.same.entry((subject, check.clone(), negated)).or_insert(next);
        if kept == next { self.push(Test::Value { subject, check, negated }) } else { kept }
    }

    fn push(&mut self, test: Test<'static>) -> u32 {
        self.tests.push(test);
        number(self.tests.len() - 1)
    }

    /// All that was kept.
    pub fn finish(self) -> Kept {
        Kept { candidates: self.candidates.into(), listed: self.listed.into(), tests: self.tests.into() }
    }
}
