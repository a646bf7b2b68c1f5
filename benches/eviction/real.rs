//! warp's own store, asked as the simulated policies are.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use warp_edge::store::{Key, MemoryStore, StoredHead};

use super::lists::Id;
use super::policy::{Policy, Room};
use super::rng::mix;

/// A head of the size that those of web sites have.
struct Head;

const HEAD_BYTES: usize = 64;

impl StoredHead for Head {
    fn size_bytes(&self) -> usize {
        HEAD_BYTES
    }

    fn useless_after(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1)
    }

    fn expired(&self, _at: SystemTime) -> Self {
        Self
    }
}

pub struct RealStore {
    store: MemoryStore<Head>,
    body: Vec<u8>,
    overhead: u64,
}

impl RealStore {
    pub fn boxed(room: Room) -> Box<dyn Policy> {
        Box::new(Self::new(room.bytes))
    }

    fn new(limit: u64) -> Self {
        // The time stands still: nothing becomes useless.
        let store = MemoryStore::with_clock(limit, || UNIX_EPOCH);
        Self { store, body: vec![0; 1 << 20], overhead: overhead() }
    }

    fn store(&self, key: Key, len: u64) {
        let mut fill = self.store.begin_fill(key, Head, Some(len));
        fill.write(&self.body[..usize::try_from(len).unwrap()]);
        let _ = fill.complete();
    }
}

impl Policy for RealStore {
    fn request(&mut self, id: Id, bytes: u64) -> bool {
        let key = key(id);
        let found = self.store.lookup(key).is_some();
        if !found {
            self.store(key, bytes - self.overhead);
        }
        found
    }
}

fn key(id: Id) -> Key {
    let (high, low) = (mix(u64::from(id)), mix(u64::from(id) | (1 << 32)));
    Key::first((u128::from(high) << 64) | u128::from(low))
}

/// What the store accounts for an object beside its body; all policies are charged the same.
pub fn overhead() -> u64 {
    const OBJECTS: Id = 1000;
    let store = MemoryStore::with_clock(1 << 30, || UNIX_EPOCH);
    for id in 0..OBJECTS {
        let mut fill = store.begin_fill(key(id), Head, Some(4096));
        fill.write(&[0; 4096]);
        let _ = fill.complete();
    }
    store.stats().bytes / u64::from(OBJECTS) - 4096
}
