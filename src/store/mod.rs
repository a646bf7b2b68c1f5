//! Where responses are kept.
//!
//! The stores know keys, heads and bodies, and neither HTTP nor the proxy's framework: what a head
//! holds is the caller's, told apart by [`StoredHead`]. For now there is one store, [`MemoryStore`]; [`pingora`]
//! makes a cache of it for that framework.

mod bans;
mod marks;
pub mod memory;
pub mod pingora;

use std::time::SystemTime;

pub use bans::{BanList, Owner, Standing};
pub use marks::{Mark, Marks};
pub use memory::{
    Aborted, BodyReader, Fill, Intent, MemoryStore, Object, Objects, Others, Room, StoreStats, allocated_bytes,
};

/// What is kept beside a body: status, fields, freshness.
pub trait StoredHead: Sized + Send + Sync + 'static {
    /// How many bytes of memory it takes, itself and all it owns; always the same number for the
    /// same value.
    fn size_bytes(&self) -> usize;

    /// The same, but stale from `at` on at the latest.
    #[must_use]
    fn expired(&self, at: SystemTime) -> Self;

    /// What it has in common with others that are purged together, by hashes.
    fn groups(&self) -> Vec<u64> {
        Vec::new()
    }

    /// After this moment nobody can use the object in any way, neither stale nor for validation;
    /// then the store drops it.
    fn useless_after(&self) -> SystemTime;

    /// Whether that moment is still to come. Asked at each lookup: to be given where it can be told quicker.
    fn is_of_use(&self, now: SystemTime) -> bool {
        self.useless_after() >= now
    }
}

/// What an object is found by: two hashes that the caller makes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// Hash of what makes up the cache key: host, URL and so on.
    pub primary: u128,
    /// Hash of what else tells it from others of the same key, like the content of a request; 0 where
    /// there is nothing else.
    pub part: u128,
    /// Hash of the request fields that the response varies on; 0 is the primary slot.
    pub variant: u128,
}

impl Key {
    /// The first place of a family.
    #[must_use]
    pub fn first(primary: u128) -> Self {
        Self { primary, part: 0, variant: 0 }
    }
}
