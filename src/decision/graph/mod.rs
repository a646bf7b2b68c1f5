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
use crate::lang::schema::Step;
use crate::lang::source::SourceMap;
use picture::Picture;

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GraphFormat {
    /// Graphviz.
    Dot,
    /// Mermaid flowchart.
    Mermaid,
    /// One JSON object: `{"version": 1, "steps": [{"step", "entry", "nodes": [...]}]}`.
    Json,
}

/// The trees of all steps of a program. `sources` is what the policy was checked from.
#[must_use]
pub fn render(program: &Program, sources: &SourceMap, format: GraphFormat) -> String {
    write(&picture::pictures(program, sources), format)
}

/// The tree of one step, as [`render`] draws it.
#[must_use]
pub fn render_step(program: &Program, sources: &SourceMap, format: GraphFormat, step: Step) -> String {
    let mut pictures = picture::pictures(program, sources);
    pictures.retain(|picture| picture.step == step.name());
    write(&pictures, format)
}

fn write(pictures: &[Picture], format: GraphFormat) -> String {
    match format {
        GraphFormat::Dot => dot::write(pictures),
        GraphFormat::Mermaid => mermaid::write(pictures),
        GraphFormat::Json => json::write(pictures),
    }
}
