//! What a client can say in a request, and a request in which it says something else.

use std::collections::HashSet;

use http::header::{COOKIE, HOST};
use http::{HeaderName, HeaderValue};

use crate::analysis::{Formula, Op, Place, Term, Test};
use crate::cache::spelling;
use crate::lang::hir::Texts;
use crate::lang::schema::{Message, Variable};
use crate::simulate::Request;

/// A part of a request that clients are free to choose. Path, host and method are not meant: they say what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A field.
    Field(HeaderName),
    /// A cookie.
    Cookie(String),
    /// A parameter of the query.
    Parameter(String),
    /// Where it comes from.
    Address,
}

impl Said {
    /// Adds what a value is made of.
    pub(super) fn in_term(term: &Term, found: &mut Vec<Self>) {
        let mut add = |said: Self| {
            if !found.contains(&said) {
                found.push(said);
            }
        };
        match term {
            Term::Input(Place::Field(Message::Req, name)) if *name != HOST => add(Self::Field(name.clone())),
            Term::Input(Place::Variable(Variable::ClientIp | Variable::RemoteIp | Variable::ClientIdentity)) => {
                add(Self::Address);
            }
            Term::Made(made) => match (&made.op, made.of.as_slice()) {
                (Op::Query, [_, Term::Text(name)]) => add(Self::Parameter(String::from_utf8_lossy(name).into_owned())),
                (Op::Cookie, [_, Term::Text(name)]) => add(Self::Cookie(String::from_utf8_lossy(name).into_owned())),
                (Op::AnyQuery(names), _) => names.samples().into_iter().for_each(|name| add(Self::Parameter(name))),
                (Op::AnyCookie(names), _) => names.samples().into_iter().for_each(|name| add(Self::Cookie(name))),
                (_, parts) => parts.iter().for_each(|part| Self::in_term(part, found)),
            },
            _ => {}
        }
    }

    /// What a request says there.
    pub(super) fn of(&self, request: &Request) -> Option<Vec<u8>> {
        match self {
            Self::Field(name) => request.headers.get(name).map(|value| value.as_bytes().to_vec()),
            Self::Cookie(name) => {
                pairs(&cookies(request), "; ").find(|(found, _)| found == name).map(|(_, it)| it.into())
            }
            Self::Parameter(name) => {
                pairs(query(request), "&").find(|(found, _)| found == name).map(|(_, it)| it.into())
            }
            Self::Address => Some(request.client.to_string().into_bytes()),
        }
    }

    /// The same request with another value there, or none; `None` if no client can say that.
    pub(super) fn changed(&self, request: &Request, value: Option<&[u8]>) -> Option<Request> {
        let mut request = request.clone();
        let pair = |name: &str| match value {
            Some(value) => Some(format!("{name}={}", word(value)?)),
            None => Some(String::new()),
        };
        match self {
            Self::Field(name) => write(&mut request, name, value)?,
            Self::Cookie(name) => {
                let cookies = joined(&cookies(&request), "; ", name, pair(name)?);
                let cookies = Some(cookies).filter(|left| !left.is_empty());
                write(&mut request, &COOKIE, cookies.as_deref().map(str::as_bytes))?;
            }
            Self::Parameter(name) => {
                let query = joined(query(&request), "&", name, pair(name)?);
                let path = request.target.split('?').next().unwrap_or_default();
                request.target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
            }
            Self::Address => request.client = std::str::from_utf8(value?).ok()?.parse().ok()?,
        }
        Some(request)
    }

    /// Its name, for people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Field(name) => format!("`{}`", spelling(name)),
            Self::Cookie(name) => format!("the cookie `{name}`"),
            Self::Parameter(name) => format!("the parameter `{name}`"),
            Self::Address => "the client's address".to_owned(),
        }
    }
}

/// What was found in values and conditions, each part of which is looked through once.
#[derive(Default)]
pub(super) struct Heard {
    /// What clients say there.
    pub said: Vec<Said>,
    /// The texts that it is compared with.
    pub texts: Vec<Vec<u8>>,
    seen: HashSet<*const ()>,
    /// The conditions, so that none comes to stand where another one stood.
    kept: Vec<Formula>,
}

impl Heard {
    /// How many parts were looked through.
    pub(super) fn parts(&self) -> usize {
        self.seen.len()
    }

    /// Adds what a condition asks of, and the texts that it compares with.
    pub(super) fn hear(&mut self, formula: &Formula) {
        let Self { said, texts, seen, kept } = self;
        kept.push(formula.clone());
        formula.literals_but(seen, &mut |literal| {
            let mut here = Vec::new();
            Said::in_term(&literal.term, &mut here);
            if let (Test::In(wanted), false) = (&literal.test, here.is_empty()) {
                texts.extend(wanted.iter().filter_map(sample));
            }
            for one in here {
                if !said.contains(&one) {
                    said.push(one);
                }
            }
        });
    }
}

/// One of the texts.
fn sample(texts: &Texts<'static>) -> Option<Vec<u8>> {
    match texts {
        Texts::Exact(text) | Texts::Prefix(text) | Texts::Suffix(text) => Some(text.to_vec()),
        Texts::Extension(_) => None,
        Texts::Pattern(_, start) => start.as_ref().map(|start| start.clone().into_bytes()),
    }
}

fn write(request: &mut Request, name: &HeaderName, value: Option<&[u8]>) -> Option<()> {
    match value {
        Some(value) => drop(request.headers.insert(name, HeaderValue::from_bytes(value).ok()?)),
        None => drop(request.headers.remove(name)),
    }
    Some(())
}

/// A value that can stand in a query or a cookie as it is.
fn word(value: &[u8]) -> Option<&str> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    std::str::from_utf8(value).ok().filter(|_| value.iter().all(is_plain))
}

fn query(request: &Request) -> &str {
    request.target.split_once('?').map_or("", |(_, query)| query)
}

fn cookies(request: &Request) -> String {
    request.headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn pairs<'t>(text: &'t str, between: &str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let parts: Vec<&str> = text.split(between).filter(|part| !part.is_empty()).collect();
    parts.into_iter().map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// The pairs, but for those of that name, with one more.
fn joined(text: &str, between: &str, name: &str, pair: String) -> String {
    let left = text.split(between).filter(|part| part.split('=').next() != Some(name)).map(str::to_owned);
    left.chain([pair]).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}
