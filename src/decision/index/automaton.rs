//! Finds all patterns of a fact that match in one go.

use aho_corasick::{AhoCorasick, MatchKind};
use regex_syntax::hir::{Hir, Look};

use super::dfa::Dfa;
use super::found::Found;
use super::shape::{Guard, guard};
use crate::lang::hir::Pattern;

/// How many patterns that may begin anywhere go into one DFA: its building takes time in their
/// square, since each may begin at each place.
const FLOATING_IN_A_DFA: usize = 32;
/// After how many DFAs that would be too big the rest is not tried.
const MOST_FAILURES: usize = 4;

/// Many patterns at once. Each is found by the cheapest way that it allows:
/// - in a DFA that has the last word: patterns anchored at the start, and the others if they are few;
/// - by literals that it cannot match without, all in one automaton, and confirmed alone;
/// - in DFAs of some patterns each;
/// - tried each time, if a DFA of it would be too big and it has no such literal.
#[derive(Debug, Default)]
pub(super) struct Automaton {
    dfas: Vec<Dfa>,
    literals: Option<Literals>,
    /// Compiled when the automaton is built: they are needed with the first request.
    tried: Vec<(u32, Pattern)>,
    /// How many patterns there are.
    count: usize,
}

/// A pattern by its number.
type Numbered<'p> = (u32, &'p (Pattern, Hir));

impl Automaton {
    /// An automaton of patterns, which are numbered in order.
    pub fn new(patterns: &[(Pattern, Hir)]) -> Self {
        let mut automaton = Self { count: patterns.len(), ..Self::default() };
        let is_anchored = |(_, (_, hir)): &Numbered<'_>| hir.properties().look_set_prefix().contains(Look::Start);
        let (anchored, mut rest): (Vec<_>, Vec<_>) = (0..).zip(patterns).partition(is_anchored);
        if !automaton.add_dfa(&anchored) {
            rest.extend(anchored);
        }
        if rest.len() > FLOATING_IN_A_DFA || !automaton.add_dfa(&rest) {
            let rest = automaton.add_literals(&rest);
            automaton.add_dfas(&rest);
        }
        automaton
    }

    /// Takes patterns into one DFA; `false` if it would be too big.
    fn add_dfa(&mut self, patterns: &[Numbered<'_>]) -> bool {
        let dfa = if patterns.is_empty() { None } else { Dfa::new(patterns.iter().map(|(at, (_, hir))| (*at, hir))) };
        let is_done = dfa.is_some() || patterns.is_empty();
        self.dfas.extend(dfa);
        is_done
    }

    /// Takes the patterns that have literals; those that have none are given back.
    fn add_literals<'p>(&mut self, patterns: &[Numbered<'p>]) -> Vec<Numbered<'p>> {
        let guards: Vec<Option<Guard>> = patterns.iter().map(|(_, (_, hir))| guard(hir)).collect();
        let guarded = patterns.iter().zip(&guards).filter_map(|(pattern, guard)| Some((*pattern, guard.as_ref()?)));
        self.literals = Literals::new(guarded, self.count);
        let is_left = |guard: &Option<Guard>| guard.is_none() || self.literals.is_none();
        patterns.iter().zip(&guards).filter(|(_, guard)| is_left(guard)).map(|(pattern, _)| *pattern).collect()
    }

    fn add_dfas(&mut self, patterns: &[Numbered<'_>]) {
        let mut failures = 0;
        for some in patterns.chunks(FLOATING_IN_A_DFA) {
            if failures >= MOST_FAILURES || !self.add_dfa(some) {
                failures += 1;
                self.tried.extend(some.iter().map(|(at, (pattern, _))| (*at, pattern.clone())));
            }
        }
        for (_, pattern) in &self.tried {
            let _ = pattern.regex();
        }
    }

    /// All patterns that match somewhere in `text`.
    pub fn find(&self, text: &[u8]) -> Found {
        let mut found = Found::default();
        for dfa in &self.dfas {
            dfa.find(text, |number| found.add(number, self.count));
        }
        if let Some(literals) = &self.literals {
            literals.find(text, self.count, &mut found);
        }
        for (number, _) in self.tried.iter().filter(|(_, pattern)| pattern.is_match(text)) {
            found.add(*number, self.count);
        }
        found
    }
}

/// Literals that patterns cannot match without.
#[derive(Debug)]
struct Literals {
    all: AhoCorasick,
    /// The pattern of each literal.
    numbers: Box<[u32]>,
    /// By pattern: what is to be confirmed where its literal occurs.
    unsure: Box<[Option<Pattern>]>,
}

