//! What all clones of a store, and its fills, share: the shards, the budget, and eviction between them.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use super::budget::{Budget, Clock};
use super::groups::{Fate, Groups, MOST_REMEMBERED};
use super::object::Object;
use super::relief::LEVEL_COUNT;
use super::shard::{Batch, Begun, Removed, Shard, Step};
use super::stats::{Counts, StoreStats, count};
use super::sync::{AtomicU64, Ordering, PoisonError, RwLock, RwLockReadGuard};
use super::turns::{self, Lined};
use crate::store::{Key, StoredHead};

/// The most shards, for as many threads that change something at once.
const MOST_SHARDS: usize = if cfg!(feature = "model") { 2 } else { 64 };
/// A shard is for so many bytes.
const SHARD_BYTES: u64 = 1 << 20;
/// An object may take this part of the limit.
const LARGEST_SHARE: u64 = 16;
/// How many objects eviction spares because they were used, before it takes one all the same.
const GENTLE_STEPS: usize = 1_000;
/// So many objects are looked at under one lock.
const SWEPT_AT_ONCE: usize = 64;

pub(super) struct Inner<H> {
    shards: [Part<H>; MOST_SHARDS],
    /// So many of them are in use, a power of two.
    shard_count: usize,
    pub(super) budget: Arc<Budget>,
    groups: Groups,
    groups_bytes: AtomicU64,
    /// When those who have stalled are looked for again, of each level.
    pub(super) next_relief: [AtomicU64; LEVEL_COUNT],
    /// The next number of an object, an intent or a purge.
    next_id: AtomicU64,
    /// The number of the next turn of eviction.
    next_turn: AtomicU64,
    spread: Spread,
}

/// A shard with its lock and counts, apart from its neighbours' in the processor's caches.
#[repr(align(128))]
struct Part<H> {
    shard: RwLock<Shard<H>>,
    lined: Lined,
    counts: Counts,
}

