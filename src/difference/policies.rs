//! Two policies compared: every class of requests that changes, with a request that was tried.

use std::collections::HashSet;

use http::{Method, StatusCode};

use super::change::Change;
use super::declarations::{Declaration, declarations};
use super::fired::{Fired, apart};
use super::hints::of_model;
use super::join::{is_same, join};
use super::regions::{Region, regions};
use super::rows::Rows;
use super::search::{Question, questions};
use super::trial::{When, lasting, some_world, trial};
use super::unseen::{may_try_again, refreshes_otherwise, unseen};
use crate::analysis::invariant::has_host;
use crate::analysis::{Analysis, Answer, Formula, Hint, Model, Place, Solver, Term, Test, Witness, variants};
use crate::lang::hir::{Hir, StatementKind, Texts};
use crate::lang::schema::Variable;
use crate::lang::source::SourceMap;
use crate::simulate::{Answer as Response, Case, Journey, Simulator};

/// A policy with its text.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'p> {
    /// What it says.
    pub hir: &'p Hir,
    /// Its text.
    pub sources: &'p SourceMap,
}

/// What changes from one policy to another.
#[derive(Debug, Default)]
pub struct Difference {
    /// Classes of requests that are treated otherwise.
    pub classes: Vec<Class>,
    /// Declarations of backends and directors that say something else.
    pub declarations: Vec<Declaration>,
    /// Where there may be more classes than those, and why it is not known.
    pub gave_up: Vec<String>,
}

/// Requests that are treated otherwise, all in the same way and by the same rules.
#[derive(Clone, Debug)]
pub struct Class {
    /// In which regards.
    pub change: Change,
    /// One of them, with the answer of the backend.
    pub case: Case,
    /// How often it is made until it changes.
    pub when: When,
    /// What becomes of it by the old policy.
    pub old: Journey,
    /// What becomes of it by the new one.
    pub new: Journey,
    /// The rules of the old policy that fire.
    pub old_rules: Vec<Fired>,
    /// The rules of the new policy that fire.
    pub new_rules: Vec<Fired>,
}

impl Class {
    /// How little people know of requests like it, as a number: what they know best is told first.
    fn strangeness(&self) -> (usize, usize) {
        let answer = self.case.answer.as_ref().map_or(usize::MAX, |answer| answer.headers.len());
        (rank(&self.case.request.method), self.case.request.headers.len().saturating_add(answer))
    }
}

impl Difference {
    /// Whether nothing changes, for certain.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.classes.is_empty() && self.declarations.is_empty() && self.gave_up.is_empty()
    }
}

/// So many classes are told.
pub const MOST_CLASSES: usize = 50;
/// Why it is not known: requests of which some may change were tried, and do not.
const TRIED: &str = "no request that was tried shows a difference";
/// Why there may be more: the classes that are told are enough.
const ENOUGH: &str = "more classes: those that are told are enough";

/// So many sets of values are tried for two policies.
const MOST_SPENT: usize = 30_000;
/// Why it is not known: there is much to ask, and it is hard to answer.
const SPENT: &str = "anything: there are too many ways to make all conditions hold";

/// Compares two policies with their sites.
#[must_use]
pub fn difference(old: Policy<'_>, new: Policy<'_>) -> Difference {
    let mut found = Difference { declarations: declarations(old.hir, new.hir), ..Difference::default() };
    let simulators = [Simulator::new(old.hir.clone()), Simulator::new(new.hir.clone())];
    for region in regions(old.hir, new.hir) {
        let (answered, open) = (HashSet::new(), Vec::new());
        let mut comparison = Comparison { old, new, simulators: &simulators, found: &mut found, answered, open };
        let known = comparison.found.classes.len();
        comparison.region(&region);
        let Comparison { answered, open, .. } = comparison;
        found.classes.get_mut(known..).unwrap_or_default().sort_by_key(Class::strangeness);
        found.gave_up.extend(open.into_iter().filter(|(about, _)| !answered.contains(about)).map(|(_, told)| told));
    }
    found.gave_up.sort_unstable();
    found.gave_up.dedup();
    found
}

struct Comparison<'c> {
    old: Policy<'c>,
    new: Policy<'c>,
    simulators: &'c [Simulator; 2],
    found: &'c mut Difference,
    /// What questions were about that were answered by a request.
    answered: HashSet<String>,
    /// Those of which it is not known, and why, for people.
    open: Vec<(String, String)>,
}

