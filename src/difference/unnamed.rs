//! Names of values: where nothing changes what a value is made of as long as its name is read, the value stands in its place.

use std::collections::HashMap;

use super::commute::Trace;
use super::failing::is_short;
use crate::lang::hir::{Expression, ExpressionKind as Kind, LocalId, Statement, StatementKind};
use crate::lang::schema::Type;

/// So many parts values may have in all the places of a name.
const MOST_PARTS: usize = 64;

/// Puts values in the place of names in a block.
pub(super) fn without_names(statements: &mut Vec<Statement>) {
    let mut at = 0;
    while let Some(statement) = statements.get(at) {
        let named = match &statement.kind {
            StatementKind::Let(name, value) => Some((*name, value.clone())),
            _ => None,
        };
        let behind = statements.get(at + 1..).unwrap_or_default();
        match named.filter(|(name, value)| can_stand_for(*name, value, behind)) {
            Some((name, value)) => {
                statements.remove(at);
                statements.iter_mut().skip(at).for_each(|statement| put(statement, name, &value));
            }
            None => at += 1,
        }
    }
}

/// Whether a value is the same wherever its name is read: it depends on its parts alone, which stay as they are, and it is
/// cut off nowhere. A part of a key that is a field, a parameter or a cookie has all that there are of it, and their names
/// the first alone: those stay.
fn can_stand_for(name: LocalId, value: &Expression, behind: &[Statement]) -> bool {
    let names = |kind: &Kind| matches!(kind, Kind::Query(..) | Kind::Cookie(..) | Kind::Fallback(_));
    let is_made = value.parts().next().is_some() && !names(&value.kind);
    if !is_made || !value.is_pure() || !is_whole(value) {
        return false;
    }
    let Some(reads) = Trace::of_value(value) else { return false };
    let counts: Vec<usize> = behind.iter().map(|statement| reads_of(statement, name)).collect();
    let Some(last) = counts.iter().rposition(|count| *count > 0) else { return false };
    let is_small = counts.iter().sum::<usize>().saturating_mul(size(value)) <= MOST_PARTS;
    is_small && behind.iter().take(last + 1).all(|statement| leaves(statement, name, &reads))
}

/// Whether a value is made of texts alone that are short, or is a truth: what is made for that is cut off at the same length
/// in a statement and in a condition.
fn is_whole(value: &Expression) -> bool {
    value.ty == Type::Bool || (value.ty != Type::String || is_short(value)) && value.parts().all(is_whole)
}

/// Numbers the names of a body in the order in which they are met; how many there are.
pub(super) fn numbered(statements: &mut [Statement]) -> usize {
    let mut known = HashMap::new();
    number_all(statements, &mut known);
    known.len()
}

fn number_all(statements: &mut [Statement], known: &mut HashMap<u32, u32>) {
    for statement in statements {
        super::one_way::values(statement).for_each(|value| number_in(value, known));
        match &mut statement.kind {
            StatementKind::Let(LocalId(id), _) => *id = number(*id, known),
            StatementKind::If { arms, otherwise, .. } => {
                let within = arms.iter_mut().map(|arm| &mut arm.body).chain([otherwise]);
                within.for_each(|body| number_all(body, known));
            }
            _ => {}
        }
    }
}

fn number_in(value: &mut Expression, known: &mut HashMap<u32, u32>) {
    if let Kind::Local(LocalId(id)) | Kind::Bind(LocalId(id), ..) = &mut value.kind {
        *id = number(*id, known);
    }
    value.parts_mut().for_each(|part| number_in(part, known));
}

fn number(id: u32, known: &mut HashMap<u32, u32>) -> u32 {
    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
    *known.entry(id).or_insert(next)
}

/// Whether a statement changes nothing of what is read, and gives the name to nothing else.
fn leaves(statement: &Statement, name: LocalId, reads: &Trace) -> bool {
    match &statement.kind {
        StatementKind::Return(_) | StatementKind::Leave => true,
        StatementKind::If { arms, otherwise, .. } => {
            arms.iter().flat_map(|arm| &arm.body).chain(otherwise).all(|statement| leaves(statement, name, reads))
        }
        StatementKind::Let(other, _) if *other == name => false,
        kind => Trace::of(kind).is_some_and(|trace| !trace.changes(reads)),
    }
}

fn size(value: &Expression) -> usize {
    1 + value.parts().map(size).sum::<usize>()
}

fn reads_of(statement: &Statement, name: LocalId) -> usize {
    let own: usize = statement.kind.expressions().map(|value| reads_in(value, name)).sum();
    match &statement.kind {
        StatementKind::If { arms, otherwise, .. } => {
            let asked: usize = arms.iter().map(|arm| reads_in(&arm.condition, name)).sum();
            let within = arms.iter().flat_map(|arm| &arm.body).chain(otherwise);
            own + asked + within.map(|statement| reads_of(statement, name)).sum::<usize>()
        }
        _ => own,
    }
}

fn reads_in(value: &Expression, name: LocalId) -> usize {
    let own = usize::from(matches!(value.kind, Kind::Local(local) if local == name));
    own + value.parts().map(|part| reads_in(part, name)).sum::<usize>()
}

fn put(statement: &mut Statement, name: LocalId, value: &Expression) {
    super::one_way::values(statement).for_each(|part| put_in(part, name, value));
    if let StatementKind::If { arms, otherwise, .. } = &mut statement.kind {
        let within = arms.iter_mut().flat_map(|arm| &mut arm.body).chain(otherwise);
        within.for_each(|statement| put(statement, name, value));
    }
}

fn put_in(part: &mut Expression, name: LocalId, value: &Expression) {
    if matches!(part.kind, Kind::Local(local) if local == name) {
        part.kind = value.kind.clone();
        return;
    }
    part.parts_mut().for_each(|part| put_in(part, name, value));
}