impl<H: StoredHead> Inner<H> {
    pub(super) fn new(limit_bytes: u64, clock: Clock) -> Self {
        let shard_count = usize::try_from(limit_bytes / SHARD_BYTES).unwrap_or(MOST_SHARDS);
        let part =
            |_| Part { shard: RwLock::new(Shard::default()), lined: Lined::default(), counts: Counts::default() };
        Self {
            shards: std::array::from_fn(part),
            shard_count: shard_count.clamp(1, MOST_SHARDS).next_power_of_two(),
            budget: Arc::new(Budget::new(limit_bytes, clock)),
            groups: Groups::default(),
            groups_bytes: AtomicU64::new(0),
            next_relief: std::array::from_fn(|_| AtomicU64::new(0)),
            next_id: AtomicU64::new(1),
            next_turn: AtomicU64::new(0),
            spread: Spread::new(),
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.budget.now()
    }

    pub(super) fn new_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::SeqCst)
    }

    pub(super) fn lookup(&self, key: Key) -> Option<Arc<Object<H>>> {
        let found = self.peek(key).inspect(|object| object.touch());
        let counts = &self.part(key.primary).counts;
        count(if found.is_some() { &counts.hits } else { &counts.misses }, 1);
        found
    }

    pub(super) fn peek(&self, key: Key) -> Option<Arc<Object<H>>> {
        let now = self.now();
        let is_of_use = |object: &Object<H>| self.is_of_use(object, now);
        let (found, any_useless) = self.part(key.primary).read().find(key, is_of_use);
        if any_useless {
            drop(self.change(key.primary, |shard| shard.remove_useless(key, is_of_use)));
        }
        found.inspect(|object| self.expire_with_group(key, object))
    }

    pub(super) fn variants(&self, of: Key) -> Vec<Arc<Object<H>>> {
        let now = self.now();
        self.part(of.primary).read().variants(of, |object| self.is_of_use(object, now))
    }

    pub(super) fn lookup_fill(&self, key: Key, id: u64) -> Option<Arc<Object<H>>> {
        self.part(key.primary).read().fill(id)
    }

    /// Some objects of a shard from a place on, and where to go on; `None` behind the last shard.
    pub(super) fn some(&self, shard: usize, place: u32, at_most: usize) -> Option<Batch<H>> {
        Some(self.shards.get(shard)?.read().some(place, at_most))
    }

    /// The most bytes that one object may take.
    pub(super) fn largest_object(&self) -> u64 {
        self.budget.limit() / LARGEST_SHARE
    }

    pub(super) fn begin(&self, key: Key, object: &Arc<Object<H>>, has_room: bool, intent: Option<u64>) -> Begun {
        let (begun, overtaken) = self.change(key.primary, |shard| shard.begin(key, object, has_room, intent));
        self.forget(overtaken);
        begun
    }

    pub(super) fn is_intended(&self, primary: u128, intent: u64) -> bool {
        self.part(primary).read().is_intended(primary, intent)
    }

    /// Whether one of the groups was purged after that number.
    pub(super) fn are_purged_since(&self, groups: &[u64], number: u64) -> bool {
        self.groups.are_purged_since(groups, number)
    }

    /// A fill has ended well; gives the bytes of its body that are stored.
    pub(super) fn complete(&self, key: Key, object: &Arc<Object<H>>, len: u64) -> u64 {
        let Ok(removed) = self.change(key.primary, |shard| shard.publish(key, object)) else { return 0 };
        count(&self.part(key.primary).counts.stored, 1);
        self.forget(removed.into_iter().flatten());
        len
    }

    /// A fill goes on, but is not to be kept.
    pub(super) fn give_up(&self, key: Key, object: &Object<H>) {
        self.forget(self.change(key.primary, |shard| shard.give_up(key, object.id())));
        object.body().forget_what_is_read();
    }

    pub(super) fn end_fill(&self, key: Key, object: &Arc<Object<H>>) {
        self.forget(self.change(key.primary, |shard| shard.end_fill(key, object)));
        object.body().forget_what_is_read();
    }

    pub(super) fn replace_head(&self, key: Key, id: u64, head: H) -> bool {
        let new_bytes = head.size_bytes() as u64;
        if !self.reserve(new_bytes) {
            return false;
        }
        let at_most = self.largest_object();
        let replaced = self.change(key.primary, |shard| shard.replace_head(key, id, head, at_most));
        if replaced.is_none() {
            self.budget.release(new_bytes);
        }
        replaced.is_some()
    }

    /// Removes all that stands under a primary key and strikes out the intents to fill it, but for one.
    pub(super) fn purge(&self, primary: u128, but_intent: Option<u64>) -> usize {
        let removed = self.change(primary, |shard| shard.purge(primary, but_intent));
        self.purged_some(primary, removed)
    }

    pub(super) fn expire(&self, primary: u128) -> usize {
        let now = self.now();
        let family = self.change(primary, |shard| shard.family(primary));
        family.into_iter().filter(|(key, object)| self.expire_object(*key, object, now)).count()
    }

    /// Purges a group or, where a time is given, lets it be stale since then.
    pub(super) fn purge_group(&self, group: u64, expired_at: Option<SystemTime>) {
        if self.groups.purge(group, || self.new_id(), expired_at) > MOST_REMEMBERED {
            self.sweep();
            self.forget_purges();
        }
        self.settle_groups();
    }

    pub(super) fn remove(&self, key: Key) -> bool {
        let removed = self.change(key.primary, |shard| shard.remove(key));
        self.purged_some(key.primary, removed) > 0
    }

    /// Removes what is of no more use.
    pub(super) fn sweep(&self) -> usize {
        let seen = self.groups.latest();
        let (now, mut count) = (self.now(), 0);
        for shard in 0..self.shard_count {
            let mut place = Some(0);
            while let Some((objects, next)) = place.and_then(|place| self.some(shard, place, SWEPT_AT_ONCE)) {
                for (key, object) in objects {
                    if self.is_of_use(&object, now) {
                        self.expire_with_group(key, &object);
                    } else {
                        count += usize::from(self.remove_object(key, &object));
                    }
                }
                place = next;
            }
        }
        self.groups.forget(seen.min(self.oldest_under_way().saturating_sub(1)));
        self.settle_groups();
        count
    }

    pub(super) fn stats(&self) -> StoreStats {
        let (bytes, limit_bytes) = (self.budget.used(), self.budget.limit());
        let index_bytes = self.groups_bytes.load(Ordering::SeqCst);
        let mut stats = StoreStats { bytes, limit_bytes, index_bytes, ..StoreStats::default() };
        for part in &self.shards {
            part.counts.add_to(&mut stats);
            let shard = part.read();
            stats.index_bytes += shard.charged_bytes;
            stats.objects += shard.objects();
            stats.fills += shard.fills();
        }
        stats
    }

    /// Reserves bytes, evicting as long as they are not there. Takes shard locks, so none may be
    /// held. `false` when nothing is left to evict.
    pub(super) fn reserve(&self, bytes: u64) -> bool {
        while !self.budget.try_reserve(bytes) {
            if bytes > self.budget.limit() || !self.evict_one() {
                return false;
            }
        }
        true
    }

    /// As [`reserve`](Self::reserve), for what is in flight until it is stored. `false`, too, when there is no room
    /// for more of that.
    pub(super) fn reserve_in_flight(&self, bytes: u64) -> bool {
        self.has_room_in_flight(bytes) && self.reserve(bytes)
    }

    /// Takes bytes that are in use already and in flight, making room for them where that can be; gives them.
    pub(super) fn take(&self, bytes: u64) -> u64 {
        self.has_room_in_flight(bytes);
        if !self.reserve(bytes) {
            self.budget.take(bytes);
        }
        bytes
    }

    pub(super) fn set_limit(&self, bytes: u64) {
        self.budget.set_limit(bytes);
        self.evict_what_is_too_much();
        for shard in 0..self.shard_count {
            if self.budget.is_exceeded() {
                self.forget(self.change_shard(shard, Shard::remove_fills).into_iter().flatten());
            }
        }
    }

    /// Runs under the lock of a key's shard, and counts what its index takes afterwards.
    pub(super) fn change<T>(&self, primary: u128, change: impl FnOnce(&mut Shard<H>) -> T) -> T {
        let part = self.part(primary);
        let (result, before, after) = part.change(change);
        self.settle(before, after);
        if after > before {
            self.evict_what_is_too_much();
        }
        result
    }

    pub(super) fn shard_count(&self) -> usize {
        self.shard_count
    }

    /// Looks at a shard under its lock.
    pub(super) fn read_shard<T>(&self, shard: usize, look: impl FnOnce(&Shard<H>) -> T) -> Option<T> {
        Some(look(&self.shards.get(shard)?.read()))
    }

    fn change_shard<T>(&self, shard: usize, change: impl FnOnce(&mut Shard<H>) -> T) -> Option<T> {
        let (result, before, after) = self.shards.get(shard)?.change(change);
        self.settle(before, after);
        Some(result)
    }

    fn settle(&self, before: u64, after: u64) {
        if after > before {
            self.budget.take(after - before);
        } else {
            self.budget.release(before - after);
        }
    }

    /// Counts what the purges of groups take.
    fn settle_groups(&self) {
        let bytes = self.groups.bytes();
        let before = self.groups_bytes.swap(bytes, Ordering::SeqCst);
        self.settle(before, bytes);
    }

    fn part(&self, primary: u128) -> &Part<H> {
        let [first, ..] = &self.shards;
        self.shards.get(self.spread.index(primary) % self.shard_count).unwrap_or(first)
    }

    /// Whether one of its groups was purged, but for softly.
    pub(super) fn is_gone(&self, object: &Object<H>) -> bool {
        self.groups.fate(object) == Fate::Gone
    }

    fn is_of_use(&self, object: &Object<H>, now: SystemTime) -> bool {
        object.is_of_use(now) && self.groups.fate(object) != Fate::Gone
    }

    /// Where the group of an object was let be stale, it is.
    fn expire_with_group(&self, key: Key, object: &Object<H>) {
        let seen = self.groups.latest();
        if let Fate::Expired(at) = self.groups.fate(object)
            && self.expire_object(key, object, at)
        {
            object.see(seen);
        }
    }

    /// Lets an object be stale since then; where there is no room for the head that says so, it is removed.
    fn expire_object(&self, key: Key, object: &Object<H>, at: SystemTime) -> bool {
        if self.replace_head(key, object.id(), object.head().expired(at)) {
            count(&self.part(key.primary).counts.expired, 1);
            return true;
        }
        self.remove_object(key, object)
    }

    pub(super) fn remove_object(&self, key: Key, object: &Object<H>) -> bool {
        let removed = self.change(key.primary, |shard| shard.remove_object(key, object.id()));
        self.purged_some(key.primary, removed.into_iter().collect()) > 0
    }

    /// The number of the oldest fill or intent under way.
    pub(super) fn oldest_under_way(&self) -> u64 {
        self.shards.iter().filter_map(|part| part.read().oldest_under_way()).min().unwrap_or(u64::MAX)
    }

    /// If the fills under way are so old that still too many purges are to be remembered for them, they are
    /// not kept.
    fn forget_purges(&self) {
        if self.groups.len() <= MOST_REMEMBERED {
            return;
        }
        let latest = self.groups.latest();
        for shard in 0..self.shard_count {
            self.forget(self.change_shard(shard, Shard::remove_fills).into_iter().flatten());
        }
        self.groups.forget(latest);
    }

    fn evict_what_is_too_much(&self) {
        while self.budget.is_exceeded() && self.evict_one() {}
    }

    /// Evicts one object; `false` when there is none.
    fn evict_one(&self) -> bool {
        for step in 0..GENTLE_STEPS + MOST_SHARDS {
            let turn = self.next_turn.fetch_add(1, Ordering::Relaxed);
            let Some((shard, queue)) = turns::next(self.shards.iter().map(|part| &part.lined), turn) else {
                return false;
            };
            let gently = step < GENTLE_STEPS;
            // Bound first, so that the lock is free when the object is dropped.
            let step = self.change_shard(shard, |shard| shard.evict_step(queue, gently));
            if let Some(Step::Evicted(removed)) = step {
                self.shards.get(shard).iter().for_each(|part| count(&part.counts.evictions, 1));
                self.forget([removed]);
                return true;
            }
        }
        false
    }

    /// What was taken out of the index, if it is still being filled, holds only what is read; and what is read of it
    /// is in flight from now on. No lock may be held.
    fn forget(&self, removed: impl IntoIterator<Item = Removed<H>>) {
        for object in removed {
            object.body().forget_what_is_read();
        }
        self.has_room_in_flight(0);
    }

    /// Counts what was purged.
    fn purged_some(&self, primary: u128, removed: Vec<Removed<H>>) -> usize {
        let purged = removed.len();
        count(&self.part(primary).counts.purged, purged);
        self.forget(removed);
        purged
    }

    /// All objects, and the bytes of the index, counted anew.
    #[cfg(all(test, not(feature = "model")))]
    pub(super) fn recount(&self) -> (Vec<Arc<Object<H>>>, u64) {
        let all = self.shards.iter().flat_map(|part| part.read().all()).collect();
        let index: u64 = self.shards.iter().map(|part| part.read().bytes()).sum();
        (all, index + self.groups.bytes())
    }
}

