//! Filling an object.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::budget::Charge;
use super::filling::{Filling, Lag, Room};
use super::inner::Inner;
use super::object::Object;
use super::segments::SEGMENT_BYTES;
use super::shard::Begun;
use super::slab::Slot;
use crate::store::{Key, StoredHead};

/// How far a body that is not kept may run ahead of the fastest of its readers, in bytes.
const AHEAD_BYTES: u64 = 128 * 1024;
/// What is set aside for a body when its fill begins, at most.
const FIRST_BYTES: u64 = 64 * 1024;

/// The right to write an object. Dropped without [`complete`](Self::complete), it aborts the object.
pub struct Fill<H: StoredHead> {
    store: Arc<Inner<H>>,
    key: Key,
    object: Arc<Object<H>>,
    /// What is written, kept here because the object lets go of it when it is complete.
    filling: Option<Arc<Filling>>,
    /// Whether the object was still under its key when it was last looked at.
    kept: bool,
    completed: bool,
}

impl<H: StoredHead> Fill<H> {
    pub(super) fn begin(
        store: &Arc<Inner<H>>,
        key: Key,
        head: H,
        expected_len: Option<u64>,
        intent: Option<u64>,
    ) -> Self {
        let own = (head.size_bytes() + Slot::<H>::rest_bytes(key)) as u64;
        let fixed = Object::<H>::fixed_bytes() + own;
        let least = (fixed + Filling::bytes()).saturating_add(expected_len.unwrap_or(0));
        let planned = Filling::bytes() + expected_len.unwrap_or(0).min(FIRST_BYTES);
        let has_room = least <= store.largest_object() && store.reserve_in_flight(fixed + planned);
        let planned = if has_room { planned } else { store.take(fixed + Filling::bytes()) - fixed };
        let filling = Filling::new(expected_len, Charge::of_reserved(&store.budget, planned));

        let id = store.new_id();
        let charge = Charge::of_reserved(&store.budget, fixed);
        let object = Arc::new(Object::new(id, intent.unwrap_or(id), head, filling, charge));
        let filling = object.body().filling();
        let kept = store.begin(key, &object, has_room, intent) == Begun::Kept;
        if !kept {
            object.body().forget_what_is_read();
        }
        Self { store: Arc::clone(store), key, object, filling, kept, completed: false }
    }

    /// The object that is filled.
    #[must_use]
    pub fn object(&self) -> &Arc<Object<H>> {
        &self.object
    }

    /// Whether it will be kept, as far as is known; readers see no difference.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Appends to the body. Never fails: an object that becomes too large, or for which there is no
    /// room, is not kept but goes on for its readers.
    pub fn write(&mut self, data: &[u8]) {
        for part in data.chunks(SEGMENT_BYTES) {
            self.write_part(part);
        }
    }

    fn write_part(&mut self, data: &[u8]) {
        let Some(filling) = self.filling.clone() else { return };
        // A purge or a later fill makes it forgetful.
        self.kept &= !filling.is_forgetful();
        if self.kept && !self.charge_body(&filling, data.len()) {
            self.kept = false;
            self.store.give_up(self.key, &self.object);
        }
        if !self.kept {
            // What the readers have yet to read is in use, too.
            filling.add_reserved(self.store.take(filling.lacks(data.len())));
        }
        filling.append(data, self.object.charge().moment());
        if !self.kept {
            filling.cut_off_the_slow(lag(&self.store));
        }
    }

    /// Whether there is room to write more of a body that is not kept: it holds only what some reader has yet to read,
    /// and so may run ahead of the fastest of them by 128 KiB, and of each by as much as the largest object takes. A
    /// reader that [belongs to the writer](crate::store::BodyReader::belong_to_writer) is not to be waited for here.
    /// Unless there is room, the waker is told when that may have changed.
    #[must_use]
    pub fn room(&self, waker: &Waker) -> Room {
        self.filling.as_ref().map_or(Room::Open, |filling| filling.room(lag(&self.store), waker))
    }

    /// Says that so long was waited where [`room`](Self::room) gave [`Room::Slow`]: whom that was enough for is cut off.
    pub fn have_waited(&self, time: Duration) {
        if let Some(filling) = &self.filling {
            filling.have_waited(time, false, lag(&self.store));
        }
    }

    /// What tells whether readers other than the writer's own are near; `None` when the body is complete.
    #[must_use]
    pub fn others(&self) -> Option<Others<H>> {
        let filling = Arc::clone(self.filling.as_ref()?);
        Some(Others { store: Arc::clone(&self.store), filling })
    }

    /// Ends the body and keeps the object, unless it was purged, overtaken or given up meanwhile.
    /// Tells how many bytes of body are stored, 0 when it is not kept.
    ///
    /// A body of another length than expected is aborted, like one that is dropped.
    #[must_use]
    pub fn complete(mut self) -> u64 {
        let Some(filling) = self.filling.take() else { return 0 };
        let len = filling.written();
        if filling.expected_len().is_some_and(|expected| expected != len) {
            return 0;
        }
        self.completed = true;
        self.object.body().complete(self.object.charge());
        self.store.complete(self.key, &self.object, len)
    }

    /// Charges the body for so many bytes more; `false` when it would be too large or there is no room.
    fn charge_body(&self, filling: &Filling, count: usize) -> bool {
        let more = filling.lacks(count);
        if more == 0 {
            return true;
        }
        let is_small = self.object.charged() + more <= self.store.largest_object();
        let fits = is_small && self.store.reserve_in_flight(more);
        if fits {
            filling.add_reserved(more);
        }
        fits
    }
}

/// The readers of a body but the one that belongs to its writer, as those whom the writer is to keep supplied.
pub struct Others<H: StoredHead> {
    store: Arc<Inner<H>>,
    filling: Arc<Filling>,
}

impl<H: StoredHead> Others<H> {
    /// Whether the body may run ahead because of them: it is or will be kept, has ended, or one of them has read it to
    /// 128 KiB before its end, and the writer's own reader is not so far behind that it would be cut off. Unless there
    /// is room, the waker is told when that may have changed.
    #[must_use]
    pub fn room(&self, waker: &Waker) -> Room {
        self.filling.room_for_others(lag(&self.store), waker)
    }

    /// Says that so long was waited where [`room`](Self::room) gave [`Room::Slow`]: once that is enough, the writer's
    /// own reader is cut off.
    pub fn have_waited(&self, time: Duration) {
        self.filling.have_waited(time, true, lag(&self.store));
    }
}

/// When memory is short, nobody runs ahead.
fn lag<H: StoredHead>(store: &Inner<H>) -> Lag {
    if store.is_pressed() {
        return Lag { fastest: 0, others: AHEAD_BYTES };
    }
    Lag { fastest: AHEAD_BYTES, others: store.largest_object().max(2 * AHEAD_BYTES) }
}

impl<H: StoredHead> Drop for Fill<H> {
    fn drop(&mut self) {
        if !self.completed {
            self.object.body().abort();
            self.store.end_fill(self.key, &self.object);
        }
    }
}
