//! What counts as a failure: the default levels, `warp.toml`, `--deny` and `--allow`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::config::{Config, Setting};
use crate::cli::{Failure, rule};
use crate::lang::diagnostic::{Code, Diagnostic, Level};
use crate::lang::source::SourceMap;

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

/// All `--deny` and `--allow` together, and what the files say where these say nothing.
#[derive(Debug, Default)]
pub(super) struct Levels {
    deny: Vec<Denied>,
    allow: Vec<Code>,
    /// The settings of each policy that has some.
    configs: BTreeMap<String, Rc<Config>>,
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
        Ok(Self { deny: deny.to_owned(), allow: allow.to_owned(), configs: BTreeMap::new() })
    }

    /// The same, with the settings of the policies.
    pub(super) fn with(self, configs: BTreeMap<String, Rc<Config>>) -> Self {
        Self { configs, ..self }
    }

    /// What is done with a finding of that policy. What the command line says of a code goes before the settings;
    /// `--deny warnings` is about what is left to be shown.
    pub(super) fn weight(&self, policy: &str, finding: &Diagnostic, sources: &SourceMap) -> Weight {
        let code = finding.code;
        if finding.is_error() || self.deny.contains(&Denied::Code(code)) {
            return Weight::Fatal;
        }
        if self.allow.contains(&code) {
            return Weight::Hidden;
        }
        match self.setting(policy, finding, sources) {
            Setting::Allow => Weight::Hidden,
            Setting::Warn if !self.deny.contains(&Denied::Warnings) => Weight::Told,
            Setting::Warn | Setting::Deny => Weight::Fatal,
        }
    }

    fn setting(&self, policy: &str, finding: &Diagnostic, sources: &SourceMap) -> Setting {
        let said = || {
            let file = sources.get(finding.primary.span.file)?;
            self.configs.get(policy)?.of(finding.code, file.name())
        };
        said().unwrap_or(Setting::Warn)
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
