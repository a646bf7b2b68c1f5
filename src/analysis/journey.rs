//! All steps on all requests at once, from `recv` to `deliver`.

use std::collections::HashSet;
use std::rc::Rc;

use super::entry::begun_again;
use super::follow::{compared, followed};
use super::formula::{Formula, Test};
use super::read::{Context, Reader};
use super::state::{Cases, State};
use super::term::{Place, Term};
use super::unknown::Unknowns;
use super::walk::{Blind, Class, MOST_CLASSES, Visitor, Walk};
use crate::lang::hir::{BackendId, Hir, Statement, StatementKind};
use crate::lang::schema::{Action, Step, Variable};

/// How often a request begins again at most, and a fetch.
pub const MOST_ROUNDS: i64 = 4;

/// So many kinds of requests are kept apart where two policies are compared: each is asked for a request of its own that is
/// treated otherwise.
const MOST_COMPARED: usize = 8;

/// Why it is not known what becomes of requests: there are too many ways through the steps.
pub(super) const WALK: &str = "parts of the ways through the policy";

/// A condition of more parts is not carried on from step to step.
const MOST_PARTS: usize = 2_000;

/// A policy, to be asked what it does with all requests.
#[derive(Debug)]
pub struct Analysis<'h> {
    pub(super) cx: Context<'h>,
    pub(super) followed: HashSet<Place>,
    possible: Possible,
    /// Whether fetches in the background are looked at as well.
    pub(super) with_background: bool,
    /// Whether a backend that is asked again says the same: of all journeys these are easiest to try.
    pub(super) is_steady: bool,
}

/// Requests of one kind at the end of a step of their journey.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The step.
    pub step: Step,
    /// Which requests, with which answers.
    pub class: Class,
    /// What the cache has to do with them.
    pub fate: Fate,
}

/// What the cache has to do with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is to be looked up.
    Lookup,
    /// It was looked up and not found: the answer may be stored.
    Miss,
    /// It passes.
    Pass,
    /// What is stored for it is removed.
    Purge,
    /// It is piped. A key is made for it all the same, as in Varnish.
    Pipe,
}

impl Fate {
    const ALL: [Self; 5] = [Self::Lookup, Self::Miss, Self::Pass, Self::Purge, Self::Pipe];
}

/// All that requests come to.
#[derive(Debug, Default)]
pub struct Journeys {
    /// Every end of every step.
    pub reached: Vec<Reached>,
    /// The budget that ended before all was known; then nothing can be said to be impossible.
    pub gave_up: Option<&'static str>,
}

impl Journeys {
    /// The ends of a step.
    pub fn at(&self, step: Step) -> impl Iterator<Item = &Reached> {
        self.reached.iter().filter(move |reached| reached.step == step)
    }
}

/// Requests on their way to a step.
#[derive(Debug, Default)]
struct Ahead(Vec<(Step, Fate, Formula, State)>);

/// What the returns of a policy make possible.
#[derive(Clone, Copy, Debug)]
struct Possible {
    /// Keys may be marked hit-for-pass.
    marks_passes: bool,
    /// It is to be known what `synth` does with what warp gives up: a request can begin again there.
    is_given_up: bool,
}

impl<'h> Analysis<'h> {
    /// An analysis of a policy.
    #[must_use]
    pub fn new(hir: &'h Hir) -> Self {
        let cx = Context::new(hir, Rc::new(Unknowns::default()));
        Self {
            cx,
            followed: followed(hir),
            possible: Possible { marks_passes: may_mark(hir), is_given_up: begins_again(hir) },
            with_background: true,
            is_steady: false,
        }
    }

    /// The same of what clients ask for alone: a fetch in the background is no way of a request.
    #[must_use]
    pub fn of_clients(hir: &'h Hir) -> Self {
        Self { with_background: false, ..Self::new(hir) }
    }

    /// The same, of backends that answer the same each time: requests that may be tried, and not all that there are.
    #[must_use]
    pub(super) fn steady(hir: &'h Hir) -> Self {
        Self { is_steady: true, ..Self::of_clients(hir) }
    }

