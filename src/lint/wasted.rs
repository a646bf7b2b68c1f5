//! Lifetimes that no response keeps: always replaced further down, or given to answers that are never stored.
//!
//! Both are proved. Where the policy reads a lifetime, nothing is said of it being replaced.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::personal::shown;
use super::survey::{Deed, DeedKind, Survey};
use super::unfinished::Budget;
use super::walk;
use crate::analysis::{Answer, Formula, Term};
use crate::decision::Event;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::ExpressionKind;
use crate::lang::schema::{Step, Variable};
use crate::lang::source::Span;

/// So many places are looked at.
const MOST_PLACES: usize = 20_000;
/// Of so many lifetimes, one that is set under conditions is not compared with the others.
const MOST_COMPARED: usize = 200;
/// One is set for several classes of requests, each of them a time of its own.
const MOST_TIMES: usize = 1_500;
/// So many places are named that replace a lifetime.
const MOST_NAMED: usize = 3;

/// A lifetime that is set, each time that it is come to, with what may replace it then.
struct Place {
    variable: Variable,
    span: Span,
    times: Vec<Time>,
}

struct Time {
    guard: Formula,
    passes: bool,
    later: Vec<(Span, Formula)>,
}

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    if survey.journeys.gave_up.is_some() {
        return Vec::new();
    }
    let (mut places, uncompared) = places(survey);
    if uncompared.is_some() {
        survey.leave(uncompared, Budget::Places(MOST_COMPARED), 1);
    }
    places.retain(|place| place.times.iter().any(|time| time.passes) || is_candidate(place));
    if let Some(left_out) = places.get(MOST_PLACES) {
        survey.leave(Some(left_out.span), Budget::Places(MOST_PLACES), places.len() - MOST_PLACES);
    }
    let look = |survey: &mut Survey<'_>, place| passing(survey, place).or_else(|| replaced(survey, place));
    let looked_at = places.iter().take(MOST_PLACES);
    looked_at.filter_map(|place| survey.look_at(place.span, |survey| look(survey, place))).collect()
}

/// Whether something may replace it each time.
fn is_candidate(place: &Place) -> bool {
    place.times.iter().all(|time| !time.later.is_empty())
}

/// All places that set a lifetime, and the first that is not compared with others as it should be.
fn places(survey: &Survey<'_>) -> (Vec<Place>, Option<Span>) {
    let lives = |deed: &&Deed| matches!(deed.kind, DeedKind::Lives(_)) && deed.step == Step::BackendResponse;
    let deeds: Vec<&Deed> = survey.deeds.iter().filter(lives).collect();
    let ladders = ladders(survey);
    let mut rounds: HashMap<Round, (HashSet<Span>, usize)> = HashMap::new();
    for deed in &deeds {
        let (places, times) = rounds.entry(round(deed)).or_default();
        places.insert(deed.span);
        *times += 1;
    }
    let are_many = |deed: &Deed| {
        let known = rounds.get(&round(deed));
        known.is_some_and(|(places, times)| places.len() > MOST_COMPARED || *times > MOST_TIMES)
    };
    let mut places: BTreeMap<Span, Place> = BTreeMap::new();
    let mut likely: HashMap<Round, Vec<(usize, &Deed)>> = HashMap::new();
    for (at, later) in deeds.iter().enumerate().filter(|(_, later)| !are_many(later) || later.around.is_empty()) {
        let known = likely.entry(round(later)).or_default();
        if known.len() < MOST_TIMES {
            known.push((at, later));
        }
    }
    for (at, deed) in deeds.iter().enumerate() {
        let DeedKind::Lives(variable) = deed.kind else { continue };
        let behind = likely.get(&round(deed)).into_iter().flatten().filter(|(place, _)| *place > at);
        let behind = behind.map(|(_, later)| later).filter(|later| later.kind == deed.kind && later.span != deed.span);
        let later = behind.filter(|later| !are_apart(deed, later, &ladders)).map(|it| (it.span, it.guard.clone()));
        let time = Time { guard: deed.guard.clone(), passes: passes(deed), later: later.collect() };
        let place = places.entry(deed.span).or_insert_with(|| Place { variable, span: deed.span, times: Vec::new() });
        place.times.push(time);
    }
    let uncompared = if deeds.iter().any(|deed| are_many(deed)) { together(&deeds, &ladders) } else { None };
    (places.into_values().collect(), uncompared)
}

