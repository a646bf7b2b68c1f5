//! What a policy is asked, and how much room it has.

use super::lists::Id;

/// A cache that holds objects by one policy of eviction.
pub trait Policy {
    /// Asks for an object; whether it was there. If it was not, it is stored.
    fn request(&mut self, id: Id, bytes: u64) -> bool;
}

/// What a cache is made for.
#[derive(Clone, Copy)]
pub struct Room {
    /// The most bytes it may hold, the policy's own memory of objects that are gone included.
    pub bytes: u64,
    /// How many objects there are in the trace.
    pub ids: usize,
    /// How many objects of mean size it can hold.
    pub objects: u64,
}

/// What remembering an object that is gone takes: a fingerprint, and its place in a queue.
pub const GHOST_BYTES: u64 = 24;

/// What fills a cache.
pub type Make = fn(Room) -> Box<dyn Policy>;
