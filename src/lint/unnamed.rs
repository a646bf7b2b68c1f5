//! Hosts that no rule names: a policy chooses a backend for each of some hosts, and all others come to the one that happens
//! to be declared first. A backend that is called `default` is there for them, and one that is chosen for no host, too.

use std::collections::{HashMap, HashSet};

use http::header::HOST;

use super::personal::shown;
use super::survey::{Deed, DeedKind, Shaped, Survey};
use super::unfinished::Budget;
use super::walk;
use crate::analysis::{Answer, Formula, Literal, Place, Test, Witness};
use crate::decision::Event;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{BackendId, Datum, Expression, ExpressionKind, Hir, StatementKind};
use crate::lang::schema::{Action, Message, Step};
use crate::lang::source::Span;
use crate::simulate::Request;

/// Of more places that choose a backend nothing is said.
const MOST_PLACES: usize = 200;

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    look(survey).into_iter().collect()
}

fn look(survey: &mut Survey<'_>) -> Option<Diagnostic> {
    let default = survey.hir.default_backend?;
    let backend = survey.hir.backends.get(default.0 as usize).filter(|backend| backend.name != "default")?;
    let (name, span) = (backend.name.clone(), backend.span);
    let chosen = chosen(survey);
    let choosing = |deed: &&Deed| deed.kind == DeedKind::Shapes(Shaped::Backend);
    let deeds: Vec<&Deed> = survey.deeds.iter().filter(choosing).collect();
    let of = |deed: &Deed| chosen.get(&deed.span).map(Vec::as_slice).unwrap_or_default();
    let by_host = deeds.iter().any(|deed| of(deed) != [default]);
    let own = deeds.iter().find(|deed| of(deed).contains(&default)).filter(|_| by_host)?.span;
    let first = deeds.first().filter(|_| deeds.len() >= MOST_PLACES);
    if let Some(first) = first.filter(|first| !hosts(survey, first).is_empty()) {
        let (first, count) = (first.span, deeds.len());
        survey.leave(Some(first), Budget::Places(MOST_PLACES), count);
        return None;
    }
    let mut named: Vec<Literal> = Vec::new();
    for deed in &deeds {
        let asked = hosts(survey, deed);
        if asked.is_empty() {
            return None;
        }
        named.extend(asked);
    }
    let none = named.into_iter().map(|literal| Formula::of(literal.term, literal.test).not());
    let fetched = survey.journeys.at(Step::BackendFetch).filter(|it| it.class.end.action == Some(Action::Fetch));
    let fetched = Formula::any(fetched.map(|it| it.class.guard.clone()).collect::<Vec<_>>());
    let others = Formula::all([fetched].into_iter().chain(none));
    let Answer::Possible(model) = survey.solver.solve(&others) else { return None };
    let found = model.witness()?;
    let others: Vec<Witness> = strangers(survey.hir).into_iter().map(|host| for_host(&found, host)).collect();
    let witness = [found].into_iter().chain(others).find(|witness| {
        let journey = survey.replay(witness);
        let mut course = journey.steps.iter().flat_map(|ran| &ran.explanation.course);
        let is_chosen = course.any(|event| matches!(event, Event::Acted(span) if chosen.contains_key(span)));
        !is_chosen && journey.asked.last().is_some_and(|asked| asked.backend == Some(default))
    })?;
    let message = format!("`{name}` answers for all hosts that no rule names, since it is declared first");
    let finding = Diagnostic::new(Code::W0623, span, message).context(survey.first_line(own), "meant for this one");
    Some(finding.help(format!(
        "say what is to become of other hosts: choose a backend in an `else`, refuse them, `else -> deny 421`, or call the \
         one that is for all others `default`. It happens with {}",
        shown(&witness)
    )))
}

/// The same request for another host.
fn for_host(found: &Witness, host: String) -> Witness {
    let request = Request { host, ..found.request.clone() };
    Witness { request, answer: found.answer.clone() }
}

/// Hosts that the policy does not name. A model that knows only what is made of the host leaves that as it is with any request,
/// and a rule may name just this one. Patterns may hold of what begins or ends as some of these do, and hardly of all.
fn strangers(hir: &Hir) -> Vec<String> {
    let mut named: HashSet<&[u8]> = HashSet::new();
    for expression in walk::expressions(hir) {
        match &expression.kind {
            ExpressionKind::Text(text) => named.extend([&**text]),
            ExpressionKind::InTexts(_, texts) => named.extend(texts.iter().map(|text| &**text)),
            _ => {}
        }
    }
    named.extend(hir.tables.iter().flat_map(|table| &table.entries).map(|(key, _)| &**key));
    let unnamed = |first: &str, last: &str| {
        let mut hosts = (1..).map(|at| if at == 1 { format!("{first}.{last}") } else { format!("{first}{at}.{last}") });
        hosts.find(|host| !named.contains(host.as_bytes()))
    };
    ["example.net", "example", "test"]
        .iter()
        .flat_map(|last| ["other", "q7zx"].map(|first| unnamed(first, last)))
        .flatten()
        .collect()
}

/// The backends that statements choose, by their places.
pub(super) fn chosen(survey: &Survey<'_>) -> HashMap<Span, Vec<BackendId>> {
    let set = walk::statements(survey.hir).into_iter().filter_map(|statement| match &statement.kind {
        StatementKind::Set(_, value) => Some((statement.span, named(value, survey.hir))),
        _ => None,
    });
    set.filter(|(_, backends)| !backends.is_empty()).collect()
}

/// The backends that a value names, and those in a table that it looks into.
fn named(value: &Expression, hir: &Hir) -> Vec<BackendId> {
    match &value.kind {
        ExpressionKind::Backend(backend) => backend.iter().copied().collect(),
        ExpressionKind::Lookup(table, _) => {
            let entries = hir.tables.get(table.0 as usize).map(|table| table.entries.as_slice()).unwrap_or_default();
            let backend = |value: &Datum| if let Datum::Backend(backend) = value { *backend } else { None };
            entries.iter().filter_map(|(_, value)| backend(value)).collect()
        }
        ExpressionKind::Fallback(parts) => parts.iter().flat_map(|part| named(part, hir)).collect(),
        _ => Vec::new(),
    }
}

/// What the arms around a place ask of the host.
fn hosts(survey: &Survey<'_>, deed: &Deed) -> Vec<Literal> {
    let host = Place::Field(Message::Req, HOST);
    let mut found = Vec::new();
    for visit in &survey.visits {
        for (at, condition) in visit.ladder.conditions().iter().enumerate() {
            if deed.around.contains(&visit.ladder.span(Some(at))) {
                condition.literals(&mut |literal| {
                    if matches!(literal.test, Test::In(_)) && literal.term.holds(&host) {
                        found.push(literal.clone());
                    }
                });
            }
        }
    }
    found
}
