//! The policy that serves now, and its replacement.
//!
//! A request takes [`PolicyHandle::current`] once and keeps it to its end. A reload compiles beside
//! the traffic and publishes only what is valid; a broken text changes nothing but the status.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::load::{Rejected, compile};
use super::reads::Reads;
use super::source::{PolicySource, SourceFiles};
use super::status::{PolicyStatus, ReloadOutcome, ReloadReport, milliseconds, unix_ms};
use super::{Policy, Targets};
use crate::files::DiskFiles;
use crate::origin::Registry;

/// The running policy of the process.
pub struct PolicyHandle {
    source: PolicySource,
    registry: Arc<Registry>,
    current: ArcSwap<Policy>,
    reloads_ok: AtomicU64,
    reloads_rejected: AtomicU64,
    last_reload: ArcSwapOption<ReloadReport>,
    /// The text that was refused last, until one is accepted. Held for the whole of a reload: one at a time.
    refused: Mutex<Option<Refused>>,
}

struct Refused {
    reads: Reads,
    rendered: Arc<str>,
    errors: usize,
}

impl PolicyHandle {
    /// Loads the first policy, generation 1.
    ///
    /// # Errors
    /// When it has errors: a proxy does not start with a broken policy.
    pub fn load(source: PolicySource, registry: Arc<Registry>) -> Result<Self, Box<Rejected>> {
        let policy = compile(&source, &registry, 1)?;
        Ok(Self {
            source,
            registry,
            current: ArcSwap::from_pointee(policy),
            reloads_ok: AtomicU64::new(0),
            reloads_rejected: AtomicU64::new(0),
            last_reload: ArcSwapOption::empty(),
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
        self.reload_holding(&mut self.refused())
    }

    /// Like [`reload`](Self::reload), but only if the files changed since the last attempt.
    pub(super) fn refresh(&self) -> Option<ReloadReport> {
        let mut refused = self.refused();
        let current = self.current();
        let tried = refused.as_ref().map_or(&current.reads, |refused| &refused.reads);
        if self.still_hold(tried) {
            return None;
        }
        Some(self.reload_holding(&mut refused))
    }

    /// How many reloads published a policy.
    #[must_use]
    pub fn reloads_ok(&self) -> u64 {
        self.reloads_ok.load(Ordering::Relaxed)
    }

    /// How many reloads were refused for errors in the text.
    #[must_use]
    pub fn reloads_rejected(&self) -> u64 {
        self.reloads_rejected.load(Ordering::Relaxed)
    }

    /// What is told about the policy and its last reload. Never blocks.
    #[must_use]
    pub fn status(&self) -> PolicyStatus {
        let last_reload = self.last_reload.load().as_deref().cloned();
        PolicyStatus {
            reloads_ok: self.reloads_ok(),
            reloads_rejected: self.reloads_rejected(),
            last_reload,
            ..PolicyStatus::of(&self.current())
        }
    }

    /// The places whose change may change the policy: those of the running text and of a refused one.
    pub(super) fn targets(&self) -> Targets {
        let refused = self.refused();
        let mut targets = Targets::default();
        targets.add(&self.current().reads);
        if let Some(refused) = refused.as_ref() {
            targets.add(&refused.reads);
        }
        targets
    }

    fn reload_holding(&self, refused: &mut Option<Refused>) -> ReloadReport {
        let started = Instant::now();
        let current = self.current();
        let (outcome, errors, diagnostics) = if self.still_hold(&current.reads) {
            *refused = None;
            (ReloadOutcome::Unchanged, 0, Arc::from(""))
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
        self.last_reload.store(Some(Arc::new(report.clone())));
        report
    }

    fn replace(&self, current: &Policy, refused: &mut Option<Refused>) -> (ReloadOutcome, usize, Arc<str>) {
        match compile(&self.source, &self.registry, current.generation.saturating_add(1)) {
            Ok(policy) => {
                self.publish(policy, refused);
                (ReloadOutcome::Ok, 0, Arc::from(""))
            }
            Err(rejected) => {
                let (errors, rendered) = self.refuse(*rejected, current, refused);
                (ReloadOutcome::Rejected, errors, rendered)
            }
        }
    }

    fn publish(&self, policy: Policy, refused: &mut Option<Refused>) {
        tracing::info!(
            generation = policy.generation,
            fingerprint = policy.fingerprint,
            compile_ms = milliseconds(policy.compile_time),
            warnings = policy.warnings.len(),
            "policy reloaded"
        );
        self.current.store(Arc::new(policy));
        self.reloads_ok.fetch_add(1, Ordering::Relaxed);
        *refused = None;
    }

    fn refuse(&self, rejected: Rejected, current: &Policy, refused: &mut Option<Refused>) -> (usize, Arc<str>) {
        self.reloads_rejected.fetch_add(1, Ordering::Relaxed);
        if let Some(before) = refused.as_ref().filter(|before| before.reads == rejected.reads) {
            return (before.errors, Arc::clone(&before.rendered));
        }
        let (errors, rendered) = (rejected.error_count(), Arc::<str>::from(rejected.render()));
        tracing::error!(
            errors,
            generation = current.generation,
            "policy refused, generation {} serves on\n{rendered}",
            current.generation
        );
        *refused = Some(Refused { reads: rejected.reads, rendered: Arc::clone(&rendered), errors });
        (errors, rendered)
    }

    fn still_hold(&self, reads: &Reads) -> bool {
        reads.still_hold(&SourceFiles { source: &self.source, disk: &DiskFiles })
    }

    fn refused(&self) -> MutexGuard<'_, Option<Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
