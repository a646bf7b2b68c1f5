//! A backend as the proxy sees it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::Serialize;

use super::addresses::{Addresses, ResolveError};
use super::definition::BackendDefinition;
use super::health::{Health, ProbeStatus};
use crate::telemetry::{BackendGauge, OriginCounters, OriginResult};

/// One backend of the running policy, shared by all policies that define it alike.
#[derive(Debug)]
pub struct Backend {
    definition: BackendDefinition,
    addresses: Option<Arc<Addresses>>,
    health: Option<Arc<Health>>,
    counters: Arc<OriginCounters>,
    in_flight: AtomicU64,
    requests: AtomicU64,
    failures: AtomicU64,
}

impl Backend {
    pub(super) fn new(
        definition: BackendDefinition,
        addresses: Option<Arc<Addresses>>,
        health: Option<Arc<Health>>,
        counters: Arc<OriginCounters>,
    ) -> Self {
        let zero = AtomicU64::default;
        Self { definition, addresses, health, counters, in_flight: zero(), requests: zero(), failures: zero() }
    }

    /// The declared name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// What the policy says of it: address, timeouts, `Host`.
    #[must_use]
    pub fn definition(&self) -> &BackendDefinition {
        &self.definition
    }

    /// Whether it should be asked: what its probe says, and true without one. A backend declared `none` never is.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.addresses.is_some() && self.health.as_ref().is_none_or(|health| health.is_healthy())
    }

    /// How long ago its probe found it healthy again; `None` if it never was sick.
    pub(super) fn recovered_for(&self) -> Option<Duration> {
        self.health.as_ref()?.recovered_for()
    }

    /// The address to connect to. An address answers at once, a name from what was looked up last.
    ///
    /// # Errors
    /// When no address is known for the name, or the backend is declared `none`.
    pub async fn resolve(&self) -> Result<SocketAddr, ResolveError> {
        match &self.addresses {
            Some(addresses) => addresses.resolve().await,
            None => Err(ResolveError::NoAddress),
        }
    }

    /// Says that connecting to `address` failed: the next [`Self::resolve`] gives the name's next address.
    pub fn report_connect_failure(&self, address: SocketAddr) {
        if let Some(addresses) = &self.addresses {
            addresses.report_connect_failure(address);
        }
    }

    /// Counts a request to this backend as running until the guard ends.
    #[must_use]
    pub fn begin(self: &Arc<Self>) -> OriginRequest {
        self.in_flight.fetch_add(1, Relaxed);
        self.requests.fetch_add(1, Relaxed);
        OriginRequest { backend: self.clone(), result: OriginResult::Aborted }
    }

    /// Requests that have not ended.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Relaxed)
    }

    /// What `/status` says of it.
    #[must_use]
    pub fn status(&self) -> BackendStatus {
        BackendStatus {
            name: self.definition.name.clone(),
            address: self.definition.address.as_ref().map(ToString::to_string),
            healthy: self.is_healthy(),
            resolved: self.addresses.as_ref().map(|a| a.known()).unwrap_or_default(),
            resolve_error: self.addresses.as_ref().and_then(|a| a.last_error()),
            in_flight: self.in_flight(),
            requests: self.requests.load(Relaxed),
            failures: self.failures.load(Relaxed),
            probe: self.health.as_ref().map(|health| health.status()),
        }
    }

    /// What `/metrics` says of it.
    #[must_use]
    pub fn gauge(&self) -> BackendGauge {
        BackendGauge { name: self.definition.name.clone(), healthy: self.is_healthy(), in_flight: self.in_flight() }
    }
}

/// A request to a backend. Counted when dropped, as aborted unless [`Self::finish`] said more.
#[derive(Debug)]
pub struct OriginRequest {
    backend: Arc<Backend>,
    result: OriginResult,
}

impl OriginRequest {
    /// The backend that is asked.
    #[must_use]
    pub fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// Says how the request ended.
    pub fn finish(mut self, result: OriginResult) {
        self.result = result;
    }
}

impl Drop for OriginRequest {
    fn drop(&mut self) {
        self.backend.in_flight.fetch_sub(1, Relaxed);
        self.backend.counters.count(self.result);
        if self.result.is_failure() {
            self.backend.failures.fetch_add(1, Relaxed);
        }
    }
}

/// A backend in `/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackendStatus {
    /// The declared name.
    pub name: String,
    /// `host:port` as declared; `None` for a backend declared `none`.
    pub address: Option<String>,
    /// Whether it is asked.
    pub healthy: bool,
    /// The addresses its name stands for, the one in use first; empty before the first request.
    pub resolved: Vec<SocketAddr>,
    /// Why its name could not be looked up the last time.
    pub resolve_error: Option<String>,
    /// Requests that have not ended.
    pub in_flight: u64,
    /// Requests so far.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// What its probe found; `None` without one.
    pub probe: Option<ProbeStatus>,
}
