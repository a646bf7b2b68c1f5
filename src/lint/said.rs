//! What a client can say in a request, and a request in which it says something else.

use std::collections::HashSet;

use http::header::{COOKIE, HOST};
use http::{HeaderName, HeaderValue};

use super::survey::{Deed, Survey};
use super::telling;
use crate::analysis::{Formula, Op, Place, Term, Test};
use crate::cache::spelling;
use crate::lang::hir::{Expression, ExpressionKind, Hir, Texts};
use crate::lang::schema::function::Cookie;
use crate::lang::schema::{Function, Message, Variable};
use crate::simulate::Request;

/// So many different values of a table are tried.
const MOST_LOOKED_UP: usize = 4;

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
                (Op::Call(Function::Cookie(Cookie::Get)), [_, Term::Text(name)]) => {
                    add(Self::Cookie(String::from_utf8_lossy(name).into_owned()));
                }
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

/// Notes what of a request an expression is made of, also where no more is known of what is made.
pub(super) fn look_through(survey: &Survey<'_>, expression: &Expression, deed: &Deed, heard: &mut Heard) {
    for (guard, term) in survey.analysis.value(expression, &deed.state, deed.step).iter() {
        Said::in_term(term, &mut heard.said);
        telling::in_term(term, &mut heard.texts);
        heard.hear(guard);
    }
    heard.texts.extend(constants(expression, survey.hir));
    expression.parts().for_each(|part| look_through(survey, part, deed, heard));
}

/// Texts that an expression compares with.
fn constants(expression: &Expression, hir: &Hir) -> Vec<Vec<u8>> {
    match &expression.kind {
        ExpressionKind::Text(text) => vec![text.to_vec()],
        ExpressionKind::List(texts) => texts.iter().map(|text| text.to_vec()).collect(),
        ExpressionKind::Lookup(table, _) => {
            let entries = hir.tables.get(table.0 as usize).map(|table| table.entries.as_slice()).unwrap_or_default();
            // Keys that stand for the same make no difference.
            let mut seen = Vec::new();
            let different = entries.iter().filter(|(_, value)| {
                let is_new = seen.len() < MOST_LOOKED_UP && !seen.contains(&value);
                seen.extend(is_new.then_some(value));
                is_new
            });
            different.map(|(key, _)| key.to_vec()).collect()
        }
        _ => Vec::new(),
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
pub(super) fn word(value: &[u8]) -> Option<&str> {
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
