//! Consistent hashing: `shard`.
//!
//! Each member has many places on a ring of numbers; a key belongs to the member whose place is the
//! next one. When a member goes, its keys go to those that follow it and no other key moves.

use std::time::Duration;

use super::chance::digest;
use super::{Director, Question, Shard};

/// How many places one member may have, whatever its weight.
const MOST_PLACES: u64 = 20_000;

/// The places of the members, in order.
#[derive(Debug, Default)]
pub(super) struct Ring(Vec<(u64, u32)>);

impl Ring {
    /// The ring of members with weights in thousandths.
    pub(super) fn new(members: &[(String, u32)], replicas: u16) -> Self {
        let mut places = Vec::new();
        for (number, (name, weight)) in (0_u32..).zip(members) {
            let count = (u64::from(replicas) * u64::from(*weight)).div_ceil(1_000).min(MOST_PLACES);
            places.extend((0..count).map(|replica| (digest(&[name.as_bytes(), &replica.to_le_bytes()]), number)));
        }
        places.sort_unstable();
        Self(places)
    }

    /// The members from `key` on, each once.
    fn members_from(&self, key: u64) -> impl Iterator<Item = usize> {
        let (before, from) = self.0.split_at(self.0.partition_point(|(place, _)| *place < key));
        let mut seen = std::collections::HashSet::new();
        from.iter().chain(before).filter_map(move |(_, member)| seen.insert(*member).then_some(*member as usize))
    }
}

impl Director {
    /// The member for the key of the request.
    pub(super) fn shard(&self, shard: &Shard, question: &impl Question) -> Option<usize> {
        let mut order = self.state.ring().members_from(question.key(self.number));
        let skipped = question.alternative(self.number);
        let is_able = |at: &usize| self.members.get(*at).is_some_and(|member| member.can_serve(question.failed()));
        if !shard.looks_at_chosen {
            return order.nth(skipped % self.in_use().count().max(1));
        }
        if skipped == 0 {
            let mut able = order.filter(is_able);
            let first = able.next()?;
            return Some(self.or_next(shard, first, able.next()));
        }
        if shard.looks_at_skipped {
            return order.filter(is_able).take(skipped.saturating_add(1)).last();
        }
        let passed_over: Vec<usize> = order.by_ref().take(skipped).collect();
        order.find(is_able).or_else(|| passed_over.into_iter().rev().find(is_able))
    }

    /// The member whose turn it is, or the next one while that one recovers or to warm the next one up.
    fn or_next(&self, shard: &Shard, first: usize, next: Option<usize>) -> usize {
        let Some(next) = next else { return first };
        let recovered_for = self.members.get(first).and_then(super::Target::recovered_for);
        let gives_way = match recovered_for.filter(|time| *time < shard.rampup) {
            Some(time) => 1_000_u64.saturating_sub(thousandths(time, shard.rampup)),
            None => shard.warmup.into(),
        };
        if self.state.is_by_chance(gives_way) { next } else { first }
    }
}

fn thousandths(part: Duration, whole: Duration) -> u64 {
    u64::try_from(part.as_millis() * 1_000 / whole.as_millis().max(1)).unwrap_or(1_000)
}
