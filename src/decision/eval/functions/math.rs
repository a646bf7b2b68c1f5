//! Numbers.

use super::{Arguments, Given};
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::function::Math;

/// Beyond this a REAL does not fit in an INT.
const LARGEST: f64 = 9.2e18;

pub(super) fn value<'a, F: Facts>(function: Math, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let real = || arguments.get::<f64>(0).unwrap_or_default();
    let int = |at| arguments.get::<i64>(at).unwrap_or_default();
    match function {
        Math::Round => Value::Real(real().round()),
        Math::Floor => Value::Real(real().floor()),
        Math::Ceil => Value::Real(real().ceil()),
        Math::Trunc => Value::Real(real().trunc()),
        Math::Sqrt => finite(real().sqrt()),
        Math::Pow => finite(real().powf(arguments.get::<f64>(1).unwrap_or_default())),
        Math::Exp => finite(real().exp()),
        Math::Log => finite(real().ln()),
        Math::Abs => Value::Int(int(0).saturating_abs()),
        Math::Min => Value::Int(int(0).min(int(1))),
        Math::Max => Value::Int(int(0).max(int(1))),
        Math::ToInteger => Value::Int(whole(real()).unwrap_or_else(|| int(1))),
    }
}

/// The nearest REAL that there is, as arithmetic has it.
fn finite<'a>(number: f64) -> Value<'a> {
    Value::Real(if number.is_nan() { 0.0 } else { number.clamp(f64::MIN, f64::MAX) })
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn whole(number: f64) -> Option<i64> {
    (number.abs() < LARGEST).then(|| number.round() as i64)
}
