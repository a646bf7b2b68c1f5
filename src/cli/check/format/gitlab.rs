//! The report of GitLab's Code Quality: a list of issues, each known again by its fingerprint.

use serde::Serialize;

use super::Finding;
use crate::lang::diagnostic::Level;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

pub(super) fn print(findings: &[Finding]) -> String {
    let issues: Vec<Issue> = findings.iter().map(issue).collect();
    // Strings and numbers alone: serialising them cannot fail.
    serde_json::to_string_pretty(&issues).unwrap_or_default() + "\n"
}

fn issue<'a>(finding: &'a Finding) -> Issue<'a> {
    let place = &finding.place;
    Issue {
        description: finding.explained(),
        check_name: finding.diagnostic.code.id(),
        fingerprint: &finding.fingerprint,
        severity: severity(finding),
        location: Location { path: &place.path, lines: Lines { begin: place.line, end: place.end_line } },
    }
}

/// A policy with an error does not run; a warning that is denied stops the pipeline alone.
fn severity(finding: &Finding) -> &'static str {
    match finding.level {
        Level::Error if finding.diagnostic.is_error() => "critical",
        Level::Error => "major",
        Level::Warning => "minor",
    }
}
