//! Numbers in ranges, as elementary intervals.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::lookup::Target;

/// Borders of ranges with what holds between them. O(log borders) a look-up.
#[derive(Debug)]
pub(super) struct Intervals {
    /// Where each interval begins, and the target for the numbers up to the next one.
    starts: Box<[(i64, Option<Target>)]>,
}

impl Intervals {
    /// Intervals that begin at the given numbers, in order.
    pub fn new(starts: Vec<(i64, Option<Target>)>) -> Self {
        Self { starts: starts.into() }
    }

    /// The target for a number.
    pub fn find(&self, number: i64) -> Option<Target> {
        let behind = self.starts.partition_point(|(start, _)| *start <= number);
        self.starts.get(behind.checked_sub(1)?)?.1
    }

    /// How many intervals there are that something holds in.
    pub fn len(&self) -> usize {
        self.starts.iter().filter(|(_, target)| target.is_some()).count()
    }
}

/// The elementary intervals of ranges: where each begins, and the rows that hold in it, in order.
/// `None` if all of them together name more than `most` rows.
pub(super) fn spread(
    ranges: impl Iterator<Item = (RangeInclusive<i64>, usize)>,
    most: usize,
) -> Option<Vec<(i64, Vec<usize>)>> {
    let mut borders: BTreeMap<i64, Vec<(usize, bool)>> = BTreeMap::new();
    for (range, row) in ranges.filter(|(range, _)| !range.is_empty()) {
        borders.entry(*range.start()).or_default().push((row, true));
        if let Some(end) = range.end().checked_add(1) {
            borders.entry(end).or_default().push((row, false));
        }
    }
    sweep(borders, most)
}

fn sweep(borders: BTreeMap<i64, Vec<(usize, bool)>>, most: usize) -> Option<Vec<(i64, Vec<usize>)>> {
    // How many ranges of each row are open: ranges of one row may overlap.
    let mut open: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut intervals, mut named) = (Vec::with_capacity(borders.len()), 0);
    for (start, changes) in borders {
        for (row, opens) in changes {
            let count = open.entry(row).or_default();
            *count = if opens { *count + 1 } else { count.saturating_sub(1) };
        }
        open.retain(|_, count| *count > 0);
        named += open.len();
        if named > most {
            return None;
        }
        intervals.push((start, open.keys().copied().collect()));
    }
    Some(intervals)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decision::index::lookup::Aim;

    fn rows_at(intervals: &[(i64, Vec<usize>)], number: i64) -> Vec<usize> {
        let starts = (0..).zip(intervals).map(|(at, (start, _))| (*start, Some(Target::matcher(at)))).collect();
        match Intervals::new(starts).find(number).map(Target::aim) {
            Some(Aim::Matcher(at)) => intervals[at as usize].1.clone(),
            _ => Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn an_interval_holds_the_rows_whose_range_holds_it(
            ranges in prop::collection::vec((-9_i64..9, -9_i64..9, 0_usize..5), 0..12),
            at in prop_oneof![-12_i64..12, Just(i64::MIN), Just(i64::MAX)],
        ) {
            let intervals = spread(ranges.iter().map(|(start, end, row)| (*start..=*end, *row)), 1_000).unwrap();
            let holds = |row: usize| ranges.iter().any(|(start, end, of)| *of == row && (*start..=*end).contains(&at));
            prop_assert_eq!(rows_at(&intervals, at), (0..5).filter(|row| holds(*row)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn ranges_without_an_end_reach_to_the_last_number() {
        let intervals = spread([(500..=i64::MAX, 0), (i64::MIN..=499, 1)].into_iter(), 9).unwrap();
        assert_eq!(rows_at(&intervals, i64::MAX), [0]);
        assert_eq!(rows_at(&intervals, i64::MIN), [1]);
    }

    #[test]
    fn too_many_overlaps_are_refused() {
        assert_eq!(spread((0..100).map(|at| (at..=1_000, 0)), 10), None);
    }
}
