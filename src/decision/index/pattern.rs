//! What becomes of the regular expressions of an index.

use std::collections::HashMap;

use regex_syntax::hir::Hir;

use super::automaton::Automaton;
use super::confirm::Rests;
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
    let mut shapes = Shapes::default();
    for test in &table.tests {
        if let Test::Value { subject, check: Check::Matches(pattern), .. } = test {
            shapes.add(*subject, pattern);
        }
    }
    let (checks, automata) = shapes.settle();
    for test in &mut table.tests {
        if let Test::Value { subject, check, .. } = test
            && let Check::Matches(pattern) = check
            && let Some(settled) = checks.get(&(*subject, pattern.text().to_owned()))
        {
            *check = settled.check();
        }
    }
    automata
}

/// A pattern of a subject: the same text may be matched against several.
type Key = (u32, String);

/// What a pattern has become; made into a check for each test that has it.
enum Settled {
    Equal(Texts),
    StartsWith(Texts),
    EndsWith(Texts),
    Guarded(Texts, super::confirm::Confirm),
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

/// The different patterns of each subject, in order.
#[derive(Default)]
struct Shapes {
    known: HashMap<Key, usize>,
    list: Vec<(u32, Pattern, Shape)>,
}

impl Shapes {
    fn add(&mut self, subject: u32, pattern: &Pattern) {
        let key = (subject, pattern.text().to_owned());
        if self.known.contains_key(&key) {
            return;
        }
        if let Some(shape) = shape(pattern.text()) {
            self.known.insert(key, self.list.len());
            self.list.push((subject, pattern.clone(), shape));
        }
    }

    fn settle(self) -> (HashMap<Key, Settled>, Box<[Automaton]>) {
        let crowded = self.crowded_literals();
        let (mut settled, mut rests, mut others) = (HashMap::new(), Rests::default(), Others::default());
        for (subject, pattern, shape) in self.list {
            let key = (subject, pattern.text().to_owned());
            let check = match shape {
                Shape::Equal(texts) => Settled::Equal(texts),
                Shape::StartsWith(texts) => Settled::StartsWith(texts),
                Shape::EndsWith(texts) => Settled::EndsWith(texts),
                Shape::Guarded(guarded) if crowded.contains_key(&(subject, guarded.starts.clone())) => {
                    others.add(subject, pattern, guarded.whole);
                    continue;
                }
                Shape::Guarded(guarded) => {
                    let confirm = rests.confirm(&pattern, &guarded);
                    Settled::Guarded(guarded.starts, confirm)
                }
                Shape::Other(hir) => {
                    others.add(subject, pattern, hir);
                    continue;
                }
            };
            settled.insert(key, check);
        }
        let automata = others.automata(&mut settled);
        (settled, automata)
    }

    /// The literals that stand in front of many patterns.
    fn crowded_literals(&self) -> HashMap<(u32, Texts), usize> {
        let mut counts = HashMap::new();
        for (subject, _, shape) in &self.list {
            if let Shape::Guarded(Guarded { starts, .. }) = shape {
                *counts.entry((*subject, starts.clone())).or_insert(0) += 1;
            }
        }
        counts.retain(|_, count| *count > MOST_BEHIND_ONE_LITERAL);
        counts
    }
}

/// The patterns that only an automaton speeds up, by subject.
#[derive(Default)]
struct Others {
    by_subject: Vec<(u32, Vec<(Pattern, Hir)>)>,
}

impl Others {
    fn add(&mut self, subject: u32, pattern: Pattern, hir: Hir) {
        match self.by_subject.iter_mut().find(|(other, _)| *other == subject) {
            Some((_, patterns)) => patterns.push((pattern, hir)),
            None => self.by_subject.push((subject, vec![(pattern, hir)])),
        }
    }

    /// Automata for the subjects with the most patterns; those of the others stay on their own.
    fn automata(mut self, settled: &mut HashMap<Key, Settled>) -> Box<[Automaton]> {
        self.by_subject.retain(|(_, patterns)| patterns.len() > FEW_PATTERNS);
        self.by_subject.sort_by_key(|(subject, patterns)| (std::cmp::Reverse(patterns.len()), *subject));
        self.by_subject.truncate(MOST_AUTOMATA);
        let mut automata = Vec::new();
        for (automaton, (subject, patterns)) in (0..).zip(&self.by_subject) {
            automata.push(Automaton::new(patterns));
            for (number, (pattern, _)) in (0..).zip(patterns) {
                let shared = Settled::Shared { automaton, pattern: number };
                settled.insert((*subject, pattern.text().to_owned()), shared);
            }
        }
        automata.into()
    }
}
