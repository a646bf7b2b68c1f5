//! What lints look at: one walk over all steps, and what was seen on it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::asking::{Asking, asks};
use super::mixed::Mixed;
use super::unfinished::{Budget, Unfinished};
use super::{builtin_files, first_line, walk, words};
use crate::analysis::{Analysis, At, Formula, Journeys, Ladder, Model, Solver, State, Visitor, Witness};
use crate::decision::{Rule, RuleId};
use crate::lang::hir::{Arm, Hir, Statement, StatementKind, Table};
use crate::lang::schema::{Action, Step, Variable};
use crate::lang::source::{FileId, SourceMap, Span};
use crate::simulate::{Case, Journey, Simulator, Store, Treatment, World};

/// A ladder, each time that it is come to.
pub(super) struct Visit {
    pub ladder: Arc<Ladder>,
    /// Of each arm, whether its condition is not to be judged: it counts tries, or is switched on and off by hand or by a file.
    pub is_open: Vec<bool>,
    pub guard: Formula,
    pub step: Step,
    /// What requests have in places by then, if that is kept.
    pub state: Option<Arc<State>>,
    /// The arms around it.
    pub around: Vec<Span>,
}

/// A statement that does something that lints ask about, each time that it is come to.
pub(super) struct Deed {
    pub kind: DeedKind,
    pub span: Span,
    pub step: Step,
    pub guard: Formula,
    pub state: Arc<State>,
    /// The arms around it.
    pub around: Vec<Span>,
}

/// So many statements that shape what is stored by what clients say, or say for how long it is, are kept in mind.
const MOST_SHAPING: usize = 100_000;

/// What all lints look for that see what becomes of requests.
const BY_ALL: &str =
    "what becomes of requests (W0510 to W0521, W0623, W0626, W0702, W0703, W0706, W0741, W0801 to W0807)";
/// What lints look for that see what statements do.
const BY_DEEDS: &str = "what statements do to what is stored (W0623, W0626, W0702, W0703, W0706, W0801, W0802, W0805)";

/// What such a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeedKind {
    /// Ends the step.
    Return(Action),
    /// Removes what is stored by tags.
    PurgeTags,
    /// Bans what is stored.
    Ban,
    /// Fetches anew whatever is stored.
    Refresh,
    /// Gives the backend what may be somebody's own.
    Sends,
    /// Writes another field of a request, which may say what somebody's own fields said.
    Carries,
    /// Shapes what is stored, or decides where it comes from.
    Shapes(Shaped),
    /// Says how long a response is kept.
    Lives(Variable),
    /// Tests something in an order that may cost more than another.
    Tests,
}

/// What such a statement shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shaped {
    /// A field of the response.
    Field,
    /// The content of the response.
    Body,
    /// What the backend is asked for.
    Url,
    /// The host that the backend is asked for.
    Host,
    /// Which backend is asked.
    Backend,
}

/// A policy with all that requests come to in it.
pub(super) struct Survey<'h> {
    pub hir: &'h Hir,
    pub sources: &'h SourceMap,
    pub analysis: Analysis<'h>,
    pub solver: Solver<'h>,
    pub journeys: Journeys,
    pub visits: Vec<Visit>,
    pub deeds: Vec<Deed>,
    pub asking: Asking<'h>,
    /// What is looked for at the moment, with its codes.
    pub sought: &'static str,
    /// What was not looked at.
    pub unfinished: Vec<Unfinished>,
    /// Requests that are answered with each other's answers, of which it is told.
    pub mixed: Vec<Mixed>,
    builtin: HashSet<FileId>,
    simulator: Option<Simulator>,
}

/// Some moment: `now`, while requests are tried.
const MOMENT_SECONDS: u64 = 784_111_777;

fn moment() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(MOMENT_SECONDS)
}

impl<'h> Survey<'h> {
    /// Where `keeps_states`, visits have the state. `tests` are the statements that are deeds for what they test. What is
    /// done is done to the `requests` that are for the policy: those for other hosts are for another one.
    pub(super) fn of(
        hir: &'h Hir,
        sources: &'h SourceMap,
        requests: &Formula,
        keeps_states: bool,
        tests: &HashSet<Span>,
    ) -> Self {
        let analysis = Analysis::new(hir);
        let builtin = builtin_files(sources);
        let asking = Asking::of(hir);
        let mut eyes = Eyes::new(hir, &builtin, &asking, (keeps_states, tests));
        let journeys = analysis.journeys(&mut eyes);
        let Eyes { visits, mut deeds, shaping, left_out, .. } = eyes;
        for deed in &mut deeds {
            deed.guard = Formula::all([requests.clone(), deed.guard.clone()]);
        }
        let solver = if journeys.gave_up.is_some() { Solver::hurried(hir) } else { Solver::new(hir) };
        let (sought, simulator) = (BY_ALL, None);
        let (unfinished, mixed) = (Vec::new(), Vec::new());
        let mut survey = Self {
            hir,
            sources,
            analysis,
            solver,
            journeys,
            visits,
            deeds,
            asking,
            sought,
            unfinished,
            mixed,
            builtin,
            simulator,
        };
        if let Some(budget) = survey.journeys.gave_up {
            survey.leave(None, Budget::Of(budget), 1);
        }
        if left_out.is_some() {
            survey.sought = BY_DEEDS;
            survey.leave(left_out, Budget::Places(MOST_SHAPING), shaping - MOST_SHAPING);
        }
        survey
    }

