//! A walk over what is stored.

use std::sync::Arc;

use super::inner::Inner;
use super::object::Object;
use crate::store::{Key, StoredHead};

/// So many objects are taken under one lock.
const AT_ONCE: usize = 64;

/// The complete objects of a store with their keys; made by [`MemoryStore::objects`](super::MemoryStore::objects).
pub struct Objects<H> {
    store: Arc<Inner<H>>,
    shard: usize,
    /// Where to go on in that shard.
    place: u32,
    ready: std::vec::IntoIter<(Key, Arc<Object<H>>)>,
}

impl<H: StoredHead> Objects<H> {
    pub(super) fn new(store: Arc<Inner<H>>) -> Self {
        Self { store, shard: 0, place: 0, ready: Vec::new().into_iter() }
    }
}

impl<H: StoredHead> Iterator for Objects<H> {
    type Item = (Key, Arc<Object<H>>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(next) = self.ready.next() {
                return Some(next);
            }
            let (some, place) = self.store.some(self.shard, self.place, AT_ONCE)?;
            self.ready = some.into_iter();
            let (shard, place) = place.map_or((self.shard + 1, 0), |place| (self.shard, place));
            (self.shard, self.place) = (shard, place);
        }
    }
}
