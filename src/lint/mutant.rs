//! Conditions that say something else in one place.

use std::ops::RangeInclusive;

use super::list::Value;
use super::untested::is_beyond_tests;
use crate::lang::hir::{Comparison, Expression, ExpressionKind};
use crate::lang::schema::Type;
use crate::lang::source::{SourceMap, Span};

/// A condition that says something else in one place.
pub(super) struct Mutant {
    pub condition: Expression,
    pub change: Mutation,
    /// Where.
    pub place: Span,
}

/// What becomes of a condition, or of one that it is put together of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mutation {
    /// It holds where it did not.
    Turned,
    /// It is left out of several of which one is enough: in its place stands what changes nothing beside the others.
    LeftOut(bool),
    /// It holds of one number more, or of one less.
    Sign(Comparison),
    /// One of its values is left out.
    Without(usize),
    /// A range of it begins one number later, or ends one earlier.
    Narrowed(usize, End),
    /// It excludes a value no more.
    Admitting,
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

/// A list of more values is data, of which nobody tests each; so is one of extensions.
const MOST_VALUES: usize = 3;

/// A condition in all the ways to say something else in one place: each of several of which one is enough left out, each by
/// itself turned round, and then with other values.
pub(super) fn mutants(condition: &Expression, sources: &SourceMap) -> Vec<Mutant> {
    let mut places = Vec::new();
    below(condition, true, &mut Vec::new(), &mut places);
    // What is turned round comes first: it says the most.
    places.sort_by_key(|(_, change)| !matches!(change, Mutation::Turned | Mutation::LeftOut(_)));
    let mutants = places.into_iter().filter_map(|(path, change)| {
        let mut changed = condition.clone();
        let place = of(&mut changed, &path)?;
        if is_beyond_tests(place) {
            return None;
        }
        let span = change.span(place, sources)?;
        place.kind = change.of(place)?;
        Some(Mutant { condition: changed, change, place: span })
    });
    mutants.collect()
}

/// Finds the places, each as the way to it: of the parts of the condition, and theirs. Whether the condition has it hold, or
/// has it not hold, says which of several are enough alone.
fn below(part: &Expression, holds: bool, path: &mut Vec<usize>, places: &mut Vec<(Vec<usize>, Mutation)>) {
    if !is_joined_here(part) {
        if part.ty == Type::Bool && !matches!(part.kind, ExpressionKind::Bool(_)) {
            let changes = [Mutation::Turned].into_iter().chain(other_values(part, holds));
            places.extend(changes.map(|change| (path.clone(), change)));
        }
        return;
    }
    let is_and = matches!(part.kind, ExpressionKind::And(_));
    let is_one_enough = if holds { matches!(part.kind, ExpressionKind::Or(_)) } else { is_and };
    let holds = holds != matches!(part.kind, ExpressionKind::Not(_));
    for (number, inner) in part.parts().enumerate() {
        path.push(number);
        if is_one_enough {
            places.push((path.clone(), Mutation::LeftOut(is_and)));
        }
        below(inner, holds, path, places);
        path.pop();
    }
}

/// The ways to compare with other values, where that is another thing than what turning it round shows.
fn other_values(part: &Expression, holds: bool) -> Vec<Mutation> {
    match &part.kind {
        ExpressionKind::Compare(sign, _, value) => {
            let is_known = matches!(value.kind, ExpressionKind::Text(_) | ExpressionKind::Int(_));
            let excludes = if holds { Comparison::NotEqual } else { Comparison::Equal };
            let lets = (*sign == excludes && is_known).then_some(Mutation::Admitting);
            beside(*sign).map(Mutation::Sign).into_iter().chain(lets).collect()
        }
        ExpressionKind::InRanges(_, ranges) if ranges.len() <= MOST_VALUES => {
            let ends = |at: usize| [Mutation::Narrowed(at, End::First), Mutation::Narrowed(at, End::Last)];
            let wide = (0..).zip(ranges).filter(|(_, range)| range.start() < range.end() && !is_class(range));
            without(ranges.len()).chain(wide.flat_map(|(at, _)| ends(at))).collect()
        }
        kind => without(texts(kind).map_or(0, <[_]>::len)).collect(),
    }
}

/// Whether a range is all of a class of statuses, such as `500..599`, which nobody writes otherwise by mistake.
fn is_class(range: &RangeInclusive<i64>) -> bool {
    range.start() % 100 == 0 && range.end() % 100 == 99
}

