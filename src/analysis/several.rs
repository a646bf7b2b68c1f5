//! The parts of a condition.
//!
//! Conditions share their parts: what is found out about a part is kept with it, and found once. A condition of a few hundred
//! parts may have each of them a million times in it.

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem;
use std::ops::Deref;
use std::sync::{Arc, OnceLock, Weak};

use super::formula::{Formula, Literal, Test};
use crate::pace::pause;

/// Conditions of which all are to hold, or one. A copy shares them.
#[derive(Clone)]
pub struct Several(Arc<Kept>);

struct Kept {
    parts: Box<[Formula]>,
    /// How many parts are in it, each as often as it is.
    size: usize,
    /// How many ladders are within each other in it.
    ladders: usize,
    /// Those of equal parts are equal.
    hash: u64,
    opposite: OnceLock<Opposite>,
}

/// What holds where these do not.
enum Opposite {
    Is(Formula),
    /// What these were made of as its opposite.
    CameFrom(Weak<Kept>),
}

/// Two of which it is known that they are equal, by where they stand.
type Pair = (*const (), *const ());

/// What has fewer parts is compared again rather than known again.
const SMALL: usize = 64;

thread_local! {
    static MADE: Cell<usize> = const { Cell::new(0) };
}

/// How many parts of conditions were made on this thread so far.
pub(super) fn made() -> usize {
    MADE.get()
}

/// Counts so many parts that are made.
pub(super) fn make(parts: usize) {
    pause();
    MADE.set(MADE.get().wrapping_add(parts));
}

impl Several {
    pub(super) fn new(parts: Vec<Formula>) -> Self {
        make(parts.len());
        let size = parts.iter().fold(1_usize, |size, part| size.saturating_add(part.size()));
        let ladders = parts.iter().map(Formula::ladders).max().unwrap_or(0);
        let mut hasher = DefaultHasher::new();
        for part in &parts {
            sketch(part, &mut hasher);
        }
        let hash = hasher.finish();
        Self(Arc::new(Kept { parts: parts.into(), size, ladders, hash, opposite: OnceLock::new() }))
    }

    /// How many parts are in it, each as often as it is, itself counted.
    pub(super) fn size(&self) -> usize {
        self.0.size
    }

    /// How many ladders are within each other in it.
    pub(super) fn ladders(&self) -> usize {
        self.0.ladders
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> *const () {
        Arc::as_ptr(&self.0).cast()
    }

    /// What holds where these do not, which `make` makes of them; `back` says what it was made of, if it is such an opposite
    /// itself.
    pub(super) fn opposite(&self, make: impl Fn(&Self) -> Formula, back: fn(Self) -> Formula) -> Formula {
        match self.0.opposite.get() {
            Some(Opposite::Is(opposite)) => return opposite.clone(),
            Some(Opposite::CameFrom(kept)) => {
                if let Some(kept) = kept.upgrade() {
                    return back(Self(kept));
                }
            }
            None => {}
        }
        let opposite = make(self);
        let is_turned = mem::discriminant(&opposite) == mem::discriminant(&back(self.clone()));
        if let (Formula::All(parts) | Formula::Any(parts), true) = (&opposite, is_turned) {
            let _ = parts.0.opposite.set(Opposite::CameFrom(Arc::downgrade(&self.0)));
        }
        let _ = self.0.opposite.set(Opposite::Is(opposite.clone()));
        opposite
    }

    fn is_same(&self, other: &Self, known: &mut HashSet<Pair>) -> bool {
        let (one, two) = (&*self.0, &*other.0);
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        if one.hash != two.hash || one.size != two.size || one.parts.len() != two.parts.len() {
            return false;
        }
        let pair = (self.place(), other.place());
        if one.size >= SMALL && known.contains(&pair) {
            return true;
        }
        let is_same = one.parts.iter().zip(&two.parts).all(|(one, other)| is_same(one, other, known));
        if is_same && one.size >= SMALL {
            known.insert(pair);
        }
        is_same
    }
}

impl Deref for Several {
    type Target = [Formula];

    fn deref(&self) -> &[Formula] {
        &self.0.parts
    }
}

impl std::fmt::Debug for Several {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.parts.fmt(out)
    }
}

impl PartialEq for Several {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other, &mut HashSet::new())
    }
}

impl Hash for Several {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

fn is_same(one: &Formula, other: &Formula, known: &mut HashSet<Pair>) -> bool {
    match (one, other) {
        (Formula::All(one), Formula::All(other)) | (Formula::Any(one), Formula::Any(other)) => {
            one.is_same(other, known)
        }
        (one, other) => one == other,
    }
}

/// What tells a condition from most others, without looking at all texts of a test.
fn sketch(formula: &Formula, state: &mut DefaultHasher) {
    mem::discriminant(formula).hash(state);
    match formula {
        Formula::Literal(literal, holds) => {
            let Literal { term, test } = &**literal;
            (holds, term, mem::discriminant(test)).hash(state);
            if let Test::In(texts) = test {
                (texts.len(), texts.first()).hash(state);
            }
        }
        other => other.hash(state),
    }
}
