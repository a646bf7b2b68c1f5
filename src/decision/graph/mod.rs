//! Draws decision trees: for people (dot, mermaid) and for programs (json).
//!
//! A picture is made of plain boxes and arrows first ([`picture`]); each format only writes them
//! down. The same policy always gives the same text.

mod dot;
mod json;
mod mermaid;
mod picture;
mod words;

use super::program::Program;
use crate::lang::source::SourceMap;

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GraphFormat {
    /// Graphviz.
    Dot,
    /// Mermaid flowchart.
    Mermaid,
    /// One JSON object, see `docs/`.
    Json,
}

/// The trees of all steps of a program. `sources` is what the policy was checked from.
#[must_use]
pub fn render(program: &Program, sources: &SourceMap, format: GraphFormat) -> String {
    let pictures = picture::pictures(program, sources);
    match format {
        GraphFormat::Dot => dot::write(&pictures),
        GraphFormat::Mermaid => mermaid::write(&pictures),
        GraphFormat::Json => json::write(&pictures),
    }
}
