//! The running policy: load, watch, swap.
//!
//! [`compile`] turns a source into a [`Policy`], [`PolicyHandle`] keeps the one that serves and
//! replaces it, [`Watcher`] sees that files changed. Requests only ever touch [`PolicyHandle::current`], and of that the
//! policy of their site ([`Sites`]): all that a policy declares is its own, so a request knows nothing of other sites.
//! Listeners and stores are not here: a swap never touches a socket or a stored object.

mod acls;
mod backends;
mod digest;
mod directors;
mod failures;
mod fired;
mod handle;
mod hosts;
mod load;
mod make;
mod reads;
mod sites;
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
pub use sites::Sites;
pub use source::PolicySource;
pub use status::{PolicyStatus, ReloadReport, RuleStatus, SiteStatus};
pub use watch::{Watcher, Workers};

use crate::decision::{Program, Rule};
use crate::lang::builtin;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::hir::{BackendId, RateLimitId};
use crate::lang::source::{SourceMap, Span};
use crate::limit::Limiter;
use crate::origin::{Backend, Director, Target};
use reads::Reads;
use watch::Targets;

/// A policy that can serve: compiled, with its backends at hand. Never changed once published.
#[derive(Debug)]
pub struct Policy {
    /// Counts published policies; the one that the process started with is 1.
    pub generation: u64,
    /// The name of the site whose policy it is; `None` for the root, which serves what no site is for.
    pub site: Option<Box<str>>,
    /// The policies of sites, each of this generation. A site has none.
    pub sites: Sites,
    /// The decision trees.
    pub program: Program,
    /// How often each of its rules decided, under earlier policies of the same text as well.
    pub fired: Arc<Fired>,
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
    /// The text of all files of the load, for places of rules and diagnostics.
    pub sources: Arc<SourceMap>,
    /// Where it comes from, together with its sites.
    pub loaded: Arc<Loaded>,
    /// What reading, checking and lowering took until it was ready; of the root, for all of its sites as well.
    pub compile_time: Duration,
    _acl_hosts: acls::Kept,
}

/// What was read at once: a policy and its sites.
#[derive(Debug)]
pub struct Loaded {
    /// The policy file; `None` for the built-in policy alone.
    pub path: Option<PathBuf>,
    /// Every file that was read, once.
    pub files: Vec<PathBuf>,
    /// Sixteen hex digits that change with the text.
    pub fingerprint: String,
    /// When that was.
    pub at: SystemTime,
    /// Findings that did not keep it from running.
    pub warnings: Vec<Diagnostic>,
    reads: Reads,
}

impl Policy {
    /// The rate limit of that number.
    #[must_use]
    pub fn rate_limit(&self, id: RateLimitId) -> Option<&Limiter> {
        self.rate_limits.get(id.0 as usize).map(Arc::as_ref)
    }

    /// This policy and those of its sites.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.sites.policies().map(Arc::as_ref))
    }

    /// How often each rule decided since the text of this policy was loaded, in the order of the policy's steps. Those of sites
    /// follow.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleStatus> {
        self.all().flat_map(Self::own_rules).collect()
    }

    fn own_rules(&self) -> Vec<RuleStatus> {
        let status = |rule: Rule| RuleStatus {
            site: self.site.as_deref().map(str::to_owned),
            step: rule.step.name(),
            condition: rule.condition.map(|span| self.place(span)),
            place: rule.place.map(|span| self.place(span)),
            decided: self.fired.times(rule.id),
        };
        self.program.rules().map(status).collect()
    }

    /// Where in the text that is; of the built-in policy the piece, as `Cache-Status` has it.
    fn place(&self, span: Span) -> String {
        let file = self.sources.get(span.file);
        let piece = file.and_then(|file| builtin::piece(file.name(), file.text(), span.range().start));
        piece.unwrap_or_else(|| self.sources.describe(span))
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
