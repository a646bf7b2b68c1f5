//! What is kept of the rows: the tests that no look-up settles.

use hashbrown::HashMap;

use super::packed::number;
use super::test::{Check, Test};

/// In how many bits of a word the length of a text is that stands within a row, with its subject above.
const BITS_OF_LENGTH: u32 = 7;
/// The longest that stands there.
const LONGEST_NEAR: usize = (1 << BITS_OF_LENGTH) - 1;
/// In how many bits of a word the number of these texts is, with that of the other tests above.
const BITS_OF_TEXTS: u32 = 4;
/// The most that stand there.
const MOST_NEAR: usize = (1 << BITS_OF_TEXTS) - 1;

/// Rows one after the other. Of thousands little is near when one is come to: it is found with one look at memory, and
/// what most are asked, whether a subject is some text, stands within it.
#[derive(Debug)]
pub(super) struct Rows(Box<[u8]>);

/// An arm, with the tests that the way to it has not settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptRow<'r> {
    pub arm: u32,
    /// How many texts, and how many tests by number.
    counts: u32,
    /// Each text behind its subject and its length, then the numbers of the tests.
    rest: &'r [u8],
}

impl Rows {
    /// The row that begins there.
    pub fn at(&self, at: u32) -> Option<KeptRow<'_>> {
        KeptRow::first_of(self.0.get(at as usize..)?)
    }
}

impl<'r> KeptRow<'r> {
    /// The row that the bytes begin with.
    pub fn first_of(bytes: &'r [u8]) -> Option<Self> {
        let (arm, rest) = word(bytes)?;
        let (counts, rest) = word(rest)?;
        Some(Self { arm, counts, rest })
    }

    /// Whether all of its tests pass: whether a subject `is` a text, and whether the test of a number `passes`.
    pub fn holds(&self, is: impl Fn(u32, &[u8]) -> bool, passes: impl Fn(u32) -> bool) -> bool {
        self.first_failing(is, passes).is_none()
    }

    /// `Some` where a test fails.
    fn first_failing(&self, is: impl Fn(u32, &[u8]) -> bool, passes: impl Fn(u32) -> bool) -> Option<()> {
        let mut rest = self.rest;
        for _ in 0..lower(self.counts, BITS_OF_TEXTS) {
            let Some((subject, text, behind)) = near(rest) else { return Some(()) };
            if !is(subject, text) {
                return Some(());
            }
            rest = behind;
        }
        for _ in 0..self.counts >> BITS_OF_TEXTS {
            let Some((test, behind)) = word(rest) else { return Some(()) };
            if !passes(test) {
                return Some(());
            }
            rest = behind;
        }
        None
    }
}

/// The first text with its subject, and what follows.
fn near(rest: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (head, rest) = word(rest)?;
    let (text, rest) = rest.split_at_checked(lower(head, BITS_OF_LENGTH) as usize)?;
    Some((head >> BITS_OF_LENGTH, text, rest))
}

fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*word), rest))
}

fn lower(word: u32, bits: u32) -> u32 {
    word & ((1 << bits) - 1)
}

/// Collects what is kept.
pub(super) struct Keeper<'t, 'h> {
    all: &'t [Test<'h>],
    rows: Vec<u8>,
    /// Where each row begins.
    starts: Vec<u32>,
    tests: Vec<Test<'static>>,
    /// By number, and whether only the second half is left.
    known: HashMap<(u32, bool), u32>,
    /// By what is asked of which subject.
    same: HashMap<(u32, Check<'static>, bool), u32>,
    /// The texts of the row that is added, and the numbers of its tests.
    texts: Vec<u8>,
    numbers: Vec<u32>,
}

