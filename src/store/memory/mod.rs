//! The memory store: objects that can be read while they are filled, within a limit of bytes.
//!
//! A fill is visible from its start, so that readers stream along with it (`body`, `reader`).
//! The index is cut into shards by primary key (`shard`); no lock is held across an await. Every
//! byte is reserved from one `budget` before it is allocated, and when that is used up the shards
//! take turns to evict by S3-FIFO (`queues`). What cannot be kept, because it is too large, was
//! purged meanwhile or was overtaken by a later fill, goes on streaming to those who read it, but
//! is not found any more and no longer counts; of it only what some reader has yet to read stays in
//! memory.

mod body;
mod budget;
mod fill;
mod intent;
mod object;
mod queues;
mod reader;
mod segments;
mod shard;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

pub use body::Aborted;
pub use fill::Fill;
pub use intent::Intent;
pub use object::Object;
pub use reader::BodyReader;

use super::{Key, StoredHead};
use budget::Budget;
use shard::{Removed, Shard, Step};

const SHARDS: usize = 64;
/// An object may take this part of the limit.
const LARGEST_SHARE: u64 = 16;
/// How often eviction goes round all shards before it takes what is in use, too.
const GENTLE_ROUNDS: usize = 5;

/// The time, as the store asks for it.
type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// A store of objects in memory. Cheap to clone; clones are the same store.
pub struct MemoryStore<H> {
    inner: Arc<Inner<H>>,
}

impl<H> Clone for MemoryStore<H> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

/// The state of a store at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Bytes in use: bodies, heads, keys and the index, fills under way included.
    pub bytes: u64,
    /// The most there may be.
    pub limit_bytes: u64,
    /// Complete objects.
    pub objects: u64,
    /// Fills under way, those that will not be kept included.
    pub fills: u64,
    /// Objects evicted for want of room, since the start.
    pub evictions: u64,
    /// Objects purged or removed, since the start.
    pub purged: u64,
}

impl<H: StoredHead> MemoryStore<H> {
    /// An empty store that holds at most `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: u64) -> Self {
        Self::with_clock(limit_bytes, SystemTime::now)
    }

    /// As [`new`](Self::new), with a clock of the caller's.
    #[must_use]
    pub fn with_clock(limit_bytes: u64, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        let inner = Inner {
            shards: std::array::from_fn(|_| RwLock::new(Shard::default())),
            budget: Budget::new(limit_bytes),
            clock: Box::new(clock),
            next_id: AtomicU64::new(1),
            next_shard: AtomicUsize::new(0),
            evictions: AtomicU64::new(0),
            purged: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Changes the limit; when it is lowered, evicts down to it before it returns.
    pub fn set_limit(&self, bytes: u64) {
        self.inner.set_limit(bytes);
    }

    /// The object under this key, complete or being filled; counts as a use of it. One that is of
    /// no more use is dropped.
    ///
    /// Make the reader at once: when the object is purged while it is filled, only what readers
    /// have yet to read stays, and one made later finds its start gone ([`Aborted`]).
    #[must_use]
    pub fn lookup(&self, key: Key) -> Option<Arc<Object<H>>> {
        let now = (self.inner.clock)();
        let (found, any_useless) = self.inner.read(key).find(key, now);
        if any_useless {
            let removed = self.inner.write(key).remove_useless(key, now);
            self.inner.give_back(removed);
        }
        found.inspect(|object| object.touch())
    }

    /// The fill under way under this key that has this id, also one that is not kept and that
    /// [`lookup`](Self::lookup) does not find. Always there as long as its [`Fill`] is.
    #[must_use]
    pub fn lookup_fill(&self, key: Key, id: u64) -> Option<Arc<Object<H>>> {
        self.inner.read(key).fill(id)
    }

    /// The most bytes that one object may take: what is larger is handed on, not kept.
    #[must_use]
    pub fn largest_object(&self) -> u64 {
        self.inner.largest_object()
    }

    /// Starts an object, which [`lookup`](Self::lookup) finds at once. A complete one under the same
    /// key stays until this one is complete, an earlier fill is no longer kept.
    ///
    /// `expected_len` is the length of the body where it is known; a fill that completes at another
    /// length counts as aborted.
    #[must_use]
    pub fn begin_fill(&self, key: Key, head: H, expected_len: Option<u64>) -> Fill<H> {
        Fill::begin(&self.inner, key, head, expected_len, None)
    }

    /// Declares that what an origin is about to be asked for is to fill this key. A purge that comes
    /// before the fill begins is then not undone by it.
    #[must_use]
    pub fn intend(&self, primary: u128) -> Intent<H> {
        Intent::declare(&self.inner, primary)
    }

    /// Replaces the head of the object with this id, complete or being filled. Whoever holds the old
    /// head keeps it. `false` when the object is no longer under this key, or there is no room.
    #[must_use]
    pub fn replace_head(&self, key: Key, id: u64, head: H) -> bool {
        self.inner.replace_head(key, id, head)
    }

    /// Removes every variant of a key and tells how many objects that were. A fill under way goes on
    /// for its readers but is not kept, and neither is one that was intended before.
    #[expect(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn purge(&self, primary: u128) -> usize {
        let removed = self.inner.write(Key { primary, variant: 0 }).purge(primary, None);
        self.inner.purged_some(removed)
    }

    /// Removes what is under one key; `false` when there was nothing.
    #[expect(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn remove(&self, key: Key) -> bool {
        let removed = self.inner.write(key).remove(key);
        self.inner.purged_some(removed) > 0
    }

    /// The state at this moment; locks each shard in turn.
    #[must_use]
    pub fn stats(&self) -> StoreStats {
        let inner = &self.inner;
        let mut stats = StoreStats {
            bytes: inner.budget.used(),
            limit_bytes: inner.budget.limit(),
            evictions: inner.evictions.load(Ordering::Relaxed),
            purged: inner.purged.load(Ordering::Relaxed),
            ..StoreStats::default()
        };
        for shard in &inner.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            stats.objects += shard.objects();
            stats.fills += shard.fills();
        }
        stats
    }
}

