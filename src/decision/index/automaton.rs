//! One automaton that finds all patterns of a fact that match.

use regex_automata::dfa::Automaton as _;
use regex_automata::dfa::dense;
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::Hir;

use super::shape::guard;
use crate::lang::hir::Pattern;

/// Patterns in one dense DFA. A look-up takes time in the length of the text, not in the number of
/// patterns, as long as each is in the DFA as it is.
///
/// A DFA can be exponential in its patterns. When it would pass its limit, patterns that are not
/// anchored, then all, are represented by the literals that they cannot match without and confirmed
/// one by one; if that is too much as well, each is tried.
#[derive(Debug)]
pub(super) struct Automaton {
    dfa: Option<dense::DFA<Vec<u32>>>,
    /// What the DFA calls a pattern, as a pattern of ours.
    numbers: Box<[u32]>,
    /// Whether the DFA has the last word on all patterns.
    is_sure: bool,
    /// The patterns that a match of the DFA only suggests.
    unsure: Box<[Option<Pattern>]>,
    /// The patterns that the DFA knows nothing of.
    missing: Box<[u32]>,
}

/// How a pattern goes into the DFA.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Guard,
}

impl Automaton {
    /// An automaton of patterns, which are numbered in order.
    pub fn new(patterns: &[(Pattern, Hir)]) -> Self {
        let anchored = |hir: &Hir| hir.properties().look_set_prefix().contains(regex_syntax::hir::Look::Start);
        let floating_guarded = |hir: &Hir| if anchored(hir) { Form::Whole } else { Form::Guard };
        Self::build(patterns, |_| Form::Whole)
            .or_else(|| Self::build(patterns, floating_guarded))
            .or_else(|| Self::build(patterns, |_| Form::Guard))
            .unwrap_or_else(|| Self::without_dfa(patterns))
    }

    fn build(patterns: &[(Pattern, Hir)], form: impl Fn(&Hir) -> Form) -> Option<Self> {
        let (mut hirs, mut numbers, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let mut unsure = Vec::with_capacity(patterns.len());
        for (number, (pattern, hir)) in (0..).zip(patterns) {
            let whole = form(hir) == Form::Whole;
            unsure.push((!whole).then(|| pattern.clone()));
            match if whole { Some(hir.clone()) } else { guard(hir) } {
                Some(hir) => (hirs.push(hir), numbers.push(number)).1,
                None => missing.push(number),
            }
        }
        let dfa = Some(compile(&hirs)?);
        let is_sure = unsure.iter().all(Option::is_none);
        Some(Self { dfa, numbers: numbers.into(), is_sure, unsure: unsure.into(), missing: missing.into() })
    }

    fn without_dfa(patterns: &[(Pattern, Hir)]) -> Self {
        let unsure = patterns.iter().map(|(pattern, _)| Some(pattern.clone())).collect();
        let missing = (0..).zip(patterns).map(|(number, _)| number).collect();
        Self { dfa: None, numbers: Box::default(), is_sure: false, unsure, missing }
    }

    /// How many patterns it knows.
    pub fn len(&self) -> usize {
        self.unsure.len()
    }

    /// All patterns that match somewhere in `text`.
    pub fn find(&self, text: &[u8]) -> Found {
        let mut found = Found::default();
        self.run(text, &mut found);
        if self.is_sure {
            return found;
        }
        for number in &self.missing {
            found.add(*number, self.len());
        }
        found.retain(|number| match self.unsure.get(number as usize) {
            Some(Some(pattern)) => pattern.is_match(text),
            _ => true,
        });
        found
    }

    fn run(&self, text: &[u8], found: &mut Found) {
        let Some(dfa) = &self.dfa else { return };
        let Ok(mut state) = dfa.start_state_forward(&Input::new(text)) else { return };
        for byte in text {
            state = dfa.next_state(state, *byte);
            if dfa.is_special_state(state) {
                if dfa.is_dead_state(state) {
                    return;
                }
                self.collect(dfa, state, found);
            }
        }
        self.collect(dfa, dfa.next_eoi_state(state), found);
    }

    fn collect(&self, dfa: &dense::DFA<Vec<u32>>, state: regex_automata::util::primitives::StateID, found: &mut Found) {
        if !dfa.is_match_state(state) {
            return;
        }
        let matched = (0..dfa.match_len(state)).map(|at| dfa.match_pattern(state, at).as_usize());
        for number in matched.filter_map(|pattern| self.numbers.get(pattern)) {
            found.add(*number, self.len());
        }
    }
}

/// A DFA that reports every pattern that matches; `None` if it would be too big.
fn compile(hirs: &[Hir]) -> Option<dense::DFA<Vec<u32>>> {
    let limit = (256 << 10) + hirs.len().saturating_mul(4 << 10);
    let nfa = Compiler::new()
        .configure(Config::new().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(2 * limit)))
        .build_many_from_hir(hirs)
        .ok()?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .accelerate(false)
        .start_kind(regex_automata::dfa::StartKind::Unanchored)
        .dfa_size_limit(Some(limit))
        .determinize_size_limit(Some(limit));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()
}