    /// Analyses of two policies that are to be compared: they follow the same places, and what the world brings is the same
    /// in both. Ids of lists, tables, limits and backends have to mean the same in both.
    #[must_use]
    pub fn beside(old: &'h Hir, new: &'h Hir) -> [Self; 2] {
        let unknowns = Rc::new(Unknowns::shared());
        let followed: HashSet<Place> = compared(old).into_iter().chain(compared(new)).collect();
        // What one of them gives up and the other does not is a difference of its own.
        let possible = Possible { marks_passes: may_mark(old) || may_mark(new), is_given_up: true };
        [old, new].map(|hir| {
            let cx = Context { most_beside: MOST_COMPARED, ..Context::new(hir, Rc::clone(&unknowns)) };
            Self { cx, followed: followed.clone(), possible, with_background: true, is_steady: false }
        })
    }

    /// The places that are followed.
    pub fn followed(&self) -> impl Iterator<Item = &Place> {
        self.followed.iter()
    }

    /// The policy.
    #[must_use]
    pub fn hir(&self) -> &'h Hir {
        self.cx.hir
    }

    /// When a condition holds in a state of a step.
    #[must_use]
    pub fn formula(&self, condition: &crate::lang::hir::Expression, state: &State, step: Step) -> Formula {
        Reader::new(&self.cx, state, step).formula(condition)
    }

    /// What an expression yields in a state of a step.
    #[must_use]
    pub fn value(&self, expression: &crate::lang::hir::Expression, state: &State, step: Step) -> Cases {
        Reader::new(&self.cx, state, step).cases(expression)
    }

    /// When a test of a value holds.
    #[must_use]
    pub fn test(&self, value: &Cases, test: &Test) -> Formula {
        Formula::any(
            value.iter().map(|(guard, term)| Formula::all([guard.clone(), self.cx.tables.literal(term, test)])),
        )
    }

    /// What one step does with requests in a state.
    #[must_use]
    pub fn step(&self, step: Step, state: State) -> Vec<Class> {
        let mut blind = Blind;
        Walk::new(&self.cx, Some(&self.followed), &mut blind, step).step(vec![(Formula::Const(true), state)])
    }

    /// What all steps do with all requests; `visitor` sees each statement as it is come to.
    pub fn journeys(&self, visitor: &mut dyn Visitor) -> Journeys {
        let mut journeys = Journeys::default();
        let mut start = State::default();
        let backend = Cases::one(Term::Backend(self.cx.hir.default_backend));
        start.set(Place::Variable(Variable::ReqBackendHint), backend);
        let mut entries = vec![(Formula::Const(true), start)];
        for round in 0..=MOST_ROUNDS {
            for (_, state) in &mut entries {
                state.set(Place::Variable(Variable::ReqRestarts), Cases::one(Term::Number(round)));
            }
            let again = self.round(std::mem::take(&mut entries), visitor, &mut journeys);
            if again.is_empty() || journeys.gave_up.is_some() {
                break;
            }
            entries = again;
        }
        journeys
    }

    /// The budget that ended before all was known that was walked over so far; then nothing can be said to be impossible.
    #[must_use]
    pub fn gave_up(&self) -> Option<&'static str> {
        self.cx.unknowns.effort.is_over().then_some(WALK)
    }

    /// One way through the steps; what begins again is given back.
    fn round(
        &self,
        entries: Vec<(Formula, State)>,
        visitor: &mut dyn Visitor,
        journeys: &mut Journeys,
    ) -> Vec<(Formula, State)> {
        let mut ahead = Ahead::default();
        let mut again = Vec::new();
        ahead.0.extend(entries.into_iter().map(|(guard, state)| (Step::Recv, Fate::Lookup, guard, state)));
        for step in Step::ON_THE_WAY {
            let mut fetches = 0;
            loop {
                for fate in Fate::ALL {
                    let entries = ahead.take(*step, fate);
                    if !entries.is_empty() {
                        self.pass_step(*step, fate, entries, visitor, journeys, &mut ahead, &mut again);
                    }
                }
                // A fetch that begins again goes back to `backend_fetch`.
                let is_back = *step == Step::BackendError && ahead.has(Step::BackendFetch) && fetches < MOST_ROUNDS;
                if !is_back {
                    break;
                }
                fetches += 1;
                for earlier in [Step::BackendFetch, Step::BackendResponse] {
                    for fate in Fate::ALL {
                        let mut entries = ahead.take(earlier, fate);
                        if earlier == Step::BackendFetch {
                            let retries = Place::Variable(Variable::BereqRetries);
                            for (_, state) in &mut entries {
                                state.set(retries.clone(), Cases::one(Term::Number(fetches)));
                            }
                        }
                        if !entries.is_empty() {
                            self.pass_step(earlier, fate, entries, visitor, journeys, &mut ahead, &mut again);
                        }
                    }
                }
            }
        }
        again
    }

    #[expect(clippy::too_many_arguments, reason = "what a round carries along")]
    fn pass_step(
        &self,
        step: Step,
        fate: Fate,
        entries: Vec<(Formula, State)>,
        visitor: &mut dyn Visitor,
        journeys: &mut Journeys,
        ahead: &mut Ahead,
        again: &mut Vec<(Formula, State)>,
    ) {
        let mut walk = Walk::new(&self.cx, Some(&self.followed), visitor, step);
        // What a step brings may be told apart by the ways to it: those that lead to the same are one before.
        let entries = walk.joined(entries, MOST_PARTS).into_iter();
        let entries = entries.map(|(guard, state)| (guard, self.entering(step, fate, state)));
        let entries = walk.joined(entries.collect(), MOST_PARTS);
        let classes = walk.step(entries);
        journeys.gave_up = journeys.gave_up.or_else(|| self.gave_up());
        for mut class in classes {
            if step == Step::Recv && class.end.action == Some(Action::Hash) {
                // What cannot be looked up passes, whatever the policy says.
                let is_looked_up = self.is_looked_up(&class.state);
                let passed = Formula::all([class.guard.clone(), is_looked_up.not()]);
                ahead.0.push((Step::Pass, Fate::Pass, passed, class.state.clone()));
                class.guard = Formula::all([class.guard, is_looked_up]);
            }
            if step == Step::Hash && self.possible.marks_passes && fate == Fate::Lookup {
                // The key may be marked hit-for-pass.
                ahead.0.push((Step::Pass, Fate::Pass, class.guard.clone(), class.state.clone()));
            }
            if step == Step::BackendFetch && class.end.action == Some(Action::Fetch) {
                let asked = class.state.variable(Variable::BereqBackend);
                let is_nowhere = |id: &BackendId| self.cx.hir.nowhere().any(|nowhere| nowhere == *id);
                let never_answers = asked.holds(|term| matches!(term, Term::Backend(Some(id)) if is_nowhere(id)));
                class.state.set(Place::Variable(Variable::OutcomeBackend), asked);
                let answered = Formula::all([class.guard.clone(), never_answers.not()]);
                ahead.0.push((Step::BackendResponse, fate, answered, class.state.clone()));
            }
            if self.possible.is_given_up && may_be_given_up(step, class.end.action) {
                ahead.0.push((Step::Synth, fate, class.guard.clone(), class.state.clone()));
            }
            go_on(step, fate, &class, ahead, again);
            journeys.reached.push(Reached { step, class, fate });
        }
    }

    /// What stood in a place some time or other.
    pub(super) fn anything_at(&self, place: &Place) -> Term {
        self.cx.unknowns.anything_at(place)
    }

    /// A value of which nothing is known.
    pub(super) fn anything(&self) -> Term {
        self.cx.anything()
    }

    /// Whether some part of the cache key changes with the value of a place.
    #[must_use]
    pub fn is_keyed(&self, state: &State, place: &Place) -> bool {
        state.key.iter().flat_map(Cases::iter).any(|(_, term)| term.holds(place) || matches!(term, Term::Free(_)))
    }

    /// So many classes of requests are kept apart at the end of a step.
    #[must_use]
    pub fn most_classes() -> usize {
        MOST_CLASSES
    }
}

