//! Rules and branches that no request takes, and conditions that say nothing.
//!
//! An arm is dead if it is in each place from which its ladder is come to. Why it is tells the three kinds apart: others
//! take all that it could have had, its condition never holds, or never in this place.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::survey::{Survey, Visit};
use super::unfinished::Budget;
use crate::analysis::{Answer, Formula, Ladder, Proof, Solver, Taken};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::source::Span;

/// So many rules are named that take the requests of another.
const MOST_NAMED: usize = 3;

/// Dead arms, and conditions that always hold.
pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    if survey.journeys.gave_up.is_some() {
        return Vec::new();
    }
    let mut by_place: BTreeMap<Span, Vec<usize>> = BTreeMap::new();
    for (at, visit) in survey.visits.iter().enumerate() {
        by_place.entry(visit.ladder.span(None)).or_default().push(at);
    }
    let open = open_arms(survey);
    let mut findings = Vec::new();
    let mut dead: HashSet<Span> = HashSet::new();
    let mut left: Vec<(Span, &'static str)> = Vec::new();
    // What is around comes first.
    for visits in by_place.values() {
        let visits: Vec<&Visit> = visits.iter().filter_map(|at| survey.visits.get(*at)).collect();
        let visits: Vec<&Visit> =
            visits.into_iter().filter(|visit| !visit.around.iter().any(|span| dead.contains(span))).collect();
        let Some(first) = visits.first() else { continue };
        for arm in 0..first.ladder.len() {
            let found = look(&visits, arm, &mut survey.solver);
            let ended = survey.solver.ended();
            // What takes its requests may do so today only.
            let is_open = |taker: &Span| open.contains(taker);
            if matches!(&found, Some(Found::Shadowed(takers)) if takers.iter().any(is_open)) {
                continue;
            }
            let Some(found) = found else {
                left.extend(ended.map(|budget| (first.ladder.span(Some(arm)), budget)));
                continue;
            };
            if !matches!(found, Found::Always) {
                dead.insert(first.ladder.span(Some(arm)));
            }
            findings.push((first.ladder.span(Some(arm)), found));
        }
    }
    for (span, budget) in left {
        survey.leave(Some(span), Budget::Of(budget), 1);
    }
    findings.into_iter().map(|(span, found)| say(survey, span, found)).collect()
}

/// The arms whose conditions are not to be judged.
fn open_arms(survey: &Survey<'_>) -> HashSet<Span> {
    let arms = survey.visits.iter().flat_map(|visit| {
        let open = visit.is_open.iter().enumerate().filter(|(_, is_open)| **is_open);
        open.map(|(arm, _)| visit.ladder.span(Some(arm)))
    });
    arms.collect()
}

/// What is wrong with an arm.
enum Found {
    /// These take its requests.
    Shadowed(Vec<Span>),
    /// Its condition never holds.
    Never,
    /// It never does where it stands; in what.
    NeverHere(Option<Span>),
    /// Its condition always holds.
    Always,
}

fn look(visits: &[&Visit], arm: usize, solver: &mut Solver<'_>) -> Option<Found> {
    if visits.iter().any(|visit| visit.is_open.get(arm).copied().unwrap_or_default()) {
        return None;
    }
    let mut dead = None;
    for visit in visits {
        let taken = Formula::first(&visit.ladder, Taken::arm(arm));
        match solver.solve(&Formula::all([visit.guard.clone(), taken])) {
            Answer::Impossible(proof) => dead = Some((*visit, proof)),
            Answer::Possible(_) | Answer::GaveUp(_) => return always(visits, arm, solver),
        }
    }
    let (visit, proof) = dead?;
    Some(why(visit, arm, proof, solver))
}

fn condition(visit: &Visit, arm: usize) -> Formula {
    visit.ladder.conditions().get(arm).cloned().unwrap_or(Formula::Const(false))
}

fn always(visits: &[&Visit], arm: usize, solver: &mut Solver<'_>) -> Option<Found> {
    let is_plain = |visit: &&&Visit| may_always_hold(&condition(visit, arm));
    let is_sure = visits.iter().filter(is_plain).count() == visits.len()
        && visits.iter().all(|visit| solver.is_impossible(&condition(visit, arm).not()));
    is_sure.then_some(Found::Always)
}

/// Whether it is worth asking: one test of one value can fail, mostly.
fn may_always_hold(condition: &Formula) -> bool {
    !matches!(condition, Formula::All(_))
}

fn why(visit: &Visit, arm: usize, proof: Proof, solver: &mut Solver<'_>) -> Found {
    let condition = condition(visit, arm);
    if solver.is_impossible(&condition) {
        return Found::Never;
    }
    let mut takers: Vec<(Arc<Ladder>, usize)> = Vec::new();
    for (ladder, at) in proof.before {
        if !takers.iter().any(|(known, other)| Arc::ptr_eq(known, &ladder) && *other == at) {
            takers.push((ladder, at));
        }
    }
    let remains = |takers: &[(Arc<Ladder>, usize)]| {
        let before = takers.iter().filter_map(|(ladder, at)| ladder.conditions().get(*at)).map(Formula::not);
        Formula::all([condition.clone()].into_iter().chain(before))
    };
    if takers.is_empty() || !solver.is_impossible(&remains(&takers)) && takers.len() > MOST_NAMED {
        takers.truncate(MOST_NAMED);
    } else if solver.is_impossible(&remains(&takers)) {
        let mut at = 0;
        while at < takers.len() {
            let mut fewer = takers.clone();
            fewer.remove(at);
            if solver.is_impossible(&remains(&fewer)) { takers = fewer } else { at += 1 }
        }
    }
    match takers.as_slice() {
        [] => Found::NeverHere(visit.around.last().copied()),
        takers => Found::Shadowed(takers.iter().map(|(ladder, at)| ladder.span(Some(*at))).collect()),
    }
}

fn say(survey: &Survey<'_>, span: Span, found: Found) -> Diagnostic {
    let place = survey.first_line(span);
    match found {
        Found::Shadowed(takers) => {
            let message = if takers.len() == 1 {
                "no request comes to this rule: one above it takes them all"
            } else {
                "no request comes to this rule: those above it take them all"
            };
            let finding = Diagnostic::new(Code::W0510, place, message).label("never taken");
            let named = takers.iter().take(MOST_NAMED);
            let finding = named.fold(finding, |finding, taker| {
                let text = if survey.is_builtin(*taker) { "the built-in policy takes them here" } else { "takes them" };
                finding.context(survey.first_line(*taker), text)
            });
            finding.help("move it above, or let the rule above it ask for less; if it is not needed, remove it")
        }
        Found::Never => Diagnostic::new(Code::W0511, place, "this condition holds of no request")
            .label("never holds")
            .help("look at what its parts ask of the same value: nothing passes all of them"),
        Found::NeverHere(around) => {
            let finding = Diagnostic::new(Code::W0511, place, "this condition holds of no request that comes here")
                .label("never holds here");
            let finding = match around {
                Some(around) => finding.context(survey.first_line(around), "only these requests come here"),
                None => finding,
            };
            finding.help("what is above has asked or changed the same value; compare the two")
        }
        Found::Always => Diagnostic::new(Code::W0512, place, "this condition holds of every request")
            .label("always holds")
            .help("leave the condition out if that is meant; where two `!=` are joined by `||`, write `&&`"),
    }
}
