//! `==` and its kin.

use std::cmp::Ordering;

use crate::decision::facts::Value;
use crate::lang::hir::Comparison;

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decision) enum Relation {
    /// They have an order.
    Ordered(Ordering),
    /// They differ, and that is all: texts, addresses, unset text, NaN.
    Different,
}

impl Relation {
    /// Whether `comparison` holds. What is merely different is neither less nor greater.
    pub fn is(self, comparison: Comparison) -> bool {
        match (comparison, self) {
            (Comparison::Equal, relation) => relation == Self::Ordered(Ordering::Equal),
            (Comparison::NotEqual, relation) => relation != Self::Ordered(Ordering::Equal),
            (Comparison::Less, Self::Ordered(ordering)) => ordering.is_lt(),
            (Comparison::LessOrEqual, Self::Ordered(ordering)) => ordering.is_le(),
            (Comparison::Greater, Self::Ordered(ordering)) => ordering.is_gt(),
            (Comparison::GreaterOrEqual, Self::Ordered(ordering)) => ordering.is_ge(),
            (_, Self::Different) => false,
        }
    }
}

/// Relates two values of one type; unset text is equal to nothing.
pub(in crate::decision) fn relate(left: &Value<'_>, right: &Value<'_>) -> Relation {
    match (left, right) {
        (Value::Text(Some(left)), Value::Text(Some(right))) => same(left == right),
        (Value::Bool(left), Value::Bool(right)) => same(left == right),
        (Value::Ip(left), Value::Ip(right)) => same(left == right),
        (Value::Backend(left), Value::Backend(right)) => same(left == right),
        (Value::Time(left), Value::Time(right)) => Relation::Ordered(left.cmp(right)),
        (left, right) => match (whole(left), whole(right)) {
            (Some(left), Some(right)) => Relation::Ordered(left.cmp(&right)),
            _ => fractions(left, right),
        },
    }
}

fn same(equal: bool) -> Relation {
    if equal { Relation::Ordered(Ordering::Equal) } else { Relation::Different }
}

fn fractions(left: &Value<'_>, right: &Value<'_>) -> Relation {
    let ordering = real(left).zip(real(right)).and_then(|(left, right)| left.partial_cmp(&right));
    ordering.map_or(Relation::Different, Relation::Ordered)
}

/// The number in a value that is whole: INT, BYTES, DURATION in milliseconds.
pub(in crate::decision) fn whole(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) | Value::Duration(number) | Value::Bytes(number) => Some(*number),
        _ => None,
    }
}

/// The number in a value, as a fraction.
#[expect(clippy::cast_precision_loss, reason = "VCL's REAL is a double too")]
pub(super) fn real(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Real(number) => Some(*number),
        other => whole(other).map(|number| number as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_text_is_equal_to_nothing() {
        let relation = relate(&Value::UNSET, &Value::UNSET);
        assert!(!relation.is(Comparison::Equal));
        assert!(relation.is(Comparison::NotEqual));
    }

    #[test]
    fn numbers_are_ordered_across_whole_and_fraction() {
        let relation = relate(&Value::Int(1), &Value::Real(1.5));
        assert!(relation.is(Comparison::Less) && relation.is(Comparison::NotEqual));
        assert!(!relate(&Value::Real(f64::NAN), &Value::Int(1)).is(Comparison::GreaterOrEqual));
    }
}
