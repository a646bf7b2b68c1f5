//! The buckets of one call.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::bucket::{Bucket, Rate};

/// The most keys that one limit keeps apart, some 5 MB of them. Of more, those are forgotten that owe least:
/// most of them owe nothing, and lose nothing by it.
pub const MOST_KEYS: usize = 100_000;

const SHARDS: usize = 16;
const MOST_KEYS_OF_SHARD: usize = MOST_KEYS / SHARDS;

/// A limit with its buckets. Keys are kept as hashes with a secret start, so that no two of them can be made
/// to share a bucket, and a long key takes no more memory than a short one.
#[derive(Debug)]
pub struct Limiter {
    began: Instant,
    seeds: (RandomState, RandomState),
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    buckets: HashMap<u128, Bucket>,
}

impl Default for Limiter {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            seeds: (RandomState::new(), RandomState::new()),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }
}

impl Limiter {
    /// The key comes now; whether that is too often.
    pub fn take(&self, key: &[u8], rate: Rate) -> bool {
        let (key, now) = (self.hash(key), self.now());
        self.shard(key).is_none_or(|mut shard| shard.take(key, rate, now, MOST_KEYS_OF_SHARD))
    }

    /// Whether it would be too often if the key came now.
    #[must_use]
    pub fn would_refuse(&self, key: &[u8], rate: Rate) -> bool {
        let (key, now) = (self.hash(key), self.now());
        self.shard(key).is_none_or(|shard| shard.bucket(key).would_refuse(rate, now))
    }

    /// How many keys have a bucket.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).buckets.len()).sum()
    }

    fn hash(&self, key: &[u8]) -> u128 {
        u128::from(self.seeds.0.hash_one(key)) << 64 | u128::from(self.seeds.1.hash_one(key))
    }

    /// Nanoseconds since the limiter was made: no change of the clock moves them.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn shard(&self, key: u128) -> Option<MutexGuard<'_, Shard>> {
        let at = usize::try_from(key % SHARDS as u128).ok()?;
        self.shards.get(at).map(lock)
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn bucket(&self, key: u128) -> Bucket {
        self.buckets.get(&key).copied().unwrap_or_default()
    }

    fn take(&mut self, key: u128, rate: Rate, now: u64, most: usize) -> bool {
        if let Some(bucket) = self.buckets.get_mut(&key) {
            return bucket.take(rate, now);
        }
        if self.buckets.len() >= most {
            self.forget(now, most - most / 8);
        }
        self.buckets.entry(key).or_default().take(rate, now)
    }

    /// Forgets those who owe nothing and, if more than `most` are left, those who owe least: an eighth at
    /// once, so that it is looked for among all only now and then.
    fn forget(&mut self, now: u64, most: usize) {
        self.buckets.retain(|_, bucket| bucket.forgotten_at() > now);
        let Some(surplus) = self.buckets.len().checked_sub(most).filter(|surplus| *surplus > 0) else { return };
        let mut moments: Vec<u64> = self.buckets.values().map(|bucket| bucket.forgotten_at()).collect();
        let (_, last, _) = moments.select_nth_unstable(surplus - 1);
        let last = *last;
        self.buckets.retain(|_, bucket| bucket.forgotten_at() > last);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn hourly(limit: u64) -> Rate {
        Rate { limit, per: Duration::from_hours(1), burst: limit, block: Duration::ZERO }
    }

    #[test]
    fn each_key_has_its_own_bucket() {
        let limiter = Limiter::default();
        assert!(!limiter.take(b"a", hourly(1)) && limiter.take(b"a", hourly(1)));
        assert!(!limiter.would_refuse(b"b", hourly(1)) && !limiter.take(b"b", hourly(1)));
        assert_eq!(limiter.keys(), 2);
    }

    #[test]
    fn another_limit_for_the_same_key_goes_on_from_what_it_owes() {
        let limiter = Limiter::default();
        assert!((0..5).all(|_| !limiter.take(b"a", hourly(5))));
        assert!(limiter.take(b"a", hourly(5)));
        assert!(limiter.take(b"a", hourly(5)) && !limiter.take(b"a", Rate { burst: 20, ..hourly(5) }));
    }

    #[test]
    fn keys_without_end_take_no_more_memory() {
        let limiter = Limiter::default();
        for key in 0..2 * MOST_KEYS as u64 {
            limiter.take(&key.to_le_bytes(), hourly(9));
        }
        assert!(limiter.keys() <= MOST_KEYS, "{}", limiter.keys());
        assert!(limiter.keys() > MOST_KEYS / 2, "{}", limiter.keys());
    }

    #[test]
    fn who_owes_most_is_forgotten_last() {
        let mut shard = Shard::default();
        assert!((0..9).all(|_| !shard.take(7, hourly(9), 1, 16)) && shard.take(7, hourly(9), 1, 16));
        for key in 100..200 {
            shard.take(key, hourly(9), 1, 16);
        }
        assert!(shard.take(7, hourly(9), 1, 16), "it is still refused");
        assert!(shard.buckets.len() <= 16);
    }

    #[test]
    fn who_owes_nothing_is_forgotten_first() {
        let mut shard = Shard::default();
        let quick = Rate { limit: 1, per: Duration::from_nanos(10), burst: 1, block: Duration::ZERO };
        for key in 0..16 {
            shard.take(key, quick, 1, 16);
        }
        shard.take(99, quick, 1000, 16);
        assert_eq!(shard.buckets.len(), 1);
    }
}
