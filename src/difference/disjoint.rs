//! Rows that no request passes both of: their order says nothing, so they are put in one.

use std::collections::HashMap;

use crate::lang::hir::{Arm, Comparison, Expression, ExpressionKind as Kind, Texts};
use crate::lang::schema::function::Class;

/// How a text begins that a row asks for, and whether that is all of it.
type Start = (Vec<u8>, bool);

/// Puts rows that ask for other texts of one value in the order of these texts. Rows that may be about the same text stay in
/// their order, and no row is moved over one of which that is not known.
pub(super) fn arrange(arms: &mut Vec<Arm>) {
    let Some(subject) = subject(arms) else { return };
    let mut rows: Vec<(Option<Vec<Start>>, Arm)> =
        std::mem::take(arms).into_iter().map(|arm| (starts(&arm.condition, &subject), arm)).collect();
    let runs = rows.chunk_by_mut(|(one, _), (other, _)| one.is_some() && other.is_some());
    for run in runs {
        let groups = groups(run);
        let mut order: Vec<usize> = (0..run.len()).collect();
        order.sort_by(|one, other| (groups.get(*one), one).cmp(&(groups.get(*other), other)));
        permute(run, &order);
    }
    arms.extend(rows.into_iter().map(|(_, arm)| arm));
}

/// Puts the rows of those numbers in their order.
fn permute<T>(rows: &mut [T], order: &[usize]) {
    let mut places: Vec<usize> = vec![0; order.len()];
    for (to, from) in order.iter().enumerate() {
        if let Some(place) = places.get_mut(*from) {
            *place = to;
        }
    }
    for at in 0..places.len() {
        while let Some(to) = places.get(at).copied().filter(|to| *to != at) {
            rows.swap(at, to);
            places.swap(at, to);
        }
    }
}

/// The least text of the rows that each row may be about the same text with.
fn groups(rows: &[(Option<Vec<Start>>, Arm)]) -> Vec<Vec<u8>> {
    let mut all: Vec<(&[u8], bool, usize)> = Vec::new();
    for (at, (starts, _)) in rows.iter().enumerate() {
        all.extend(starts.iter().flatten().map(|(text, is_whole)| (text.as_slice(), *is_whole, at)));
    }
    all.sort_unstable();
    let mut sets = Sets((0..rows.len()).collect());
    // Starts of the text that is looked at, the longest last.
    let mut open: Vec<(&[u8], usize)> = Vec::new();
    let mut last: Option<(&[u8], usize)> = None;
    for (text, is_whole, at) in &all {
        while open.last().is_some_and(|(start, _)| !text.starts_with(start)) {
            open.pop();
        }
        let same = last.filter(|(other, _)| other == text);
        for (_, other) in open.last().copied().into_iter().chain(same) {
            sets.join(other, *at);
        }
        if !is_whole {
            open.push((text, *at));
        }
        last = Some((text, *at));
    }
    let mut firsts: HashMap<usize, &[u8]> = HashMap::new();
    for (text, _, at) in &all {
        firsts.entry(sets.of(*at)).or_insert(text);
    }
    (0..rows.len()).map(|at| firsts.get(&sets.of(at)).map(|text| text.to_vec()).unwrap_or_default()).collect()
}

/// Rows by the set that they are in.
struct Sets(Vec<usize>);

impl Sets {
    fn of(&mut self, row: usize) -> usize {
        let mut at = row;
        while let Some(up) = self.0.get(at).copied().filter(|up| *up != at) {
            let further = self.0.get(up).copied().unwrap_or(up);
            if let Some(place) = self.0.get_mut(at) {
                *place = further;
            }
            at = further;
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        if let Some(place) = self.0.get_mut(one) {
            *place = other;
        }
    }
}

/// So few rows are compared as they stand.
const FEW: usize = 2;

/// The value that most rows ask for texts of.
fn subject(arms: &[Arm]) -> Option<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut subjects = Vec::new();
    for arm in arms {
        subjects_of(&arm.condition, &mut subjects);
        subjects.sort_unstable();
        subjects.dedup();
        subjects.drain(..).for_each(|subject| *counts.entry(subject).or_default() += 1);
    }
    let most = counts.into_iter().filter(|(_, count)| *count >= FEW);
    most.max_by(|(one, count), (other, others)| count.cmp(others).then_with(|| other.cmp(one))).map(|(it, _)| it)
}

fn subjects_of(condition: &Expression, found: &mut Vec<String>) {
    match &condition.kind {
        Kind::And(parts) | Kind::Or(parts) => parts.iter().for_each(|part| subjects_of(part, found)),
        _ => found.extend(asked(condition).map(|(value, _)| format!("{value:?}"))),
    }
}

/// How all texts of a value begin that pass a condition; `None` if that is not known.
fn starts(condition: &Expression, subject: &str) -> Option<Vec<Start>> {
    match &condition.kind {
        Kind::And(parts) => parts.iter().find_map(|part| starts(part, subject)),
        Kind::Or(parts) => {
            let all: Option<Vec<Vec<Start>>> = parts.iter().map(|part| starts(part, subject)).collect();
            all.map(|all| all.concat())
        }
        _ => {
            let (value, texts) = asked(condition)?;
            let is_it = is_steady(value) && format!("{value:?}") == *subject && !texts.iter().any(Texts::holds_unset);
            let starts = || texts.iter().map(|texts| texts.start().map(|(start, is_whole)| (start.to_vec(), is_whole)));
            if is_it { starts().collect() } else { None }
        }
    }
}

/// Whether a value is the same each time that it is asked for.
fn is_steady(value: &Expression) -> bool {
    let is_pure = !matches!(&value.kind, Kind::Call(function, _) if function.class() != Class::Pure);
    is_pure && value.parts().all(is_steady)
}

/// The value of which a condition asks for texts, and the texts.
fn asked(condition: &Expression) -> Option<(&Expression, Vec<Texts<'_>>)> {
    match &condition.kind {
        Kind::InTexts(value, texts) => Some((value, texts.iter().map(|text| Texts::Exact((&**text).into())).collect())),
        Kind::Under(value, paths) => Some((value, paths.iter().flat_map(|path| Texts::under(path)).collect())),
        Kind::Matches(value, pattern) => Some((value, vec![Texts::matching(pattern)])),
        Kind::Compare(Comparison::Equal, value, other) => match &other.kind {
            Kind::Text(text) => Some((value, vec![Texts::Exact((&**text).into())])),
            _ => None,
        },
        _ => None,
    }
}
