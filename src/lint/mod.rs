//! All that is found in a policy: what the checker says, what is legal and still a mistake, and what comments leave out.
//!
//! The commands and the running proxy ask here; [`crate::lang::check`] is asked by what needs the typed policy alone. Each
//! lint is a file and has its codes. They see policies without errors alone, and report nothing in the built-in policy. Some
//! look at words, others at what becomes of all requests (`analysis`): what those call impossible is proved, and where they
//! say that a request comes to harm, they show one that was tried.

mod absent;
mod addresses;
mod as_it_is;
mod asking;
mod backends;
mod bodyless;
mod carried;
mod chains;
mod comments;
mod credentials;
mod empty_page;
mod escapes;
mod example;
mod field_list;
mod forged;
mod guess;
mod host_suffix;
mod idle_claim;
mod impossible;
mod kept_errors;
mod known_fields;
mod lifetimes;
mod list;
mod literal;
mod misspelt_directive;
mod misspelt_field;
mod misspelt_method;
mod misspelt_name;
mod misspelt_own;
mod misspelt_parameter;
mod mixed;
mod mutant;
mod needless;
mod no_way_out;
mod one_connection;
mod open_purge;
mod order;
mod personal;
mod poor_key;
mod purge_key;
mod query_left_out;
mod regex;
mod restarts;
mod rows;
mod said;
mod seconds;
mod shadowed;
mod shared_key;
mod survey;
mod swallowed;
mod targets;
mod telling;
mod unfinished;
mod unkeyed;
mod unnamed;
mod unnoticed;
mod untested;
mod walk;
mod wasted;
mod windows;
mod words;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::analysis::{Formula, invariant};
use crate::lang::builtin;
use crate::lang::check::{self, Checked, Files, Options};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, Hir, HostPattern, Site};
use crate::lang::schema::Variable;
use crate::lang::source::{FileId, SourceMap, Span};
use crate::lang::suppress;
use crate::simulate::Simulator;
use crate::testing::{self, Suite};
use survey::Survey;
use unfinished::Budget;
use untested::Tried;

/// Checks the policy that starts in the file `entry`, included files and all. Never fails.
#[must_use]
pub fn check(entry: &str, files: &dyn Files) -> Checked {
    check_with(entry, files, &Options::default())
}

/// [`check`], with what the caller brings along.
#[must_use]
pub fn check_with(entry: &str, files: &dyn Files, options: &Options) -> Checked {
    let mut checked = check::check_with(entry, files, options);
    let tried = checked.hir.as_ref().filter(|hir| testing::has_tests(hir)).map(Trial::of);
    if let Some(hir) = &checked.hir {
        let known: Vec<Span> = checked.diagnostics.iter().map(|finding| finding.primary.span).collect();
        // Where the checker has found something, it is not said twice in other words.
        let is_told = |finding: &Diagnostic| known.iter().any(|span| overlap(*span, finding.primary.span));
        let found = lint_with(hir, &checked.sources, tried.as_ref()).into_iter().filter(|finding| !is_told(finding));
        checked.diagnostics.extend(found);
    }
    if let Some(tried) = tried {
        checked.diagnostics.extend(testing::report(&tried.suites, &checked.sources));
    }
    // What tests and promises come to keeps nothing from being looked at.
    let is_looked_at = checked.hir.is_some();
    hold_to_promises(&mut checked);
    checked.diagnostics = suppress::apply(&checked.sources, checked.diagnostics, is_looked_at);
    checked.diagnostics.iter_mut().for_each(|finding| comments::keep(finding, &checked.sources));
    checked
}

/// The same for a policy that is about to run: what keeps it from running is found, and what the checker warns of. What
/// takes longer than to make the policy ready is left to those who ask for it: lints, and the tests of the policy, which are
/// not in it any more.
#[must_use]
pub fn check_to_run(entry: &str, files: &dyn Files, options: &Options) -> Checked {
    let mut checked = check::check_with(entry, files, options);
    checked.hir.iter_mut().for_each(Hir::forget_tests);
    hold_to_promises(&mut checked);
    checked.diagnostics = suppress::apply(&checked.sources, checked.diagnostics, false);
    checked
}

/// The tests of a policy and its sites, run.
struct Trial<'h> {
    root: &'h Hir,
    simulator: Simulator,
    suites: Vec<Suite<'h>>,
}

impl<'h> Trial<'h> {
    fn of(hir: &'h Hir) -> Self {
        let simulator = Simulator::new(hir.clone());
        let suites = testing::run(hir, &simulator);
        Self { root: hir, simulator, suites }
    }

