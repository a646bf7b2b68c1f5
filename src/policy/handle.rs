//! The policy that serves now, and its replacement.
//!
//! A request takes [`PolicyHandle::current`] once and keeps it to its end. A reload compiles beside
//! the traffic and publishes only what is valid; a broken text changes nothing but the status.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::fired::Counters;
use super::load::{Lasting, Rejected, compile, compile_unless_obsolete};
use super::reads::Reads;
use super::source::PolicySource;
use super::status::{PolicyStatus, ReloadReport, milliseconds, unix_ms};
use super::{Policy, Targets};
use crate::files::DiskFiles;
use crate::limit::Limiters;
use crate::origin::Registry;
use crate::telemetry::{Metrics, ReloadResult};

/// How often in a row a load is given up that has become obsolete: files that change all the time are loaded as well.
const MOST_GIVEN_UP: usize = 3;

/// The running policy of the process.
pub struct PolicyHandle {
    source: PolicySource,
    lasting: Lasting,
    current: ArcSwap<Policy>,
    last_reload: ArcSwapOption<ReloadReport>,
    /// Policies that were replaced while requests were on them: to free ten thousand rules takes longer than most requests.
    replaced: Mutex<Vec<Arc<Policy>>>,
    /// The text that was refused last, until one is accepted. Held for the whole of a reload: one at a time.
    refused: Mutex<Option<Refused>>,
}

struct Refused {
    reads: Reads,
    rendered: String,
    errors: usize,
}

impl PolicyHandle {
    /// Loads the first policy, generation 1.
    ///
    /// # Errors
    /// When it has errors: a proxy does not start with a broken policy.
    pub fn load(source: PolicySource, registry: Arc<Registry>, metrics: Arc<Metrics>) -> Result<Self, Box<Rejected>> {
        let (limiters, counters) = (Limiters::default(), Counters::default());
        let lasting = Lasting { registry, limiters, counters, metrics };
        let policy = compile(&source, &lasting, 1)?;
        lasting.metrics.set_generation(policy.generation);
        Ok(Self {
            source,
            lasting,
            current: ArcSwap::from_pointee(policy),
            last_reload: ArcSwapOption::empty(),
            replaced: Mutex::default(),
            refused: Mutex::default(),
        })
    }

    /// The policy that serves now. Never blocks, also not while a reload compiles.
    #[must_use]
    pub fn current(&self) -> Arc<Policy> {
        self.current.load_full()
    }

    /// Reads the files again and publishes what they say, if that is valid and not running already.
    ///
    /// Blocks for the time of a compilation: call it off the request path. The diagnostics of a
    /// broken text are logged once, however often it is tried.
    pub fn reload(&self) -> ReloadReport {
        let mut refused = self.refused();
        let is_running = self.current().loaded.reads.still_hold(&DiskFiles);
        self.reload_holding(&mut refused, is_running)
    }

    /// Like [`reload`](Self::reload), but only if the files changed since the last attempt.
    pub(super) fn refresh(&self) -> Option<ReloadReport> {
        let mut refused = self.refused();
        let current = self.current();
        let tried = refused.as_ref().map_or(&current.loaded.reads, |refused| &refused.reads);
        if tried.still_hold(&DiskFiles) {
            return None;
        }
        let is_running = refused.is_some() && current.loaded.reads.still_hold(&DiskFiles);
        Some(self.reload_holding(&mut refused, is_running))
    }

    /// What is told about the policy and its last reload. Never blocks.
    #[must_use]
    pub fn status(&self) -> PolicyStatus {
        // Against the order in which a reload tells of itself: what is counted is in the report, and what that says serves.
        let [reloads_ok, reloads_rejected, reloads_unchanged] =
            [ReloadResult::Ok, ReloadResult::Rejected, ReloadResult::Unchanged].map(|result| self.reloads(result));
        let last_reload = self.last_reload.load().as_deref().cloned();
        let policy = self.current();
        PolicyStatus {
            generation: policy.generation,
            path: policy.loaded.path.as_ref().map(|path| path.display().to_string()),
            fingerprint: policy.loaded.fingerprint.clone(),
            loaded_at_unix_ms: unix_ms(policy.loaded.at),
            compile_ms: milliseconds(policy.compile_time),
            files: policy.loaded.files.len(),
            warnings: policy.loaded.warnings.len(),
            sites: policy.sites.status(),
            reloads_ok,
            reloads_rejected,
            reloads_unchanged,
            last_reload,
        }
    }

