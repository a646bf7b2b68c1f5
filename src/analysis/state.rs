//! What variables, fields and locals hold at a moment of a journey.

use std::sync::Arc;

use http::HeaderName;
use http::header::{COOKIE, HOST};

use super::formula::Formula;
use super::shared::Shared;
use super::term::{Op, Place, Term};
use crate::lang::hir::LocalId;
use crate::lang::schema::{Message, Step, Variable};

/// A value that depends on conditions: one of the terms, of which exactly one condition holds.
#[derive(Clone, Debug)]
pub struct Cases(Arc<[(Formula, Term)]>);

impl PartialEq for Cases {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

/// A value of more cases is taken for one of which nothing is known.
pub(super) const MOST_CASES: usize = 64;

impl Cases {
    /// A value of one case.
    #[must_use]
    pub fn one(term: Term) -> Self {
        Self(Arc::new([(Formula::Const(true), term)]))
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
        if let [(_, term)] = &*self.0 { Some(term) } else { None }
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
        let spread = self.spread();
        Formula::any(spread.iter().filter(|(_, term)| wanted(term)).map(|(guard, _)| guard.clone()))
    }

    /// The same with a case for each value that a ladder chooses, unless there are too many.
    #[must_use]
    pub fn spread(&self) -> Self {
        let is_chosen = |term: &Term| matches!(term, Term::Chosen(_));
        let ways: usize = self.0.iter().map(|(_, term)| term.ways()).fold(0, usize::saturating_add);
        if ways > MOST_CASES || !self.0.iter().any(|(_, term)| is_chosen(term)) {
            return self.clone();
        }
        let mut spread = Vec::new();
        for (guard, term) in self.0.iter() {
            term.by_cases(guard, &mut spread);
        }
        Self::new(spread)
    }
}

/// A key of more parts is taken for one of which nothing is known.
const MOST_KEY_PARTS: usize = 256;

/// Values by place. What is not said of a place is what came in there. A copy shares what it does not change: one is kept of
/// each statement that is asked about, and each has all places and names in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    values: Shared<Place, Cases>,
    pub(super) locals: Shared<LocalId, Cases>,
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
        self.values.get(place).is_some()
    }

    /// The places that were changed.
    pub fn changed(&self) -> impl Iterator<Item = &Place> {
        self.values.iter().map(|(place, _)| place)
    }

    /// Keeps what was changed in these places alone.
    pub(super) fn retain(&mut self, keeps: impl Fn(&Place) -> bool) {
        self.values.retain(keeps);
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
        self.locals.get(&id).cloned().unwrap_or_else(|| Cases::one(Term::Unset))
    }

    pub(super) fn bind(&mut self, id: LocalId, value: Cases) {
        self.locals.insert(id, value);
    }

    /// Adds a part to the key; one of very many is one of which nothing is known.
    pub(super) fn add_to_key(&mut self, part: Cases, fresh: impl FnOnce() -> Term) {
        if self.key.len() < MOST_KEY_PARTS {
            self.key.push(part);
        } else {
            self.key = vec![Cases::one(fresh())];
        }
    }

    /// The same, with a value of its own wherever there are differences: one of which nothing is known.
    pub(super) fn blur(&mut self, differences: &Differences, fresh: &mut impl FnMut() -> Term) {
        for (place, ()) in differences.places.iter() {
            self.values.insert(place.clone(), Cases::one(fresh()));
        }
        for (name, ()) in differences.names.iter() {
            self.locals.insert(*name, Cases::one(fresh()));
        }
        if differences.has_other_key {
            self.key = vec![Cases::one(fresh())];
        }
    }

    /// Adds in what another one differs.
    pub(super) fn add_differences(&self, other: &Self, differences: &mut Differences) {
        self.values.differences(&other.values, &mut |place| differences.places.insert(place.clone(), ()));
        self.locals.differences(&other.locals, &mut |name| differences.names.insert(*name, ()));
        differences.has_other_key |= self.key != other.key;
    }

    /// The places that hold something else.
    pub(super) fn differences(&self, other: &Self) -> Vec<Place> {
        let mut places = Vec::new();
        self.values.differences(&other.values, &mut |place| places.push(place.clone()));
        places
    }

    /// Whether what stands in no place is the same: the key, and locals.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        self.key == other.key && self.locals == other.locals
    }

    /// Blurs what stands in no place: the key, and locals.
    pub(super) fn blur_rest(&mut self, other: &Self, fresh: &mut impl FnMut() -> Term) {
        let mut differences = Differences::default();
        self.add_differences(other, &mut differences);
        self.blur(&Differences { places: Shared::default(), ..differences }, fresh);
    }
}

/// In what states differ.
#[derive(Default)]
pub(super) struct Differences {
    places: Shared<Place, ()>,
    names: Shared<LocalId, ()>,
    has_other_key: bool,
}
