//! The ways to print findings.

use clap::ValueEnum;

use super::report::Findings;
use crate::lang::diagnostic::render;

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
}

/// All findings as one text.
pub(super) fn print(policies: &[Findings], format: Format, colour: bool) -> String {
    policies
        .iter()
        .map(|it| match format {
            Format::Text => render::graphical(&it.diagnostics, &it.sources, colour),
            _ => render::concise(&it.diagnostics, &it.sources),
        })
        .collect()
}
