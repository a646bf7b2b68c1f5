//! Values that live as long as someone holds them, found by a key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A map that keeps nothing alive.
#[derive(Debug)]
pub(super) struct Shared<K, V>(Mutex<Values<K, V>>);

#[derive(Debug)]
struct Values<K, V> {
    by_key: HashMap<K, Weak<V>>,
    /// What is dead is looked for once there are more than so many.
    next_look: usize,
}

/// So few are not looked through.
const FEW: usize = 16;

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Values { by_key: HashMap::new(), next_look: FEW }))
    }
}

impl<K: Eq + Hash + Clone, V> Shared<K, V> {
    /// The living value of `key`, else the one that `make` gives. Forgets what is dead, so that no more than about half of
    /// what is there is; that takes O(1) a value in the long run, however many there are.
    ///
    /// `make` runs under the lock and must not come back to this map.
    pub(super) fn get_or_make(&self, key: &K, make: impl FnOnce() -> V) -> Arc<V> {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.by_key.get(key).and_then(Weak::upgrade) {
            return value;
        }
        if values.by_key.len() >= values.next_look {
            values.by_key.retain(|_, value| value.strong_count() > 0);
            values.next_look = FEW.max(2 * values.by_key.len());
        }
        let value = Arc::new(make());
        values.by_key.insert(key.clone(), Arc::downgrade(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_made_anew_and_leaves_no_trace() {
        let shared = Shared::<usize, String>::default();
        let held = shared.get_or_make(&1, || "held".to_owned());
        drop(shared.get_or_make(&2, || "dropped".to_owned()));
        assert_eq!(*shared.get_or_make(&2, || "made anew".to_owned()), "made anew");
        assert_eq!(*shared.get_or_make(&1, || unreachable!("it is held")), "held");
        let count = || shared.0.lock().unwrap().by_key.len();
        for key in 3..10 * FEW {
            drop(shared.get_or_make(&key, String::new));
            assert!(count() <= FEW);
        }
        let many: Vec<_> = (1_000..1_100).map(|key| shared.get_or_make(&key, String::new)).collect();
        assert!((many.len()..=many.len() + FEW).contains(&count()));
        assert_eq!(*shared.get_or_make(&1, || unreachable!("it is held")), "held");
        drop((held, many));
        for key in 2_000..2_200 {
            drop(shared.get_or_make(&key, String::new));
        }
        assert!(count() <= FEW);
    }
}
