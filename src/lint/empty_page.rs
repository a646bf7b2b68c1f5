//! Content that `synth` gives to a page which is called for with a status that has none: `return (synth(204))`.

use std::collections::BTreeMap;

use super::bodyless::{constant, finding, is_bodyless, makes_body};
use super::personal::shown;
use super::survey::{DeedKind, Survey};
use super::walk;
use crate::analysis::{Answer, Formula};
use crate::decision::Event;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::hir::StatementKind;
use crate::lang::schema::{Action, Step};
use crate::lang::source::Span;
use crate::simulate::Journey;

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let (calls, bodies) = (calls(survey), bodies(survey));
    let mut found: BTreeMap<Span, Diagnostic> = BTreeMap::new();
    for (call, status) in calls.into_iter().filter(|_| !bodies.is_empty()) {
        let told = survey.look_at(call, |survey| look(survey, call, status, &bodies));
        if let Some((body, told)) = told {
            found.entry(body).or_insert(told);
        }
    }
    found.into_values().collect()
}

/// Where a page without content is called for, with its status.
fn calls(survey: &Survey<'_>) -> Vec<(Span, i64)> {
    let statements = walk::statements(survey.hir).into_iter().filter(|statement| !survey.is_builtin(statement.span));
    let calls = statements.filter_map(|statement| {
        let StatementKind::Return(outcome) = &statement.kind else { return None };
        let status = constant(outcome.status.as_ref()?).filter(|status| is_bodyless(*status))?;
        matches!(outcome.action, Action::Synth | Action::Error).then_some((statement.span, status))
    });
    calls.collect()
}

fn bodies(survey: &Survey<'_>) -> Vec<Span> {
    let statements = walk::statements(survey.hir).into_iter().filter(|statement| makes_body(&statement.kind));
    statements.map(|statement| statement.span).filter(|span| !survey.is_builtin(*span)).collect()
}

fn look(survey: &mut Survey<'_>, call: Span, status: i64, bodies: &[Span]) -> Option<(Span, Diagnostic)> {
    let is_call = |kind| matches!(kind, DeedKind::Return(Action::Synth | Action::Error));
    let calls = survey.deeds.iter().filter(|deed| deed.span == call && is_call(deed.kind));
    let guards: Vec<Formula> = calls.map(|deed| deed.guard.clone()).collect();
    guards.iter().find_map(|guard| {
        let Answer::Possible(model) = survey.solver.solve(guard) else { return None };
        let witness = model.witness()?;
        let body = made(&survey.replay(&witness), bodies)?;
        let finding = finding(status, survey.first_line(call), survey.first_line(body));
        let help = "ask for the status before, such as `if (resp.status == 503)`, or answer with another, such as 200";
        Some((body, finding.help(format!("{help}. It happens with {}", shown(&witness)))))
    })
}

/// The content that the response is given in the end, and that is not sent.
fn made(journey: &Journey, bodies: &[Span]) -> Option<Span> {
    if !is_bodyless(i64::from(journey.response.status.as_u16())) {
        return None;
    }
    let makes = |step: &Step| matches!(step, Step::Synth | Step::BackendError);
    let ran = journey.steps.iter().filter(|ran| makes(&ran.step));
    ran.rev().flat_map(|ran| ran.explanation.course.iter().rev()).find_map(|event| match event {
        Event::Acted(span) if bodies.contains(span) => Some(*span),
        _ => None,
    })
}
