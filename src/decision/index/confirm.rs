//! Patterns that are looked at only after a literal in front of them, or at their end, was found.

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
    /// What comes before the literal at the end, which is that long.
    Front { literal_bytes: u32, front: Arc<Rest> },
}

impl Confirm {
    /// Whether a text that starts or ends with the literal matches.
    pub fn is_match(&self, text: &[u8]) -> bool {
        match self {
            Self::Whole(pattern) => pattern.is_match(text),
            Self::Rest { literal_bytes, rest } => rest.matches_from(text, *literal_bytes as usize),
            Self::Front { literal_bytes, front } => {
                let end = text.len().saturating_sub(*literal_bytes as usize);
                front.matches_up_to(text.get(..end).unwrap_or_default())
            }
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
            (Self::Front { literal_bytes, front }, Self::Front { literal_bytes: other_bytes, front: other }) => {
                literal_bytes == other_bytes && Arc::ptr_eq(front, other)
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
            Self::Rest { literal_bytes, rest: part } | Self::Front { literal_bytes, front: part } => {
                (literal_bytes, Arc::as_ptr(part)).hash(state);
            }
        }
    }
}

/// The remainder of patterns behind or before their literal, compiled when it is first needed.
#[derive(Debug)]
pub(super) struct Rest {
    hir: Hir,
    compiled: OnceLock<Option<Regex>>,
}

impl Rest {
    /// The remainder, which is anchored where the literal is.
    pub fn new(hir: Hir) -> Self {
        Self { hir, compiled: OnceLock::new() }
    }

    /// Whether it can be of any length.
    pub fn is_unbounded(&self) -> bool {
        self.hir.properties().maximum_len().is_none()
    }

    fn matches_from(&self, text: &[u8], start: usize) -> bool {
        self.matches(Input::new(text).range(start..).anchored(Anchored::Yes))
    }

    /// The anchor at the end is part of it.
    fn matches_up_to(&self, text: &[u8]) -> bool {
        self.matches(Input::new(text))
    }

    fn matches(&self, input: Input<'_>) -> bool {
        let build = || {
            let config = Config::new().utf8_empty(false).nfa_size_limit(Some(PATTERN_SIZE_LIMIT_BYTES));
            Regex::builder().configure(config).syntax(syntax::Config::new().utf8(false)).build_from_hir(&self.hir).ok()
        };
        self.compiled.get_or_init(build).as_ref().is_some_and(|regex| regex.is_match(input.earliest(true)))
    }
}

impl std::fmt::Display for Rest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.hir.fmt(formatter)
    }
}
