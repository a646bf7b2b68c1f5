//! Values of which nothing is known, by number.
//!
//! Two policies are compared with the same numbers for what the world brings to both alike.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::effort::Effort;
use super::formula::Formula;
use super::ladder::Ladder;
use super::term::{Place, Term, Unknown};
use crate::lang::hir::ExpressionKind as Kind;
use crate::lang::schema::{Function, Step};

/// What such a value is known again by.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Name {
    /// What a place holds at the start of a step, by how often the request and the fetch have begun again.
    Entering(Step, Times, Place),
    /// What a function yields there.
    Called(Step, Times, Function, Vec<Term>),
    /// A constant that nothing is known of, by its text.
    Constant(Vec<u8>),
}

/// How often a request and its fetch have begun again.
pub(super) type Times = (Term, Term);

/// Gives numbers.
#[derive(Debug, Default)]
pub(super) struct Unknowns {
    fresh: Cell<u32>,
    known: RefCell<HashMap<Name, u32>>,
    are_shared: bool,
    /// Ladders by what their conditions ask for.
    ladders: RefCell<HashMap<u64, Vec<Arc<Ladder>>>>,
    /// What was done to walk over all steps.
    pub effort: Effort,
}

impl Unknowns {
    /// Those of two policies that are compared: chance and the world are the same for both, each time that they are asked.
    pub(super) fn shared() -> Self {
        Self { are_shared: true, ..Self::default() }
    }

    /// Whether two policies are compared.
    pub(super) fn are_shared(&self) -> bool {
        self.are_shared
    }

    /// A value that is like no other.
    pub(super) fn anything(&self) -> Term {
        Term::Free(Unknown { number: self.number(), place: None, function: None })
    }

    /// The same of what stood in a place.
    pub(super) fn anything_at(&self, place: &Place) -> Term {
        Term::Free(Unknown { number: self.number(), place: Some(place.clone()), function: None })
    }

    fn number(&self) -> u32 {
        let number = self.fresh.get();
        self.fresh.set(number.wrapping_add(1));
        number
    }

    /// What a place holds at the start of a step: one request comes there but once, as often as it has begun again by then.
    pub(super) fn entering(&self, step: Step, times: Times, place: &Place) -> Term {
        let is_known = matches!(times, (Term::Number(_), Term::Number(_)));
        let number = if is_known || self.are_shared {
            self.known_as(Name::Entering(step, times, place.clone()))
        } else {
            self.number()
        };
        Term::Free(Unknown { number, place: Some(place.clone()), function: None })
    }

    /// The value of that name; like no other, where nothing is compared.
    pub(super) fn named(&self, name: Name) -> Term {
        let function = if let Name::Called(_, _, function, _) = &name { Some(*function) } else { None };
        let number = if self.are_shared { self.known_as(name) } else { self.number() };
        Term::Free(Unknown { number, place: None, function })
    }

    fn known_as(&self, name: Name) -> u32 {
        *self.known.borrow_mut().entry(name).or_insert_with(|| self.number())
    }

    /// A ladder: where two policies are compared, one that both have is the same.
    pub(super) fn ladder(&self, ladder: Ladder) -> Arc<Ladder> {
        if !self.are_shared {
            return Arc::new(ladder);
        }
        let mut ladders = self.ladders.borrow_mut();
        let alike = ladders.entry(hash_of(ladder.conditions())).or_default();
        if let Some(same) = alike.iter().find(|known| known.conditions() == ladder.conditions()) {
            return Arc::clone(same);
        }
        let ladder = Arc::new(ladder);
        alike.push(Arc::clone(&ladder));
        ladder
    }

    /// A constant that can be known again in another policy; `None` where nothing is compared.
    pub(super) fn constant(&self, kind: &Kind) -> Option<Term> {
        let text = match kind {
            Kind::File(file) => file.bytes.clone(),
            Kind::Real(_) | Kind::RateLimit(_) => format!("{kind:?}").into_bytes(),
            _ => return None,
        };
        self.are_shared.then(|| self.named(Name::Constant(text)))
    }
}

fn hash_of(conditions: &[Formula]) -> u64 {
    let mut hasher = DefaultHasher::new();
    conditions.hash(&mut hasher);
    hasher.finish()
}
