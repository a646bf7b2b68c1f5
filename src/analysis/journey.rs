//! All steps on all requests at once, from `recv` to `deliver`.

use std::collections::HashSet;
use std::rc::Rc;

use http::HeaderName;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, DATE, IF_MATCH, IF_UNMODIFIED_SINCE, LOCATION, RETRY_AFTER,
    TRANSFER_ENCODING,
};

use super::follow::{compared, followed};
use super::formula::{Formula, Test};
use super::read::{Context, Reader, present};
use super::state::{Cases, State};
use super::term::{Op, Place, Term};
use super::unknown::Unknowns;
use super::walk::{Blind, Class, MOST_CLASSES, Visitor, Walk};
use crate::cache::TargetList;
use crate::cache::asked::QUERY;
use crate::lang::hir::{Hir, Statement, StatementKind, Texts};
use crate::lang::schema::{Action, Directive, Message, Step, StepSet, Type, Variable};

/// How often a request begins again at most, and a fetch.
pub const MOST_ROUNDS: i64 = 4;

/// A condition of more parts is not carried on from step to step.
const MOST_PARTS: usize = 2_000;

/// A policy, to be asked what it does with all requests.
#[derive(Debug)]
pub struct Analysis<'h> {
    cx: Context<'h>,
    followed: HashSet<Place>,
    /// Whether keys may be marked hit-for-pass.
    marks_passes: bool,
    /// Whether fetches in the background are looked at as well.
    with_background: bool,
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
}

impl Fate {
    const ALL: [Self; 4] = [Self::Lookup, Self::Miss, Self::Pass, Self::Purge];
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

impl<'h> Analysis<'h> {
    /// An analysis of a policy.
    #[must_use]
    pub fn new(hir: &'h Hir) -> Self {
        let cx = Context::new(hir, Rc::new(Unknowns::default()));
        Self { cx, followed: followed(hir), marks_passes: may_mark(hir), with_background: true }
    }

    /// The same of what clients ask for alone: a fetch in the background is no way of a request.
    #[must_use]
    pub fn of_clients(hir: &'h Hir) -> Self {
        Self { with_background: false, ..Self::new(hir) }
    }

