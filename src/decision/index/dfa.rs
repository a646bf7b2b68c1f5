//! Several patterns as one dense DFA that reports all of them that match.

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::Hir;

/// Memory for a DFA that every set of patterns may take, and what each pattern adds, in bytes. Time
/// to build grows with it, so that a set that would explode is given up early.
const BASE_BYTES: usize = 128 << 10;
const BYTES_A_PATTERN: usize = 4 << 10;

/// Patterns by number. A look-up takes time in the length of the text, however many there are.
#[derive(Debug)]
pub(super) struct Dfa {
    dfa: dense::DFA<Vec<u32>>,
    /// What the DFA calls a pattern, as a pattern of ours.
    numbers: Box<[u32]>,
}

impl Dfa {
    /// A DFA of these patterns; `None` if it would be too big.
    pub fn new<'h>(patterns: impl Iterator<Item = (u32, &'h Hir)>) -> Option<Self> {
        let (numbers, hirs): (Vec<u32>, Vec<&Hir>) = patterns.unzip();
        let limit = BASE_BYTES + hirs.len().saturating_mul(BYTES_A_PATTERN);
        let nfa = Compiler::new()
            .configure(Config::new().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(2 * limit)))
            .build_many_from_hir(&hirs)
            .ok()?;
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .accelerate(false)
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(limit))
            .determinize_size_limit(Some(limit));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        Some(Self { dfa, numbers: numbers.into() })
    }

    /// Visits the patterns that match somewhere in `text`, some perhaps more than once.
    pub fn find(&self, text: &[u8], mut visit: impl FnMut(u32)) {
        let Ok(mut state) = self.dfa.start_state_forward(&Input::new(text)) else { return };
        for byte in text {
            state = self.dfa.next_state(state, *byte);
            if self.dfa.is_special_state(state) {
                if self.dfa.is_dead_state(state) {
                    return;
                }
                self.matched(state).for_each(&mut visit);
            }
        }
        self.matched(self.dfa.next_eoi_state(state)).for_each(visit);
    }

    /// The patterns that end where a state is reached.
    fn matched(&self, state: StateID) -> impl Iterator<Item = u32> {
        let count = if self.dfa.is_match_state(state) { self.dfa.match_len(state) } else { 0 };
        let patterns = (0..count).map(move |at| self.dfa.match_pattern(state, at).as_usize());
        patterns.filter_map(|pattern| self.numbers.get(pattern).copied())
    }
}