    /// Looks at a place, and notes if a budget ended before anything was found.
    pub(super) fn look_at<T>(&mut self, span: Span, look: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let _ = self.solver.ended();
        let found = look(self);
        if let Some(budget) = self.solver.ended().filter(|_| found.is_none()) {
            self.leave(Some(span), Budget::Of(budget), 1);
        }
        found
    }

    /// Notes that so many places are not looked at, of which this is the first.
    pub(super) fn leave(&mut self, span: Option<Span>, budget: Budget, count: usize) {
        self.unfinished.push(Unfinished { sought: self.sought, budget, span, count });
    }

    /// The first place of the policy at which something is asked or done.
    pub(super) fn first_place(&self) -> Option<Span> {
        let ladders = self.visits.iter().map(|visit| visit.ladder.span(None));
        let all = ladders.chain(self.deeds.iter().map(|deed| deed.span));
        all.filter(|span| !self.is_builtin(*span)).min()
    }

    /// What becomes of a request, where nothing is stored.
    pub(super) fn replay(&mut self, witness: &Witness) -> Journey {
        self.replay_behind(witness, &mut Store::default())
    }

    /// What becomes of a request with what is stored by then.
    pub(super) fn replay_behind(&mut self, witness: &Witness, store: &mut Store) -> Journey {
        self.run(&Case::new(witness.request.clone(), Some(witness.answer.clone())), store)
    }

    /// What becomes of a request when no connection to the backend can be made.
    pub(super) fn replay_without_answer(&mut self, witness: &Witness) -> Journey {
        self.run(&Case::new(witness.request.clone(), None), &mut Store::default())
    }

    /// Whether the second request is answered with what was stored for the first.
    pub(super) fn is_hit(&mut self, first: &Witness, second: &Witness) -> bool {
        let mut store = Store::default();
        self.replay_behind(first, &mut store);
        self.replay_behind(second, &mut store).treatment == Treatment::Hit
    }

    /// What becomes of a request so long after the others, while all backends that have a probe are sick.
    pub(super) fn replay_while_sick(&mut self, witness: &Witness, store: &mut Store, after: Duration) -> Journey {
        let case = Case::new(witness.request.clone(), Some(witness.answer.clone()));
        let probed = self.hir.backends.iter().filter(|backend| backend.probe.is_some());
        let sick = probed.map(|backend| backend.name.clone()).collect();
        self.run_in(&World { sick, ..World::at(moment() + after) }, &case, store)
    }

    /// What becomes of a request whose answer is what a 304 made of a stored response.
    pub(super) fn replay_confirming(&mut self, witness: &Witness) -> Journey {
        let case = Case::new(witness.request.clone(), Some(witness.answer.clone()));
        self.run_in(&World { is_confirming: true, ..World::at(moment()) }, &case, &mut Store::default())
    }

    fn run(&mut self, case: &Case, store: &mut Store) -> Journey {
        self.run_in(&World::at(moment()), case, store)
    }

    fn run_in(&mut self, world: &World, case: &Case, store: &mut Store) -> Journey {
        self.simulator().run(case, store, world)
    }

    fn simulator(&mut self) -> &Simulator {
        self.simulator.get_or_insert_with(|| Simulator::new(self.hir.clone()))
    }

    /// The rules with these conditions, and what is done where none holds up to one of them that is the last.
    pub(super) fn rules(&mut self, conditions: &HashSet<Span>) -> HashSet<RuleId> {
        let mut before = None;
        let is_one = |rule: &Rule| {
            before = rule.condition.or(before);
            before.is_some_and(|condition| conditions.contains(&condition))
        };
        self.simulator().program_of(None).rules().filter(is_one).map(|rule| rule.id).collect()
    }

    /// When something is stored at the end of `backend_response`.
    pub(super) fn stored(&self) -> Formula {
        let ends = self.journeys.at(Step::BackendResponse).map(|reached| self.analysis.stored(reached));
        Formula::any(ends.collect::<Vec<_>>())
    }

    /// Whether a place is in the built-in policy.
    pub(super) fn is_builtin(&self, span: Span) -> bool {
        self.builtin.contains(&span.file)
    }

    /// Whether the policy replaces that piece of the built-in one: then it means what it does.
    pub(super) fn overrides(&self, piece: &str) -> bool {
        self.hir.subs.iter().any(|sub| sub.name == piece && !self.is_builtin(sub.span))
    }

