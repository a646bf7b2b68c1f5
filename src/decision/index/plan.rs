//! Which value is looked up first, and which then.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::intervals::{Intervals, spread};
use super::keys::{Key, Kind, keys};
use super::lookup::{Candidate, Lookup, Matcher, Split, TextLookup};
use super::test::{Check, Test};

/// How few rows are tested in turn.
const FEW_ROWS: usize = 4;
/// How many look-ups lie behind each other at most. Each one leaves a share of its rows only, so that
/// this is far beyond what rows need; conditions with thousands of tests could go deeper.
const MOST_DEPTH: usize = 24;
/// What a split must leave at most of its rows, in hundredths, to be worth a look-up.
const WORTH_HUNDREDTHS: usize = 75;

/// An arm with tests that must all pass.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub arm: u32,
    pub tests: Vec<RowTest>,
}

/// A test of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowTest {
    pub test: u32,
    /// Whether a look-up has led here by it already, and it is only to be confirmed.
    pub spent: bool,
}

/// The matchers for rows in the order of their arms, and the number of the one to begin with.
pub(super) fn plan(tests: &[Test], rows: Vec<Row>) -> (Vec<Matcher>, u32) {
    let keys = Keys { of: tests.iter().map(keys).collect(), tests };
    let wanted: usize = rows.iter().flat_map(|row| &row.tests).map(|test| keys.get(*test).map_or(0, <[_]>::len)).sum();
    let mut planner = Planner { keys: &keys, matchers: Vec::new(), budget: 8 * wanted + 4_096, depth: 0 };
    let root = planner.matcher(rows);
    (planner.matchers, root)
}

/// The keys of all tests.
struct Keys<'t> {
    of: Vec<Option<Vec<Key<'t>>>>,
    tests: &'t [Test],
}

impl<'t> Keys<'t> {
    /// The keys by which a row can still be looked up; `None` if it cannot.
    fn get(&self, test: RowTest) -> Option<&[Key<'t>]> {
        self.of.get(test.test as usize)?.as_deref().filter(|_| !test.spent)
    }

    fn subject(&self, test: RowTest) -> Option<u32> {
        match self.tests.get(test.test as usize)? {
            Test::Value { subject, .. } => Some(*subject),
            Test::Condition { .. } => None,
        }
    }

    /// The test of a row that tells most by each subject.
    fn best(&self, row: &Row) -> BTreeMap<u32, (Kind, usize)> {
        let mut best = BTreeMap::new();
        for (at, test) in row.tests.iter().enumerate() {
            let (Some(keys), Some(subject)) = (self.get(*test), self.subject(*test)) else { continue };
            let kind = keys.first().map_or(Kind::Equal, Key::kind);
            let known = best.entry(subject).or_insert((kind, at));
            *known = (*known).min((kind, at));
        }
        best
    }

    /// What is left of a row that was looked up by its test at `at`.
    fn without(&self, row: &Row, at: usize) -> Row {
        let mut tests = row.tests.clone();
        if let Some(test) = tests.get_mut(at) {
            let check = self.tests.get(test.test as usize);
            test.spent = true;
            if !matches!(check, Some(Test::Value { check: Check::Guarded(..), .. })) {
                tests.remove(at);
            }
        }
        Row { arm: row.arm, tests }
    }
}

/// The rows that have a key of one subject.
#[derive(Default)]
struct Tally<'k, 't> {
    rows: usize,
    /// How often a row stands under a key, and the keys, by kind.
    kinds: BTreeMap<Kind, (usize, BTreeSet<&'k Key<'t>>)>,
}

impl Tally<'_, '_> {
    /// How many of `all` rows are left to test, in hundredths.
    fn expected_rows(&self, all: usize) -> usize {
        let kinds = self.kinds.iter().map(|(kind, (rows, keys))| kind.expected_rows(*rows, keys.len()));
        100 * (all - self.rows) + kinds.sum::<usize>()
    }
}

struct Planner<'k, 't> {
    keys: &'k Keys<'t>,
    matchers: Vec<Matcher>,
    /// How many rows may still be listed: a row stands under each of its keys, and lists of keys
    /// within lists of keys multiply.
    budget: usize,
    /// How many splits are under way.
    depth: usize,
}

impl<'k, 't> Planner<'k, 't> {
    fn matcher(&mut self, mut rows: Vec<Row>) -> u32 {
        // Nothing behind a row that is sure to pass is ever reached.
        if let Some(sure) = rows.iter().position(|row| row.tests.is_empty()) {
            rows.truncate(sure + 1);
        }
        self.depth += 1;
        let split = if rows.len() > FEW_ROWS && self.depth <= MOST_DEPTH { self.split(&rows) } else { None };
        self.depth -= 1;
        self.add(split.map_or_else(|| in_turn(&rows), |split| Matcher::Split(Box::new(split))))
    }

    fn add(&mut self, matcher: Matcher) -> u32 {
        self.matchers.push(matcher);
        u32::try_from(self.matchers.len() - 1).unwrap_or(u32::MAX)
    }

    fn split(&mut self, rows: &[Row]) -> Option<Split> {
        let subject = self.best_subject(rows)?;
        let chosen: Vec<Option<usize>> =
            rows.iter().map(|row| self.keys.best(row).get(&subject).map(|(_, at)| *at)).collect();
        let lookup = self.lookup(rows, &chosen)?;
        let wild: Vec<Row> =
            rows.iter().zip(&chosen).filter(|(_, chosen)| chosen.is_none()).map(|(row, _)| row.clone()).collect();
        let wild = if wild.is_empty() { None } else { Some(self.matcher(wild)) };
        Some(Split { subject, least: rows.first().map_or(u32::MAX, |row| row.arm), lookup, wild })
    }