    /// Those of one policy of it, with when a request is for that.
    fn of_policy(&self, policy: &Hir) -> Option<Tried<'_>> {
        let root = self.root;
        let suite = self.suites.iter().find(|suite| std::ptr::eq(suite.hir, policy))?;
        let hosts = requests_of(root, policy);
        let asks_for_hits = walk::expressions(policy).iter().any(|part| is_of_hits(part));
        let times = if asks_for_hits { MOST_TIMES } else { 2 };
        Some(Tried { root, suite, simulator: &self.simulator, hosts, times })
    }
}

/// When a request is for that policy: `root`, or one of its sites.
fn requests_of(root: &Hir, policy: &Hir) -> Formula {
    let is_root = std::ptr::eq(root, policy);
    let is_of = |site: &&Site| is_root || std::ptr::eq(Arc::as_ptr(&site.policy), policy);
    let hosts: Vec<HostPattern> = root.sites.iter().filter(is_of).flat_map(|site| site.hosts.clone()).collect();
    let hosts = invariant::of_hosts(&hosts);
    if is_root { hosts.not() } else { hosts }
}

/// A request is made so often where a policy asks how often it was made.
const MOST_TIMES: usize = 6;

fn is_of_hits(part: &Expression) -> bool {
    matches!(part.kind, ExpressionKind::Variable(Variable::ObjHits))
}

/// Adds what is to be said of the invariants. A policy that breaks one is none.
fn hold_to_promises(checked: &mut Checked) {
    let Some(hir) = &checked.hir else { return };
    let decided = invariant::decide(hir);
    let broken: Vec<Diagnostic> = decided.iter().filter_map(|one| invariant::report(one, &checked.sources)).collect();
    checked.diagnostics.extend(broken);
    let is_kept = !checked.diagnostics.iter().any(Diagnostic::is_error);
    checked.hir.take_if(|_| !is_kept);
    check::tell_once(&mut checked.diagnostics, &checked.sources);
}

fn overlap(one: Span, other: Span) -> bool {
    one.file == other.file && one.start < other.end && other.start < one.end
}

/// The part of a place that stands in its first line.
fn first_line(place: Span, sources: &SourceMap) -> Span {
    let length = sources.text(place).lines().next().unwrap_or_default().trim_end().len();
    Span { end: place.start.saturating_add(u32::try_from(length).unwrap_or(u32::MAX)).min(place.end), ..place }
}

/// What is found in a policy, and in those of its sites.
#[must_use]
pub fn lint(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    lint_with(hir, sources, Some(hir).filter(|hir| testing::has_tests(hir)).map(Trial::of).as_ref())
}

fn lint_with(hir: &Hir, sources: &SourceMap, trial: Option<&Trial<'_>>) -> Vec<Diagnostic> {
    let tried = |policy: &Hir| trial.and_then(|trial| trial.of_policy(policy));
    let mut findings = lint_one(hir, sources, &requests_of(hir, hir), tried(hir));
    let mut seen: Vec<&Arc<Hir>> = Vec::new();
    for site in &hir.sites {
        if !seen.iter().any(|other| Arc::ptr_eq(other, &site.policy)) {
            seen.push(&site.policy);
            findings.extend(lint_one(&site.policy, sources, &requests_of(hir, &site.policy), tried(&site.policy)));
        }
    }
    findings
}

/// Lints that look at the words of a policy, not at what becomes of requests.
const BY_WORDS: &[fn(&Hir, &SourceMap) -> Vec<Diagnostic>] = &[
    misspelt_field::find,
    misspelt_own::find,
    misspelt_name::find,
    misspelt_method::find,
    misspelt_directive::find,
    chains::find,
    rows::find,
    one_connection::find,
    bodyless::find,
    backends::find,
    regex::find,
    as_it_is::find,
    absent::find,
    escapes::find,
    host_suffix::find,
    poor_key::find,
    lifetimes::find,
    seconds::find,
    literal::find,
    impossible::find,
    windows::find,
    needless::find,
    idle_claim::find,
];

