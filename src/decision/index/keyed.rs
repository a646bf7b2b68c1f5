//! The keys of all tests, each different one with a number.

use std::ops::Range;

use hashbrown::HashMap;

use super::keys::{Key, Kind, keys};
use super::packed::number;
use super::test::{Check, Test};
use crate::pace;

/// Keys by test.
pub(super) struct Keyed<'t> {
    tests: Vec<KeysOf>,
    /// The numbers of the keys of all tests.
    listed: Vec<u32>,
    /// The different keys of each subject.
    keys: Vec<Key<'t>>,
}

/// What a test can be looked up by.
struct KeysOf {
    /// Whose value is tested, if it can be looked up.
    subject: Option<u32>,
    kind: Kind,
    /// Whether passing a key is only the first half.
    is_guard: bool,
    /// Where its keys are listed.
    listed: Range<u32>,
}

impl<'t> Keyed<'t> {
    /// The keys of tests.
    pub fn new(tests: &'t [Test<'_>]) -> Self {
        let mut keyed = Self { tests: Vec::with_capacity(tests.len()), listed: Vec::new(), keys: Vec::new() };
        let mut numbers = HashMap::with_capacity(tests.len());
        for test in tests {
            pace::pause();
            keyed.add(test, &mut numbers);
        }
        keyed
    }

    fn add(&mut self, test: &'t Test<'_>, numbers: &mut HashMap<(u32, Key<'t>), u32>) {
        let (subject, is_guard) = match test {
            Test::Value { subject, check, .. } => {
                (*subject, matches!(check, Check::Guarded(..) | Check::GuardedEnd(..)))
            }
            Test::Condition { .. } => (0, false),
        };
        let (first, mut kind) = (number(self.listed.len()), None);
        let can_be_looked_up = keys(test, |key| {
            kind.get_or_insert(key.kind());
            let number = *numbers.entry((subject, key)).or_insert_with(|| {
                self.keys.push(key);
                number(self.keys.len() - 1)
            });
            self.listed.push(number);
        });
        self.tests.push(KeysOf {
            subject: can_be_looked_up.then_some(subject),
            kind: kind.unwrap_or(Kind::Equal),
            is_guard,
            listed: first..number(self.listed.len()),
        });
    }

    /// How many different keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key of that number.
    pub fn key(&self, number: u32) -> Option<Key<'t>> {
        self.keys.get(number as usize).copied()
    }

    /// The numbers of a test's keys; `None` if it cannot be looked up.
    pub fn keys_of(&self, test: u32) -> Option<&[u32]> {
        let test = self.tests.get(test as usize).filter(|test| test.subject.is_some())?;
        self.listed.get(test.listed.start as usize..test.listed.end as usize)
    }

    /// Whose value a test asks for; `None` if it cannot be looked up.
    pub fn subject_of(&self, test: u32) -> Option<u32> {
        self.tests.get(test as usize)?.subject
    }

    /// The kind of a test's keys.
    pub fn kind_of(&self, test: u32) -> Kind {
        self.tests.get(test as usize).map_or(Kind::Truth, |test| test.kind)
    }

    /// Whether what was looked up by the test is still to be confirmed.
    pub fn is_guard(&self, test: u32) -> bool {
        self.tests.get(test as usize).is_some_and(|test| test.is_guard)
    }
}
