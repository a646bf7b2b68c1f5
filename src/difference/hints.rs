//! Requests like a witness that show a difference better: a parameter that only one of two policies drops has to be there.

use http::header::{ACCEPT_ENCODING, COOKIE, HOST};
use http::{HeaderName, HeaderValue, StatusCode};

use super::trial::Met;
use crate::analysis::{Analysis, Model, Op, Place, Scalar, Term};
use crate::lang::hir::{Glob, Normalization};
use crate::lang::schema::function::Convert;
use crate::lang::schema::{Function, Message, Variable};
use crate::simulate::{Case, Request};

/// What a request may have for a difference to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hint {
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
    /// A field that says that.
    Said(HeaderName, Vec<u8>),
    /// A parameter with that value.
    Pair(String, String),
    /// A field of the answer that says that.
    Answered(HeaderName, Vec<u8>),
    /// That status of the answer.
    Status(u16),
}

/// Adds what a value depends on.
pub(super) fn of_term(term: &Term, hints: &mut Vec<Hint>) {
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
                Op::Normalized(Normalization::HostLower) | Op::Host | Op::Lower => add(Hint::Capitals),
                Op::Normalized(Normalization::QuerySort) | Op::WholeQuery => add(Hint::Disorder),
                Op::Normalized(_) => add(Hint::Detours),
                _ => {}
            }
            if matches!(made.op, Op::Query | Op::Path) {
                add(Hint::Parameter("other".to_owned()));
            }
            made.of.iter().for_each(|part| of_term(part, hints));
        }
        _ => {}
    }
}

/// The request, and others that have what is hinted at: each alone, then all.
pub(super) fn variants(case: &Case, hints: &[Hint]) -> Vec<Case> {
    let mut all = vec![case.clone()];
    all.extend(hints.iter().map(|hint| hint.applied(case.clone())));
    if hints.len() > 1 {
        all.push(hints.iter().fold(case.clone(), |case, hint| hint.applied(case)));
    }
    all.dedup();
    all
}

/// What a model assumes that can be brought about: numbers in texts, and what a response says that is stored or sent on.
pub(super) fn of_model(model: &Model<'_>, analysis: &Analysis<'_>, hints: &mut Vec<Hint>) -> Vec<Met> {
    let mut met = Vec::new();
    for (term, value) in model.chosen() {
        if let (Term::Made(made), Scalar::Number(Some(number))) = (term, value)
            && let (Op::Call(function), [text, ..]) = (&made.op, made.of.as_slice())
        {
            hints.extend(saying(text, &written(*function, *number)));
        }
        let place = if let Term::Input(place) = term { Some(place.clone()) } else { analysis.place_of(term) };
        match (place, value) {
            (Some(Place::Field(Message::Obj | Message::Resp, name)), Scalar::Text(Some(text))) => {
                hints.push(Hint::Answered(name, text.to_vec()));
            }
            (Some(Place::Variable(variable)), Scalar::Number(Some(number))) => match variable {
                Variable::ObjStatus | Variable::RespStatus => {
                    hints.extend(u16::try_from(*number).ok().map(Hint::Status));
                }
                Variable::ObjHits => met.push(Met::Hits(*number)),
                Variable::ObjAge => met.push(Met::Age(*number)),
                Variable::ObjTtl => met.push(Met::Left(*number)),
                _ => {}
            },
            _ => {}
        }
    }
    met
}

/// A number as a function reads it out of a text.
fn written(function: Function, number: i64) -> String {
    match function {
        Function::Convert(Convert::Duration) => format!("{number}ms"),
        _ => number.to_string(),
    }
}

/// What has a value say that, if clients say what it is.
fn saying(term: &Term, text: &str) -> Option<Hint> {
    match term {
        Term::Input(Place::Field(Message::Req, name)) => Some(Hint::Said(name.clone(), text.into())),
        Term::Made(made) => match (&made.op, made.of.get(1)) {
            (Op::Query, Some(Term::Text(name))) => {
                Some(Hint::Pair(String::from_utf8_lossy(name).into_owned(), text.to_owned()))
            }
            (Op::Cookie | Op::Call(_), Some(Term::Text(name))) => {
                Some(Hint::Said(COOKIE, [&**name, b"=", text.as_bytes()].concat()))
            }
            _ => None,
        },
        _ => None,
    }
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
