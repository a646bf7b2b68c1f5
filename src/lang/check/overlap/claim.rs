//! What a row asks of a request: of which value, and what.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use http::HeaderName;

use super::lists::{Listed, Lists};
use crate::lang::hir::{Acl, Comparison, Expression, ExpressionKind, Texts};
use crate::lang::schema::function::Text;
use crate::lang::schema::{Function, Message, Type, Variable};
use crate::lang::source::Span;

/// A condition of more alternatives is taken as if it asked for less.
const MOST_ALTERNATIVES: usize = 64;

/// What is asked of a value.
#[derive(Clone, Debug)]
pub(super) enum Check<'h> {
    /// It is one of these texts.
    Is(Vec<Texts<'h>>),
    /// It is none of them, or unset.
    IsNot(Vec<Texts<'h>>),
    /// It is set, or not.
    Set(bool),
    /// It is within one of these ranges.
    Within(Vec<RangeInclusive<i64>>),
    /// It is outside of all of them.
    Outside(Vec<RangeInclusive<i64>>),
    /// It is an address of a list, or is not.
    Listed(Listed),
    /// It holds, or does not.
    Holds(bool),
}

impl Check<'_> {
    /// Whether no value passes both. False where that is not known.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Is(one), Self::Is(other)) => one.iter().all(|one| other.iter().all(|other| one.excludes(other))),
            (Self::Is(some), Self::IsNot(others)) | (Self::IsNot(others), Self::Is(some)) => {
                some.iter().all(|one| others.iter().any(|other| one.is_within(other)))
            }
            (Self::Is(some), Self::Set(false)) | (Self::Set(false), Self::Is(some)) => {
                !some.iter().any(Texts::holds_unset)
            }
            (Self::Within(one), Self::Within(other)) => {
                !one.iter().any(|one| other.iter().any(|other| meet(one, other)))
            }
            (Self::Within(some), Self::Outside(others)) | (Self::Outside(others), Self::Within(some)) => {
                some.iter().all(|one| others.iter().any(|other| is_within(one, other)))
            }
            (Self::Set(one), Self::Set(other)) | (Self::Holds(one), Self::Holds(other)) => one != other,
            _ => false,
        }
    }
}

fn meet(one: &RangeInclusive<i64>, other: &RangeInclusive<i64>) -> bool {
    !one.is_empty() && !other.is_empty() && one.start() <= other.end() && other.start() <= one.end()
}

fn is_within(one: &RangeInclusive<i64>, other: &RangeInclusive<i64>) -> bool {
    one.is_empty() || other.contains(one.start()) && other.contains(one.end())
}

/// What is asked of which value.
#[derive(Debug)]
pub(super) struct Claim<'h> {
    pub key: usize,
    pub check: Check<'h>,
}

/// One way in which a row may hold: all of these claims do.
#[derive(Debug)]
pub(super) struct Way {
    pub row: usize,
    pub claims: Vec<usize>,
}

/// The value that is asked.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key<'h> {
    Variable(Variable),
    Header(Message, &'h HeaderName),
    /// Anything else, its places left out.
    Other(String),
}

/// The claims of all rows.
#[derive(Debug)]
pub(super) struct Claims<'h> {
    keys: HashMap<Key<'h>, usize>,
    lists: Lists<'h>,
    pub asked: Vec<Claim<'h>>,
    pub ways: Vec<Way>,
}

impl<'h> Claims<'h> {
    pub(super) fn of(conditions: impl Iterator<Item = &'h Expression>, acls: &'h [Acl]) -> Self {
        let mut claims = Self { keys: HashMap::new(), lists: Lists::new(acls), asked: Vec::new(), ways: Vec::new() };
        for (row, condition) in conditions.enumerate() {
            let ways = claims.ways(condition, false);
            claims.ways.extend(ways.into_iter().map(|claims| Way { row, claims }));
        }
        claims
    }