/// How many matching patterns are kept without the heap.
const FEW: usize = 16;

/// The patterns that match, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    few: [u32; FEW],
    count: usize,
    /// A bit for each pattern, once there are more.
    many: Vec<u64>,
}

impl Found {
    /// Adds one of `all` patterns.
    fn add(&mut self, number: u32, all: usize) {
        if self.contains(number) {
            return;
        }
        if self.many.is_empty() {
            if let Some(place) = self.few.get_mut(self.count) {
                *place = number;
                self.count += 1;
                return;
            }
            self.many = vec![0; all.div_ceil(64)];
            let few = self.few;
            for number in few {
                self.mark(number);
            }
        }
        self.mark(number);
    }

    fn mark(&mut self, number: u32) {
        if let Some(word) = self.many.get_mut(number as usize / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// Whether a pattern matches.
    pub fn contains(&self, number: u32) -> bool {
        match self.many.get(number as usize / 64) {
            Some(word) => word & (1 << (number % 64)) != 0,
            None => self.few.iter().take(self.count).any(|few| *few == number),
        }
    }

    /// The patterns that match.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let few = if self.many.is_empty() { self.count } else { 0 };
        let bits = (0..).zip(&self.many).flat_map(|(at, word)| bits(*word).map(move |bit| at * 64 + bit));
        self.few.iter().take(few).copied().chain(bits)
    }

    fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        let mut kept = Self { many: vec![0; self.many.len()], ..Self::default() };
        for number in self.iter().filter(|number| keep(*number)) {
            kept.add(number, self.many.len() * 64);
        }
        *self = kept;
    }
}

fn bits(word: u64) -> impl Iterator<Item = u32> {
    let lowest = |word: u64| (word != 0).then_some(word);
    std::iter::successors(lowest(word), move |word| lowest(word & (word - 1))).map(u64::trailing_zeros)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::decision::index::shape::{Guarded, Shape, shape};

    fn patterns(texts: &[&str]) -> Vec<(Pattern, Hir)> {
        let parse = |text: &&str| match shape(text).unwrap() {
            Shape::Other(hir) | Shape::Guarded(Guarded { whole: hir, .. }) => (Pattern::new(*text), hir),
            other => panic!("{text} is {other:?}"),
        };
        texts.iter().map(parse).collect()
    }

    fn all_forms(patterns: &[(Pattern, Hir)]) -> Vec<Automaton> {
        let forms = [Form::Whole, Form::Guard].map(|form| Automaton::build(patterns, |_| form).unwrap());
        forms.into_iter().chain([Automaton::without_dfa(patterns)]).collect()
    }

    const PATTERNS: [&str; 8] = ["a+b", "^/a[0-9]+", "[ab]+$", "b/a", "(?i)^/B[a-z]", r"\bb", "0.*1", "^/a[0-9]+$"];

    type Forms = (Vec<(Pattern, Hir)>, Vec<Automaton>);

    static FORMS: LazyLock<Forms> = LazyLock::new(|| {
        let patterns = patterns(&PATTERNS);
        let forms = all_forms(&patterns);
        (patterns, forms)
    });

    proptest! {
        #[test]
        fn all_patterns_that_match_are_found(text in "[abB/01 ]{0,10}") {
            let (patterns, forms) = &*FORMS;
            let expected: Vec<u32> =
                (0..).zip(patterns).filter(|(_, (one, _))| one.is_match(text.as_bytes())).map(|(at, _)| at).collect();
            for automaton in forms {
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
        for automaton in all_forms(&patterns(&texts)) {
            assert_eq!(automaton.find(b"xa").iter().count(), 100);
            assert_eq!(automaton.find(b"x").iter().count(), 0);
        }
    }

    #[test]
    fn patterns_that_would_explode_are_confirmed_one_by_one() {
        let texts: Vec<String> = (0..30).map(|at| format!("x{at}y.*z{at}w")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let patterns = patterns(&texts);
        assert!(Automaton::build(&patterns, |_| Form::Whole).is_none());
        let automaton = Automaton::new(&patterns);
        assert_eq!(automaton.find(b"x7y x8y z8w").iter().collect::<Vec<_>>(), [8]);
    }
}
