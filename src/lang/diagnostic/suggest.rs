//! "Did you mean": the known word that is nearest to a misspelt one.

/// The candidate nearest to `word`, if it is near enough: at most two typing errors (a letter too
/// many, too few, wrong, or two swapped), and at most one in three letters. Case does not count as
/// an error. Of equally near ones the first wins. O(length²) per candidate of similar length.
#[must_use]
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = word.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let allowed = (wanted.len() / 3).min(2);
    let near = candidates.into_iter().filter_map(|candidate| {
        let letters: Vec<char> = candidate.chars().map(|letter| letter.to_ascii_lowercase()).collect();
        let distance = distance_within(&wanted, &letters, allowed)?;
        Some((distance, candidate))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// How many typing errors lie between two words, case aside; `None` above `allowed`. O(length²).
#[must_use]
pub fn distance(left: &str, right: &str, allowed: usize) -> Option<usize> {
    let letters = |word: &str| word.chars().map(|letter| letter.to_ascii_lowercase()).collect::<Vec<char>>();
    distance_within(&letters(left), &letters(right), allowed)
}

/// Longer names are generated, and nobody mistypes them.
const MOST_LETTERS: usize = 128;

/// The Damerau-Levenshtein distance (optimal string alignment), or `None` above `allowed`.
fn distance_within(left: &[char], right: &[char], allowed: usize) -> Option<usize> {
    if left.len().abs_diff(right.len()) > allowed || left.len() > MOST_LETTERS {
        return None;
    }
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let before = row.checked_sub(1).and_then(|before| left.get(before));
        let current = next_row(*letter, before.copied(), right, &last, &before_last);
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().filter(|distance| *distance <= allowed)
}

/// The distances of one more letter of the left word to every beginning of the right one.
fn next_row(
    letter: char,
    letter_before: Option<char>,
    right: &[char],
    last: &[usize],
    before_last: &[usize],
) -> Vec<usize> {
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    let mut current = vec![at(last, 0) + 1];
    let mut other_before = None;
    for (column, &other) in right.iter().enumerate() {
        let replaced = at(last, column) + usize::from(letter != other);
        let mut best = replaced.min(at(last, column + 1) + 1).min(at(&current, column) + 1);
        if letter_before == Some(other) && other_before == Some(letter) {
            best = best.min(column.checked_sub(1).map_or(best, |start| at(before_last, start) + 1));
        }
        current.push(best);
        other_before = Some(other);
    }
    current
}

#[cfg(test)]
mod tests {
    use super::closest;

    const WORDS: [&str; 4] = ["backend", "probe", "acl", "include"];

    #[test]
    fn near_words_are_found() {
        assert_eq!(closest("bakend", WORDS), Some("backend"));
        assert_eq!(closest("porbe", WORDS), Some("probe"));
        assert_eq!(closest("inclued", WORDS), Some("include"));
        assert_eq!(closest("ACL", WORDS), Some("acl"));
        assert_eq!(closest("alc", WORDS), Some("acl"));
    }

    #[test]
    fn far_words_are_not() {
        assert_eq!(closest("frontend", WORDS), None);
        assert_eq!(closest("ab", WORDS), None);
        assert_eq!(closest("", WORDS), None);
        assert_eq!(closest("backend", []), None);
    }

    #[test]
    fn names_that_nobody_types_are_not_compared() {
        let name = "a".repeat(129);
        assert_eq!(closest(&name[1..], [&name[2..]]), Some(&name[2..]));
        assert_eq!(closest(&name, [&name[1..]]), None);
    }

    #[test]
    fn the_nearest_wins() {
        assert_eq!(closest("request", ["requests", "request"]), Some("request"));
    }

    #[test]
    fn two_swaps_are_two_errors() {
        assert_eq!(closest("abcdef", ["badcef"]), Some("badcef"));
        assert_eq!(closest("abcdef", ["badcfe"]), None);
    }
}
