//! The ways to print findings.

mod checkstyle;
mod finding;
mod github;
mod gitlab;
mod junit;
mod sarif;
mod xml;

use clap::ValueEnum;

use super::report::Findings;
use crate::lang::diagnostic::render;
use finding::Finding;

/// How to print findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// With source lines, for people
    Text,
    /// One line each, as compilers print them
    Concise,
    /// A list of objects
    Json,
    /// One object a line
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands, which GitHub shows at the lines of a change
    Github,
    /// The report of GitLab's Code Quality
    Gitlab,
    /// A test suite for each file
    Junit,
    /// The XML of Checkstyle
    Checkstyle,
}

/// All findings as one text; `files` are the names of all that were read, with findings or without.
pub(super) fn print(policies: &[Findings], files: &[String], format: Format, colour: bool) -> String {
    let each = |render: &dyn Fn(&Findings) -> String| -> Vec<String> {
        policies.iter().map(render).filter(|text| !text.is_empty()).collect()
    };
    match format {
        // An empty line between findings, those of different policies too.
        Format::Text => each(&|it| render::graphical(&it.diagnostics, &it.sources, colour)).join("\n"),
        Format::Concise => each(&|it| render::concise(&it.diagnostics, &it.sources)).concat(),
        Format::Json => render::json_of_all(policies.iter().map(|it| (it.diagnostics.as_slice(), &it.sources))),
        Format::Jsonl => each(&|it| render::json_lines(&it.diagnostics, &it.sources)).concat(),
        Format::Sarif => sarif::print(&finding::of(policies)),
        Format::Github => finding::of(policies).iter().map(github::line).collect(),
        Format::Gitlab => gitlab::print(&finding::of(policies)),
        Format::Junit => junit::print(&finding::of(policies), files),
        Format::Checkstyle => checkstyle::print(&finding::of(policies)),
    }
}
