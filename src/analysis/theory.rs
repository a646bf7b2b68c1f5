//! Values of which tests hold or do not: all tests of one value together, value by value.

use std::sync::Arc;

use hashbrown::HashMap;
use http::header::{COOKIE, HOST};

use super::address::Lists;
use super::formula::{Literal, Test};
use super::model::{Model, Scalar};
use super::names::Names;
use super::number;
use super::parts::{self, Failure};
use super::solve::{STATES, VIEWS};
use super::term::{Op, Place, Term};
use super::text::{self, Asked, Automata, Domain, Found, View};
use super::{compose, concrete, fixed, left};
use crate::cache::asked::FORWARDED_FOR;
use crate::decision::cookies;
use crate::lang::hir::{Hir, Normalization, Texts};
use crate::lang::schema::{Message, Variable};

/// What values there are.
pub(super) enum Values<'h> {
    /// These.
    Are(Box<Model<'h>>),
    /// None can be: these of the tests, by number, do not go together.
    Cannot(Vec<usize>),
    /// It is not known; the budget that ended, and the place of a value that keeps it from being known.
    Unknown(&'static str, Option<Place>),
}

/// A test, and whether it is to hold.
type Wants = (Arc<Literal>, bool);

/// A test of a value, and whether it is to hold.
pub(super) type Wanted<'l> = (&'l Test, bool);

/// Everything that is asked, by value.
#[derive(Default)]
struct Questions<'l> {
    texts: HashMap<Term, Vec<Asked>>,
    numbers: HashMap<&'l Term, Vec<number::Wanted>>,
    addresses: HashMap<&'l Term, Vec<Wanted<'l>>>,
    truths: HashMap<Term, bool>,
    /// The tests, by number, from which all follows that is asked of a value.
    about: HashMap<Term, Vec<usize>>,
    /// The number of the test that is looked at.
    at: usize,
    /// Something is to be true and false.
    contradictory: Option<Term>,
}

/// Values of which these tests hold, or do not.
pub(super) fn values<'h>(literals: &[Wants], hir: &'h Hir, automata: &mut Automata, lists: &mut Lists) -> Values<'h> {
    match all_values(literals, hir, automata, lists) {
        Values::Cannot(apart) => Values::Cannot(fewest(literals, apart, hir, (automata, lists))),
        values => values,
    }
}

/// Of so many tests that do not go together, those are left out without which the others do not either.
const MOST_APART: usize = 12;

/// Of tests that do not go together few, or all, that do not either.
fn fewest(
    literals: &[Wants],
    mut apart: Vec<usize>,
    hir: &Hir,
    (automata, lists): (&mut Automata, &mut Lists),
) -> Vec<usize> {
    let mut are_apart = |numbers: &[usize]| {
        let wanted: Vec<Wants> = numbers.iter().filter_map(|at| literals.get(*at)).cloned().collect();
        matches!(all_values(&wanted, hir, automata, lists), Values::Cannot(_))
    };
    apart.sort_unstable();
    apart.dedup();
    if apart.len() < literals.len() && !are_apart(&apart) {
        return (0..literals.len()).collect();
    }
    let mut at = 0;
    while apart.len() <= MOST_APART && at < apart.len() {
        let mut fewer = apart.clone();
        fewer.remove(at);
        if are_apart(&fewer) { apart = fewer } else { at += 1 }
    }
    apart
}

