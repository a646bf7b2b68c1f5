//! What the name of a host stands for, for those who connect nowhere.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::sleep;

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
        if self.addresses.is_answered() {
            return self.some();
        }
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
            Ok(()) => self.some(),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err("no answer from the name servers".to_owned())
            }
        }
    }

    /// Whether the answer, which there is, has an address.
    fn some(&self) -> Result<(), String> {
        let is_empty = self.now().is_empty();
        if is_empty { Err(self.addresses.last_error().unwrap_or_default()) } else { Ok(()) }
    }

    /// The addresses as they are now.
    #[must_use]
    pub fn now(&self) -> BTreeSet<IpAddr> {
        self.addresses.all().into_iter().map(|address| address.ip()).collect()
    }

    /// Tells `changed` soon, and whenever a lookup has given other addresses, until the task is aborted.
    fn tell_changes(&self, changed: Arc<Notify>) -> AbortHandle {
        let (host, mut answers) = (self.clone(), self.addresses.answers());
        let watching = async move {
            let mut known = None;
            loop {
                let now = Some(host.now());
                if now != known {
                    known = now;
                    changed.notify_one();
                }
                if answers.changed().await.is_err() {
                    return;
                }
            }
        };
        self.runtime.spawn(watching).abort_handle()
    }
}

/// Does something when hosts have changed, until dropped.
#[derive(Debug)]
pub struct HostsWatch(Vec<AbortHandle>);

/// How much longer than what is done takes is waited behind it.
const REST: u32 = 4;

impl HostsWatch {
    /// Does `what` soon, and soon after a lookup has given other addresses for any of these hosts: once for all that have
    /// changed by then, and for no more than a fifth of the time, since names may be many and never all change at once.
    pub fn new<'h>(hosts: impl Iterator<Item = &'h HostAddresses>, what: impl Fn() + Send + 'static) -> Self {
        let (changed, mut runtime) = (Arc::new(Notify::new()), None);
        let tell = |host: &HostAddresses| {
            runtime = Some(host.runtime.clone());
            host.tell_changes(changed.clone())
        };
        let mut tasks: Vec<_> = hosts.map(tell).collect();
        let doing = async move {
            loop {
                changed.notified().await;
                let began = Instant::now();
                what();
                sleep(began.elapsed() * REST).await;
            }
        };
        tasks.extend(runtime.map(|runtime| runtime.spawn(doing).abort_handle()));
        Self(tasks)
    }
}

impl Drop for HostsWatch {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::super::lookup::{Candidate, Found, Lookup, LookupFuture, Name};
    use super::super::registry::Registry;
    use super::*;
    use crate::telemetry::Metrics;

    /// Gives each name an address that is another one each time.
    #[derive(Debug, Default)]
    struct Moving(Mutex<u8>);

    impl Lookup for Moving {
        fn lookup(&self, _: &Name) -> LookupFuture {
            let mut last = self.0.lock().unwrap();
            *last = last.wrapping_add(1);
            let address = (IpAddr::from([192, 0, 2, *last]), 0).into();
            let found = Found { addresses: vec![Candidate { address, priority: 0, weight: 1 }], ttl: Duration::ZERO };
            Box::pin(async move { io::Result::Ok(found) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_at_once_is_done_at_once() {
        let registry = Registry::with_lookup(Handle::current(), Arc::new(Metrics::new()), Arc::new(Moving::default()));
        let hosts: Vec<_> = (0..1_000).map(|number| registry.host(&format!("h{number}.test"))).collect();
        let done = Arc::new(AtomicUsize::new(0));
        let counted = done.clone();
        let watch = HostsWatch::new(hosts.iter(), move || _ = counted.fetch_add(1, Ordering::Relaxed));
        for rounds in 1..5 {
            sleep(Duration::from_secs(1)).await;
            let times = done.load(Ordering::Relaxed);
            assert!((rounds..=3 * rounds).contains(&times), "{times} times in {rounds} rounds");
        }
        drop(watch);
        let before = done.load(Ordering::Relaxed);
        sleep(Duration::from_secs(5)).await;
        assert_eq!(done.load(Ordering::Relaxed), before);
    }
}
