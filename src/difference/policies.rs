//! Two policies compared: every class of requests that changes, with a request that was tried.

use std::collections::HashSet;

use super::classes::{Class, Difference, by_rules, strangeness};
use super::concern::Concern;
use super::declarations::declarations;
use super::declared::{Named, named};
use super::fired::{Fired, Teller, apart, says};
use super::hints::{of_functions, of_model};
use super::join::{is_same, join};
use super::lines::{in_lines, with_companions};
use super::own::Judge;
use super::regions::{Region, regions};
use super::rows::Rows;
use super::search::{Question, questions};
use super::trial::{Met, Tried, some_world, trial, trial_at};
use super::tries::{Cases, cases, others, plain, rank};
use super::unseen::{
    chooses_otherwise, fails_otherwise, may_try_again, refreshes_otherwise, unseen, unseen_in, unseen_slices,
};
use crate::analysis::invariant::has_host;
use crate::analysis::{Analysis, Answer, Formula, Hint, Model, Solver, Witness};
use crate::lang::hir::{Hir, Statement, StatementKind};
use crate::lang::source::SourceMap;
use crate::simulate::{Case, Journey, Simulator};

/// A policy with its text.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'p> {
    /// What it says.
    pub hir: &'p Hir,
    /// Its text.
    pub sources: &'p SourceMap,
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
            tellers: [Teller::new(simulators[0], old.sources), Teller::new(simulators[1], new.sources)],
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
        found.classes.get_mut(known..).unwrap_or_default().sort_by_key(|class| strangeness(&class.case));
        found.gave_up.extend(open.into_iter().map(|open| open.told));
    }
    found.classes = by_rules(std::mem::take(&mut found.classes));
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
    tellers: [Teller<'c>; 2],
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
            let unseen = unseen_in(rows.done()).into_iter().chain(unseen_slices([old, new]));
            self.found.gave_up.extend(unseen.map(str::to_owned));
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
                self.add(tried, case, false);
            }
            self.leave_open(question, &format!("{TRIED}{by}"));
        }
    }

    /// By which rules a request that was tried comes to where there may be a difference.
    fn rules_for(&self, witness: &Witness) -> String {
        let case = Case::new(witness.request.clone(), Some(witness.answer.clone()));
        let [old, new] = self.simulators.map(|simulator| simulator.run_cold(&case, &some_world()));
        let rules = apart(self.tellers.each_ref(), [&old, &new]);
        let mut places: Vec<String> =
            rules.iter().filter_map(|rules| rules.last()).map(|rule| rule.place.clone()).collect();
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
        let mut met = of_model(model, &mut hints);
        of_functions(&question.formula, &mut hints, &mut met);
        cases(&witness, &hints, self.may_try_again()).into_iter().any(|case| {
            let found = self.answer(&question.concern, &case, &met, judge);
            found.map(|tried| self.add(tried, case, matches!(question.concern, Concern::Own(_)))).is_some()
        })
    }

    /// What changes for a request, if that is what is asked for; what changes beside that is kept in mind.
    fn answer(&mut self, concern: &Concern, case: &Case, met: &[Met], judge: &mut Option<Judge<'_>>) -> Option<Tried> {
        let any = trial(self.simulators, case, met, &|_, _| true)?;
        let asked = match concern {
            Concern::Any => return Some(any),
            Concern::Own(own) => {
                let own = judge.as_mut().and_then(|judge| judge.tried(*own, case, met));
                // What changes beside that may hide that this comes to the same.
                own.and_then(|(when, own, _)| {
                    trial_at(self.simulators, case, when).filter(|(_, change, _)| change.is_like(&own))
                })
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

    /// The rules of both that the other policy does not have anywhere, if there are some.
    fn own_rules(&self, old: &[Fired], new: &[Fired]) -> Option<[Vec<Fired>; 2]> {
        let own = |rules: &[Fired], other: &SourceMap| -> Vec<Fired> {
            rules.iter().filter(|rule| !says(other, &rule.text)).cloned().collect()
        };
        let own = [own(old, self.new.sources), own(new, self.old.sources)];
        own.iter().any(|rules| !rules.is_empty()).then_some(own)
    }

    /// The rules by which a request is treated otherwise. Where both policies have them, it is what they name that is
    /// declared in another way.
    fn rules_of(&self, case: &Case, journeys: [&Journey; 2]) -> [Vec<Fired>; 2] {
        let sources = [self.old.sources, self.new.sources];
        let rules = apart(self.tellers.each_ref(), journeys);
        if self.own_rules(&rules[0], &rules[1]).is_some() {
            return rules;
        }
        let (request, both) = (case.request.to_string(), rules.concat());
        let [gone, added] = named(&both, sources, &request);
        let texts = |rules: &[Fired]| -> Vec<String> { rules.iter().map(|rule| rule.text.clone()).collect() };
        let [old, new] = rules;
        let is_by_name = texts(&old) == texts(&new) && !(gone.lines.is_empty() && added.lines.is_empty());
        let names = |rule: &Fired| gone.is_in(rule) || added.is_in(rule);
        let told = |rules: Vec<Fired>, named: &Named| -> Vec<Fired> {
            rules.into_iter().filter(|rule| !is_by_name || names(rule)).chain(named.lines.iter().cloned()).collect()
        };
        [told(old, &gone), told(new, &added)]
    }

    fn add(&mut self, (when, change, [old, new]): Tried, case: Case, is_for_a_row: bool) {
        let [old_rules, new_rules] = self.rules_of(&case, [&old, &new]);
        let own = self.own_rules(&old_rules, &new_rules);
        let has_own_rules = own.is_some();
        // Where the ways part all others follow.
        let first = |rules: &[Fired]| rules.first().into_iter().cloned().collect();
        let own_rules = own.unwrap_or_else(|| [first(&old_rules), first(&new_rules)]);
        let is_known = |class: &Class| {
            // Of a field that changes it goes without saying that its further lines do.
            (class.change == change || self.is_of_lines) && class.own_rules == own_rules && class.old.site == old.site
        };
        if !self.found.classes.iter().any(is_known) {
            let also = Vec::new();
            let class = Class {
                change,
                case,
                when,
                old,
                new,
                old_rules,
                new_rules,
                also,
                own_rules,
                has_own_rules,
                is_for_a_row,
            };
            self.found.classes.push(class);
        }
    }
}

/// Whether one of the classes shows what a question is about.
fn shows(concern: &Concern, classes: &[Class], judge: &mut Option<Judge<'_>>) -> bool {
    match (concern, judge) {
        (Concern::Own(own), Some(judge)) => classes.iter().any(|class| {
            let own = judge.tried(*own, &class.case, &[]);
            own.is_some_and(|(when, own, _)| when == class.when && class.change.is_like(&own))
        }),
        (Concern::Any, _) => !classes.is_empty(),
        _ => false,
    }
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
