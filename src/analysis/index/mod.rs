//! Conditions by what they ask of values, so that few of many are asked of a model.
//!
//! Of each condition one thing is kept that it cannot hold without, that which tells it from most others: a text in a value,
//! a cookie or a field that is there, an address. What a model has leads to the conditions that may hold of it.

mod claim;
mod values;

use std::net::IpAddr;
use std::ops::RangeInclusive;

use hashbrown::HashMap;

use super::formula::Formula;
use super::model::{Model, Scalar};
use super::term::Term;
use crate::lang::hir::Acl;
use claim::{Claims, Home, Key, home};
use values::Values;

/// Conditions by the value of which they ask something.
type Group = HashMap<Term, Values>;

/// Conditions by number.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the cookie or the parameter that has to be there.
    named: HashMap<(Home, Term), HashMap<Term, Group>>,
    /// By what is unset unless a model says something else: a field, a value of which nothing is known.
    said: HashMap<Term, Group>,
    /// By any other value.
    others: Group,
    /// By the first and the last address that they take.
    addresses: HashMap<Term, Vec<(RangeInclusive<IpAddr>, usize)>>,
    /// By the least and the largest number that they take.
    numbers: HashMap<Term, Vec<(RangeInclusive<i64>, usize)>>,
    /// Those of which nothing of the kind is known.
    open: Vec<usize>,
}

impl Index {
    pub(super) fn new(conditions: &[Formula], acls: &[Acl]) -> Self {
        let claims = Claims::of(conditions, acls);
        let mut index = Self::default();
        for (at, condition) in conditions.iter().enumerate() {
            match claims.best(condition) {
                Some(claim) => claim.into_iter().for_each(|(term, key)| index.add(term, key, at)),
                None => index.open.push(at),
            }
        }
        index.all_values().for_each(Values::finish);
        index
    }

    fn add(&mut self, term: &Term, key: &Key, at: usize) {
        match key {
            Key::Addresses(range) => self.addresses.entry(term.clone()).or_default().push((range.clone(), at)),
            Key::Numbers(range) => self.numbers.entry(term.clone()).or_default().push((range.clone(), at)),
            key => self.values(term).add(key, at),
        }
    }

    /// Where conditions on a text are kept.
    fn values(&mut self, term: &Term) -> &mut Values {
        let (home, base) = home(term);
        let group = match home {
            Home::Cookies | Home::Parameters => {
                let whole = base.as_made().and_then(|(_, of)| of.first()).unwrap_or(base);
                self.named.entry((home, whole.clone())).or_default().entry(base.clone()).or_default()
            }
            Home::Said => self.said.entry(base.clone()).or_default(),
            Home::Other => &mut self.others,
        };
        group.entry(term.clone()).or_default()
    }

    fn all_values(&mut self) -> impl Iterator<Item = &mut Values> {
        let named = self.named.values_mut().flat_map(HashMap::values_mut);
        named.chain(self.said.values_mut()).chain([&mut self.others]).flat_map(HashMap::values_mut)
    }

    /// Calls `visit` with all conditions that may hold of a model, some of them more than once.
    pub(super) fn candidates(&self, model: &Model<'_>, visit: &mut impl FnMut(usize)) {
        self.open.iter().for_each(|at| visit(*at));
        for (term, ranges) in &self.addresses {
            let address = model.address(term);
            ranges.iter().filter(|(range, _)| range.contains(&address)).for_each(|(_, at)| visit(*at));
        }
        for (term, ranges) in &self.numbers {
            let Some(Scalar::Number(Some(number))) = model.value(term) else { continue };
            ranges.iter().filter(|(range, _)| range.contains(&number)).for_each(|(_, at)| visit(*at));
        }
        let mut visit_all = |(term, values): (&Term, &Values)| values.candidates(term, model, visit);
        self.others.iter().for_each(&mut visit_all);
        model.chosen().filter_map(|(term, _)| self.said.get(term)).flatten().for_each(&mut visit_all);
        for ((home, whole), by_name) in &self.named {
            home.found(whole, model).iter().filter_map(|term| by_name.get(term)).flatten().for_each(&mut visit_all);
        }
    }
}

#[cfg(test)]
mod tests;