    /// The subject whose value leaves the fewest rows to test; `None` if none leaves few enough.
    fn best_subject(&self, rows: &[Row]) -> Option<u32> {
        let mut tallies: BTreeMap<u32, Tally<'k, 't>> = BTreeMap::new();
        for row in rows {
            for (subject, (kind, at)) in self.keys.best(row) {
                let tally = tallies.entry(subject).or_default();
                let (count, known) = tally.kinds.entry(kind).or_default();
                let keys = row.tests.get(at).and_then(|test| self.keys.get(*test)).unwrap_or_default();
                *count += keys.len();
                known.extend(keys);
                tally.rows += 1;
            }
        }
        let expected = tallies.iter().map(|(subject, tally)| (tally.expected_rows(rows.len()), *subject));
        let (left, subject) = expected.min()?;
        (left <= WORTH_HUNDREDTHS * rows.len()).then_some(subject)
    }

    /// The look-up of the tests chosen in each row; `None` if it would list too many rows.
    fn lookup(&mut self, rows: &[Row], chosen: &[Option<usize>]) -> Option<Lookup> {
        let mut by_key: BTreeMap<Key<'t>, Vec<usize>> = BTreeMap::new();
        for (at, (row, chosen)) in rows.iter().zip(chosen).enumerate() {
            let test = chosen.and_then(|chosen| row.tests.get(chosen));
            for key in test.and_then(|test| self.keys.get(*test)).unwrap_or_default() {
                let listed = by_key.entry(*key).or_default();
                if listed.last() != Some(&at) {
                    listed.push(at);
                }
            }
        }
        let mut buckets = Buckets { rows, chosen, known: HashMap::new() };
        match by_key.first_key_value().map(|(key, _)| key.kind()) {
            Some(Kind::Number) => self.numbers(&by_key, &mut buckets).map(Lookup::Number),
            kind => {
                self.spend(by_key.values().map(Vec::len).sum())?;
                let by_key = by_key.into_iter().map(|(key, rows)| (key, self.bucket(rows, &mut buckets)));
                Some(match kind {
                    Some(Kind::Address) => Lookup::Address(by_key.filter_map(acl_entry).collect()),
                    Some(Kind::Truth) => Lookup::Truth(by_key.map(|(_, matcher)| matcher).last()?),
                    _ => Lookup::Text(text_lookup(by_key)),
                })
            }
        }
    }

    fn numbers(&mut self, by_key: &BTreeMap<Key<'t>, Vec<usize>>, buckets: &mut Buckets<'_>) -> Option<Intervals> {
        let ranges = by_key.iter().flat_map(|(key, rows)| rows.iter().map(move |row| (*key, *row)));
        let ranges = ranges.filter_map(|(key, row)| match key {
            Key::Within(start, end) => Some((start..=end, row)),
            _ => None,
        });
        let intervals = spread(ranges, self.budget)?;
        self.spend(intervals.iter().map(|(_, rows)| rows.len()).sum())?;
        let matcher = |(start, rows): (i64, Vec<usize>)| {
            (start, if rows.is_empty() { None } else { Some(self.bucket(rows, buckets)) })
        };
        Some(Intervals::new(intervals.into_iter().map(matcher).collect()))
    }

    /// The matcher of some of the rows, the same for the same rows.
    fn bucket(&mut self, rows: Vec<usize>, buckets: &mut Buckets<'_>) -> u32 {
        if let Some(known) = buckets.known.get(&rows) {
            return *known;
        }
        let left = rows.iter().filter_map(|at| {
            let (row, chosen) = (buckets.rows.get(*at)?, buckets.chosen.get(*at).copied().flatten()?);
            Some(self.keys.without(row, chosen))
        });
        let left = left.collect();
        let matcher = self.matcher(left);
        buckets.known.insert(rows, matcher);
        matcher
    }

    fn spend(&mut self, rows: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(rows)?;
        Some(())
    }
}

/// The rows of a split, with the test that each is looked up by.
struct Buckets<'r> {
    rows: &'r [Row],
    chosen: &'r [Option<usize>],
    known: HashMap<Vec<usize>, u32>,
}

fn in_turn(rows: &[Row]) -> Matcher {
    let tests = |row: &Row| row.tests.iter().map(|test| test.test).collect();
    Matcher::InTurn(rows.iter().map(|row| Candidate { arm: row.arm, tests: tests(row) }).collect())
}

fn acl_entry((key, matcher): (Key<'_>, u32)) -> Option<(crate::lang::hir::AclId, u32)> {
    match key {
        Key::InAcl(acl) => Some((acl, matcher)),
        _ => None,
    }
}

fn text_lookup<'t>(entries: impl Iterator<Item = (Key<'t>, u32)>) -> TextLookup {
    let mut lookup = TextLookup::default();
    let reversed = |text: &[u8]| text.iter().rev().copied().collect::<Vec<u8>>();
    for (key, matcher) in entries {
        match key {
            Key::Equal(text) => {
                lookup.equal.insert(text.into(), matcher);
            }
            Key::StartsWith(text) => lookup.prefixes.insert(text, matcher),
            Key::Segment(text) => lookup.prefixes.insert_segment(text, matcher),
            Key::EndsWith(text) => lookup.suffixes.insert(&reversed(text), matcher),
            Key::Extension(text) => lookup.extensions.insert(&reversed(&[b".", text].concat()), matcher),
            Key::Pattern { automaton, pattern } => {
                lookup.automaton = automaton;
                lookup.patterns.insert(pattern, matcher);
            }
            // Keys of other kinds of values.
            Key::Within(..) | Key::InAcl(_) | Key::IsTrue => {}
        }
    }
    lookup
}
