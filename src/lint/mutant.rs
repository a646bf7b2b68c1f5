//! Conditions that say something else in one place.

use super::untested::is_beyond_tests;
use crate::lang::hir::{Expression, ExpressionKind};
use crate::lang::schema::Type;
use crate::lang::source::Span;

/// A condition that says something else in one place.
pub(super) struct Mutant {
    pub condition: Expression,
    pub change: Mutation,
    /// Where.
    pub place: Span,
}

/// What becomes of a condition, or of one that it is put together of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutation {
    /// It holds where it did not.
    Turned,
    /// It is left out of several of which one is enough: in its place stands what changes nothing beside the others.
    LeftOut(bool),
}

/// A condition in all the ways to say something else in one place: each of several of which one is enough left out, each by
/// itself turned round.
pub(super) fn mutants(condition: &Expression) -> Vec<Mutant> {
    let mut places = Vec::new();
    below(condition, true, &mut Vec::new(), &mut places);
    let mutants = places.iter().filter_map(|(path, change)| {
        let mut changed = condition.clone();
        let place = of(&mut changed, path)?;
        if is_beyond_tests(place) {
            return None;
        }
        let span = place.span;
        place.kind = match change {
            Mutation::Turned => ExpressionKind::Not(Box::new(place.clone())),
            Mutation::LeftOut(neutral) => ExpressionKind::Bool(*neutral),
        };
        Some(Mutant { condition: changed, change: *change, place: span })
    });
    mutants.collect()
}

/// Finds the places, each as the way to it: of the parts of the condition, and theirs. Whether the condition has it hold, or
/// has it not hold, says which of several are enough alone.
fn below(part: &Expression, holds: bool, path: &mut Vec<usize>, places: &mut Vec<(Vec<usize>, Mutation)>) {
    if !is_joined_here(part) {
        if part.ty == Type::Bool && !matches!(part.kind, ExpressionKind::Bool(_)) {
            places.push((path.clone(), Mutation::Turned));
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