impl Literals {
    /// `None` if there are too many.
    fn new<'p>(patterns: impl Iterator<Item = (Numbered<'p>, &'p Guard)>, count: usize) -> Option<Self> {
        let (mut texts, mut numbers, mut unsure) = (Vec::new(), Vec::new(), vec![None; count]);
        for ((number, (pattern, _)), guard) in patterns {
            numbers.resize(numbers.len() + guard.texts.len(), number);
            texts.extend(guard.texts.iter());
            if let Some(place) = unsure.get_mut(number as usize).filter(|_| !guard.is_sure) {
                *place = Some(pattern.clone());
            }
        }
        let all = AhoCorasick::builder().match_kind(MatchKind::Standard).build(texts).ok()?;
        Some(Self { all, numbers: numbers.into(), unsure: unsure.into() })
    }

    /// Adds the patterns that match. Each is confirmed once, however often its literal occurs.
    fn find(&self, text: &[u8], count: usize, found: &mut Found) {
        let mut suspected = Found::default();
        let occurrences = self.all.try_find_overlapping_iter(text).into_iter().flatten();
        for number in occurrences.filter_map(|at| self.numbers.get(at.pattern().as_usize())) {
            suspected.add(*number, count);
        }
        for number in suspected.iter() {
            match self.unsure.get(number as usize) {
                Some(Some(pattern)) if !pattern.is_match(text) => {}
                _ => found.add(number, count),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::decision::index::shape::parse;

    fn patterns(texts: &[&str]) -> Vec<(Pattern, Hir)> {
        texts.iter().map(|text| (Pattern::new(*text), parse(text).unwrap())).collect()
    }

    /// The same patterns, each way on its own.
    fn all_ways(patterns: &[(Pattern, Hir)]) -> Vec<Automaton> {
        let numbered: Vec<Numbered<'_>> = (0..).zip(patterns).collect();
        let empty = || Automaton { count: patterns.len(), ..Automaton::default() };
        let (mut literals, mut dfas) = (empty(), empty());
        let rest = literals.add_literals(&numbered);
        literals.add_dfas(&rest);
        dfas.add_dfas(&numbered);
        let tried = numbered.iter().map(|(at, (pattern, _))| (*at, pattern.clone())).collect();
        vec![Automaton::new(patterns), literals, dfas, Automaton { tried, ..empty() }]
    }

    const PATTERNS: [&str; 8] = ["a+b", "^/a[0-9]+", "[ab]+$", "b/a", "(?i)^/B[a-z]", r"\bb", "0.*1", "^/a[0-9]+$"];

    type Ways = (Vec<(Pattern, Hir)>, Vec<Automaton>);

    static WAYS: LazyLock<Ways> = LazyLock::new(|| {
        let patterns = patterns(&PATTERNS);
        let ways = all_ways(&patterns);
        (patterns, ways)
    });

    proptest! {
        #[test]
        fn all_patterns_that_match_are_found(text in "[abB/01 ]{0,10}") {
            let (patterns, ways) = &*WAYS;
            let expected: Vec<u32> =
                (0..).zip(patterns).filter(|(_, (one, _))| one.is_match(text.as_bytes())).map(|(at, _)| at).collect();
            for automaton in ways {
                let mut found: Vec<u32> = automaton.find(text.as_bytes()).iter().collect();
                found.sort_unstable();
                prop_assert_eq!(&found, &expected);
            }
        }
    }

    #[test]
    fn more_matches_than_fit_are_kept_as_bits() {
        let texts: Vec<String> = (0..100).map(|at| format!("[ab]+(x{at})?")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for automaton in all_ways(&patterns(&texts)) {
            assert_eq!(automaton.find(b"xa").iter().count(), 100);
            assert_eq!(automaton.find(b"x").iter().count(), 0);
        }
    }

    #[test]
    fn patterns_that_would_explode_are_found_by_their_literals() {
        let texts: Vec<String> = (0..300).map(|at| format!("x{at}y.*z{at}w")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let automaton = Automaton::new(&patterns(&texts));
        assert!(automaton.dfas.is_empty() && automaton.tried.is_empty());
        assert_eq!(automaton.find(b"x7y x8y z8w").iter().collect::<Vec<_>>(), [8]);
    }

    #[test]
    fn plain_literals_need_no_confirmation() {
        let texts: Vec<String> = (0..300).map(|at| format!("session{at}=")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let automaton = Automaton::new(&patterns(&texts));
        let unsure = automaton.literals.as_ref().map(|literals| literals.unsure.iter().flatten().count());
        assert_eq!(unsure, Some(0));
        assert_eq!(automaton.find(b"a=b; session12=x").iter().collect::<Vec<_>>(), [12]);
    }
}
