//! What pingora brings: a map, and an LRU beside it, asked as `HttpCache` asks them.

use std::time::{Duration, SystemTime};

use pingora::cache::eviction::lru::Manager;
use pingora::cache::eviction::{CacheEntryKey, EvictionManager};
use pingora::cache::storage::{PurgeTarget, PurgeType, Storage};
use pingora::cache::trace::Span;
use pingora::cache::{CacheKey, MemCache};

const SHARDS: usize = 16;

/// The two together.
pub struct Stock {
    pub storage: &'static MemCache,
    lru: Manager<SHARDS>,
}

impl Stock {
    pub fn new(limit: u64) -> Self {
        let lru = Manager::with_capacity(usize::try_from(limit).unwrap(), 0);
        Self { storage: Box::leak(Box::new(MemCache::new())), lru }
    }

    /// A hit.
    pub fn access(&self, key: &CacheKey, bytes: usize) {
        self.lru.access(&entry(key), bytes, an_hour_on());
    }

    /// What was stored; removes what has to go for it.
    pub async fn admit(&self, key: &CacheKey, bytes: usize) {
        for gone in self.lru.admit(entry(key), bytes, an_hour_on()) {
            let trace = Span::inactive().handle();
            self.storage.purge(PurgeTarget::Exact(&gone), PurgeType::Eviction, &trace).await.unwrap();
        }
    }
}

fn entry(key: &CacheKey) -> CacheEntryKey {
    CacheEntryKey::key_only(key.to_compact())
}

fn an_hour_on() -> SystemTime {
    SystemTime::now() + Duration::from_hours(1)
}
