//! Values of which nothing is known, by number.
//!
//! Two policies are compared with the same numbers for what the world brings to both alike.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use super::ladder::Ladder;
use super::term::{Place, Term};
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
    known: Option<RefCell<HashMap<Name, u32>>>,
    ladders: RefCell<Vec<Arc<Ladder>>>,
}

impl Unknowns {
    /// Those of two policies that are compared: chance and the world are the same for both, each time that they are asked.
    pub(super) fn shared() -> Self {
        Self { known: Some(RefCell::default()), ..Self::default() }
    }

    /// Whether two policies are compared.
    pub(super) fn are_shared(&self) -> bool {
        self.known.is_some()
    }

    /// A value that is like no other.
    pub(super) fn anything(&self) -> Term {
        let number = self.fresh.get();
        self.fresh.set(number.wrapping_add(1));
        Term::Free(number)
    }

    /// The value of that name; like no other, where nothing is compared.
    pub(super) fn named(&self, name: Name) -> Term {
        match &self.known {
            None => self.anything(),
            Some(known) => {
                let fresh = || if let Term::Free(number) = self.anything() { number } else { 0 };
                Term::Free(*known.borrow_mut().entry(name).or_insert_with(fresh))
            }
        }
    }

    /// The place that held that value at the start of a step.
    pub(super) fn place(&self, value: &Term) -> Option<Place> {
        let (Term::Free(wanted), Some(known)) = (value, &self.known) else { return None };
        known.borrow().iter().find_map(|(name, number)| match name {
            Name::Entering(_, _, place) if number == wanted => Some(place.clone()),
            _ => None,
        })
    }

    /// A ladder: where two policies are compared, one that both have is the same.
    pub(super) fn ladder(&self, ladder: Ladder) -> Arc<Ladder> {
        if self.known.is_none() {
            return Arc::new(ladder);
        }
        let mut ladders = self.ladders.borrow_mut();
        if let Some(same) = ladders.iter().find(|known| known.conditions() == ladder.conditions()) {
            return Arc::clone(same);
        }
        let ladder = Arc::new(ladder);
        ladders.push(Arc::clone(&ladder));
        ladder
    }

    /// A constant that can be known again in another policy; `None` where nothing is compared.
    pub(super) fn constant(&self, kind: &Kind) -> Option<Term> {
        self.known.as_ref()?;
        let text = match kind {
            Kind::File(file) => file.bytes.clone(),
            Kind::Real(_) | Kind::RateLimit(_) => format!("{kind:?}").into_bytes(),
            _ => return None,
        };
        Some(self.named(Name::Constant(text)))
    }
}
