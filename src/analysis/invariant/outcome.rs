//! All that can come of a request, in the words of invariants.

use http::header::RANGE;

use crate::analysis::entry::is_of_answer;
use crate::analysis::formula::{Formula, Test};
use crate::analysis::hint::{Hint, hints_of};
use crate::analysis::journey::{Analysis, Fate, Journeys, MOST_ROUNDS, Reached};
use crate::analysis::state::{Cases, State};
use crate::analysis::term::{Place, Term};
use crate::cache::invalidation::NOT_OF_A_GET;
use crate::lang::schema::{Action, Directive, Message, Step, Variable};

/// What comes of requests of one kind. Each request has one that tells all that came of it.
pub(super) struct Outcome {
    /// Which requests, with which answers.
    pub guard: Formula,
    /// The request as it came, the answer as it comes, and what came of both.
    pub state: State,
    /// The key.
    pub key: Key,
}

/// The key of a request.
#[derive(Clone)]
pub(super) enum Key {
    /// None was made.
    None,
    /// These are its parts.
    Parts(Vec<Cases>),
}

/// So many ways to say the same are looked at.
const MOST_HINTS: usize = 16;

impl Key {
    /// What lets show of what it is made.
    pub(super) fn hints(&self) -> Vec<Hint> {
        let mut hints = Vec::new();
        if let Self::Parts(parts) = self {
            parts.iter().flat_map(Cases::iter).for_each(|(_, term)| hints_of(term, &mut hints));
        }
        hints.truncate(MOST_HINTS);
        hints
    }
}

/// What came of requests of one kind, before it is put together.
struct Told {
    stored: bool,
    passed: Option<bool>,
    ttl: Cases,
    backend: Cases,
    key: Key,
}

/// All outcomes. Together they hold whatever can come of any request for which the policy does not fail.
pub(super) fn outcomes(analysis: &Analysis<'_>, journeys: &Journeys) -> Vec<Outcome> {
    let late = Late::of(analysis, journeys);
    let takes_parts = takes_parts(journeys);
    let mut outcomes: Vec<Outcome> = Vec::new();
    for reached in &journeys.reached {
        let guard = analysis.stored(reached);
        if guard == Formula::Const(false) {
            continue;
        }
        let part = analysis.is_answered_with_part(&reached.class.state);
        let guard = if takes_parts { guard } else { Formula::all([guard, part.not()]) };
        outcomes.extend(late.outcomes(analysis, reached, &guard, (false, &reached.class.state.key)));
    }
    outcomes.extend(journeys.reached.iter().filter_map(|reached| not_stored(analysis, reached)));
    outcomes.extend(journeys.reached.iter().filter_map(|reached| begun_too_often(analysis, journeys, reached, &late)));
    outcomes.extend(stored_for_get(analysis, journeys, &late));
    outcomes
}

/// Whether a part may be asked for of what is to be stored.
fn takes_parts(journeys: &Journeys) -> bool {
    let mut fetches = journeys.at(Step::BackendFetch).filter(|reached| reached.fate == Fate::Miss);
    fetches.any(|reached| {
        let state = &reached.class.state;
        let range = state.field(Message::Bereq, &RANGE).spread();
        state.is_changed(&Place::Variable(Variable::ReqSlice)) || range.iter().any(|(_, term)| *term != Term::Unset)
    })
}

/// Requests that begin again when a response was stored for them already.
struct Late {
    /// Which may do so.
    guard: Formula,
    /// The backends that they may have asked in the end.
    backend: Cases,
}

/// So many backends are told apart of those that may have been asked in the end.
const MOST_BACKENDS: usize = 16;

/// A larger condition is not asked for.
const MOST_PARTS: usize = 2_000;

impl Late {
    fn of(analysis: &Analysis<'_>, journeys: &Journeys) -> Self {
        let again = journeys.reached.iter().filter(|reached| {
            let is_late = matches!(reached.step, Step::Deliver | Step::Synth);
            is_late && reached.class.end.action == Some(Action::Restart)
        });
        let guard = Formula::any(again.map(|reached| reached.class.guard.clone())).unless_larger(MOST_PARTS);
        Self { guard, backend: Self::backends(analysis, journeys) }
    }

