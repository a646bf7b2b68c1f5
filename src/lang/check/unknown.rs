//! "Did you mean …?" for names that do not exist.

use super::words;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::diagnostic::suggest::closest;

/// Adds to `finding`, which is about the unknown `name`, the nearest of `names`, else all of them
/// if they are few; `kind` says what they are: `the backends`.
pub(super) fn suggest<'n>(
    finding: Diagnostic,
    name: &str,
    kind: &str,
    names: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let names: Vec<&str> = names.collect();
    let nearest = closest(name, names.iter().copied());
    match words::suggestion(nearest, kind, names) {
        Some(help) => finding.help(help),
        None => finding,
    }
}
