//! The buckets of one call.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::bucket::{Bucket, Rate};

/// The most keys that one limit keeps apart, some 5 MB of them. Of more, those are forgotten that owe least: most of them
/// owe nothing, and lose nothing by it. A block is forgotten only where all that are kept are blocked, and then the one
/// that ends last, so that nobody gets out of one by having others blocked.
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
        let free = self.buckets.values().filter(|bucket| bucket.block(now).is_none());
        let mut moments: Vec<u64> = free.map(|bucket| bucket.forgotten_at()).collect();
        if moments.is_empty() {
            return self.forget_blocks(now, surplus);
        }
        let nth = surplus.min(moments.len()) - 1;
        let (_, last, _) = moments.select_nth_unstable(nth);
        let last = *last;
        self.buckets.retain(|_, bucket| bucket.block(now).is_some() || bucket.forgotten_at() > last);
    }

    /// Forgets so many of the blocked, and all of them are: those whose blocks end last.
    fn forget_blocks(&mut self, now: u64, surplus: usize) {
        let mut ends: Vec<u64> = self.buckets.values().filter_map(|bucket| bucket.block(now)).collect();
        let Some(nth) = ends.len().checked_sub(surplus) else { return };
        let (_, first, _) = ends.select_nth_unstable(nth);
        let first = *first;
        self.buckets.retain(|_, bucket| bucket.block(now).is_some_and(|end| end < first));
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

    /// Has a key come too often, so that it is blocked.
    fn block(shard: &mut Shard, key: u128, now: u64) {
        let rate = Rate { block: Duration::from_mins(10), ..hourly(1) };
        while !shard.take(key, rate, now, 16) {}
    }

    #[test]
    fn a_block_is_not_forgotten_while_there_is_anything_else() {
        let mut shard = Shard::default();
        block(&mut shard, 7, 1);
        // These owe more than the block lasts.
        let daily = Rate { per: Duration::from_hours(24), ..hourly(1) };
        for key in 100..200 {
            assert!(!shard.take(key, daily, 2, 16));
        }
        assert!(shard.bucket(7).block(3).is_some() && shard.buckets.len() <= 16);
    }

    #[test]
    fn nobody_gets_out_of_a_block_by_having_others_blocked() {
        let mut shard = Shard::default();
        block(&mut shard, 7, 1);
        for now in 100..200 {
            block(&mut shard, now.into(), now);
        }
        assert!(shard.bucket(7).block(200).is_some() && (8..=16).contains(&shard.buckets.len()));
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
