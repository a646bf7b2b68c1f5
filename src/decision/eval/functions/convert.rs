//! From text to values of other types, and from one type to another.

use super::{Arguments, Given, amount};
use crate::decision::eval::parse;
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::function::Convert;

pub(super) fn value<'a, F: Facts>(function: Convert, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    if let Some(converted) = amount::converted(function.row().result, arguments) {
        return converted;
    }
    let parsed = arguments.text(0).and_then(|text| match function {
        Convert::Integer => parse::integer(&text).map(Value::Int),
        Convert::Real => parse::real(&text).map(Value::Real),
        Convert::Bytes => parse::bytes(&text).map(Value::Bytes),
        Convert::Duration => parse::duration(&text).map(Value::Duration),
        Convert::Ip => parse::ip(&text).map(Value::Ip),
    });
    parsed.unwrap_or_else(|| arguments.value(1))
}