/// Each of several values left out.
fn without(values: usize) -> impl Iterator<Item = Mutation> {
    let all = if (2..=MOST_VALUES).contains(&values) { values } else { 0 };
    (0..all).map(Mutation::Without)
}

/// The sign that holds of one number more, or of one less.
fn beside(sign: Comparison) -> Option<Comparison> {
    match sign {
        Comparison::Less => Some(Comparison::LessOrEqual),
        Comparison::LessOrEqual => Some(Comparison::Less),
        Comparison::Greater => Some(Comparison::GreaterOrEqual),
        Comparison::GreaterOrEqual => Some(Comparison::Greater),
        Comparison::Equal | Comparison::NotEqual => None,
    }
}

/// The texts of a test that one of them passes.
fn texts(kind: &ExpressionKind) -> Option<&[Box<[u8]>]> {
    match kind {
        ExpressionKind::InTexts(_, texts)
        | ExpressionKind::Under(_, texts)
        | ExpressionKind::HasQuery(_, texts)
        | ExpressionKind::HasCookie(_, texts) => Some(texts),
        _ => None,
    }
}

impl Mutation {
    /// Where it is; nowhere if the value stands elsewhere, where others ask for it as well.
    fn span(&self, place: &Expression, sources: &SourceMap) -> Option<Span> {
        let whole = place.span;
        let value = match (self, &place.kind) {
            (Self::Without(at) | Self::Narrowed(at, _), ExpressionKind::InRanges(_, ranges)) => {
                ranges.get(*at).map(|range| Value::Range(*range.start(), *range.end()))?
            }
            (Self::Without(at), kind) => Value::Text(texts(kind)?.get(*at)?),
            _ => return Some(whole),
        };
        Some(value.place(whole, sources)).filter(|span| *span != whole)
    }

    /// What becomes of the condition there.
    fn of(&self, place: &Expression) -> Option<ExpressionKind> {
        let mut kind = place.kind.clone();
        match (self, &mut kind) {
            (Self::Turned, _) => return Some(ExpressionKind::Not(Box::new(place.clone()))),
            (Self::LeftOut(neutral), _) => return Some(ExpressionKind::Bool(*neutral)),
            (Self::Sign(other), ExpressionKind::Compare(sign, ..)) => *sign = *other,
            (Self::Admitting, ExpressionKind::Compare(sign, ..)) => {
                return Some(ExpressionKind::Bool(*sign == Comparison::NotEqual));
            }
            (Self::Without(at), ExpressionKind::InRanges(_, ranges)) => drop(ranges.remove(*at)),
            (Self::Narrowed(at, end), ExpressionKind::InRanges(_, ranges)) => {
                let range = ranges.get_mut(*at)?;
                *range = match end {
                    End::First => range.start() + 1..=*range.end(),
                    End::Last => *range.start()..=range.end() - 1,
                };
            }
            (
                Self::Without(at),
                ExpressionKind::InTexts(_, texts)
                | ExpressionKind::Under(_, texts)
                | ExpressionKind::HasQuery(_, texts)
                | ExpressionKind::HasCookie(_, texts),
            ) => drop(texts.remove(*at)),
            _ => return None,
        }
        Some(kind)
    }

    /// What every test passes with.
    pub(super) fn shown(&self) -> String {
        let how = match self {
            Self::Turned => "if this is turned round",
            Self::LeftOut(_) | Self::Without(_) => "without this",
            Self::Sign(Comparison::LessOrEqual | Comparison::GreaterOrEqual) => "if this holds of an equal one, too",
            Self::Sign(_) => "if this holds of no equal one",
            Self::Narrowed(_, End::First) => "if this begins one later",
            Self::Narrowed(_, End::Last) => "if this ends one earlier",
            Self::Admitting => "if this is so of any value",
        };
        format!("every test still passes {how}")
    }
}

/// Whether it is put together of conditions that stand there, and not in a function or a constant, which say the same to all
/// that ask them.
fn is_joined_here(whole: &Expression) -> bool {
    let is_joined = matches!(whole.kind, ExpressionKind::And(_) | ExpressionKind::Or(_) | ExpressionKind::Not(_));
    let is_here = |part: &Expression| {
        part.span.file == whole.span.file && whole.span.start <= part.span.start && part.span.end <= whole.span.end
    };
    is_joined && whole.parts().all(is_here)
}

fn of<'e>(condition: &'e mut Expression, path: &[usize]) -> Option<&'e mut Expression> {
    path.iter().try_fold(condition, |whole, number| whole.parts_mut().nth(*number))
}
