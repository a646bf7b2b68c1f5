//! Numbers within ranges, also those that are made of another by steps that keep their order: a test of the one is a test
//! of the other.

use std::ops::RangeInclusive;

use super::model::Scalar;
use super::term::{Amount, Op, Place, Term, Unknown};
use crate::decision::{Value, reckon};
use crate::lang::hir::Arithmetic;
use crate::lang::schema::Variable;

/// Ranges, and whether a number is to be in one of them.
pub(super) type Wanted = (Vec<RangeInclusive<i64>>, bool);

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

/// Which numbers a value may be.
struct Numbers {
    domain: RangeInclusive<i64>,
    /// Only those that this divides.
    step: i64,
    /// Those that nobody wonders about.
    likely: &'static [i64],
    may_be_missing: bool,
}

impl Numbers {
    fn of(term: &Term) -> Self {
        let (domain, step, likely, may_be_missing) = match term {
            Term::Input(Place::Variable(Variable::BerespStatus)) => (100..=999, 1, LIKELY_STATUSES, false),
            // That of a page may have digits which are not sent.
            Term::Free(Unknown { place: Some(Place::Variable(Variable::BerespStatus)), .. }) => {
                (0..=i64::from(u16::MAX), 1, LIKELY_STATUSES, false)
            }

            Term::Input(Place::Variable(Variable::ReqRestarts | Variable::BereqRetries)) => {
                (0..=i64::MAX, 1, &[0][..], false)
            }
            Term::Free(Unknown { place: Some(Place::Variable(Variable::ObjHits)), .. }) => {
                (0..=i64::MAX, 1, &[0, 1][..], false)
            }
            // A minute and an hour, of a lifetime: with none nothing is stored.
            Term::Input(_) | Term::Free(Unknown { place: Some(_), .. }) => (i64::MIN..=i64::MAX, 1, LIFETIMES, false),
            // Whole seconds, as far as they are counted (RFC 9111 section 1.2.2).
            Term::Made(made) if matches!(made.op, Op::Directive(..)) => {
                (0..=MOST_SECONDS * 1_000, 1_000, LIFETIMES, true)
            }
            _ => (i64::MIN..=i64::MAX, 1, &[1, 0, 60_000, 3_600_000][..], true),
        };
        Self { domain, step, likely, may_be_missing }
    }

    fn holds(&self, number: i64) -> bool {
        self.domain.contains(&number) && number % self.step == 0
    }
}

/// What backends answer most.
const LIKELY_STATUSES: &[i64] = &[200, 404, 500, 503, 301, 302, 403];

/// A minute and an hour are times that people understand.
const LIFETIMES: &[i64] = &[60_000, 3_600_000, 0];

/// More seconds count as so many.
const MOST_SECONDS: i64 = 1 << 31;

/// A number, or none, that is within all ranges that are wanted and in none of the others. What a test sees changes only
/// where a range begins or ends, so that a number from each stretch is enough.
pub(super) fn find(term: &Term, all: &[Wanted]) -> Option<Scalar> {
    let numbers = Numbers::of(term);
    let passes = |number: i64| {
        numbers.holds(number)
            && all.iter().all(|(ranges, holds)| ranges.iter().any(|range| range.contains(&number)) == *holds)
    };
    let edges = all.iter().flat_map(|(ranges, _)| ranges).flat_map(|range| {
        [Some(*range.start()), Some(*range.end()), range.end().checked_add(1), range.start().checked_sub(1)]
    });
    // The first in each stretch that may be.
    let step = numbers.step;
    let edges = edges.flatten().filter_map(|edge| edge.checked_add((step - edge.rem_euclid(step)) % step));
    let ends = [*numbers.domain.start(), *numbers.domain.end()];
    let mut likely = numbers.likely.iter().copied().chain(edges).chain(ends);
    let found = likely.find(|number| passes(*number)).map(|number| Scalar::Number(Some(number)));
    let missing = numbers.may_be_missing && all.iter().all(|(_, holds)| !holds);
    found.or_else(|| missing.then_some(Scalar::Number(None)))
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
