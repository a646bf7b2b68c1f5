//! Who is evicted next: S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction",
//! SOSP 2023).
//!
//! New objects go through a *small* queue, a tenth of the bytes. Those used more than once on the
//! way move on to the *main* queue, the others are evicted, and their key is remembered for a
//! while (`ghost`): if it comes back, it goes to main at once. A scan, that is many objects used once, so
//! flows through the small queue and leaves main alone. A hit sets two bits and takes no lock.
//! `docs/store.md` has it measured against others.
//!
//! Each shard has its own queues; `turns` makes them one over all shards. They are lists through the slots of the index, so that leaving one from its middle costs as
//! little as from its end.

use super::slab::{Slab, SlotId};
use crate::store::StoredHead;

/// The two queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queue {
    Small,
    Main,
}

/// The neighbours of a slot in its queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Links {
    before: Option<SlotId>,
    behind: Option<SlotId>,
}

#[derive(Default)]
struct Line {
    first: Option<SlotId>,
    last: Option<SlotId>,
    bytes: u64,
}

/// The queues of one shard.
#[derive(Default)]
pub(super) struct Queues {
    small: Line,
    main: Line,
}

impl Queues {
    /// Lines a slot up at the end of a queue.
    pub(super) fn join<H: StoredHead>(&mut self, slab: &mut Slab<H>, id: SlotId, queue: Queue) {
        let line = self.line(queue);
        let Some(slot) = slab.get_mut(id) else { return };
        slot.queue = Some(queue);
        slot.links = Links { before: line.last, behind: None };
        line.bytes += slot.object.charged();
        let before = line.last.replace(id);
        match before.and_then(|before| slab.get_mut(before)) {
            Some(before) => before.links.behind = Some(id),
            None => line.first = Some(id),
        }
    }

    /// Takes a slot out of its queue; does nothing when it is in none.
    pub(super) fn leave<H: StoredHead>(&mut self, slab: &mut Slab<H>, id: SlotId) {
        let Some(slot) = slab.get_mut(id) else { return };
        let Some(queue) = slot.queue.take() else { return };
        let (links, bytes) = (std::mem::take(&mut slot.links), slot.object.charged());
        let line = self.line(queue);
        line.bytes -= bytes;
        match links.before.and_then(|before| slab.get_mut(before)) {
            Some(before) => before.links.behind = links.behind,
            None => line.first = links.behind,
        }
        match links.behind.and_then(|behind| slab.get_mut(behind)) {
            Some(behind) => behind.links.before = links.before,
            None => line.last = links.before,
        }
    }

    /// Whose turn it is in this queue, or in the other where this one is empty, and where it stands.
    pub(super) fn next(&self, queue: Queue) -> Option<(Queue, SlotId)> {
        let small = self.small.first.map(|id| (Queue::Small, id));
        let main = self.main.first.map(|id| (Queue::Main, id));
        if queue == Queue::Small { small.or(main) } else { main.or(small) }
    }

    /// The bytes in the small and in the main queue.
    pub(super) fn bytes(&self) -> [u64; 2] {
        [self.small.bytes, self.main.bytes]
    }

    /// An object in this queue has grown or shrunk.
    pub(super) fn resize(&mut self, queue: Queue, old_bytes: u64, new_bytes: u64) {
        let line = self.line(queue);
        line.bytes = line.bytes - old_bytes + new_bytes;
    }

    fn line(&mut self, queue: Queue) -> &mut Line {
        match queue {
            Queue::Small => &mut self.small,
            Queue::Main => &mut self.main,
        }
    }
}
