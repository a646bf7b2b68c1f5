//! Objects that are in the store no more and are still read, or were when they were taken out.

use std::sync::{Arc, Weak};

use super::object::Object;
use crate::store::StoredHead;

/// So many are looked through for those that are gone, at least.
const LEAST: usize = 16;

/// Those of one shard: eight bytes for each that is counted itself.
pub(super) struct Lingering<H> {
    objects: Vec<Weak<Object<H>>>,
    /// When there are so many, those that are gone are left out.
    next_look: usize,
}

impl<H> Default for Lingering<H> {
    fn default() -> Self {
        Self { objects: Vec::new(), next_look: LEAST }
    }
}

impl<H: StoredHead> Lingering<H> {
    pub(super) fn push(&mut self, object: &Arc<Object<H>>) {
        if self.objects.len() >= self.next_look {
            self.objects.retain(|object| object.strong_count() > 0);
            self.objects.shrink_to(LEAST);
            self.next_look = LEAST.max(2 * self.objects.len());
        }
        self.objects.push(Arc::downgrade(object));
    }

    /// Those that are held still.
    pub(super) fn iter(&self) -> impl Iterator<Item = Arc<Object<H>>> {
        self.objects.iter().filter_map(Weak::upgrade)
    }
}
