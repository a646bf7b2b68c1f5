//! What statements of a policy make invalid beyond the request that they run for.

use super::bans::Bans;
use crate::cache::tag::tags;
use crate::decision::Ban;
use crate::store::pingora::{PingoraStorage, group_of};

/// The way to what is stored, for the steps of a request.
#[derive(Clone, Copy)]
pub struct Invalidator {
    storage: &'static PingoraStorage,
    bans: &'static Bans,
}

impl Invalidator {
    /// For what is stored there.
    pub fn new(storage: &'static PingoraStorage, bans: &'static Bans) -> Self {
        Self { storage, bans }
    }

    /// Bans what is stored.
    pub fn ban(self, ban: Ban) {
        self.bans.add(self.storage, ban);
    }

    /// Purges all that has one of the tags that a text lists or, softly, lets it be stale from now on.
    pub fn purge_tags(self, text: &[u8], softly: bool) {
        for group in tags(text).map(group_of) {
            if softly {
                self.storage.store().expire_group(group);
            } else {
                self.storage.store().purge_group(group);
            }
        }
    }
}