fn all_values<'h>(literals: &[Wants], hir: &'h Hir, automata: &mut Automata, lists: &mut Lists) -> Values<'h> {
    let questions = match Questions::of(literals, automata) {
        Ok(questions) => questions,
        Err(apart) => return Values::Cannot(apart),
    };
    let mut model = Model::new(&hir.acls, &hir.tables);
    let mut unknown = None;
    for (term, asked) in &questions.texts {
        match questions.find(term, asked, automata) {
            Found::Value(text) => model.set(term.clone(), Scalar::Text(text.map(Arc::from))),
            Found::Nothing => return Values::Cannot(questions.about(term)),
            Found::GaveUp => unknown = Some((STATES, first_place(term))),
        }
    }
    for (term, wanted) in &questions.numbers {
        let Some(number) = number::find(term, wanted) else { return Values::Cannot(questions.about(term)) };
        model.set((*term).clone(), number);
    }
    for (term, wanted) in &questions.addresses {
        let Some(address) = lists.address(wanted, &hir.acls) else { return Values::Cannot(questions.about(term)) };
        model.set((*term).clone(), Scalar::Address(address));
    }
    for (term, truth) in &questions.truths {
        model.set(term.clone(), Scalar::Truth(*truth));
    }
    if let Some(budget) = unknown {
        return Values::Unknown(budget.0, budget.1);
    }
    let truths = questions.truths.iter().map(|(term, holds)| (term, *holds));
    let instances = match parts::instances(questions.texts.iter(), truths, &model, automata) {
        Ok(instances) => instances,
        Err(Failure::Cannot) => return Values::Cannot((0..literals.len()).collect()),
        Err(Failure::Unknown(budget)) => return Values::Unknown(budget, None),
    };
    compose::compose(&mut model, &questions.texts, &instances, automata);
    match literals.iter().find(|(literal, holds)| model.passes(literal) != *holds) {
        None => Values::Are(Box::new(model)),
        Some((literal, _)) => match fixed::apart(literals, hir) {
            Some(apart) => Values::Cannot(apart),
            None => Values::Unknown(VIEWS, first_place(&literal.term)),
        },
    }
}

/// A place whose value is a part of a term.
fn first_place(term: &Term) -> Option<Place> {
    let mut first = term.place().cloned();
    term.inputs(&mut |place| first = first.take().or_else(|| Some(place.clone())));
    first
}

/// A text that passes all tests; of one that clauses of `normalize` have left, one that they leave alone.
fn find(term: &Term, asked: &[Asked], automata: &mut Automata) -> Found {
    let found = text::find(domain(term), asked, automata);
    let left = left::asked(term);
    let is_left = |text: &[u8]| left.iter().all(|one| one.passes(Some(text)));
    match &found {
        Found::Value(Some(text)) if !is_left(text) => text::find(domain(term), &[asked, &left].concat(), automata),
        _ => found,
    }
}

impl<'l> Questions<'l> {
    /// The tests, by number, that do not go together, if something is to be true and false.
    fn of(literals: &'l [(Arc<Literal>, bool)], automata: &mut Automata) -> Result<Self, Vec<usize>> {
        let mut questions = Self::default();
        for (at, (literal, holds)) in literals.iter().enumerate() {
            questions.at = at;
            match &literal.test {
                Test::Set => questions.ask(&literal.term, None, *holds),
                Test::In(texts) => questions.ask(&literal.term, Some(Arc::clone(texts)), *holds),
                Test::Within(ranges) => {
                    let (base, steps) = number::seen_through(&literal.term);
                    let ranges = ranges.iter().filter_map(|range| number::before(&steps, range)).collect();
                    questions.note(base);
                    if *holds {
                        questions.follow_from_said(base);
                    }
                    questions.numbers.entry(base).or_default().push((ranges, *holds));
                }
                test @ (Test::Listed(_) | Test::At(_)) => {
                    questions.note(&literal.term);
                    questions.addresses.entry(&literal.term).or_default().push((test, *holds));
                }
                Test::Holds => questions.hold(&literal.term, *holds),
            }
        }
        questions.leave_unsaid();
        questions.begin_alike(automata);
        match &questions.contradictory {
            Some(term) => Err(questions.about(term)),
            None => Ok(questions),
        }
    }

    /// Notes that something is asked of a value by the test that is looked at.
    fn note(&mut self, term: &Term) {
        self.about.entry(term.clone()).or_default().push(self.at);
    }

    /// The tests, by number, from which all follows that is asked of a value.
    fn about(&self, term: &Term) -> Vec<usize> {
        self.about.get(term).cloned().unwrap_or_default()
    }