impl Comparison<'_> {
    fn region(&mut self, region: &Region<'_>) {
        let hosts = Formula::all([region.hosts.clone(), has_host()]);
        let (old, new) = join(region.old, region.new);
        let analyses = Analysis::beside(&old, &new);
        let mut solver = Solver::new(&old);
        if region.moves {
            self.ask(&mut solver, &Question::of_site(&hosts));
        }
        if is_same(&old, &new) {
            return;
        }
        let (rows, known) = (Rows::of(&old, &new), self.answered.len());
        let rows = rows.filter(|_| !refreshes_otherwise(&old, &new)).map(|rows| rows.questions(&analyses, &hosts));
        let mut is_settled = false;
        if let Some(asked) = rows {
            self.ask_all(&mut solver, &asked.all);
            is_settled = self.open.is_empty() && asked.gave_up.is_none();
            if is_settled && self.answered.len() == known {
                return;
            }
            self.open.clear();
        }
        self.found.gave_up.extend(unseen(&old, &new).into_iter().map(str::to_owned));
        // Of a row of a long table one request is enough.
        if is_settled && longest(&old).max(longest(&new)) > LONG {
            return;
        }
        let asked = questions(&analyses, &hosts);
        self.found.gave_up.extend(asked.gave_up.map(beyond));
        self.ask_all(&mut solver, &asked.all);
    }

    fn ask_all(&mut self, solver: &mut Solver<'_>, questions: &[Question]) {
        for question in questions {
            if self.found.classes.len() >= MOST_CLASSES {
                self.found.gave_up.push(ENOUGH.to_owned());
                return;
            }
            if solver.spent() >= MOST_SPENT {
                self.found.gave_up.push(SPENT.to_owned());
                return;
            }
            self.ask(solver, question);
        }
    }

    fn ask(&mut self, solver: &mut Solver<'_>, question: &Question) {
        let general = match solver.solve(&question.formula) {
            Answer::Impossible(_) => return,
            Answer::GaveUp(budget) => return self.leave_open(question, &format!("there are too many {budget}")),
            Answer::Possible(model) => model,
        };
        let is_plain = general.witness().is_some_and(|witness| rank(&witness.request.method) == 0);
        let plain = if is_plain { None } else { plain(solver, question) };
        let changes = plain.iter().chain([&general]).any(|model| self.tried(model, &question.hints));
        if changes {
            self.answered.insert(question.about.clone());
        } else {
            let by = general.witness().map(|witness| self.rules_for(&witness)).unwrap_or_default();
            self.leave_open(question, &format!("{TRIED}{by}"));
        }
    }

    /// By which rules a request that was tried comes to where there may be a difference.
    fn rules_for(&self, witness: &Witness) -> String {
        let case = Case::new(witness.request.clone(), Some(witness.answer.clone()));
        let [before, after] = self.simulators;
        let [old, new] = self.simulators.each_ref().map(|simulator| simulator.run_cold(&case, &some_world()));
        let rules = apart((&old, before, self.old.sources), (&new, after, self.new.sources));
        let named = |rules: &[Fired]| rules.last().map(|rule| rule.place.clone());
        let mut places: Vec<String> = [named(&rules.0), named(&rules.1)].into_iter().flatten().collect();
        places.dedup();
        if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) }
    }

    fn leave_open(&mut self, question: &Question, why: &str) {
        self.open.push((question.about.clone(), format!("{}: {why}", question.place)));
    }

    /// Tries the witness of a model, and others like it; whether it is treated otherwise.
    fn tried(&mut self, model: &Model<'_>, hints: &[Hint]) -> bool {
        let Some(witness) = model.witness() else { return false };
        let mut hints = hints.to_vec();
        let met = of_model(model, &mut hints);
        cases(&witness, &hints, self.may_try_again()).into_iter().any(|case| {
            let found = trial(self.simulators, &case, &met);
            found.map(|(when, change, [old, new])| self.add(when, change, case, old, new)).is_some()
        })
    }

    /// Whether a backend that is asked in vain may be asked again by one of the policies.
    fn may_try_again(&self) -> bool {
        let sites = [self.old.hir, self.new.hir].into_iter().flat_map(|hir| &hir.sites).map(|site| &*site.policy);
        [self.old.hir, self.new.hir].into_iter().chain(sites).any(may_try_again)
    }

    fn add(&mut self, when: When, change: Change, case: Case, old: Journey, new: Journey) {
        let [before, after] = self.simulators;
        let (old_rules, new_rules) = apart((&old, before, self.old.sources), (&new, after, self.new.sources));
        let is_known = |class: &Class| {
            class.change == change
                && class.old_rules == old_rules
                && class.new_rules == new_rules
                && class.old.site == old.site
        };
        if !self.found.classes.iter().any(is_known) {
            self.found.classes.push(Class { change, case, when, old, new, old_rules, new_rules });
        }
    }
}

/// That there may be anything beyond a budget.
fn beyond(budget: &str) -> String {
    format!("anything: there are too many {budget}")
}

/// A table of more rows is a long one.
const LONG: usize = 256;

/// How many rows the longest table of a policy has.
fn longest(hir: &Hir) -> usize {
    let bodies = hir.steps.iter().map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
    let statements = bodies.flat_map(|body| &body.statements);
    let rows = statements.map(|statement| match &statement.kind {
        StatementKind::If { arms, .. } => arms.len(),
        _ => 0,
    });
    rows.max().unwrap_or(0)
}

/// Methods, those first that people know best.
const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];

/// Where a method stands among them.
fn rank(method: &Method) -> usize {
    METHODS.iter().position(|known| known == method).unwrap_or(METHODS.len())
}

/// An answer to a question of a method that people know, if there is one.
fn plain<'h>(solver: &mut Solver<'h>, question: &Question) -> Option<Box<Model<'h>>> {
    METHODS.iter().find_map(|known| {
        let method = Term::Input(Place::Variable(Variable::ReqMethod));
        let is_known =
            Formula::of(method, Test::In([Texts::Exact(known.as_str().as_bytes().to_vec().into())].to_vec().into()));
        match solver.solve(&Formula::all([is_known, question.formula.clone()])) {
            Answer::Possible(model) => Some(model),
            _ => None,
        }
    })
}

/// The requests with the answer, with one that may be used stale, and without one; with one that is of no use as well, where
/// a backend that is asked in vain may be asked again.
fn cases(witness: &Witness, hints: &[Hint], may_try_again: bool) -> Vec<Case> {
    let answer = &witness.answer;
    let useless = may_try_again.then(|| Response { status: StatusCode::NOT_MODIFIED, ..answer.clone() });
    let answers = [Some(answer.clone()), Some(lasting(answer)), None].into_iter().chain(useless.map(Some));
    let of = |answer| variants(&Case::new(witness.request.clone(), answer), hints);
    answers.flat_map(of).collect()
}
