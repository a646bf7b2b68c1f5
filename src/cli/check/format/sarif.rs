//! SARIF 2.1.0, the format of code scanning: a run with the rules that were broken, and where.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::Finding;
use super::finding::Place;
use crate::lang::diagnostic::{Code, Edit, Fix, Label, Safety, render};
use crate::lang::source::{SourceMap, Span};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// What stands for itself in the path of a URI (RFC 3986 §3.3); `:` does not, since it would end a scheme.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

pub(super) fn print(findings: &[Finding]) -> String {
    let codes: BTreeSet<Code> = findings.iter().map(|finding| finding.diagnostic.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let driver = json!({
        "name": "warp",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": codes.iter().copied().map(rule).collect::<Vec<_>>(),
    });
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            // Columns count characters, not what UTF-16 makes of them (SARIF §3.14.17).
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true }],
            "results": findings.iter().map(|finding| result(finding, &codes)).collect::<Vec<_>>(),
        }],
    });
    // Made of strings and numbers alone: serialising it cannot fail.
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "name": code.name(),
        "shortDescription": { "text": code.summary().replace('`', "") },
        "help": { "text": code.page(), "markdown": code.page() },
        "defaultConfiguration": { "level": code.level().name() },
    })
}

fn result(finding: &Finding, codes: &[Code]) -> Value {
    let (diagnostic, sources) = (finding.diagnostic, finding.sources);
    let mut result = json!({
        "ruleId": diagnostic.code.id(),
        "ruleIndex": codes.binary_search(&diagnostic.code).unwrap_or_default(),
        "level": finding.level.name(),
        "message": { "text": finding.explained() },
        "locations": [{ "physicalLocation": location(diagnostic.primary.span, sources) }],
        "partialFingerprints": { "finding/v1": finding.fingerprint },
    });
    if !diagnostic.context.is_empty() {
        let labels = diagnostic.context.iter().enumerate();
        result["relatedLocations"] = labels.map(|(at, label)| related(at, label, sources)).collect();
    }
    if let Some(fix) = &diagnostic.fix {
        result["fixes"] = json!([fixed(fix, sources)]);
    }
    result
}

fn related(at: usize, label: &Label, sources: &SourceMap) -> Value {
    json!({
        "id": at + 1,
        "message": { "text": render::visible(&label.text) },
        "physicalLocation": location(label.span, sources),
    })
}

fn location(span: Span, sources: &SourceMap) -> Value {
    let place = Place::of(span, sources);
    json!({ "artifactLocation": artifact(&place.path), "region": region(span, sources) })
}

/// A file by its place below the root of the sources, or by its place on this machine.
fn artifact(path: &str) -> Value {
    let uri = utf8_percent_encode(path, IN_PATH).to_string();
    match path.strip_prefix('/') {
        Some(_) => json!({ "uri": format!("file://{uri}") }),
        None => json!({ "uri": uri, "uriBaseId": "%SRCROOT%" }),
    }
}

/// From the first character to one past the last (SARIF §3.30.2); a byte order mark counts for nothing.
fn region(span: Span, sources: &SourceMap) -> Value {
    let place = Place::of(span, sources);
    let marked = sources.get(span.file).is_some_and(|file| file.text().starts_with('\u{FEFF}'));
    let counted = |line: usize, column: usize| if line == 1 && marked { column.max(2) - 1 } else { column };
    json!({
        "startLine": place.line,
        "startColumn": counted(place.line, place.column),
        "endLine": place.end_line,
        "endColumn": counted(place.end_line, place.end_column),
    })
}

fn fixed(fix: &Fix, sources: &SourceMap) -> Value {
    let files: BTreeSet<_> = fix.edits.iter().map(|edit| edit.span.file).collect();
    let of_file = |file| {
        let edits = fix.edits.iter().filter(|edit| edit.span.file == file);
        let path = Place::of(Span::new(file, 0..0), sources).path;
        let replacements: Vec<Value> = edits.map(|edit| replacement(edit, sources)).collect();
        json!({ "artifactLocation": artifact(&path), "replacements": replacements })
    };
    let is_safe = fix.safety == Safety::Safe;
    json!({
        "description": { "text": fix.title },
        "artifactChanges": files.into_iter().map(of_file).collect::<Vec<_>>(),
        "properties": { "safety": if is_safe { "safe" } else { "needs-review" } },
    })
}

fn replacement(edit: &Edit, sources: &SourceMap) -> Value {
    json!({ "deletedRegion": region(edit.span, sources), "insertedContent": { "text": edit.text } })
}
