//! Values that make a condition hold.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use http::header::{COOKIE, HOST};

use super::formula::{Formula, Literal, Test};
use super::solve::{MOST_LOOKS, MOST_TESTS};
use super::term::{Place, Term};
use super::text::Domain;
use super::{concrete, number};
use crate::cache::asked::FORWARDED_FOR;
use crate::lang::hir::{Acl, Texts};
use crate::lang::schema::{Message, Type, Variable};
use crate::pace::pause;
use crate::simulate::SOMEWHERE;

/// A value of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// STRING; `None` is unset.
    Text(Option<Arc<[u8]>>),
    /// INT, DURATION in milliseconds, BYTES; `None` where there is none.
    Number(Option<i64>),
    /// BOOL.
    Truth(bool),
    /// IP.
    Address(IpAddr),
}

/// What the client sends, what the backend answers, and what is assumed of all that is not understood.
#[derive(Clone, Debug)]
pub struct Model<'h> {
    pub(super) acls: &'h [Acl],
    pub(super) tables: &'h [crate::lang::hir::Table],
    values: HashMap<Term, Scalar>,
    /// What further lines of fields say; a value is that of the first.
    further: HashMap<Term, Arc<[u8]>>,
    /// What was computed already.
    known: RefCell<HashMap<Term, Option<Scalar>>>,
    /// Which conditions hold, of those that were looked at; kept, so that nothing else comes to stand there.
    judged: RefCell<HashMap<*const (), (Formula, bool)>>,
    /// How many tests were made of it.
    tests: Cell<usize>,
    /// How many parts of conditions were looked at.
    looks: Cell<usize>,
}

impl<'h> Model<'h> {
    pub(super) fn new(acls: &'h [Acl], tables: &'h [crate::lang::hir::Table]) -> Self {
        let (known, judged) = (RefCell::default(), RefCell::default());
        let (values, further) = (HashMap::new(), HashMap::new());
        Self { acls, tables, values, further, known, judged, tests: Cell::new(0), looks: Cell::new(0) }
    }

    pub(super) fn set(&mut self, term: Term, value: Scalar) {
        self.values.insert(term, value);
        self.forget();
    }

    /// Adds a line behind the first of a field.
    pub(super) fn add_line(&mut self, field: Term, line: Arc<[u8]>) {
        self.further.insert(field, line);
        self.forget();
    }

    /// The line behind the first of a field.
    pub(super) fn line_behind(&self, field: &Term) -> Option<&[u8]> {
        self.further.get(field).map(|line| &**line)
    }

    pub(super) fn remove(&mut self, term: &Term) {
        self.values.remove(term);
        self.forget();
    }

    /// Forgets what follows from the values.
    fn forget(&mut self) {
        self.known.get_mut().clear();
        self.judged.get_mut().clear();
    }

    /// What was chosen, without what follows from it.
    pub fn chosen(&self) -> impl Iterator<Item = (&Term, &Scalar)> {
        self.values.iter()
    }

    /// What was chosen that no client can bring about, as nobody knows how it comes about.
    pub fn assumed(&self) -> impl Iterator<Item = &Term> {
        self.values.keys().filter(|term| matches!(term, Term::Made(_) | Term::Free(_)))
    }

    /// The value of a term; `None` if nothing says what it is.
    #[must_use]
    pub fn value(&self, term: &Term) -> Option<Scalar> {
        match term {
            Term::Text(text) => Some(Scalar::Text(Some(Arc::clone(text)))),
            Term::Number(number) => Some(Scalar::Number(Some(*number))),
            Term::Truth(truth) => Some(Scalar::Truth(*truth)),
            Term::Address(address) => Some(Scalar::Address(*address)),
            Term::Unset => Some(Scalar::Text(None)),
            Term::Backend(_) | Term::Fixed(_) => None,
            Term::Chosen(chosen) => chosen.value(self),
            Term::Free(unknown) => {
                let usual = || unknown.place.as_ref().and_then(|place| usual_number(term, place));
                self.values.get(term).cloned().or_else(usual)
            }
            Term::Input(place) => self.values.get(term).cloned().or_else(|| default(term, place)),
            Term::Made(made) => {
                self.looks.set(self.looks.get() + 1);
                if let Some(known) = self.known.borrow().get(term) {
                    return known.clone();
                }
                let value = concrete::value(&made.op, &made.of, self).or_else(|| self.values.get(term).cloned());
                self.known.borrow_mut().insert(term.clone(), value.clone());
                value
            }
        }
    }

    /// How many tests were made of it.
    pub(super) fn tests(&self) -> usize {
        self.tests.get()
    }

