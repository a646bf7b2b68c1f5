//! Filling an object.

use std::sync::Arc;

use super::Inner;
use super::object::Object;
use crate::store::{Key, StoredHead};

/// The right to write an object. Dropped without [`complete`](Self::complete), it aborts the object.
pub struct Fill<H: StoredHead> {
    store: Arc<Inner<H>>,
    key: Key,
    object: Arc<Object<H>>,
    expected_len: Option<u64>,
    /// What the body is charged.
    body_charge: u64,
    /// Whether the object was still under its key when it was last charged.
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
        let charge = Object::<H>::fixed_bytes() + head.size_bytes() as u64;
        let least = charge.saturating_add(expected_len.unwrap_or(0));
        let has_room = least <= store.largest_object() && store.reserve(charge);

        let object = Arc::new(Object::new(store.new_id(), head, expected_len));
        let begun = store.write(key).begin(key, &object, has_room.then_some(charge), intent);
        let kept = begun.is_ok();
        if let Ok(overtaken) = begun {
            store.give_back(overtaken);
        } else {
            store.budget.release(if has_room { charge } else { 0 });
            object.body().forget_what_is_read();
        }
        Self { store: Arc::clone(store), key, object, expected_len, body_charge: 0, kept, completed: false }
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
        if data.is_empty() {
            return;
        }
        if self.kept {
            let needed = self.object.body().footprint_after(data.len());
            self.kept = self.charge_body(needed);
        }
        self.object.body().append(data);
    }

    /// Ends the body and keeps the object, unless it was purged, overtaken or given up meanwhile.
    /// Tells how many bytes of body are stored, 0 when it is not kept.
    ///
    /// A body of another length than expected is aborted, like one that is dropped.
    #[must_use]
    pub fn complete(mut self) -> u64 {
        let len = self.object.body().written();
        if self.expected_len.is_some_and(|expected| expected != len) {
            return 0;
        }
        self.completed = true;
        let footprint = self.object.body().complete();
        if !self.kept || !self.charge_body(footprint) {
            self.end();
            return 0;
        }
        let less = self.body_charge - footprint;
        let published = self.store.write(self.key).publish(self.key, self.object.id(), less);
        let Ok(removed) = published else { return 0 };
        self.store.budget.release(less);
        self.store.give_back(removed.into_iter().flatten());
        len
    }

    /// Charges the body `needed` bytes if it has fewer; gives the object up when that fails.
    fn charge_body(&mut self, needed: u64) -> bool {
        let more = needed.saturating_sub(self.body_charge);
        if more == 0 {
            return true;
        }
        let (key, id, at_most) = (self.key, self.object.id(), self.store.largest_object());
        if self.store.reserve(more) {
            if self.store.write(key).charge_fill(key, id, more, at_most) {
                self.body_charge = needed;
                return true;
            }
            self.store.budget.release(more);
        }
        let given_up = self.store.write(key).give_up(key, id);
        self.store.give_back(given_up);
        self.object.body().forget_what_is_read();
        false
    }

    fn end(&self) {
        let removed = self.store.write(self.key).end_fill(self.key, self.object.id());
        self.store.give_back(removed);
    }
}

impl<H: StoredHead> Drop for Fill<H> {
    fn drop(&mut self) {
        if !self.completed {
            self.object.body().abort();
            self.end();
        }
    }
}
