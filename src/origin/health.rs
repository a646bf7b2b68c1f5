//! Whether a backend is healthy: the history of its probes.
//!
//! The last `window` probes are looked at; the backend is healthy while `threshold` of them
//! succeeded. At start `initial` probes count as succeeded (VCL 4.1, "Health probes"). Running them
//! is [`super::probe`]'s part.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::addresses::Addresses;
use super::definition::{BackendDefinition, ProbeDefinition, ProbeKind};
use super::exchange::ProbeError;
use super::probe;

/// All that a probe's result depends on: backends that agree in it share their health.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Probed {
    /// The backend, without what makes no difference to a probe.
    pub(super) definition: BackendDefinition,
    pub(super) probe: ProbeDefinition,
}

impl Probed {
    /// `None` if the backend has no probe or no address.
    pub(super) fn of(definition: &BackendDefinition) -> Option<Self> {
        let place = definition.place.clone()?;
        let plain = BackendDefinition::new(definition.name.clone(), "", 0);
        Some(Self {
            definition: BackendDefinition {
                place: Some(place),
                host_header: definition.host_header.clone(),
                greeting: definition.greeting.clone(),
                tls: definition.tls.clone(),
                ..plain
            },
            probe: definition.probe.clone()?,
        })
    }
}

/// Where the names of a probed backend are.
#[derive(Debug)]
pub(super) struct Ways {
    /// Its own; none for a socket.
    pub(super) addresses: Option<Arc<Addresses>>,
    /// Those of the proxy in between.
    pub(super) via: Option<Arc<Addresses>>,
}

impl Ways {
    /// Says that connecting to `address` failed.
    pub(super) fn report_connect_failure(&self, address: SocketAddr) {
        for addresses in [&self.addresses, &self.via].into_iter().flatten() {
            addresses.report_connect_failure(address);
        }
    }
}

/// A backend's health, kept by a running probe. Dropping it ends the probe.
#[derive(Debug)]
pub(super) struct Health {
    record: Arc<Record>,
    task: AbortHandle,
}

impl Health {
    /// Starts to probe on `runtime`.
    pub(super) fn start(probed: &Probed, ways: Ways, runtime: &Handle) -> Self {
        let record = Arc::new(Record::new(probed));
        let task = runtime.spawn(probe::run(probed.clone(), ways, record.clone())).abort_handle();
        Self { record, task }
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.record.healthy.load(Relaxed)
    }

    /// How long ago it turned from sick to healthy; `None` if it did not.
    pub(super) fn recovered_for(&self) -> Option<Duration> {
        self.record.lock().recovered.map(|at| at.elapsed())
    }

    pub(super) fn status(&self) -> ProbeStatus {
        self.record.status()
    }