/// Looks at what becomes of all requests.
type Look = fn(&mut Survey<'_>) -> Vec<Diagnostic>;

/// Lints that look at the words of a policy, and show a request where one is found.
const BY_WORDS_WITH_REQUESTS: &[Look] = &[addresses::find, swallowed::find, order::find];

/// Lints that look at what becomes of all requests, with what each looks for.
const BY_REQUESTS: &[(Look, &str)] = &[
    (shadowed::find, "conditions that nothing or everything passes (W0510, W0511, W0512)"),
    (personal::find, "what is somebody's own and stored for everybody (W0801, W0803, W0804)"),
    (credentials::find, "what is answered to credentials and stored for everybody (W0802)"),
    (unkeyed::find, "what one client says and others get (W0805)"),
    (carried::find, "what is somebody's own and sent on in other fields (W0801, W0802)"),
    (shared_key::find, "keys without the host or the URL (W0741)"),
    (query_left_out::find, "keys without the query (W0741)"),
    (wasted::find, "lifetimes that no response keeps (W0702, W0703)"),
    (kept_errors::find, "errors that are stored for long (W0706)"),
    (unnamed::find, "hosts that no rule names (W0623)"),
    (no_way_out::find, "what fails while backends are sick (W0626)"),
    (empty_page::find, "content of pages that have none (W0811)"),
    (purge_key::find, "purges before the key is made (W0746)"),
    (open_purge::find, "what anybody may do to what is stored (W0806, W0807)"),
    (restarts::find, "restarts and retries without an end (W0520, W0521)"),
];

/// `requests` says which ones are for the policy.
fn lint_one(hir: &Hir, sources: &SourceMap, requests: &Formula, tried: Option<Tried<'_>>) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = BY_WORDS.iter().flat_map(|find| find(hir, sources)).collect();
    let tests = order::statements(hir);
    let mut survey = Survey::of(hir, sources, requests, tried.is_some() || !tests.is_empty(), &tests);
    findings.extend(BY_WORDS_WITH_REQUESTS.iter().flat_map(|find| find(&mut survey)));
    let by_requests: Vec<Diagnostic> = BY_REQUESTS.iter().flat_map(|lint| find(&mut survey, *lint)).collect();
    let of_tests = tried.map(|tried| of_tests(&mut survey, &tried, &by_requests)).unwrap_or_default();
    let reasons: Vec<Span> = findings.iter().filter(|it| is_reason(it.code)).map(|it| it.primary.span).collect();
    let is_told = |finding: &Diagnostic| reasons.iter().any(|known| overlap(*known, finding.primary.span));
    let further: Vec<Diagnostic> = by_requests.into_iter().filter(|finding| !is_told(finding)).collect();
    findings.extend(further);
    findings.extend(of_tests);
    findings.extend(unfinished::find(&survey));
    let builtin = builtin_files(sources);
    findings.retain(|finding| !builtin.contains(&finding.primary.span.file));
    cut_off(findings)
}

/// Whether what is found in words says why no request, or each, comes to a place, as a misspelt name does; that something is
/// better written otherwise, or is like more than is meant, does not.
fn is_reason(code: Code) -> bool {
    !code.id().starts_with("W09") && !matches!(code, Code::W0822 | Code::W0823)
}

/// What the tests of a policy leave out, where it is not told already.
fn of_tests(survey: &mut Survey<'_>, tried: &Tried<'_>, told: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut findings = untested::find(survey, tried, told);
    let told: Vec<Diagnostic> = told.iter().chain(&findings).cloned().collect();
    findings.extend(unnoticed::find(survey, tried, &told));
    findings
}

/// What a lint finds. Where a budget ended that it says nothing of itself, that is noted.
fn find(survey: &mut Survey<'_>, (find, sought): (Look, &'static str)) -> Vec<Diagnostic> {
    survey.sought = sought;
    let _ = survey.solver.ended();
    let found = find(survey);
    if let Some(budget) = survey.solver.ended() {
        survey.leave(None, Budget::Of(budget), 1);
    }
    found
}

/// A policy that is written by a program has the same flaw in each of its thousands of rules: how many there are says more
/// than all of them.
const MOST_OF_A_CODE: usize = 100;

fn cut_off(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    findings.sort_by_key(|finding| finding.primary.span);
    // One that is found twice, in a function that is called twice, is one.
    findings.dedup();
    let mut counts: HashMap<Code, usize> = HashMap::new();
    for finding in &findings {
        *counts.entry(finding.code).or_default() += 1;
    }
    let mut kept: HashMap<Code, usize> = HashMap::new();
    findings.retain_mut(|finding| {
        let (at, all) = (kept.entry(finding.code).or_default(), counts.get(&finding.code).copied().unwrap_or_default());
        *at += 1;
        if *at == MOST_OF_A_CODE && all > MOST_OF_A_CODE {
            let message = format!("{}; {} more like it from here on", finding.message, all - MOST_OF_A_CODE);
            finding.message = message;
        }
        *at <= MOST_OF_A_CODE
    });
    findings
}

/// The files of the built-in policy: each site has its own.
fn builtin_files(sources: &SourceMap) -> HashSet<FileId> {
    sources.iter().filter(|(_, file)| file.name() == builtin::NAME).map(|(id, _)| id).collect()
}
