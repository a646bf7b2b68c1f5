//! A purge by a key that is not made yet: what the key is made of is set behind it, for other requests.

use std::collections::BTreeSet;

use http::HeaderName;

use super::misspelt_field::named_within;
use super::personal::shown;
use super::survey::Survey;
use super::walk;
use crate::analysis::{Answer, Formula, Place, Reached, Term, Test};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Hir, KeyPart, StatementKind, Target, Texts};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Action, Function, Message, Step, Variable};
use crate::lang::source::Span;
use crate::simulate::Treatment;

/// Purges whose key has a field as the client sends it, where all lookups have it as the policy sets it.
pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    let fields = keyed(survey.hir);
    fields.into_iter().filter_map(|name| look(survey, &name)).collect()
}

/// The fields of requests that the key is made of and that the policy sets.
fn keyed(hir: &Hir) -> BTreeSet<String> {
    let mut read = BTreeSet::new();
    for statement in walk::statements(hir) {
        let values = match &statement.kind {
            StatementKind::Key(KeyPart::Value(value)) => std::slice::from_ref(value),
            StatementKind::Effect(Function::Core(Core::HashData), given) => given.as_slice(),
            _ => &[],
        };
        let names = values.iter().flat_map(|value| value.fields(Message::Req));
        read.extend(names.map(|name| name.as_str().to_owned()));
    }
    read.retain(|name| place_set(hir, name).is_some());
    read
}

/// Where the policy sets a field of the request.
fn place_set(hir: &Hir, name: &str) -> Option<Span> {
    walk::statements(hir).into_iter().find_map(|statement| match &statement.kind {
        StatementKind::Set(Target::Header(Message::Req, set), _) if set.as_str() == name => Some(statement.span),
        _ => None,
    })
}

fn look(survey: &mut Survey<'_>, name: &str) -> Option<Diagnostic> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    purges(survey, &name).into_iter().find_map(|(span, purged)| {
        let place = span.filter(|span| !survey.is_builtin(*span))?;
        let unset = Formula::of(Term::Input(Place::Field(Message::Req, name.clone())), Test::Set).not();
        let Answer::Possible(model) = survey.solver.solve(&Formula::all([purged, unset])) else { return None };
        let witness = model.witness()?;
        let is_purged = matches!(survey.replay(&witness).treatment, Treatment::Purge { .. });
        let set = place_set(survey.hir, name.as_str())?;
        let written = survey.sources.text(named_within(name.as_str(), set, survey.sources));
        let message =
            format!("this removes nothing: `{written}`, a part of the key, is set behind it, for what is stored");
        let finding = Diagnostic::new(Code::W0746, survey.first_line(place), message).label("before it is set");
        let finding = finding.context(survey.first_line(set), "set here, for what is looked up");
        let help = format!("set it before, or remove by a tag. It happens with {}", shown(&witness));
        is_purged.then(|| finding.help(help))
    })
}

/// The purges with the field as the client sends it, if no lookup of a page has it so.
fn purges(survey: &mut Survey<'_>, name: &HeaderName) -> Vec<(Option<Span>, Formula)> {
    let ends = |action| survey.journeys.at(Step::Recv).filter(move |it| it.class.end.action == Some(action));
    let texts = [Texts::Exact(b"GET"[..].into())].to_vec();
    let is_get = Formula::of(Term::Input(Place::Variable(Variable::ReqMethod)), Test::In(texts.into()));
    let sent: Vec<Formula> = ends(Action::Hash).flat_map(|it| as_sent(it, name)).collect();
    let is_set = ends(Action::Hash).next().is_some();
    if !is_set || !survey.solver.is_impossible(&Formula::all([is_get, Formula::any(sent)])) {
        return Vec::new();
    }
    let purges = survey.journeys.at(Step::Recv).filter(|it| it.class.end.action == Some(Action::Purge));
    purges.map(|it| (it.class.end.span, Formula::any(as_sent(it, name).collect::<Vec<_>>()))).collect()
}

/// When a field is what the client sends, at the end of a step.
fn as_sent<'r>(reached: &'r Reached, name: &HeaderName) -> impl Iterator<Item = Formula> + use<'r> {
    let sent = Term::Input(Place::Field(Message::Req, name.clone()));
    let cases = reached.class.state.field(Message::Req, name).spread();
    let raw: Vec<Formula> = cases.iter().filter(|(_, term)| *term == sent).map(|(guard, _)| guard.clone()).collect();
    raw.into_iter().map(|guard| Formula::all([reached.class.guard.clone(), guard]))
}
