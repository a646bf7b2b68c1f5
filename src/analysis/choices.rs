//! The values that one ladder chooses, each kept once: equal ones have the same address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::chosen::Chosen;

/// Those that are still in use, by their hash.
#[derive(Debug, Default)]
pub(super) struct Choices(Mutex<HashMap<u64, Weak<Chosen>>>);

impl Choices {
    /// The one that is kept of all that are equal. Of two that are not, and have the same hash, the last one is.
    pub(super) fn kept(&self, chosen: Chosen) -> Arc<Chosen> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&chosen.digest()).and_then(Weak::upgrade);
        if let Some(known) = known.filter(|known| **known == chosen) {
            return known;
        }
        let chosen = Arc::new(chosen);
        all.insert(chosen.digest(), Arc::downgrade(&chosen));
        chosen
    }
}
