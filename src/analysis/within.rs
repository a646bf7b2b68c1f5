//! What a value is made of, and what decides which one it is.
//!
//! Values share their parts, and behind a few hundred rules that begin again each is within others more often than can be
//! counted: every part is looked at once.

use std::collections::HashSet;
use std::sync::Arc;

use super::formula::Formula;
use super::ladder::Ladder;
use super::term::Term;

/// What is to be done about a part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It is what is looked for.
    Found,
    /// What it is made of has to be looked at.
    Inside,
    /// What it is made of makes no difference.
    Past,
}

/// Looks for a part of values.
pub(super) struct Within<L> {
    look: L,
    /// What was looked at, by where it stands.
    seen: HashSet<*const ()>,
}

impl<L: FnMut(&Term) -> Look> Within<L> {
    pub(super) fn new(look: L) -> Self {
        Self { look, seen: HashSet::new() }
    }

    /// Whether a part of a value, or of what decides which one it is, is found.
    pub(super) fn term(&mut self, term: &Term) -> bool {
        match (self.look)(term) {
            Look::Found => true,
            Look::Past => false,
            Look::Inside => self.inside(term),
        }
    }

    fn inside(&mut self, term: &Term) -> bool {
        match term {
            Term::Made(made) => self.is_new(Arc::as_ptr(made).cast()) && made.of.iter().any(|part| self.term(part)),
            Term::Chosen(chosen) => {
                self.is_new(Arc::as_ptr(chosen).cast())
                    && (chosen.terms().any(|part| self.term(part)) || self.ladder(chosen.ladder()))
            }
            _ => false,
        }
    }

    /// Whether a part of a value that a condition asks for is found.
    pub(super) fn formula(&mut self, formula: &Formula) -> bool {
        match formula {
            Formula::Const(_) => false,
            Formula::Literal(literal, _) => self.term(&literal.term),
            Formula::All(parts) | Formula::Any(parts) => {
                self.is_new(parts.place()) && parts.iter().any(|part| self.formula(part))
            }
            Formula::First(first) => self.ladder(&first.ladder),
        }
    }

    fn ladder(&mut self, ladder: &Arc<Ladder>) -> bool {
        self.is_new(Arc::as_ptr(ladder).cast()) && ladder.conditions().iter().any(|part| self.formula(part))
    }

    fn is_new(&mut self, place: *const ()) -> bool {
        self.seen.insert(place)
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, Within};
    use crate::analysis::term::{Op, Place, Term};
    use crate::lang::schema::Variable;

    #[test]
    fn what_a_value_has_in_it_many_times_is_looked_at_once() {
        const DOUBLED: usize = 100;
        let mut term = Term::Input(Place::Variable(Variable::ReqUrl));
        for _ in 0..DOUBLED {
            term = Term::made(Op::Concat, vec![term.clone(), term]);
        }
        let mut looks = 0;
        let mut look = |_: &Term| {
            looks += 1;
            Look::Inside
        };
        assert!(!Within::new(&mut look).term(&term));
        assert_eq!(looks, 2 * DOUBLED + 1);
        assert!(term.holds(&Place::Variable(Variable::ReqUrl)));
    }
}
