//! What may be looked up, and what is stored, as conditions: `cache` says the same of a request and an answer that are known.

use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, IF_MATCH, IF_UNMODIFIED_SINCE, TRANSFER_ENCODING,
};

use super::formula::{Formula, Test};
use super::journey::{Analysis, Fate, Reached};
use super::read::{Reader, present};
use super::state::{Cases, State};
use super::term::{Op, Place, Term};
use crate::cache::TargetList;
use crate::cache::asked::QUERY;
use crate::lang::hir::Texts;
use crate::lang::schema::{Action, Directive, Message, Step, Type, Variable};

impl Analysis<'_> {
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
            self.is_never_stored(state).not(),
        ])
    }

    /// When the answer to a request that passes may be stored for a GET: it is one to a POST, and says itself how long it is
    /// fresh (`proxy/post`).
    #[must_use]
    pub fn may_be_for_get(&self, state: &State) -> Formula {
        let method = Cases::one(Term::Input(Place::Variable(Variable::ReqMethod)));
        let is_post = self.test(&method, &Test::In([Texts::Exact(b"POST"[..].into())].to_vec().into()));
        let says_so = state.variable(Variable::BerespTtl).holds(|term| !term.is_constant());
        let is_ok = self.test(&state.variable(Variable::BerespStatus), &Test::Within([200..=200].to_vec().into()));
        Formula::all([is_post, says_so, is_ok])
    }

    /// When the answer has a status that is never stored, or says that it is a part and not which one.
    fn is_never_stored(&self, state: &State) -> Formula {
        let status = state.variable(Variable::BerespStatus);
        let has_place = self.test(&state.field(Message::Beresp, &CONTENT_RANGE), &Test::Set);
        let is_part = self.test(&status, &Test::Within([206..=206].to_vec().into()));
        let never = self.test(&status, &Test::Within([100..=199, 304..=304, 416..=416, 600..=999].to_vec().into()));
        Formula::any([never, Formula::all([is_part, has_place.not()])])
    }

    /// When what the backend answers is a part, which is not what the policy makes of the status.
    pub(super) fn is_answered_with_part(&self, state: &State) -> Formula {
        let status = state.variable(Variable::BerespStatus).spread();
        let is_answer = |term: &Term| term.place() == Some(&Place::Variable(Variable::BerespStatus));
        let came = Cases::new(status.iter().filter(|(_, term)| is_answer(term)).cloned());
        self.test(&came, &Test::Within([206..=206].to_vec().into()))
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
}
