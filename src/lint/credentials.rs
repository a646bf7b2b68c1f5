//! What is answered to credentials and called public by the policy.
//!
//! What a request with `Authorization` is answered is stored for others only if the answer says that it may be
//! (RFC 9111 section 3.5): `public`, `s-maxage` or `must-revalidate`. That is for the backend to say, which has looked at the
//! credentials. A policy that writes it itself, and sends the field on, gives to all what was meant for one.

use http::HeaderName;
use http::header::{AUTHORIZATION, CACHE_CONTROL, VARY};

use super::personal::{guard_of, shown, takes_many, varies};
use super::survey::{Deed, DeedKind, Shaped, Survey};
use super::unfinished::Budget;
use crate::analysis::{Answer, Cases, Formula, Place, Reached, State, Test, Witness};
use crate::decision::Event;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::schema::{Directive, Message, Step};
use crate::lang::source::Span;
use crate::simulate::Journey;

/// So many places are looked for.
const MOST_PLACES: usize = 20;

/// Places that make an answer to credentials public.
pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let names_it = |deed: &Deed| deed.kind == DeedKind::Shapes(Shaped::Field) && is_of(survey, deed, &CACHE_CONTROL);
    if !survey.deeds.iter().any(names_it) {
        return Vec::new();
    }
    let mut open =
        Formula::any(survey.journeys.at(Step::BackendResponse).map(|it| leaks(survey, it)).collect::<Vec<_>>());
    let mut findings = Vec::new();
    for place in 0.. {
        if place >= MOST_PLACES {
            survey.leave(None, Budget::Places(MOST_PLACES), 1);
            break;
        }
        let Answer::Possible(model) = survey.solver.solve(&open) else { break };
        let Some(witness) = model.witness() else { break };
        let journey = survey.replay(&witness);
        let Some(deed) = last_said(survey, &journey) else { break };
        let (span, guard, state) = (deed.span, guard_of(survey, deed), deed.state.clone());
        let here = Formula::all([open.clone(), guard.clone()]);
        if happens(&journey) && takes_many(survey, &here, &state) {
            findings.push(say(survey, span, &witness));
        }
        open = Formula::all([open, guard.not()]);
    }
    findings
}

/// When what is reached is stored, though it was asked for with credentials and the backend has not said that it may be.
fn leaks(survey: &Survey<'_>, reached: &Reached) -> Formula {
    let (state, analysis) = (&reached.class.state, &survey.analysis);
    let place = Place::Field(Message::Req, AUTHORIZATION);
    if analysis.is_keyed(state, &place) || varies(&state.field(Message::Beresp, &VARY), &AUTHORIZATION) {
        return Formula::Const(false);
    }
    let sent = state.field(Message::Bereq, &AUTHORIZATION).spread();
    let sent = sent
        .iter()
        .filter(|(_, term)| term.holds(&place))
        .map(|(guard, term)| Formula::all([guard.clone(), analysis.test(&Cases::one(term.clone()), &Test::Set)]));
    let answered = State::default();
    let shared = [Directive::Public, Directive::MustRevalidate, Directive::SMaxage];
    let by_backend = Formula::any(shared.map(|directive| analysis.says(&answered, directive)));
    Formula::all([analysis.stored(reached), Formula::any(sent), by_backend.not()])
}

fn is_of(survey: &Survey<'_>, deed: &Deed, name: &HeaderName) -> bool {
    survey.sources.text(deed.span).to_ascii_lowercase().contains(name.as_str())
}

/// The last place on a request's way that has written `Cache-Control`.
fn last_said<'s>(survey: &'s Survey<'_>, journey: &Journey) -> Option<&'s Deed> {
    let course = journey.steps.iter().flat_map(|ran| &ran.explanation.course).rev();
    course.filter_map(|event| if let Event::Acted(span) = event { Some(*span) } else { None }).find_map(|span| {
        let here = |deed: &&Deed| deed.span == span && deed.kind == DeedKind::Shapes(Shaped::Field);
        survey.deeds.iter().find(here).filter(|deed| is_of(survey, deed, &CACHE_CONTROL))
    })
}

/// Whether it comes about when the request is made.
fn happens(journey: &Journey) -> bool {
    let is_sent = journey.asked.iter().any(|asked| asked.headers.contains_key(AUTHORIZATION));
    is_sent && !journey.stored.is_empty() && !journey.has_failed()
}

fn say(survey: &Survey<'_>, span: Span, witness: &Witness) -> Diagnostic {
    let message = "what the backend answers to somebody's credentials is called public here, and stored for everybody";
    Diagnostic::new(Code::W0802, survey.first_line(span), message).label("stored for everybody").help(format!(
        "let such requests `pass`, say it only `if (!bereq.http.Authorization)`, or leave it to the backend to say. It \
         happens with {}",
        shown(witness)
    ))
}
