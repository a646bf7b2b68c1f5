//! Patterns as automata that are fed byte by byte.

use std::sync::Arc;

use hashbrown::HashMap;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::{Input, MatchKind};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, Look};

use crate::lang::hir::{Glob, Pattern, Texts};
use crate::pace::pause;

/// The most memory that an automaton may take, in bytes.
const LIMIT_BYTES: usize = 1 << 20;

/// An automaton that accepts the texts in which a pattern matches somewhere.
#[derive(Debug)]
pub(in crate::analysis) struct Automaton {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
}

/// Where an automaton is: its state, and whether the pattern has matched already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct At(StateID, bool);

impl Automaton {
    fn new(hir: &Hir) -> Option<Self> {
        let nfa = Compiler::new()
            .configure(Config::new().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(LIMIT_BYTES)))
            .build_from_hir(hir)
            .ok()?;
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .accelerate(false)
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(LIMIT_BYTES))
            .determinize_size_limit(Some(LIMIT_BYTES));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        let start = dfa.start_state_forward(&Input::new(b"")).ok()?;
        Some(Self { dfa, start })
    }

    pub(super) fn start(&self) -> At {
        At(self.start, self.dfa.is_match_state(self.start))
    }

    pub(super) fn step(&self, at: At, byte: u8) -> At {
        if at.1 {
            return At(self.start, true);
        }
        let next = self.dfa.next_state(at.0, byte);
        let matched = self.dfa.is_match_state(next);
        At(if matched { self.start } else { next }, matched)
    }

    pub(super) fn accepts(&self, at: At) -> bool {
        at.1 || self.dfa.is_match_state(self.dfa.next_eoi_state(at.0))
    }

    /// A number for each byte; bytes of one number are alike to the automaton.
    pub(super) fn class(&self, byte: u8) -> u8 {
        self.dfa.byte_classes().get(byte)
    }
}

/// So many steps of single automata are made in all searches together, some seconds at most.
const MOST_STEPS: usize = 20_000_000;

/// To build so many bytes of an automaton takes as long as a step.
const BYTES_A_STEP: usize = 16;

/// Automata that were built, by what they look for.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Automata {
    built: HashMap<Texts<'static>, Option<Arc<Automaton>>>,
    /// What names are like.
    globs: HashMap<Glob, Texts<'static>>,
    /// The texts of patterns that stand in no policy.
    patterns: HashMap<String, Texts<'static>>,
    /// Short texts that patterns may match.
    samples: HashMap<Pattern, Option<Vec<u8>>>,
    /// The steps that they have made.
    steps: usize,
}

impl Automata {
    /// Counts steps that are to be made; false if all together are too many.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        pause();
        self.steps = self.steps.saturating_add(steps);
        self.steps <= MOST_STEPS
    }

    /// The texts that are like a pattern of names, as `make` makes them.
    pub(in crate::analysis) fn like(&mut self, glob: &Glob, make: fn(&Glob) -> Texts<'static>) -> Texts<'static> {
        if let Some(known) = self.globs.get(glob) {
            return known.clone();
        }
        let texts = make(glob);
        self.globs.insert(glob.clone(), texts.clone());
        texts
    }

    /// The texts of a pattern that stands in no policy, which is compiled but once.
    pub(in crate::analysis) fn pattern(&mut self, text: String) -> Texts<'static> {
        if let Some(known) = self.patterns.get(&text) {
            return known.clone();
        }
        let texts = Texts::Pattern(Pattern::new(&text), None);
        self.patterns.insert(text, texts.clone());
        texts
    }

    /// A short text that a pattern may match, as `make` makes it.
    pub(super) fn sample(&mut self, pattern: &Pattern, make: fn(&Pattern) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        if let Some(known) = self.samples.get(pattern) {
            return known.clone();
        }
        let sample = make(pattern);
        self.samples.insert(pattern.clone(), sample.clone());
        sample
    }

    /// The automaton of a pattern, an end or an extension; `None` if it would be too big, or if enough was done.
    pub(super) fn of(&mut self, texts: &Texts<'static>) -> Option<Arc<Automaton>> {
        if let Some(known) = self.built.get(texts) {
            return known.clone();
        }
        if !self.spend(0) {
            return None;
        }
        let built = expression(texts).as_ref().and_then(Automaton::new).map(Arc::new);
        let bytes = built.as_ref().map_or(LIMIT_BYTES, |automaton| automaton.dfa.memory_usage());
        self.spend(bytes / BYTES_A_STEP);
        self.built.insert(texts.clone(), built.clone());
        built
    }
}

fn expression(texts: &Texts<'static>) -> Option<Hir> {
    let parse = |text: &str| ParserBuilder::new().utf8(false).unicode(false).build().parse(text).ok();
    match texts {
        Texts::Pattern(pattern, _) => parse(pattern.text()),
        Texts::Suffix(end) => Some(Hir::concat(vec![Hir::literal(end.to_vec()), Hir::look(Look::End)])),
        Texts::Extension(extension) => {
            let text = regex_syntax::escape(std::str::from_utf8(extension).ok()?);
            parse(&format!("(?i)\\.{text}$"))
        }
        Texts::Exact(_) | Texts::Prefix(_) => None,
    }
}
