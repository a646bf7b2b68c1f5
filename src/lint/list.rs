//! Tests that hold of several values: `path under ["/a", "/b"]`, `status in [404, 500..599]`, `host == "a" or host == "b"`.

use crate::lang::hir::{Comparison, Expression, ExpressionKind};
use crate::lang::schema::{Message, Variable};
use crate::lang::source::{SourceMap, Span};

/// How the values are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Equal,
    Under,
    Extension,
    Within,
}

/// What is tested.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Variable(Variable),
    Header(Message, http::HeaderName),
}

impl Subject {
    fn of(tested: &Expression) -> Option<Self> {
        match &tested.kind {
            ExpressionKind::Variable(variable) => Some(Self::Variable(*variable)),
            ExpressionKind::Header(message, name) => Some(Self::Header(*message, name.clone())),
            ExpressionKind::ToText(inner) => Self::of(inner),
            _ => None,
        }
    }
}

/// One of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Value<'h> {
    /// A text; under which others lie, it has no `/` at its end.
    Text(&'h [u8]),
    /// Numbers from one to another.
    Range(i64, i64),
}

/// A test of one subject against values.
pub(super) struct List<'h> {
    pub subject: Subject,
    pub kind: Kind,
    /// The values, each with the test that names it.
    pub values: Vec<(Value<'h>, Span)>,
}

impl<'h> List<'h> {
    /// The list that holds where the condition does, or where it does not.
    pub(super) fn of(condition: &'h Expression, holds: bool) -> Option<Self> {
        let span = condition.span;
        match &condition.kind {
            ExpressionKind::Not(inner) => Self::of(inner, !holds),
            ExpressionKind::Or(parts) if holds => Self::joined(parts, holds),
            ExpressionKind::And(parts) if !holds => Self::joined(parts, holds),
            ExpressionKind::Compare(sign, subject, value)
                if *sign == if holds { Comparison::Equal } else { Comparison::NotEqual } =>
            {
                let (kind, value) = match &value.kind {
                    ExpressionKind::Text(text) => (Kind::Equal, Value::Text(text)),
                    ExpressionKind::Int(number) => (Kind::Within, Value::Range(*number, *number)),
                    _ => return None,
                };
                Self::one(subject, kind, [value], span)
            }
            _ if !holds => None,
            ExpressionKind::InTexts(subject, texts) => Self::one(subject, Kind::Equal, all(texts), span),
            ExpressionKind::Under(subject, texts) => Self::one(subject, Kind::Under, all(texts), span),
            ExpressionKind::Extension(subject, texts) => Self::one(subject, Kind::Extension, all(texts), span),
            ExpressionKind::InRanges(subject, ranges) => {
                let ranges = ranges.iter().map(|range| Value::Range(*range.start(), *range.end()));
                Self::one(subject, Kind::Within, ranges, span)
            }
            _ => None,
        }
    }

    /// The range between two tests, each of which holds or does not, if one names its lower end and the other its upper one.
    pub(super) fn between((one, holds): (&'h Expression, bool), (other, also): (&'h Expression, bool)) -> Option<Self> {
        let ((tested, from), (same, to)) = (bound(one, holds)?, bound(other, also)?);
        let range = match (from, to) {
            (Bound::First(first), Bound::Last(last)) | (Bound::Last(last), Bound::First(first)) => {
                (first <= last).then_some(Value::Range(first, last))?
            }
            _ => return None,
        };
        let (start, end) = (one.span.start.min(other.span.start), one.span.end.max(other.span.end));
        let is_one = Subject::of(tested) == Subject::of(same) && one.span.file == other.span.file;
        let between = Self::one(tested, Kind::Within, [range], Span { start, end, ..one.span });
        between.filter(|_| is_one)
    }

    fn one(subject: &Expression, kind: Kind, values: impl IntoIterator<Item = Value<'h>>, span: Span) -> Option<Self> {
        let subject = Subject::of(subject)?;
        Some(Self { subject, kind, values: values.into_iter().map(|value| (value, span)).collect() })
    }

    fn joined(parts: &'h [Expression], holds: bool) -> Option<Self> {
        let mut parts = parts.iter().map(|part| Self::of(part, holds));
        let first = parts.next()??;
        parts.try_fold(first, |mut whole, part| {
            let part = part?;
            whole.values.extend(part.values);
            (part.subject == whole.subject && part.kind == whole.kind).then_some(whole)
        })
    }
}

/// An end of a range, which is in it.
#[derive(Clone, Copy)]
enum Bound {
    First(i64),
    Last(i64),
}

/// What is compared with a number that is an end of what passes.
fn bound(test: &Expression, holds: bool) -> Option<(&Expression, Bound)> {
    let ExpressionKind::Compare(sign, left, right) = &test.kind else { return None };
    let (sign, subject, number) = match (&left.kind, &right.kind) {
        (_, ExpressionKind::Int(number)) => (*sign, left, *number),
        (ExpressionKind::Int(number), _) => (sign.turned(), right, *number),
        _ => return None,
    };
    let bound = match (sign, holds) {
        (Comparison::GreaterOrEqual, true) | (Comparison::Less, false) => Bound::First(number),
        (Comparison::Greater, true) | (Comparison::LessOrEqual, false) => Bound::First(number.checked_add(1)?),
        (Comparison::LessOrEqual, true) | (Comparison::Greater, false) => Bound::Last(number),
        (Comparison::Less, true) | (Comparison::GreaterOrEqual, false) => Bound::Last(number.checked_sub(1)?),
        (Comparison::Equal | Comparison::NotEqual, _) => return None,
    };
    Some((subject, bound))
}

fn all(texts: &[Box<[u8]>]) -> impl Iterator<Item = Value<'_>> {
    texts.iter().map(|text| Value::Text(text))
}

impl Value<'_> {
    /// Where it is written within its test; the test if it is written elsewhere.
    pub(super) fn place(&self, test: Span, sources: &SourceMap) -> Span {
        let whole = sources.text(test);
        let written = self.spellings().into_iter().find_map(|written| Some((whole.find(&written)?, written.len())));
        written.map_or(test, |(at, length)| {
            let start = test.start as usize + at;
            Span::new(test.file, start..start + length)
        })
    }

    fn spellings(&self) -> Vec<String> {
        match self {
            Self::Text(text) => {
                let text = String::from_utf8_lossy(text);
                vec![format!("\"{text}\""), format!("\"{text}/\""), format!("\".{text}\"")]
            }
            Self::Range(start, end) if start == end => vec![start.to_string()],
            Self::Range(start, end) => vec![format!("{start}..{end}")],
        }
    }

    /// The value, for people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => format!("`{}`", String::from_utf8_lossy(text)),
            Self::Range(start, end) if start == end => format!("`{start}`"),
            Self::Range(start, end) => format!("`{start}..{end}`"),
        }
    }

    /// Whether another range holds it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Range(start, end), Self::Range(from, to)) => from <= start && end <= to,
            _ => false,
        }
    }
}

/// A path, and those that it lies under.
pub(super) fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(path), |path| path.get(..path.iter().rposition(|byte| *byte == b'/')?))
}
