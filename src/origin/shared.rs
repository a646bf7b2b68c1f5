//! Values that live as long as someone holds them, found by a key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A map that keeps nothing alive.
#[derive(Debug)]
pub(super) struct Shared<K, V>(Mutex<HashMap<K, Weak<V>>>);

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone, V> Shared<K, V> {
    /// The living value of `key`, else the one that `make` gives. O(n): forgets what is dead.
    ///
    /// `make` runs under the lock and must not come back to this map.
    pub(super) fn get_or_make(&self, key: &K, make: impl FnOnce() -> V) -> Arc<V> {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.get(key).and_then(Weak::upgrade) {
            return value;
        }
        values.retain(|_, value| value.strong_count() > 0);
        let value = Arc::new(make());
        values.insert(key.clone(), Arc::downgrade(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_made_anew_and_leaves_no_trace() {
        let shared = Shared::<u8, String>::default();
        let held = shared.get_or_make(&1, || "held".to_owned());
        drop(shared.get_or_make(&2, || "dropped".to_owned()));
        assert_eq!(*shared.get_or_make(&2, || "made anew".to_owned()), "made anew");
        assert_eq!(*shared.get_or_make(&1, || unreachable!("it is held")), "held");
        drop(shared.get_or_make(&3, String::new));
        drop(held);
        let _last = shared.get_or_make(&4, String::new);
        assert_eq!(shared.0.lock().unwrap().len(), 1);
    }
}
