//! Whole journeys.

use std::borrow::Cow;

use super::journey::{Journey, Response, Treatment};
use super::message::{Answer, Request};
use super::state::{Exchange, Fetch, Head, State};
use super::stored::Store;
use super::world::World;
use super::written;
use crate::cache::asked;
use crate::decision::{Program, RuleId, Value, Verdict};
use crate::lang::hir::{BackendId, Expression, Hir, HostPattern};
use crate::lang::schema::Step;

/// A request and what the backend says to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What the client sends.
    pub request: Request,
    /// What the backend says; `None` if no connection to it can be made.
    pub answer: Option<Answer>,
    /// What it says when it is asked again, in order; the last of all answers is the one of each further time.
    pub later: Vec<Option<Answer>>,
}

impl Case {
    /// A request, and what the backend says each time it is asked; `None` if no connection to it can be made.
    #[must_use]
    pub fn new(request: Request, answer: Option<Answer>) -> Self {
        Self { request, answer, later: Vec::new() }
    }

    /// What the backend says when it was asked so often before.
    #[must_use]
    pub fn answer_behind(&self, before: usize) -> Option<&Answer> {
        let later = before.min(self.later.len()).checked_sub(1).and_then(|at| self.later.get(at));
        later.unwrap_or(&self.answer).as_ref()
    }

    /// All that it says, in order.
    pub fn answers(&self) -> impl Iterator<Item = Option<&Answer>> {
        std::iter::once(self.answer.as_ref()).chain(self.later.iter().map(Option::as_ref))
    }
}

/// A policy that requests can be taken through.
#[derive(Debug)]
pub struct Simulator {
    program: Program,
    default_backend: Option<BackendId>,
    /// Those of `backend NAME none;`.
    nowhere: Vec<BackendId>,
    site: Option<String>,
    sites: Vec<(Vec<HostPattern>, Simulator)>,
}

impl Simulator {
    /// Lowers a policy with its sites.
    #[must_use]
    pub fn new(hir: Hir) -> Self {
        Self::lowered(hir, Program::new)
    }

    /// The same, with conditions that can be exchanged.
    #[must_use]
    pub fn in_turn(hir: Hir) -> Self {
        Self::lowered(hir, Program::in_turn)
    }

    fn lowered(mut hir: Hir, lower: fn(Hir) -> Program) -> Self {
        let sites = std::mem::take(&mut hir.sites);
        let sites = sites.into_iter().map(|site| {
            let policy = Self { site: Some(site.name()), ..Self::lowered(Hir::clone(&site.policy), lower) };
            (site.hosts, policy)
        });
        let (sites, default_backend, nowhere) = (sites.collect(), hir.default_backend, hir.nowhere().collect());
        Self { program: lower(hir), default_backend, nowhere, site: None, sites }
    }

    /// Puts a condition in the place of that of a rule of a site, or of the root's policy: see [`Program::exchange`].
    pub fn exchange(&mut self, site: Option<&str>, rule: RuleId, condition: Expression) -> Option<Expression> {
        let mut sites = self.sites.iter_mut().map(|(_, policy)| policy);
        let found = sites.find(|policy| site.is_some() && policy.site.as_deref() == site);
        let program = if site.is_none() { &mut self.program } else { &mut found?.program };
        program.exchange(rule, condition)
    }

    /// The program of the root's policy.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The program of the site of that name, or of the root's policy.
    #[must_use]
    pub fn program_of(&self, site: Option<&str>) -> &Program {
        let found = self.sites.iter().map(|(_, policy)| policy).find(|policy| policy.site.as_deref() == site);
        &found.filter(|_| site.is_some()).unwrap_or(self).program
    }

    /// Takes a request through the steps, as long as the policy has it begin again. What is stored is found there and
    /// left there.
    #[must_use]
    pub fn run(&self, case: &Case, store: &mut Store, world: &World) -> Journey {
        let head = Head::of(&case.request);
        let (mut journey, behind) = self.serving(&head).run_here(case, head, store, world, false);
        journey.behind = behind.map(|head| Box::new(self.serving(&head).run_here(case, head, store, world, true).0));
        journey
    }

    /// The same where nothing is stored.
    #[must_use]
    pub fn run_cold(&self, case: &Case, world: &World) -> Journey {
        self.run(case, &mut Store::default(), world)
    }

    /// Whose policy serves a request: its site's, if there is one for its host. Of several hosts that fit, the longest.
    fn serving(&self, head: &Head) -> &Self {
        let host = asked::host(&head.headers).unwrap_or_default();
        let fits = self.sites.iter().flat_map(|(hosts, site)| hosts.iter().map(move |pattern| (pattern, site)));
        let fits = fits.filter(|(pattern, _)| is_of(&host, pattern));
        let best = fits.max_by_key(|(pattern, _)| (!pattern.is_wildcard, pattern.name.len()));
        best.map_or(self, |(_, site)| site)
    }

