//! Two policies compared: every class of requests that changes, with a request that was tried.

use std::collections::HashSet;

use http::header::CACHE_CONTROL;
use http::{HeaderValue, Method, StatusCode};

use super::change::Change;
use super::concern::Concern;
use super::declarations::{Declaration, declarations};
use super::fired::{Fired, apart};
use super::hints::of_model;
use super::join::{is_same, join};
use super::lines::{in_lines, with_companions};
use super::own::Judge;
use super::regions::{Region, regions};
use super::rows::Rows;
use super::search::{Question, questions};
use super::trial::{Met, Tried, When, lasting, some_world, trial, trial_at};
use super::unseen::{chooses_otherwise, fails_otherwise, may_try_again, refreshes_otherwise, unseen, unseen_in};
use crate::analysis::invariant::has_host;
use crate::analysis::{Analysis, Answer, Formula, Hint, Model, Place, Solver, Term, Test, Witness, variants};
use crate::lang::hir::{Hir, Statement, StatementKind, Texts};
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
        let (simulators, is_of_lines) = (simulators.each_ref(), false);
        let mut comparison = Comparison {
            old,
            new,
            simulators,
            found: &mut found,
            answered,
            open,
            possible: 0,
            beside: None,
            is_of_lines,
        };
        let known = comparison.found.classes.len();
        comparison.region(&region);
        let open = comparison.open;
        found.classes.get_mut(known..).unwrap_or_default().sort_by_key(Class::strangeness);
        found.gave_up.extend(open.into_iter().map(|open| open.told));
    }
    found.gave_up.sort_unstable();
    found.gave_up.dedup();
    found
}

/// A question that is open.
struct Open {
    about: String,
    concern: Concern,
    /// Where that is and why, for people.
    told: String,
}

/// What is known of the rows and statements that only one of two policies has.
enum Lines {
    /// Each of them changes nothing, or is told, but for those that are open.
    Known(Vec<Open>),
    /// Why it is not known of each of them.
    Unknown(Option<String>),
}

struct Comparison<'c> {
    old: Policy<'c>,
    new: Policy<'c>,
    simulators: [&'c Simulator; 2],
    found: &'c mut Difference,
    /// What questions were about that were answered by a request.
    answered: HashSet<String>,
    /// Those of which it is not known, and why, for people.
    open: Vec<Open>,
    /// How many of them are not impossible.
    possible: usize,
    /// A request that is treated otherwise, and not in what the question is about.
    beside: Option<(Tried, Case)>,
    /// Whether further lines of a field are asked about.
    is_of_lines: bool,
}

