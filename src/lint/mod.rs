//! What is legal in a policy and still a mistake: found by asking what it does with all requests.
//!
//! The checker looks at a policy word by word; lints look at what becomes of requests (`analysis`). Each lint is a file and
//! has its codes. They see policies without errors alone, and report nothing in the built-in policy. What a lint calls
//! impossible is proved; where it says that a request can come to harm, it shows one.

mod open_purge;
mod personal;
mod restarts;
mod shadowed;
mod survey;
mod words;

use std::collections::HashSet;
use std::sync::Arc;

use crate::analysis::invariant;
use crate::lang::builtin;
use crate::lang::check::{self, Checked, Files, Options};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::hir::Hir;
use crate::lang::source::{FileId, SourceMap, Span};

use survey::Survey;

/// Checks a policy and lints it.
#[must_use]
pub fn check(entry: &str, files: &dyn Files) -> Checked {
    check_with(entry, files, &Options::default())
}

/// [`check`], with what the caller brings along.
#[must_use]
pub fn check_with(entry: &str, files: &dyn Files, options: &Options) -> Checked {
    let mut checked = check::check_with(entry, files, options);
    if let Some(hir) = &checked.hir {
        let known: Vec<Span> = checked.diagnostics.iter().map(|finding| finding.primary.span).collect();
        let found = lint(hir, &checked.sources);
        // Where something was found already, it is not said twice in other words.
        let is_told = |finding: &Diagnostic| known.iter().any(|span| overlap(*span, finding.primary.span));
        checked.diagnostics.extend(found.into_iter().filter(|finding| !is_told(finding)));
        let broken = promises(hir, &checked.sources);
        let is_kept = !broken.iter().any(Diagnostic::is_error);
        checked.diagnostics.extend(broken);
        checked.hir = checked.hir.filter(|_| is_kept);
        check::tell_once(&mut checked.diagnostics, &checked.sources);
    }
    checked
}

/// What is to be said of the invariants of a policy.
fn promises(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    invariant::decide(hir).iter().filter_map(|decided| invariant::report(decided, sources)).collect()
}

fn overlap(one: Span, other: Span) -> bool {
    one.file == other.file && one.start < other.end && other.start < one.end
}

/// What is found in a policy, and in those of its sites.
#[must_use]
pub fn lint(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut findings = lint_one(hir, sources);
    let mut seen: Vec<&Arc<Hir>> = Vec::new();
    for site in &hir.sites {
        if !seen.iter().any(|other| Arc::ptr_eq(other, &site.policy)) {
            seen.push(&site.policy);
            findings.extend(lint_one(&site.policy, sources));
        }
    }
    findings
}

fn lint_one(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut survey = Survey::of(hir, sources);
    let mut findings = shadowed::find(&mut survey);
    findings.extend(personal::find(&mut survey));
    findings.extend(open_purge::find(&mut survey));
    findings.extend(restarts::find(&mut survey));
    let builtin = builtin_files(sources);
    findings.retain(|finding| !builtin.contains(&finding.primary.span.file));
    findings
}

/// The files of the built-in policy: each site has its own.
fn builtin_files(sources: &SourceMap) -> HashSet<FileId> {
    sources.iter().filter(|(_, file)| file.name() == builtin::NAME).map(|(id, _)| id).collect()
}
