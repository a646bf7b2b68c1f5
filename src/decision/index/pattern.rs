//! What becomes of the regular expressions of an index.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use regex_syntax::hir::Hir;

use super::automaton::Automaton;
use super::confirm::{Confirm, Rests};
use super::inputs::MOST_AUTOMATA;
use super::shape::{Guarded, Shape, shape};
use super::test::{Check, Table, Test, Texts};
use crate::lang::hir::Pattern;

/// How many patterns may share the literal in front of them before an automaton tells them apart.
const MOST_BEHIND_ONE_LITERAL: usize = 8;
/// How few patterns are tested one by one rather than in an automaton.
const FEW_PATTERNS: usize = 3;

/// Replaces each pattern by the cheapest check that is the same, and builds the automata.
pub(super) fn assign(table: &mut Table<'_>) -> Box<[Automaton]> {
    let (patterns, uses) = collect(&table.tests);
    let (settled, automata) = settle(patterns);
    for (test, pattern) in uses {
        if let Some(Test::Value { check, .. }) = table.tests.get_mut(test)
            && let Some(Some(settled)) = settled.get(pattern)
        {
            *check = settled.check();
        }
    }
    automata
}

/// A pattern of a subject.
struct Known {
    subject: u32,
    pattern: Pattern,
    shape: Shape,
}

/// The different patterns of each subject, and which test has which of them.
fn collect(tests: &[Test]) -> (Vec<Known>, Vec<(usize, usize)>) {
    let (mut patterns, mut uses) = (Vec::new(), Vec::new());
    let mut numbers: HashMap<(u32, &str), Option<usize>> = HashMap::new();
    for (at, test) in tests.iter().enumerate() {
        let Test::Value { subject, check: Check::Matches(pattern), .. } = test else { continue };
        let number = *numbers.entry((*subject, pattern.text())).or_insert_with(|| {
            let shape = shape(pattern.text())?;
            patterns.push(Known { subject: *subject, pattern: pattern.clone(), shape });
            Some(patterns.len() - 1)
        });
        uses.extend(number.map(|number| (at, number)));
    }
    (patterns, uses)
}

/// What a pattern has become; made into a check for each test that has it.
enum Settled {
    Equal(Texts),
    StartsWith(Texts),
    EndsWith(Texts),
    Guarded(Texts, Confirm),
    Shared { automaton: u32, pattern: u32 },
}

impl Settled {
    fn check(&self) -> Check {
        match self {
            Self::Equal(texts) => Check::OneOf(texts.clone()),
            Self::StartsWith(texts) => Check::StartsWith(texts.clone()),
            Self::EndsWith(texts) => Check::EndsWith(texts.clone()),
            Self::Guarded(starts, confirm) => Check::Guarded(starts.clone(), confirm.clone()),
            Self::Shared { automaton, pattern } => Check::Shared { automaton: *automaton, pattern: *pattern },
        }
    }
}

/// What becomes of each pattern, `None` if it stays as it is; and the automata.
fn settle(patterns: Vec<Known>) -> (Vec<Option<Settled>>, Box<[Automaton]>) {
    let crowded = behind_crowded_literals(&patterns);
    let (mut rests, mut others) = (Rests::default(), Others::default());
    let mut settled = Vec::with_capacity(patterns.len());
    for (number, (known, crowded)) in patterns.into_iter().zip(crowded).enumerate() {
        settled.push(match known.shape {
            Shape::Equal(texts) => Some(Settled::Equal(texts)),
            Shape::StartsWith(texts) => Some(Settled::StartsWith(texts)),
            Shape::EndsWith(texts) => Some(Settled::EndsWith(texts)),
            Shape::Guarded(guarded) if !crowded => {
                let confirm = rests.confirm(&known.pattern, &guarded);
                Some(Settled::Guarded(guarded.starts, confirm))
            }
            Shape::Guarded(Guarded { whole, .. }) | Shape::Other(whole) => {
                others.add(known.subject, Other { number, pattern: known.pattern, hir: whole });
                None
            }
        });
    }
    let automata = others.automata(&mut settled);
    (settled, automata)
}

/// For each pattern, whether its literals stand in front of many.
fn behind_crowded_literals(patterns: &[Known]) -> Vec<bool> {
    let starts = |known: &Known| match &known.shape {
        Shape::Guarded(guarded) => Some((known.subject, guarded.starts.clone())),
        _ => None,
    };
    let starts: Vec<_> = patterns.iter().map(starts).collect();
    let mut counts = HashMap::new();
    for start in starts.iter().flatten() {
        *counts.entry(start).or_insert(0) += 1;
    }
    let is_crowded = |start| counts.get(start).is_some_and(|count| *count > MOST_BEHIND_ONE_LITERAL);
    starts.iter().map(|start| start.as_ref().is_some_and(is_crowded)).collect()
}

/// A pattern that only an automaton speeds up.
struct Other {
    /// Which of all patterns.
    number: usize,
    pattern: Pattern,
    hir: Hir,
}

/// Such patterns by subject.
#[derive(Default)]
struct Others {
    by_subject: BTreeMap<u32, Vec<Other>>,
}

impl Others {
    fn add(&mut self, subject: u32, other: Other) {
        self.by_subject.entry(subject).or_default().push(other);
    }

    /// Automata for the subjects with the most patterns; those of the others stay on their own.
    fn automata(self, settled: &mut [Option<Settled>]) -> Box<[Automaton]> {
        let mut groups: Vec<Vec<Other>> = self.by_subject.into_values().collect();
        groups.retain(|patterns| patterns.len() > FEW_PATTERNS);
        groups.sort_by_key(|patterns| Reverse(patterns.len()));
        groups.truncate(MOST_AUTOMATA);
        for (automaton, group) in (0..).zip(&groups) {
            for (pattern, other) in (0..).zip(group) {
                if let Some(settled) = settled.get_mut(other.number) {
                    *settled = Some(Settled::Shared { automaton, pattern });
                }
            }
        }
        let patterns =
            |group: Vec<Other>| group.into_iter().map(|other| (other.pattern, other.hir)).collect::<Vec<_>>();
        groups.into_iter().map(|group| Automaton::new(&patterns(group))).collect()
    }
}
