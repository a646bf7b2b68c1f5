//! Two policies compared: every class of requests that changes, with a request that was tried.

use std::collections::HashSet;
use std::sync::Arc;

use super::change::Change;
use super::declarations::{Declaration, declarations};
use super::fired::{Fired, apart};
use super::hints::{Hint, variants};
use super::join::{is_same, join};
use super::rows::Rows;
use super::search::{Question, questions};
use super::trial::{When, lasting, trial};
use super::unseen::{refreshes_otherwise, unseen};
use crate::analysis::invariant::{has_host, of_hosts};
use crate::analysis::{Analysis, Answer, Formula, Place, Solver, Term, Test, Witness};
use crate::lang::hir::{Hir, HostPattern, StatementKind, Texts};
use crate::lang::schema::Variable;
use crate::lang::source::SourceMap;
use crate::simulate::{self, Case, Journey, Simulator};

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
    /// The budgets that ended: there may be more classes than those.
    pub gave_up: Vec<&'static str>,
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
const TRIED: &str = "requests that were tried";
/// Why there may be more: the classes that are told are enough.
const ENOUGH: &str = "classes that are told";

/// So many sets of values are tried for two policies.
const MOST_SPENT: usize = 30_000;
/// Why it is not known: there is much to ask, and it is hard to answer.
const SPENT: &str = "ways to make the conditions of all questions hold";

/// Compares two policies with their sites.
#[must_use]
pub fn difference(old: Policy<'_>, new: Policy<'_>) -> Difference {
    let mut found = Difference { declarations: declarations(old.hir, new.hir), ..Difference::default() };
    let simulators = [Simulator::new(old.hir.clone()), Simulator::new(new.hir.clone())];
    for region in regions(old.hir, new.hir) {
        let (answered, open) = (HashSet::new(), Vec::new());
        let mut comparison = Comparison { old, new, simulators: &simulators, found: &mut found, answered, open };
        comparison.region(&region);
        let Comparison { answered, open, .. } = comparison;
        found.gave_up.extend(open.into_iter().filter(|(about, _)| !answered.contains(about)).map(|(_, budget)| budget));
    }
    found.gave_up.sort_unstable();
    found.gave_up.dedup();
    found
}

/// Hosts that have the same two policies.
struct Region<'h> {
    hosts: Formula,
    old: &'h Hir,
    new: &'h Hir,
    /// Whether the site that serves them has another name.
    moves: bool,
}

fn regions<'h>(old: &'h Hir, new: &'h Hir) -> Vec<Region<'h>> {
    let mut patterns: Vec<HostPattern> =
        old.sites.iter().chain(&new.sites).flat_map(|site| site.hosts.iter().cloned()).collect();
    patterns.sort_by_key(|pattern| (pattern.is_wildcard, usize::MAX - pattern.name.len(), pattern.name.clone()));
    patterns.dedup();
    let mut regions: Vec<(Vec<HostPattern>, Region<'h>)> = Vec::new();
    for pattern in &patterns {
        let ((before, old), (after, new)) = (serving(old, pattern), serving(new, pattern));
        let is_same = |one: &Region<'_>| std::ptr::eq(one.old, old) && std::ptr::eq(one.new, new);
        let known = regions.iter_mut().find(|(_, region)| is_same(region) && region.moves == (before != after));
        if let Some((hosts, _)) = known {
            hosts.push(pattern.clone());
        } else {
            let region = Region { hosts: Formula::Const(true), old, new, moves: before != after };
            regions.push((vec![pattern.clone()], region));
        }
    }
    let elsewhere = Region { hosts: of_hosts(&patterns).not(), old, new, moves: false };
    let sites = regions.into_iter().map(|(hosts, region)| Region { hosts: of_hosts(&hosts), ..region });
    sites.chain([elsewhere]).collect()
}

/// The site that serves hosts of that pattern, and its policy.
fn serving<'h>(hir: &'h Hir, wanted: &HostPattern) -> (Option<String>, &'h Hir) {
    let covers = |pattern: &HostPattern| {
        pattern == wanted || pattern.is_wildcard && wanted.name.ends_with(&format!(".{}", pattern.name))
    };
    let fits = hir.sites.iter().flat_map(|site| site.hosts.iter().map(move |pattern| (pattern, site)));
    let best = fits.filter(|(pattern, _)| covers(pattern)).max_by_key(|(it, _)| (!it.is_wildcard, it.name.len()));
    best.map_or((None, hir), |(_, site)| (Some(site.name()), Arc::as_ref(&site.policy)))
}