    /// How many values are asked.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Whether no request can be in both ways.
    pub(super) fn are_apart(&self, one: &Way, other: &Way) -> bool {
        let excluded = |one: &Claim<'_>| {
            let claims = other.claims.iter().filter_map(|at| self.asked.get(*at));
            claims.filter(|other| other.key == one.key).any(|other| self.exclude(&one.check, &other.check))
        };
        one.claims.iter().filter_map(|at| self.asked.get(*at)).any(excluded)
    }

    fn exclude(&self, one: &Check<'_>, other: &Check<'_>) -> bool {
        match (one, other) {
            (Check::Listed(one), Check::Listed(other)) => self.lists.exclude(*one, *other),
            _ => one.excludes(other),
        }
    }

    /// The ways in which a condition holds, or its opposite if it is `negated`; what is not understood asks for nothing.
    fn ways(&mut self, condition: &'h Expression, negated: bool) -> Vec<Vec<usize>> {
        match (&condition.kind, negated) {
            (ExpressionKind::Bool(truth), _) => {
                if *truth == negated {
                    Vec::new()
                } else {
                    vec![Vec::new()]
                }
            }
            (ExpressionKind::Not(inner), _) => self.ways(inner, !negated),
            (ExpressionKind::And(parts), false) | (ExpressionKind::Or(parts), true) => self.all(parts, negated),
            (ExpressionKind::Or(parts), false) | (ExpressionKind::And(parts), true) => self.any(parts, negated),
            _ => vec![self.claim(condition, negated).into_iter().collect()],
        }
    }

    fn all(&mut self, parts: &'h [Expression], negated: bool) -> Vec<Vec<usize>> {
        let mut whole = vec![Vec::new()];
        for part in parts {
            let ways = self.ways(part, negated);
            if whole.len() * ways.len() <= MOST_ALTERNATIVES {
                let joined =
                    |before: &Vec<usize>| ways.iter().map(|way| [before.as_slice(), way].concat()).collect::<Vec<_>>();
                whole = whole.iter().flat_map(joined).collect();
            }
        }
        whole
    }

    fn any(&mut self, parts: &'h [Expression], negated: bool) -> Vec<Vec<usize>> {
        let mut whole = Vec::new();
        for part in parts {
            whole.extend(self.ways(part, negated));
            if whole.len() > MOST_ALTERNATIVES {
                return vec![Vec::new()];
            }
        }
        whole
    }

    fn claim(&mut self, condition: &'h Expression, negated: bool) -> Option<usize> {
        let (subject, check) = self.address_of(condition, negated).or_else(|| check_of(condition, negated))?;
        let next = self.keys.len();
        let key = *self.keys.entry(key_of(subject)).or_insert(next);
        self.asked.push(Claim { key, check });
        Some(self.asked.len() - 1)
    }

    /// What a condition asks of an address.
    fn address_of(&mut self, condition: &'h Expression, negated: bool) -> Option<(&'h Expression, Check<'h>)> {
        let (subject, listed) = match &condition.kind {
            ExpressionKind::InAcl(subject, acl) => (&**subject, self.lists.acl(*acl, !negated)),
            ExpressionKind::Compare(comparison, subject, other) => {
                let ExpressionKind::Ip(address) = &other.kind else { return None };
                let holds = match comparison {
                    Comparison::Equal => !negated,
                    Comparison::NotEqual => negated,
                    _ => return None,
                };
                (&**subject, self.lists.one(*address, holds))
            }
            _ => return None,
        };
        condition.is_pure().then_some((subject, Check::Listed(listed)))
    }
}

fn key_of(subject: &Expression) -> Key<'_> {
    match &subject.kind {
        ExpressionKind::Variable(variable) => Key::Variable(*variable),
        ExpressionKind::Header(message, name) => Key::Header(*message, name),
        _ => {
            let mut bare = subject.clone();
            leave_out_places(&mut bare, subject.span);
            Key::Other(format!("{:?}", bare.kind))
        }
    }
}

