//! What is in flight keeps to its share of the limit.
//!
//! Fills, and what is read of objects that were taken out, cannot be evicted, and clients that read slowly or not at
//! all hold them as long as they like. If that had no ceiling, they would push out everything that is stored. So
//! beyond it nothing is begun that would be kept; and those who have taken nothing for the longest time are cut off,
//! gently before the ceiling is reached and sooner when it is.

use std::sync::Arc;

use super::budget::Moment;
use super::inner::Inner;
use super::object::Object;
use super::sync::{AtomicU64, Ordering};
use crate::store::StoredHead;

/// Who has taken nothing for so many milliseconds has stalled.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// With a reader of what is not kept. The fill waits for him, so he holds a piece of it or two.
    filling: Moment,
    /// With the readers of an object that was taken out, who hold all of it.
    whole: Moment,
}

/// From so many quarters of the ceiling on, who has stalled for so long is cut off: hardly ever somebody who goes on,
/// as long as it is not a question of all that is stored.
const LEVELS: [(u64, Patience); LEVEL_COUNT] = [
    (3, Patience { filling: 5_000, whole: 1_000 }),
    (4, Patience { filling: 1_000, whole: 100 }),
    (6, Patience { filling: 100, whole: 100 }),
];
pub(super) const LEVEL_COUNT: usize = 3;
/// After having found too few who have stalled, nobody is looked for for so many milliseconds.
const PAUSE: Moment = 50;
/// An object that somebody holds who has stalled.
pub(super) struct Stalled<H> {
    pub(super) object: Arc<Object<H>>,
    /// When something was last taken of it.
    pub(super) since: Moment,
}

impl Patience {
    /// The fill, if one of its readers has stalled.
    pub(super) fn ends_with_fill<H: StoredHead>(self, object: &Arc<Object<H>>, now: Moment) -> Option<Stalled<H>> {
        let since = object.body().filling()?.stalled_since()?;
        (now.saturating_sub(since) >= self.filling).then(|| Stalled { object: Arc::clone(object), since })
    }

    /// The object that is in the store no more, if all of its readers have stalled.
    pub(super) fn ends_with<H: StoredHead>(self, object: Arc<Object<H>>, now: Moment) -> Option<Stalled<H>> {
        if object.body().filling().is_some() {
            return self.ends_with_fill(&object, now);
        }
        let since = object.last_taken()?;
        (now.saturating_sub(since) >= self.whole).then_some(Stalled { object, since })
    }
}

impl<H: StoredHead> Inner<H> {
    /// Whether so many bytes more may be in flight, once those who have stalled are cut off for them. Takes shard
    /// locks, so none may be held.
    pub(super) fn has_room_in_flight(&self, more: u64) -> bool {
        let quarter = self.budget.ceiling() / 4;
        let is_beyond = |quarters: u64| self.budget.in_flight().saturating_add(more) > quarters * quarter;
        for ((quarters, patience), next) in LEVELS.into_iter().zip(&self.next_relief) {
            if !is_beyond(quarters) {
                break;
            }
            self.cut_off_stalled(patience, (quarters * quarter).saturating_sub(more + quarter / 4), next);
        }
        !is_beyond(4)
    }

    /// Whether whoever lags is to be waited for, and nobody may run ahead.
    pub(super) fn is_pressed(&self) -> bool {
        self.budget.is_exceeded() || self.budget.in_flight() > self.budget.ceiling() / 4 * 3
    }

    /// Cuts off those who have stalled, the longest first, until no more than that is in flight.
    fn cut_off_stalled(&self, patience: Patience, wanted: u64, next: &AtomicU64) {
        let now = self.budget.moment();
        if now < next.load(Ordering::Relaxed) {
            return;
        }
        for stalled in self.stalled(patience, now) {
            if self.budget.in_flight() <= wanted {
                return;
            }
            stalled.object.let_go(stalled.since);
        }
        if self.budget.in_flight() > wanted {
            next.store(now.saturating_add(PAUSE), Ordering::Relaxed);
        }
    }

    /// All that is held by those who have stalled, the longest first.
    fn stalled(&self, patience: Patience, now: Moment) -> Vec<Stalled<H>> {
        let shards = 0..self.shard_count();
        let mut stalled: Vec<_> =
            shards.filter_map(|shard| self.read_shard(shard, |shard| shard.stalled(patience, now))).flatten().collect();
        stalled.sort_unstable_by_key(|stalled| stalled.since);
        stalled
    }
}
