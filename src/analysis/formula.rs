//! Conditions over terms: what must hold of a request.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::mem;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::ladder::{First, Ladder, Taken};
use super::several::{Several, make};
use super::term::Term;
use crate::lang::hir::{AclId, Texts};

/// What is asked of one value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Literal {
    /// Of what.
    pub term: Term,
    /// What.
    pub test: Test,
}

/// A test of one value. Its opposite is a literal that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// There is a text, or a number.
    Set,
    /// The text is among these; an unset one if one of them says so.
    In(Arc<[Texts<'static>]>),
    /// There is a number, in one of these ranges.
    Within(Arc<[RangeInclusive<i64>]>),
    /// The address is in that list.
    Listed(AclId),
    /// The address is that one.
    At(std::net::IpAddr),
    /// It is true.
    Holds,
}

/// So many parts are looked through for one that is there already.
const FEW: usize = 8;

/// Longer conditions are parts of others as they are, and not taken apart: what grows statement by statement is kept once.
pub(super) const MOST_FLAT: usize = 64;

/// A condition. Made by [`Formula::all`], [`Formula::any`] and [`Formula::not`], which keep it short.
#[derive(Clone, Debug)]
pub enum Formula {
    /// It always holds, or never.
    Const(bool),
    /// A test of one value holds, or does not.
    Literal(Arc<Literal>, bool),
    /// All of them hold.
    All(Several),
    /// One of them holds.
    Any(Several),
    /// The first condition of a ladder that holds is one of these.
    First(Arc<First>),
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Const(one), Self::Const(other)) => one == other,
            (Self::Literal(one, holds), Self::Literal(other, also)) => {
                holds == also && (Arc::ptr_eq(one, other) || one == other)
            }
            (Self::All(one), Self::All(other)) | (Self::Any(one), Self::Any(other)) => one == other,
            (Self::First(one), Self::First(other)) => Arc::ptr_eq(one, other) || one == other,
            _ => false,
        }
    }
}

impl Hash for Formula {
    fn hash<H: Hasher>(&self, state: &mut H) {
        mem::discriminant(self).hash(state);
        match self {
            Self::Const(truth) => truth.hash(state),
            Self::Literal(literal, holds) => (literal, holds).hash(state),
            Self::All(parts) | Self::Any(parts) => parts.hash(state),
            Self::First(first) => (Arc::as_ptr(&first.ladder), &first.taken).hash(state),
        }
    }
}

impl Formula {
    /// A test of a value.
    #[must_use]
    pub fn of(term: Term, test: Test) -> Self {
        Self::Literal(Arc::new(Literal { term, test }), true)
    }

    /// All of them.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Vec::new();
        for part in parts {
            match part {
                Self::Const(true) => {}
                Self::Const(false) => return part,
                Self::All(parts) if parts.len() < MOST_FLAT => whole.extend(parts.iter().cloned()),
                part => whole.push(part),
            }
        }
        Self::one_or(whole, true, Self::All)
    }

    /// One of them.
    #[must_use]
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Vec::new();
        for part in parts {
            match part {
                Self::Const(false) => {}
                Self::Const(true) => return part,
                Self::Any(parts) if parts.len() < MOST_FLAT => whole.extend(parts.iter().cloned()),
                part if whole.len() < FEW && whole.contains(&part) => {}
                part => whole.push(part),
            }
        }
        Self::one_or(whole, false, Self::Any)
    }

    fn one_or(mut whole: Vec<Self>, empty: bool, of: fn(Several) -> Self) -> Self {
        match whole.len() {
            0 => Self::Const(empty),
            1 => whole.swap_remove(0),
            _ => of(Several::new(whole)),
        }
    }

    /// The opposite.
    #[must_use]
    pub fn not(&self) -> Self {
        match self {
            Self::Const(truth) => Self::Const(!truth),
            Self::Literal(literal, holds) => Self::Literal(Arc::clone(literal), !holds),
            Self::All(parts) => parts.opposite(|parts| Self::any(parts.iter().map(Self::not)), Self::Any),
            Self::Any(parts) => parts.opposite(|parts| Self::all(parts.iter().map(Self::not)), Self::All),
            Self::First(first) => Self::first(&first.ladder, first.taken.opposite(first.ladder.len())),
        }
    }

    /// The first condition of `ladder` that holds is one of `taken`.
    #[must_use]
    pub fn first(ladder: &Arc<Ladder>, taken: Taken) -> Self {
        if taken.is_none() {
            return Self::Const(false);
        }
        if taken.is_all(ladder.len()) {
            return Self::Const(true);
        }
        make(taken.parts());
        Self::First(Arc::new(First { ladder: Arc::clone(ladder), taken }))
    }

    /// The same, or what always holds if it has more than `most` parts: it is for where too much must not be carried on, and
    /// what is impossible then is impossible all the more.
    #[must_use]
    pub(super) fn unless_larger(self, most: usize) -> Self {
        if self.has_at_most(most) { self } else { Self::Const(true) }
    }

    /// Whether it has no more parts than that, each as often as it is in it.
    #[must_use]
    pub(super) fn has_at_most(&self, most: usize) -> bool {
        self.size() <= most
    }

    /// How many parts it has, each as often as it is in it, itself counted.
    pub(super) fn size(&self) -> usize {
        if let Self::All(parts) | Self::Any(parts) = self { parts.size() } else { 1 }
    }

    /// How many ladders are within each other in it.
    pub(super) fn ladders(&self) -> usize {
        match self {
            Self::Const(_) => 0,
            Self::Literal(literal, _) => literal.term.ladders(),
            Self::All(parts) | Self::Any(parts) => parts.ladders(),
            Self::First(first) => first.ladder.depth(),
        }
    }

    /// Calls `visit` with each literal in it; parts that it has several times are gone through once.
    pub fn literals(&self, visit: &mut impl FnMut(&Literal)) {
        self.literals_but(&mut HashSet::new(), visit);
    }

    /// The same without the parts that were seen, which are known by where they stand: they have to be kept meanwhile.
    pub fn literals_but(&self, seen: &mut HashSet<*const ()>, visit: &mut impl FnMut(&Literal)) {
        let (place, parts) = match self {
            Self::Const(_) => return,
            Self::Literal(literal, _) => return visit(literal),
            Self::All(parts) | Self::Any(parts) => (parts.place(), &**parts),
            Self::First(first) => (Arc::as_ptr(&first.ladder).cast(), first.ladder.conditions()),
        };
        if seen.insert(place) {
            for part in parts {
                part.literals_but(seen, visit);
            }
        }
    }
}
