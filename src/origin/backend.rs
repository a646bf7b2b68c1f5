//! A backend as the proxy sees it.

use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;

use super::addresses::{Addresses, ResolveError};
use super::connect::Endpoint;
use super::definition::{BackendDefinition, Place};
use super::health::{Health, ProbeStatus};
use super::slots::{Busy, Slot, Slots};
use crate::telemetry::{BackendGauge, OriginCounters, OriginResult};

/// One backend of the running policy, shared by all policies that define it alike.
#[derive(Debug)]
pub struct Backend {
    definition: BackendDefinition,
    parts: Parts,
    counters: Arc<OriginCounters>,
    in_flight: AtomicU64,
    requests: AtomicU64,
    failures: AtomicU64,
    tls_group: u64,
    attached: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// What backends share that differ in other things.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The addresses of its name; none for a socket.
    pub(super) addresses: Option<Arc<Addresses>>,
    /// Those of the proxy in between.
    pub(super) via: Option<Arc<Addresses>>,
    /// What its probe finds.
    pub(super) health: Option<Arc<Health>>,
    /// The requests that it may still get.
    pub(super) slots: Option<Arc<Slots>>,
}

/// A way to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where to connect to.
    pub endpoint: Endpoint,
    /// The backend's own address; none for one on a Unix socket.
    pub backend: Option<SocketAddr>,
}

impl Backend {
    pub(super) fn new(definition: BackendDefinition, parts: Parts, counters: Arc<OriginCounters>) -> Self {
        let zero = AtomicU64::default;
        let (in_flight, requests, failures) = (zero(), zero(), zero());
        let mut hasher = DefaultHasher::new();
        definition.tls.hash(&mut hasher);
        let tls_group = hasher.finish();
        Self { definition, parts, counters, in_flight, requests, failures, tls_group, attached: OnceLock::new() }
    }

    /// A number that differs between backends whose TLS differs: they share no connections.
    #[must_use]
    pub fn tls_group(&self) -> u64 {
        self.tls_group
    }

    /// Its name, behind that of its site.
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
        self.definition.place.is_some() && self.parts.health.as_ref().is_none_or(|health| health.is_healthy())
    }

    /// Whether connections can be tried at an address that is none of `but`.
    #[must_use]
    pub fn has_another_address(&self, but: &[SocketAddr]) -> bool {
        let next = self.parts.via.as_ref().or(self.parts.addresses.as_ref());
        next.is_some_and(|addresses| addresses.has_another(but))
    }

    /// How long ago its probe found it healthy again; `None` if it never was sick.
    pub(super) fn recovered_for(&self) -> Option<Duration> {
        self.parts.health.as_ref()?.recovered_for()
    }

    /// The way to it, by an address that is none of `but` while there is another. A name stands for what was looked up
    /// last.
    ///
    /// # Errors
    /// When no address is known for a name, or the backend is declared `none`.
    pub async fn resolve(&self, but: &[SocketAddr]) -> Result<Route, ResolveError> {
        resolve(&self.definition, self.parts.addresses.as_deref(), self.parts.via.as_deref(), but).await
    }

    /// What the caller keeps beside it, made when first asked for; `None` if something of another kind is kept.
    pub fn attached<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.attached.get_or_init(|| Box::new(make())).downcast_ref()
    }

    /// Says that connecting to `address` failed: it is put aside for a while.
    pub fn report_connect_failure(&self, address: SocketAddr) {
        for addresses in [&self.parts.addresses, &self.parts.via].into_iter().flatten() {
            addresses.report_connect_failure(address);
        }
    }

    /// Lets a request to this backend run and counts it until the guard ends, at once or when others have ended.
    ///
    /// # Errors
    /// When it has as many as it may have, and the request may not wait or has waited long enough.
    pub async fn admit(self: &Arc<Self>) -> Result<OriginRequest, Busy> {
        let slot = match &self.parts.slots {
            Some(slots) => Some(slots.take().await.inspect_err(|_| self.counters.count(OriginResult::Busy))?),
            None => None,
        };
        self.in_flight.fetch_add(1, Relaxed);
        self.requests.fetch_add(1, Relaxed);
        let running = Running { backend: self.clone(), _slot: slot };
        Ok(OriginRequest { backend: self.clone(), running: Some(running), result: OriginResult::Aborted })
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
            address: self.definition.place.as_ref().map(ToString::to_string),
            healthy: self.is_healthy(),
            resolved: self.parts.addresses.as_ref().map(|a| a.all()).unwrap_or_default(),
            resolve_error: self.parts.addresses.as_ref().and_then(|a| a.last_error()),
            in_flight: self.in_flight(),
            max_connections: self.definition.limit.map(|limit| limit.max_connections),
            waiting: self.parts.slots.as_ref().map_or(0, |slots| slots.waiting()),
            requests: self.requests.load(Relaxed),
            failures: self.failures.load(Relaxed),
            probe: self.parts.health.as_ref().map(|health| health.status()),
        }
    }

    /// What `/metrics` says of it.
    #[must_use]
    pub fn gauge(&self) -> BackendGauge {
        BackendGauge {
            name: self.definition.name.clone(),
            healthy: self.is_healthy(),
            in_flight: self.in_flight(),
            probes: self.parts.health.as_ref().map(|health| health.counts()),
        }
    }
}

