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
    let each = |render: &dyn Fn(&Findings) -> String| -> Vec<String> {
        policies.iter().map(render).filter(|text| !text.is_empty()).collect()
    };
    match format {
        // An empty line between findings, those of different policies too.
        Format::Text => each(&|it| render::graphical(&it.diagnostics, &it.sources, colour)).join("\n"),
        Format::Concise => each(&|it| render::concise(&it.diagnostics, &it.sources)).concat(),
        Format::Json => render::json_of_all(policies.iter().map(|it| (it.diagnostics.as_slice(), &it.sources))),
        Format::Jsonl => each(&|it| render::json_lines(&it.diagnostics, &it.sources)).concat(),
    }
}