struct Comparison<'c> {
    old: Policy<'c>,
    new: Policy<'c>,
    simulators: &'c [Simulator; 2],
    found: &'c mut Difference,
    /// What questions were about that were answered by a request.
    answered: HashSet<String>,
    /// Those of which it is not known, with the budget that ended.
    open: Vec<(String, &'static str)>,
}

impl Comparison<'_> {
    fn region(&mut self, region: &Region<'_>) {
        let hosts = Formula::all([region.hosts.clone(), has_host()]);
        let (old, new) = join(region.old, region.new);
        let analyses = Analysis::beside(&old, &new);
        let mut solver = Solver::new(&old);
        if region.moves {
            self.ask(&mut solver, &Question { formula: hosts.clone(), about: "site".to_owned(), hints: Vec::new() });
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
        self.found.gave_up.extend(unseen(&old, &new));
        // Of a row of a long table one request is enough.
        if is_settled && longest(&old).max(longest(&new)) > LONG {
            return;
        }
        let asked = questions(&analyses, &hosts);
        self.found.gave_up.extend(asked.gave_up);
        self.ask_all(&mut solver, &asked.all);
    }

    fn ask_all(&mut self, solver: &mut Solver<'_>, questions: &[Question]) {
        for question in questions {
            if self.found.classes.len() >= MOST_CLASSES {
                self.found.gave_up.push(ENOUGH);
                return;
            }
            if solver.spent() >= MOST_SPENT {
                self.found.gave_up.push(SPENT);
                return;
            }
            self.ask(solver, question);
        }
    }

    fn ask(&mut self, solver: &mut Solver<'_>, question: &Question) {
        let general = match solver.solve(&question.formula) {
            Answer::Impossible(_) => return,
            Answer::GaveUp(budget) => return self.open.push((question.about.clone(), budget)),
            Answer::Possible(model) => model.witness(),
        };
        // People know GET best.
        let is_plain = general.as_ref().is_some_and(|witness| witness.request.method == http::Method::GET);
        let plain = if is_plain { None } else { plain(solver, question) };
        let changes = plain.into_iter().chain(general).any(|witness| self.tried(&witness, &question.hints));
        if changes {
            self.answered.insert(question.about.clone());
        } else {
            self.open.push((question.about.clone(), TRIED));
        }
    }

    /// Tries a witness, and others like it; whether it is treated otherwise.
    fn tried(&mut self, witness: &Witness, hints: &[Hint]) -> bool {
        cases(witness, hints).into_iter().any(|case| {
            let found = trial(self.simulators, &case);
            found.map(|(when, change, [old, new])| self.add(when, change, case, old, new)).is_some()
        })
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

/// A GET that answers a question.
fn plain(solver: &mut Solver<'_>, question: &Question) -> Option<Witness> {
    let method = Term::Input(Place::Variable(Variable::ReqMethod));
    let is_get = Formula::of(method, Test::In([Texts::Exact(b"GET"[..].into())].to_vec().into()));
    match solver.solve(&Formula::all([is_get, question.formula.clone()])) {
        Answer::Possible(model) => model.witness(),
        _ => None,
    }
}

/// The requests with the answer, with one that may be used stale, and without one.
fn cases(witness: &Witness, hints: &[Hint]) -> Vec<Case> {
    let requests = variants(&witness.request, hints);
    let answers = [Some(witness.answer.clone()), Some(lasting(&witness.answer)), None];
    let of = |answer: Option<simulate::Answer>| {
        requests.iter().map(move |it| Case { request: it.clone(), answer: answer.clone() })
    };
    answers.into_iter().flat_map(of).collect()
}
