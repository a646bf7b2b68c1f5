//! One fetch for all who ask for the same at the same time.
//!
//! pingora's lock lets the first who finds nothing fetch, and the others wait for it. Between finding
//! nothing and taking the lock, the response may come and the lock be free again; who takes it then
//! would fetch a second time. So whoever gets it is sent to look once more if there is something now.

use pingora::cache::CacheKey;
use pingora::cache::lock::{CacheKeyLock, CacheLock, LockStatus, Locked, WritePermit};
use std::time::Duration;

use super::storage::PingoraStorage;

/// How long a fetch may keep others waiting for it before they ask for themselves.
const LOCK_AGE: Duration = Duration::from_mins(1);

/// Why the head of a response is not stored that came without its body, as one to HEAD does: those who wait
/// look again.
pub const HEAD_ONLY: &str = "head-only";

/// Set on a key that is to be fetched whatever is stored (`req.hash_always_miss`).
#[derive(Clone, Copy, Debug)]
pub struct AlwaysMiss;

/// The right to fetch a key.
pub struct FetchLock {
    lock: Box<CacheLock>,
    storage: &'static PingoraStorage,
}

impl FetchLock {
    /// A lock for what fills `storage`.
    #[must_use]
    pub fn new(storage: &'static PingoraStorage) -> Self {
        Self { lock: CacheLock::new_boxed(LOCK_AGE), storage }
    }
}

impl CacheKeyLock for FetchLock {
    fn lock(&self, key: &CacheKey, stale_writer: bool) -> Locked {
        match self.lock.lock(key, stale_writer) {
            Locked::Write(permit) if self.came_meanwhile(key, stale_writer) => {
                let waiting = self.lock.lock(key, stale_writer);
                self.lock.release(key, permit, LockStatus::Done);
                waiting
            }
            locked => locked,
        }
    }

    fn custom_lock_status(&self, reason: &'static str) -> LockStatus {
        // Others look again: the head that came may have made what is stored fresh.
        if reason == HEAD_ONLY { LockStatus::TransientError } else { LockStatus::GiveUp }
    }

    fn release(&self, key: &CacheKey, permit: WritePermit, reason: LockStatus) {
        self.lock.release(key, permit, reason);
    }
}

impl FetchLock {
    fn came_meanwhile(&self, key: &CacheKey, was_stale: bool) -> bool {
        key.extensions.get::<AlwaysMiss>().is_none() && self.storage.has_come(key, was_stale)
    }
}
