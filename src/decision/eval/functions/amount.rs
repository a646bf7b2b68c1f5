//! What is given by its name to a conversion in place of a text: `std.integer(real: 2.5)`.

use std::time::{Duration, SystemTime};

use super::{Arguments, Given};
use crate::decision::facts::{Facts, Value};
use crate::lang::schema::Type;

/// Where the named values begin, behind the text and the fallback.
const FIRST: usize = 2;

/// The latest moment that a date can be written for (9999-12-31T23:59:59Z), in seconds after 1970.
const LAST_SECOND: f64 = 253_402_300_799.0;

/// Beyond this a REAL does not fit in an INT.
const LARGEST: f64 = 9.2e18;

/// The named value as one of that type; `None` if there is none. What does not fit is the fallback, or, without one,
/// the nearest that does.
pub(super) fn converted<'a, F: Facts>(to: Type, arguments: &Arguments<'_, 'a, F>) -> Option<Value<'a>> {
    let places = (FIRST..).take_while(|at| arguments.argument(*at).is_some());
    let given = places.filter(|at| arguments.is_given(*at)).map(|at| arguments.value(at)).next()?;
    let (nearest, fits) = nearest(to, amount(&given));
    Some(if fits || !arguments.is_given(1) { nearest } else { arguments.value(1) })
}

/// How much it is: a number, bytes, seconds, seconds after 1970, or 1 if it is true.
#[expect(clippy::cast_precision_loss, reason = "numbers that large are not exact as REAL")]
fn amount(value: &Value<'_>) -> f64 {
    match value {
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::Int(number) | Value::Bytes(number) => *number as f64,
        Value::Duration(millis) => *millis as f64 / 1_000.0,
        Value::Real(number) => *number,
        Value::Time(moment) => match moment.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(behind) => behind.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        },
        _ => 0.0,
    }
}

/// The value of that type that is nearest to an amount, and whether it is that amount but for its fraction.
#[expect(clippy::cast_possible_truncation, reason = "what does not fit is told apart")]
fn nearest<'a>(to: Type, amount: f64) -> (Value<'a>, bool) {
    let whole = |number: f64| (number.trunc() as i64, number.abs() < LARGEST);
    match to {
        Type::Bytes => {
            let (bytes, fits) = whole(amount);
            (Value::Bytes(bytes.max(0)), fits && bytes >= 0)
        }
        Type::Duration => {
            let (millis, fits) = whole((amount * 1_000.0).round());
            (Value::Duration(millis), fits)
        }
        Type::Time => {
            let seconds = amount.clamp(0.0, LAST_SECOND);
            let moment = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds);
            (Value::Time(moment), (0.0..=LAST_SECOND).contains(&amount))
        }
        Type::Int => {
            let (number, fits) = whole(amount);
            (Value::Int(number), fits)
        }
        _ => (Value::Real(amount), true),
    }
}
