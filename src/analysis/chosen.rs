//! A value that a ladder chooses: ten thousand rows that each set another lifetime are one value, not ten thousand states.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::formula::Formula;
use super::ladder::{Ladder, Taken};
use super::model::{Model, Scalar};
use super::term::{Place, Term};

/// One of several values, by the arm of a ladder that is taken.
pub struct Chosen {
    ladder: Arc<Ladder>,
    /// Each value once, with the arms by which it is that.
    values: Vec<(Term, Taken)>,
}

impl Chosen {
    /// The value of each arm that has one of its own, by number; all others have `otherwise`.
    pub(super) fn new(ladder: &Arc<Ladder>, own: &[(usize, Term)], otherwise: Term) -> Self {
        let mut arms: HashMap<&Term, Vec<usize>> = HashMap::new();
        for (arm, term) in own {
            arms.entry(term).or_default().push(*arm);
        }
        let mut groups: Vec<(Term, Vec<usize>)> = arms.into_iter().map(|(term, arms)| (term.clone(), arms)).collect();
        groups.sort_by(|(_, one), (_, other)| one.cmp(other));
        let own = Taken::of(own.iter().map(|(arm, _)| *arm), ladder.len());
        let values = groups.into_iter().map(|(term, arms)| (term, Taken::of(arms, ladder.len())));
        let values = values.chain([(otherwise, own.opposite(ladder.len()))]).collect();
        Self { ladder: Arc::clone(ladder), values }
    }

    /// When a test of the value holds, of which it is known when it does of each.
    pub(super) fn tested(&self, test: impl Fn(&Term) -> Formula) -> Formula {
        let mut always = Vec::new();
        let mut parts = Vec::new();
        for (term, taken) in &self.values {
            match test(term) {
                Formula::Const(false) => {}
                Formula::Const(true) => always.extend(taken.iter().map(|arm| arm.unwrap_or(self.ladder.len()))),
                formula => parts.push(Formula::all([Formula::first(&self.ladder, taken.clone()), formula])),
            }
        }
        let always = Formula::first(&self.ladder, Taken::of(always, self.ladder.len()));
        Formula::any([always].into_iter().chain(parts))
    }

    /// The value for a model.
    pub(super) fn value(&self, model: &Model<'_>) -> Option<Scalar> {
        let arm = self.ladder.first(model);
        let (term, _) = self.values.iter().find(|(_, taken)| taken.contains(arm))?;
        model.value(term)
    }

    /// The values that it may be.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.values.iter().map(|(term, _)| term)
    }

    /// Whether one of the values is so, or something by which it is chosen.
    pub(super) fn is_made_of(&self, mut is: impl FnMut(&Term) -> bool) -> bool {
        let mut found = self.terms().any(&mut is);
        for condition in self.ladder.conditions() {
            condition.literals(&mut |literal| found = found || is(&literal.term));
        }
        found
    }

    /// Whether a value is a part of it, or of what it is chosen by.
    pub(super) fn holds(&self, place: &Place) -> bool {
        self.is_made_of(|term| term.holds(place))
    }
}

impl PartialEq for Chosen {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || Arc::ptr_eq(&self.ladder, &other.ladder) && self.values == other.values
    }
}

impl Eq for Chosen {}

impl Hash for Chosen {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.ladder).hash(state);
        self.values.len().hash(state);
    }
}

impl fmt::Debug for Chosen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Chosen({:p}, {} values)", Arc::as_ptr(&self.ladder), self.values.len())
    }
}
