//! Values as far as they are known before there is a request.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderName;
use http::header::{ACCEPT_ENCODING, COOKIE, HOST};

use super::chosen::Chosen;
use super::formula::Formula;
use super::names::Names;
use super::within::{Look, Within};
use super::written;
use crate::cache::asked::{host_in, path_of};
use crate::decision::cookies;
use crate::lang::hir::{AclId, Arithmetic, BackendId, Comparison, Glob, Normalization, TableId};
use crate::lang::schema::{Directive, Function, Message, Variable};
use crate::lang::source::Span;

/// A value: what came in, a constant, or something made of others. Equal terms have equal values in one journey.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// What the client, the backend or the store brings.
    Input(Place),
    /// STRING.
    Text(Arc<[u8]>),
    /// INT, DURATION in milliseconds, BYTES.
    Number(i64),
    /// BOOL.
    Truth(bool),
    /// IP.
    Address(IpAddr),
    /// BACKEND.
    Backend(Option<BackendId>),
    /// No text; a number that is missing.
    Unset,
    /// Made of other values by something that always makes the same of the same.
    Made(Arc<Made>),
    /// One of several values, by the arm of a ladder that is taken.
    Chosen(Arc<Chosen>),
    /// A constant that nothing is known of, by where it stands.
    Fixed(Span),
    /// Anything: what is not understood, or may be another value the next time.
    Free(Unknown),
}

/// A value of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unknown {
    /// What tells it from others.
    pub number: u32,
    /// Where it comes in, if it does: it is what may come in there.
    pub place: Option<Place>,
    /// The function that yields it, if one does.
    pub function: Option<Function>,
}

/// Where a value stands during a journey.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a variable.
    Variable(Variable),
    /// In the first line of a header field; `Cookie`: all lines.
    Field(Message, HeaderName),
}

/// What is made of which values.
#[derive(Debug)]
pub struct Made {
    /// How.
    pub op: Op,
    /// Of what.
    pub of: Vec<Term>,
    /// How many values it is made of, those that these are made of counted in.
    size: usize,
    /// Of all that is above, found once: values are looked up again and again.
    hash: u64,
}

impl Made {
    fn new(op: Op, of: Vec<Term>) -> Self {
        let size = of.iter().fold(1_usize, |size, term| size.saturating_add(term.size()));
        let mut hasher = DefaultHasher::new();
        (&op, &of).hash(&mut hasher);
        Self { op, of, size, hash: hasher.finish() }
    }
}

impl PartialEq for Made {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.hash == other.hash && self.op == other.op && self.of == other.of
    }
}

impl Eq for Made {}

impl Hash for Made {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// How a value is made of others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A text in lower case.
    Lower,
    /// A text in upper case.
    Upper,
    /// A URL up to its `?`.
    Path,
    /// The value of `Host` in lower case, without port and without the dot of a full name.
    Host,
    /// The first value of a query parameter, of a URL and a name.
    Query,
    /// The first cookie, of the value of `Cookie` and a name.
    Cookie,
    /// Whether a URL has a parameter of one of these names.
    AnyQuery(Names),
    /// Whether there is a cookie of one of these names.
    AnyCookie(Names),
    /// The texts behind each other; one that is unset counts as empty.
    Concat,
    /// The text of a value that is none.
    ToText,
    /// What a table holds for a key.
    Lookup(TableId),
    /// What a value of `Cache-Control` says.
    Directive(Message, Directive),
    /// A clause of `normalize` on what it is about.
    Normalized(Normalization),
    /// What stands behind the `?` of a URL.
    WholeQuery,
    /// Two numbers.
    Arithmetic(Arithmetic),
    /// A number with a constant behind it, other than the rest of a division.
    Reckoned(Arithmetic, Amount),
    /// Whether two values compare so.
    Compare(Comparison),
    /// VCL's truth.
    Truth,
    /// Whether an address is in a list that names hosts.
    Listed(AclId),
    /// The result of a function.
    Call(Function),
}

/// A number that stands in a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amount {
    /// INT, DURATION in milliseconds, BYTES.
    Whole(i64),
    /// The bits of a REAL.
    Part(u64),
}

impl Amount {
    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Whole(number) => *number < 0,
            Self::Part(bits) => f64::from_bits(*bits) < 0.0,
        }
    }
}