    fn ask(&mut self, term: &Term, texts: Option<Arc<[Texts<'static>]>>, holds: bool) {
        let (base, views) = seen_through(term);
        let asked = Asked { views, texts, holds };
        if !asked.passes(None) {
            self.follow_from_set(&base);
        }
        self.note(&base);
        self.texts.entry(base).or_default().push(asked);
    }

    /// Where there is a cookie there is a `Cookie`, and where a clause of `normalize` left something there was something.
    fn follow_from_set(&mut self, base: &Term) {
        let whole = match base.as_made() {
            Some((Op::Cookie, [header, _])) => header,
            Some((Op::Normalized(clause), [inner])) => match Names::default().left_by(clause) {
                Some(names) if Place::normalized(clause) == COOKIES => {
                    return self.hold(&Term::made(Op::AnyCookie(names), vec![inner.clone()]), true);
                }
                _ => inner,
            },
            _ => return,
        };
        if !whole.is_constant() {
            self.ask(&whole.clone(), None, true);
        }
    }

    /// Leaves texts out of those that a `Cache-Control` may be which say what it is not to say. Other lines of it may say more,
    /// but not less.
    fn leave_unsaid(&mut self) {
        for (term, _) in self.truths.iter().filter(|(_, holds)| !**holds) {
            let Some((op @ Op::Directive(..), [whole])) = term.as_made() else { continue };
            let is_silent = |texts: &&Texts<'static>| match texts {
                Texts::Exact(text) => concrete::of_text(op, text) != Some(Scalar::Truth(true)),
                _ => true,
            };
            let by = self.about.get(term).cloned().unwrap_or_default();
            self.about.entry(whole.clone()).or_default().extend(by);
            let asked = self.texts.get_mut(whole).into_iter().flatten().filter(|one| one.holds && one.views.is_empty());
            for texts in asked.filter_map(|one| one.texts.as_mut()) {
                *texts = texts.iter().filter(is_silent).cloned().collect();
            }
        }
    }

    /// What is left of a URL begins like it, if there is nothing in it to be rewritten.
    fn begin_alike(&mut self, automata: &mut Automata) {
        let url = Term::Input(Place::Variable(Variable::ReqUrl));
        let (Some(came), by) = (self.texts.get(&url).cloned(), self.about(&url)) else { return };
        let mut known = None;
        let mut is_rewritten = || *known.get_or_insert_with(|| left::is_rewritten(&came, automata));
        for (term, asked) in &mut self.texts {
            let alike = left::beginnings(term, &came, &mut is_rewritten);
            if !alike.is_empty() {
                asked.extend(alike);
                self.about.entry(term.clone()).or_default().extend(&by);
            }
        }
    }

    /// A text that passes all tests; of a `Cache-Control`, one that says nothing that it is not to say, and of a `Cookie` one
    /// without cookies that are not to be there, if there is one.
    fn find(&self, term: &Term, asked: &[Asked], automata: &mut Automata) -> Found {
        let found = find(term, asked, automata);
        let Found::Value(Some(text)) = &found else { return found };
        let is_said = |op: &Op| concrete::of_text(op, text) == Some(Scalar::Truth(true));
        let of_it = |(refused, holds): (&Term, &bool)| match refused.as_made() {
            Some((op @ Op::Directive(_, directive), [whole])) if whole == term && !holds && is_said(op) => {
                left::without(*directive)
            }
            _ => None,
        };
        let [there, gone] = [true, false].map(|holds| self.cookies_amiss(term, text, holds));
        let there = there.filter_map(|name| left::with_cookie(name, automata));
        let unsaid = self.truths.iter().filter_map(of_it).chain(there);
        let unsaid: Vec<Asked> = unsaid.chain(self.directives_there(term, text)).collect();
        let gone: Vec<Asked> = gone.filter_map(|name| left::without_cookie(name, automata)).collect();
        if unsaid.is_empty() && gone.is_empty() {
            return found;
        }
        match text::find(domain(term), &[asked, &unsaid, &gone].concat(), automata) {
            Found::Nothing | Found::GaveUp if !unsaid.is_empty() => found,
            other => other,
        }
    }

    /// What is asked of a part of a `Cache-Control`, for each directive that is to be there and is not.
    fn directives_there(&self, part: &Term, found: &[u8]) -> impl Iterator<Item = Asked> {
        let numbers = self.numbers.iter().filter(|(_, wanted)| wanted.iter().any(|(_, holds)| *holds));
        let truths = self.truths.iter().filter(|(_, holds)| **holds).map(|(term, _)| term);
        truths.chain(numbers.map(|(term, _)| *term)).filter_map(move |said| match said.as_made()? {
            (Op::Directive(_, directive), [text]) if text.place().is_none() => {
                let (base, views) = seen_through(text);
                let asked = left::with(*directive, views).filter(|_| base == *part)?;
                (!asked.passes(Some(found))).then_some(asked)
            }
            _ => None,
        })
    }