impl Comparison<'_> {
    fn region(&mut self, region: &Region<'_>) {
        let hosts = Formula::all([region.hosts.clone(), has_host()]);
        let (old, new) = join(region.old, region.new);
        let analyses = Analysis::beside(&old, &new);
        let mut solver = Solver::new(&old);
        if region.moves {
            self.ask(&mut solver, &Question::of_site(&hosts), &mut None);
        }
        if is_same(&old, &new) {
            return;
        }
        let known = self.answered.len();
        let (rows, classes) = (Rows::of(&old, &new), self.found.classes.len());
        let lines = self.lines(&mut solver, &analyses, &hosts, rows.as_ref());
        let is_settled = matches!(&lines, Lines::Known(open) if open.is_empty());
        // Of a row of many one request is enough.
        let is_told = is_settled && (self.answered.len() == known || count_rows(&old).max(count_rows(&new)) > MANY);
        if is_told {
            return;
        }
        let budgets = self.found.gave_up.len();
        if !is_settled {
            self.found.gave_up.extend(unseen(&old, &new).into_iter().map(str::to_owned));
        }
        let joined = [&old, &new];
        let [old, new] = with_companions(joined);
        let asked = questions(&Analysis::beside(&old, &new), &hosts);
        let (unseen, possible) = (self.found.gave_up.len(), self.possible);
        self.ask_all(&mut solver, &asked.all, &mut None);
        self.found.gave_up.extend(asked.gave_up.map(beyond));
        let is_same = self.possible == possible && self.found.gave_up.len() == unseen;
        match lines {
            // Nobody is treated otherwise.
            _ if is_same => {}
            // Whoever is treated otherwise comes to what is told, or to what is open.
            Lines::Known(open) => {
                self.found.gave_up.truncate(if is_settled { budgets } else { unseen });
                let found = self.found.classes.get(classes..).unwrap_or_default();
                let mut judge = rows.as_ref().map(|rows| Judge::new(joined, rows));
                self.open = open;
                self.open.retain(|open| !shows(&open.concern, found, &mut judge));
            }
            Lines::Unknown(told) => self.found.gave_up.extend(told),
        }
    }

    /// Asks of each statement and row that only one policy has who comes there and is treated otherwise by that statement or
    /// row itself.
    fn lines(
        &mut self,
        solver: &mut Solver<'_>,
        analyses: &[Analysis<'_>; 2],
        hosts: &Formula,
        rows: Option<&Rows<'_>>,
    ) -> Lines {
        let [old, new] = analyses.each_ref().map(Analysis::hir);
        if refreshes_otherwise(old, new) || chooses_otherwise(old, new) || fails_otherwise(old, new) {
            return Lines::Unknown(None);
        }
        let Some(rows) = rows else { return Lines::Unknown(None) };
        let asked = rows.questions(analyses, hosts);
        let (budgets, known) = (self.found.gave_up.len(), self.answered.len());
        self.ask_all(solver, &asked.all, &mut Some(Judge::new([old, new], rows)));
        let mut open = std::mem::take(&mut self.open);
        open.retain(|open| !self.answered.contains(&open.about));
        let spent = self.found.gave_up.get(budgets).cloned().or_else(|| asked.gave_up.map(beyond));
        if self.answered.len() > known {
            self.found.gave_up.extend(unseen_in(rows.done()).into_iter().map(str::to_owned));
        }
        if spent.is_some() { Lines::Unknown(spent) } else { Lines::Known(open) }
    }

    fn ask_all(&mut self, solver: &mut Solver<'_>, questions: &[Question], judge: &mut Option<Judge<'_>>) {
        for question in questions {
            if self.found.classes.len() >= MOST_CLASSES {
                self.found.gave_up.push(ENOUGH.to_owned());
                return;
            }
            if solver.spent() >= MOST_SPENT {
                self.found.gave_up.push(SPENT.to_owned());
                return;
            }
            self.ask(solver, question, judge);
        }
    }

    fn ask(&mut self, solver: &mut Solver<'_>, question: &Question, judge: &mut Option<Judge<'_>>) {
        let general = match solver.solve(&question.formula) {
            Answer::Impossible(_) => return,
            Answer::GaveUp(budget) => {
                self.possible += 1;
                return self.leave_open(question, &format!("there are too many {budget}"));
            }
            Answer::Possible(model) => model,
        };
        self.possible += 1;
        let is_plain = general.witness().is_some_and(|witness| rank(&witness.request.method) == 0);
        let plain = if is_plain { None } else { plain(solver, question) };
        self.is_of_lines = question.is_of_lines;
        let models = plain.iter().chain([&general]);
        self.beside = None;
        let changes = models.clone().any(|model| self.tried((model, question), &question.hints, &cases, judge));
        let is_likely = |likely: &Formula| match solver.solve(likely) {
            Answer::Possible(model) => self.tried((&model, question), &question.hints, &cases, judge),
            _ => false,
        };
        if changes
            || question.likely.iter().any(is_likely)
            || models.clone().any(|model| self.tried((model, question), &[], &others, judge))
        {
            self.answered.insert(question.about.clone());
        } else {
            let by = general.witness().map(|witness| self.rules_for(&witness)).unwrap_or_default();
            if let Some((tried, case)) = self.beside.take() {
                self.add(tried, case);
            }
            self.leave_open(question, &format!("{TRIED}{by}"));
        }
    }

    /// By which rules a request that was tried comes to where there may be a difference.
    fn rules_for(&self, witness: &Witness) -> String {
        let case = Case::new(witness.request.clone(), Some(witness.answer.clone()));
        let [before, after] = self.simulators;
        let [old, new] = self.simulators.map(|simulator| simulator.run_cold(&case, &some_world()));
        let rules = apart((&old, before, self.old.sources), (&new, after, self.new.sources));
        let named = |rules: &[Fired]| rules.last().map(|rule| rule.place.clone());
        let mut places: Vec<String> = [named(&rules.0), named(&rules.1)].into_iter().flatten().collect();
        places.dedup();
        if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) }
    }

    fn leave_open(&mut self, question: &Question, why: &str) {
        let (about, concern) = (question.about.clone(), question.concern.clone());
        self.open.push(Open { about, concern, told: format!("{}: {why}", question.place) });
    }

    /// Tries the witness of a model, and others like it; whether one of them answers the question.
    fn tried(
        &mut self,
        (model, question): (&Model<'_>, &Question),
        hints: &[Hint],
        cases: &Cases,
        judge: &mut Option<Judge<'_>>,
    ) -> bool {
        let Some(witness) = model.witness().map(in_lines) else { return false };
        let mut hints = hints.to_vec();
        let met = of_model(model, &mut hints);
        cases(&witness, &hints, self.may_try_again()).into_iter().any(|case| {
            let found = self.answer(&question.concern, &case, &met, judge);
            found.map(|tried| self.add(tried, case)).is_some()
        })
    }

    /// What changes for a request, if that is what is asked for; what changes beside that is kept in mind.
    fn answer(&mut self, concern: &Concern, case: &Case, met: &[Met], judge: &mut Option<Judge<'_>>) -> Option<Tried> {
        let any = trial(self.simulators, case, met, &|_, _| true)?;
        let asked = match concern {
            Concern::Any => return Some(any),
            Concern::Own(own) => {
                let own = judge.as_mut().and_then(|judge| judge.tried(*own, case, met));
                own.and_then(|(when, ..)| trial_at(self.simulators, case, when))
            }
            concern => trial(self.simulators, case, met, &|change, journeys| concern.shows(change, journeys)),
        };
        if asked.is_none() {
            self.beside.get_or_insert_with(|| (any, case.clone()));
        }
        asked
    }

    /// Whether a backend that is asked in vain may be asked again by one of the policies.
    fn may_try_again(&self) -> bool {
        let sites = [self.old.hir, self.new.hir].into_iter().flat_map(|hir| &hir.sites).map(|site| &*site.policy);
        [self.old.hir, self.new.hir].into_iter().chain(sites).any(may_try_again)
    }

    /// The rules of both that the other policy does not have anywhere; the first ones, where there are none.
    fn changed_rules<'r>(&self, old: &'r [Fired], new: &'r [Fired]) -> [Vec<&'r Fired>; 2] {
        let own = |rules: &'r [Fired], other: &SourceMap| rules.iter().filter(|rule| !says(other, rule)).collect();
        let changed: [Vec<&Fired>; 2] = [own(old, self.new.sources), own(new, self.old.sources)];
        // Where the ways part all others follow.
        if changed.iter().all(Vec::is_empty) {
            [old, new].map(|rules| rules.first().into_iter().collect())
        } else {
            changed
        }
    }

    fn add(&mut self, (when, change, [old, new]): Tried, case: Case) {
        let [before, after] = self.simulators;
        let (old_rules, new_rules) = apart((&old, before, self.old.sources), (&new, after, self.new.sources));
        let own = self.changed_rules(&old_rules, &new_rules);
        let is_known = |class: &Class| {
            // Of a field that changes it goes without saying that its further lines do.
            (class.change == change || self.is_of_lines)
                && self.changed_rules(&class.old_rules, &class.new_rules) == own
                && class.old.site == old.site
        };
        if !self.found.classes.iter().any(is_known) {
            self.found.classes.push(Class { change, case, when, old, new, old_rules, new_rules });
        }
    }
}

