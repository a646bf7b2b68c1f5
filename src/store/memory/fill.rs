//! Filling an object.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::budget::Charge;
use super::filling::{Filling, Lag, Room};
use super::inner::Inner;
use super::object::Object;
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
    /// What the object is charged for its body.
    body_charge: u64,
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
        let fixed = Object::<H>::fixed_bytes() + Object::<H>::filling_bytes() + own;
        let least = fixed.saturating_add(expected_len.unwrap_or(0));
        let planned = expected_len.unwrap_or(0).min(FIRST_BYTES);
        let has_room = least <= store.largest_object() && store.reserve(fixed + planned);
        let charged = if has_room { fixed + planned } else { store.take(fixed) };
        let body_charge = charged - fixed;

        let id = store.new_id();
        let charge = Charge::of_reserved(&store.budget, charged);
        let object = Arc::new(Object::new(id, intent.unwrap_or(id), head, expected_len, charge));
        let filling = object.body().filling();
        let kept = store.begin(key, &object, has_room, intent) == Begun::Kept;
        if !kept {
            object.body().forget_what_is_read();
        }
        Self { store: Arc::clone(store), key, object, filling, body_charge, kept, completed: false }
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
        let Some(filling) = self.filling.clone().filter(|_| !data.is_empty()) else { return };
        // A purge or a later fill makes it forgetful.
        self.kept &= !filling.is_forgetful();
        if self.kept && !self.charge_body(filling.footprint_after(data.len())) {
            self.kept = false;
            self.store.give_up(self.key, &self.object);
        }
        filling.append(data);
        if !self.kept {
            self.charge_what_is_unread(&filling);
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
        let footprint = self.object.body().complete();
        let charged = self.body_charge + Object::<H>::filling_bytes();
        self.object.charge().shrink(charged.saturating_sub(footprint));
        self.store.complete(self.key, &self.object, len)
    }

    /// Charges the body `needed` bytes if it has fewer; `false` when it would be too large or there is no room.
    fn charge_body(&mut self, needed: u64) -> bool {
        let more = needed.saturating_sub(self.body_charge);
        if more == 0 {
            return true;
        }
        let fits = self.object.charged() + more <= self.store.largest_object() && self.store.reserve(more);
        if fits {
            self.object.charge().add_reserved(more);
            self.body_charge = needed;
        }
        fits
    }

    /// What the readers of a body that is not kept have yet to read is in use, too.
    fn charge_what_is_unread(&mut self, filling: &Filling) {
        filling.cut_off_the_slow(lag(&self.store));
        let (needed, charged) = (filling.footprint_after(0), self.body_charge);
        if needed > charged {
            self.object.charge().add_reserved(self.store.take(needed - charged));
        } else {
            self.object.charge().shrink(charged - needed);
        }
        self.body_charge = needed;
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
    if store.budget.is_exceeded() {
        return Lag { fastest: 0, others: AHEAD_BYTES };
    }
    Lag { fastest: AHEAD_BYTES, others: store.largest_object().max(2 * AHEAD_BYTES) }
}

impl<H: StoredHead> Drop for Fill<H> {
    fn drop(&mut self) {
        if !self.completed {
            self.object.body().abort();
            self.store.end_fill(self.key, self.object.id());
        }
    }
}
