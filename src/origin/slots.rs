//! How many requests a backend gets at the same time, and who waits (Varnish's `.max_connections`,
//! `.wait_limit`, `.wait_timeout`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::definition::Limit;

/// A backend has as many requests as it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has as many requests as it may have at the same time")]
pub struct Busy;

/// The requests that a backend may still get.
#[derive(Debug)]
pub(super) struct Slots {
    limit: Limit,
    free: Arc<Semaphore>,
    waiting: AtomicU32,
}

/// A request may run for as long as this is held.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    pub(super) fn new(limit: Limit) -> Self {
        let free = Arc::new(Semaphore::new(limit.max_connections as usize));
        Self { limit, free, waiting: AtomicU32::new(0) }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting.load(Relaxed)
    }

    /// A slot, at once or after waiting for one in the order in which requests came.
    pub(super) async fn take(&self) -> Result<Slot, Busy> {
        if let Ok(permit) = self.free.clone().try_acquire_owned() {
            return Ok(Slot { _permit: permit });
        }
        let _waiting = self.wait().ok_or(Busy)?;
        match timeout(self.limit.wait_timeout, self.free.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Slot { _permit: permit }),
            _ => Err(Busy),
        }
    }

    /// A place among those who wait, unless all are taken.
    fn wait(&self) -> Option<Waiting<'_>> {
        let more = |waiting: u32| (waiting < self.limit.wait_limit).then_some(waiting + 1);
        self.waiting.fetch_update(Relaxed, Relaxed, more).ok().map(|_| Waiting(&self.waiting))
    }
}

/// Counted among those who wait until dropped.
struct Waiting<'a>(&'a AtomicU32);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn slots(max_connections: u32, wait_limit: u32, wait_timeout: Duration) -> Arc<Slots> {
        Arc::new(Slots::new(Limit { max_connections, wait_limit, wait_timeout }))
    }

    const LONG: Duration = Duration::from_mins(10);

    #[tokio::test]
    async fn without_waiting_one_too_many_fails_at_once() {
        let slots = slots(2, 0, Duration::ZERO);
        let held = (slots.take().await.unwrap(), slots.take().await.unwrap());
        assert_eq!(slots.take().await.unwrap_err(), Busy);
        drop(held.0);
        assert!(slots.take().await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_is_next_in_order() {
        let slots = slots(1, 2, LONG);
        let held = slots.take().await.unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let slots = slots.clone();
                tokio::spawn(async move { slots.take().await })
            })
            .collect();
        while slots.waiting() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(slots.take().await.unwrap_err(), Busy, "no more may wait");
        drop(held);
        for one in waiting {
            assert!(one.await.unwrap().is_ok());
        }
        assert_eq!(slots.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_longer_than_is_said() {
        let slots = slots(1, 1, Duration::from_secs(5));
        let _held = slots.take().await.unwrap();
        let began = tokio::time::Instant::now();
        assert_eq!(slots.take().await.unwrap_err(), Busy);
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        assert_eq!(slots.waiting(), 0);
    }

    #[tokio::test]
    async fn who_gives_up_waiting_is_not_counted_any_more() {
        let slots = slots(1, 1, LONG);
        let _held = slots.take().await.unwrap();
        tokio::select! {
            biased;
            _ = slots.take() => unreachable!("the slot is held"),
            () = async { assert_eq!(slots.waiting(), 1) } => {}
        }
        assert_eq!(slots.waiting(), 0);
    }
}