impl<H: StoredHead> Part<H> {
    fn read(&self) -> RwLockReadGuard<'_, Shard<H>> {
        self.shard.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the bytes of the index before and afterwards, too.
    fn change<T>(&self, change: impl FnOnce(&mut Shard<H>) -> T) -> (T, u64, u64) {
        let mut shard = self.shard.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut shard);
        let after = shard.bytes();
        self.lined.note(shard.queued_bytes());
        let before = std::mem::replace(&mut shard.charged_bytes, after);
        (result, before, after)
    }
}

/// Which shard a key belongs to. Nobody outside can foresee it, and so choose URLs that all fall into one.
struct Spread([u64; 2]);

impl Spread {
    fn new() -> Self {
        // The same in every run where the order of events is tried out.
        let random = |number: u64| if cfg!(feature = "model") { number } else { RandomState::new().hash_one(number) };
        Self([random(1), random(2)])
    }

    fn index(&self, primary: u128) -> usize {
        let Self([first, second]) = self;
        let halves = [primary & u128::from(u64::MAX), primary >> 64];
        let [low, high] = halves.map(|half| u64::try_from(half).unwrap_or_default());
        let product = u128::from(low ^ first) * u128::from(high ^ second);
        let folded = u64::try_from((product ^ (product >> 64)) & u128::from(u64::MAX)).unwrap_or_default();
        usize::try_from(folded >> 58).unwrap_or_default()
    }
}
