//! What two lists have in common, in the same order.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// For each of the new ones where the same stands among the old ones: as many as there can be whose order is the same.
/// What is the same has the same key.
pub(super) fn common<K: Eq + Hash>(
    old: impl IntoIterator<Item = K>,
    new: impl IntoIterator<Item = K>,
    is_same: impl Fn(usize, usize) -> bool,
) -> Vec<Option<usize>> {
    let mut by_key: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (at, key) in old.into_iter().enumerate() {
        by_key.entry(key).or_default().push_back(at);
    }
    let mut same = Vec::new();
    for (number, key) in new.into_iter().enumerate() {
        let alike = by_key.get_mut(&key);
        same.push(alike.and_then(|alike| {
            let at = alike.iter().position(|at| is_same(*at, number))?;
            alike.remove(at)
        }));
    }
    let kept = longest_rising(&same);
    same.iter().zip(kept).map(|(at, is_kept)| at.filter(|_| is_kept)).collect()
}

/// Which of the numbers are in a longest row of them that rises.
fn longest_rising(numbers: &[Option<usize>]) -> Vec<bool> {
    // The last of each row of that length that ends lowest: the number, and where it stands.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; numbers.len()];
    for (at, number) in numbers.iter().enumerate().filter_map(|(at, number)| Some((at, (*number)?))) {
        let length = ends.partition_point(|(end, _)| *end < number);
        if let Some(before) = before.get_mut(at) {
            *before = length.checked_sub(1).and_then(|shorter| Some(ends.get(shorter)?.1));
        }
        match ends.get_mut(length) {
            Some(end) => *end = (number, at),
            None => ends.push((number, at)),
        }
    }
    let mut kept = vec![false; numbers.len()];
    let mut last = ends.last().map(|(_, at)| *at);
    while let Some(at) = last {
        if let Some(kept) = kept.get_mut(at) {
            *kept = true;
        }
        last = before.get(at).copied().flatten();
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::common;

    fn of(old: &str, new: &str) -> Vec<Option<usize>> {
        common(old.chars(), new.chars(), |_, _| true)
    }

    #[test]
    fn as_many_as_can_be_stay_in_order() {
        assert_eq!(of("abc", "abc"), [Some(0), Some(1), Some(2)]);
        assert_eq!(of("abcde", "ebcda"), [None, Some(1), Some(2), Some(3), None]);
        assert_eq!(of("abc", "xayc"), [None, Some(0), None, Some(2)]);
        assert_eq!(of("aab", "abaa"), [Some(0), None, Some(1), None]);
        assert_eq!(of("", "a"), [None]);
        assert_eq!(of("a", ""), []);
    }
}
