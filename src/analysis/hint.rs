//! Requests like a witness that show more: a parameter that a policy drops has to be there, a host to be in upper case.

use http::header::{ACCEPT_ENCODING, COOKIE, HOST};
use http::{HeaderName, HeaderValue, StatusCode};

use super::formula::Formula;
use super::term::{Op, Place, Term};
use super::within::{Look, Within};
use crate::lang::hir::{Glob, Normalization};
use crate::lang::schema::{Function, Message};
use crate::simulate::{Case, Request};

/// What a request may have for more to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A parameter of that name.
    Parameter(String),
    /// Parameters that are in no order.
    Disorder,
    /// A cookie of that name.
    Cookie(String),
    /// A field of that name.
    Field(HeaderName),
    /// A path that is written in another way than it need be.
    Detours,
    /// A host in upper case.
    Capitals,
    /// A host with a port.
    Port,
    /// A field that says that.
    Said(HeaderName, Vec<u8>),
    /// A parameter with that value.
    Pair(String, String),
    /// A field of the answer that says that.
    Answered(HeaderName, Vec<u8>),
    /// That status of the answer.
    Status(u16),
}

/// So many parts of a condition are looked at for what functions yield.
const MOST_PARTS: usize = 10_000;

/// The values in a condition that functions yield of which nobody knows beforehand what, and what they are compared with.
#[must_use]
pub fn yielded_in(formula: &Formula) -> Vec<Term> {
    let (mut found, mut looks) = (Vec::new(), 0);
    Within::new(|term| {
        looks += 1;
        let is_one = match term {
            Term::Made(made) => matches!(made.op, Op::Call(Function::Accept(_)) | Op::Compare(_)),
            Term::Free(unknown) => unknown.function.is_some(),
            _ => false,
        };
        if is_one && !found.contains(term) {
            found.push(term.clone());
        }
        if looks < MOST_PARTS { Look::Inside } else { Look::Found }
    })
    .formula(formula);
    found
}

/// Adds what a value depends on.
pub fn hints_of(term: &Term, hints: &mut Vec<Hint>) {
    let mut add = |hint: Hint| {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    };
    match term {
        Term::Input(Place::Field(Message::Req, name)) if *name != HOST => add(Hint::Field(name.clone())),
        Term::Made(made) => {
            let named = |globs: &[Glob]| -> Vec<String> {
                globs.iter().map(|glob| glob.text().replace('*', "x")).chain(["other".to_owned()]).collect()
            };
            match &made.op {
                Op::Normalized(Normalization::QueryDrop(globs) | Normalization::QueryKeep(globs)) => {
                    for name in named(globs) {
                        add(Hint::Parameter(name));
                    }
                }
                Op::Normalized(Normalization::CookieDrop(globs) | Normalization::CookieKeep(globs)) => {
                    for name in named(globs) {
                        add(Hint::Cookie(name));
                    }
                }
                Op::Normalized(Normalization::AcceptEncoding(_)) => add(Hint::Field(ACCEPT_ENCODING)),
                Op::Host => {
                    add(Hint::Capitals);
                    add(Hint::Port);
                }
                Op::Normalized(Normalization::HostLower) | Op::Lower => add(Hint::Capitals),
                Op::Normalized(Normalization::QuerySort) | Op::WholeQuery => add(Hint::Disorder),
                Op::Normalized(_) => add(Hint::Detours),
                _ => {}
            }
            if matches!(made.op, Op::Query | Op::Path) {
                add(Hint::Parameter("other".to_owned()));
            }
            made.of.iter().for_each(|part| hints_of(part, hints));
        }
        Term::Chosen(chosen) => chosen.terms().for_each(|part| hints_of(part, hints)),
        _ => {}
    }
}

/// The request, and others that have what is hinted at: each alone, then all.
#[must_use]
pub fn variants(case: &Case, hints: &[Hint]) -> Vec<Case> {
    let mut all = vec![case.clone()];
    all.extend(hints.iter().map(|hint| hint.applied(case.clone())));
    if hints.len() > 1 {
        all.push(hints.iter().fold(case.clone(), |case, hint| hint.applied(case)));
    }
    all.dedup();
    all
}

impl Hint {
    fn applied(&self, mut case: Case) -> Case {
        let request = &mut case.request;
        match self {
            Self::Parameter(name) => add_query(request, &format!("{name}=1")),
            Self::Pair(name, value) => add_query(request, &format!("{name}={value}")),
            Self::Disorder => add_query(request, "z=1&a=2"),
            Self::Cookie(name) => {
                let before = request.headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
                let value = if before.is_empty() { format!("{name}=1") } else { format!("{before}; {name}=1") };
                if let Ok(value) = HeaderValue::from_str(&value) {
                    request.headers.insert(COOKIE, value);
                }
            }
            Self::Field(name) => {
                let value = if *name == ACCEPT_ENCODING { "gzip, br" } else { "one" };
                request.headers.entry(name).or_insert(HeaderValue::from_static(value));
            }
            Self::Said(name, text) => {
                if let Ok(value) = HeaderValue::from_bytes(text) {
                    request.headers.insert(name, value);
                }
            }
            Self::Detours => request.target.insert_str(0, "/x/..//%7E"),
            Self::Capitals => request.host = request.host.to_ascii_uppercase(),
            Self::Port if !request.host.contains(':') => request.host.push_str(":8080"),
            Self::Port => {}
            Self::Answered(name, text) => {
                if let (Some(answer), Ok(value)) = (&mut case.answer, HeaderValue::from_bytes(text)) {
                    answer.headers.insert(name, value);
                }
            }
            Self::Status(status) => {
                if let (Some(answer), Ok(status)) = (&mut case.answer, StatusCode::from_u16(*status)) {
                    answer.status = status;
                }
            }
        }
        case
    }
}

fn add_query(request: &mut Request, pairs: &str) {
    let mark = if request.target.contains('?') { '&' } else { '?' };
    request.target = format!("{}{mark}{pairs}", request.target);
}
