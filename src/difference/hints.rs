//! Requests like a witness that show a difference better: a parameter that only one of two policies drops has to be there.

use http::header::{ACCEPT_ENCODING, COOKIE, HOST};
use http::{HeaderName, HeaderValue};

use crate::analysis::{Op, Place, Term};
use crate::lang::hir::{Glob, Normalization};
use crate::lang::schema::Message;
use crate::simulate::Request;

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
pub(super) fn variants(request: &Request, hints: &[Hint]) -> Vec<Request> {
    let mut all = vec![request.clone()];
    all.extend(hints.iter().map(|hint| hint.applied(request.clone())));
    if hints.len() > 1 {
        all.push(hints.iter().fold(request.clone(), |request, hint| hint.applied(request)));
    }
    all
}

impl Hint {
    fn applied(&self, mut request: Request) -> Request {
        match self {
            Self::Parameter(name) => add_query(&mut request, &format!("{name}=1")),
            Self::Disorder => add_query(&mut request, "z=1&a=2"),
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
            Self::Detours => request.target.insert_str(0, "/x/..//%7E"),
            Self::Capitals => request.host = request.host.to_ascii_uppercase(),
        }
        request
    }
}

fn add_query(request: &mut Request, pairs: &str) {
    let mark = if request.target.contains('?') { '&' } else { '?' };
    request.target = format!("{}{mark}{pairs}", request.target);
}
