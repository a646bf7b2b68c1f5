//! Rules and branches that no request takes, and conditions that say nothing.
//!
//! An arm is dead if it is in each place from which its ladder is come to. Why it is tells the three kinds apart: others
//! take all that it could have had, its condition never holds, or never in this place.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::impossible;
use super::survey::{Survey, Visit};
use super::unfinished::Budget;
use super::walk;
use crate::analysis::{Answer, Formula, Ladder, Proof, Solver, State, Taken};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arm, Hir, Statement, StatementKind, Target};
use crate::lang::source::Span;

/// So many rules are named that take the requests of another.
const MOST_NAMED: usize = 3;

/// So many arms are looked through for one that takes the requests of another.
const MOST_ABOVE: usize = 50;

/// So many ways to an arm are looked at for why it is dead.
const MOST_WAYS: usize = 8;

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
    let ends = ending_arms(survey.hir);
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
            let found = match found {
                Some(Found::NeverHere(None)) => {
                    Some(taken_above(first, arm, &survey.visits, &ends, &mut survey.solver))
                }
                found => found,
            };
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
    let arms = arms(survey.hir);
    let tell = |(span, found)| {
        let found = if matches!(found, Found::Never) { changed(survey, &arms, span) } else { found };
        say(survey, &arms, span, found)
    };
    findings.into_iter().map(tell).collect()
}

/// The arms of a policy by their places.
type Arms<'h> = HashMap<Span, &'h Arm>;

fn arms(hir: &Hir) -> Arms<'_> {
    let arms = walk::statements(hir).into_iter().flat_map(|statement| match &statement.kind {
        StatementKind::If { arms, .. } => arms.as_slice(),
        _ => &[],
    });
    arms.map(|arm| (arm.span, arm)).collect()
}

/// The arms whose conditions are not to be judged.
fn open_arms(survey: &Survey<'_>) -> HashSet<Span> {
    let arms = survey.visits.iter().flat_map(|visit| {
        let open = visit.is_open.iter().enumerate().filter(|(_, is_open)| **is_open);
        open.map(|(arm, _)| visit.ladder.span(Some(arm)))
    });
    arms.collect()
}

/// The arms that may end a step.
fn ending_arms(hir: &Hir) -> HashSet<Span> {
    arms(hir).values().filter(|arm| may_end(&arm.body)).map(|arm| arm.span).collect()
}

/// The arm before a visit that takes what another one could have had, where all that comes there is of another kind anyway:
/// `method == "PURGE"` in `hit`, where only GET and HEAD come.
fn taken_above(visit: &Visit, arm: usize, visits: &[Visit], ends: &HashSet<Span>, solver: &mut Solver<'_>) -> Found {
    let asked = condition(visit, arm);
    let before = visits.iter().take_while(|other| !std::ptr::eq(*other, visit));
    let above = before.filter(|other| other.around.iter().all(|span| visit.around.contains(span)));
    let arms = above.flat_map(|other| (0..other.ladder.len()).map(move |at| (other, at)));
    let mut ending = arms.filter(|(other, at)| ends.contains(&other.ladder.span(Some(*at)))).take(MOST_ABOVE);
    let taker =
        ending.find(|(other, at)| solver.is_impossible(&Formula::all([asked.clone(), condition(other, *at).not()])));
    match taker {
        Some((other, at)) => Found::Shadowed(vec![other.ladder.span(Some(at))]),
        None => Found::NeverHere(None),
    }
}

/// What is wrong with an arm.
enum Found {
    /// These take its requests.
    Shadowed(Vec<Span>),
    /// Its condition never holds.
    Never,
    /// It never does where it stands; in what.
    NeverHere(Option<Span>),
    /// It never does since something above changes what it asks.
    Changed(Option<Span>),
    /// Its condition always holds.
    Always,
}

