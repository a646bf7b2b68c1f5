//! The functions of the schema that yield a value.

use std::borrow::Cow;

use memchr::memmem;

use super::{Scope, normalize, parse, query, replace, shell};
use crate::decision::facts::{Facts, Value};
use crate::lang::hir::Expression;
use crate::lang::schema::Function;

type Text<'a> = Option<Cow<'a, [u8]>>;

impl<'a, F: Facts> Scope<'a, F> {
    /// What a function yields from its arguments. Unset text stays unset where text comes out, and
    /// is part of nothing.
    pub(super) fn call(&self, function: Function, arguments: &'a [Expression]) -> Value<'a> {
        let text = |at: usize| arguments.get(at).and_then(|argument| self.text(argument));
        let value = |at: usize| arguments.get(at).map_or(Value::UNSET, |argument| self.value(argument));
        let both = |test: fn(&[u8], &[u8]) -> bool| {
            Value::Bool(text(0).zip(text(1)).is_some_and(|(first, second)| test(&first, &second)))
        };
        match function {
            Function::ToLower => Value::Text(text(0).map(lower)),
            Function::ToUpper => Value::Text(text(0).map(upper)),
            Function::Strlen => Value::Int(text(0).map_or(0, |text| i64::try_from(text.len()).unwrap_or(i64::MAX))),
            Function::Strstr => Value::Text(text(0).zip(text(1)).and_then(|(text, part)| from_part(text, &part))),
            Function::Prefixof => both(<[u8]>::starts_with),
            Function::Suffixof => both(<[u8]>::ends_with),
            Function::Fnmatch => both(shell::matches),
            Function::Replace => Value::Text(replaced(text(0), text(1), text(2))),
            Function::Querysort => Value::Text(text(0).map(sorted)),
            Function::Integer => text(0).and_then(|text| parse::integer(&text)).map_or_else(|| value(1), Value::Int),
            Function::Duration => {
                text(0).and_then(|text| parse::duration(&text)).map_or_else(|| value(1), Value::Duration)
            }
            Function::Ip => text(0).and_then(|text| parse::ip(&text)).map_or_else(|| value(1), Value::Ip),
            // Statements, and those that have an expression of their own.
            Function::Regsub
            | Function::Regsuball
            | Function::HashData
            | Function::Synthetic
            | Function::CacheReqBody
            | Function::Log => Value::UNSET,
        }
    }
}

fn lower(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if text.iter().any(u8::is_ascii_uppercase) { text.to_ascii_lowercase().into() } else { text }
}

fn upper(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if text.iter().any(u8::is_ascii_lowercase) { text.to_ascii_uppercase().into() } else { text }
}

fn from_part<'a>(text: Cow<'a, [u8]>, wanted: &[u8]) -> Text<'a> {
    let start = memmem::find(&text, wanted)?;
    let end = text.len();
    Some(super::expression::part(text, start..end))
}

fn replaced<'a>(text: Text<'a>, from: Text<'_>, to: Text<'_>) -> Text<'a> {
    Some(replace::replace(text?, &from.unwrap_or_default(), &to.unwrap_or_default()))
}

/// By the whole parameter, as `std.querysort` of Varnish; `normalize` sorts by name.
fn sorted(url: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let mut parameters: Vec<&[u8]> = normalize::parameters(&url).collect();
    if parameters.is_empty() {
        return url;
    }
    parameters.sort_unstable();
    Cow::Owned(query::with_query(&url, &parameters))
}
