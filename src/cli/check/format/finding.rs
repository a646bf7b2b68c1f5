//! A finding as the formats of other tools want it: where from and where to, what it weighs, and by what it is known
//! again in the next run.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::cli::check::report::Findings;
use crate::lang::diagnostic::{Diagnostic, Level, render};
use crate::lang::source::{SourceMap, Span};

/// A finding with what is said about its place.
pub(super) struct Finding<'a> {
    pub(super) diagnostic: &'a Diagnostic,
    pub(super) sources: &'a SourceMap,
    /// What it weighs here: a warning that is denied is an error.
    pub(super) level: Level,
    pub(super) place: Place,
    /// The same in every run, wherever the line has moved to.
    pub(super) fingerprint: String,
}

/// A stretch of a file. Lines and columns count from 1, columns in characters; the end is one past the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// From the current folder where it is below that, with `/`.
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

impl Place {
    pub(super) fn of(span: Span, sources: &SourceMap) -> Self {
        let path = sources.get(span.file).map(|file| path_of(file.name())).unwrap_or_default();
        let at = |span| sources.locate(span).map_or((1, 1), |at| (at.line, at.column));
        let ((line, column), (end_line, end_column)) = (at(span), at(span.after()));
        Self { path, line, column, end_line, end_column }
    }
}

/// The name of a file as other tools know it.
pub(super) fn path_of(name: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = Path::new(name);
    let path = path.strip_prefix(&here).or_else(|_| path.strip_prefix(".")).unwrap_or(path);
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

impl Finding<'_> {
    /// What is wrong, in one line.
    pub(super) fn message(&self) -> String {
        render::visible(&self.diagnostic.message)
    }

    /// What is wrong, what stands at its place, and what to write instead.
    pub(super) fn explained(&self) -> String {
        let label = Some(&self.diagnostic.primary.text).filter(|text| !text.is_empty());
        let label = label.map(|text| format!(": {}", render::visible(text))).unwrap_or_default();
        let help = self.diagnostic.help.as_ref();
        let help = help.map(|help| format!("\nhelp: {}", lines_visible(help))).unwrap_or_default();
        format!("{}{label}{help}", self.message())
    }
}

/// The text with what a terminal would obey made visible, but for the ends of its lines.
fn lines_visible(text: &str) -> String {
    text.split('\n').map(render::visible).collect::<Vec<_>>().join("\n")
}

/// The findings of all policies, in their order.
pub(super) fn of(policies: &[Findings]) -> Vec<Finding<'_>> {
    let mut seen = HashMap::new();
    let of_policy = |policy| pairs(policy).map(move |(diagnostic, fatal)| (policy, diagnostic, fatal));
    let all = policies.iter().flat_map(of_policy);
    all.map(|(policy, diagnostic, fatal)| finding(diagnostic, fatal, &policy.sources, &mut seen)).collect()
}

/// The diagnostics of a policy, and whether each fails the check.
fn pairs(policy: &Findings) -> impl Iterator<Item = (&Diagnostic, bool)> {
    policy.diagnostics.iter().zip(policy.fatal.iter().copied())
}

fn finding<'a>(
    diagnostic: &'a Diagnostic,
    fatal: bool,
    sources: &'a SourceMap,
    seen: &mut HashMap<String, usize>,
) -> Finding<'a> {
    let place = Place::of(diagnostic.primary.span, sources);
    let line = line_of(diagnostic.primary.span, sources);
    let identity = [place.path.as_str(), diagnostic.code.id(), &diagnostic.message, line.trim()].join("\0");
    let times = seen.entry(identity.clone()).and_modify(|times| *times += 1).or_insert(0);
    let fingerprint = hex::encode(Sha256::digest(format!("{identity}\0{times}")));
    let level = if fatal { Level::Error } else { Level::Warning };
    Finding { diagnostic, sources, level, place, fingerprint }
}

/// The line that a span begins in.
fn line_of(span: Span, sources: &SourceMap) -> &str {
    let line = || {
        let file = sources.get(span.file)?;
        let at = file.lines().locate(file.text(), span.start as usize);
        file.text().get(file.lines().range(file.text(), at.line - 1)?)
    };
    line().unwrap_or_default()
}
