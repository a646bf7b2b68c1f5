//! The tests that rows are made of.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::alternatives::{Literal, alternatives};
use super::confirm::Confirm;
use super::plan::{Row, RowTest};
use super::subject::{Subject, constant};
use crate::lang::hir::{AclId, Comparison, Expression, ExpressionKind, Pattern};
use crate::lang::schema::function::Text;
use crate::lang::schema::{Function, Type};

/// Texts, for instance those that a value may be equal to.
pub(super) type Texts = Box<[Box<[u8]>]>;

/// Something that holds or does not.
#[derive(Debug)]
pub(super) enum Test {
    /// A check of a value that is looked up.
    Value {
        /// Which of the subjects.
        subject: u32,
        check: Check,
        /// Whether the check must fail.
        negated: bool,
    },
    /// Any other condition.
    Condition { expression: Expression, negated: bool },
}

/// What is asked of a value. Unset text passes no check but those of patterns, where it is empty.
#[derive(Debug)]
pub(super) enum Check {
    OneOf(Texts),
    StartsWith(Texts),
    Under(Texts),
    EndsWith(Texts),
    Extension(Texts),
    /// A pattern on its own.
    Matches(Pattern),
    /// A pattern that is worth looking at only if the text starts with one of these.
    Guarded(Texts, Confirm),
    /// A pattern of an automaton.
    Shared {
        automaton: u32,
        pattern: u32,
    },
    Within(Box<[RangeInclusive<i64>]>),
    InAcl(AclId),
    IsTrue,
}

/// Subjects and tests while they are collected.
#[derive(Default)]
pub(super) struct Table<'h> {
    subjects: Vec<Expression>,
    numbers: HashMap<Subject<'h>, u32>,
    pub tests: Vec<Test>,
    /// By the address of the expression: alternatives of one condition share their parts.
    seen: HashMap<(usize, bool), u32>,
}

