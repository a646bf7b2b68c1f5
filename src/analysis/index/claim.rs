//! What a condition cannot hold without.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use hashbrown::HashMap;
use ipnet::IpNet;

use crate::analysis::formula::{Formula, Literal, Test};
use crate::analysis::model::{Model, Scalar};
use crate::analysis::term::{Op, Place, Term};
use crate::decision::index::literals;
use crate::decision::{cookies, query};
use crate::lang::hir::{Acl, Texts};
use crate::lang::schema::Message;

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// It is set.
    Set,
    /// It is a text that starts so.
    Start(Box<[u8]>),
    /// It is a text in which that occurs.
    Part(Box<[u8]>),
    /// It is an address within these.
    Addresses(RangeInclusive<IpAddr>),
    /// It is a number within these.
    Numbers(RangeInclusive<i64>),
}

/// Of some values something is asked, and one of them has it if the condition holds.
pub(super) type Claim<'f> = Vec<(&'f Term, &'f Key)>;

/// So many parts of a condition are looked at for what it cannot hold without.
const MOST_PARTS: usize = 1_000;

/// Starts of texts of so few bytes have many in common.
const SHORT_START_BYTES: usize = 3;

/// What each test in some conditions asks for.
#[derive(Default)]
pub(super) struct Claims<'f> {
    /// Of each test by where it stands, in several ways.
    of_tests: HashMap<*const Literal, (&'f Term, Vec<Vec<Key>>)>,
    /// How often something is asked of a value.
    counts: HashMap<(&'f Term, Key), usize>,
}

impl<'f> Claims<'f> {
    pub(super) fn of(conditions: &'f [Formula], acls: &[Acl]) -> Self {
        let mut claims = Self::default();
        for condition in conditions {
            tests(condition, &mut { MOST_PARTS }, &mut |literal| claims.add(literal, acls));
        }
        claims
    }

    fn add(&mut self, literal: &'f Arc<Literal>, acls: &[Acl]) {
        let of_test = || (&literal.term, ways(&literal.test, acls));
        let (term, ways) = self.of_tests.entry(Arc::as_ptr(literal)).or_insert_with(of_test);
        for key in ways.iter().flatten() {
            *self.counts.entry((term, key.clone())).or_default() += 1;
        }
    }

    /// What tells a condition from most others.
    pub(super) fn best<'c>(&'c self, condition: &Formula) -> Option<Claim<'c>> {
        self.best_of(condition, &mut { MOST_PARTS })
    }

    fn best_of<'c>(&'c self, condition: &Formula, left: &mut usize) -> Option<Claim<'c>> {
        *left = left.checked_sub(1)?;
        match condition {
            Formula::Literal(literal, true) => {
                let (term, ways) = self.of_tests.get(&Arc::as_ptr(literal))?;
                let claims = ways.iter().map(|keys| keys.iter().map(|key| (*term, key)).collect());
                claims.min_by_key(|claim: &Claim<'c>| self.alike(claim))
            }
            Formula::All(parts) => {
                let claims = parts.iter().filter_map(|part| self.best_of(part, left));
                claims.min_by_key(|claim| self.alike(claim))
            }
            Formula::Any(parts) => {
                let claims: Option<Vec<Claim<'c>>> = parts.iter().map(|part| self.best_of(part, left)).collect();
                claims.map(|claims| claims.concat())
            }
            _ => None,
        }
    }

    /// How often the same is asked, in all conditions; what nearly all values have counts as often as can be.
    fn alike(&self, claim: &Claim<'_>) -> usize {
        let count = |(term, key): &(&Term, &Key)| match key {
            Key::Set if home(term).0 == Home::Other => usize::MAX,
            key => self.counts.get(&(*term, (*key).clone())).copied().unwrap_or_default(),
        };
        claim.iter().map(count).fold(0, usize::saturating_add)
    }
}

/// Calls `visit` with the tests of which a condition may need one; no more than so many parts are looked at.
fn tests<'f>(condition: &'f Formula, left: &mut usize, visit: &mut impl FnMut(&'f Arc<Literal>)) {
    let Some(fewer) = left.checked_sub(1) else { return };
    *left = fewer;
    match condition {
        Formula::Literal(literal, true) => visit(literal),
        Formula::All(parts) | Formula::Any(parts) => parts.iter().for_each(|part| tests(part, left, visit)),
        _ => {}
    }
}

