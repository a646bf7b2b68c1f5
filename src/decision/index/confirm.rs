//! Patterns that are looked at only after a literal in front of them was found.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use crate::lang::hir::{PATTERN_SIZE_LIMIT_BYTES, Pattern};

/// What remains to be matched.
#[derive(Clone, Debug)]
pub(super) enum Confirm {
    /// The whole pattern.
    Whole(Pattern),
    /// What follows the literal, which is that long.
    Rest { literal_bytes: u32, rest: Arc<Rest> },
}

impl Confirm {
    /// Whether a text that starts with the literal matches.
    pub fn is_match(&self, text: &[u8]) -> bool {
        match self {
            Self::Whole(pattern) => pattern.is_match(text),
            Self::Rest { literal_bytes, rest } => rest.matches_from(text, *literal_bytes as usize),
        }
    }
}

/// Rests are the same if they are one.
impl PartialEq for Confirm {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one == other,
            (Self::Rest { literal_bytes, rest }, Self::Rest { literal_bytes: other_bytes, rest: other }) => {
                literal_bytes == other_bytes && Arc::ptr_eq(rest, other)
            }
            _ => false,
        }
    }
}

impl Eq for Confirm {}

impl Hash for Confirm {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Whole(pattern) => pattern.text().hash(state),
            Self::Rest { literal_bytes, rest } => (literal_bytes, Arc::as_ptr(rest)).hash(state),
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
    /// The remainder that is anchored where the literal ends.
    pub fn new(hir: Hir) -> Self {
        Self { hir, compiled: OnceLock::new() }
    }

    /// Whether it can be of any length.
    pub fn is_unbounded(&self) -> bool {
        self.hir.properties().maximum_len().is_none()
    }

    fn matches_from(&self, text: &[u8], start: usize) -> bool {
        let build = || {
            let config = Config::new().utf8_empty(false).nfa_size_limit(Some(PATTERN_SIZE_LIMIT_BYTES));
            Regex::builder().configure(config).syntax(syntax::Config::new().utf8(false)).build_from_hir(&self.hir).ok()
        };
        let input = Input::new(text).range(start..).anchored(Anchored::Yes).earliest(true);
        self.compiled.get_or_init(build).as_ref().is_some_and(|regex| regex.is_match(input))
    }
}

impl std::fmt::Display for Rest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.hir.fmt(formatter)
    }
}
