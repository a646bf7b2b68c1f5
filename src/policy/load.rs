//! From a source to a policy that can run.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::fired::Counters;
use super::make::{Load, Ready};
use super::reads::{Reads, Recorder};
use super::source::PolicySource;
use super::{Loaded, Policy};
use crate::files::DiskFiles;
use crate::lang::check::Checked;
use crate::lang::diagnostic::{Diagnostic, render};
use crate::lang::source::SourceMap;
use crate::limit::Limiters;
use crate::origin::Registry;
use crate::telemetry::Metrics;

/// Why a text did not become a policy, with all that is needed to show it in full.
#[derive(Debug, thiserror::Error)]
#[error("the policy has {}", count(.diagnostics.iter().filter(|it| it.is_error()).count(), "error"))]
pub struct Rejected {
    /// All findings, warnings too.
    pub diagnostics: Vec<Diagnostic>,
    /// The text that they point into.
    pub sources: SourceMap,
    /// How long it took to find them.
    pub compile_time: Duration,
    pub(super) reads: Reads,
    /// It was given up, since what was read has changed meanwhile.
    pub(super) is_obsolete: bool,
}

impl Rejected {
    /// How many findings keep the policy from running.
    #[must_use]
    pub fn error_count(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// The diagnostics with their source lines, without colours, for the log.
    #[must_use]
    pub fn render(&self) -> String {
        render::logged(&self.diagnostics, &self.sources, false)
    }
}

/// What outlives a policy, so that what does not change goes on as it was.
pub struct Lasting {
    /// Backends and directors with their health and connections.
    pub registry: Arc<Registry>,
    /// Rate limits with their buckets.
    pub limiters: Limiters,
    /// How often rules decided.
    pub counters: Counters,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// Reads, checks and lowers the policy of `source`; what it has in common with one before comes from `lasting`.
///
/// # Errors
/// When a finding is an error. Nothing was changed then.
pub fn compile(source: &PolicySource, lasting: &Lasting, generation: u64) -> Result<Policy, Box<Rejected>> {
    compile_with(source, lasting, generation, Recorder::new(&DiskFiles))
}

/// The same, unless what was read has changed meanwhile.
///
/// # Errors
/// As above, and then.
pub(super) fn compile_unless_obsolete(
    source: &PolicySource,
    lasting: &Lasting,
    generation: u64,
) -> Result<Policy, Box<Rejected>> {
    compile_with(source, lasting, generation, Recorder::giving_up(&DiskFiles))
}

fn compile_with(
    source: &PolicySource,
    lasting: &Lasting,
    generation: u64,
    disk: Recorder<'_>,
) -> Result<Policy, Box<Rejected>> {
    let started = Instant::now();
    let Checked { sources, diagnostics, hir } = source.check(&disk);
    let (reads, is_obsolete) = disk.into_reads();
    let policies = match hir.map(|hir| Ready::new(hir, &lasting.registry)) {
        Some(Ok(policies)) => policies,
        other => {
            let found = other.and_then(Result::err).unwrap_or_default();
            let diagnostics = diagnostics.into_iter().chain(found).collect();
            let compile_time = started.elapsed();
            return Err(Box::new(Rejected { diagnostics, sources, compile_time, reads, is_obsolete }));
        }
    };
    let files: BTreeSet<PathBuf> = reads.paths().map(PathBuf::from).collect();
    let loaded = Arc::new(Loaded {
        path: source.path.clone(),
        files: files.into_iter().collect(),
        fingerprint: reads.fingerprint(),
        at: SystemTime::now(),
        warnings: diagnostics,
        reads,
    });
    let texts = loaded.reads.texts();
    let (loaded, sources) = (Arc::clone(&loaded), Arc::new(sources));
    Ok(policies.run(&Load { started, generation, lasting, loaded, texts, sources }))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