/// The first place under a condition that a request may come to beside another one that sets the same.
fn together(deeds: &[&Deed], ladders: &HashMap<Span, Span>) -> Option<Span> {
    let mut seen: HashMap<(Variable, Span), Span> = HashMap::new();
    let mut of_ladder: HashMap<Variable, Span> = HashMap::new();
    let mut is_apart = |deed: &Deed| {
        let DeedKind::Lives(variable) = deed.kind else { return true };
        let Some(arm) = deed.around.first() else { return true };
        let ladder = ladders.get(arm).copied().unwrap_or(*arm);
        *of_ladder.entry(variable).or_insert(ladder) == ladder
            && *seen.entry((variable, *arm)).or_insert(deed.span) == deed.span
    };
    deeds.iter().find(|deed| !is_apart(deed)).map(|deed| deed.span)
}

/// A time of a step, told from others by what counts.
type Round = [Option<Term>; 3];

/// Which time of its step it is: whether the request passes, how often it has begun again, and how often the fetch has.
fn round(deed: &Deed) -> Round {
    let counted = [Variable::BereqUncacheable, Variable::ReqRestarts, Variable::BereqRetries];
    counted.map(|variable| deed.state.variable(variable).only().cloned())
}

fn passes(deed: &Deed) -> bool {
    deed.state.variable(Variable::BereqUncacheable).only() == Some(&Term::Truth(true))
}

/// The ladders of arms, by the places of both.
fn ladders(survey: &Survey<'_>) -> HashMap<Span, Span> {
    let arms = survey
        .visits
        .iter()
        .flat_map(|visit| (0..visit.ladder.len()).map(|arm| (visit.ladder.span(Some(arm)), visit.ladder.span(None))));
    arms.collect()
}

/// Whether two stand in different arms of one ladder, so that no request comes to both.
fn are_apart(one: &Deed, other: &Deed, ladders: &HashMap<Span, Span>) -> bool {
    let differing = one.around.iter().zip(&other.around).find(|(one, other)| one != other);
    differing.is_some_and(|(one, other)| ladders.get(one).is_some_and(|ladder| ladders.get(other) == Some(ladder)))
}

/// A lifetime of what is never stored, since all that come there pass.
fn passing(survey: &mut Survey<'_>, place: &Place) -> Option<Diagnostic> {
    let (passing, missing): (Vec<&Time>, Vec<&Time>) = place.times.iter().partition(|time| time.passes);
    if passing.is_empty() || !missing.iter().all(|time| survey.solver.is_impossible(&time.guard)) {
        return None;
    }
    let Answer::Possible(model) = survey.solver.solve(&Formula::any(passing.iter().map(|time| time.guard.clone())))
    else {
        return None;
    };
    let witness = model.witness()?;
    let journey = survey.replay(&witness);
    let acted = |event: &Event| matches!(event, Event::Acted(span) if *span == place.span);
    let is_come_to = journey.steps.iter().any(|ran| ran.explanation.course.iter().any(acted));
    let message = format!("`{}` is set for nothing: all requests that come here pass", place.variable.name());
    let finding = Diagnostic::new(Code::W0703, survey.first_line(place.span), message).label("never stored");
    (is_come_to && journey.passed).then(|| {
        finding.help(format!(
            "remove it, or let such requests be looked up in `recv`. One that passes is {}",
            shown(&witness)
        ))
    })
}

/// A lifetime that another one always follows.
fn replaced(survey: &mut Survey<'_>, place: &Place) -> Option<Diagnostic> {
    if !is_candidate(place) || is_read(survey, place.variable) {
        return None;
    }
    for time in &place.times {
        let kept = Formula::any(time.later.iter().map(|(_, guard)| guard.clone())).not();
        if !survey.solver.is_impossible(&Formula::all([time.guard.clone(), kept])) {
            return None;
        }
    }
    let mut takers: Vec<Span> = Vec::new();
    for (span, guard) in
        place.times.iter().flat_map(|time| time.later.iter().map(move |(span, guard)| (*span, [&time.guard, guard])))
    {
        if takers.len() < MOST_NAMED && !takers.contains(&span) {
            let both = Formula::all(guard.into_iter().cloned());
            if matches!(survey.solver.solve(&both), Answer::Possible(_)) {
                takers.push(span);
            }
        }
    }
    // What nobody comes to is told otherwise.
    if takers.is_empty() {
        return None;
    }
    let message = format!("no response keeps this `{}`: it is set again in any case", place.variable.name());
    let finding = Diagnostic::new(Code::W0702, survey.first_line(place.span), message).label("without effect");
    let finding =
        takers.iter().fold(finding, |finding, taker| finding.context(survey.first_line(*taker), "replaces it"));
    Some(finding.help("remove it, or put it behind the other, or into its `else`"))
}

/// Whether the policy itself asks for it anywhere.
fn is_read(survey: &Survey<'_>, variable: Variable) -> bool {
    let reads = walk::expressions(survey.hir).into_iter().filter(|expression| !survey.is_builtin(expression.span));
    reads.into_iter().any(|expression| matches!(expression.kind, ExpressionKind::Variable(read) if read == variable))
}
