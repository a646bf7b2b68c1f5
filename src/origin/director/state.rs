//! What a director remembers from one request to the next.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::chance::{self, Chance};
use super::ring::Ring;
use super::{DirectorDefinition, Way};

/// Whose turn it is, whom it stays with, the ring; shared by all policies that define the director alike.
#[derive(Debug)]
pub struct State {
    turn: AtomicU64,
    stays_with: AtomicUsize,
    chance: Chance,
    ring: Ring,
}

impl State {
    /// That of a director that has chosen nothing yet. O(places · log places) for a ring.
    #[must_use]
    pub fn new(definition: &DirectorDefinition) -> Self {
        let ring = match &definition.way {
            Way::Shard(shard) => Ring::new(&definition.members, shard.replicas),
            _ => Ring::default(),
        };
        Self { turn: AtomicU64::new(0), stays_with: AtomicUsize::new(0), chance: Chance::new(), ring }
    }

    /// The one of `able` whose turn it is.
    pub(super) fn next_of(&self, able: &[usize]) -> Option<usize> {
        let turn = self.turn.fetch_add(1, Relaxed).checked_rem(able.len() as u64)?;
        able.get(usize::try_from(turn).unwrap_or_default()).copied()
    }

    pub(super) fn stays_with(&self) -> usize {
        self.stays_with.load(Relaxed)
    }

    pub(super) fn stay_with(&self, member: usize) {
        self.stays_with.store(member, Relaxed);
    }

    /// 64 bits by chance.
    pub(super) fn chance(&self) -> u64 {
        self.chance.next()
    }

    /// Whether chance takes it, in so many of a thousand cases.
    pub(super) fn is_by_chance(&self, thousandths: u64) -> bool {
        chance::scale(self.chance(), 1_000) < thousandths
    }

    pub(super) fn ring(&self) -> &Ring {
        &self.ring
    }
}
