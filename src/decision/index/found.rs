//! Sets of patterns that match, without the heap as long as they are few.

/// How many matching patterns are kept without the heap.
const FEW: usize = 16;

/// The patterns that match, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    few: [u32; FEW],
    count: usize,
    /// A bit for each pattern, once there are more.
    many: Vec<u64>,
}

impl Found {
    /// Adds one of `all` patterns.
    pub fn add(&mut self, number: u32, all: usize) {
        if self.contains(number) {
            return;
        }
        if self.many.is_empty() {
            if let Some(place) = self.few.get_mut(self.count) {
                *place = number;
                self.count += 1;
                return;
            }
            self.many = vec![0; all.div_ceil(64)];
            let few = self.few;
            for number in few {
                self.mark(number);
            }
        }
        self.mark(number);
    }

    fn mark(&mut self, number: u32) {
        if let Some(word) = self.many.get_mut(number as usize / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// Whether a pattern matches.
    pub fn contains(&self, number: u32) -> bool {
        match self.many.get(number as usize / 64) {
            Some(word) => word & (1 << (number % 64)) != 0,
            None => self.few.iter().take(self.count).any(|few| *few == number),
        }
    }

    /// The patterns that match.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let few = if self.many.is_empty() { self.count } else { 0 };
        let bits = (0..).zip(&self.many).flat_map(|(at, word)| bits(*word).map(move |bit| at * 64 + bit));
        self.few.iter().take(few).copied().chain(bits)
    }
}

fn bits(word: u64) -> impl Iterator<Item = u32> {
    let lowest = |word: u64| (word != 0).then_some(word);
    std::iter::successors(lowest(word), move |word| lowest(word & (word - 1))).map(u64::trailing_zeros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(numbers in prop::collection::vec(0_u32..200, 0..60)) {
            let mut found = Found::default();
            for number in &numbers {
                found.add(*number, 200);
            }
            let mut listed: Vec<u32> = found.iter().collect();
            listed.sort_unstable();
            let mut expected = numbers;
            expected.sort_unstable();
            expected.dedup();
            prop_assert!((0..200).all(|number| found.contains(number) == expected.contains(&number)));
            prop_assert_eq!(listed, expected);
        }
    }
}