impl Term {
    /// The text of a constant.
    #[must_use]
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(text.as_ref().into())
    }

    /// A field of the client's request.
    #[must_use]
    pub fn field(message: Message, name: &HeaderName) -> Self {
        Self::Input(Place::Field(message, name.clone()))
    }

    /// The value that `op` makes; simpler where it can be said more simply.
    #[must_use]
    pub fn made(op: Op, of: Vec<Self>) -> Self {
        let simpler = simpler(&op, &of).or_else(|| of_each_choice(&op, &of));
        simpler.unwrap_or_else(|| Self::Made(Arc::new(Made::new(op, of))))
    }

    /// How many values it is made of, as often as they are in it; of a choice the largest counts.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Made(made) => made.size,
            Self::Chosen(chosen) => chosen.size(),
            _ => 1,
        }
    }

    /// How many ladders are within each other by which it is chosen.
    pub(super) fn ladders(&self) -> usize {
        match self {
            Self::Made(made) => made.of.iter().map(Self::ladders).max().unwrap_or(0),
            Self::Chosen(chosen) => chosen.ladders(),
            _ => 0,
        }
    }

    /// How many values it may be, as far as it is chosen.
    pub(super) fn ways(&self) -> usize {
        if let Self::Chosen(chosen) = self { chosen.ways() } else { 1 }
    }

    /// Adds all values that it may be, as far as it is chosen, with the condition of each.
    pub(super) fn by_cases(&self, guard: &Formula, cases: &mut Vec<(Formula, Self)>) {
        match self {
            Self::Chosen(chosen) => chosen.cases().for_each(|(taken, term)| {
                term.by_cases(&Formula::all([guard.clone(), taken]), cases);
            }),
            term => cases.push((guard.clone(), term.clone())),
        }
    }

    /// Whether it is a constant whose value is known.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        !matches!(self, Self::Input(_) | Self::Made(_) | Self::Chosen(_) | Self::Fixed(_) | Self::Free(_))
    }

    /// Whether the place's own value is a part of it, as it came in, or of what decides which one it is.
    #[must_use]
    pub fn holds(&self, place: &Place) -> bool {
        let is_own = |term: &Self| matches!(term, Self::Input(input) if input == place);
        Within::new(|term| if is_own(term) { Look::Found } else { Look::Inside }).term(self)
    }

    /// Calls `visit` with all that came in and is a part of it; parts that it has several times are gone through once.
    pub fn inputs(&self, visit: &mut impl FnMut(&Place)) {
        self.inputs_but(&mut HashSet::new(), visit);
    }

    fn inputs_but(&self, seen: &mut HashSet<*const ()>, visit: &mut impl FnMut(&Place)) {
        match self {
            Self::Input(place) => visit(place),
            Self::Made(made) if seen.insert(Arc::as_ptr(made).cast()) => {
                made.of.iter().for_each(|part| part.inputs_but(seen, visit));
            }
            Self::Chosen(chosen) if seen.insert(Arc::as_ptr(chosen).cast()) => {
                chosen.terms().for_each(|part| part.inputs_but(seen, visit));
            }
            _ => {}
        }
    }

    /// The place where it comes in, the first time or later.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Input(place) => Some(place),
            Self::Free(unknown) => unknown.place.as_ref(),
            _ => None,
        }
    }

    /// What it is made of and how, if it is made.
    #[must_use]
    pub fn as_made(&self) -> Option<(&Op, &[Self])> {
        match self {
            Self::Made(made) => Some((&made.op, &made.of)),
            _ => None,
        }
    }
}

/// As policies name it: `req.http.x-a`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(message, name) => write!(f, "{}.http.{name}", message.name()),
            Self::Variable(variable) => f.write_str(variable.name()),
        }
    }
}

impl Place {
    /// The field that a clause of `normalize` rewrites; `None` for the URL.
    pub(super) fn normalized(normalization: &Normalization) -> Self {
        match normalization {
            Normalization::CookieDrop(_) | Normalization::CookieKeep(_) => Self::Field(Message::Req, COOKIE),
            Normalization::AcceptEncoding(_) => Self::Field(Message::Req, ACCEPT_ENCODING),
            Normalization::HostLower => Self::Field(Message::Req, HOST),
            _ => Self::Variable(Variable::ReqUrl),
        }
    }
}

/// What can be said without the operation.
fn simpler(op: &Op, of: &[Term]) -> Option<Term> {
    let first = of.first()?;
    match op {
        Op::Lower | Op::Upper | Op::Path | Op::Host | Op::Normalized(_) | Op::Reckoned(..) if *first == Term::Unset => {
            Some(Term::Unset)
        }
        // Once more changes nothing.
        Op::Lower if matches!(first.as_made(), Some((Op::Lower, _))) => Some(first.clone()),
        Op::Lower => changed(first, <[u8]>::to_ascii_lowercase),
        Op::Upper => changed(first, <[u8]>::to_ascii_uppercase),
        Op::Path => path(first),
        Op::Host => match first.as_made() {
            Some((Op::Lower | Op::Upper, [inner])) => Some(Term::made(Op::Host, vec![inner.clone()])),
            _ => changed(first, |value| host_in(value).into_owned()),
        },
        Op::Concat => concat(of),
        Op::ToText => match first {
            Term::Text(_) | Term::Unset => Some(first.clone()),
            Term::Number(number) => Some(Term::text(number.to_string())),
            _ => None,
        },
        Op::Normalized(normalization) => normalized(normalization, first),
        Op::Query | Op::Cookie => behind(op, of),
        Op::Directive(..) => written::said(op, first),
        Op::AnyQuery(_) | Op::AnyCookie(_) => any_behind(op, first),
        Op::Reckoned(operation, amount) => match first {
            Term::Number(number) => Some(Term::Number(super::number::reckoned(*operation, amount, *number))),
            _ => None,
        },
        _ => None,
    }
}