/// What all clones of a store, and its fills, share.
struct Inner<H> {
    shards: [RwLock<Shard<H>>; SHARDS],
    budget: Budget,
    clock: Clock,
    next_id: AtomicU64,
    /// Whose turn it is to evict.
    next_shard: AtomicUsize,
    evictions: AtomicU64,
    purged: AtomicU64,
}

impl<H: StoredHead> Inner<H> {
    fn shard(&self, key: Key) -> &RwLock<Shard<H>> {
        let [first, ..] = &self.shards;
        self.shards.get(shard_index(key.primary)).unwrap_or(first)
    }

    fn read(&self, key: Key) -> RwLockReadGuard<'_, Shard<H>> {
        self.shard(key).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, key: Key) -> RwLockWriteGuard<'_, Shard<H>> {
        self.shard(key).write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The most bytes that one object may take.
    fn largest_object(&self) -> u64 {
        self.budget.limit() / LARGEST_SHARE
    }

    /// Reserves bytes, evicting as long as they are not there. Takes shard locks, so none may be
    /// held. `false` when nothing is left to evict.
    fn reserve(&self, bytes: u64) -> bool {
        while !self.budget.try_reserve(bytes) {
            if bytes > self.budget.limit() || !self.evict_one() {
                return false;
            }
        }
        true
    }

    /// Evicts one object; `false` when there is none.
    fn evict_one(&self) -> bool {
        let mut empty_in_a_row = 0;
        for step in 0..SHARDS * (GENTLE_ROUNDS + 1) {
            let turn = self.next_shard.fetch_add(1, Ordering::Relaxed) % SHARDS;
            let Some(shard) = self.shards.get(turn) else { continue };
            let gently = step < SHARDS * GENTLE_ROUNDS;
            // Bound first, so that the lock is free when the object is dropped.
            let step = shard.write().unwrap_or_else(PoisonError::into_inner).evict_step(gently);
            match step {
                Step::Evicted(removed) => {
                    self.evictions.fetch_add(1, Ordering::Relaxed);
                    self.give_back([removed]);
                    return true;
                }
                Step::Spared => empty_in_a_row = 0,
                Step::Empty => empty_in_a_row += 1,
            }
            if empty_in_a_row >= SHARDS {
                return false;
            }
        }
        false
    }

    fn set_limit(&self, bytes: u64) {
        self.budget.set_limit(bytes);
        while self.budget.is_exceeded() && self.evict_one() {}
        for shard in &self.shards {
            if !self.budget.is_exceeded() {
                return;
            }
            let fills = shard.write().unwrap_or_else(PoisonError::into_inner).remove_fills();
            self.give_back(fills);
        }
    }

    fn new_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn replace_head(&self, key: Key, id: u64, head: H) -> bool {
        let new_bytes = head.size_bytes() as u64;
        if !self.reserve(new_bytes) {
            return false;
        }
        let replaced = self.write(key).replace_head(key, id, head, self.largest_object());
        self.budget.release(replaced.unwrap_or(new_bytes));
        replaced.is_some()
    }

    /// Counts and gives back what was purged.
    fn purged_some(&self, removed: Vec<Removed<H>>) -> usize {
        let count = removed.len();
        self.purged.fetch_add(count as u64, Ordering::Relaxed);
        self.give_back(removed);
        count
    }

    /// Gives back the bytes of what was taken out of the index. Bodies are dropped here, so no lock
    /// may be held.
    fn give_back(&self, removed: impl IntoIterator<Item = Removed<H>>) {
        for Removed { object, charge } in removed {
            self.budget.release(charge);
            object.body().forget_what_is_read();
        }
    }
}

/// Keys are hashes already; the multiplication spreads those of tests as well.
fn shard_index(primary: u128) -> usize {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let folded = (primary ^ (primary >> 64)) & u128::from(u64::MAX);
    let folded = u64::try_from(folded).unwrap_or_default();
    (folded.wrapping_mul(SPREAD) >> 58) as usize
}
