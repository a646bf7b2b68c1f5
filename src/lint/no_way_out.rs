//! Requests that fail while backends are sick, though what they ask for is stored. Left alone, warp serves for an hour what
//! has become stale when there is nobody to ask; a policy takes that away with a few words, and its probes make sure of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use http::HeaderValue;
use http::header::CACHE_CONTROL;

use super::backends::place_of;
use super::personal::shown;
use super::survey::{Deed, DeedKind, Survey};
use super::unfinished::Budget;
use super::unnamed::chosen;
use super::{walk, words};
use crate::analysis::{Answer, Formula, Term, Witness};
use crate::cache::StaleUse;
use crate::decision::Event;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{BackendId, ExpressionKind, Hir, StatementKind, Target};
use crate::lang::schema::function::World;
use crate::lang::schema::{Action, Function, Step, Variable};
use crate::lang::source::Span;
use crate::simulate::{Journey, Store, Treatment};

/// So many places are looked at.
const MOST_PLACES: usize = 50;
/// How long a response is fresh that says nothing itself.
const SOME_TIME: HeaderValue = HeaderValue::from_static("max-age=60");

pub(super) fn find(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    if survey.hir.backends.iter().all(|backend| backend.probe.is_none()) {
        return Vec::new();
    }
    let mut found = refused(survey);
    if found.is_empty() && !is_never_stale(survey.hir) {
        found.extend(wasted(survey));
    }
    found
}

/// Answers that `recv` makes while a backend is sick, without a look at what is stored.
fn refused(survey: &mut Survey<'_>) -> Vec<Diagnostic> {
    if !walk::expressions(survey.hir).iter().any(|it| is_question(&it.kind)) {
        return Vec::new();
    }
    let is_answer = |deed: &&Deed| deed.step == Step::Recv && deed.kind == DeedKind::Return(Action::Synth);
    let deeds = survey.deeds.iter().filter(is_answer).filter(|deed| !survey.is_builtin(deed.span)).take(MOST_PLACES);
    let places: Vec<(Span, Formula)> = deeds.map(|deed| (deed.span, deed.guard.clone())).collect();
    let look = |(place, guard)| survey.look_at(place, |survey| refused_at(survey, place, &guard));
    let mut told = BTreeSet::new();
    let found: Vec<Diagnostic> = places.into_iter().filter_map(look).collect();
    found.into_iter().filter(|finding| told.insert(finding.primary.span)).collect()
}

fn is_question(kind: &ExpressionKind) -> bool {
    matches!(kind, ExpressionKind::Call(Function::World(World::Healthy), _))
}

fn refused_at(survey: &mut Survey<'_>, place: Span, guard: &Formula) -> Option<Diagnostic> {
    let Answer::Possible(model) = survey.solver.solve(guard) else { return None };
    let witness = cacheable(model.witness()?);
    let later = Later::of(survey, &witness, Duration::ZERO)?;
    let is_there = later.journey.steps.iter().any(|ran| ran.explanation.verdict.span == Some(place));
    if !is_there || !later.journey.response.status.is_server_error() {
        return None;
    }
    let (line, status) = (survey.first_line(place), later.journey.response.status.as_u16());
    let message = format!("while a backend is sick, what is stored and fresh is answered with {status}");
    let finding = Diagnostic::new(Code::W0626, line, message).label("before anything stored is looked for");
    Some(finding.help(format!(
        "leave it out: warp serves what is stored, and when nothing is, `sub backend_error` makes the page. It happens with {}",
        shown(&witness)
    )))
}

/// What is stored for a backend with a probe, and of no use as soon as it is stale: of all requests, or of those for which
/// a backend is chosen, or something said of how long a response is of use.
fn wasted(survey: &mut Survey<'_>) -> Option<Diagnostic> {
    let stored = survey.stored();
    let (chosen, caching) = (chosen(survey), caching(survey.hir));
    let (choosing, saying): (Vec<&Deed>, Vec<&Deed>) = survey
        .deeds
        .iter()
        .filter(|deed| !survey.is_builtin(deed.span))
        .filter(|deed| chosen.contains_key(&deed.span) || caching.contains(&deed.span))
        .partition(|deed| chosen.contains_key(&deed.span));
    let mut by_place: BTreeMap<Span, Vec<Formula>> = BTreeMap::new();
    for deed in saying {
        by_place.entry(deed.span).or_default().push(deed.guard.clone());
    }
    let left_out = by_place.keys().nth(MOST_PLACES).map(|place| (*place, by_place.len() - MOST_PLACES));
    let backends: BTreeSet<BackendId> =
        choosing.iter().filter_map(|deed| chosen.get(&deed.span)).flatten().copied().collect();
    let asked = backends.into_iter().take(MOST_PLACES);
    let asked: Vec<Formula> = asked.map(|backend| stored_of(survey, backend)).chain([stored.clone()]).collect();
    let saying = by_place.into_iter().take(MOST_PLACES).map(|(place, guards)| (Formula::any(guards), place));
    let saying = saying.map(|(guard, place)| (Formula::all([guard, stored.clone()]), Some(place)));
    let mut places = asked.into_iter().map(|stored| (stored, None)).chain(saying);
    let found = places.find_map(|(stored, place)| wasted_where(survey, &stored, place));
    if let Some((place, count)) = left_out.filter(|_| found.is_none()) {
        survey.leave(Some(place), Budget::Places(MOST_PLACES), count);
    }
    found
}