    /// The cookies of a `Cookie` of which the text counts that are to be there and are not, or the other way round.
    fn cookies_amiss(&self, header: &Term, text: &[u8], holds: bool) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().filter_map(move |(term, asked)| match term.as_made()? {
            (Op::Cookie, [whole, Term::Text(name)]) if whole == header => {
                let is_amiss = cookies::cookie(text.into(), name).is_some() != holds;
                (is_amiss && asked.iter().any(|one| one.texts.is_none() && one.holds == holds)).then_some(&**name)
            }
            _ => None,
        })
    }

    fn hold(&mut self, term: &Term, holds: bool) {
        self.note(term);
        if self.truths.insert(term.clone(), holds).is_some_and(|before| before != holds) {
            self.contradictory = Some(term.clone());
        }
        if let (Some((Op::AnyCookie(_), [header])), true) = (term.as_made(), holds) {
            self.ask(&header.clone(), None, true);
        }
        if holds {
            self.follow_from_said(term);
        }
    }

    /// Where a directive is said there is a text that says it.
    fn follow_from_said(&mut self, term: &Term) {
        let Some((Op::Directive(_, directive), [text])) = term.as_made() else { return };
        self.ask(text, None, true);
        // A field may have lines of which nothing is asked.
        if text.place().is_none() {
            self.ask(text, Some(left::named(*directive)), true);
        }
    }
}

/// Where cookies stand.
const COOKIES: Place = Place::Field(Message::Req, COOKIE);

/// The value that a term is a view of, and the views, the innermost first.
fn seen_through(term: &Term) -> (Term, Vec<View>) {
    let mut views = Vec::new();
    let mut at = term;
    while let Some((op, of)) = at.as_made() {
        let (view, inner) = match (op, of) {
            (Op::Lower, [inner]) => (View::Lower, inner),
            (Op::Upper, [inner]) => (View::Upper, inner),
            (Op::Path, [inner]) => (View::Path, inner),
            (Op::Host, [inner]) => (View::Host, inner),
            (Op::Concat, parts) => match around(parts) {
                Some(found) => found,
                None => break,
            },
            _ => break,
        };
        views.push(view);
        at = inner;
    }
    views.reverse();
    (at.clone(), views)
}

/// The only part that is not known, and what stands around it.
fn around(parts: &[Term]) -> Option<(View, &Term)> {
    let mut unknown = parts.iter().filter(|part| !matches!(part, Term::Text(_)));
    let (inner, None) = (unknown.next()?, unknown.next()) else { return None };
    let at = parts.iter().position(|part| part == inner)?;
    let text = |parts: &[Term]| {
        let mut text = Vec::new();
        for part in parts {
            if let Term::Text(part) = part {
                text.extend_from_slice(part);
            }
        }
        Arc::from(text)
    };
    Some((View::Around(text(parts.get(..at)?), text(parts.get(at + 1..)?)), inner))
}

/// Which texts a value may be.
pub(super) fn domain(term: &Term) -> Domain {
    match term {
        Term::Input(Place::Variable(Variable::ReqUrl)) => Domain::Url,
        Term::Input(Place::Variable(Variable::ReqMethod)) => Domain::Method,
        Term::Input(Place::Field(Message::Req, name)) if *name == HOST => Domain::Host,
        Term::Input(Place::Field(Message::Req, name)) if *name == FORWARDED_FOR => Domain::Forwarded,
        _ if matches!(term.place(), Some(Place::Field(..))) => Domain::Field,
        Term::Made(made) => match (&made.op, made.of.as_slice()) {
            // A path is resolved from `/` on, and what is no path is left alone.
            (Op::Normalized(Normalization::AcceptEncoding(_)), _) => Domain::Field,
            (Op::Normalized(_), [inner]) => domain(inner),
            _ => Domain::Any,
        },
        _ => Domain::Any,
    }
}
