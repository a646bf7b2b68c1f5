//! What counts as a failure: the default levels, `--deny` and `--allow`.

use crate::cli::{Failure, rule};
use crate::lang::diagnostic::{Code, Diagnostic, Level};

/// One `--deny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// Every warning.
    Warnings,
    /// This one.
    Code(Code),
}

/// What is done with a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Not shown.
    Hidden,
    /// Shown.
    Told,
    /// Shown, and the check fails.
    Fatal,
}

/// All `--deny` and `--allow` together.
#[derive(Debug, Default)]
pub(super) struct Levels {
    deny: Vec<Denied>,
    allow: Vec<Code>,
}

impl Levels {
    /// # Errors
    /// When a code is both denied and allowed, or an error is to be allowed.
    pub(super) fn new(deny: &[Denied], allow: &[Code]) -> Result<Self, Failure> {
        for code in allow {
            if code.level() == Level::Error {
                return Err(Failure::Usage(format!("{} is an error; only warnings can be allowed", code.id())));
            }
            if deny.contains(&Denied::Code(*code)) {
                return Err(Failure::Usage(format!("{} is both denied and allowed", code.id())));
            }
        }
        Ok(Self { deny: deny.to_owned(), allow: allow.to_owned() })
    }

    /// An explicit `--allow` goes before `--deny warnings`.
    pub(super) fn weight(&self, diagnostic: &Diagnostic) -> Weight {
        let code = diagnostic.code;
        if diagnostic.is_error() || self.deny.contains(&Denied::Code(code)) {
            Weight::Fatal
        } else if self.allow.contains(&code) {
            Weight::Hidden
        } else if self.deny.contains(&Denied::Warnings) {
            Weight::Fatal
        } else {
            Weight::Told
        }
    }
}

/// Reads the value of `--deny`.
pub(super) fn denied(text: &str) -> Result<Denied, String> {
    if text == "warnings" {
        return Ok(Denied::Warnings);
    }
    allowed(text).map(Denied::Code)
}

/// Reads the value of `--allow`.
pub(super) fn allowed(text: &str) -> Result<Code, String> {
    rule::find(text).map_err(|failure| failure.to_string())
}
