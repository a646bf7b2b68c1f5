//! "Did you mean …?" for names that do not exist.

use super::findings::Findings;
use super::words;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::diagnostic::suggest::closest;

/// Adds to `finding`, which is about the unknown `name`, the nearest of `names`, else all of them
/// if they are few; `kind` says what they are: `the backends`.
pub(super) fn suggest<'n>(
    findings: &Findings,
    finding: Diagnostic,
    name: &str,
    kind: &str,
    names: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let Some(names) = compared(findings, names) else { return finding };
    let nearest = closest(name, names.iter().copied());
    match words::suggestion(nearest, kind, names) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// The nearest of `names` to an unknown one.
pub(super) fn nearest<'n>(findings: &Findings, name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    closest(name, compared(findings, names)?)
}

/// The names, as long as not too many were compared for a policy.
fn compared<'n>(findings: &Findings, names: impl Iterator<Item = &'n str>) -> Option<Vec<&'n str>> {
    let left = findings.comparisons_left();
    let names: Vec<&str> = names.take(left).collect();
    findings.compare(names.len());
    (names.len() < left).then_some(names)
}
