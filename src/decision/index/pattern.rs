//! What becomes of the regular expressions of an index.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hashbrown::HashMap;
use regex_syntax::hir::Hir;

use super::automaton::Automaton;
use super::inputs::MOST_AUTOMATA;
use super::shape::{Shape, Shapes, parse};
use super::test::{Check, Test};
use super::text_list::TextList;
use crate::lang::hir::Pattern;
use crate::pace;

/// How many patterns may share the literal in front of them before an automaton tells them apart.
const MOST_BEHIND_ONE_LITERAL: usize = 8;
/// How few patterns are tested one by one rather than in an automaton.
const FEW_PATTERNS: usize = 3;

/// Replaces each pattern by the cheapest check that is the same, and builds the automata.
pub(super) fn assign(tests: &mut [Test<'_>]) -> Box<[Automaton]> {
    let (patterns, uses) = collect(tests);
    let (settled, automata) = settle(patterns);
    for (test, pattern) in uses {
        if let Some(Test::Value { check, .. }) = tests.get_mut(test)
            && let Some(Some(settled)) = settled.get(pattern)
        {
            check.clone_from(settled);
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
fn collect(tests: &[Test<'_>]) -> (Vec<Known>, Vec<(usize, usize)>) {
    let (mut patterns, mut uses) = (Vec::new(), Vec::new());
    let mut numbers: HashMap<(u32, &str), Option<usize>> = HashMap::new();
    let mut shapes = Shapes::default();
    for (at, test) in tests.iter().enumerate() {
        let Test::Value { subject, check: Check::Matches(pattern), .. } = test else { continue };
        pace::pause();
        let number = *numbers.entry((*subject, pattern.text())).or_insert_with(|| {
            let shape = shapes.shape(pattern)?;
            patterns.push(Known { subject: *subject, pattern: pattern.clone(), shape });
            Some(patterns.len() - 1)
        });
        uses.extend(number.map(|number| (at, number)));
    }
    (patterns, uses)
}

/// What becomes of each pattern, `None` if it stays as it is; and the automata.
fn settle(patterns: Vec<Known>) -> (Vec<Option<Check<'static>>>, Box<[Automaton]>) {
    let crowded = behind_crowded_literals(&patterns);
    let packed = |texts: &[Box<[u8]>]| TextList::Borrowed(texts).own();
    let (mut others, mut settled) = (Others::default(), Vec::with_capacity(patterns.len()));
    for (number, (known, crowded)) in patterns.into_iter().zip(crowded).enumerate() {
        pace::pause();
        let mut add = |pattern, hir| others.add(known.subject, Other { number, pattern, hir });
        settled.push(match known.shape {
            Shape::Equal(texts) => Some(Check::OneOf(packed(&texts))),
            Shape::StartsWith(texts) => Some(Check::StartsWith(packed(&texts))),
            Shape::EndsWith(texts) => Some(Check::EndsWith(packed(&texts))),
            Shape::Guarded(..) | Shape::GuardedEnd(..) if crowded => {
                if let Some(hir) = parse(known.pattern.text()) {
                    add(known.pattern, hir);
                }
                None
            }
            Shape::Guarded(starts, confirm) => Some(Check::Guarded(packed(&starts), confirm)),
            Shape::GuardedEnd(ends, confirm) => Some(Check::GuardedEnd(packed(&ends), confirm)),
            Shape::Other(whole) => {
                add(known.pattern, whole);
                None
            }
        });
    }
    let automata = others.automata(&mut settled);
    (settled, automata)
}

/// What a pattern begins with, or ends with: the subject, which of the two, and the texts.
type Literals<'a> = (u32, bool, &'a [Box<[u8]>]);

/// For each pattern, whether its literals stand in front of many.
fn behind_crowded_literals(patterns: &[Known]) -> Vec<bool> {
    fn literals(known: &Known) -> Option<Literals<'_>> {
        match &known.shape {
            Shape::Guarded(starts, _) => Some((known.subject, false, starts.as_slice())),
            Shape::GuardedEnd(ends, _) => Some((known.subject, true, ends.as_slice())),
            _ => None,
        }
    }
    let mut counts = HashMap::new();
    for literal in patterns.iter().filter_map(literals) {
        *counts.entry(literal).or_insert(0) += 1;
    }
    let is_crowded = |literal| counts.get(&literal).is_some_and(|count| *count > MOST_BEHIND_ONE_LITERAL);
    patterns.iter().map(|known| literals(known).is_some_and(is_crowded)).collect()
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
    fn automata(self, settled: &mut [Option<Check<'static>>]) -> Box<[Automaton]> {
        let mut groups: Vec<Vec<Other>> = self.by_subject.into_values().collect();
        groups.retain(|patterns| patterns.len() > FEW_PATTERNS);
        groups.sort_by_key(|patterns| Reverse(patterns.len()));
        groups.truncate(MOST_AUTOMATA);
        for (automaton, group) in (0..).zip(&groups) {
            for (pattern, other) in (0..).zip(group) {
                if let Some(settled) = settled.get_mut(other.number) {
                    *settled = Some(Check::Shared { automaton, pattern });
                }
            }
        }
        let patterns =
            |group: Vec<Other>| group.into_iter().map(|other| (other.pattern, other.hir)).collect::<Vec<_>>();
        groups.into_iter().map(|group| Automaton::new(&patterns(group))).collect()
    }
}
