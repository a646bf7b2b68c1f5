//! Numbers that are made of another by steps that keep their order: a test of the one is a test of the other.

use std::ops::RangeInclusive;

use super::term::{Amount, Op, Term};
use crate::decision::{Value, reckon};
use crate::lang::hir::Arithmetic;

/// A step from one number to another.
type Step<'t> = (Arithmetic, &'t Amount);

/// The number that a term is made of, and the steps, the innermost first.
pub(super) fn seen_through(term: &Term) -> (&Term, Vec<Step<'_>>) {
    let (mut at, mut steps) = (term, Vec::new());
    while let Some((Op::Reckoned(operation, amount), [inner])) = at.as_made() {
        steps.push((*operation, amount));
        at = inner;
    }
    steps.reverse();
    (at, steps)
}

/// The number that comes of another.
pub(super) fn reckoned(operation: Arithmetic, amount: &Amount, number: i64) -> i64 {
    let amount = match amount {
        Amount::Whole(amount) => Value::Int(*amount),
        Amount::Part(bits) => Value::Real(f64::from_bits(*bits)),
    };
    match reckon(operation, &Value::Duration(number), &amount) {
        Value::Duration(number) => number,
        _ => 0,
    }
}

/// The numbers of which the steps make one within a range.
pub(super) fn before(steps: &[Step<'_>], range: &RangeInclusive<i64>) -> Option<RangeInclusive<i64>> {
    let made = |number| steps.iter().fold(number, |number, (operation, amount)| reckoned(*operation, amount, number));
    let turns = |(operation, amount): &&Step<'_>| {
        matches!(operation, Arithmetic::Multiply | Arithmetic::Divide) && amount.is_negative()
    };
    let falls = steps.iter().filter(turns).count() % 2 == 1;
    let (start, behind) = if falls {
        (first(|number| made(number) <= *range.end()), first(|number| made(number) < *range.start()))
    } else {
        (first(|number| made(number) >= *range.start()), first(|number| made(number) > *range.end()))
    };
    let end = behind.map_or(Some(i64::MAX), |behind| behind.checked_sub(1));
    Some(start?..=end?).filter(|range| !range.is_empty())
}

/// The first number of which it is true, as it is of all behind it.
fn first(is_behind: impl Fn(i64) -> bool) -> Option<i64> {
    let (mut low, mut high) = (i64::MIN, i64::MAX);
    if !is_behind(high) {
        return None;
    }
    while low < high {
        let middle = low.midpoint(high);
        let middle = if middle == high { low } else { middle };
        if is_behind(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(steps: &[(Arithmetic, Amount)], range: RangeInclusive<i64>) -> Option<RangeInclusive<i64>> {
        let steps: Vec<Step<'_>> = steps.iter().map(|(operation, amount)| (*operation, amount)).collect();
        before(&steps, &range)
    }

    #[test]
    fn a_range_is_taken_back_to_what_it_was_made_of() {
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        let half = Amount::Part(0.5_f64.to_bits());
        assert_eq!(range(&[(Multiply, Amount::Whole(2))], 0..=9), Some(0..=4));
        assert_eq!(range(&[(Multiply, Amount::Whole(2)), (Add, Amount::Whole(1))], 2..=9), Some(1..=4));
        assert_eq!(range(&[(Multiply, Amount::Whole(-1))], 0..=9), Some(-9..=0));
        assert_eq!(range(&[(Divide, Amount::Whole(10))], 1..=2), Some(10..=29));
        assert_eq!(range(&[(Subtract, Amount::Whole(5))], i64::MIN..=0), Some(i64::MIN..=5));
        assert_eq!(range(&[(Multiply, half)], 10..=20), Some(19..=40));
        assert_eq!(range(&[(Multiply, Amount::Whole(2))], 3..=3), None);
        assert_eq!(range(&[(Multiply, Amount::Whole(0))], 1..=i64::MAX), None);
    }
}
