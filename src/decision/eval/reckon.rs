//! Arithmetic: saturating, and zero where division has no result.

use std::time::{Duration, SystemTime};

use super::compare::real;
use crate::decision::facts::Value;
use crate::lang::hir::Arithmetic;

/// The latest moment that a date can be written for (9999-12-31T23:59:59Z), in seconds after 1970.
const LAST_SECOND: u64 = 253_402_300_799;

/// The result of `left operation right`; unset text if the two do not go together.
pub(crate) fn reckon(operation: Arithmetic, left: &Value<'_>, right: &Value<'_>) -> Value<'static> {
    use Value::{Bytes, Duration, Int, Real, Time};
    match (left, right) {
        (Int(left), Int(right)) => Int(whole_numbers(operation, *left, *right)),
        (Duration(left), Duration(right) | Int(right)) | (Int(left), Duration(right)) => {
            Duration(whole_numbers(operation, *left, *right))
        }
        (Bytes(left), Bytes(right) | Int(right)) | (Int(left), Bytes(right)) => {
            Bytes(whole_numbers(operation, *left, *right))
        }
        (Time(left), Duration(right)) => Time(shift(operation, *left, *right)),
        (Time(left), Time(right)) => Duration(millis_between(*left, *right)),
        (Duration(_), Real(_)) | (Real(_), Duration(_)) => Duration(rounded(fractions(operation, left, right))),
        (Bytes(_), Real(_)) | (Real(_), Bytes(_)) => Bytes(rounded(fractions(operation, left, right))),
        (Real(_), _) | (_, Real(_)) => Real(fractions(operation, left, right)),
        _ => Value::UNSET,
    }
}

fn whole_numbers(operation: Arithmetic, left: i64, right: i64) -> i64 {
    match operation {
        Arithmetic::Add => left.saturating_add(right),
        Arithmetic::Subtract => left.saturating_sub(right),
        Arithmetic::Multiply => left.saturating_mul(right),
        Arithmetic::Divide if right == 0 => 0,
        Arithmetic::Divide => left.saturating_div(right),
        Arithmetic::Remainder => left.checked_rem(right).unwrap_or(0),
    }
}

fn fractions(operation: Arithmetic, left: &Value<'_>, right: &Value<'_>) -> f64 {
    let (Some(left), Some(right)) = (real(left), real(right)) else { return 0.0 };
    let result = match operation {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide | Arithmetic::Remainder if right == 0.0 => 0.0,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
    };
    if result.is_nan() { 0.0 } else { result.clamp(f64::MIN, f64::MAX) }
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, as arithmetic does here")]
fn rounded(number: f64) -> i64 {
    number.round() as i64
}

fn shift(operation: Arithmetic, moment: SystemTime, millis: i64) -> SystemTime {
    let length = Duration::from_millis(millis.unsigned_abs());
    let later = (operation == Arithmetic::Subtract) == (millis < 0);
    let moved = if later { moment.checked_add(length) } else { moment.checked_sub(length) };
    let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_SECOND);
    let end = if later { latest } else { SystemTime::UNIX_EPOCH };
    moved.unwrap_or(end).clamp(SystemTime::UNIX_EPOCH, latest)
}

fn millis_between(left: SystemTime, right: SystemTime) -> i64 {
    let millis = |length: Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    left.duration_since(right).map_or_else(|before| -millis(before.duration()), millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_and_division_by_zero_is_zero() {
        let int = |operation, left, right| reckon(operation, &Value::Int(left), &Value::Int(right));
        assert_eq!(int(Arithmetic::Add, i64::MAX, 1), Value::Int(i64::MAX));
        assert_eq!(int(Arithmetic::Divide, i64::MIN, -1), Value::Int(i64::MAX));
        assert_eq!(int(Arithmetic::Remainder, i64::MIN, -1), Value::Int(0));
        assert_eq!(int(Arithmetic::Divide, 1, 0), Value::Int(0));
        assert_eq!(reckon(Arithmetic::Divide, &Value::Real(1.0), &Value::Real(0.0)), Value::Real(0.0));
    }

    #[test]
    fn moments_move_by_durations_and_stay_within_the_dates_that_can_be_written() {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_hours(12);
        let later = reckon(Arithmetic::Add, &Value::Time(noon), &Value::Duration(1_000));
        assert_eq!(reckon(Arithmetic::Subtract, &later, &Value::Time(noon)), Value::Duration(1_000));
        assert_eq!(reckon(Arithmetic::Subtract, &Value::Time(noon), &later), Value::Duration(-1_000));
        let first = Value::Time(SystemTime::UNIX_EPOCH);
        assert_eq!(reckon(Arithmetic::Subtract, &Value::Time(noon), &Value::Duration(i64::MAX)), first);
    }

    #[test]
    fn durations_are_scaled_by_numbers() {
        assert_eq!(reckon(Arithmetic::Multiply, &Value::Duration(1_500), &Value::Real(0.5)), Value::Duration(750));
        assert_eq!(reckon(Arithmetic::Divide, &Value::Duration(1_500), &Value::Int(3)), Value::Duration(500));
    }
}
