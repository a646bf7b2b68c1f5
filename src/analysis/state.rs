//! What variables, fields and locals hold at a moment of a journey.

use std::collections::HashMap;

use http::HeaderName;
use http::header::{COOKIE, HOST};

use super::formula::Formula;
use super::term::{Op, Place, Term};
use crate::lang::hir::LocalId;
use crate::lang::schema::{Message, Step, Variable};

/// A value that depends on conditions: one of the terms, of which exactly one condition holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cases(Vec<(Formula, Term)>);

/// A value of more cases is taken for one of which nothing is known.
pub(super) const MOST_CASES: usize = 64;

impl Cases {
    /// A value of one case.
    #[must_use]
    pub fn one(term: Term) -> Self {
        Self(vec![(Formula::Const(true), term)])
    }

    /// A value by cases; those that cannot be are left out.
    #[must_use]
    pub fn new(cases: impl IntoIterator<Item = (Formula, Term)>) -> Self {
        Self(cases.into_iter().filter(|(guard, _)| *guard != Formula::Const(false)).collect())
    }

    /// The conditions with the terms.
    pub fn iter(&self) -> impl Iterator<Item = &(Formula, Term)> {
        self.0.iter()
    }

    /// The only term, if there is but one case.
    #[must_use]
    pub fn only(&self) -> Option<&Term> {
        if let [(_, term)] = self.0.as_slice() { Some(term) } else { None }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The same of which something is made.
    #[must_use]
    pub fn map(&self, make: impl Fn(&Term) -> Term) -> Self {
        Self(self.0.iter().map(|(guard, term)| (guard.clone(), make(term))).collect())
    }

    /// Whether one of the cases is that term.
    #[must_use]
    pub fn holds(&self, wanted: impl Fn(&Term) -> bool) -> Formula {
        Formula::any(self.0.iter().filter(|(_, term)| wanted(term)).map(|(guard, _)| guard.clone()))
    }
}

/// Values by place. What is not said of a place is what came in there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    values: HashMap<Place, Cases>,
    pub(super) locals: Vec<Option<Cases>>,
    /// The parts of the cache key so far.
    pub key: Vec<Cases>,
    /// Where policies are compared: the step by which it is known what became of the lookup or the fetch.
    pub(crate) origin: Option<Step>,
}

impl State {
    /// What stands at a place.
    #[must_use]
    pub fn get(&self, place: &Place) -> Cases {
        self.values.get(place).cloned().unwrap_or_else(|| Cases::one(Term::Input(place.clone())))
    }

    /// Puts a value there.
    pub fn set(&mut self, place: Place, value: Cases) {
        if value.only() == Some(&Term::Input(place.clone())) {
            self.values.remove(&place);
        } else {
            self.values.insert(place, value);
        }
    }

    /// Whether it is still what came in.
    #[must_use]
    pub fn is_changed(&self, place: &Place) -> bool {
        self.values.contains_key(place)
    }

    /// The places that were changed.
    pub fn changed(&self) -> impl Iterator<Item = &Place> {
        self.values.keys()
    }

    /// Keeps what was changed in these places alone.
    pub(super) fn retain(&mut self, keeps: impl Fn(&Place) -> bool) {
        self.values.retain(|place, _| keeps(place));
    }

    /// The value of a variable; views are made of what they are views of.
    #[must_use]
    pub fn variable(&self, variable: Variable) -> Cases {
        let view = |op: Op, of: Cases| of.map(|term| Term::made(op.clone(), vec![term.clone()]));
        match variable {
            Variable::ReqPath => view(Op::Path, self.get(&Place::Variable(Variable::ReqUrl))),
            Variable::BereqPath => view(Op::Path, self.get(&Place::Variable(Variable::BereqUrl))),
            Variable::ReqHost => view(Op::Host, self.field(Message::Req, &HOST)),
            Variable::BereqHost => view(Op::Host, self.field(Message::Bereq, &HOST)),
            Variable::ReqTtl => self.get(&Place::Variable(Variable::ReqMaxAge)),
            _ => self.get(&Place::Variable(variable)),
        }
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, message: Message, name: &HeaderName) -> Cases {
        self.get(&Place::Field(message, name.clone()))
    }

    pub(super) fn url(&self, message: Message) -> Cases {
        let url = if message == Message::Bereq { Variable::BereqUrl } else { Variable::ReqUrl };
        self.get(&Place::Variable(url))
    }

    pub(super) fn cookies(&self, message: Message) -> Cases {
        self.field(message, &COOKIE)
    }

    pub(super) fn local(&self, id: LocalId) -> Cases {
        let local = self.locals.get(id.0 as usize).and_then(Option::as_ref);
        local.cloned().unwrap_or_else(|| Cases::one(Term::Unset))
    }

    pub(super) fn bind(&mut self, id: LocalId, value: Cases) {
        let at = id.0 as usize;
        if self.locals.len() <= at {
            self.locals.resize(at + 1, None);
        }
        if let Some(local) = self.locals.get_mut(at) {
            *local = Some(value);
        }
    }

    /// The same, with a value of its own wherever `other` differs: one of which nothing is known.
    pub(super) fn blur(&mut self, other: &Self, fresh: &mut impl FnMut() -> Term) {
        for place in self.differences(other) {
            self.values.insert(place, Cases::one(fresh()));
        }
        self.blur_rest(other, fresh);
    }

    /// The places that hold something else.
    pub(super) fn differences(&self, other: &Self) -> Vec<Place> {
        let own = self.values.iter().filter(|(place, value)| other.values.get(*place) != Some(*value));
        let others = other.values.keys().filter(|place| !self.values.contains_key(*place));
        own.map(|(place, _)| place).chain(others).cloned().collect()
    }

    /// Whether what stands in no place is the same: the key, and locals.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        self.key == other.key && self.locals == other.locals
    }

    /// Blurs what stands in no place: the key, and locals.
    pub(super) fn blur_rest(&mut self, other: &Self, fresh: &mut impl FnMut() -> Term) {
        if self.key != other.key {
            self.key = vec![Cases::one(fresh())];
        }
        let count = self.locals.len().max(other.locals.len());
        self.locals.resize(count, None);
        for (local, other) in self.locals.iter_mut().zip(other.locals.iter().chain(std::iter::repeat(&None))) {
            if local != other {
                *local = Some(Cases::one(fresh()));
            }
        }
    }
}