    /// How many parts of conditions were looked at.
    pub(super) fn looks(&self) -> usize {
        self.looks.get()
    }

    /// Whether a condition holds. What nothing is said of is taken for false, zero or unset. Behind so many tests that
    /// the solver gives up, nothing does.
    #[must_use]
    pub fn satisfies(&self, formula: &Formula) -> bool {
        pause();
        self.looks.set(self.looks.get() + 1);
        if self.tests.get() >= MOST_TESTS || self.looks.get() >= MOST_LOOKS {
            return false;
        }
        match formula {
            Formula::Const(truth) => *truth,
            Formula::Literal(literal, holds) => {
                self.once(Arc::as_ptr(literal).cast(), formula, || self.passes(literal)) == *holds
            }
            Formula::All(parts) => self.once(parts.place(), formula, || parts.iter().all(|part| self.satisfies(part))),
            Formula::Any(parts) => self.once(parts.place(), formula, || parts.iter().any(|part| self.satisfies(part))),
            Formula::First(first) => first.taken.contains(first.ladder.first(self)),
        }
    }

    /// Judges a condition once: conditions share their parts.
    fn once(&self, place: *const (), formula: &Formula, judge: impl Fn() -> bool) -> bool {
        if let Some((_, holds)) = self.judged.borrow().get(&place) {
            return *holds;
        }
        let holds = judge();
        self.judged.borrow_mut().insert(place, (formula.clone(), holds));
        holds
    }

    /// Whether a test of a value holds.
    #[must_use]
    pub fn passes(&self, literal: &Literal) -> bool {
        self.tests.set(self.tests.get() + 1);
        let value = self.value(&literal.term);
        match (&literal.test, value) {
            (Test::Set, Some(Scalar::Text(text))) => text.is_some(),
            (Test::Set, Some(Scalar::Number(number))) => number.is_some(),
            (Test::Set, Some(_)) => true,
            (Test::In(texts), Some(Scalar::Text(Some(text)))) => texts.iter().any(|texts| texts.holds(&text)),
            (Test::In(texts), _) => texts.iter().any(Texts::holds_unset),
            (Test::Within(ranges), Some(Scalar::Number(Some(number)))) => {
                ranges.iter().any(|range| range.contains(&number))
            }
            (Test::Listed(acl), value) => {
                self.acls.get(acl.0 as usize).is_some_and(|acl| acl.contains(address(value.as_ref())))
            }
            (Test::At(wanted), Some(Scalar::Address(address))) => *wanted == address,
            (Test::Holds, Some(Scalar::Truth(truth))) => truth,
            _ => false,
        }
    }

    /// The address of a term that lists are asked for.
    pub(super) fn address(&self, term: &Term) -> IpAddr {
        address(self.value(term).as_ref())
    }

    /// Whether all that it says can be seen in the request and the answer: nothing is assumed of what is not understood.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.values.keys().all(|term| matches!(term, Term::Input(_)))
    }
}

/// The address that a value is: some one where nothing is known of it.
fn address(value: Option<&Scalar>) -> IpAddr {
    if let Some(Scalar::Address(address)) = value { *address } else { SOMEWHERE }
}

/// What comes in where nothing is asked of it.
fn default(term: &Term, place: &Place) -> Option<Scalar> {
    let text = |text: &[u8]| Some(Scalar::Text(Some(text.into())));
    match place {
        Place::Variable(Variable::ReqMethod) => text(b"GET"),
        Place::Variable(Variable::ReqUrl) => text(b"/"),
        Place::Variable(Variable::ReqProto) => text(b"HTTP/1.1"),
        Place::Variable(variable) if variable.ty() == Type::Ip => Some(Scalar::Address(SOMEWHERE)),
        Place::Field(Message::Req, name) if *name == HOST => text(Domain::Host.likely()),
        Place::Field(Message::Req, name) if *name == FORWARDED_FOR => text(Domain::Forwarded.likely()),
        Place::Field(..) => Some(Scalar::Text(None)),
        Place::Variable(_) => usual_number(term, place),
    }
}

/// The number that comes in at a place where nothing is asked of it. There always is one: if there was none, neither a test
/// nor its opposite would hold.
fn usual_number(term: &Term, place: &Place) -> Option<Scalar> {
    let Place::Variable(variable) = place else { return None };
    let is_number = matches!(variable.ty(), Type::Int | Type::Duration | Type::Bytes);
    if is_number { number::find(term, &[]) } else { None }
}

/// The value of `Cookie` as the client sends it.
pub(super) fn cookie() -> Term {
    Term::field(Message::Req, &COOKIE)
}
