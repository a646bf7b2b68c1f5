//! Texts of which several things are asked at once: whether there is one, and which.
//!
//! Cheap first: whether two tests exclude each other, and whether a likely text passes all of them. Then all tests are run
//! side by side as automata, and the shortest text that all of them accept is looked for: there is none, or here it is.

mod automaton;
mod candidate;
mod domain;
mod machine;
mod product;

pub(super) use automaton::Automata;
pub use candidate::sample;
pub(super) use domain::Domain;
pub(super) use product::MOST_STATES;

use std::borrow::Cow;
use std::sync::Arc;

use crate::cache::asked::{host_in, path_of};
use crate::lang::hir::Texts;

/// What is made of a text before it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// Up to the `?`.
    Path,
    /// As a host.
    Host,
    /// With these texts in front and behind.
    Around(Arc<[u8]>, Arc<[u8]>),
}

/// A test of a text, seen through views, the innermost first.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub views: Vec<View>,
    /// `None` asks whether it is set.
    pub texts: Option<Arc<[Texts<'static>]>>,
    pub holds: bool,
}

/// One kind of texts, seen through views.
#[derive(Clone, Debug)]
struct Atom {
    views: Vec<View>,
    texts: Texts<'static>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This text, or no text, passes all tests.
    Value(Option<Vec<u8>>),
    /// No text does.
    Nothing,
    /// It is not known whether one does.
    GaveUp,
}

/// So many choices of one kind of texts for each test are tried.
const MOST_CHOICES: usize = 4_096;

/// To read a pattern takes as long as so many steps of an automaton.
const READING: usize = 100;

/// A text of `domain` that passes all tests.
pub(super) fn find(domain: Domain, asked: &[Asked], automata: &mut Automata) -> Found {
    let likely = domain.likely();
    let none = domain.may_be_unset().then_some(None);
    // Every request has a host, mostly.
    let first = if domain == Domain::Host { [Some(Some(likely)), none] } else { [none, Some(Some(likely))] };
    let passes = |value: Option<&[u8]>| asked.iter().all(|one| one.passes(value));
    let others = domain.others().iter().map(|other| Some(*other));
    if let Some(value) = first.into_iter().flatten().chain(others).find(|value| passes(*value)) {
        return Found::Value(value.map(<[u8]>::to_vec));
    }
    if asked.iter().any(|one| one.texts.is_none() && !one.holds) {
        return Found::Nothing;
    }
    let mut wanted: Vec<&Asked> = asked.iter().filter(|one| one.holds && one.texts.is_some()).collect();
    wanted.sort_by_key(|one| one.texts.as_ref().map_or(0, |texts| texts.len()));
    let refused = asked.iter().filter(|one| !one.holds);
    let refused: Vec<Atom> = refused.flat_map(Asked::atoms).collect();
    let texts = asked.iter().flat_map(|one| one.texts.iter().flat_map(|texts| texts.iter()));
    let patterns = texts.filter(|texts| matches!(texts, Texts::Pattern(..))).count();
    let mut search = Search { domain, asked, refused, automata, patterns, choices: 0, gave_up: false };
    match search.choose(&wanted, &mut Vec::new()) {
        Some(text) => Found::Value(Some(text)),
        None if search.gave_up => Found::GaveUp,
        None => Found::Nothing,
    }
}

struct Search<'s> {
    domain: Domain,
    asked: &'s [Asked],
    refused: Vec<Atom>,
    automata: &'s mut Automata,
    /// How many patterns a text is held against.
    patterns: usize,
    choices: usize,
    gave_up: bool,
}

impl Search<'_> {
    /// Takes one kind of texts for each test that is to hold.
    fn choose(&mut self, wanted: &[&Asked], taken: &mut Vec<Atom>) -> Option<Vec<u8>> {
        let Some((first, rest)) = wanted.split_first() else { return self.solve(taken) };
        for atom in first.atoms() {
            if taken.iter().any(|other| other.views == atom.views && other.texts.excludes(&atom.texts)) {
                continue;
            }
            if self.choices >= MOST_CHOICES {
                self.gave_up = true;
                return None;
            }
            self.choices += 1;
            taken.push(atom);
            let found = self.choose(rest, taken);
            taken.pop();
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn solve(&mut self, taken: &[Atom]) -> Option<Vec<u8>> {
        let within = |one: &Atom, other: &Atom| one.views == other.views && one.texts.is_within(&other.texts);
        if taken.iter().any(|one| self.refused.iter().any(|other| within(one, other))) {
            return None;
        }
        let (domain, asked) = (self.domain, self.asked);
        let passes = |text: &[u8]| domain.holds(text) && asked.iter().all(|one| one.passes(Some(text)));
        if let Some(text) = taken.iter().find_map(Atom::only_text) {
            return Some(text.to_vec()).filter(|text| passes(text));
        }
        let candidates = self.candidates(taken);
        if let Some(text) = candidates.into_iter().find(|text| passes(text)) {
            return Some(text);
        }
        match product::shortest(self.domain, taken, &self.refused, self.automata) {
            Found::Value(text) => text,
            Found::Nothing => None,
            Found::GaveUp => {
                self.gave_up = true;
                None
            }
        }
    }

    /// Texts that are likely to be of these kinds; none if enough was done.
    fn candidates(&mut self, taken: &[Atom]) -> Vec<Vec<u8>> {
        if !self.automata.spend(READING * taken.len()) {
            return Vec::new();
        }
        let candidates = candidate::candidates(taken, self.domain, self.automata);
        if self.automata.spend(candidates.len() * self.patterns) { candidates } else { Vec::new() }
    }
}

impl Atom {
    /// The text, if there is but one.
    fn only_text(&self) -> Option<&[u8]> {
        if let (Texts::Exact(text), []) = (&self.texts, self.views.as_slice()) { Some(text) } else { None }
    }
}

impl Asked {
    fn atoms(&self) -> impl Iterator<Item = Atom> + '_ {
        let texts = self.texts.iter().flat_map(|texts| texts.iter());
        texts.map(|texts| Atom { views: self.views.clone(), texts: texts.clone() })
    }

    /// Whether a text passes, or none.
    pub(super) fn passes(&self, text: Option<&[u8]>) -> bool {
        let seen = see(&self.views, text);
        let is = match (&self.texts, seen) {
            (None, seen) => seen.is_some(),
            (Some(texts), Some(seen)) => texts.iter().any(|texts| texts.holds(&seen)),
            (Some(texts), None) => texts.iter().any(Texts::holds_unset),
        };
        is == self.holds
    }
}

/// What is seen of a text.
pub(super) fn see<'t>(views: &[View], text: Option<&'t [u8]>) -> Option<Cow<'t, [u8]>> {
    let mut seen = text.map(Cow::Borrowed);
    for view in views {
        seen = match (view, seen) {
            (View::Around(before, behind), seen) => {
                let seen = seen.unwrap_or_default();
                Some(Cow::Owned([before, &*seen, behind].concat()))
            }
            (_, None) => None,
            (View::Lower, Some(text)) => Some(Cow::Owned(text.to_ascii_lowercase())),
            (View::Upper, Some(text)) => Some(Cow::Owned(text.to_ascii_uppercase())),
            (View::Path, Some(Cow::Borrowed(text))) => Some(Cow::Borrowed(path_of(text))),
            (View::Path, Some(text)) => Some(Cow::Owned(path_of(&text).to_vec())),
            (View::Host, Some(text)) => Some(Cow::Owned(host_in(&text).into_owned())),
        };
    }
    seen
}

#[cfg(test)]
mod tests;
