//! What the name of a host stands for, for those who connect nowhere.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::addresses::Addresses;

/// The addresses of a host, kept current while this is held.
#[derive(Clone, Debug)]
pub struct HostAddresses {
    addresses: Arc<Addresses>,
    runtime: Handle,
}

impl HostAddresses {
    pub(super) fn new(addresses: Arc<Addresses>, runtime: Handle) -> Self {
        Self { addresses, runtime }
    }

    /// Waits for the first answer; blocks the thread, which is none that serves requests.
    ///
    /// # Errors
    /// Why there is none.
    pub fn wait(&self, until: Instant) -> Result<(), String> {
        let (sender, answered) = channel();
        let addresses = self.addresses.clone();
        // Whoever waits may be on a thread of the runtime, on which nothing can be waited for.
        let task = self.runtime.spawn(async move {
            addresses.first_answer().await;
            sender.send(())
        });
        let result = answered.recv_timeout(until.saturating_duration_since(Instant::now()));
        task.abort();
        match result {
            Ok(()) if self.now().is_empty() => Err(self.addresses.last_error().unwrap_or_default()),
            Ok(()) => Ok(()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err("no answer from the name servers".to_owned())
            }
        }
    }

    /// The addresses as they are now.
    #[must_use]
    pub fn now(&self) -> BTreeSet<IpAddr> {
        self.addresses.all().into_iter().map(|address| address.ip()).collect()
    }

    /// Does `what` soon, and whenever a lookup has given other addresses, until the task is aborted.
    pub fn on_change(&self, what: impl Fn() + Send + 'static) -> AbortHandle {
        let (host, mut answers) = (self.clone(), self.addresses.answers());
        let watching = async move {
            let mut known = None;
            loop {
                let now = Some(host.now());
                if now != known {
                    known = now;
                    what();
                }
                if answers.changed().await.is_err() {
                    return;
                }
            }
        };
        self.runtime.spawn(watching).abort_handle()
    }
}
