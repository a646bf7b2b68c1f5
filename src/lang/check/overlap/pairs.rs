//! Which ways may be in each other's way: those that no one value keeps apart at first sight.
//!
//! The ways are sorted by a value that most of them ask for by its start, like the host or the path, and those are paired
//! that start alike. What does not ask for it so is paired with all of them, and is sorted by another value in turn.

use std::ops::ControlFlow;

use super::claim::{Check, Claims};

/// So many values are tried for the one that leaves the fewest pairs.
const MOST_KEYS: usize = 8;

/// No more pairs are told from more.
const MOST_COUNTED: usize = 4_000_000;

/// The start of a text that a way asks for.
struct Start<'c> {
    text: &'c [u8],
    is_whole: bool,
    way: usize,
}

/// Calls `visit` with the numbers of every two ways that may have a request in common, and perhaps more than once, until
/// it breaks off.
pub(super) fn visit_pairs(
    claims: &Claims<'_>,
    visit: &mut impl FnMut(usize, usize) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut left: Vec<usize> = (0..claims.ways.len()).collect();
    let mut keys = frequent_keys(claims);
    while let Some((key, starts)) = best(claims, &left, &keys) {
        keys.retain(|other| *other != key);
        let mut is_sorted = vec![false; claims.ways.len()];
        for start in &starts {
            if let Some(flag) = is_sorted.get_mut(start.way) {
                *flag = true;
            }
        }
        let (sorted, rest): (Vec<usize>, Vec<usize>) =
            left.iter().partition(|way| is_sorted.get(**way).copied().unwrap_or_default());
        sweep(&starts, visit)?;
        for one in &rest {
            sorted.iter().try_for_each(|other| visit(*one, *other))?;
        }
        left = rest;
    }
    for (at, one) in left.iter().enumerate() {
        left.iter().skip(at + 1).try_for_each(|other| visit(*one, *other))?;
    }
    ControlFlow::Continue(())
}

/// The values that most ways ask for by the start.
fn frequent_keys(claims: &Claims<'_>) -> Vec<usize> {
    let mut counts = vec![0_usize; claims.keys()];
    for claim in claims.asked.iter().filter(|claim| starts_of(&claim.check).is_some()) {
        if let Some(count) = counts.get_mut(claim.key) {
            *count += 1;
        }
    }
    let mut keys: Vec<usize> =
        (0..counts.len()).filter(|key| counts.get(*key).is_some_and(|count| *count > 1)).collect();
    keys.sort_by_key(|key| std::cmp::Reverse(counts.get(*key).copied()));
    keys.truncate(MOST_KEYS);
    keys
}

/// The value by which the fewest pairs are left, with the starts that are asked of it in order.
fn best<'c>(claims: &'c Claims<'_>, left: &[usize], keys: &[usize]) -> Option<(usize, Vec<Start<'c>>)> {
    let sorted = keys.iter().map(|key| (*key, sorted_starts(claims, left, *key)));
    let counted = sorted.filter(|(_, starts)| !starts.is_empty()).map(|(key, starts)| {
        let mut pairs = 0_usize;
        let _ = sweep(&starts, &mut |_, _| {
            pairs += 1;
            if pairs > MOST_COUNTED { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (pairs + left.len().saturating_sub(starts.len()) * left.len(), key, starts)
    });
    counted.min_by_key(|(pairs, ..)| *pairs).map(|(_, key, starts)| (key, starts))
}

/// What the ways ask of the start of a value, in order: what starts alike stands together, the shortest first.
fn sorted_starts<'c>(claims: &'c Claims<'_>, left: &[usize], key: usize) -> Vec<Start<'c>> {
    let mut starts = Vec::new();
    for way in left {
        let asked = claims.ways.get(*way).into_iter().flat_map(|way| &way.claims);
        let mut asked = asked.filter_map(|at| claims.asked.get(*at)).filter(|claim| claim.key == key);
        let found = asked.find_map(|claim| starts_of(&claim.check));
        starts.extend(found.into_iter().flatten().map(|(text, is_whole)| Start { text, is_whole, way: *way }));
    }
    starts.sort_by(|one, other| (one.text, one.is_whole).cmp(&(other.text, other.is_whole)));
    starts
}

/// The starts of all texts that a check lets through, if each has one.
fn starts_of<'c>(check: &'c Check<'_>) -> Option<Vec<(&'c [u8], bool)>> {
    let Check::Is(texts) = check else { return None };
    texts.iter().map(|texts| texts.start()).collect()
}

/// The pairs of which one starts like the other. Around each start stand those that it begins with.
fn sweep(starts: &[Start<'_>], visit: &mut impl FnMut(usize, usize) -> ControlFlow<()>) -> ControlFlow<()> {
    let mut around: Vec<&Start<'_>> = Vec::new();
    for start in starts {
        let holds = |outer: &Start<'_>| {
            if outer.is_whole { outer.text == start.text } else { start.text.starts_with(outer.text) }
        };
        while around.last().is_some_and(|outer| !holds(outer)) {
            around.pop();
        }
        around.iter().try_for_each(|outer| visit(outer.way, start.way))?;
        around.push(start);
    }
    ControlFlow::Continue(())
}
