//! Bodies that follow from the number of their key, and the numbers that everything is decided by.

use std::sync::LazyLock;

/// What bodies are cut from; the length is prime, so that one that is shifted is another.
static BLOCK: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut numbers = Numbers(1);
    (0..1_048_583).map(|_| numbers.next().to_le_bytes()[0]).collect()
});

/// Numbers that look random and are the same in every run.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, one_of: u64) -> bool {
        self.below(one_of) == 0
    }

    /// A length up to `most`, each doubling as likely as the next.
    pub fn length(&mut self, most: u64) -> usize {
        let doublings = self.below(u64::from(most.ilog2()) + 1);
        usize::try_from(self.below(2 << doublings).min(most)).unwrap()
    }
}

/// The body of a key: empty to 900 KB, mostly small.
pub fn of(number: u64) -> &'static [u8] {
    let mut numbers = Numbers(number.wrapping_mul(7_919));
    let size = numbers.length(900_000);
    let start = usize::try_from(numbers.below(100_000)).unwrap();
    &BLOCK[start..start + size]
}