impl<'t, 'h> Keeper<'t, 'h> {
    /// Nothing yet.
    pub fn new(all: &'t [Test<'h>]) -> Self {
        let (known, same) = (HashMap::new(), HashMap::new());
        let (rows, starts, tests) = (Vec::new(), Vec::new(), Vec::new());
        Self { all, rows, starts, tests, known, same, texts: Vec::new(), numbers: Vec::new() }
    }

    /// The bytes of the row that begins there.
    pub fn row(&self, at: u32) -> &[u8] {
        let behind = self.starts.partition_point(|start| *start <= at);
        let end = self.starts.get(behind).map_or(self.rows.len(), |start| *start as usize);
        self.rows.get(at as usize..end).unwrap_or_default()
    }

    /// Adds a row with its tests, each with whether it has been looked up and is only to be confirmed: where it begins.
    pub fn add(&mut self, arm: u32, tests: impl Iterator<Item = (u32, bool)>) -> u32 {
        let mut count = 0;
        for (test, confirmed) in tests {
            if let Some((head, text)) = self.short_text(test).filter(|_| count < MOST_NEAR) {
                self.texts.extend_from_slice(&head.to_le_bytes());
                self.texts.extend_from_slice(text);
                count += 1;
            } else {
                let kept = self.keep(test, confirmed);
                self.numbers.push(kept);
            }
        }
        let at = number(self.rows.len());
        self.starts.push(at);
        let counts = number(count) | number(self.numbers.len()) << BITS_OF_TEXTS;
        self.rows.extend([arm, counts].map(u32::to_le_bytes).as_flattened());
        self.rows.append(&mut self.texts);
        self.rows.extend(self.numbers.drain(..).flat_map(u32::to_le_bytes));
        at
    }

    /// The text that a test asks for, if it is one that can stand within a row, with its length and subject in a word.
    fn short_text(&self, test: u32) -> Option<(u32, &'t [u8])> {
        match self.all.get(test as usize)? {
            Test::Value { subject, check: Check::OneOf(texts), negated: false } => {
                let only = texts.only().filter(|only| only.len() <= LONGEST_NEAR)?;
                let fits = *subject < 1 << (u32::BITS - BITS_OF_LENGTH);
                fits.then(|| (subject << BITS_OF_LENGTH | number(only.len()), only))
            }
            _ => None,
        }
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
        let asked = (subject, check, negated);
        if let Some(known) = self.same.get(&asked) {
            return *known;
        }
        let kept = self.push(Test::Value { subject, check: asked.1.clone(), negated });
        self.same.insert(asked, kept);
        kept
    }

    fn push(&mut self, test: Test<'static>) -> u32 {
        self.tests.push(test);
        number(self.tests.len() - 1)
    }

    /// The rows, and their tests by number.
    pub fn finish(self) -> (Rows, Box<[Test<'static>]>) {
        (Rows(self.rows.into()), self.tests.into())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::text_list::TextList;
    use super::*;

    #[test]
    fn a_row_is_asked_its_texts_and_then_its_tests() {
        let text = |text: &[u8], negated| Test::Value {
            subject: 7,
            check: Check::OneOf(TextList::packed([text].into_iter())),
            negated,
        };
        let long = [b'x'; LONGEST_NEAR + 1];
        let all = [text(b"www", true), text(b"", false), text(&long, false), text(b"/a", false)];
        let mut keeper = Keeper::new(&all);
        let places = [keeper.add(1, std::iter::empty()), keeper.add(2, (0..4).map(|test| (test, false)))];
        let (rows, tests) = keeper.finish();
        let asked = places.map(|at| {
            let (row, asked) = (rows.at(at).expect("it was put there"), RefCell::new(Vec::new()));
            let note = |said: String| asked.borrow_mut().push(said);
            let is = |subject, text: &[u8]| {
                note(format!("{subject} {}", text.escape_ascii()));
                true
            };
            let passes = |test| {
                note(format!("test {test}"));
                true
            };
            assert!(row.holds(is, passes));
            (row.arm, asked.into_inner())
        });
        let second = ["7 ", "7 /a", "test 0", "test 1"].map(str::to_owned).to_vec();
        assert_eq!(asked, [(1, Vec::new()), (2, second)]);
        assert_eq!(tests.len(), 2);
        let row = rows.at(places[1]).expect("it was put there");
        assert!(!row.holds(|_, text| text.is_empty(), |_| true));
        assert!(!row.holds(|_, _| true, |test| test == 0));
    }
}
