//! Conditions that are asked one after the other, of which the first that holds decides.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use ipnet::IpNet;

use super::formula::{Formula, Test};
use super::model::{Model, Scalar};
use super::term::Term;
use crate::lang::hir::{Acl, AclId, Texts};
use crate::lang::source::Span;

/// The conditions of an `if`, a `match` or a table.
#[derive(Debug)]
pub struct Ladder {
    conditions: Vec<Formula>,
    spans: Vec<Span>,
    rest: Span,
    index: OnceLock<Index>,
    /// How many ladders are within each other: conditions that ask for what another one chose.
    depth: usize,
}

/// Which way out of a ladder is taken.
#[derive(Debug)]
pub struct First {
    /// The ladder.
    pub ladder: Arc<Ladder>,
    /// One of these.
    pub taken: Taken,
}

impl PartialEq for First {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ladder, &other.ladder) && self.taken == other.taken
    }
}

/// Some of the arms of a ladder, by number, and what is behind them all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Taken {
    arms: Vec<u32>,
    rest: bool,
}

impl Taken {
    /// That arm alone.
    #[must_use]
    pub fn arm(arm: usize) -> Self {
        Self { arms: u32::try_from(arm).into_iter().collect(), rest: false }
    }

    /// Those arms of a ladder of so many, in any order; what is behind them all is one more.
    #[must_use]
    pub fn of(arms: impl IntoIterator<Item = usize>, all: usize) -> Self {
        let mut sorted: Vec<usize> = arms.into_iter().collect();
        sorted.sort_unstable();
        let mut taken = Self::default();
        for arm in sorted {
            taken.add(arm, all);
        }
        taken
    }

    /// What is done if no condition of a ladder holds, alone.
    #[must_use]
    pub fn rest() -> Self {
        Self { arms: Vec::new(), rest: true }
    }

    /// Adds an arm of a ladder of so many, or what is behind them all; they come in order.
    pub fn add(&mut self, arm: usize, arms: usize) {
        match u32::try_from(arm) {
            Ok(number) if arm < arms => self.arms.push(number),
            _ => self.rest = true,
        }
    }

    /// The arms, then `None` if no condition may hold.
    pub fn iter(&self) -> impl Iterator<Item = Option<usize>> {
        self.arms.iter().map(|arm| Some(*arm as usize)).chain(self.rest.then_some(None))
    }

    /// Whether that arm is one of them.
    #[must_use]
    pub fn contains(&self, arm: Option<usize>) -> bool {
        match arm {
            Some(arm) => self.arms.binary_search(&u32::try_from(arm).unwrap_or(u32::MAX)).is_ok(),
            None => self.rest,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.arms.is_empty() && !self.rest
    }

    pub(super) fn is_all(&self, arms: usize) -> bool {
        self.rest && self.arms.len() == arms
    }

    /// All others.
    pub(super) fn opposite(&self, arms: usize) -> Self {
        let arms = (0..u32::try_from(arms).unwrap_or(u32::MAX)).filter(|arm| self.arms.binary_search(arm).is_err());
        Self { arms: arms.collect(), rest: !self.rest }
    }
}

impl Ladder {
    /// A ladder of conditions with their places; `rest` is the place of the whole.
    #[must_use]
    pub fn new(conditions: Vec<Formula>, spans: Vec<Span>, rest: Span) -> Self {
        let depth = conditions.iter().map(depth).max().unwrap_or(0).saturating_add(1);
        Self { conditions, spans, rest, index: OnceLock::new(), depth }
    }

    /// The same conditions, and then those of another one.
    pub(super) fn followed_by(&self, other: &Self) -> Self {
        let conditions = self.conditions.iter().chain(&other.conditions).cloned().collect();
        let spans = self.spans.iter().chain(&other.spans).copied().collect();
        Self::new(conditions, spans, other.rest)
    }

    /// The conditions in order.
    #[must_use]
    pub fn conditions(&self) -> &[Formula] {
        &self.conditions
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.conditions.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// How many ladders are within each other, this one counted.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Where an arm stands, or the whole.
    #[must_use]
    pub fn span(&self, arm: Option<usize>) -> Span {
        arm.and_then(|arm| self.spans.get(arm)).copied().unwrap_or(self.rest)
    }

    /// The first condition that holds of a model.
    pub(super) fn first(&self, model: &Model) -> Option<usize> {
        self.held_before(model, self.len())
    }

    /// The first of the conditions before `end` that holds of a model.
    pub(super) fn held_before(&self, model: &Model, end: usize) -> Option<usize> {
        if end < FEW {
            return (0..end).find(|at| self.conditions.get(*at).is_some_and(|condition| model.satisfies(condition)));
        }
        let index = self.index.get_or_init(|| Index::new(&self.conditions, model.acls));
        let mut first = None;
        index.candidates(model, &mut |at| {
            if at < first.unwrap_or(end) && self.conditions.get(at).is_some_and(|it| model.satisfies(it)) {
                first = Some(at);
            }
        });
        first
    }
}

/// How many ladders are within each other in a condition.
fn depth(condition: &Formula) -> usize {
    match condition {
        Formula::Const(_) => 0,
        Formula::Literal(literal, _) => literal.term.ladders(),
        Formula::All(parts) | Formula::Any(parts) => parts.iter().map(depth).max().unwrap_or(0),
        Formula::First(first) => first.ladder.depth,
    }
}

/// So few conditions are asked one by one.
const FEW: usize = 16;

/// The addresses that a condition may take, and its number.
type Taking = (RangeInclusive<IpAddr>, usize);

/// Conditions by the text or the addresses that they ask for of a value, so that few of many are asked of a model.
#[derive(Debug, Default)]
struct Index {
    values: Vec<(Term, Starts)>,
    /// Those that ask for an address, with the first and the last one that they take.
    addresses: Vec<(Term, Vec<Taking>)>,
    others: Vec<usize>,
}

/// Conditions by the start of the text that they ask for.
#[derive(Debug, Default)]
struct Starts {
    by_start: HashMap<Box<[u8]>, Vec<usize>>,
    /// How long starts are, and how many there are of that length.
    lengths: BTreeMap<usize, usize>,
}

impl Index {
    fn new(conditions: &[Formula], acls: &[Acl]) -> Self {
        let claims: Vec<Vec<Claim<'_>>> = conditions.iter().map(claims).collect();
        let mut counts: HashMap<&Term, usize> = HashMap::new();
        claims.iter().flatten().for_each(|(term, starts)| *counts.entry(term).or_default() += starts.len());
        // Many values tell more apart than few; whole texts more than starts.
        let mut weights: HashMap<&Term, std::collections::HashSet<&[u8]>> = HashMap::new();
        for (term, starts) in claims.iter().flatten() {
            weights.entry(term).or_default().extend(starts.iter().copied());
        }
        let mut index = Self::default();
        let mut numbers: HashMap<&Term, usize> = HashMap::new();
        for (at, claims) in claims.iter().enumerate() {
            let best =
                claims.iter().max_by_key(|(term, _)| weights.get(term).map_or(0, std::collections::HashSet::len));
            let Some((term, starts)) = best else {
                index.add_listed(conditions.get(at).and_then(listed), at, acls);
                continue;
            };
            let number = *numbers.entry(term).or_insert_with(|| {
                index.values.push(((*term).clone(), Starts::default()));
                index.values.len() - 1
            });
            if let Some((_, known)) = index.values.get_mut(number) {
                for start in starts {
                    known.add(start, at);
                }
            }
        }
        index
    }

