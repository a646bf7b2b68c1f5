//! From a backend's name to addresses that can be connected to.
//!
//! A name is looked up when a policy is loaded that holds it, and again when the answer has run out, beside the requests:
//! they take what is known. A lookup that fails leaves the last good answer in use, so that a name server's trouble does
//! not become the site's. Unlike VCL, where names are resolved once when the policy is loaded, a name that is unknown
//! never keeps a policy from loading.

mod choice;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use choice::Choice;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::lookup::{Candidate, Found, Lookup, Name};

/// An answer holds for that long at least, whatever its TTL.
const LEAST: Duration = Duration::from_secs(1);

/// An answer holds for that long at most, whatever its TTL.
const MOST: Duration = Duration::from_mins(5);

/// How long after a lookup that failed the next one starts; doubled each time.
const RETRY: Duration = Duration::from_secs(1);

/// How long after a lookup that failed the next one starts at the latest.
const LATEST_RETRY: Duration = Duration::from_secs(10);

/// How long one lookup may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a request waits for the first answer.
const WAIT: Duration = Duration::from_secs(5);

/// How many addresses of a name are used.
const MOST_ADDRESSES: usize = 256;

/// Why a backend has no address to connect to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The backend is declared `none`.
    #[error("the backend has no address: it is declared `none`")]
    NoAddress,
    /// The lookup failed and no earlier answer is known.
    #[error("the name `{name}` cannot be resolved: {reason}")]
    Failed {
        /// The name.
        name: String,
        /// What was said.
        reason: String,
    },
    /// No answer in time and no earlier one is known.
    #[error("the name `{name}` cannot be resolved: no answer within {} s", WAIT.as_secs())]
    TimedOut {
        /// The name.
        name: String,
    },
}

/// The addresses of one name, kept current until dropped; shared by all backends there.
#[derive(Debug)]
pub(super) struct Addresses {
    name: Name,
    answer: Arc<Answer>,
    /// Looks the name up; none for an address.
    task: Option<AbortHandle>,
}

/// The last answer, and a signal for each new one.
#[derive(Debug)]
struct Answer {
    state: Mutex<State>,
    /// How many lookups have ended.
    lookups: watch::Sender<u64>,
    /// Asks for a lookup soon.
    soon: Notify,
}

/// What is known.
#[derive(Debug, Default)]
struct State {
    /// The last good answer.
    choice: Choice,
    /// Why the last lookup failed; `None` if it did not.
    error: Option<String>,
    /// How many lookups have failed since the last good one.
    failures: u32,
}

impl Addresses {
    /// The addresses of `name`, which is looked up on `runtime` from now on.
    pub(super) fn of_name(name: Name, lookup: Arc<dyn Lookup>, runtime: &Handle) -> Self {
        let answer = Arc::new(Answer { state: Mutex::default(), lookups: watch::Sender::new(0), soon: Notify::new() });
        let task = runtime.spawn(keep_current(name.clone(), lookup, answer.clone())).abort_handle();
        Self { name, answer, task: Some(task) }
    }

    /// One that is known.
    pub(super) fn known(address: SocketAddr) -> Self {
        let mut choice = Choice::default();
        choice.replace(vec![Candidate { address, priority: 0, weight: 1 }]);
        let state = Mutex::new(State { choice, ..State::default() });
        let answer = Arc::new(Answer { state, lookups: watch::Sender::new(1), soon: Notify::new() });
        let name = Name::Host { host: address.ip().to_string(), port: address.port() };
        Self { name, answer, task: None }
    }

    /// The address to connect to, none of `but` while there is another. Waits for nothing but the very first answer.
    pub(super) async fn resolve(&self, but: &[SocketAddr]) -> Result<SocketAddr, ResolveError> {
        let in_time = timeout(WAIT, self.first_answer()).await.is_ok();
        let mut state = self.answer.lock();
        if let Some(address) = state.choice.next(Instant::now(), but) {
            return Ok(address);
        }
        let name = self.name.text().to_owned();
        Err(match (in_time, &state.error) {
            (true, Some(reason)) => ResolveError::Failed { name, reason: reason.clone() },
            _ => ResolveError::TimedOut { name },
        })
    }

    /// Waits until the name was looked up once, in vain or not.
    pub(super) async fn first_answer(&self) {
        // The sender lives in `self`.
        let _ = self.answers().wait_for(|count| *count > 0).await;
    }

    /// Whether the name was looked up once, in vain or not.
    pub(super) fn is_answered(&self) -> bool {
        *self.answer.lookups.borrow() > 0
    }

    /// Tells each time that a lookup has ended: how many have.
    pub(super) fn answers(&self) -> watch::Receiver<u64> {
        self.answer.lookups.subscribe()
    }

    /// Puts `address` aside for a while; looks again soon once each address has failed.
    pub(super) fn report_connect_failure(&self, address: SocketAddr) {
        let is_last = self.answer.lock().choice.put_aside(address, Instant::now());
        if is_last {
            self.answer.soon.notify_one();
        }
    }

    /// Whether there is an address that is none of `but`.
    pub(super) fn has_another(&self, but: &[SocketAddr]) -> bool {
        self.answer.lock().choice.has_another(but)
    }

    /// The addresses that are known, those in use first.
    pub(super) fn all(&self) -> Vec<SocketAddr> {
        self.answer.lock().choice.all(Instant::now())
    }

    /// Why the last lookup failed.
    pub(super) fn last_error(&self) -> Option<String> {
        self.answer.lock().error.clone()
    }
}

impl Drop for Addresses {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Looks `name` up whenever the last answer has run out, until the task is aborted.
async fn keep_current(name: Name, lookup: Arc<dyn Lookup>, answer: Arc<Answer>) {
    loop {
        let result = timeout(PATIENCE, lookup.lookup(&name)).await;
        let result = result.unwrap_or_else(|_| Err(io::Error::other("no answer from the name servers")));
        let pause = answer.lock().take(&name, result);
        answer.lookups.send_modify(|count| *count += 1);
        let (earliest, due) = (Instant::now() + RETRY, Instant::now() + pause);
        tokio::select! {
            () = sleep(pause) => {}
            () = answer.soon.notified() => sleep_until(earliest.min(due)).await,
        }
    }
}

impl Answer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes what a lookup gave; says when the next one is due.
    fn take(&mut self, name: &Name, result: io::Result<Found>) -> Duration {
        let error = match result {
            Ok(found) if found.addresses.is_empty() => "the name has no address".to_owned(),
            Ok(found) => {
                self.log_change(name, &found);
                self.choice.replace(found.addresses);
                (self.error, self.failures) = (None, 0);
                return found.ttl.clamp(LEAST, MOST);
            }
            Err(error) => error.to_string(),
        };
        if self.error.as_ref() != Some(&error) {
            tracing::warn!(name = name.text(), %error, "a name cannot be resolved");
        }
        self.error = Some(error);
        let pause = RETRY.saturating_mul(1 << self.failures.min(8)).min(LATEST_RETRY);
        self.failures += 1;
        pause
    }

    fn log_change(&self, name: &Name, found: &Found) {
        if self.error.is_some() {
            tracing::info!(name = name.text(), addresses = found.addresses.len(), "a name resolves again");
        }
    }
}

#[cfg(test)]
mod tests;
