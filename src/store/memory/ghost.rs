//! The keys that were evicted lately, by 32 bits of each.
//!
//! A table of small buckets in which a new key takes the place of the oldest: 8 bytes for each key that
//! it can hold. A key that is taken for another, once in some ten thousand evictions, lines up in the wrong
//! queue, which does no harm.

/// Entries of a bucket.
const BUCKET: usize = 4;
const LEAST: usize = 16;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Entry {
    fingerprint: u32,
    /// When it was evicted, counted in evictions from 1; 0 where there is none.
    turn: u32,
}

#[derive(Default)]
pub(super) struct Ghost {
    /// A power of two of entries, or none.
    entries: Box<[Entry]>,
    turn: u32,
}

impl Ghost {
    /// Remembers a key, as one of `at_most` about.
    pub(super) fn put(&mut self, hash: u64, at_most: usize) {
        self.fit(at_most);
        self.turn = self.turn.checked_add(1).unwrap_or_else(|| self.start_over());
        let entry = Entry { fingerprint: fingerprint(hash), turn: self.turn };
        self.place(entry);
    }

    /// Whether the key was evicted lately; it is not remembered any more.
    pub(super) fn take(&mut self, hash: u64) -> bool {
        let (wanted, turn) = (fingerprint(hash), self.turn);
        let most = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let Some(bucket) = self.bucket(wanted) else { return false };
        let found = bucket.iter_mut().find(|entry| entry.turn != 0 && entry.fingerprint == wanted);
        let Some(found) = found else { return false };
        let age = turn - found.turn;
        *found = Entry::default();
        age < most
    }

    /// The memory of the table, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.entries.len() * size_of::<Entry>()
    }

    /// Forgets all, and gives the memory back.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Grows for `at_most` keys, or shrinks when it is four times too large.
    fn fit(&mut self, at_most: usize) {
        let wanted = at_most.max(LEAST).next_power_of_two();
        if wanted <= self.entries.len() && self.entries.len() <= 4 * wanted {
            return;
        }
        let mut old = std::mem::replace(&mut self.entries, vec![Entry::default(); wanted].into_boxed_slice());
        old.sort_unstable_by_key(|entry| entry.turn);
        for entry in old.into_iter().filter(|entry| entry.turn != 0) {
            self.place(entry);
        }
    }

    /// Puts an entry in the place of the oldest of its bucket.
    fn place(&mut self, entry: Entry) {
        let bucket = self.bucket(entry.fingerprint);
        if let Some(oldest) = bucket.and_then(|bucket| bucket.iter_mut().min_by_key(|entry| entry.turn)) {
            *oldest = entry;
        }
    }

    fn bucket(&mut self, fingerprint: u32) -> Option<&mut [Entry]> {
        let buckets = (self.entries.len() / BUCKET).max(1);
        let bucket = usize::try_from(fingerprint).unwrap_or_default() % buckets;
        self.entries.chunks_exact_mut(BUCKET).nth(bucket)
    }

    /// All turns are used up: what is remembered is forgotten.
    fn start_over(&mut self) -> u32 {
        self.entries.fill(Entry::default());
        1
    }
}

fn fingerprint(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u64) -> u64 {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn most_of_the_last_ones_are_known_once() {
        let mut ghost = Ghost::default();
        for number in 0..100_000 {
            ghost.put(hash(number), 1_000);
        }
        let known =
            |ghost: &mut Ghost, range: std::ops::Range<u64>| range.filter(|number| ghost.take(hash(*number))).count();
        assert!(known(&mut ghost, 99_500..100_000) > 450);
        assert_eq!(known(&mut ghost, 99_500..100_000), 0);
        assert!(known(&mut ghost, 0..90_000) < 10);
        assert_eq!(ghost.bytes(), 8 * 1_024);
    }

    #[test]
    fn it_grows_and_shrinks_with_what_it_is_for() {
        let mut ghost = Ghost::default();
        for number in 0..100 {
            ghost.put(hash(number), 100);
        }
        ghost.put(hash(100), 10_000);
        assert!((0..=100).filter(|number| ghost.take(hash(*number))).count() > 60);
        ghost.put(hash(101), 100);
        assert_eq!(ghost.bytes(), 8 * 128);
        assert!(ghost.take(hash(101)));
    }

    #[test]
    fn nothing_is_known_before_anything_was_evicted() {
        assert!(!Ghost::default().take(0));
    }
}