fn leave_out_places(expression: &mut Expression, whole: Span) {
    expression.span = Span::new(whole.file, 0..0);
    expression.parts_mut().for_each(|part| leave_out_places(part, whole));
}

/// What a condition asks of which value; `None` if its value may be another one the next time.
fn check_of(condition: &Expression, negated: bool) -> Option<(&Expression, Check<'_>)> {
    use ExpressionKind as Kind;
    if !condition.is_pure() {
        return None;
    }
    let texts = |texts| if negated { Check::IsNot(texts) } else { Check::Is(texts) };
    Some(match &condition.kind {
        Kind::Compare(comparison, left, right) => {
            return compared(*comparison, left, right, negated).or(Some((condition, Check::Holds(!negated))));
        }
        Kind::InTexts(subject, some) => {
            (subject, texts(some.iter().map(|text| Texts::Exact((&**text).into())).collect()))
        }
        Kind::Under(subject, some) => (subject, texts(some.iter().flat_map(|text| Texts::under(text)).collect())),
        Kind::Extension(subject, some) => {
            (subject, texts(some.iter().map(|text| Texts::Extension((&**text).into())).collect()))
        }
        Kind::Matches(subject, pattern) => (subject, texts(vec![Texts::matching(pattern)])),
        Kind::Call(Function::Text(Text::Prefixof | Text::StartsWith), given) => match given.as_slice() {
            [subject, Expression { kind: Kind::Text(start), .. }] => {
                (subject, texts(vec![Texts::Prefix((&**start).into())]))
            }
            _ => (condition, Check::Holds(!negated)),
        },
        Kind::Call(Function::Text(Text::Suffixof | Text::EndsWith), given) => match given.as_slice() {
            [subject, Expression { kind: Kind::Text(end), .. }] => {
                (subject, texts(vec![Texts::Suffix((&**end).into())]))
            }
            _ => (condition, Check::Holds(!negated)),
        },
        Kind::InRanges(subject, ranges) if negated => (subject, Check::Outside(ranges.clone())),
        Kind::InRanges(subject, ranges) => (subject, Check::Within(ranges.clone())),
        Kind::Truth(subject) if subject.ty == Type::String => (subject, Check::Set(!negated)),
        _ => (condition, Check::Holds(!negated)),
    })
}

/// A comparison with a text or a number.
fn compared<'h>(
    comparison: Comparison,
    left: &'h Expression,
    right: &'h Expression,
    negated: bool,
) -> Option<(&'h Expression, Check<'h>)> {
    if let (ExpressionKind::Text(text), Type::String) = (&right.kind, left.ty) {
        let texts = vec![Texts::Exact((&**text).into())];
        return match comparison {
            Comparison::Equal if !negated => Some((left, Check::Is(texts))),
            Comparison::NotEqual if negated => Some((left, Check::Is(texts))),
            Comparison::Equal | Comparison::NotEqual => Some((left, Check::IsNot(texts))),
            _ => None,
        };
    }
    let number = match (&right.kind, left.ty) {
        (ExpressionKind::Int(number), Type::Int)
        | (ExpressionKind::Duration(number), Type::Duration)
        | (ExpressionKind::Bytes(number), Type::Bytes) => *number,
        _ => return None,
    };
    let (range, is_opposite) = match comparison {
        Comparison::Equal => (number..=number, false),
        Comparison::NotEqual => (number..=number, true),
        Comparison::LessOrEqual => (i64::MIN..=number, false),
        Comparison::Greater => (i64::MIN..=number, true),
        Comparison::GreaterOrEqual => (number..=i64::MAX, false),
        Comparison::Less => (number..=i64::MAX, true),
    };
    let check = if negated == is_opposite { Check::Within(vec![range]) } else { Check::Outside(vec![range]) };
    Some((left, check))
}