    /// Whether a condition on a request, the answer to it and what came of both holds: one of an invariant of the policy
    /// that serves it.
    #[must_use]
    pub fn holds(&self, condition: &Expression, case: &Case, journey: &Journey, world: &World) -> bool {
        self.after(case, journey, world, |site, state| {
            matches!(site.program.value(Step::Recv, condition, state), Value::Bool(true))
        })
    }

    /// The text of such an expression; `None` if it is unset.
    #[must_use]
    pub fn text(&self, text: &Expression, case: &Case, journey: &Journey, world: &World) -> Option<Vec<u8>> {
        self.after(case, journey, world, |site, state| match site.program.value(Step::Recv, text, state) {
            Value::Text(text) => text.map(Cow::into_owned),
            _ => None,
        })
    }

    /// Looks at a request as it came, with the answer and what came of both.
    fn after<T>(&self, case: &Case, journey: &Journey, world: &World, look: impl Fn(&Self, &State<'_>) -> T) -> T {
        let head = Head::of(&case.request);
        let site = self.serving(&head);
        let mut state = site.state(case, head, world);
        let answer = journey.answer.and_then(|before| case.answer_behind(before)).cloned();
        state.fetch.beresp = answer.map(|answer| Response {
            status: answer.status,
            reason: None,
            headers: answer.headers,
            body: answer.body,
        });
        state.resp = Some(journey.response.clone());
        state.outcome = Some(journey);
        look(site, &state)
    }

    /// The value of such an expression, as the language writes it.
    #[must_use]
    pub fn shown(&self, value: &Expression, case: &Case, journey: &Journey, world: &World) -> String {
        self.after(case, journey, world, |site, state| {
            written::value(&site.program.value(Step::Recv, value, state), &site.program)
        })
    }

    fn state<'s>(&'s self, case: &Case, head: Head, world: &'s World) -> State<'s> {
        State {
            world,
            program: &self.program,
            site: self.site.as_deref(),
            default_backend: self.default_backend,
            nowhere: &self.nowhere,
            step: Step::Recv,
            place: None,
            client: case.request.client,
            req: head,
            exchange: Exchange::default(),
            fetch: Fetch::default(),
            resp: None,
            obj: None,
            is_behind: false,
            restarts: 0,
            is_content_gone: false,
            log: Vec::new(),
            outcome: None,
        }
    }

    /// One request's way, and that which is to be fetched behind it.
    fn run_here(
        &self,
        case: &Case,
        head: Head,
        store: &mut Store,
        world: &World,
        is_behind: bool,
    ) -> (Journey, Option<Head>) {
        let state = State { is_behind, ..self.state(case, head, world) };
        let journey = Journey { site: self.site.clone(), ..Journey::default() };
        let mut way = Way { case, state, store, journey, tries: 0, answer: None, behind: None };
        let response = loop {
            match way.receive() {
                Next::Answered(response) => break response,
                Next::Again => way.begin_again(),
            }
        };
        way.journey.response = response;
        way.journey.log = way.state.log;
        (way.journey, way.behind)
    }
}

/// Whether a host, in lower case, is one of those.
fn is_of(host: &[u8], pattern: &HostPattern) -> bool {
    let name = pattern.name.as_bytes();
    if !pattern.is_wildcard {
        return host == name;
    }
    host.strip_suffix(name).and_then(|rest| rest.strip_suffix(b".")).is_some_and(|label| !label.is_empty())
}

/// What comes of a step, or of several.
pub(super) enum Next {
    /// The client gets this.
    Answered(Response),
    /// The request begins again.
    Again,
}

/// A request under way.
pub(super) struct Way<'a> {
    pub case: &'a Case,
    pub state: State<'a>,
    pub store: &'a mut Store,
    pub journey: Journey,
    /// How often a backend was to be asked.
    pub tries: usize,
    /// Which answer came last, by how often a backend was to be asked before.
    pub answer: Option<usize>,
    /// The request as it was when a stale response was found for it.
    pub behind: Option<Head>,
}

impl Way<'_> {
    /// Runs a step, and keeps what it did.
    pub fn step(&mut self, step: Step) -> Verdict {
        self.state.step = step;
        self.state.place = None;
        let explanation = self.state.program.explain(step, &mut self.state);
        let verdict = explanation.verdict.clone();
        self.journey.steps.push(super::Ran { step, explanation });
        verdict
    }

    fn begin_again(&mut self) {
        self.state.is_content_gone |=
            self.state.fetch.was_sent && !self.case.request.body.is_empty() && !self.state.exchange.keeps_content;
        self.state.exchange = self.state.exchange.again();
        self.state.fetch = Fetch::default();
        (self.state.resp, self.state.obj) = (None, None);
        (self.journey.treatment, self.journey.key) = (Treatment::Answered, None);
        (self.journey.passed, self.journey.backend, self.journey.backend_name) = (false, None, None);
    }
}