    /// One of all that any request asks, or none.
    fn backends(analysis: &Analysis<'_>, journeys: &Journeys) -> Cases {
        let mut asked = vec![Term::Backend(None)];
        for reached in &journeys.reached {
            for (_, term) in asked_last(&reached.class.state).spread().iter() {
                if !matches!(term, Term::Backend(_)) || asked.len() > MOST_BACKENDS {
                    return Cases::one(analysis.anything());
                }
                if !asked.contains(term) {
                    asked.push(term.clone());
                }
            }
        }
        let (mut cases, mut rest) = (Vec::new(), Formula::Const(true));
        let last = asked.pop();
        for backend in asked {
            let is_that = Formula::of(analysis.anything(), Test::Holds);
            cases.push((Formula::all([rest.clone(), is_that.clone()]), backend));
            rest = Formula::all([rest, is_that.not()]);
        }
        Cases::new(cases.into_iter().chain(last.map(|last| (rest, last))))
    }

    /// What came of a request that ends there, and of one that begins again behind it.
    fn outcomes(
        &self,
        analysis: &Analysis<'_>,
        reached: &Reached,
        guard: &Formula,
        (passed, key): (bool, &[Cases]),
    ) -> Vec<Outcome> {
        let state = &reached.class.state;
        let told = |passed, backend| Told {
            stored: true,
            passed,
            ttl: ttl(analysis, state),
            backend,
            key: Key::Parts(key.to_vec()),
        };
        let ended = outcome(analysis, reached, guard.clone(), told(Some(passed), asked_last(state)));
        let again = Formula::all([guard.clone(), self.guard.clone()]);
        let again = (again != Formula::Const(false))
            .then(|| outcome(analysis, reached, again, told(None, self.backend.clone())));
        [ended].into_iter().chain(again).collect()
    }
}

/// The backend that was asked last, if any was.
fn asked_last(state: &State) -> Cases {
    let place = Place::Variable(Variable::OutcomeBackend);
    if state.is_changed(&place) { state.get(&place) } else { Cases::one(Term::Backend(None)) }
}

/// How long a response stays fresh: not at all if it is stale already, or says `no-cache` (RFC 9111 section 5.2.2.4).
fn ttl(analysis: &Analysis<'_>, state: &State) -> Cases {
    let set = state.variable(Variable::BerespTtl);
    let is_over = analysis.test(&set, &Test::Within([i64::MIN..=0].to_vec().into()));
    let ends = Formula::any([analysis.says(state, Directive::NoCache), is_over]);
    let fresh = ends.not();
    let set = set.iter().map(|(guard, term)| (Formula::all([fresh.clone(), guard.clone()]), term.clone()));
    Cases::new(set.chain([(ends, Term::Number(0))]))
}

/// What comes of requests for which nothing is stored, at the step in which that is known.
fn not_stored(analysis: &Analysis<'_>, reached: &Reached) -> Option<Outcome> {
    let (state, action) = (&reached.class.state, reached.class.end.action);
    if matches!(action, Some(Action::Restart | Action::Fail) | None) {
        return None;
    }
    let nobody = || Cases::one(Term::Backend(None));
    // A request that passes has a key if it was looked up before.
    let made = || if state.key.is_empty() { Key::None } else { Key::Parts(state.key.clone()) };
    let passes = reached.fate == Fate::Pass;
    let (left_out, backend, key) = match (reached.step, action?) {
        (Step::Recv, Action::Hash | Action::Pass | Action::Pipe | Action::Purge) => return None,
        (Step::Recv, _) => (false, nobody(), Key::None),
        (Step::Hit, Action::Pass) | (Step::Miss, Action::Pass | Action::Fetch) | (Step::Pass, Action::Fetch) => {
            return None;
        }
        (Step::Hit | Step::Miss | Step::Purge, _) => (false, nobody(), made()),
        (Step::Pass | Step::Pipe, _) => (true, nobody(), made()),
        (Step::BackendFetch, _) => (passes, asked_last(state), made()),
        _ => return None,
    };
    let ttl = Cases::one(Term::Number(0));
    let told = Told { stored: false, passed: Some(left_out), ttl, backend, key };
    Some(outcome(analysis, reached, reached.class.guard.clone(), told))
}

/// What comes of a request that begins again once more than it may, at a step before any in which something else comes of
/// it: it is answered by `synth`. What came of it before is anything that came of any.
fn begun_too_often(analysis: &Analysis<'_>, journeys: &Journeys, reached: &Reached, late: &Late) -> Option<Outcome> {
    let (state, action) = (&reached.class.state, reached.class.end.action);
    let is_last = state.variable(Variable::ReqRestarts).only() == Some(&Term::Number(MOST_ROUNDS));
    let is_early = !matches!(reached.step, Step::Deliver | Step::Synth);
    if action != Some(Action::Restart) || !is_last || !is_early {
        return None;
    }
    let any_key = || Key::Parts(vec![Cases::one(analysis.anything())]);
    let key = if journeys.at(Step::Hash).next().is_some() { any_key() } else { Key::None };
    let ttl = Cases::one(Term::Number(0));
    let told = Told { stored: false, passed: None, ttl, backend: late.backend.clone(), key };
    Some(outcome(analysis, reached, reached.class.guard.clone(), told))
}

