//! The value that is made of values that are known, by the functions that evaluation has for it.

use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderName;

use super::model::{Model, Scalar};
use super::number;
use super::term::{Op, Term};
use crate::cache::asked::{host_in, path_of};
use crate::decision::{Facts, Refused, Value, cookies, directives, normalize, query};
use crate::lang::hir::{Datum, Normalization};
use crate::lang::schema::{Directive, Message, Variable};

/// What `op` makes of the values that a model gives to `of`; `None` if that cannot be said.
pub(super) fn value(op: &Op, of: &[Term], model: &Model<'_>) -> Option<Scalar> {
    let first = match (op, model.value(of.first()?)?) {
        (Op::Reckoned(operation, amount), Scalar::Number(number)) => {
            return Some(Scalar::Number(number.map(|number| number::reckoned(*operation, amount, number))));
        }
        (_, Scalar::Text(first)) => first,
        _ => return None,
    };
    let second = || match model.value(of.get(1)?)? {
        Scalar::Text(text) => text,
        _ => None,
    };
    let text = |text: Option<Vec<u8>>| Some(Scalar::Text(text.map(Arc::from)));
    let truth = |truth| Some(Scalar::Truth(truth));
    let bytes = first.as_deref();
    match op {
        Op::Lower => text(bytes.map(<[u8]>::to_ascii_lowercase)),
        Op::Upper => text(bytes.map(<[u8]>::to_ascii_uppercase)),
        Op::Path => text(bytes.map(|url| path_of(url).to_vec())),
        Op::Host => text(bytes.map(|value| host_in(value).into_owned())),
        Op::Query => {
            let name = second()?;
            text(query_of(bytes).and_then(|query| query::parameter(query, &name).map(Cow::into_owned)))
        }
        Op::Cookie => {
            let name = second()?;
            text(bytes.and_then(|header| cookies::cookie(header.into(), &name).map(Cow::into_owned)))
        }
        Op::AnyQuery(names) => truth(has_parameter(bytes, |name| names.holds(name))),
        Op::AnyCookie(names) => truth(has_cookie(bytes, |name| names.holds(name))),
        Op::Concat => {
            let mut whole = Vec::new();
            for part in of {
                let Scalar::Text(part) = model.value(part)? else { return None };
                whole.extend_from_slice(part.as_deref().unwrap_or_default());
            }
            text(Some(whole))
        }
        Op::Directive(message, directive) => {
            let lines = bytes
                .into_iter()
                .chain(model.line_behind(of.first()?).filter(|line| !line.is_empty()))
                .collect::<Vec<_>>();
            let whole = (!lines.is_empty()).then(|| lines.join(&b", "[..]));
            directive_of(*message, *directive, whole.as_deref())
        }
        Op::WholeQuery => text(query_of(bytes).map(Cow::into_owned)),
        Op::Normalized(normalization) => normalized(normalization, bytes),
        Op::Lookup(table) => {
            let table = model.tables.get(table.0 as usize)?;
            Some(match bytes.and_then(|key| table.find(key)) {
                None => Scalar::Text(None),
                Some(Datum::Text(text)) => Scalar::Text(Some(text.as_ref().into())),
                Some(Datum::Int(number) | Datum::Duration(number) | Datum::Bytes(number)) => {
                    Scalar::Number(Some(*number))
                }
                Some(Datum::Bool(flag)) => Scalar::Truth(*flag),
                Some(Datum::Ip(address)) => Scalar::Address(*address),
                Some(Datum::Real(_) | Datum::Backend(_)) => return None,
            })
        }
        _ => None,
    }
}

fn query_of(url: Option<&[u8]>) -> Option<Cow<'_, [u8]>> {
    query::of_url(url?.into())
}

/// Whether a URL has a parameter of such a name.
pub(super) fn has_parameter(url: Option<&[u8]>, wanted: impl Fn(&[u8]) -> bool) -> bool {
    query_of(url).is_some_and(|query| query::names(&query).any(|name| wanted(&name)))
}

fn has_cookie(header: Option<&[u8]>, wanted: impl Fn(&[u8]) -> bool) -> bool {
    header.is_some_and(|header| cookies::names(header).any(wanted))
}

/// The text that a clause of `normalize` leaves.
fn normalized(normalization: &Normalization, text: Option<&[u8]>) -> Option<Scalar> {
    let mut one = One(text.map(<[u8]>::to_vec));
    normalize(normalization, &mut one).ok()?;
    Some(Scalar::Text(one.0.map(Arc::from)))
}

/// What is said of a text that is there.
pub(super) fn of_text(op: &Op, text: &[u8]) -> Option<Scalar> {
    let of = [Term::text(text)];
    value(op, &of, &Model::new(&[], &[]))
}

/// What a value of `Cache-Control` says.
fn directive_of(message: Message, directive: Directive, text: Option<&[u8]>) -> Option<Scalar> {
    match directives::value(&One(text.map(<[u8]>::to_vec)), message, directive) {
        Value::Bool(flag) => Some(Scalar::Truth(flag)),
        Value::Duration(millis) => Some(Scalar::Number(Some(millis))),
        Value::Text(None) => Some(Scalar::Number(None)),
        _ => None,
    }
}

/// One text of a request, whichever is asked for.
struct One(Option<Vec<u8>>);

impl Facts for One {
    fn get(&self, _: Variable) -> Value<'_> {
        Value::Text(self.0.as_deref().map(Cow::Borrowed))
    }

    fn set(&mut self, _: Variable, value: Value<'_>) -> Result<(), Refused> {
        if let Value::Text(text) = value {
            self.0 = text.map(Cow::into_owned);
        }
        Ok(())
    }

    fn header(&self, _: Message, _: &HeaderName) -> Option<Cow<'_, [u8]>> {
        self.0.as_deref().map(Cow::Borrowed)
    }

    fn set_header(&mut self, _: Message, _: &HeaderName, value: &[u8]) -> Result<(), Refused> {
        self.0 = Some(value.to_vec());
        Ok(())
    }

    fn unset_header(&mut self, _: Message, _: &HeaderName) {
        self.0 = None;
    }

    fn hash_data(&mut self, _: &[u8]) {}

    fn log(&mut self, _: &[u8]) {}
}
