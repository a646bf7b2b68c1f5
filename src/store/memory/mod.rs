//! The memory store: objects that can be read while they are filled, within a limit of bytes.
//!
//! A fill is visible from its start, so that readers stream along with it (`object`, `body`, `filling`,
//! `segments`, `reader`, `fill`, `intent`). The store is cut into shards by primary key (`shard`, with its
//! `index`, the `slab` of its slots and their `queues`); no lock is held across an await. Every byte is reserved
//! from one `budget` before it is allocated and given back with what it was for, and when that is used up the
//! shards evict (`turns`, `queues`, `ghost`). What eviction cannot give back has a ceiling of its own (`relief`,
//! `lingering`). What cannot be kept, because it is too large, was
//! purged meanwhile or was overtaken by a later fill, goes on streaming to those who read it, but is not found
//! any more; of it only what some reader has yet to read stays in memory, and that is counted, too.
//! Many objects are purged at once by their `groups`; `objects` walks over what is there.

mod allocation;
mod body;
mod budget;
mod fill;
mod filling;
mod ghost;
mod groups;
mod index;
mod inner;
mod intent;
mod lingering;
#[cfg(test)]
#[cfg(feature = "model")]
#[path = "tests/model.rs"]
mod model;
mod object;
mod objects;
mod queues;
mod reader;
mod relief;
mod segments;
mod shard;
mod slab;
mod stats;
mod sync;
#[cfg(test)]
#[cfg(not(feature = "model"))]
mod tests;
mod turns;

use std::sync::Arc;
use std::time::SystemTime;

pub use allocation::allocated_bytes;
pub use body::Aborted;
pub use fill::{Fill, Others};
pub use filling::Room;
pub use intent::Intent;
pub use object::Object;
pub use objects::Objects;
pub use reader::BodyReader;
pub use stats::StoreStats;

use super::{Key, StoredHead};
use inner::Inner;

/// A store of objects in memory. Cheap to clone; clones are the same store.
pub struct MemoryStore<H> {
    inner: Arc<Inner<H>>,
}

impl<H> Clone for MemoryStore<H> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
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
        Self { inner: Arc::new(Inner::new(limit_bytes, Box::new(clock))) }
    }

    /// Changes the limit; when it is lowered, evicts down to it before it returns. What is being read, and the
    /// slots of the index while any of a shard is in use, are given back later.
    ///
    /// How many locks there are, for threads that store or remove at the same time, is settled by the first limit:
    /// one for each MiB, 64 at most. Who means to raise the limit far above a few MiB begins with 64 MiB or more.
    pub fn set_limit(&self, bytes: u64) {
        self.inner.set_limit(bytes);
    }

    /// The object under this key, complete or being filled; counts as a use of it. One that is of
    /// no more use is dropped.
    ///
    /// [Open](Object::open) a reader at once: when the object is purged while it is filled, only what readers
    /// have yet to read stays, and whoever comes later finds its start gone.
    #[must_use]
    pub fn lookup(&self, key: Key) -> Option<Arc<Object<H>>> {
        self.inner.lookup(key)
    }

    /// As [`lookup`](Self::lookup), but does not count as a use.
    #[must_use]
    pub fn peek(&self, key: Key) -> Option<Arc<Object<H>>> {
        self.inner.peek(key)
    }

    /// The objects of all variants of a key that are of use, at most one for each variant. Does not
    /// count as a use of them.
    #[must_use]
    pub fn variants(&self, of: Key) -> Vec<Arc<Object<H>>> {
        self.inner.variants(of)
    }

    /// The fill under way under this key that has this id, also one that is not kept and that
    /// [`lookup`](Self::lookup) does not find. Always there as long as its [`Fill`] is.
    #[must_use]
    pub fn lookup_fill(&self, key: Key, id: u64) -> Option<Arc<Object<H>>> {
        self.inner.lookup_fill(key, id)
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
        self.inner.purge(primary, None)
    }

    /// A purge that leaves what it purges to be served stale: every variant of a key is stale from now on
    /// ([`StoredHead::expired`]). Tells how many objects that were. A fill that was intended before and has not
    /// begun is not kept.
    #[expect(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn expire(&self, primary: u128) -> usize {
        self.inner.expire(primary)
    }

    /// Purges all objects of a group ([`StoredHead::groups`]), in a time that does not grow with their number,
    /// and all that was asked for before now and turns out to be of the group. Their memory is given back as
    /// they are looked up, evicted or [swept](Self::sweep).
    pub fn purge_group(&self, group: u64) {
        self.inner.purge_group(group, None);
    }

    /// As [`purge_group`](Self::purge_group), but leaves them to be served stale.
    pub fn expire_group(&self, group: u64) {
        self.inner.purge_group(group, Some(self.inner.now()));
    }

    /// Removes what is under one key; `false` when there was nothing.
    #[expect(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn remove(&self, key: Key) -> bool {
        self.inner.remove(key)
    }

    /// A number for this moment, later than that of all that was asked for before and earlier than that of all that
    /// is asked for from now on.
    #[must_use]
    pub fn moment(&self) -> u64 {
        self.inner.new_id()
    }

    /// The moment of what was asked for first among all that is under way, fills and intents; `u64::MAX` if nothing is.
    #[must_use]
    pub fn oldest_under_way(&self) -> u64 {
        self.inner.oldest_under_way()
    }

    /// Whether an object was purged with one of its groups, and not softly: it is not found any more.
    #[must_use]
    pub fn is_gone(&self, object: &Object<H>) -> bool {
        self.inner.is_gone(object)
    }

    /// Removes an object, unless another has its place by now.
    pub fn remove_object(&self, key: Key, object: &Object<H>) -> bool {
        self.inner.remove_object(key, object)
    }

    /// Removes all objects that are of no more use, a few at a time, and tells how many that were.
    #[expect(clippy::must_use_candidate, reason = "called for what it does")]
    pub fn sweep(&self) -> usize {
        self.inner.sweep()
    }

    /// The complete objects with their keys, in no order. Locks a shard for a few of them at a time. Of what
    /// comes or goes meanwhile some is seen and some is not; what stays is seen once.
    #[must_use]
    pub fn objects(&self) -> Objects<H> {
        Objects::new(Arc::clone(&self.inner))
    }

    /// The state at this moment; locks each shard in turn.
    #[must_use]
    pub fn stats(&self) -> StoreStats {
        self.inner.stats()
    }
}
