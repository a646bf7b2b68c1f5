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

    fn one(subject: &Expression, kind: Kind, values: impl IntoIterator<Item = Value<'h>>, span: Span) -> Option<Self> {
        let subject = match &subject.kind {
            ExpressionKind::Variable(variable) => Subject::Variable(*variable),
            ExpressionKind::Header(message, name) => Subject::Header(*message, name.clone()),
            ExpressionKind::ToText(inner) => return Self::one(inner, kind, values, span),
            _ => return None,
        };
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
