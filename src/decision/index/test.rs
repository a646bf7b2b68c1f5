//! The tests that rows are made of.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use hashbrown::HashMap;

use super::alternatives::{Literal, alternatives};
use super::confirm::Confirm;
use super::packed::number;
use super::subject::Subject;
use super::text_list::TextList;
use crate::lang::hir::{AclId, Comparison, Expression, ExpressionKind, Pattern};
use crate::lang::schema::function::Text;
use crate::lang::schema::{Function, Type};
use crate::pace;

/// Something that holds or does not. Borrows from the policy until it is known what is kept.
#[derive(Debug)]
pub(super) enum Test<'h> {
    /// A check of a value that is looked up.
    Value {
        /// Which of the subjects.
        subject: u32,
        check: Check<'h>,
        /// Whether the check must fail.
        negated: bool,
    },
    /// Any other condition.
    Condition { expression: Cow<'h, Expression>, negated: bool },
}

/// What is asked of a value. Unset text passes no check but those of patterns, where it is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Check<'h> {
    OneOf(TextList<'h>),
    StartsWith(TextList<'h>),
    Under(TextList<'h>),
    EndsWith(TextList<'h>),
    Extension(TextList<'h>),
    /// A pattern on its own.
    Matches(Pattern),
    /// A pattern that is worth looking at only if the text starts with one of these.
    Guarded(TextList<'h>, Confirm),
    /// The same with one of these at its end.
    GuardedEnd(TextList<'h>, Confirm),
    /// What is left of such a pattern for a text that does start so.
    Confirmed(Confirm),
    /// A pattern of an automaton.
    Shared {
        automaton: u32,
        pattern: u32,
    },
    Within(Cow<'h, [RangeInclusive<i64>]>),
    InAcl(AclId),
    IsTrue,
}

impl Test<'_> {
    /// The same, borrowing nothing.
    pub fn own(&self) -> Test<'static> {
        match self {
            Self::Value { subject, check, negated } => {
                Test::Value { subject: *subject, check: check.own(), negated: *negated }
            }
            Self::Condition { expression, negated } => {
                Test::Condition { expression: Cow::Owned((**expression).clone()), negated: *negated }
            }
        }
    }
}

impl Check<'_> {
    /// The same, borrowing nothing.
    pub fn own(&self) -> Check<'static> {
        let texts = TextList::own;
        match self {
            Self::OneOf(some) => Check::OneOf(texts(some)),
            Self::StartsWith(some) => Check::StartsWith(texts(some)),
            Self::Under(some) => Check::Under(texts(some)),
            Self::EndsWith(some) => Check::EndsWith(texts(some)),
            Self::Extension(some) => Check::Extension(texts(some)),
            Self::Matches(pattern) => Check::Matches(pattern.clone()),
            Self::Guarded(starts, confirm) => Check::Guarded(texts(starts), confirm.clone()),
            Self::GuardedEnd(ends, confirm) => Check::GuardedEnd(texts(ends), confirm.clone()),
            Self::Confirmed(confirm) => Check::Confirmed(confirm.clone()),
            Self::Shared { automaton, pattern } => Check::Shared { automaton: *automaton, pattern: *pattern },
            Self::Within(ranges) => Check::Within(Cow::Owned(ranges.to_vec())),
            Self::InAcl(acl) => Check::InAcl(*acl),
            Self::IsTrue => Check::IsTrue,
        }
    }
}

/// An arm with tests that must all pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub arm: u32,
    /// Where its tests begin in the list of all, and how many there are.
    pub first: u32,
    pub count: u32,
    /// Whether there is more to ask once they have passed: see [`Rest`].
    pub has_rest: bool,
}

/// What is asked once the tests of an arm have passed, and all arms before it have failed: the parts of its
/// condition from the first on that asks the world. The world is asked in turn, and once.
#[derive(Debug)]
pub(super) struct Rest {
    pub arm: u32,
    pub parts: Box<[Expression]>,
}

/// Subjects, tests and rows while they are collected.
#[derive(Default)]
pub(super) struct Table<'h> {
    pub subjects: Vec<&'h Expression>,
    numbers: HashMap<Subject<'h>, u32>,
    pub tests: Vec<Test<'h>>,
    pub rows: Vec<Row>,
    /// The tests of all rows by number.
    pub row_tests: Vec<u32>,
    /// What the tests leave to ask, by arm.
    pub rests: Vec<Rest>,
    /// By the address of the expression: alternatives of one condition share their parts.
    seen: HashMap<(usize, bool), u32>,
}

impl<'h> Table<'h> {
    /// The rows of all conditions. Alternatives are rationed, so that rows stay in proportion.
    pub fn of(conditions: &[&'h Expression]) -> Self {
        let mut table = Self::default();
        let mut spare = 4 * conditions.len() + 4_096;
        for (arm, condition) in (0..).zip(conditions) {
            pace::pause();
            let parts = table.without_rest(arm, condition);
            if parts.iter().all(is_simple) {
                // As most have no alternatives.
                table.row(arm, parts, |table, part| table.add(Literal { expression: part, negated: false }));
                continue;
            }
            let alternatives = alternatives(parts, spare);
            spare = spare.saturating_sub(alternatives.len());
            for literals in &alternatives {
                table.row(arm, literals, |table, literal| table.test(*literal));
            }
            table.seen.clear();
        }
        table
    }

    /// The parts of a condition that can be tested in any order. What is behind them is noted.
    fn without_rest(&mut self, arm: u32, condition: &'h Expression) -> &'h [Expression] {
        let parts = match &condition.kind {
            ExpressionKind::And(parts) => parts.as_slice(),
            _ => std::slice::from_ref(condition),
        };
        let pure = parts.iter().position(|part| !part.is_pure()).unwrap_or(parts.len());
        let (parts, rest) = parts.split_at(pure);
        if !rest.is_empty() {
            self.rests.push(Rest { arm, parts: rest.into() });
        }
        parts
    }

    fn row<'p, T>(&mut self, arm: u32, parts: &'p [T], mut test: impl FnMut(&mut Self, &'p T) -> u32) {
        let first = number(self.row_tests.len());
        for part in parts {
            let test = test(self, part);
            self.row_tests.push(test);
        }
        let has_rest = self.rests.last().is_some_and(|rest| rest.arm == arm);
        self.rows.push(Row { arm, first, count: number(parts.len()), has_rest });
    }

    fn test(&mut self, literal: Literal<'h>) -> u32 {
        let key = (std::ptr::from_ref(literal.expression).addr(), literal.negated);
        if let Some(known) = self.seen.get(&key) {
            return *known;
        }
        let id = self.add(literal);
        self.seen.insert(key, id);
        id
    }

    fn add(&mut self, literal: Literal<'h>) -> u32 {
        let test = self
            .classify(literal)
            .unwrap_or(Test::Condition { expression: Cow::Borrowed(literal.expression), negated: literal.negated });
        self.tests.push(test);
        number(self.tests.len() - 1)
    }

    fn classify(&mut self, literal: Literal<'h>) -> Option<Test<'h>> {
        let (subject, check, inverted) = check_of(literal.expression)?;
        let key = Subject::of(subject)?;
        let subjects = &mut self.subjects;
        let subject = *self.numbers.entry(key).or_insert_with(|| {
            subjects.push(subject);
            number(subjects.len() - 1)
        });
        Some(positive(Test::Value { subject, check, negated: literal.negated != inverted }))
    }
}

/// Whether a part of a condition is one literal.
fn is_simple(part: &Expression) -> bool {
    use ExpressionKind as Kind;
    !matches!(part.kind, Kind::Bool(_) | Kind::Not(_) | Kind::And(_) | Kind::Or(_))
}

/// A negated range is the ranges around it: a number is always there, unlike text.
fn positive(test: Test<'_>) -> Test<'_> {
    match test {
        Test::Value { subject, check: Check::Within(ranges), negated: true } => {
            Test::Value { subject, check: Check::Within(complement(ranges.into_owned()).into()), negated: false }
        }
        test => test,
    }
}

fn complement(mut ranges: Vec<RangeInclusive<i64>>) -> Vec<RangeInclusive<i64>> {
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
    gaps
}

/// What an expression asks of which other expression, and whether it asks for the opposite.
fn check_of(expression: &Expression) -> Option<(&Expression, Check<'_>, bool)> {
    use ExpressionKind as Kind;
    let text = |subject: &'_ Expression| subject.ty == Type::String;
    match &expression.kind {
        Kind::Compare(comparison, left, right) => {
            compare(*comparison, left, right).or_else(|| compare(mirrored(*comparison), right, left))
        }
        Kind::InTexts(subject, texts) if text(subject) => Some((subject, Check::OneOf(texts.into()), false)),
        Kind::Under(subject, texts) if text(subject) => Some((subject, Check::Under(texts.into()), false)),
        Kind::Extension(subject, texts) if text(subject) => Some((subject, Check::Extension(texts.into()), false)),
        Kind::Matches(subject, pattern) if text(subject) => Some((subject, Check::Matches(pattern.clone()), false)),
        Kind::Call(Function::Text(Text::Prefixof | Text::StartsWith), given) => affix(given, Check::StartsWith),
        Kind::Call(Function::Text(Text::Suffixof | Text::EndsWith), given) => affix(given, Check::EndsWith),
        Kind::InRanges(subject, ranges) if is_whole(subject.ty) => Some((subject, Check::Within(ranges.into()), false)),
        Kind::InAcl(subject, acl) if subject.ty == Type::Ip => Some((subject, Check::InAcl(*acl), false)),
        _ if expression.ty == Type::Bool => Some((expression, Check::IsTrue, false)),
        _ => None,
    }
}

fn affix<'h>(
    arguments: &'h [Expression],
    check: fn(TextList<'h>) -> Check<'h>,
) -> Option<(&'h Expression, Check<'h>, bool)> {
    let [subject, affix] = arguments else { return None };
    let affix = constant(affix).filter(|_| subject.ty == Type::String)?;
    Some((subject, check(affix), false))
}

/// The text of a literal, as a list of one.
fn constant(expression: &Expression) -> Option<TextList<'_>> {
    match &expression.kind {
        ExpressionKind::Text(text) => Some(TextList::Borrowed(std::slice::from_ref(text))),
        _ => None,
    }
}

fn compare<'h>(
    comparison: Comparison,
    subject: &'h Expression,
    other: &'h Expression,
) -> Option<(&'h Expression, Check<'h>, bool)> {
    if let (Some(text), Type::String) = (constant(other), subject.ty) {
        let inverted = comparison == Comparison::NotEqual;
        let applies = inverted || comparison == Comparison::Equal;
        return applies.then(|| (subject, Check::OneOf(text), inverted));
    }
    let number = match (&other.kind, subject.ty) {
        (ExpressionKind::Int(number), Type::Int)
        | (ExpressionKind::Duration(number), Type::Duration)
        | (ExpressionKind::Bytes(number), Type::Bytes) => *number,
        _ => return None,
    };
    Some((subject, Check::Within(range(comparison, number).into()), comparison == Comparison::NotEqual))
}

/// The numbers that compare so; those of `==` for `!=`, which is its opposite.
fn range(comparison: Comparison, number: i64) -> Vec<RangeInclusive<i64>> {
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
