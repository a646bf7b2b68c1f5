//! What a check found, over all its policies.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::collect::Entries;
use super::contested::Contested;
use super::format::{self, Format};
use super::levels::{Levels, Weight};
use super::overlay::Overlay;
use crate::cli::output::count;
use crate::lang::builtin;
use crate::lang::check::Checked;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::source::SourceMap;
use crate::lint::check;

/// The findings of one policy, without those that a policy before it had already.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) sources: SourceMap,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Of each of them, whether it fails the check.
    pub(super) fatal: Vec<bool>,
}

/// All findings, each once, though several policies may include the file it is in.
#[derive(Debug, Default)]
pub(super) struct Report {
    names: Vec<String>,
    policies: Vec<Findings>,
    errors: usize,
    warnings: usize,
    fails: bool,
    files: BTreeSet<PathBuf>,
    file_names: Vec<String>,
    told: BTreeSet<String>,
    unseen: Vec<PathBuf>,
}

impl Report {
    /// Checks the policies, then the named fragments that none of them includes.
    pub(super) fn of(entries: &Entries, files: &Overlay, levels: &Levels) -> Self {
        let mut report = Self::default();
        let mut checked = Vec::new();
        for name in &entries.policies {
            checked.push(report.check(name, files));
        }
        for path in &entries.named_fragments {
            if !report.has_seen(path) {
                checked.push(report.check(&path.display().to_string(), files));
            }
        }
        let contested = Contested::of(&checked);
        let names = report.names.clone();
        for (name, policy) in names.iter().zip(checked) {
            report.add(name, policy, &contested, levels);
        }
        report.unseen = entries.found_fragments.iter().filter(|path| !report.has_seen(path)).cloned().collect();
        report
    }

    /// The names of the files that were checked as policies of their own.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The findings, in `format`.
    pub(super) fn print(&self, format: Format, colour: bool) -> String {
        format::print(&self.policies, &self.file_names, format, colour)
    }

    /// Fragments of folders that no policy includes.
    pub(super) fn unseen(&self) -> &[PathBuf] {
        &self.unseen
    }

    /// Whether anything is an error, or denied.
    pub(super) fn fails(&self) -> bool {
        self.fails
    }

    /// `2 errors, 1 warning in 3 files`; the built-in policy is no file.
    pub(super) fn summary(&self) -> String {
        let (errors, warnings) = (count(self.errors, "error"), count(self.warnings, "warning"));
        let denied = if self.errors == 0 && self.fails { " (denied)" } else { "" };
        format!("{errors}, {warnings}{denied} in {}", count(self.files.len(), "file"))
    }

    /// Checks a policy, and notes which files it is made of.
    fn check(&mut self, name: &str, files: &Overlay) -> Checked {
        // The typed policy is not needed, and many of them are large.
        let checked = Checked { hir: None, ..check(name, files) };
        let names = checked.sources.iter().map(|(_, file)| file.name()).filter(|name| *name != builtin::NAME);
        for name in names {
            if self.files.insert(identity(Path::new(name))) {
                self.file_names.push(name.to_owned());
            }
        }
        self.names.push(name.to_owned());
        checked
    }

    /// Takes over what is to be shown of a policy.
    fn add(&mut self, name: &str, checked: Checked, contested: &Contested, levels: &Levels) {
        let Checked { sources, mut diagnostics, .. } = checked;
        let weight = |finding: &Diagnostic| levels.weight(name, finding, &sources);
        diagnostics
            .retain(|finding| !contested.holds(finding, &sources) && self.take(finding, &sources, weight(finding)));
        let fatal = diagnostics.iter().map(|finding| weight(finding) == Weight::Fatal).collect();
        self.policies.push(Findings { sources, diagnostics, fatal });
    }

    /// Counts a finding; `false` if it is not to be shown, or was shown before.
    fn take(&mut self, diagnostic: &Diagnostic, sources: &SourceMap, weight: Weight) -> bool {
        let place = sources.describe(diagnostic.primary.span);
        let key = format!("{place} {} {}", diagnostic.code.id(), diagnostic.message);
        if weight == Weight::Hidden || !self.told.insert(key) {
            return false;
        }
        self.fails |= weight == Weight::Fatal;
        if diagnostic.is_error() {
            self.errors += 1;
        } else {
            self.warnings += 1;
        }
        true
    }

    fn has_seen(&self, path: &Path) -> bool {
        self.files.contains(&identity(path))
    }
}

/// One spelling for each file, so that `./parts/a.warp` is `parts/a.warp`.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