/// Whether some response can mark its key hit-for-pass.
fn may_mark(hir: &Hir) -> bool {
    let subs =
        hir.subs.iter().any(|sub| returns(&sub.body.statements, Action::Pass) && !sub.name.starts_with("builtin."));
    subs || hir.step(Step::BackendResponse).is_some_and(|step| returns(&step.body.statements, Action::Pass))
}

/// Whether a request can begin again behind `synth`.
fn begins_again(hir: &Hir) -> bool {
    let subs = hir.subs.iter().any(|sub| returns(&sub.body.statements, Action::Restart));
    subs || hir.step(Step::Synth).is_some_and(|step| returns(&step.body.statements, Action::Restart))
}

fn returns(statements: &[Statement], action: Action) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        StatementKind::Return(outcome) => outcome.action == action,
        StatementKind::If { arms, otherwise, .. } => {
            arms.iter().any(|arm| returns(&arm.body, action)) || returns(otherwise, action)
        }
        _ => false,
    })
}

/// Whether `synth` may come in the place of what a step has decided: the content of a request is too large to look it up by,
/// a request cannot be sent as it is, a backend cannot be reached for a pipe, a request was asked too often, or its content is
/// gone; and behind `fail` always.
fn may_be_given_up(step: Step, action: Option<Action>) -> bool {
    match action {
        Some(Action::Fetch | Action::Retry | Action::Pipe | Action::Fail) => true,
        Some(Action::Hash | Action::Pass) => step == Step::Recv,
        _ => false,
    }
}