/// When what a backend says is stored.
fn stored_of(survey: &Survey<'_>, backend: BackendId) -> Formula {
    let is_asked = |term: &Term| *term == Term::Backend(Some(backend));
    let stored = survey.journeys.at(Step::BackendResponse).map(|reached| {
        let asked = reached.class.state.variable(Variable::BereqBackend).holds(is_asked);
        Formula::all([survey.analysis.stored(reached), asked])
    });
    Formula::any(stored.collect::<Vec<_>>())
}

/// The statements that say how long a response is of use.
fn caching(hir: &Hir) -> HashSet<Span> {
    let is_of_caching =
        |kind: &StatementKind| words::is_of_caching(kind) || matches!(words::deed(kind), Some(DeedKind::Lives(_)));
    let statements = walk::statements(hir).into_iter();
    statements.filter(|statement| is_of_caching(&statement.kind)).map(|statement| statement.span).collect()
}

fn wasted_where(survey: &mut Survey<'_>, stored: &Formula, by: Option<Span>) -> Option<Diagnostic> {
    let Answer::Possible(model) = survey.solver.solve(stored) else { return None };
    let witness = cacheable(model.witness()?);
    let later = Later::of(survey, &witness, Duration::from_secs(1))?;
    if later.has_help(survey) {
        return None;
    }
    let backend = later.backend.filter(|id| is_probed(survey.hir, *id))?;
    let (name, place) = (survey.hir.backend_name(backend)?.to_owned(), place_of(survey.hir, backend)?);
    let message = format!("while `{name}` is sick, requests fail as soon as what is stored is stale");
    let finding = Diagnostic::new(Code::W0626, place, message);
    let by = by.map(|by| survey.first_line(by));
    let finding = by.into_iter().fold(finding, |finding, by| finding.context(by, "of what comes here"));
    Some(finding.help(format!(
        "let what is stored be served then, `set beresp.stale_if_error = 1d;`, and take `must-revalidate` and the like off \
         `Cache-Control`; or make a page in `sub backend_error`. It happens a second after the end of the lifetime with {}",
        shown(&witness)
    )))
}

/// The same, with an answer that is fresh for a while if it says nothing of that.
pub(super) fn cacheable(mut witness: Witness) -> Witness {
    if !witness.answer.headers.contains_key(CACHE_CONTROL) {
        witness.answer.headers.insert(CACHE_CONTROL, SOME_TIME);
    }
    witness
}

/// What becomes of a request whose answer was stored before all that have a probe were found sick.
struct Later {
    journey: Journey,
    /// Who answered before.
    backend: Option<BackendId>,
}

impl Later {
    /// So long after the end of its lifetime, or at once; `None` if nothing was stored, or if that is served.
    fn of(survey: &mut Survey<'_>, witness: &Witness, stale_for: Duration) -> Option<Self> {
        let mut store = Store::default();
        let first = survey.replay_behind(witness, &mut store);
        let lifetimes = &first.stored.last()?.lifetimes;
        let ttl = Duration::from_millis(u64::try_from(lifetimes.ttl_ms).ok().filter(|ttl| *ttl > 0)?);
        // What is stale is served when nobody answers, of which no journey knows.
        let is_served = !stale_for.is_zero() && lifetimes.windows().allow(StaleUse::Disconnected, stale_for);
        let wait = if stale_for.is_zero() { Duration::ZERO } else { ttl.saturating_add(stale_for) };
        let is_right = !is_served && !first.has_failed() && first.response.status.is_success();
        let journey = survey.replay_while_sick(witness, &mut store, wait);
        is_right.then(|| Self { journey, backend: first.asked.last().and_then(|asked| asked.backend) })
    }

    /// Whether the client gets something better than warp's own error, or the policy has a hand in it.
    fn has_help(&self, survey: &Survey<'_>) -> bool {
        let is_own = |span: Span| !survey.is_builtin(span);
        let pages = self.journey.steps.iter().filter(|ran| matches!(ran.step, Step::BackendError | Step::Synth));
        let has_page = pages.map(|ran| &ran.explanation).any(|made| {
            let acted = |event: &Event| matches!(event, Event::Acted(span) if is_own(*span));
            made.course.iter().any(acted) || made.verdict.span.is_some_and(is_own)
        });
        let begins = self.journey.steps.iter().filter(|ran| ran.step == Step::Recv).count();
        let is_error = self.journey.response.status.is_server_error() && self.journey.treatment == Treatment::Miss;
        !is_error || has_page || begins > 1
    }
}

/// Whether the policy says in so many words that nothing stale is to be served.
fn is_never_stale(hir: &Hir) -> bool {
    walk::statements(hir).into_iter().any(|statement| {
        let StatementKind::Set(Target::Variable(variable), value) = &statement.kind else { return false };
        let is_window = matches!(variable, Variable::BerespGrace | Variable::BerespStaleIfError | Variable::ReqGrace);
        is_window && matches!(value.kind, ExpressionKind::Duration(0))
    })
}

/// Whether all that a backend or director stands for have a probe.
fn is_probed(hir: &Hir, id: BackendId) -> bool {
    match hir.director(id) {
        Some(director) => director.members.iter().all(|member| is_probed(hir, member.backend)),
        None => hir.backends.get(id.0 as usize).is_some_and(|backend| backend.probe.is_some()),
    }
}
