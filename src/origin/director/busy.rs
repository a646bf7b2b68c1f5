//! By how busy members are: `least_conn` and `p2c`.

use std::cmp::Ordering;

use super::Director;

impl Director {
    /// The least busy of `able`; of equals each in turn.
    pub(super) fn least_busy(&self, able: &[usize]) -> Option<usize> {
        let start = self.state.next_of(able)?;
        let (before, from) = able.split_at(able.partition_point(|at| *at < start));
        from.iter().chain(before).copied().min_by(|one, other| self.compare(*one, *other))
    }

    /// The less busy of two that chance picks (Mitzenmacher, "The Power of Two Choices").
    pub(super) fn less_busy_of_two(&self, able: &[usize]) -> Option<usize> {
        let one = self.by_weight(able, self.state.chance())?;
        let others: Vec<usize> = able.iter().copied().filter(|at| *at != one).collect();
        let other = self.by_weight(&others, self.state.chance());
        Some(other.filter(|other| self.compare(*other, one) == Ordering::Less).unwrap_or(one))
    }

    /// Which has less to do with one request more, as its weight goes.
    fn compare(&self, one: usize, other: usize) -> Ordering {
        let load = |at: usize| self.members.get(at).map_or(0, |member| u128::from(member.in_flight()) + 1);
        (load(one) * u128::from(self.weight(other))).cmp(&(load(other) * u128::from(self.weight(one))))
    }
}
