//! Patterns that are looked at only after a literal in front of them was found.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::shape::Guarded;
use crate::lang::hir::{PATTERN_SIZE_LIMIT_BYTES, Pattern};

/// What remains to be matched.
#[derive(Clone, Debug)]
pub(super) enum Confirm {
    /// The whole pattern.
    Whole(Pattern),
    /// What follows the literal, which is that long.
    Rest { literal_bytes: usize, rest: Arc<Rest> },
}

impl Confirm {
    /// Whether a text that starts with the literal matches.
    pub fn is_match(&self, text: &[u8]) -> bool {
        match self {
            Self::Whole(pattern) => pattern.is_match(text),
            Self::Rest { literal_bytes, rest } => rest.matches_from(text, *literal_bytes),
        }
    }
}

/// The remainder of patterns behind their literal, compiled when it is first needed.
#[derive(Debug)]
pub(super) struct Rest {
    hir: Hir,
    compiled: OnceLock<Option<Regex>>,
}

impl Rest {
    fn matches_from(&self, text: &[u8], start: usize) -> bool {
        let build = || {
            let config = Config::new().utf8_empty(false).nfa_size_limit(Some(PATTERN_SIZE_LIMIT_BYTES));
            Regex::builder().configure(config).syntax(syntax::Config::new().utf8(false)).build_from_hir(&self.hir).ok()
        };
        let input = Input::new(text).range(start..).anchored(Anchored::Yes).earliest(true);
        self.compiled.get_or_init(build).as_ref().is_some_and(|regex| regex.is_match(input))
    }
}

/// The remainders so far: many rules end alike, and share what is compiled.
#[derive(Default)]
pub(super) struct Rests {
    known: HashMap<String, Arc<Rest>>,
}

impl Rests {
    /// How to confirm a pattern behind its guard.
    pub fn confirm(&mut self, pattern: &Pattern, guarded: &Guarded) -> Confirm {
        let (Some(rest), [literal]) = (&guarded.rest, &*guarded.starts) else { return Confirm::Whole(pattern.clone()) };
        let make = || Arc::new(Rest { hir: rest.clone(), compiled: OnceLock::new() });
        let rest = self.known.entry(rest.to_string()).or_insert_with(make);
        Confirm::Rest { literal_bytes: literal.len(), rest: Arc::clone(rest) }
    }
}
