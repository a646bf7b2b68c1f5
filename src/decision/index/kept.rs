//! What is kept of the tests: those that no look-up settles, each once.

use hashbrown::HashMap;

use super::lookup::{Candidate, Left};
use super::packed;
use super::packed::number;
use super::test::{Check, Test};

/// A test that no look-up has settled.
#[derive(Debug)]
pub(super) enum KeptTest {
    /// Whether a subject is the text that begins there among those that are kept, behind its length. Most tests are
    /// that, and of thousands little is near: this one is found with two looks at memory.
    Is {
        subject: u32,
        text: u32,
    },
    Other(Box<Test<'static>>),
}

/// The rows that are tested in turn, and their tests.
pub(super) struct Kept {
    pub candidates: Box<[Candidate]>,
    /// The tests of the candidates that have many, by number.
    pub listed: Box<[u32]>,
    pub tests: Box<[KeptTest]>,
    /// The texts of the tests, each behind its length.
    pub texts: Box<[u8]>,
}

/// Collects what is kept.
pub(super) struct Keeper<'t, 'h> {
    all: &'t [Test<'h>],
    candidates: Vec<Candidate>,
    listed: Vec<u32>,
    tests: Vec<KeptTest>,
    texts: Vec<u8>,
    /// By number, and whether only the second half is left.
    known: HashMap<(u32, bool), u32>,
    /// By what is asked of which subject.
    same: HashMap<(u32, Check<'static>, bool), u32>,
}

impl<'t, 'h> Keeper<'t, 'h> {
    /// Nothing yet.
    pub fn new(all: &'t [Test<'h>]) -> Self {
        let (known, same) = (HashMap::new(), HashMap::new());
        let (candidates, listed) = (Vec::new(), Vec::new());
        Self { all, candidates, listed, tests: Vec::new(), texts: Vec::new(), known, same }
    }

    /// The number of the next candidate.
    pub fn next(&self) -> u32 {
        number(self.candidates.len())
    }

    /// Adds a row with its tests, each with whether it has been looked up and is only to be confirmed.
    pub fn add(&mut self, arm: u32, tests: impl Iterator<Item = (u32, bool)>) {
        let first = self.listed.len();
        for (test, confirmed) in tests {
            let kept = self.keep(test, confirmed);
            self.listed.push(kept);
        }
        let left = match self.listed.get(first..) {
            Some([one]) => match self.tests.get(*one as usize) {
                Some(KeptTest::Is { subject, text }) => Left::Is { subject: *subject, text: *text },
                _ => Left::One(*one),
            },
            Some([one, other]) => Left::Two(*one, *other),
            _ => Left::Listed { first: number(first), count: number(self.listed.len() - first) },
        };
        if !matches!(left, Left::Listed { .. }) {
            self.listed.truncate(first);
        }
        self.candidates.push(Candidate { arm, left });
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
            Some(condition) => self.push(KeptTest::Other(Box::new(condition.own()))),
            None => u32::MAX,
        };
        self.known.insert((test, confirmed), kept);
        kept
    }

    fn keep_check(&mut self, subject: u32, check: Check<'static>, negated: bool) -> u32 {
        let asked = (subject, check, negated);
        if let Some(known) = self.same.get(&asked) {
            return *known;
        }
        let only = match &asked.1 {
            Check::OneOf(texts) if !negated => texts.only().map(|text| packed::push(&mut self.texts, text)),
            _ => None,
        };
        let kept = self.push(match only {
            Some(text) => KeptTest::Is { subject, text },
            None => KeptTest::Other(Box::new(Test::Value { subject, check: asked.1.clone(), negated })),
        });
        self.same.insert(asked, kept);
        kept
    }

    fn push(&mut self, test: KeptTest) -> u32 {
        self.tests.push(test);
        number(self.tests.len() - 1)
    }

    /// All that was kept.
    pub fn finish(self) -> Kept {
        let (candidates, listed) = (self.candidates.into(), self.listed.into());
        Kept { candidates, listed, tests: self.tests.into(), texts: self.texts.into() }
    }
}
