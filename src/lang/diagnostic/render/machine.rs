//! Findings as JSON, with a schema that programs may rely on.
//!
//! Offsets are bytes, `end` is one past the last; lines and columns count from 1, columns in
//! characters. New fields may be added; these stay.

use serde::Serialize;

use crate::lang::diagnostic::{Diagnostic, Fix, Label, Safety};
use crate::lang::source::{SourceMap, Span};

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    name: &'static str,
    level: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    label: Option<&'a str>,
    labels: Vec<Note<'a>>,
    help: Option<&'a str>,
    fix: Option<Remedy<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    start: u32,
    end: u32,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Note<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Remedy<'a> {
    title: &'a str,
    safety: &'static str,
    edits: Vec<Note<'a>>,
}

/// All findings as one JSON array.
#[must_use]
pub fn json(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    json_of_all([(diagnostics, sources)])
}

/// The findings of several policies, each with its own sources, as one JSON array.
#[must_use]
pub fn json_of_all<'a>(policies: impl IntoIterator<Item = (&'a [Diagnostic], &'a SourceMap)>) -> String {
    let of_policy = |(diagnostics, sources): (&'a [Diagnostic], &'a SourceMap)| {
        diagnostics.iter().map(move |diagnostic| finding(diagnostic, sources))
    };
    let findings: Vec<Finding<'a>> = policies.into_iter().flat_map(of_policy).collect();
    // Strings and numbers alone: serialising them cannot fail.
    serde_json::to_string_pretty(&findings).unwrap_or_default() + "\n"
}

/// Each finding as a JSON object on a line of its own.
#[must_use]
pub fn json_lines(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let line = |diagnostic| serde_json::to_string(&finding(diagnostic, sources)).unwrap_or_default() + "\n";
    diagnostics.iter().map(line).collect()
}

fn finding<'a>(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Finding<'a> {
    let code = diagnostic.code;
    Finding {
        code: code.id(),
        name: code.name(),
        level: code.level().name(),
        message: &diagnostic.message,
        place: place(diagnostic.primary.span, sources),
        label: Some(diagnostic.primary.text.as_str()).filter(|text| !text.is_empty()),
        labels: diagnostic.context.iter().map(|label| note(label, sources)).collect(),
        help: diagnostic.help.as_deref(),
        fix: diagnostic.fix.as_ref().map(|fix| remedy(fix, sources)),
    }
}

fn place(span: Span, sources: &SourceMap) -> Place<'_> {
    let file = sources.get(span.file).map_or("", |file| file.name());
    let (line, column) = sources.locate(span).map_or((1, 1), |at| (at.line, at.column));
    Place { file, start: span.start, end: span.end, line, column }
}

fn note<'a>(label: &'a Label, sources: &'a SourceMap) -> Note<'a> {
    Note { place: place(label.span, sources), text: &label.text }
}

fn remedy<'a>(fix: &'a Fix, sources: &'a SourceMap) -> Remedy<'a> {
    let safety = match fix.safety {
        Safety::Safe => "safe",
        Safety::NeedsReview => "needs-review",
    };
    let edits = fix.edits.iter().map(|edit| Note { place: place(edit.span, sources), text: &edit.text });
    Remedy { title: &fix.title, safety, edits: edits.collect() }
}
