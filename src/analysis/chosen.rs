//! A value that a ladder chooses: ten thousand rows that each set another lifetime are one value, not ten thousand states.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;

use super::formula::Formula;
use super::ladder::{Ladder, Taken};
use super::model::{Model, Scalar};
use super::read::Context;
use super::several::make;
use super::state::Cases;
use super::term::Term;
use crate::lang::source::Span;

/// One of several values, by the arm of a ladder that is taken.
pub struct Chosen {
    ladder: Arc<Ladder>,
    /// Each value once, with the arms by which it is that.
    values: Vec<(Term, Taken)>,
    /// How many choices are within each other.
    size: usize,
    /// How many ladders are within each other, by which it is chosen.
    ladders: usize,
    /// How many values it may be, those of choices within it counted one by one.
    ways: usize,
    /// When it is set: that is asked again and again.
    set: OnceLock<Formula>,
    /// Of the ladder and the values, found once: values are looked up again and again.
    hash: u64,
}

/// A choice of more choices within each other is one of which nothing is known.
const MOST_WITHIN: usize = 64;

/// The same of ladders, which ask for what others chose.
const MOST_LADDERS: usize = 4;

/// The same of values that it may be, those of choices within it counted one by one: what a choice leaves as it is in several
/// places is counted for each.
const MOST_WAYS: usize = 1 << 18;

impl Context<'_> {
    /// A value by cases as one that a ladder chooses, of their conditions.
    pub(super) fn as_one(&self, value: &Cases, span: Span) -> Term {
        let cases: Vec<&(Formula, Term)> = value.iter().collect();
        let Some(((_, last), others)) = cases.split_last() else { return self.anything() };
        if others.is_empty() {
            return last.clone();
        }
        let conditions: Vec<Formula> = others.iter().map(|(guard, _)| guard.clone()).collect();
        let spans = vec![span; conditions.len()];
        let ladder = self.unknowns.ladder(Ladder::new(conditions, spans, span));
        let own: Vec<(usize, Term)> = others.iter().map(|(_, term)| term.clone()).enumerate().collect();
        self.chosen(&ladder, &own, last.clone())
    }

    /// The value of each arm that has one of its own, by number; all others have `otherwise`.
    pub(super) fn chosen(&self, ladder: &Arc<Ladder>, own: &[(usize, Term)], otherwise: Term) -> Term {
        let mut chosen = Chosen::new(ladder, own, otherwise);
        while let Some(flat) = chosen.flatter(self) {
            chosen = flat;
        }
        if chosen.is_deep() { self.anything() } else { Term::Chosen(chosen.kept()) }
    }
}

impl Chosen {
    fn new(ladder: &Arc<Ladder>, own: &[(usize, Term)], otherwise: Term) -> Self {
        let count = ladder.len();
        let others = Taken::of(own.iter().map(|(arm, _)| *arm), count).opposite(count);
        let values = by_value(own.iter().map(|(arm, term)| (*arm, term)), count);
        Self::of(Arc::clone(ladder), values.into_iter().chain([(otherwise, others)]).collect())
    }

    fn of(ladder: Arc<Ladder>, values: Vec<(Term, Taken)>) -> Self {
        make(values.iter().map(|(_, taken)| taken.parts()).sum());
        let size = values.iter().map(|(term, _)| term.size()).max().unwrap_or(0).saturating_add(1);
        let ladders = values.iter().map(|(term, _)| term.ladders()).max().unwrap_or(0).max(ladder.depth());
        let ways = values.iter().fold(0_usize, |ways, (term, _)| ways.saturating_add(term.ways()));
        let mut hasher = DefaultHasher::new();
        (Arc::as_ptr(&ladder), &values).hash(&mut hasher);
        Self { ladder, values, size, ladders, ways, set: OnceLock::new(), hash: hasher.finish() }
    }

    /// The one that is kept of all that are equal: what is chosen by many ladders in a row is within each other, and would
    /// be compared down to the last of them.
    fn kept(self) -> Arc<Self> {
        let ladder = Arc::clone(&self.ladder);
        ladder.choices().kept(self)
    }

    /// What tells it from others, in short.
    pub(super) fn digest(&self) -> u64 {
        self.hash
    }

    /// The same by one ladder, if behind all arms it is chosen by another one that is no longer. Of many statements in a
    /// row that each may leave another value only few choices are within each other then, and no ladder is made anew for
    /// each of them.
    fn flatter(&self, cx: &Context<'_>) -> Option<Self> {
        let (rest, _) = self.values.iter().find(|(_, taken)| *taken == Taken::rest())?;
        let Term::Chosen(behind) = rest else { return None };
        if behind.ladder.len() > self.ladder.len() {
            return None;
        }
        let ladder = cx.unknowns.ladder(self.ladder.followed_by(&behind.ladder));
        let count = self.ladder.len();
        let own = self.values.iter().filter(|(term, _)| term != rest);
        let own = own.flat_map(|(term, taken)| taken.iter().map(move |arm| (arm.unwrap_or(count), term)));
        let further = behind
            .values
            .iter()
            .flat_map(|(term, taken)| taken.iter().map(move |arm| (count + arm.unwrap_or(behind.ladder.len()), term)));
        let values = by_value(own.chain(further), ladder.len());
        Some(Self::of(ladder, values))
    }

