//! How many bytes are in use, and how many may be.

use std::sync::Arc;

use super::sync::{AtomicU64, Ordering};

/// Bytes in use against a limit. What is reserved never exceeds the limit, except between lowering
/// the limit and evicting down to it; what is taken without asking may.
pub(super) struct Budget {
    used: AtomicU64,
    limit: AtomicU64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self { used: AtomicU64::new(0), limit: AtomicU64::new(limit) }
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::SeqCst)
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit.load(Ordering::SeqCst)
    }

    pub(super) fn set_limit(&self, bytes: u64) {
        self.limit.store(bytes, Ordering::SeqCst);
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.used() > self.limit()
    }

    /// Takes bytes if they are there. The limit is read again afterwards: it may have been lowered
    /// by someone who looked at `used` before these bytes were in it.
    pub(super) fn try_reserve(&self, bytes: u64) -> bool {
        let limit = self.limit();
        let take = |used: u64| used.checked_add(bytes).filter(|&used| used <= limit);
        if self.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_err() {
            return false;
        }
        if self.limit() < limit && self.is_exceeded() {
            self.release(bytes);
            return false;
        }
        true
    }

    /// Takes bytes that are in use already.
    pub(super) fn take(&self, bytes: u64) {
        self.used.fetch_add(bytes, Ordering::SeqCst);
    }

    /// Gives bytes back.
    pub(super) fn release(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::SeqCst);
    }
}

/// Bytes of a budget that are in use for one thing, given back with it.
pub(super) struct Charge {
    budget: Arc<Budget>,
    bytes: AtomicU64,
}

impl Charge {
    /// Of bytes that were reserved or taken before.
    pub(super) fn of_reserved(budget: &Arc<Budget>, bytes: u64) -> Self {
        Self { budget: Arc::clone(budget), bytes: AtomicU64::new(bytes) }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }

    /// More bytes that were reserved or taken before.
    pub(super) fn add_reserved(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::SeqCst);
    }

    /// Gives some back.
    pub(super) fn shrink(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
        self.budget.release(bytes);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.release(self.bytes());
    }
}