    /// Adds a condition that asks for addresses of a list.
    fn add_listed(&mut self, listed: Option<(&Term, AclId)>, at: usize, acls: &[Acl]) {
        let Some((term, acl)) = listed.and_then(|(term, id)| Some((term, acls.get(id.0 as usize)?))) else {
            self.others.push(at);
            return;
        };
        let Some(range) = range(acl) else { return };
        match self.addresses.iter_mut().find(|(known, _)| known == term) {
            Some((_, known)) => known.push((range, at)),
            None => self.addresses.push((term.clone(), vec![(range, at)])),
        }
    }

    fn candidates(&self, model: &Model, visit: &mut impl FnMut(usize)) {
        self.others.iter().for_each(|at| visit(*at));
        for (term, ranges) in &self.addresses {
            let address = model.address(term);
            ranges.iter().filter(|(range, _)| range.contains(&address)).for_each(|(_, at)| visit(*at));
        }
        for (term, starts) in &self.values {
            match model.value(term) {
                Some(Scalar::Text(Some(text))) => starts.of(&text, visit),
                Some(_) => {}
                None => starts.by_start.values().flatten().for_each(|at| visit(*at)),
            }
        }
    }
}

impl Starts {
    fn add(&mut self, start: &[u8], at: usize) {
        let length = start.len();
        let known = self.by_start.entry(start.into()).or_default();
        if known.is_empty() {
            *self.lengths.entry(length).or_default() += 1;
        }
        known.push(at);
    }

    fn of(&self, text: &[u8], visit: &mut impl FnMut(usize)) {
        for length in self.lengths.keys().take_while(|length| **length <= text.len()) {
            let found = text.get(..*length).and_then(|start| self.by_start.get(start));
            found.into_iter().flatten().for_each(|at| visit(*at));
        }
    }
}

/// An address and the list that a condition wants it to be in, whatever else it asks.
fn listed(condition: &Formula) -> Option<(&Term, AclId)> {
    match condition {
        Formula::Literal(literal, true) => match literal.test {
            Test::Listed(acl) => Some((&literal.term, acl)),
            _ => None,
        },
        Formula::All(parts) => parts.iter().find_map(listed),
        _ => None,
    }
}

/// The first and the last address of a list, as far as its networks are known; `None` if it has none.
fn range(acl: &Acl) -> Option<RangeInclusive<IpAddr>> {
    let networks = || acl.entries.iter().filter(|(_, negated)| !negated).map(|(network, _)| network);
    Some(networks().map(IpNet::network).min()?..=networks().map(IpNet::broadcast).max()?)
}

/// A value, and the starts of all texts that a condition lets it have.
type Claim<'f> = (&'f Term, Vec<&'f [u8]>);

/// What a condition asks of values by their start, whatever else it asks.
fn claims(condition: &Formula) -> Vec<Claim<'_>> {
    match condition {
        Formula::Literal(literal, true) => {
            let Test::In(texts) = &literal.test else { return Vec::new() };
            if texts.iter().any(Texts::holds_unset) {
                return Vec::new();
            }
            let starts: Option<Vec<&[u8]>> = texts.iter().map(|texts| texts.start().map(|(start, _)| start)).collect();
            starts.map(|starts| vec![(&literal.term, starts)]).unwrap_or_default()
        }
        Formula::All(parts) => parts.iter().flat_map(claims).collect(),
        Formula::Any(parts) => claims_of_each(parts),
        _ => Vec::new(),
    }
}

/// What each of several conditions asks of one value, of which it has to ask something.
fn claims_of_each(conditions: &[Formula]) -> Vec<Claim<'_>> {
    let mut each = conditions.iter().map(claims);
    let Some(mut common) = each.next() else { return Vec::new() };
    for claims in each {
        common.retain_mut(|(term, starts)| {
            let same = claims.iter().find(|(other, _)| other == term);
            starts.extend(same.into_iter().flat_map(|(_, further)| further));
            same.is_some()
        });
    }
    common
}
