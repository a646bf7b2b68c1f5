//! What a request, and an answer, have at the start of a step.

use http::header::{CONNECTION, CONTENT_LENGTH, DATE, LOCATION, RANGE, RETRY_AFTER, TRANSFER_ENCODING, UPGRADE, VIA};
use http::{HeaderName, Method};

use super::formula::{Formula, Test};
use super::journey::{Analysis, Fate};
use super::state::{Cases, State};
use super::term::{Place, Term};
use crate::cache::asked;
use crate::cache::hop_by_hop::HOP_BY_HOP;
use crate::cache::validation::CONDITIONS;
use crate::lang::hir::Texts;
use crate::lang::schema::{Message, Step, StepSet, Variable};

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

/// Whether it is the backend who says what stands there.
pub(super) fn is_of_answer(place: &Place) -> bool {
    match place {
        Place::Field(message, _) => *message == Message::Beresp,
        Place::Variable(variable) => variable.name().starts_with("beresp."),
    }
}

impl Analysis<'_> {
    /// What a request has at the start of a step.
    pub(super) fn entering(&self, step: Step, fate: Fate, mut state: State) -> State {
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
        if matches!(step, Step::Hit | Step::Miss) && state.is_changed(&Place::Variable(Variable::ReqSlice)) {
            self.entering_slice(step, &mut state);
        }
        match step {
            Step::Hash => state.key.clear(),
            Step::BackendFetch => self.entering_fetch(fate, &mut state),
            Step::Pipe => self.entering_pipe(&mut state),
            Step::BackendResponse | Step::BackendError => {
                for place in self.followed.iter().filter(|place| is_of_answer(place)) {
                    state.set(place.clone(), Cases::one(self.answered(&state, place)));
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

    /// What the backend says in a place. Asked again, it may say something else.
    pub(super) fn answered(&self, state: &State, place: &Place) -> Term {
        if self.answers_once(state) {
            Term::Input(place.clone())
        } else {
            self.cx.entered(Step::BackendResponse, state, place)
        }
    }

    /// Whether no backend was asked before, or says the same as it did.
    pub(super) fn answers_once(&self, state: &State) -> bool {
        let mut counts = [Variable::ReqRestarts, Variable::BereqRetries].into_iter();
        // What was not asked yet was not asked again.
        let is_none = |count: Term| matches!(count, Term::Number(0) | Term::Input(_));
        self.is_steady || counts.all(|count| state.variable(count).only().cloned().is_some_and(is_none))
    }

    /// A request for a slice asks for that, and leaves the client's conditions to where the response is put together.
    fn entering_slice(&self, step: Step, state: &mut State) {
        for name in CONDITIONS.iter().chain([&RANGE]) {
            let place = Place::Field(Message::Req, name.clone());
            let value = self.cx.entered(step, state, &place);
            state.set(place, Cases::one(value));
        }
    }

    /// The backend is sent what the client's request is by then.
    fn entering_fetch(&self, fate: Fate, state: &mut State) {
        // Asked once more it is sent what is left of that.
        if state.is_changed(&Place::Variable(Variable::BereqRetries)) {
            return;
        }
        for place in &self.followed {
            let value = match place {
                Place::Field(Message::Bereq, name) => self.sent_on(fate, state, name),
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
        state.set(Place::Variable(Variable::BereqRetries), Cases::one(Term::Number(0)));
    }

    /// What the backend is sent of a field: the conditions of one client's copy are not, nor what is meant for a connection.
    fn sent_on(&self, fate: Fate, state: &State, name: &HeaderName) -> Cases {
        let may_be_stored = fate == Fate::Miss;
        let is_left_out = |method| asked::not_sent_on(&method, may_be_stored).any(|left_out| left_out == name);
        let came = state.field(Message::Req, name);
        if *name == VIA {
            return self.with_own_via(&came);
        }
        if is_left_out(Method::GET) {
            return Cases::one(Term::Unset);
        }
        if !is_left_out(Method::HEAD) {
            return came;
        }
        let is_get = self
            .test(&state.variable(Variable::ReqMethod), &Test::In([Texts::Exact(b"GET"[..].into())].to_vec().into()));
        let kept = came.iter().map(|(guard, term)| (Formula::all([is_get.clone(), guard.clone()]), term.clone()));
        Cases::new(kept.chain([(is_get.clone().not(), Term::Unset)]))
    }

    /// What stands first in `Via`: who was on the way before, or else warp.
    fn with_own_via(&self, came: &Cases) -> Cases {
        let is_there = self.test(came, &Test::Set);
        let others = came.iter().map(|(guard, term)| (Formula::all([is_there.clone(), guard.clone()]), term.clone()));
        Cases::new(others.chain([(is_there.clone().not(), Term::text(asked::OWN_VIA))]))
    }

    /// The backend is sent what the client's request is by then, but for what is said of the connection and the framing.
    fn entering_pipe(&self, state: &mut State) {
        const SAID_ANEW: [HeaderName; 5] = [CONNECTION, UPGRADE, VIA, TRANSFER_ENCODING, CONTENT_LENGTH];
        for place in &self.followed {
            let value = match place {
                Place::Field(Message::Bereq, name) if SAID_ANEW.contains(name) => {
                    Cases::one(self.cx.entered(Step::Pipe, state, place))
                }
                Place::Field(Message::Bereq, name) if HOP_BY_HOP.contains(name) => Cases::one(Term::Unset),
                Place::Field(Message::Bereq, name) => state.field(Message::Req, name),
                Place::Variable(Variable::BereqUrl) => state.variable(Variable::ReqUrl),
                Place::Variable(Variable::BereqMethod) => state.variable(Variable::ReqMethod),
                Place::Variable(Variable::BereqBackend) => state.variable(Variable::ReqBackendHint),
                _ => continue,
            };
            state.set(place.clone(), value);
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
        let was_asked = state.is_changed(&Place::Variable(Variable::BereqRetries));
        let from_backend = was_asked && step == Step::Deliver;
        for place in &self.followed {
            let value = match place {
                Place::Field(Message::Resp, name) if from_backend => state.field(Message::Beresp, name),
                Place::Variable(Variable::RespStatus) if from_backend => state.variable(Variable::BerespStatus),
                Place::Field(Message::Resp, _) | Place::Variable(Variable::RespStatus) => {
                    Cases::one(self.cx.entered(step, state, place))
                }
                // A page that the policy makes up begins with nothing in it.
                Place::Variable(Variable::RespBody) if step == Step::Synth => Cases::one(Term::text("")),
                _ => continue,
            };
            state.set(place.clone(), value);
        }
    }
}

/// What is left when a request begins again: the request as it is by then.
pub(super) fn begun_again(mut state: State) -> State {
    state.key.clear();
    state.retain(|place| match place {
        // What it is in a step is found anew there.
        Place::Variable(variable) if VOLATILE.contains(variable) => false,
        Place::Field(message, _) => *message == Message::Req,
        Place::Variable(variable) => {
            ["req.", "client.", "sess."].iter().any(|start| variable.name().starts_with(start))
        }
    });
    state
}