    /// How many probes succeeded and how many failed.
    pub(super) fn counts(&self) -> (u64, u64) {
        let results = self.record.lock();
        (results.succeeded, results.failed)
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the probes found.
#[derive(Debug)]
pub(super) struct Record {
    name: String,
    definition: ProbeDefinition,
    healthy: AtomicBool,
    results: Mutex<Results>,
    probes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Results {
    history: History,
    last: Option<Result<Option<u16>, ProbeError>>,
    /// When it turned healthy, having been found sick.
    recovered: Option<Instant>,
    /// When it turned healthy or sick.
    changed: SystemTime,
    succeeded: u64,
    failed: u64,
    /// How long those that succeeded took, the last ones weighing most.
    average: Duration,
}

/// How much less than the average so far the last probe weighs, as in Varnish.
const AVERAGED: u32 = 4;

impl Record {
    fn new(probed: &Probed) -> Self {
        let history = History::new(probed.probe.initial);
        Self {
            name: probed.definition.name.clone(),
            healthy: AtomicBool::new(history.is_healthy(&probed.probe)),
            definition: probed.probe.clone(),
            results: Mutex::new(Results {
                history,
                last: None,
                recovered: None,
                changed: SystemTime::now(),
                succeeded: 0,
                failed: 0,
                average: Duration::ZERO,
            }),
            probes: watch::Sender::new(0),
        }
    }

    /// Takes the result of a probe that took so long: the status if it asked for one.
    pub(super) fn take(&self, result: Result<Option<u16>, ProbeError>, took: Duration) {
        let mut results = self.lock();
        let first = results.last.is_none();
        results.count(result.is_ok(), took);
        let healthy = results.history.is_healthy(&self.definition);
        let changed = self.healthy.swap(healthy, Relaxed) != healthy;
        if first || changed {
            self.log(healthy, &result);
        }
        if changed {
            results.changed = SystemTime::now();
        }
        // Before its first probe nobody found it sick.
        if changed && healthy && !first {
            results.recovered = Some(Instant::now());
        }
        results.last = Some(result);
        drop(results);
        self.probes.send_modify(|count| *count += 1);
    }

    fn log(&self, healthy: bool, result: &Result<Option<u16>, ProbeError>) {
        let (backend, kind, url) = (&self.name, self.definition.kind.name(), self.url());
        let verdict = if healthy { "healthy" } else { "sick" };
        match result {
            Ok(status) => tracing::info!(%backend, kind, url, status, "a probe succeeded; the backend is {verdict}"),
            Err(error) => tracing::warn!(%backend, kind, url, %error, "a probe failed; the backend is {verdict}"),
        }
    }

    fn url(&self) -> Option<&str> {
        match &self.definition.kind {
            ProbeKind::Http(http) => Some(&http.url),
            ProbeKind::Tcp | ProbeKind::Tls => None,
        }
    }

    fn status(&self) -> ProbeStatus {
        let results = self.lock();
        let (last_status, last_error) = match &results.last {
            Some(Ok(status)) => (*status, None),
            Some(Err(error)) => (error.status(), Some(error.to_string())),
            None => (None, None),
        };
        let changed = results.changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        ProbeStatus {
            kind: self.definition.kind.name(),
            url: self.url().map(str::to_owned),
            window: self.definition.window,
            threshold: self.definition.threshold,
            good: results.history.good(self.definition.window),
            history: results.history.text(self.definition.window),
            last_status,
            last_error,
            average_ms: results.average.as_secs_f64() * 1_000.0,
            changed_at_unix_ms: u64::try_from(changed.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Results> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Results {
    fn count(&mut self, good: bool, took: Duration) {
        self.history.push(good);
        if !good {
            self.failed += 1;
            return;
        }
        self.succeeded += 1;
        let weight = u32::try_from(self.succeeded).unwrap_or(u32::MAX).min(AVERAGED);
        self.average = (self.average * (weight - 1) + took) / weight;
    }
}

/// Whether each of the last 64 probes succeeded; the last one in the lowest bit.
#[derive(Clone, Copy, Debug)]
struct History(u64);

impl History {
    fn new(initial: u8) -> Self {
        Self(1_u64.checked_shl(initial.into()).map_or(u64::MAX, |bit| bit - 1))
    }

    fn push(&mut self, good: bool) {
        self.0 = (self.0 << 1) | u64::from(good);
    }

    /// How many of the last `window` probes succeeded.
    fn good(self, window: u8) -> u32 {
        (self.0 & Self::new(window).0).count_ones()
    }

    fn is_healthy(self, definition: &ProbeDefinition) -> bool {
        self.good(definition.window) >= definition.threshold.into()
    }

    /// The last `window` probes, the last one at the right: `H` for one that succeeded, `-` for one that failed.
    fn text(self, window: u8) -> String {
        let oldest_first = (0..window.min(64)).rev().map(|age| self.0 >> age & 1 == 1);
        oldest_first.map(|good| if good { 'H' } else { '-' }).collect()
    }
}

/// A probe in `/status`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProbeStatus {
    /// What is tried: `http`, `tcp` or `tls`.
    pub kind: &'static str,
    /// The path that is asked for; `None` if nothing is asked.
    pub url: Option<String>,
    /// How many of the last probes are looked at.
    pub window: u8,
    /// How many of them must have succeeded.
    pub threshold: u8,
    /// How many of them succeeded.
    pub good: u32,
    /// The last `window` probes, the last one at the right: `H` succeeded, `-` failed or not yet run.
    pub history: String,
    /// The status that the last probe got; `None` if it got none.
    pub last_status: Option<u16>,
    /// Why the last probe failed; `None` if it succeeded or none has ended.
    pub last_error: Option<String>,
    /// How long those that succeeded took, the last ones weighing most; 0 before the first one.
    pub average_ms: f64,
    /// When the backend turned healthy or sick, or was first probed.
    pub changed_at_unix_ms: u64,
}
