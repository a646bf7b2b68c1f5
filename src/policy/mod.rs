//! The running policy: load, watch, swap.
//!
//! [`compile`] turns a source into a [`Policy`], [`PolicyHandle`] keeps the one that serves and
//! replaces it, [`Watcher`] sees that files changed. Requests only ever touch [`PolicyHandle::current`]. Listeners
//! and stores are not here: a swap never touches a socket or a stored object.

mod acls;
mod backends;
mod directors;
mod failures;
mod fired;
mod handle;
mod load;
mod reads;
mod source;
mod status;
mod watch;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use failures::Failures;
pub use fired::Fired;
pub use handle::PolicyHandle;
pub use load::Rejected;
pub use source::PolicySource;
pub use status::{PolicyStatus, ReloadReport, RuleStatus};
pub use watch::Watcher;

use crate::decision::{Program, Rule};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::hir::{BackendId, RateLimitId};
use crate::lang::source::SourceMap;
use crate::limit::Limiter;
use crate::origin::{Backend, Director, Target};
use reads::Reads;
use watch::Targets;

/// A policy that can serve: compiled, with its backends at hand. Never changed once published.
#[derive(Debug)]
pub struct Policy {
    /// Counts published policies; the one that the process started with is 1.
    pub generation: u64,
    /// The decision trees.
    pub program: Program,
    /// How often each of its rules decided.
    pub fired: Fired,
    /// What it has failed at.
    pub failures: Failures,
    /// The backends, in the order of their [`BackendId`]s.
    pub backends: Vec<Arc<Backend>>,
    /// The directors, whose [`BackendId`]s are behind those of the backends.
    pub directors: Vec<Arc<Director>>,
    /// The rate limits, in the order of their [`RateLimitId`]s.
    pub rate_limits: Vec<Arc<Limiter>>,
    /// Where requests go that no statement sends elsewhere; `None` if the policy has no backend.
    pub default_backend: Option<BackendId>,
    /// The text, for places of rules and diagnostics.
    pub sources: SourceMap,
    /// The policy file; `None` for the built-in policy alone.
    pub path: Option<PathBuf>,
    /// Every file that was read for it.
    pub files: Vec<PathBuf>,
    /// Sixteen hex digits that change with the text.
    pub fingerprint: String,
    /// When it was compiled.
    pub loaded_at: SystemTime,
    /// What reading, checking and lowering took.
    pub compile_time: Duration,
    /// Findings that did not keep it from running.
    pub warnings: Vec<Diagnostic>,
    reads: Reads,
    _acl_hosts: acls::Kept,
}

impl Policy {
    /// The rate limit of that number.
    #[must_use]
    pub fn rate_limit(&self, id: RateLimitId) -> Option<&Limiter> {
        self.rate_limits.get(id.0 as usize).map(Arc::as_ref)
    }

    /// How often each rule decided since this policy was loaded, in the order of the policy's steps.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleStatus> {
        let status = |rule: Rule| RuleStatus {
            step: rule.step.name(),
            condition: rule.condition.map(|span| self.sources.describe(span)),
            decided: self.fired.times(rule.id),
        };
        self.program.rules().map(status).collect()
    }

    /// The backend or director of that number.
    #[must_use]
    pub fn target(&self, id: BackendId) -> Option<Target> {
        if let Some(backend) = self.backends.get(id.0 as usize) {
            return Some(Target::Backend(id.0, backend.clone()));
        }
        let at = (id.0 as usize).checked_sub(self.backends.len())?;
        self.directors.get(at).cloned().map(Target::Director)
    }
}
