//! From a source to a policy that can run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::reads::Reads;
use super::source::PolicySource;
use super::{Failures, Fired, Policy, acls, backends, directors};
use crate::decision::Program;
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
}

impl Rejected {
    /// How many findings keep the policy from running.
    #[must_use]
    pub fn error_count(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// The diagnostics with their source lines, without colours.
    #[must_use]
    pub fn render(&self) -> String {
        render::graphical(&self.diagnostics, &self.sources, false)
    }
}

/// What outlives a policy, so that what does not change goes on as it was.
pub struct Lasting {
    /// Backends and directors with their health and connections.
    pub registry: Arc<Registry>,
    /// Rate limits with their buckets.
    pub limiters: Limiters,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// Reads, checks and lowers the policy of `source`; what it has in common with one before comes from `lasting`.
///
/// # Errors
/// When a finding is an error. Nothing was changed then.
pub fn compile(source: &PolicySource, lasting: &Lasting, generation: u64) -> Result<Policy, Box<Rejected>> {
    let (started, registry) = (Instant::now(), &lasting.registry);
    let (Checked { sources, diagnostics, hir }, reads) = source.check(&DiskFiles);
    let Some(hir) = hir else {
        return Err(Box::new(Rejected { diagnostics, sources, compile_time: started.elapsed(), reads }));
    };
    let resolved =
        backends::resolve(&hir.backends, registry).and_then(|backends| Ok((backends, acls::resolve(&hir, registry)?)));
    let (backends, acl_hosts) = match resolved {
        Ok(resolved) => resolved,
        Err(findings) => {
            let diagnostics = diagnostics.into_iter().chain(findings).collect();
            return Err(Box::new(Rejected { diagnostics, sources, compile_time: started.elapsed(), reads }));
        }
    };
    let directors = directors::resolve(&hir, &backends, registry);
    let rate_limits = lasting.limiters.of(hir.rate_limits.iter().map(|limit| limit.definition.as_str()));
    let default_backend = hir.default_backend;
    let program = Program::new(hir);
    Ok(Policy {
        generation,
        directors,
        rate_limits,
        backends,
        default_backend,
        fired: Fired::new(program.rule_count()),
        failures: Failures::new(Arc::clone(&lasting.metrics)),
        _acl_hosts: acl_hosts.keep(&program),
        program,
        path: source.path.clone(),
        files: reads.paths().map(PathBuf::from).collect(),
        fingerprint: reads.fingerprint(),
        loaded_at: SystemTime::now(),
        compile_time: started.elapsed(),
        warnings: diagnostics,
        sources,
        reads,
    })
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