fn look(visits: &[&Visit], arm: usize, solver: &mut Solver<'_>) -> Option<Found> {
    if visits.iter().any(|visit| visit.is_open.get(arm).copied().unwrap_or_default()) {
        return None;
    }
    let mut dead = Vec::new();
    for visit in visits {
        let taken = Formula::first(&visit.ladder, Taken::arm(arm));
        match solver.solve(&Formula::all([visit.guard.clone(), taken])) {
            Answer::Impossible(proof) => dead.push((*visit, proof)),
            Answer::Possible(_) | Answer::GaveUp(_) => return always(visits, arm, solver),
        }
    }
    // What a value is may depend on the way there: one on which others take the requests says more than one on which none of
    // them could have come.
    let mut found = None;
    for (visit, proof) in dead.into_iter().take(MOST_WAYS) {
        match why(visit, arm, proof, solver) {
            shadowed @ Found::Shadowed(_) => return Some(shadowed),
            other => found = Some(other),
        }
    }
    found
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

fn say(survey: &Survey<'_>, arms: &Arms<'_>, span: Span, found: Found) -> Diagnostic {
    let place = survey.first_line(span);
    match found {
        Found::Shadowed(takers) => shadowed(survey, arms, place, &takers),
        Found::Never => {
            let finding =
                Diagnostic::new(Code::W0511, place, "this condition holds of no request").label("never holds");
            let why = |condition| impossible::why(condition).or_else(|| impossible::added(condition));
            finding.help(arms.get(&span).and_then(|arm| why(&arm.condition)).unwrap_or_else(|| {
                "look at what its parts ask of the same value: nothing passes all of them".to_owned()
            }))
        }
        Found::Changed(change) => {
            let finding = Diagnostic::new(Code::W0511, place, "this condition holds of no request that comes here")
                .label("never holds here");
            let change = change.map(|change| (survey.first_line(change), "changes what is asked here"));
            let finding = change.into_iter().fold(finding, |finding, (place, text)| finding.context(place, text));
            finding.help("what it asks is changed above; ask before, or for what it is changed to")
        }
        Found::NeverHere(around) => {
            let finding = Diagnostic::new(Code::W0511, place, "this condition holds of no request that comes here")
                .label("never holds here");
            let finding = match around {
                Some(around) => finding.context(survey.first_line(around), "only these requests come here"),
                None => finding,
            };
            finding.help("what is above has asked or changed the same value; compare the two")
        }
        Found::Always => {
            let finding =
                Diagnostic::new(Code::W0512, place, "this condition holds of every request").label("always holds");
            finding.help(arms.get(&span).and_then(|arm| impossible::added(&arm.condition)).unwrap_or_else(|| {
                "leave the condition out if that is meant; where two `!=` are joined by `||`, write `&&`".to_owned()
            }))
        }
    }
}

fn shadowed(survey: &Survey<'_>, arms: &Arms<'_>, place: Span, takers: &[Span]) -> Diagnostic {
    let goes_on = |taker: &Span| arms.get(taker).is_some_and(|arm| !may_end(&arm.body));
    let changes = takers.iter().any(goes_on);
    let (message, help) = match (takers.len(), changes) {
        (_, true) => (
            "no request comes to this rule: what is above it changes what it asks",
            "ask before it is changed, or for what it is changed to",
        ),
        (1, _) => ("no request comes to this rule: one above it takes them all", MOVE),
        _ => ("no request comes to this rule: those above it take them all", MOVE),
    };
    let finding = Diagnostic::new(Code::W0510, place, message).label("never taken");
    let named = takers.iter().take(MOST_NAMED);
    let finding = named.fold(finding, |finding, taker| {
        let text = match survey.is_builtin(*taker) {
            true => "the built-in policy takes them here",
            false if goes_on(taker) => "takes them, and goes on",
            false => "takes them",
        };
        finding.context(survey.first_line(*taker), text)
    });
    finding.help(help)
}

const MOVE: &str = "move it above, or let the rule above it ask for less; if it is not needed, remove it";

/// Whether some of these may end the step, or the sub.
fn may_end(body: &[Statement]) -> bool {
    walk::all_of(body).iter().any(|statement| {
        matches!(statement.kind, StatementKind::Return(_) | StatementKind::Leave | StatementKind::Call(_))
    })
}

/// Why a condition never holds: by itself, or by what is set before.
fn changed(survey: &mut Survey<'_>, arms: &Arms<'_>, span: Span) -> Found {
    let visit =
        survey.visits.iter().find(|visit| (0..visit.ladder.len()).any(|arm| visit.ladder.span(Some(arm)) == span));
    let (Some(arm), Some(visit)) = (arms.get(&span), visit) else { return Found::Never };
    let unchanged = survey.analysis.formula(&arm.condition, &State::default(), visit.step);
    if survey.solver.is_impossible(&unchanged) { Found::Never } else { Found::Changed(change(survey.hir, arm)) }
}

/// The last statement before an arm that sets what its condition asks.
fn change(hir: &Hir, arm: &Arm) -> Option<Span> {
    let condition = &arm.condition;
    let is_asked = |target: &Target| match target {
        Target::Header(message, name) => condition.fields(*message).contains(name),
        Target::Variable(variable) => condition.reads_variable(*variable),
    };
    let is_before = |span: Span| span.file == arm.span.file && span.end <= arm.span.start;
    let is_within = |body: &&[Statement]| {
        walk::all_of(body)
            .iter()
            .any(|it| it.span.start <= arm.span.start && arm.span.end <= it.span.end && it.span.file == arm.span.file)
    };
    let body = walk::bodies(hir).find(is_within)?;
    let changes = walk::all_of(body).into_iter().filter(|statement| match &statement.kind {
        StatementKind::Set(target, _) | StatementKind::Unset(target) => is_before(statement.span) && is_asked(target),
        _ => false,
    });
    changes.map(|statement| statement.span).max()
}
