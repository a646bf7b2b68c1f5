//! All that is found in a policy: what the checker says, what is legal and still a mistake, and what comments leave out.
//!
//! The commands and the running proxy ask here; [`crate::lang::check`] is asked by what needs the typed policy alone. Each
//! lint is a file and has its codes. They see policies without errors alone, and report nothing in the built-in policy.

mod backends;
mod bodyless;
mod known_fields;
mod misspelt_field;
mod misspelt_name;
mod one_connection;
mod walk;

use std::collections::HashSet;
use std::sync::Arc;

use crate::lang::builtin;
use crate::lang::check::{self, Checked, Files, Options};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::hir::Hir;
use crate::lang::source::{FileId, SourceMap};
use crate::lang::suppress;

/// Checks the policy that starts in the file `entry`, included files and all. Never fails.
#[must_use]
pub fn check(entry: &str, files: &dyn Files) -> Checked {
    check_with(entry, files, &Options::default())
}

/// [`check`], with what the caller brings along.
#[must_use]
pub fn check_with(entry: &str, files: &dyn Files, options: &Options) -> Checked {
    let mut checked = check::check_with(entry, files, options);
    if let Some(hir) = &checked.hir {
        checked.diagnostics.extend(lint(hir, &checked.sources));
        check::tell_once(&mut checked.diagnostics, &checked.sources);
    }
    checked.diagnostics = suppress::apply(&checked.sources, checked.diagnostics);
    checked
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

/// Lints that look at the words of a policy, not at what becomes of requests.
const BY_WORDS: &[fn(&Hir, &SourceMap) -> Vec<Diagnostic>] =
    &[misspelt_field::find, misspelt_name::find, one_connection::find, bodyless::find, backends::find];

fn lint_one(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut findings: Vec<Diagnostic> = BY_WORDS.iter().flat_map(|find| find(hir, sources)).collect();
    let builtin = builtin_files(sources);
    findings.retain(|finding| !builtin.contains(&finding.primary.span.file));
    findings
}

/// The files of the built-in policy: each site has its own.
fn builtin_files(sources: &SourceMap) -> HashSet<FileId> {
    sources.iter().filter(|(_, file)| file.name() == builtin::NAME).map(|(id, _)| id).collect()
}
