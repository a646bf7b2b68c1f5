//! Comparisons as tests.

use std::sync::Arc;

use super::formula::{Formula, Test};
use super::read::Reader;
use super::state::Cases;
use super::term::{Op, Term};
use crate::lang::hir::{Comparison, Expression, Pattern, Texts};
use crate::lang::schema::function::Text;
use crate::lang::schema::{Function, Type};

impl Reader<'_, '_> {
    /// When two values compare so.
    pub(super) fn compared(&self, comparison: Comparison, left: &Expression, right: &Expression) -> Formula {
        let (ones, others) = (self.cases(left), self.cases(right));
        let ty = if left.ty == right.ty { left.ty } else { Type::Real };
        let pairs = ones.iter().flat_map(|(guard, one)| {
            others.iter().map(move |(further, other)| {
                let holds = self.terms_compared(comparison, one, other, ty);
                Formula::all([guard.clone(), further.clone(), holds])
            })
        });
        Formula::any(pairs)
    }

    fn terms_compared(&self, comparison: Comparison, left: &Term, right: &Term, ty: Type) -> Formula {
        let (comparison, left, right) = match (left.is_constant(), right.is_constant()) {
            (true, false) => (comparison.turned(), right, left),
            _ => (comparison, left, right),
        };
        if comparison == Comparison::NotEqual {
            return self.terms_compared(Comparison::Equal, left, right, ty).not();
        }
        if let (Term::Chosen(chosen), true) = (left, right.is_constant()) {
            return chosen.tested(|left| self.terms_compared(comparison, left, right, ty));
        }
        match (ty, right) {
            (Type::String, Term::Text(text)) if comparison == Comparison::Equal => {
                self.literal(left, &Test::In([Texts::Exact(text.to_vec().into())].to_vec().into()))
            }
            (Type::String | Type::Int | Type::Duration | Type::Bytes, Term::Unset) => Formula::Const(false),
            (Type::String, _) if left == right && comparison == Comparison::Equal => self.literal(left, &Test::Set),
            (Type::Int, Term::Number(number))
                if let Some((Op::Call(Function::Text(Text::Strlen)), [text])) = left.as_made()
                    && let Some(texts) = of_lengths(&range(comparison, *number)) =>
            {
                self.test(&Cases::one(text.clone()), &Test::In(texts))
            }
            (Type::Int | Type::Duration | Type::Bytes, Term::Number(number)) => {
                self.literal(left, &Test::Within(range(comparison, *number)))
            }
            (Type::Bool, Term::Truth(truth)) if comparison == Comparison::Equal => {
                let holds = self.literal(left, &Test::Holds);
                if *truth { holds } else { holds.not() }
            }
            (Type::Ip, Term::Address(address)) if comparison == Comparison::Equal => {
                self.literal(left, &Test::At(*address))
            }
            (Type::Backend, Term::Backend(other)) if let Term::Backend(one) = left => Formula::Const(one == other),
            (Type::Backend, Term::Backend(Some(other))) if let Some((Op::Lookup(table), [key])) = left.as_made() => {
                self.cx.tables.has_backend(*table, key, *other)
            }
            (Type::String, _)
                if comparison == Comparison::Equal
                    && let Some((value, test)) = unchanged(left, right).or_else(|| unchanged(right, left)) =>
            {
                Formula::all([self.literal(&value, &Test::Set), self.literal(&value, &test)])
            }
            _ => self.literal(&Term::made(Op::Compare(comparison), in_order(comparison, left, right)), &Test::Holds),
        }
    }
}

/// The value that a view leaves as it is, and the test of whether it does, or of whether it is unset.
pub(super) fn unchanged(view: &Term, of: &Term) -> Option<(Term, Test)> {
    let (op, [inner]) = view.as_made()? else { return None };
    let left = match op {
        Op::Lower => "[^A-Z]",
        Op::Upper => "[^a-z]",
        Op::Path => "[^?]",
        _ => return None,
    };
    let pattern = Pattern::new(format!("(?-u)^{left}*\\z"));
    (inner == of).then(|| (of.clone(), Test::In([Texts::Pattern(pattern, None)].to_vec().into())))
}

/// Operands of `==` in one order, so that it is the same test both ways round.
fn in_order(comparison: Comparison, left: &Term, right: &Term) -> Vec<Term> {
    let turned = comparison == Comparison::Equal && format!("{left:?}") > format!("{right:?}");
    if turned { vec![right.clone(), left.clone()] } else { vec![left.clone(), right.clone()] }
}

/// A text of more bytes is told by their number alone.
const MOST_BYTES: i64 = 256;

/// The texts that have so many bytes, none among them for what is unset; `None` if there may be too many to count.
fn of_lengths(ranges: &[std::ops::RangeInclusive<i64>]) -> Option<Arc<[Texts<'static>]>> {
    let of = |range: &std::ops::RangeInclusive<i64>| {
        let (least, most) = ((*range.start()).max(0), *range.end());
        let most_text = if most == i64::MAX { String::new() } else { most.to_string() };
        let is_counted = least <= MOST_BYTES && (most <= MOST_BYTES || most == i64::MAX);
        is_counted.then(|| Texts::Pattern(Pattern::new(format!("(?s-u)^.{{{least},{most_text}}}\\z")), None))
    };
    ranges.iter().filter(|range| *range.end() >= 0).map(of).collect()
}

/// The numbers that compare so with one.
fn range(comparison: Comparison, number: i64) -> Arc<[std::ops::RangeInclusive<i64>]> {
    let range = match comparison {
        Comparison::Equal | Comparison::NotEqual => Some(number..=number),
        Comparison::Less => number.checked_sub(1).map(|last| i64::MIN..=last),
        Comparison::LessOrEqual => Some(i64::MIN..=number),
        Comparison::Greater => number.checked_add(1).map(|first| first..=i64::MAX),
        Comparison::GreaterOrEqual => Some(number..=i64::MAX),
    };
    range.into_iter().collect()
}