/// What a test asks for, each time of one value: one key of each list is there if it holds.
fn ways(test: &Test, acls: &[Acl]) -> Vec<Vec<Key>> {
    match test {
        Test::Set => vec![vec![Key::Set]],
        Test::In(texts) => of_texts(texts),
        Test::At(address) => vec![vec![Key::Addresses(*address..=*address)]],
        Test::Listed(acl) => acls.get(acl.0 as usize).map(|acl| range(acl).into_iter().collect()).into_iter().collect(),
        Test::Within(ranges) => vec![ranges.iter().cloned().map(Key::Numbers).collect()],
        Test::Holds => Vec::new(),
    }
}

/// The first and the last address of a list, as far as its networks are known; `None` if it has none.
fn range(acl: &Acl) -> Option<Key> {
    let networks = || acl.entries.iter().filter(|(_, negated)| !negated).map(|(network, _)| network);
    let (first, last) = (networks().map(IpNet::network).min()?, networks().map(IpNet::broadcast).max()?);
    Some(Key::Addresses(first..=last))
}

fn of_texts(texts: &[Texts<'static>]) -> Vec<Vec<Key>> {
    let each: Option<Vec<Vec<Vec<Key>>>> = texts.iter().map(of_text).collect();
    let Some(mut each) = each else { return Vec::new() };
    match each.as_mut_slice() {
        [only] => std::mem::take(only),
        _ => vec![each.into_iter().filter_map(|ways| ways.into_iter().next()).flatten().collect()],
    }
}

/// What texts of one kind have, told in several ways; `None` if none is like them all. What is unset has nothing.
fn of_text(texts: &Texts<'static>) -> Option<Vec<Vec<Key>>> {
    let start = texts.start().map(|(start, _)| vec![Key::Start(start.into())]);
    let part = |text: &[u8]| vec![Key::Part(text.to_ascii_lowercase().into())];
    let ways: Vec<Vec<Key>> = match (texts, &start) {
        (Texts::Suffix(end), _) if !end.is_empty() => vec![part(end)],
        (Texts::Extension(extension), _) => vec![part(&[b".", &**extension].concat())],
        (Texts::Pattern(_, Some(start)), _) if start.len() >= SHORT_START_BYTES => Vec::new(),
        (Texts::Pattern(pattern, _), _) => {
            literals(pattern).iter().map(|texts| texts.iter().flat_map(|text| part(text)).collect()).collect()
        }
        _ => Vec::new(),
    };
    let ways: Vec<Vec<Key>> = start.into_iter().chain(ways).collect();
    if ways.is_empty() { (!texts.holds_unset()).then(|| vec![vec![Key::Set]]) } else { Some(ways) }
}

/// Where a value comes from, of which it is known when it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Home {
    /// A cookie of a field.
    Cookies,
    /// A parameter of a URL.
    Parameters,
    /// A field, or what nothing is known of: it is unset unless a model says something else.
    Said,
    /// Anything else.
    Other,
}

/// The home of a value, and what it is a view of that is at home there.
pub(super) fn home(term: &Term) -> (Home, &Term) {
    match term {
        Term::Free(unknown) if !matches!(unknown.place, Some(Place::Variable(_))) => (Home::Said, term),
        Term::Input(Place::Field(message, name)) if *message != Message::Req || *name != http::header::HOST => {
            (Home::Said, term)
        }
        _ => match term.as_made() {
            Some((Op::Lower | Op::Upper | Op::Path | Op::Host, [inner])) => match home(inner) {
                (Home::Other, _) => (Home::Other, term),
                found => found,
            },
            Some((Op::Cookie, [_, Term::Text(_)])) => (Home::Cookies, term),
            Some((Op::Query, [_, Term::Text(_)])) => (Home::Parameters, term),
            _ => (Home::Other, term),
        },
    }
}

impl Home {
    /// The cookies or parameters of one field or URL that a model has, as values.
    pub(super) fn found(self, whole: &Term, model: &Model<'_>) -> Vec<Term> {
        let op = if self == Self::Cookies { Op::Cookie } else { Op::Query };
        let part = |name: &[u8]| Term::made(op.clone(), vec![whole.clone(), Term::text(name)]);
        match model.value(whole) {
            Some(Scalar::Text(None)) => Vec::new(),
            Some(Scalar::Text(Some(text))) if self == Self::Cookies => cookies::names(&text).map(part).collect(),
            Some(Scalar::Text(Some(url))) => {
                let query = query::of_url((&*url).into());
                query.iter().flat_map(|query| query::names(query)).map(|name| part(&name)).collect()
            }
            // Of what it says nothing, only what it says of its parts is known.
            _ => model.chosen().map(|(term, _)| term).filter(|term| home(term).0 == self).cloned().collect(),
        }
    }
}
