//! The fills of what is not kept because it is too large, so that those who wait for one can share it: no lookup finds
//! them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::storage::FillIntent;
use super::stored::StoredResponse;
use crate::store::{Key, Object, StoredHead};

/// The last such fill of each key.
#[derive(Default)]
pub(super) struct UnkeptFills(Mutex<HashMap<Key, UnkeptFill>>);

struct UnkeptFill {
    object: Weak<Object<StoredResponse>>,
    intent: Option<FillIntent>,
}

/// Notes that there is such a fill, until dropped.
pub(super) struct Unkept {
    fills: Arc<UnkeptFills>,
    key: Key,
    object: Weak<Object<StoredResponse>>,
}

impl UnkeptFills {
    pub(super) fn enter(
        self: &Arc<Self>,
        key: Key,
        object: &Arc<Object<StoredResponse>>,
        intent: Option<FillIntent>,
    ) -> Unkept {
        let object = Arc::downgrade(object);
        self.fills().insert(key, UnkeptFill { object: Weak::clone(&object), intent });
        Unkept { fills: Arc::clone(self), key, object }
    }

    /// That of this key, unless the key or a tag of it was purged since its origin was asked.
    pub(super) fn find(&self, key: Key) -> Option<Arc<Object<StoredResponse>>> {
        let (object, intent) = {
            let fills = self.fills();
            let fill = fills.get(&key)?;
            (fill.object.upgrade()?, fill.intent.clone())
        };
        let stands = intent.is_none_or(|intent| intent.stands_for(&object.head().groups()));
        stands.then_some(object)
    }

    /// The groups of that of this key, purged or not.
    pub(super) fn groups(&self, key: Key) -> Option<Vec<u64>> {
        let object = self.fills().get(&key)?.object.upgrade();
        object.map(|object| object.head().groups())
    }

    fn fills(&self) -> MutexGuard<'_, HashMap<Key, UnkeptFill>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Unkept {
    fn drop(&mut self) {
        let mut fills = self.fills.fills();
        if fills.get(&self.key).is_some_and(|fill| Weak::ptr_eq(&fill.object, &self.object)) {
            let last = fills.remove(&self.key);
            drop(fills);
            drop(last);
        }
    }
}
