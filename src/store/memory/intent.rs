//! The intent to fill a key, declared before the origin is asked.
//!
//! What the origin answers may be older than a purge that comes while it is asked. So the purge
//! strikes out the intents of its key, and the fill of one that is struck out is not kept. The check
//! is made under the lock under which the fill is put in its place.

use std::fmt;
use std::sync::Arc;

use super::fill::Fill;
use super::inner::Inner;
use crate::store::{Key, StoredHead};

/// The intent to fill a key. Dropping it withdraws it.
pub struct Intent<H: StoredHead> {
    store: Arc<Inner<H>>,
    primary: u128,
    id: u64,
}

impl<H: StoredHead> Intent<H> {
    pub(super) fn declare(store: &Arc<Inner<H>>, primary: u128) -> Self {
        let id = store.new_id();
        store.change(primary, |shard| shard.intend(primary, id));
        Self { store: Arc::clone(store), primary, id }
    }

    /// Starts the fill of a place of the key's family, as [`MemoryStore::begin_fill`] does. When the key was
    /// purged since the intent was declared, it goes on for its readers but is not kept.
    ///
    /// [`MemoryStore::begin_fill`]: super::MemoryStore::begin_fill
    #[must_use]
    pub fn begin_fill(&self, place: Key, head: H, expected_len: Option<u64>) -> Fill<H> {
        let key = Key { primary: self.primary, ..place };
        Fill::begin(&self.store, key, head, expected_len, Some(self.id))
    }

    /// Whether the key was not purged since.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.store.is_intended(self.primary, self.id)
    }

    /// Whether neither the key nor one of these groups was purged since, softly or not.
    #[must_use]
    pub fn stands_for(&self, groups: &[u64]) -> bool {
        self.stands() && !self.store.are_purged_since(groups, self.id)
    }

    /// Removes every variant of the key, as a purge does, but lets this intent stand.
    pub fn purge_others(&self) {
        self.store.purge(self.primary, Some(self.id));
    }
}

impl<H: StoredHead> fmt::Debug for Intent<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intent").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<H: StoredHead> Drop for Intent<H> {
    fn drop(&mut self) {
        self.store.change(self.primary, |shard| shard.withdraw(self.primary, self.id));
    }
}
