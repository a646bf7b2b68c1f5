//! Cookies and parameters of which names are asked: whether all that is asked of one `Cookie`, or one URL, can be so.

use std::sync::Arc;

use hashbrown::HashMap;

use super::compose::{Instances, any_of};
use super::model::{Model, Scalar, cookie};
use super::names::{self, Names};
use super::solve::{STATES, VIEWS};
use super::term::{Op, Term};
use super::text::{Asked, Automata, Found};

/// What keeps names from being found.
pub(super) enum Failure {
    /// There are none.
    Cannot,
    /// It is not known; the budget that ended.
    Unknown(&'static str),
}

/// All that is asked of the names in one value.
#[derive(Default)]
struct Asks<'q> {
    /// They are there.
    present: Vec<&'q [u8]>,
    /// They are not.
    absent: Vec<&'q [u8]>,
    /// They need not be, and are not in the model.
    left_out: Vec<&'q [u8]>,
    /// One of each is there.
    wanted: Vec<(&'q Term, &'q Names)>,
    /// None of any is.
    refused: Vec<&'q Names>,
}

/// A name for each view that wants one of many to be there.
pub(super) fn instances<'q>(
    texts: impl Iterator<Item = (&'q Term, &'q Vec<Asked>)>,
    truths: impl Iterator<Item = (&'q Term, bool)>,
    model: &Model<'_>,
    automata: &mut Automata,
) -> Result<Instances, Failure> {
    let mut all: HashMap<(bool, &Term), Asks<'q>> = HashMap::new();
    for (term, asked) in texts {
        if let Some((op @ (Op::Cookie | Op::Query), [whole, Term::Text(name)])) = term.as_made() {
            all.entry((*op == Op::Cookie, whole)).or_default().add(name, asked, model.value(term).as_ref());
        } else if *term == cookie() && asked.iter().any(|one| !one.passes(None)) {
            all.entry((true, term)).or_default();
        }
    }
    for (term, holds) in truths {
        let Some((op, [whole])) = term.as_made() else { continue };
        let Some(names) = any_of(op) else { continue };
        let asks = all.entry((matches!(op, Op::AnyCookie(_)), whole)).or_default();
        if holds { asks.wanted.push((term, names)) } else { asks.refused.push(names) }
    }
    let (mut found, mut unknown) = (Instances::new(), None);
    for ((is_cookie, whole), asks) in &all {
        match asks.find(automata, &mut found) {
            Ok(()) => {}
            Err(Failure::Cannot) => return Err(Failure::Cannot),
            Err(Failure::Unknown(budget)) => unknown = Some(budget),
        }
        if *is_cookie && (**whole == cookie() || matches!(whole, Term::Free(_))) {
            found.extend(asks.any(automata).map(|name| ((*whole).clone(), name)));
        }
    }
    unknown.map_or(Ok(found), |budget| Err(Failure::Unknown(budget)))
}

impl<'q> Asks<'q> {
    fn add(&mut self, name: &'q [u8], asked: &[Asked], value: Option<&Scalar>) {
        if asked.iter().any(|one| !one.passes(None)) {
            self.present.push(name);
        } else if asked.iter().any(|one| one.texts.is_none() && !one.holds) {
            self.absent.push(name);
        } else if matches!(value, None | Some(Scalar::Text(None))) {
            self.left_out.push(name);
        }
    }

    fn find(&self, automata: &mut Automata, found: &mut Instances) -> Result<(), Failure> {
        if self.present.iter().any(|name| self.refused.iter().any(|names| names.holds(name))) {
            return Err(Failure::Cannot);
        }
        let missing = self.wanted.iter().filter(|(_, names)| !self.present.iter().any(|name| names.holds(name)));
        for (term, names) in missing {
            let name = self.name(names, automata)?;
            found.insert((*term).clone(), name);
        }
        Ok(())
    }

    fn name(&self, wanted: &Names, automata: &mut Automata) -> Result<Arc<[u8]>, Failure> {
        let without = [&*self.absent, &*self.left_out].concat();
        match names::find(wanted, &self.refused, &without, automata) {
            Found::Value(Some(name)) => Ok(name.into()),
            Found::Nothing if self.left_out.is_empty() => Err(Failure::Cannot),
            Found::Nothing | Found::Value(None) => match names::find(wanted, &self.refused, &self.absent, automata) {
                Found::Nothing => Err(Failure::Cannot),
                _ => Err(Failure::Unknown(VIEWS)),
            },
            Found::GaveUp => Err(Failure::Unknown(STATES)),
        }
    }

    /// The name of any cookie that may be there.
    fn any(&self, automata: &mut Automata) -> Option<Arc<[u8]>> {
        self.name(&Names::default(), automata).ok()
    }
}
