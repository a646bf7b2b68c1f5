//! From a backend's name to addresses that can be connected to.
//!
//! A name is looked up when first needed and again when its answer is old, one lookup at a time
//! however many requests wait. A lookup that fails leaves the last good answer in use, so that a
//! name server's trouble does not become the site's. Unlike VCL, where names are resolved once
//! when the policy is loaded, a name that is unknown never keeps a policy from loading.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::definition::Address;

/// How long an answer is used before the name is looked up again.
const FRESH: Duration = Duration::from_secs(30);

/// How long after a lookup without a usable answer the next one may start.
const RETRY: Duration = Duration::from_secs(1);

/// How long a request waits for a new answer when it could use the old one.
const WAIT_WITH_OLD: Duration = Duration::from_millis(100);

/// How long a request waits for the first answer.
const WAIT_WITHOUT: Duration = Duration::from_secs(5);

/// What a lookup gives.
pub type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// A way to look names up.
pub trait Lookup: Send + Sync + std::fmt::Debug {
    /// The addresses of `host` with `port`, best first.
    fn lookup(&self, host: &str, port: u16) -> LookupFuture;
}

/// The system's way: `getaddrinfo`, which orders addresses by RFC 6724.
#[derive(Clone, Copy, Debug)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str, port: u16) -> LookupFuture {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Why a backend has no address to connect to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The backend is declared `none`.
    #[error("the backend has no address: it is declared `none`")]
    NoAddress,
    /// The lookup failed and no earlier answer is known.
    #[error("the name `{host}` cannot be resolved: {reason}")]
    Failed {
        /// The name.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// No answer in time and no earlier one is known.
    #[error("the name `{host}` cannot be resolved: no answer within {} s", WAIT_WITHOUT.as_secs())]
    TimedOut {
        /// The name.
        host: String,
    },
}

/// The addresses of one host and port, shared by all backends there.
#[derive(Debug)]
pub(super) struct Addresses {
    address: Address,
    literal: Option<SocketAddr>,
    lookup: Arc<dyn Lookup>,
    runtime: Handle,
    answer: Arc<Answer>,
}

/// The last answer, and a signal for each new one.
#[derive(Debug)]
struct Answer {
    state: Mutex<State>,
    lookups: watch::Sender<u64>,
}

/// What is known. The default knows nothing and is due.
#[derive(Debug, Default)]
struct State {
    /// The last good answer; rotated so that the address in use is first.
    known: Vec<SocketAddr>,
    /// Why the last lookup failed; `None` if it did not.
    error: Option<String>,
    /// When the next lookup is due; `None` at once.
    due: Option<Instant>,
    /// Connection failures since the last lookup.
    failures: usize,
    /// Whether a lookup runs.
    running: bool,
}

impl Addresses {
    pub(super) fn new(address: Address, lookup: Arc<dyn Lookup>, runtime: Handle) -> Self {
        let literal = address.literal().map(|ip| SocketAddr::new(ip, address.port));
        let answer = Arc::new(Answer { state: Mutex::default(), lookups: watch::Sender::new(0) });
        Self { address, literal, lookup, runtime, answer }
    }

    /// The address to connect to.
    pub(super) async fn resolve(&self) -> Result<SocketAddr, ResolveError> {
        if let Some(address) = self.literal {
            return Ok(address);
        }
        // Subscribed before the state is read, so that no answer falls between.
        let mut lookups = self.answer.lookups.subscribe();
        let wait = match self.known_or_ask() {
            Ok(answer) => return answer,
            Err(wait) => wait,
        };
        // The sender lives in `self`, so waiting ends by a lookup or by time.
        let in_time = timeout(wait, lookups.changed()).await.is_ok();
        let mut state = self.answer.lock();
        if let Some(address) = state.known.first().copied() {
            if !in_time {
                // The lookup runs on; meanwhile others need not wait for it.
                state.due = Some(Instant::now() + RETRY);
            }
            return Ok(address);
        }
        match &state.error {
            Some(reason) if in_time => Err(self.failed(reason)),
            _ => Err(ResolveError::TimedOut { host: self.address.host.clone() }),
        }
    }

    /// What is known while it is fresh; else sees to it that a lookup runs and says how long to wait for it.
    fn known_or_ask(&self) -> Result<Result<SocketAddr, ResolveError>, Duration> {
        let mut state = self.answer.lock();
        if state.due.is_some_and(|due| Instant::now() < due) {
            let error = || self.failed(state.error.as_deref().unwrap_or("no answer"));
            return Ok(state.known.first().copied().ok_or_else(error));
        }
        if !state.running {
            state.running = true;
            self.start_lookup();
        }
        Err(if state.known.is_empty() { WAIT_WITHOUT } else { WAIT_WITH_OLD })
    }

    /// Runs a lookup apart from the request that needs it, so that it outlives that one.
    fn start_lookup(&self) {
        let (answer, host) = (self.answer.clone(), self.address.host.clone());
        let looked_up = self.lookup.lookup(&self.address.host, self.address.port);
        self.runtime.spawn(async move {
            let result = looked_up.await;
            if let Err(error) = &result {
                tracing::warn!(%host, %error, "a backend's name cannot be resolved");
            }
            answer.lock().take(result);
            answer.lookups.send_modify(|count| *count += 1);
        });
    }

    /// Puts `address` last if it is the one in use; looks again soon once each address has failed.
    pub(super) fn report_connect_failure(&self, address: SocketAddr) {
        if self.literal.is_some() {
            return;
        }
        let mut state = self.answer.lock();
        if state.known.first() != Some(&address) {
            return;
        }
        state.known.rotate_left(1);
        state.failures += 1;
        if state.failures >= state.known.len() {
            let soon = Instant::now() + RETRY;
            state.due = state.due.map(|due| due.min(soon));
        }
    }

    /// The addresses that are known, the one in use first.
    pub(super) fn known(&self) -> Vec<SocketAddr> {
        self.literal.map_or_else(|| self.answer.lock().known.clone(), |address| vec![address])
    }

    /// Why the last lookup failed.
    pub(super) fn last_error(&self) -> Option<String> {
        self.answer.lock().error.clone()
    }

    fn failed(&self, reason: &str) -> ResolveError {
        ResolveError::Failed { host: self.address.host.clone(), reason: reason.to_owned() }
    }
}

impl Answer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes what a lookup gave. The address in use stays first if it is still among the answers.
    fn take(&mut self, result: io::Result<Vec<SocketAddr>>) {
        self.running = false;
        self.failures = 0;
        self.error = match result {
            Ok(addresses) if addresses.is_empty() => Some("the name has no address".to_owned()),
            Ok(addresses) => {
                self.replace(addresses);
                None
            }
            Err(error) => Some(error.to_string()),
        };
        let pause = if self.error.is_none() { FRESH } else { RETRY };
        self.due = Some(Instant::now() + pause);
    }

    fn replace(&mut self, mut addresses: Vec<SocketAddr>) {
        let in_use = self.known.first();
        if let Some(place) = addresses.iter().position(|address| Some(address) == in_use) {
            addresses.rotate_left(place);
        }
        self.known = addresses;
    }
}

#[cfg(test)]
mod tests;
