//! What is not in the request: chance, health, files, the environment, the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use uuid::{Builder, Uuid};

use super::{Arguments, Given};
use crate::decision::facts::{Facts, Value};
use crate::lang::hir::BackendId;
use crate::lang::schema::Variable;
use crate::lang::schema::function::World;

pub(super) fn value<'a, F: Facts>(function: World, arguments: &Arguments<'_, 'a, F>) -> Value<'a> {
    let facts = arguments.facts();
    let int = |at| arguments.get::<i64>(at).unwrap_or_default();
    match function {
        World::Random => Value::Real(between(facts.random_bits(), arguments.get(0), arguments.get(1))),
        World::RandomInt => Value::Int(among(facts.random_bits(), int(0), int(1))),
        World::RandomBool => Value::Bool(falls_below(facts.random_bits(), int(0), int(1))),
        World::UuidV4 => written(Builder::from_random_bytes(facts.random_bits().to_be_bytes()).into_uuid()),
        World::UuidV7 => written(of_moment(facts)),
        World::Healthy => arguments.get::<Option<BackendId>>(0).flatten().is_some_and(|id| facts.is_healthy(id)).into(),
        World::Clock => Value::Time(facts.clock()),
        World::Getenv => Value::Text(facts.environment(&arguments.bytes(0))),
        World::FileRead => arguments.value(0),
        World::FileExists => Value::Bool(arguments.get(0).unwrap_or_default()),
    }
}

/// The upper 53 bits as a number from 0 up to 1, all that a REAL can tell apart.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit in the number")]
fn share(bits: u128) -> f64 {
    (bits >> 75) as f64 / (1_u64 << 53) as f64
}

fn between(bits: u128, low: Option<f64>, high: Option<f64>) -> f64 {
    let (low, high) = (low.unwrap_or_default(), high.unwrap_or_default());
    low + share(bits) * (high - low)
}

/// One of the numbers from `from` to `to`, each as likely as the others: of the 64 bits that are scaled, and
/// as many that are lost by that, none is missed by more than one part in 2^64.
fn among(bits: u128, from: i64, to: i64) -> i64 {
    let (low, high) = (i128::from(from.min(to)), i128::from(from.max(to)));
    let number = u128::try_from(high - low + 1).unwrap_or(1);
    let chosen = ((bits >> 65) * number) >> 63;
    i128::try_from(chosen).ok().and_then(|chosen| i64::try_from(low + chosen).ok()).unwrap_or(from)
}

fn falls_below(bits: u128, numerator: i64, denominator: i64) -> bool {
    denominator > 0 && among(bits, 1, denominator) <= numerator
}

fn of_moment<F: Facts>(facts: &F) -> Uuid {
    let now = match facts.get(Variable::Now) {
        Value::Time(now) => now,
        _ => SystemTime::UNIX_EPOCH,
    };
    let millis = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let [_, _, _, _, _, _, chance @ ..] = facts.random_bits().to_be_bytes();
    Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or(u64::MAX), &chance).into_uuid()
}

fn written<'a>(uuid: Uuid) -> Value<'a> {
    uuid.hyphenated().to_string().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn chance_stays_within_its_bounds(bits: u128, from: i64, to: i64) {
            prop_assert!((from.min(to)..=from.max(to)).contains(&among(bits, from, to)));
            prop_assert!((0.0..1.0).contains(&share(bits)));
        }
    }

    #[test]
    fn every_number_can_come() {
        let number = |bits: u128| among(bits << 120, 1, 4);
        assert_eq!((0_u128..256).step_by(64).map(number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!((among(0, 5, 2), among(u128::MAX, 5, 2)), (2, 5));
        assert_eq!((among(0, i64::MIN, i64::MAX), among(u128::MAX, i64::MIN, i64::MAX)), (i64::MIN, i64::MAX - 1));
    }

    #[test]
    fn a_share_of_none_is_never() {
        assert!(!falls_below(0, 1, 0) && !falls_below(0, 0, 5) && falls_below(u128::MAX, 5, 5));
    }
}
