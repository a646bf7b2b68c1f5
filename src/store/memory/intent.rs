//! The intent to fill a key, declared before the origin is asked.
//!
//! What the origin answers may be older than a purge that comes while it is asked. So the purge
//! strikes out the intents of its key, and the fill of one that is struck out is not kept. The check
//! is made under the lock under which the fill is put in its place.

use std::sync::Arc;

use super::Inner;
use super::fill::Fill;
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
        store.write(Key { primary, variant: 0 }).intend(primary, id);
        Self { store: Arc::clone(store), primary, id }
    }

    /// Starts the fill of a variant of the key, as [`MemoryStore::begin_fill`] does. When the key was
    /// purged since the intent was declared, it goes on for its readers but is not kept.
    ///
    /// [`MemoryStore::begin_fill`]: super::MemoryStore::begin_fill
    #[must_use]
    pub fn begin_fill(&self, variant: u128, head: H, expected_len: Option<u64>) -> Fill<H> {
        Fill::begin(&self.store, Key { primary: self.primary, variant }, head, expected_len, Some(self.id))
    }

    /// Removes every variant of the key, as a purge does, but lets this intent stand.
    pub fn purge_others(&self) {
        let removed = self.store.write(Key { primary: self.primary, variant: 0 }).purge(self.primary, Some(self.id));
        self.store.purged_some(removed);
    }
}

impl<H: StoredHead> Drop for Intent<H> {
    fn drop(&mut self) {
        self.store.write(Key { primary: self.primary, variant: 0 }).withdraw(self.primary, self.id);
    }
}
