//! Which shard evicts next, so that all of them together are one S3-FIFO.
//!
//! All members of a family, the slices of a film or the answers to QUERY, stand in one shard. If the shards took
//! turns whatever is in them, such a family would push out what all the others hold. So the small queues are
//! taken for one, which gives way when it has more than its share of all bytes, and does so where most of it
//! is; and the main queues for another, which goes round in each shard as fast as there are bytes in it.

use super::queues::Queue;
use super::sync::{AtomicU64, Ordering};

/// The small queues give way when they have more than one part in so many of all bytes.
const SMALL_SHARE: u64 = 10;

/// What lines up in one shard, to be read without its lock.
#[derive(Default)]
pub(super) struct Lined {
    small: AtomicU64,
    main: AtomicU64,
}

impl Lined {
    /// Notes the bytes in the two queues.
    pub(super) fn note(&self, [small, main]: [u64; 2]) {
        self.small.store(small, Ordering::Relaxed);
        self.main.store(main, Ordering::Relaxed);
    }

    fn bytes(&self) -> [u64; 2] {
        [self.small.load(Ordering::Relaxed), self.main.load(Ordering::Relaxed)]
    }
}

/// A number that is spread evenly over the numbers below `total`, another one at each turn.
fn spread(turn: u64, total: u64) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let place = u128::from(turn.wrapping_mul(GOLDEN)) * u128::from(total);
    u64::try_from(place >> 64).unwrap_or_default()
}

/// The shard and the queue whose turn it is; `None` when nothing lines up.
pub(super) fn next<'a>(shards: impl Iterator<Item = &'a Lined> + Clone, turn: u64) -> Option<(usize, Queue)> {
    let bytes = shards.map(Lined::bytes);
    let (small, main) = bytes.clone().fold((0, 0), |(small, main), [more, others]| (small + more, main + others));
    let is_small = small * SMALL_SHARE > small + main || main == 0;
    if is_small {
        let fullest = bytes.map(|[small, _]| small).enumerate().max_by_key(|(_, small)| *small);
        return fullest.filter(|(_, small)| *small > 0).map(|(shard, _)| (shard, Queue::Small));
    }
    let mut place = spread(turn, main);
    let found = bytes.enumerate().find(|(_, [_, main])| {
        let is_here = place < *main;
        place = place.saturating_sub(*main);
        is_here
    });
    // What lines up may have become less while it was added up.
    Some((found.map_or(0, |(shard, _)| shard), Queue::Main))
}

#[cfg(all(test, not(feature = "model")))]
mod tests {
    use super::*;

    fn lined(small: u64, main: u64) -> Lined {
        let lined = Lined::default();
        lined.note([small, main]);
        lined
    }

    #[test]
    fn the_small_queues_give_way_where_most_of_them_is() {
        let shards = [lined(1, 100), lined(30, 0), lined(2, 100)];
        assert_eq!(next(shards.iter(), 7), Some((1, Queue::Small)));
    }

    #[test]
    fn the_main_queues_go_round_as_fast_as_there_are_bytes_in_them() {
        let shards = [lined(0, 100), lined(10, 0), lined(0, 300)];
        let turns = (0..4_000).filter_map(|turn| next(shards.iter(), turn));
        let mut counts = [0; 3];
        for (shard, queue) in turns {
            assert_eq!(queue, Queue::Main);
            counts[shard] += 1;
        }
        assert!(
            (990..1_010).contains(&counts[0]) && counts[1] == 0 && (2_990..3_010).contains(&counts[2]),
            "{counts:?}"
        );
    }

    #[test]
    fn nothing_is_evicted_where_nothing_lines_up() {
        assert_eq!(next([lined(0, 0)].iter(), 1), None);
    }
}
