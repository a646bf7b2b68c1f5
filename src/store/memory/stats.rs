//! What a store has done, and holds.
//!
//! Counts are kept beside each shard's lock, so that counting touches no memory that the lookup has not
//! touched already, and are added up when somebody asks.

use super::sync::{AtomicU64, Ordering};

/// The state of a store at one moment. What happened is counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Bytes in use: bodies, heads, keys and the index; fills under way and what is read of removed objects
    /// included.
    pub bytes: u64,
    /// The most there may be.
    pub limit_bytes: u64,
    /// The part of `bytes` that the index takes.
    pub index_bytes: u64,
    /// Complete objects.
    pub objects: u64,
    /// Fills under way, those that will not be kept included.
    pub fills: u64,
    /// Lookups that found an object.
    pub hits: u64,
    /// Lookups that found none.
    pub misses: u64,
    /// Objects that were stored.
    pub stored: u64,
    /// Objects evicted for want of room.
    pub evictions: u64,
    /// Objects purged or removed.
    pub purged: u64,
    /// Objects that purges have left to be served stale, once for each purge.
    pub expired: u64,
}

/// What is counted for one shard.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) stored: AtomicU64,
    pub(super) evictions: AtomicU64,
    pub(super) purged: AtomicU64,
    pub(super) expired: AtomicU64,
}

impl Counts {
    pub(super) fn add_to(&self, stats: &mut StoreStats) {
        stats.hits += self.hits.load(Ordering::Relaxed);
        stats.misses += self.misses.load(Ordering::Relaxed);
        stats.stored += self.stored.load(Ordering::Relaxed);
        stats.evictions += self.evictions.load(Ordering::Relaxed);
        stats.purged += self.purged.load(Ordering::Relaxed);
        stats.expired += self.expired.load(Ordering::Relaxed);
    }
}

/// Counts `by` more.
pub(super) fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}