/// What can be made in more ways is not made of each value by itself.
const MOST_WAYS: usize = 64;

/// What is made of a value that a ladder chooses is chosen by that ladder.
fn of_each_choice(op: &Op, of: &[Term]) -> Option<Term> {
    let is_chosen = |term: &Term| matches!(term, Term::Chosen(_));
    if of.iter().fold(1_usize, |ways, term| ways.saturating_mul(term.ways())) > MOST_WAYS {
        return None;
    }
    let at = of.iter().position(is_chosen)?;
    let Some(Term::Chosen(chosen)) = of.get(at) else { return None };
    chosen.map(|term| {
        let mut of = of.to_vec();
        if let Some(part) = of.get_mut(at) {
            part.clone_from(term);
        }
        Term::made(op.clone(), of)
    })
}

fn changed(term: &Term, change: impl Fn(&[u8]) -> Vec<u8>) -> Option<Term> {
    if let Term::Text(text) = term { Some(Term::text(change(text))) } else { None }
}

fn path(url: &Term) -> Option<Term> {
    match url.as_made() {
        // What is done to the query leaves the path alone.
        Some((
            Op::Normalized(Normalization::QueryDrop(_) | Normalization::QueryKeep(_) | Normalization::QuerySort),
            [inner],
        )) => Some(Term::made(Op::Path, vec![inner.clone()])),
        Some((Op::Path, _)) => Some(url.clone()),
        _ => changed(url, |text| path_of(text).to_vec()),
    }
}

/// Constants that follow each other are one.
fn concat(of: &[Term]) -> Option<Term> {
    let mut parts: Vec<Term> = Vec::with_capacity(of.len());
    for term in of {
        match (parts.last_mut(), term) {
            (_, Term::Unset) => {}
            (Some(Term::Text(before)), Term::Text(text)) => *before = [&**before, &**text].concat().into(),
            _ => parts.push(term.clone()),
        }
    }
    match parts.as_slice() {
        [] => Some(Term::text("")),
        [text @ Term::Text(_)] => Some(text.clone()),
        _ if parts.len() < of.len() => Some(Term::Made(Arc::new(Made::new(Op::Concat, parts)))),
        _ => None,
    }
}

fn normalized(normalization: &Normalization, first: &Term) -> Option<Term> {
    let all = |globs: &[Glob]| globs.iter().any(|glob| glob.text() == "*");
    match normalization {
        Normalization::CookieDrop(globs) if all(globs) => Some(Term::Unset),
        Normalization::HostLower => Some(Term::made(Op::Lower, vec![first.clone()])),
        // Once more changes nothing.
        _ => match first.as_made() {
            Some((Op::Normalized(before), _)) if before == normalization => Some(first.clone()),
            _ => None,
        },
    }
}

/// What a clause of `normalize` leaves of a name.
enum Left {
    Kept,
    Gone,
    Unknown,
}

fn left(normalization: &Normalization, name: &[u8]) -> Left {
    let like = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(name));
    let is_left = match normalization {
        Normalization::QueryDrop(globs) | Normalization::CookieDrop(globs) => !like(globs),
        Normalization::QueryKeep(globs) | Normalization::CookieKeep(globs) => like(globs),
        // The order of values of one name stays.
        Normalization::QuerySort => true,
        _ => return Left::Unknown,
    };
    if is_left { Left::Kept } else { Left::Gone }
}

/// A parameter of a URL whose query was cleaned is that of the URL, or gone; and so is a cookie.
fn behind(op: &Op, of: &[Term]) -> Option<Term> {
    let first = of.first()?;
    let is_no_name = matches!((op, of.get(1)), (Op::Cookie, Some(Term::Text(name))) if !cookies::may_be_found(name));
    if *first == Term::Unset || is_no_name {
        return Some(Term::Unset);
    }
    let (Some((Op::Normalized(normalization), [inner])), Some(Term::Text(name))) = (first.as_made(), of.get(1)) else {
        return None;
    };
    match left(normalization, name) {
        Left::Kept => Some(Term::made(op.clone(), vec![inner.clone(), Term::Text(Arc::clone(name))])),
        Left::Gone => Some(Term::Unset),
        Left::Unknown => None,
    }
}

/// Whether a name is there that a clause has left is whether one was there before that it leaves.
fn any_behind(op: &Op, whole: &Term) -> Option<Term> {
    if *whole == Term::Unset {
        return Some(Term::Truth(false));
    }
    let Some((Op::Normalized(clause), [inner])) = whole.as_made() else { return None };
    let before = match op {
        Op::AnyQuery(names) => Op::AnyQuery(names.left_by(clause)?),
        Op::AnyCookie(names) => Op::AnyCookie(names.left_by(clause)?),
        _ => return None,
    };
    Some(Term::made(before, vec![inner.clone()]))
}
