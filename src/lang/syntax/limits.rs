//! How much the parser does for a file that is not a policy.

use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::source::{FileId, Span};

/// How many mistakes of one file are reported.
pub(super) const MAX_DIAGNOSTICS: usize = 100;

/// How many pieces in a row may start with nothing known: what comes then is no policy.
pub(super) const MAX_LOST: usize = 1_000;

/// How many bytes recovery may read again: some times the file, and enough for any small file.
pub(super) fn recovery_budget(file_bytes: usize) -> usize {
    file_bytes.saturating_mul(4).saturating_add(1 << 20)
}

/// Puts the findings in the order of their places, and cuts them off where there are too many.
/// `stopped` is the byte at which the parser gave up, if it did.
pub(super) fn settle(file: FileId, diagnostics: &mut Vec<Diagnostic>, stopped: Option<usize>) {
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    let cut = diagnostics.get(MAX_DIAGNOSTICS).map(|first| first.primary.span.start as usize);
    let more = diagnostics.len().saturating_sub(MAX_DIAGNOSTICS);
    diagnostics.truncate(MAX_DIAGNOSTICS);
    if let Some(at) = cut.or(stopped) {
        diagnostics.push(too_many(Span::new(file, at..at), diagnostics.len(), more, stopped.is_some()));
    }
}

fn too_many(at: Span, shown: usize, more: usize, stopped: bool) -> Diagnostic {
    let message = match (more, stopped) {
        (0, _) => format!("stopped reading here after {shown} mistakes"),
        (more, false) => format!("{more} more mistakes from here on"),
        (more, true) => format!("at least {more} more mistakes from here on"),
    };
    Diagnostic::new(Code::E0119, at, message).help("mend the ones above and check again")
}
