//! Requests for findings about the words of a policy: each is taken through the policy before it is shown.

use super::survey::{Deed, DeedKind, Survey, Visit};
use crate::analysis::{Answer, Formula, Op, Place, Taken, Term, Witness};
use crate::decision::Event;
use crate::lang::hir::{Arm, BackendId};
use crate::lang::schema::{Action, Message, Step, Variable};
use crate::lang::source::Span;

/// For so many findings of a lint a request is looked for.
pub(super) const MOST_EXAMPLES: usize = 20;
/// Of the ways to a row so many are tried.
const MOST_WAYS: usize = 8;

/// A request that takes one of these arms of a ladder, or what is done behind the last one, and of which holds what `asks` has of
/// the visit and the number of the first of them; `None` where that cannot be seen in the request and the answer.
pub(super) fn decided_by(
    survey: &mut Survey<'_>,
    arms: &[Arm],
    asks: impl Fn(&Survey<'_>, &Visit, usize) -> Option<Formula>,
) -> Option<Witness> {
    let first = arms.first()?.span;
    let way = |visit: &Visit| {
        let arm = (0..visit.ladder.len()).find(|arm| visit.ladder.span(Some(*arm)) == first)?;
        let asked = asks(survey, visit, arm).filter(is_seen)?;
        Some(Formula::all([visit.guard.clone(), taking(visit, arm, arms.len()), asked]))
    };
    let ways: Vec<Formula> = survey.visits.iter().filter_map(way).take(MOST_WAYS).collect();
    let rules = survey.rules(&arms.iter().map(|arm| arm.condition.span).collect());
    tried(survey, &ways, |event| matches!(event, Event::Decided(rule) if rules.contains(rule)))
}

/// A request for which a statement is carried out that is no `if`, and of which holds what `asks` has of it; `None` where that
/// cannot be seen in the request and the answer.
pub(super) fn carried_out(
    survey: &mut Survey<'_>,
    statement: Span,
    asks: impl Fn(&Survey<'_>, &Deed) -> Option<Formula>,
) -> Option<Witness> {
    let way = |deed: &Deed| Some(Formula::all([deed.guard.clone(), asks(survey, deed).filter(is_seen)?]));
    let deeds = survey.deeds.iter().filter(|deed| deed.kind == DeedKind::Tests && deed.span == statement);
    let ways: Vec<Formula> = deeds.filter_map(way).take(MOST_WAYS).collect();
    tried(survey, &ways, |event| *event == Event::Acted(statement))
}

/// A request of one of these ways that comes to such an event.
fn tried(survey: &mut Survey<'_>, ways: &[Formula], is_that: impl Fn(&Event) -> bool) -> Option<Witness> {
    ways.iter().find_map(|way| {
        let Answer::Possible(model) = survey.solver.solve(way) else { return None };
        let witness = model.witness()?;
        let journey = survey.replay(&witness);
        journey.steps.iter().flat_map(|ran| &ran.explanation.course).any(&is_that).then_some(witness)
    })
}

/// When one of so many arms is taken, from one on, or what is done behind the last one.
fn taking(visit: &Visit, from: usize, count: usize) -> Formula {
    let all = visit.ladder.len();
    let end = if from + count == all { all + 1 } else { from + count };
    Formula::first(&visit.ladder, Taken::of(from..end, all))
}

/// Whether a condition asks for nothing but what the request and the answer say.
fn is_seen(condition: &Formula) -> bool {
    let mut is_seen = true;
    condition.literals(&mut |literal| is_seen &= is_said(&literal.term));
    is_seen
}

fn is_said(term: &Term) -> bool {
    match term {
        Term::Input(Place::Field(message, _)) => matches!(message, Message::Req | Message::Beresp),
        Term::Input(Place::Variable(variable)) => {
            matches!(variable, Variable::ReqUrl | Variable::ReqMethod | Variable::ClientIp | Variable::BerespStatus)
        }
        Term::Made(made) => !matches!(made.op, Op::Call(_)) && made.of.iter().all(is_said),
        Term::Free(_) | Term::Chosen(_) => false,
        Term::Text(_)
        | Term::Number(_)
        | Term::Truth(_)
        | Term::Address(_)
        | Term::Unset
        | Term::Backend(_)
        | Term::Fixed(_) => true,
    }
}

/// A request with which the policy asks a backend or director that is one of those wanted.
pub(super) fn asking(survey: &mut Survey<'_>, is_wanted: impl Fn(BackendId) -> bool) -> Option<Witness> {
    let wanted = |term: &Term| matches!(term, Term::Backend(Some(id)) if is_wanted(*id));
    let fetched = survey.journeys.at(Step::BackendFetch).filter(|it| it.class.end.action == Some(Action::Fetch));
    let asked = fetched.map(|it| {
        let backend = it.class.state.variable(Variable::BereqBackend);
        Formula::all([it.class.guard.clone(), backend.holds(wanted)])
    });
    let asked = Formula::any(asked.collect::<Vec<_>>());
    let Answer::Possible(model) = survey.solver.solve(&asked) else { return None };
    let witness = model.witness()?;
    let journey = survey.replay(&witness);
    journey.asked.iter().any(|asked| asked.backend.is_some_and(&is_wanted)).then_some(witness)
}