    fn reloads(&self, result: ReloadResult) -> u64 {
        self.lasting.metrics.reloads().find(|(counted, _)| *counted == result).map_or(0, |(_, number)| number)
    }

    /// The places whose change may change the policy: those of the running text and of a refused one.
    pub(super) fn targets(&self) -> Targets {
        let refused = self.refused();
        let mut targets = Targets::default();
        targets.add(&self.current().loaded.reads);
        if let Some(refused) = refused.as_ref() {
            targets.add(&refused.reads);
        }
        targets
    }

    /// `is_running` says that the files hold what is running already.
    fn reload_holding(&self, refused: &mut Option<Refused>, is_running: bool) -> ReloadReport {
        let started = Instant::now();
        let current = self.current();
        let (outcome, errors, diagnostics) = if is_running {
            if refused.take().is_some() {
                tracing::info!(generation = current.generation, "the policy file says again what is running");
            }
            (ReloadResult::Unchanged, 0, String::new())
        } else {
            self.replace(&current, refused)
        };
        let report = ReloadReport {
            outcome,
            generation: self.current().generation,
            at_unix_ms: unix_ms(SystemTime::now()),
            duration_ms: milliseconds(started.elapsed()),
            errors,
            diagnostics,
        };
        drop(current);
        self.free_replaced();
        // Counted last: whoever sees the count finds the report.
        self.last_reload.store(Some(Arc::new(report.clone())));
        self.lasting.metrics.reload(outcome);
        report
    }

    fn replace(&self, current: &Policy, refused: &mut Option<Refused>) -> (ReloadResult, usize, String) {
        match self.compile(current.generation.saturating_add(1)) {
            Ok(policy) => {
                self.publish(policy, refused);
                (ReloadResult::Ok, 0, String::new())
            }
            Err(rejected) => {
                let (errors, rendered) = refuse(*rejected, current.generation, refused);
                (ReloadResult::Rejected, errors, rendered)
            }
        }
    }

    /// Begins again where what was read has changed meanwhile.
    fn compile(&self, generation: u64) -> Result<Policy, Box<Rejected>> {
        for _ in 0..MOST_GIVEN_UP {
            match compile_unless_obsolete(&self.source, &self.lasting, generation) {
                Err(rejected) if rejected.is_obsolete => {}
                result => return result,
            }
        }
        compile(&self.source, &self.lasting, generation)
    }

    fn publish(&self, policy: Policy, refused: &mut Option<Refused>) {
        tracing::info!(
            generation = policy.generation,
            fingerprint = policy.loaded.fingerprint,
            compile_ms = milliseconds(policy.compile_time),
            warnings = policy.loaded.warnings.len(),
            "policy reloaded"
        );
        self.lasting.metrics.set_generation(policy.generation);
        let replaced = self.current.swap(Arc::new(policy));
        self.replaced().push(replaced);
        *refused = None;
    }

    /// Frees the policies that were replaced and that no request is on any more: here, and not where the last of those
    /// ends.
    pub(super) fn free_replaced(&self) {
        let is_in_use = |one: &Arc<Policy>| Arc::strong_count(one) > 1;
        let (left, done): (Vec<_>, Vec<_>) = std::mem::take(&mut *self.replaced()).into_iter().partition(is_in_use);
        self.replaced().extend(left);
        drop(done);
    }

    fn replaced(&self) -> MutexGuard<'_, Vec<Arc<Policy>>> {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> MutexGuard<'_, Option<Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps what is wrong with a refused text, and logs it unless that very text was refused before.
fn refuse(rejected: Rejected, generation: u64, refused: &mut Option<Refused>) -> (usize, String) {
    if let Some(before) = refused.as_ref().filter(|before| before.reads == rejected.reads) {
        return (before.errors, before.rendered.clone());
    }
    let (errors, rendered) = (rejected.error_count(), rejected.render());
    let shown = rendered.trim_end();
    tracing::error!(errors, generation, "policy refused, generation {generation} serves on\n{shown}\n");
    *refused = Some(Refused { reads: rejected.reads, rendered: rendered.clone(), errors });
    (errors, rendered)
}
