//! Restarts and retries that nothing ends but the limit.

use std::collections::BTreeMap;

use http::{HeaderValue, StatusCode};

use super::no_way_out::cacheable;
use super::personal::shown;
use super::survey::{DeedKind, Survey};
use crate::analysis::{Answer, Formula, MOST_ROUNDS, Model, Place, Scalar, Witness};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::schema::{Action, Message, Step, Variable};
use crate::lang::source::Span;
use crate::simulate::{Journey, Store};

/// Places at which a request begins again, and those at which a fetch does, as often as they may.
pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let mut places: BTreeMap<Span, Action> = BTreeMap::new();
    for deed in &survey.deeds {
        if let DeedKind::Return(action @ (Action::Restart | Action::Retry)) = deed.kind {
            places.insert(deed.span, action);
        }
    }
    let look = |(span, action)| survey.look_at(span, |survey| look(survey, span, action));
    places.into_iter().filter_map(look).collect()
}

fn look(survey: &mut Survey<'_>, span: Span, action: Action) -> Option<Diagnostic> {
    let counter = if action == Action::Restart { Variable::ReqRestarts } else { Variable::BereqRetries };
    let at = |round: i64| -> Vec<Formula> {
        let deeds = survey.deeds.iter().filter(|deed| deed.span == span && deed.kind == DeedKind::Return(action));
        deeds.filter(|deed| deed.is_in_round(counter, round)).map(|deed| deed.guard.clone()).collect()
    };
    let (first, last) = (at(0), at(MOST_ROUNDS));
    if !matches!(survey.solver.solve(&Formula::any(last)), Answer::Possible(_)) {
        return None;
    }
    let shown = first.iter().find_map(|guard| {
        let Answer::Possible(model) = survey.solver.solve(guard) else { return None };
        let witness = model.witness()?;
        if is_endless(&survey.replay(&witness), action) {
            return Some(shown(&witness));
        }
        if is_endless(&survey.replay_without_answer(&witness), action) {
            return Some(format!("`{}` when the backend gives no answer", witness.request));
        }
        let stored = stored(witness, &model);
        let mut store = Store::default();
        survey.replay_behind(&stored, &mut store);
        let is_seen = is_endless(&survey.replay_behind(&stored, &mut store), action);
        is_seen.then(|| format!("{} once that is stored", self::shown(&stored)))
    })?;
    let place = survey.first_line(span);
    let (code, message, help) = if action == Action::Restart {
        let help = "ask whether it has begun again already, `req.restarts == 0`";
        (Code::W0520, "a request begins again here until the limit ends it", help)
    } else {
        let help = "ask whether it was tried again already, `bereq.retries == 0`";
        (Code::W0521, "the backend is asked again here until the limit ends it", help)
    };
    let finding = Diagnostic::new(code, place, message).label("nothing changes until the next time");
    Some(finding.help(format!("{help}. It happens with {shown}")))
}

/// The request with an answer that is stored and is what is asked of a stored response.
fn stored(mut witness: Witness, model: &Model<'_>) -> Witness {
    for (term, value) in model.chosen() {
        match (term.place(), value) {
            (Some(Place::Variable(Variable::ObjStatus)), Scalar::Number(Some(status))) => {
                let status = u16::try_from(*status).ok().and_then(|status| StatusCode::from_u16(status).ok());
                witness.answer.status = status.unwrap_or(witness.answer.status);
            }
            (Some(Place::Field(Message::Obj, name)), Scalar::Text(Some(text))) => {
                let value = HeaderValue::from_bytes(text).ok();
                witness.answer.headers.extend(value.map(|value| (name.clone(), value)));
            }
            _ => {}
        }
    }
    cacheable(witness)
}

/// Whether a request has begun again, or a fetch, as often as it may.
fn is_endless(journey: &Journey, action: Action) -> bool {
    let begins = if action == Action::Restart { Step::Recv } else { Step::BackendFetch };
    let rounds = journey.steps.iter().filter(|ran| ran.step == begins).count();
    i64::try_from(rounds).is_ok_and(|rounds| rounds > MOST_ROUNDS)
}