/// A request to a backend. Counted when dropped, as aborted unless [`Self::finish`] said more.
#[derive(Debug)]
pub struct OriginRequest {
    backend: Arc<Backend>,
    running: Option<Running>,
    result: OriginResult,
}

/// Counted among those that run, and holds a slot, until dropped.
#[derive(Debug)]
struct Running {
    backend: Arc<Backend>,
    _slot: Option<Slot>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.backend.in_flight.fetch_sub(1, Relaxed);
    }
}

/// The way to a backend of that definition, whose names have these addresses; none of `but` while there is another.
pub(super) async fn resolve(
    definition: &BackendDefinition,
    addresses: Option<&Addresses>,
    via: Option<&Addresses>,
    but: &[SocketAddr],
) -> Result<Route, ResolveError> {
    let backend = match addresses {
        Some(addresses) => Some(addresses.resolve(but).await?),
        None => None,
    };
    let endpoint = match definition.next_place() {
        None => return Err(ResolveError::NoAddress),
        Some(Place::Socket(path)) => Endpoint::Socket(path.clone()),
        Some(Place::Network(_) | Place::Service(_)) => match via {
            Some(via) => Endpoint::Network(via.resolve(but).await?),
            None => Endpoint::Network(backend.ok_or(ResolveError::NoAddress)?),
        },
    };
    Ok(Route { endpoint, backend })
}

impl OriginRequest {
    /// The backend that is asked.
    #[must_use]
    pub fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// Says that the backend is done with it, whatever becomes of its response: another request may have its slot.
    pub fn release(&mut self) {
        self.running = None;
    }

    /// Says how the request ended.
    pub fn finish(mut self, result: OriginResult) {
        self.result = result;
    }
}

impl Drop for OriginRequest {
    fn drop(&mut self) {
        self.backend.counters.count(self.result);
        if self.result.is_failure() {
            self.backend.failures.fetch_add(1, Relaxed);
        }
    }
}

/// A backend in `/status`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BackendStatus {
    /// The declared name, behind that of its site.
    pub name: String,
    /// `host:port`, the path of a socket or the name of a service as declared; `None` for a backend declared `none`.
    pub address: Option<String>,
    /// Whether it is asked.
    pub healthy: bool,
    /// The addresses its name stands for, those in use first; empty before it was looked up.
    pub resolved: Vec<SocketAddr>,
    /// Why its name could not be looked up the last time.
    pub resolve_error: Option<String>,
    /// Requests that have not ended.
    pub in_flight: u64,
    /// How many it may have at the same time; `None` for any number.
    pub max_connections: Option<u32>,
    /// Requests that wait for one of those to end.
    pub waiting: u32,
    /// Requests so far.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// What its probe found; `None` without one.
    pub probe: Option<ProbeStatus>,
}
