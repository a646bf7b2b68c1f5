//! Errors of the backend that are stored as long as pages: a `ttl` that is set whatever the status.

use std::time::Duration;

use http::header::CACHE_CONTROL;

use super::personal::shown;
use super::survey::{DeedKind, Survey};
use super::walk;
use crate::analysis::{Answer, Formula, Place, Term, Test, Witness};
use crate::cache::Lifetimes;
use crate::decision::Event;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{ExpressionKind, StatementKind, Target};
use crate::lang::schema::{Step, Variable};
use crate::lang::source::Span;
use crate::simulate::Stored;

/// An error that lasts as long may be meant: to spare a backend that is overloaded.
const SHORT: Duration = Duration::from_hours(1);
/// So many places are looked at until one is found. One row above them mends them all.
const MOST_PLACES: usize = 20;

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let places = places(survey);
    if places.is_empty() {
        return Vec::new();
    }
    let is_error =
        Formula::of(Term::Input(Place::Variable(Variable::BerespStatus)), Test::Within([500..=599].to_vec().into()));
    let stored = Formula::all([survey.stored(), is_error.clone()]);
    places
        .into_iter()
        .take(MOST_PLACES)
        .find_map(|(place, guard)| {
            // Most are stored that come there: what is stored is much to ask of each.
            let plain = Formula::all([guard.clone(), is_error.clone()]);
            look(survey, place, &plain).or_else(|| look(survey, place, &Formula::all([guard, stored.clone()])))
        })
        .into_iter()
        .collect()
}

/// The places that give a long `ttl`, with when they are come to.
fn places(survey: &Survey<'_>) -> Vec<(Span, Formula)> {
    let is_long = |milliseconds: i64| u64::try_from(milliseconds).is_ok_and(|long| Duration::from_millis(long) > SHORT);
    let long = walk::statements(survey.hir).into_iter().filter_map(|statement| match &statement.kind {
        StatementKind::Set(Target::Variable(Variable::BerespTtl), value) => match value.kind {
            ExpressionKind::Duration(milliseconds) if is_long(milliseconds) => Some(statement.span),
            _ => None,
        },
        _ => None,
    });
    let guard = |place: Span| {
        let here = survey.deeds.iter().filter(|deed| {
            deed.span == place && deed.step == Step::BackendResponse && matches!(deed.kind, DeedKind::Lives(_))
        });
        Formula::any(here.map(|deed| deed.guard.clone()))
    };
    long.take(MOST_PLACES).map(|place| (place, guard(place))).collect()
}

fn look(survey: &mut Survey<'_>, place: Span, condition: &Formula) -> Option<Diagnostic> {
    let Answer::Possible(model) = survey.solver.solve(condition) else { return None };
    let mut witness = model.witness()?;
    // It says nothing itself of how long it lives.
    witness.answer.headers.remove(CACHE_CONTROL);
    let witness = Some(witness).filter(|witness| is_kept(survey, place, witness))?;
    let finding =
        Diagnostic::new(Code::W0706, survey.first_line(place), "an error of the backend is kept as long as a page");
    Some(finding.label("whatever the status").help(format!(
        "say before what becomes of errors, `when status in 500..599 -> uncacheable;`, or ask for the status here. It happens \
         with {}",
        shown(&witness)
    )))
}

/// Whether the error is stored for long, by what stands there.
fn is_kept(survey: &mut Survey<'_>, place: Span, witness: &Witness) -> bool {
    let journey = survey.replay(witness);
    let acted = |event: &Event| matches!(event, Event::Acted(span) if *span == place);
    let is_come_to = journey.steps.iter().any(|ran| ran.explanation.course.iter().any(acted));
    let is_long =
        |stored: &Stored| stored.status.is_server_error() && Lifetimes::duration(stored.lifetimes.ttl_ms) > SHORT;
    is_come_to && !journey.has_failed() && journey.stored.last().is_some_and(is_long)
}
