//! What statements of a policy make invalid beyond the request that they run for.

use super::bans::Bans;
use super::site::group_of_tag;
use crate::cache::tag::tags;
use crate::decision::Ban;
use crate::store::pingora::PingoraStorage;

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

    /// Bans what is stored for a site, or for the root.
    pub fn ban(self, site: Option<&str>, ban: Ban) {
        self.bans.add(self.storage, site, ban);
    }

    /// Purges all that a site, or the root, has given one of the tags that a text lists or, softly, lets it be stale from now on.
    pub fn purge_tags(self, site: Option<&str>, text: &[u8], softly: bool) {
        for group in tags(text).map(|tag| group_of_tag(site, tag)) {
            if softly {
                self.storage.store().expire_group(group);
            } else {
                self.storage.store().purge_group(group);
            }
        }
    }
}