impl Ahead {
    /// Those on their way to a step.
    fn take(&mut self, step: Step, fate: Fate) -> Vec<(Formula, State)> {
        let (now, later) =
            std::mem::take(&mut self.0).into_iter().partition(|(to, known, ..)| *to == step && *known == fate);
        self.0 = later;
        let now: Vec<(Step, Fate, Formula, State)> = now;
        now.into_iter().map(|(_, _, guard, state)| (guard, state)).collect()
    }

    fn has(&self, step: Step) -> bool {
        self.0.iter().any(|(to, ..)| *to == step)
    }
}

/// Where requests go from the end of a step.
fn go_on(step: Step, fate: Fate, class: &Class, ahead: &mut Ahead, again: &mut Vec<(Formula, State)>) {
    let mut to = |next: Step, fate: Fate| ahead.0.push((next, fate, class.guard.clone(), class.state.clone()));
    match (step, class.end.action) {
        (_, Some(Action::Restart)) => again.push((class.guard.clone(), begun_again(class.state.clone()))),
        (Step::Recv, Some(Action::Hash)) => to(Step::Hash, Fate::Lookup),
        (Step::Recv, Some(Action::Purge)) => to(Step::Hash, Fate::Purge),
        (Step::Recv, Some(Action::Pipe)) => to(Step::Hash, Fate::Pipe),
        (Step::Hash, Some(Action::Lookup)) if fate == Fate::Purge => to(Step::Purge, fate),
        (Step::Hash, Some(Action::Lookup)) if fate == Fate::Pipe => to(Step::Pipe, Fate::Pass),
        (Step::Hash, Some(Action::Lookup)) => {
            to(Step::Hit, fate);
            to(Step::Miss, fate);
        }
        (Step::Recv | Step::Hit | Step::Miss, Some(Action::Pass)) => to(Step::Pass, Fate::Pass),
        (Step::Miss, Some(Action::Fetch)) => to(Step::BackendFetch, Fate::Miss),
        (Step::Pass, Some(Action::Fetch)) => to(Step::BackendFetch, Fate::Pass),
        (Step::BackendResponse | Step::BackendError, Some(Action::Retry)) => to(Step::BackendFetch, fate),
        // Whom a backend answers is on the way to `backend_response` already.
        (Step::BackendFetch, Some(Action::Fetch | Action::Error)) | (Step::BackendResponse, Some(Action::Error)) => {
            to(Step::BackendError, fate);
        }
        (Step::BackendResponse | Step::BackendError, Some(Action::Deliver | Action::Pass))
        | (Step::Hit, Some(Action::Deliver)) => to(Step::Deliver, fate),
        (_, Some(Action::Synth | Action::Abandon)) => to(Step::Synth, fate),
        _ => {}
    }
}