/// A POST passes, and what it is answered may be stored for a GET of the same URL (`proxy/post`).
fn stored_for_get(analysis: &Analysis<'_>, journeys: &Journeys, late: &Late) -> Vec<Outcome> {
    let gets = keys_of_get(analysis);
    let answered = journeys.at(Step::BackendResponse).filter(|reached| reached.fate == Fate::Pass);
    let mut outcomes = Vec::new();
    for reached in answered {
        let kept = Reached { fate: Fate::Miss, ..reached.clone() };
        let guard = Formula::all([analysis.may_be_for_get(&reached.class.state), analysis.stored(&kept)]);
        if guard == Formula::Const(false) {
            continue;
        }
        for (looked_up, key) in &gets {
            let guard = Formula::all([looked_up.clone(), guard.clone()]);
            outcomes.extend(late.outcomes(analysis, reached, &guard, (true, key)));
        }
    }
    outcomes
}

/// When the same client's GET of the same URL would be looked up, and under which key.
fn keys_of_get(analysis: &Analysis<'_>) -> Vec<(Formula, Vec<Cases>)> {
    let mut get = State::default();
    get.set(Place::Variable(Variable::ReqMethod), Cases::one(Term::text("GET")));
    get.set(Place::Variable(Variable::ReqRestarts), Cases::one(Term::Number(0)));
    for name in &NOT_OF_A_GET {
        get.set(Place::Field(Message::Req, name.clone()), Cases::one(Term::Unset));
    }
    let classes = analysis.step(Step::Recv, get).into_iter();
    let received = classes.filter(|class| class.end.action == Some(Action::Hash));
    let hashed = received.flat_map(|class| {
        let guard = class.guard;
        analysis.step(Step::Hash, class.state).into_iter().map(move |hashed| {
            let whole = Formula::all([guard.clone(), hashed.guard]);
            (hashed.end.action, whole, hashed.state.key)
        })
    });
    hashed.filter(|(action, ..)| *action == Some(Action::Lookup)).map(|(_, guard, key)| (guard, key)).collect()
}

/// Puts together what an invariant can ask for.
fn outcome(analysis: &Analysis<'_>, reached: &Reached, guard: Formula, told: Told) -> Outcome {
    let mut state = State::default();
    let truth = |truth| Cases::one(Term::Truth(truth));
    let passed = told.passed.map_or_else(|| Cases::one(analysis.anything()), truth);
    see_answer(analysis, reached, &mut state);
    state.set(Place::Variable(Variable::OutcomeStored), truth(told.stored));
    state.set(Place::Variable(Variable::OutcomePassed), passed);
    state.set(Place::Variable(Variable::OutcomeTtl), told.ttl);
    state.set(Place::Variable(Variable::OutcomeBackend), told.backend);
    Outcome { guard, state, key: told.key }
}

/// Puts the answer there that an invariant speaks of: the one that is looked at. Where none is, it is the one that came last,
/// whatever it was, if any came at all.
fn see_answer(analysis: &Analysis<'_>, reached: &Reached, seen: &mut State) {
    let state = &reached.class.state;
    let places = analysis.followed().filter(|place| is_of_answer(place));
    if reached.step == Step::BackendResponse {
        places.for_each(|place| seen.set(place.clone(), Cases::one(analysis.answered(state, place))));
        return;
    }
    let [is_this, is_any] = [(); 2].map(|()| Formula::of(analysis.anything(), Test::Holds));
    let status = Place::Variable(Variable::BerespStatus);
    for place in places {
        let this = analysis.answered(state, place);
        let another = if analysis.answers_once(state) { this.clone() } else { analysis.anything_at(place) };
        let none = if *place == status { Term::Number(0) } else { another.clone() };
        seen.set(place.clone(), one_of([(&is_this, this), (&is_any, another)], none));
    }
}

/// The first value whose condition holds, or else the last.
fn one_of(values: [(&Formula, Term); 2], otherwise: Term) -> Cases {
    let [(first, one), (second, other)] = values;
    let rest = Formula::all([first.not(), second.not()]);
    if one == other && other == otherwise {
        return Cases::one(one);
    }
    Cases::new([(first.clone(), one), (Formula::all([first.not(), second.clone()]), other), (rest, otherwise)])
}
