//! Where a request sits that waits for the fetch of another: it can be told to get up alone, and be handed what it
//! waited for.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pingora::cache::lock::{LockCore, LockStatus};

use super::stored_body::StoredHit;

/// That of a request, whether it waits or not.
#[derive(Clone, Default)]
pub struct Seat(Arc<Mutex<Sitting>>);

#[derive(Default)]
struct Sitting {
    /// What pingora lets it wait at, as long as it does.
    waits: Weak<LockCore>,
    has_left: bool,
    /// A response that is found nowhere else.
    response: Option<StoredHit>,
}

impl Seat {
    /// Whether the request waits.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waits_at().is_some_and(|core| core.locked())
    }

    /// Ends the waiting, as when the client is gone: nobody else's, and not the fetch.
    pub fn leave(&self) {
        self.sitting().has_left = true;
        if let Some(core) = self.waits_at().filter(|core| core.locked()) {
            core.unlock(LockStatus::GiveUp);
        }
    }

    /// Whether its waiting was ended so.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.sitting().has_left
    }

    pub(super) fn wait_at(&self, core: &Arc<LockCore>) {
        self.sitting().waits = Arc::downgrade(core);
    }

    pub(super) fn hand(&self, response: StoredHit) {
        self.sitting().response = Some(response);
    }

    /// What it was handed; to be dropped where nothing is made of it, since the fetch waits for its readers.
    pub(super) fn take(&self) -> Option<StoredHit> {
        self.sitting().response.take()
    }

    fn waits_at(&self) -> Option<Arc<LockCore>> {
        self.sitting().waits.upgrade()
    }

    fn sitting(&self) -> MutexGuard<'_, Sitting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("has_left", &self.has_left()).finish_non_exhaustive()
    }
}
