//! Names of cookies and of parameters, by patterns.

use super::text::{self, Asked, Automata, Domain, Found};
use crate::lang::hir::{Glob, Normalization, Pattern, Texts};

/// Names that are like one of each of some lists of patterns, and like none of each of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Names(Vec<Part>);

impl Names {
    /// Those that are like one of these.
    #[must_use]
    pub fn like(globs: Vec<Glob>) -> Self {
        Self(vec![(globs, true)])
    }

    /// Whether a name is one of them.
    #[must_use]
    pub fn holds(&self, name: &[u8]) -> bool {
        self.0.iter().all(|part| holds(part, name))
    }

    /// Those of them that a clause of `normalize` leaves; `None` if it is about something else.
    pub(super) fn left_by(&self, clause: &Normalization) -> Option<Self> {
        let part = match clause {
            Normalization::QueryDrop(globs) | Normalization::CookieDrop(globs) => (globs.clone(), false),
            Normalization::QueryKeep(globs) | Normalization::CookieKeep(globs) => (globs.clone(), true),
            Normalization::QuerySort => return Some(self.clone()),
            _ => return None,
        };
        let known = self.0.iter().filter(|other| **other != part).cloned();
        Some(Self(known.chain([part.clone()]).collect()))
    }

    /// One for each pattern, or one.
    #[must_use]
    pub fn samples(&self) -> Vec<String> {
        let wanted = self.0.iter().filter(|(_, wanted)| *wanted).flat_map(|(globs, _)| globs);
        let like = wanted.map(|glob| glob.text().replace('*', "x")).filter(|name| self.holds(name.as_bytes()));
        let like: Vec<String> = like.collect();
        if !like.is_empty() {
            return like;
        }
        self.likely().next().and_then(|name| String::from_utf8(name).ok()).into_iter().collect()
    }

    /// Names that are likely to be among them.
    fn likely(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let wanted = self.0.iter().filter(|(_, wanted)| *wanted).flat_map(|(globs, _)| globs);
        let plain = ["session", "a"].map(str::to_owned);
        let named = wanted.flat_map(|glob| STARS.iter().map(|star| glob.text().replace('*', star)));
        named.filter(|name| !name.is_empty()).chain(plain).map(String::into_bytes).filter(|name| self.holds(name))
    }
}

/// Patterns of which a name is to be like one, or like none.
type Part = (Vec<Glob>, bool);

/// So many ways in which a name can be none of those that are not to be there are tried.
const MOST_WAYS: usize = 256;

/// A name that is among those that are wanted, and not among any of the others; `absent` are no names either.
pub(super) fn find(wanted: &Names, others: &[&Names], absent: &[&[u8]], automata: &mut Automata) -> Found {
    // Of what is wanted in any case there is no other way.
    let others = others.iter().map(|other| other.0.iter().filter(|part| !wanted.0.contains(part)).collect());
    let others: Vec<Vec<&Part>> = others.collect();
    let is_among = |name: &[u8], parts: &[&Part]| parts.iter().all(|part| holds(part, name));
    let is_apart = |name: &[u8]| !absent.contains(&name) && !others.iter().any(|other| is_among(name, other));
    if let Some(name) = wanted.likely().find(|name| is_apart(name)) {
        return Found::Value(Some(name));
    }
    let mut all: Vec<Asked> = wanted.0.iter().map(|part| asked(part, part.1, automata)).collect();
    all.push(Asked { views: Vec::new(), texts: None, holds: true });
    let absent = absent.iter().map(|name| Texts::Exact(name.to_vec().into())).collect();
    all.push(Asked { views: Vec::new(), texts: Some(absent), holds: false });
    let mut ways = 0;
    apart(&mut all, &others, automata, &mut ways)
}

fn holds((globs, wanted): &Part, name: &[u8]) -> bool {
    globs.iter().any(|glob| glob.matches(name)) == *wanted
}

fn apart(all: &mut Vec<Asked>, others: &[Vec<&Part>], automata: &mut Automata, ways: &mut usize) -> Found {
    *ways += 1;
    if *ways > MOST_WAYS {
        return Found::GaveUp;
    }
    let Some((first, rest)) = others.split_first() else { return text::find(Domain::Any, all, automata) };
    let mut gave_up = false;
    for part in first {
        let refused = asked(part, !part.1, automata);
        all.push(refused);
        let found = apart(all, rest, automata, ways);
        all.pop();
        match found {
            Found::Nothing => {}
            Found::GaveUp => gave_up = true,
            found @ Found::Value(_) => return found,
        }
    }
    if gave_up { Found::GaveUp } else { Found::Nothing }
}

/// Texts that patterns are tried with for a star.
const STARS: [&str; 3] = ["x", "1", ""];

/// Whether a name is like one of the patterns of a part.
fn asked((globs, _): &Part, holds: bool, automata: &mut Automata) -> Asked {
    Asked { views: Vec::new(), texts: Some(globs.iter().map(|glob| automata.like(glob, texts_like)).collect()), holds }
}

fn texts_like(glob: &Glob) -> Texts<'static> {
    let text = glob.text();
    if !text.contains('*') {
        return Texts::Exact(text.as_bytes().to_vec().into());
    }
    let parts: Vec<String> = text.split('*').map(regex_syntax::escape).collect();
    Texts::Pattern(Pattern::new(format!("(?s)^{}\\z", parts.join(".*"))), None)
}