    /// Analyses of two policies that are to be compared: they follow the same places, and what the world brings is the same
    /// in both. Ids of lists, tables, limits and backends have to mean the same in both.
    #[must_use]
    pub fn beside(old: &'h Hir, new: &'h Hir) -> [Self; 2] {
        let unknowns = Rc::new(Unknowns::shared());
        let followed: HashSet<Place> = compared(old).into_iter().chain(compared(new)).collect();
        let marks_passes = may_mark(old) || may_mark(new);
        [old, new].map(|hir| {
            let cx = Context::new(hir, Rc::clone(&unknowns));
            Self { cx, followed: followed.clone(), marks_passes, with_background: true }
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
        let entries = entries.into_iter().map(|(guard, state)| (guard, self.entering(step, fate, state)));
        let mut walk = Walk::new(&self.cx, Some(&self.followed), visitor, step);
        let entries = walk.joined(entries.collect(), MOST_PARTS);
        let classes = walk.step(entries);
        if walk.gave_up {
            journeys.gave_up = Some("statements of a step");
        }
        for mut class in classes {
            if step == Step::Recv && class.end.action == Some(Action::Hash) {
                // What cannot be looked up passes, whatever the policy says.
                let is_looked_up = self.is_looked_up(&class.state);
                let passed = Formula::all([class.guard.clone(), is_looked_up.not()]);
                ahead.0.push((Step::Pass, Fate::Pass, passed, class.state.clone()));
                class.guard = Formula::all([class.guard, is_looked_up]);
            }
            if step == Step::Hash && self.marks_passes && fate == Fate::Lookup {
                // The key may be marked hit-for-pass.
                ahead.0.push((Step::Pass, Fate::Pass, class.guard.clone(), class.state.clone()));
            }
            go_on(step, fate, &class, ahead, again);
            journeys.reached.push(Reached { step, class, fate });
        }
    }

    /// What a request has at the start of a step.
    fn entering(&self, step: Step, fate: Fate, mut state: State) -> State {
        for variable in VOLATILE.iter().filter(|variable| variable.access().read.contains(step)) {
            let place = Place::Variable(*variable);
            let value = self.cx.entered(step, &state, &place);
            state.set(place, Cases::one(value));
        }
        if self.cx.unknowns.are_shared()
            && matches!(step, Step::Hit | Step::Miss | Step::BackendResponse | Step::BackendError)
        {
            state.origin = Some(step);
        }
        if !self.with_background && StepSet::BACKEND.contains(step) {
            state.set(Place::Variable(Variable::BereqIsBgfetch), Cases::one(Term::Truth(false)));
        }
        match step {
            Step::Hash => state.key.clear(),
            Step::BackendFetch => self.entering_fetch(fate, &mut state),
            Step::BackendResponse | Step::BackendError => {
                // Asked again, a backend may say something else.
                let is_first = [Variable::ReqRestarts, Variable::BereqRetries]
                    .iter()
                    .all(|count| state.variable(*count).only() == Some(&Term::Number(0)));
                for place in &self.followed {
                    let is_of_answer = match place {
                        Place::Field(message, _) => *message == Message::Beresp,
                        Place::Variable(variable) => variable.name().starts_with("beresp."),
                    };
                    if is_of_answer {
                        let value =
                            if is_first { Term::Input(place.clone()) } else { self.cx.entered(step, &state, place) };
                        state.set(place.clone(), Cases::one(value));
                    }
                }
                if step == Step::BackendError {
                    self.entering_error(&mut state);
                }
                // It is true for a request that passes; what is asked is whether the policy says so of the answer itself.
                let place = Place::Variable(Variable::BerespUncacheable);
                let value = if fate == Fate::Miss { Term::Truth(false) } else { Term::Input(place.clone()) };
                state.set(place, Cases::one(value));
            }
            Step::Deliver | Step::Synth => self.entering_deliver(step, &mut state),
            _ => {}
        }
        state
    }

    /// The backend is sent what the client's request is by then.
    fn entering_fetch(&self, fate: Fate, state: &mut State) {
        for place in &self.followed {
            let value = match place {
                Place::Field(Message::Bereq, name) => state.field(Message::Req, name),
                Place::Variable(Variable::BereqUrl) => state.variable(Variable::ReqUrl),
                Place::Variable(Variable::BereqMethod) => state.variable(Variable::ReqMethod),
                Place::Variable(Variable::BereqBackend) => state.variable(Variable::ReqBackendHint),
                Place::Variable(Variable::BereqUncacheable) => Cases::one(Term::Truth(fate != Fate::Miss)),
                _ => continue,
            };
            // What a lookup is for is asked for with GET.
            let value = match place {
                Place::Variable(Variable::BereqMethod) if fate == Fate::Miss => Cases::one(Term::text("GET")),
                _ => value,
            };
            state.set(place.clone(), value);
        }
        if !state.is_changed(&Place::Variable(Variable::BereqRetries)) {
            state.set(Place::Variable(Variable::BereqRetries), Cases::one(Term::Number(0)));
        }
    }

    /// A page that warp makes in the place of an answer has no times, and few fields.
    fn entering_error(&self, state: &mut State) {
        const MAY_BE_THERE: [HeaderName; 3] = [DATE, LOCATION, RETRY_AFTER];
        for place in &self.followed {
            let value = match place {
                Place::Field(Message::Beresp, name) if MAY_BE_THERE.contains(name) => {
                    self.cx.entered(Step::BackendError, state, place)
                }
                Place::Field(Message::Beresp, _) => Term::Unset,
                Place::Variable(
                    Variable::BerespTtl
                    | Variable::BerespGrace
                    | Variable::BerespKeep
                    | Variable::BerespStaleIfError
                    | Variable::BerespHeuristicTtl
                    | Variable::BerespAge,
                ) => Term::Number(0),
                Place::Variable(variable) if variable.name().starts_with("beresp.") => {
                    self.cx.entered(Step::BackendError, state, place)
                }
                _ => continue,
            };
            state.set(place.clone(), Cases::one(value));
        }
    }

    /// The client is sent what the backend has answered, what was stored, or what warp makes.
    fn entering_deliver(&self, step: Step, state: &mut State) {
        let from_backend = state.is_changed(&Place::Variable(Variable::BerespUncacheable)) && step == Step::Deliver;
        for place in &self.followed {
            let value = match place {
                Place::Field(Message::Resp, name) if from_backend => state.field(Message::Beresp, name),
                Place::Variable(Variable::RespStatus) if from_backend => state.variable(Variable::BerespStatus),
                Place::Field(Message::Resp, _) | Place::Variable(Variable::RespStatus) => {
                    Cases::one(self.cx.entered(step, state, place))
                }
                _ => continue,
            };
            state.set(place.clone(), value);
        }
    }

    /// When what is reached is stored. It never is where this is impossible; where it is possible there is an answer that
    /// may be stored, which is for `simulate` to try.
    #[must_use]
    pub fn stored(&self, reached: &Reached) -> Formula {
        let state = &reached.class.state;
        let ends = reached.class.end.action == Some(Action::Deliver);
        if reached.fate != Fate::Miss || !ends || !matches!(reached.step, Step::BackendResponse | Step::BackendError) {
            return Formula::Const(false);
        }
        let reader = Reader::new(&self.cx, state, reached.step);
        let uncacheable = reader.truth(&state.variable(Variable::BerespUncacheable), Type::Bool);
        let above_zero = |variable| reader.truth(&state.variable(variable), Type::Duration);
        let lives = Formula::any(
            [Variable::BerespTtl, Variable::BerespGrace, Variable::BerespStaleIfError, Variable::BerespKeep]
                .map(above_zero),
        );
        let says = |directive| self.says(state, directive);
        let forbidden = Formula::any([
            Formula::all([says(Directive::NoStore), says(Directive::MustUnderstand).not()]),
            says(Directive::Private),
        ]);
        let authorized = reader.test(&state.field(Message::Req, &AUTHORIZATION), &Test::Set);
        let shared = Formula::any([says(Directive::Public), says(Directive::MustRevalidate), says(Directive::SMaxage)]);
        Formula::all([
            reached.class.guard.clone(),
            uncacheable.not(),
            lives,
            forbidden.not(),
            Formula::any([authorized.not(), shared]),
        ])
    }

    /// When the answer says a directive: its `Cache-Control`, or a field that stands in for it. What such a field says is
    /// not known.
    #[must_use]
    pub fn says(&self, state: &State, directive: Directive) -> Formula {
        let field = state.field(Message::Beresp, &CACHE_CONTROL);
        let view = field.map(|field| Term::made(Op::Directive(Message::Beresp, directive), vec![field.clone()]));
        let test = if directive.ty() == Type::Bool { Test::Holds } else { present(Type::Duration) };
        let stood_in_for = self.is_stood_in_for(state);
        let by_another = Formula::all([stood_in_for.clone(), self.anything_holds()]);
        Formula::any([Formula::all([stood_in_for.not(), self.test(&view, &test)]), by_another])
    }

    /// When a field may stand in for the answer's `Cache-Control` (RFC 9213): one that the policy names may be there or not.
    fn is_stood_in_for(&self, state: &State) -> Formula {
        if state.is_changed(&Place::Variable(Variable::BereqCacheControlFields)) {
            return self.anything_holds();
        }
        let fields = <&TargetList>::default().names().iter();
        Formula::any(fields.map(|name| self.test(&state.field(Message::Beresp, name), &Test::Set)))
    }

    /// That of which nothing is known.
    fn anything_holds(&self) -> Formula {
        self.test(&Cases::one(self.anything()), &Test::Holds)
    }

    /// When a request that `recv` leaves so can be looked up at all: `cache::asked` says the same of one that is known.
    #[must_use]
    pub fn is_looked_up(&self, state: &State) -> Formula {
        let among =
            |texts: &[&'static str]| Test::In(texts.iter().map(|text| Texts::Exact(text.as_bytes().into())).collect());
        let has = |name| self.test(&state.field(Message::Req, &name), &Test::Set);
        let method = state.variable(Variable::ReqMethod);
        let no_length = self.test(&state.field(Message::Req, &CONTENT_LENGTH), &among(&["0"]));
        let has_content = Formula::any([has(TRANSFER_ENCODING), Formula::all([has(CONTENT_LENGTH), no_length.not()])]);
        Formula::all([
            self.test(&method, &among(&["GET", "HEAD", QUERY])),
            has(IF_MATCH).not(),
            has(IF_UNMODIFIED_SINCE).not(),
            Formula::any([self.test(&method, &among(&[QUERY])), has_content.not()]),
        ])
    }

    /// The place that held a value at the start of a step, where two policies are compared and nothing else is known of it.
    #[must_use]
    pub fn place_of(&self, value: &Term) -> Option<Place> {
        self.cx.unknowns.place(value)
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
    fn passes(statements: &[Statement]) -> bool {
        statements.iter().any(|statement| match &statement.kind {
            StatementKind::Return(outcome) => outcome.action == Action::Pass,
            StatementKind::If { arms, otherwise, .. } => arms.iter().any(|arm| passes(&arm.body)) || passes(otherwise),
            _ => false,
        })
    }
    let subs = hir.subs.iter().any(|sub| passes(&sub.body.statements) && !sub.name.starts_with("builtin."));
    subs || hir.step(Step::BackendResponse).is_some_and(|step| passes(&step.body.statements))
}

/// Variables that may be others in each step.
const VOLATILE: &[Variable] = &[
    Variable::Now,
    Variable::ReqIsHitmiss,
    Variable::ReqIsHitpass,
    Variable::BereqIsHitmiss,
    Variable::BereqIsHitpass,
    Variable::BereqIsBgfetch,
    Variable::ObjHits,
    Variable::ObjTtl,
    Variable::ObjAge,
];

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
        (Step::Hash, Some(Action::Lookup)) if fate == Fate::Purge => to(Step::Purge, fate),
        (Step::Hash, Some(Action::Lookup)) => {
            to(Step::Hit, fate);
            to(Step::Miss, fate);
        }
        (Step::Recv | Step::Hit | Step::Miss, Some(Action::Pass)) => to(Step::Pass, Fate::Pass),
        (Step::Recv, Some(Action::Pipe)) => to(Step::Pipe, Fate::Pass),
        (Step::Miss, Some(Action::Fetch)) => to(Step::BackendFetch, Fate::Miss),
        (Step::Pass, Some(Action::Fetch)) => to(Step::BackendFetch, Fate::Pass),
        (Step::BackendFetch, Some(Action::Fetch)) => {
            to(Step::BackendResponse, fate);
            to(Step::BackendError, fate);
        }
        (Step::BackendResponse | Step::BackendError, Some(Action::Retry)) => to(Step::BackendFetch, fate),
        (Step::BackendFetch | Step::BackendResponse, Some(Action::Error)) => to(Step::BackendError, fate),
        (Step::BackendResponse | Step::BackendError, Some(Action::Deliver | Action::Pass))
        | (Step::Hit, Some(Action::Deliver)) => to(Step::Deliver, fate),
        (_, Some(Action::Synth | Action::Abandon)) => to(Step::Synth, fate),
        _ => {}
    }
}

/// What is left when a request begins again: the request as it is by then.
fn begun_again(mut state: State) -> State {
    state.key.clear();
    state.retain(|place| match place {
        Place::Field(message, _) => *message == Message::Req,
        Place::Variable(variable) => {
            ["req.", "client.", "sess."].iter().any(|start| variable.name().starts_with(start))
        }
    });
    state
}