impl<'h> Table<'h> {
    /// The rows of all conditions. Alternatives are rationed, so that rows stay in proportion.
    pub fn rows(&mut self, conditions: &[&'h Expression]) -> Vec<Row> {
        let mut spare = 4 * conditions.len() + 4_096;
        let mut rows = Vec::with_capacity(conditions.len());
        for (arm, condition) in (0..).zip(conditions) {
            let alternatives = alternatives(condition, spare);
            spare = spare.saturating_sub(alternatives.len());
            rows.extend(alternatives.into_iter().map(|literals| self.row(arm, &literals)));
        }
        rows
    }

    fn row(&mut self, arm: u32, literals: &[Literal<'h>]) -> Row {
        let tests = literals.iter().map(|literal| RowTest { test: self.test(*literal), spent: false }).collect();
        Row { arm, tests }
    }

    fn test(&mut self, literal: Literal<'h>) -> u32 {
        let key = (std::ptr::from_ref(literal.expression).addr(), literal.negated);
        if let Some(known) = self.seen.get(&key) {
            return *known;
        }
        let test = self
            .classify(literal)
            .unwrap_or_else(|| Test::Condition { expression: literal.expression.clone(), negated: literal.negated });
        let id = number(self.tests.len());
        self.tests.push(test);
        self.seen.insert(key, id);
        id
    }

    fn classify(&mut self, literal: Literal<'h>) -> Option<Test> {
        let (subject, check, inverted) = check_of(literal.expression)?;
        let key = Subject::of(subject)?;
        let subjects = &mut self.subjects;
        let subject = *self.numbers.entry(key).or_insert_with(|| {
            subjects.push(subject.clone());
            number(subjects.len() - 1)
        });
        Some(positive(Test::Value { subject, check, negated: literal.negated != inverted }))
    }

    /// What is left once all conditions are in.
    pub fn finish(self) -> (Box<[Expression]>, Box<[Test]>) {
        (self.subjects.into(), self.tests.into())
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A negated range is the ranges around it: a number is always there, unlike text.
fn positive(test: Test) -> Test {
    match test {
        Test::Value { subject, check: Check::Within(ranges), negated: true } => {
            Test::Value { subject, check: Check::Within(complement(ranges.into_vec())), negated: false }
        }
        test => test,
    }
}

fn complement(mut ranges: Vec<RangeInclusive<i64>>) -> Box<[RangeInclusive<i64>]> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| *range.start());
    let (mut gaps, mut from) = (Vec::new(), Some(i64::MIN));
    for range in ranges {
        let Some(start) = from else { break };
        if start < *range.start() {
            gaps.push(start..=range.start().saturating_sub(1));
        }
        from = range.end().checked_add(1).map(|end| end.max(start));
    }
    gaps.extend(from.map(|start| start..=i64::MAX));
    gaps.into()
}

/// What an expression asks of which other expression, and whether it asks for the opposite.
fn check_of(expression: &Expression) -> Option<(&Expression, Check, bool)> {
    use ExpressionKind as Kind;
    let text = |subject: &'_ Expression| subject.ty == Type::String;
    match &expression.kind {
        Kind::Compare(comparison, left, right) => {
            compare(*comparison, left, right).or_else(|| compare(mirrored(*comparison), right, left))
        }
        Kind::InTexts(subject, texts) if text(subject) => Some((subject, Check::OneOf(texts.as_slice().into()), false)),
        Kind::Under(subject, texts) if text(subject) => Some((subject, Check::Under(texts.as_slice().into()), false)),
        Kind::Extension(subject, texts) if text(subject) => {
            Some((subject, Check::Extension(texts.as_slice().into()), false))
        }
        Kind::Matches(subject, pattern) if text(subject) => Some((subject, Check::Matches(pattern.clone()), false)),
        Kind::Call(Function::Text(Text::Prefixof | Text::StartsWith), given) => affix(given, Check::StartsWith),
        Kind::Call(Function::Text(Text::Suffixof | Text::EndsWith), given) => affix(given, Check::EndsWith),
        Kind::InRanges(subject, ranges) if is_whole(subject.ty) => {
            Some((subject, Check::Within(ranges.as_slice().into()), false))
        }
        Kind::InAcl(subject, acl) if subject.ty == Type::Ip => Some((subject, Check::InAcl(*acl), false)),
        _ if expression.ty == Type::Bool => Some((expression, Check::IsTrue, false)),
        _ => None,
    }
}

fn affix(arguments: &[Expression], check: fn(Texts) -> Check) -> Option<(&Expression, Check, bool)> {
    let [subject, affix] = arguments else { return None };
    let affix = constant(affix).filter(|_| subject.ty == Type::String)?;
    Some((subject, check([affix.into()].into()), false))
}

fn compare<'h>(
    comparison: Comparison,
    subject: &'h Expression,
    other: &Expression,
) -> Option<(&'h Expression, Check, bool)> {
    if let (Some(text), Type::String) = (constant(other), subject.ty) {
        let inverted = comparison == Comparison::NotEqual;
        let applies = inverted || comparison == Comparison::Equal;
        return applies.then(|| (subject, Check::OneOf([text.into()].into()), inverted));
    }
    let number = match (&other.kind, subject.ty) {
        (ExpressionKind::Int(number), Type::Int)
        | (ExpressionKind::Duration(number), Type::Duration)
        | (ExpressionKind::Bytes(number), Type::Bytes) => *number,
        _ => return None,
    };
    Some((subject, Check::Within(range(comparison, number)), comparison == Comparison::NotEqual))
}

/// The numbers that compare so; those of `==` for `!=`, which is its opposite.
fn range(comparison: Comparison, number: i64) -> Box<[RangeInclusive<i64>]> {
    let range = match comparison {
        Comparison::Equal | Comparison::NotEqual => Some(number..=number),
        Comparison::Less => number.checked_sub(1).map(|end| i64::MIN..=end),
        Comparison::LessOrEqual => Some(i64::MIN..=number),
        Comparison::Greater => number.checked_add(1).map(|start| start..=i64::MAX),
        Comparison::GreaterOrEqual => Some(number..=i64::MAX),
    };
    range.into_iter().collect()
}

fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

fn is_whole(ty: Type) -> bool {
    matches!(ty, Type::Int | Type::Duration | Type::Bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_complement_holds_what_the_ranges_do_not(
            ranges in prop::collection::vec((-9_i64..9, -9_i64..9), 0..6),
            at in prop_oneof![-12_i64..12, Just(i64::MIN), Just(i64::MAX)],
        ) {
            let ranges: Vec<_> = ranges.into_iter().map(|(start, end)| start..=end).collect();
            let holds = |ranges: &[RangeInclusive<i64>]| ranges.iter().any(|range| range.contains(&at));
            prop_assert_ne!(holds(&ranges), holds(&complement(ranges.clone())));
        }
    }

    #[test]
    fn comparisons_at_the_ends_hold_nothing_or_all() {
        assert!(range(Comparison::Less, i64::MIN).is_empty());
        assert!(range(Comparison::Greater, i64::MAX).is_empty());
        assert_eq!(&*range(Comparison::LessOrEqual, 3), [i64::MIN..=3]);
    }
}