    /// The place in the policy at which a step ends so, for the request of a model.
    pub(super) fn decided(&self, step: Step, action: Action, model: &Model<'_>) -> Option<&Deed> {
        let is_that = |deed: &&Deed| deed.step == step && deed.kind == DeedKind::Return(action);
        self.deeds.iter().filter(is_that).find(|deed| model.satisfies(&deed.guard))
    }

    /// The part of a place that stands in its first line.
    pub(super) fn first_line(&self, span: Span) -> Span {
        first_line(span, self.sources)
    }
}

struct Eyes<'s> {
    builtin: &'s HashSet<FileId>,
    asking: &'s Asking<'s>,
    tables: &'s [Table],
    tests: &'s HashSet<Span>,
    visits: Vec<Visit>,
    deeds: Vec<Deed>,
    keeps_states: bool,
    /// Whether the policy asks for cookies or credentials at all.
    asks_who: bool,
    shaping: usize,
    /// The first that is not kept in mind.
    left_out: Option<Span>,
}

impl<'s> Eyes<'s> {
    fn new(
        hir: &'s Hir,
        builtin: &'s HashSet<FileId>,
        asking: &'s Asking<'s>,
        (keeps_states, tests): (bool, &'s HashSet<Span>),
    ) -> Self {
        let (visits, deeds) = (Vec::new(), Vec::new());
        // The built-in policy asks in any case.
        let is_own = |statement: &&Statement| !builtin.contains(&statement.span.file);
        let asks_who = walk::statements(hir).into_iter().filter(is_own).flat_map(walk::direct).any(words::asks_who);
        let tables = &hir.tables;
        Self { builtin, asking, tables, tests, visits, deeds, keeps_states, asks_who, shaping: 0, left_out: None }
    }

    fn note(&mut self, kind: DeedKind, statement: &Statement, at: &At<'_>) {
        let (span, step, guard, state) = (statement.span, at.step, (at.guard)(), self.state(at.state));
        self.deeds.push(Deed { kind, span, step, guard, state, around: at.around.to_vec() });
    }

    /// The state, which is one for all rows of a table.
    fn state(&self, state: &State) -> Arc<State> {
        let before = self.deeds.last().filter(|deed| *deed.state == *state);
        before.map_or_else(|| Arc::new(state.clone()), |deed| Arc::clone(&deed.state))
    }

    /// The state, which is one for all `if`s in a row.
    fn state_of_visit(&self, state: &State) -> Arc<State> {
        let before = self.visits.last().and_then(|visit| visit.state.as_ref()).filter(|before| ***before == *state);
        before.map_or_else(|| Arc::new(state.clone()), Arc::clone)
    }
}

impl Visitor for Eyes<'_> {
    fn ladder(&mut self, ladder: &Arc<Ladder>, arms: &[Arm], at: &At<'_>) {
        if self.builtin.contains(&ladder.span(None).file) {
            return;
        }
        let is_open = |Arm { condition, .. }: &Arm| {
            words::counts_tries(condition) || words::has_switch(condition) || words::asks_a_file(condition, self.tables)
        };
        let is_open = arms.iter().map(is_open).collect();
        let around = at.around.to_vec();
        let state = self.keeps_states.then(|| self.state_of_visit(at.state));
        let ladder = Arc::clone(ladder);
        self.visits.push(Visit { ladder, is_open, guard: (at.guard)(), step: at.step, state, around });
    }

    fn statement(&mut self, statement: &Statement, at: &At<'_>) {
        if self.tests.contains(&statement.span) {
            self.note(DeedKind::Tests, statement, at);
        }
        let kind = match &statement.kind {
            StatementKind::Return(outcome) => DeedKind::Return(outcome.action),
            kind => match words::deed(kind) {
                Some(kind) => kind,
                None => return,
            },
        };
        if kind == DeedKind::Carries && !self.asks_who {
            return;
        }
        if matches!(kind, DeedKind::Shapes(_) | DeedKind::Lives(_) | DeedKind::Carries) {
            if self.builtin.contains(&statement.span.file) || is_same_for_all(kind, statement, at, self.asking) {
                return;
            }
            self.shaping += 1;
            if self.shaping > MOST_SHAPING {
                self.left_out.get_or_insert(statement.span);
                return;
            }
        }
        self.note(kind, statement, at);
    }
}

/// Whether a statement writes the same into each response that comes there, no client has a say in which do, and it says
/// nothing of what may be stored.
fn is_same_for_all(kind: DeedKind, statement: &Statement, at: &At<'_>, asking: &Asking<'_>) -> bool {
    let is_asked = || asking.around(statement.span, at.around).next().is_some();
    let is_content = matches!(kind, DeedKind::Shapes(Shaped::Field | Shaped::Body));
    is_content
        && !words::is_of_caching(&statement.kind)
        && !walk::direct(statement).into_iter().any(asks)
        && !is_asked()
}
