//! How often something was met lately, in a table of fixed size: enough to tell what returns from what
//! comes once.

use std::sync::atomic::{AtomicU32, Ordering};

/// Places of the table; a power of two.
const PLACES: usize = 4096;
/// A place holds a part of a hash, and below it the count. It ends low, so that what comes no more soon gives way.
const COUNT_BITS: u32 = 3;
pub const COUNT: u32 = (1 << COUNT_BITS) - 1;

/// Counts by hash.
pub struct Sightings([AtomicU32; PLACES]);

impl Sightings {
    /// Nothing was met yet.
    pub const fn new() -> Self {
        Self([const { AtomicU32::new(0) }; PLACES])
    }

    /// Notes that what has this hash was met; how often, this time included. Too few when others took its place
    /// meanwhile, or two came at one moment.
    pub fn note(&self, hash: u64) -> u32 {
        let mark = u32::try_from(hash >> u32::BITS).unwrap_or_default();
        let place = usize::try_from(hash % PLACES as u64).ok();
        let Some(place) = place.and_then(|place| self.0.get(place)) else { return 0 };
        let held = place.load(Ordering::Relaxed);
        let (mark, count) = (mark & !COUNT, held & COUNT);
        let (new, met) = if held & !COUNT == mark {
            let met = (count + 1).min(COUNT);
            (mark | met, met)
        } else if count > 1 {
            // What is met often is not driven out by what comes once.
            (held - 1, 0)
        } else {
            (mark | 1, 1)
        };
        place.store(new, Ordering::Relaxed);
        met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_returns_is_counted() {
        let sightings = Sightings::new();
        let hash = 0x1234_5678_9abc_def0;
        assert_eq!([(); 3].map(|()| sightings.note(hash)), [1, 2, 3]);
        assert_eq!((0..1000).map(|_| sightings.note(hash)).last(), Some(COUNT));
    }

    #[test]
    fn what_comes_once_never_counts_for_more() {
        let sightings = Sightings::new();
        let mixed = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        assert!((0..100_000).all(|number| sightings.note(mixed(number)) <= 1));
    }

    #[test]
    fn what_returns_holds_its_place_against_what_comes_once() {
        let sightings = Sightings::new();
        let (often, once) = (0x100_0000_0000, |number: u64| (number + 2) << 40);
        for _ in 0..10 {
            sightings.note(often);
        }
        let met = (0..10).map(|number| (sightings.note(once(number)), sightings.note(often)).1);
        assert!(met.collect::<Vec<_>>().iter().all(|met| *met >= COUNT - 1));
    }
}