/// Whether one of the classes shows what a question is about.
fn shows(concern: &Concern, classes: &[Class], judge: &mut Option<Judge<'_>>) -> bool {
    match (concern, judge) {
        (Concern::Own(own), Some(judge)) => classes.iter().any(|class| {
            let own = judge.tried(*own, &class.case, &[]);
            own.is_some_and(|(when, ..)| when == class.when)
        }),
        (Concern::Any, _) => !classes.is_empty(),
        _ => false,
    }
}

/// Whether a policy has a line, or a part of one, that says that.
fn says(sources: &SourceMap, rule: &Fired) -> bool {
    sources.iter().any(|(_, file)| file.text().contains(&rule.text))
}

/// That there may be anything beyond a budget.
fn beyond(budget: &str) -> String {
    format!("anything: there are too many {budget}")
}

/// A policy of more rows has many.
const MANY: usize = 256;

/// How many rows the tables of a policy have, and arms its `if`s.
fn count_rows(hir: &Hir) -> usize {
    let bodies = hir.steps.iter().map(|step| &step.body).chain(hir.subs.iter().map(|sub| &sub.body));
    bodies.map(|body| rows_in(&body.statements)).sum()
}

fn rows_in(statements: &[Statement]) -> usize {
    let within = |statement: &Statement| match &statement.kind {
        StatementKind::If { arms, otherwise, .. } => {
            let below: usize = arms.iter().map(|arm| rows_in(&arm.body)).sum();
            arms.len() + below + rows_in(otherwise)
        }
        _ => 0,
    };
    statements.iter().map(within).sum()
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

/// Requests and answers like a witness; whether a backend that is asked in vain may be asked again.
type Cases = dyn Fn(&Witness, &[Hint], bool) -> Vec<Case>;

/// What an answer may say of how long it is fresh, where nothing is asked of that.
const FRESH: [&str; 4] = ["max-age=1", "max-age=90000", "s-maxage=30", "private"];

/// The request with other answers: how long they are fresh is what the witness has made up.
fn others(witness: &Witness, _: &[Hint], _: bool) -> Vec<Case> {
    let said = FRESH.map(HeaderValue::from_static).map(Some).into_iter().chain([None]);
    let answers = said.map(|said| {
        let mut answer = witness.answer.clone();
        answer.headers.remove(CACHE_CONTROL);
        answer.headers.extend(said.map(|said| (CACHE_CONTROL, said)));
        answer
    });
    answers.map(|answer| Case::new(witness.request.clone(), Some(answer))).collect()
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