    /// What is made of each value, chosen by the same ladder; `None` if there are more choices within each other than can be
    /// followed.
    pub(super) fn map(&self, change: impl Fn(&Term) -> Term) -> Option<Term> {
        let count = self.ladder.len();
        let made: Vec<(Term, &Taken)> = self.values.iter().map(|(term, taken)| (change(term), taken)).collect();
        let arms = made.iter().flat_map(|(term, taken)| taken.iter().map(move |arm| (arm.unwrap_or(count), term)));
        let mut values = by_value(arms, count);
        if let [(_, taken)] = values.as_slice()
            && taken.is_all(count)
        {
            return values.pop().map(|(term, _)| term);
        }
        let whole = Self::of(Arc::clone(&self.ladder), values);
        (!whole.is_deep()).then(|| Term::Chosen(whole.kept()))
    }

    /// Whether there are more choices within each other than can be followed.
    fn is_deep(&self) -> bool {
        self.size > MOST_WITHIN || self.ladders > MOST_LADDERS || self.ways > MOST_WAYS
    }

    /// How many values it may be, those of choices within it counted one by one.
    pub(super) fn ways(&self) -> usize {
        self.ways
    }

    /// How many choices are within each other.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// How many ladders are within each other, by which it is chosen.
    pub(super) fn ladders(&self) -> usize {
        self.ladders
    }

    /// When it is set, of which it is known when each value is.
    pub(super) fn is_set(&self, is_set: impl Fn(&Term) -> Formula) -> Formula {
        self.set.get_or_init(|| self.tested(is_set)).clone()
    }

    /// When a test of the value holds, of which it is known when it does of each.
    pub(super) fn tested(&self, test: impl Fn(&Term) -> Formula) -> Formula {
        self.tested_once(&test, &mut HashMap::new())
    }

    /// The same, where it is known of some choices already: a choice may be within others many times.
    fn tested_once(&self, test: &impl Fn(&Term) -> Formula, known: &mut HashMap<*const Self, Formula>) -> Formula {
        let mut always = Vec::new();
        let mut parts = Vec::new();
        for (term, taken) in &self.values {
            let tested = match term {
                Term::Chosen(within) => within.known_or_tested(test, known),
                term => test(term),
            };
            match tested {
                Formula::Const(false) => {}
                Formula::Const(true) => always.extend(taken.iter().map(|arm| arm.unwrap_or(self.ladder.len()))),
                formula => parts.push(Formula::all([Formula::first(&self.ladder, taken.clone()), formula])),
            }
        }
        let always = Formula::first(&self.ladder, Taken::of(always, self.ladder.len()));
        Formula::any([always].into_iter().chain(parts))
    }

    fn known_or_tested(&self, test: &impl Fn(&Term) -> Formula, known: &mut HashMap<*const Self, Formula>) -> Formula {
        let place = std::ptr::from_ref(self);
        if let Some(tested) = known.get(&place) {
            return tested.clone();
        }
        let tested = self.tested_once(test, known);
        known.insert(place, tested.clone());
        tested
    }

    /// The value for a model.
    pub(super) fn value(&self, model: &Model<'_>) -> Option<Scalar> {
        let arm = self.ladder.first(model);
        let (term, _) = self.values.iter().find(|(_, taken)| taken.contains(arm))?;
        model.value(term)
    }

    /// The values that it may be, each with its condition.
    pub(super) fn cases(&self) -> impl Iterator<Item = (Formula, &Term)> {
        self.values.iter().map(|(term, taken)| (Formula::first(&self.ladder, taken.clone()), term))
    }

    /// The values that it may be.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.values.iter().map(|(term, _)| term)
    }

    /// What it is chosen by.
    pub(super) fn ladder(&self) -> &Arc<Ladder> {
        &self.ladder
    }
}

/// Each value once, with the arms of a ladder of so many by which it is that.
fn by_value<'t>(values: impl Iterator<Item = (usize, &'t Term)>, count: usize) -> Vec<(Term, Taken)> {
    let mut arms: HashMap<&Term, Vec<usize>> = HashMap::new();
    for (arm, term) in values {
        arms.entry(term).or_default().push(arm);
    }
    let mut groups: Vec<(&Term, Vec<usize>)> = arms.into_iter().collect();
    groups.sort_by(|(_, one), (_, other)| one.cmp(other));
    groups.into_iter().map(|(term, arms)| (term.clone(), Taken::of(arms, count))).collect()
}

impl PartialEq for Chosen {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || self.hash == other.hash && Arc::ptr_eq(&self.ladder, &other.ladder) && self.values == other.values
    }
}

impl Eq for Chosen {}

impl Hash for Chosen {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl fmt::Debug for Chosen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Chosen({:p}, {} values)", Arc::as_ptr(&self.ladder), self.values.len())
    }
}
