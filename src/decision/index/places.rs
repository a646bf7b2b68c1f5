//! Places for bytes, each its own.

/// Tells some bytes apart by a multiplication: there is a place for each, and few that stay empty.
///
/// Which byte comes next cannot be foretold, and what is found from it is far away: the way there is to be short, and
/// the same for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    factor: u8,
    /// How many of the lower bits of the product do not count.
    shift: u8,
}

impl Places {
    /// One for all.
    pub const ONE: Self = Self { factor: 0, shift: 8 };

    /// Places for different bytes: the fewest that a multiplication finds, a power of two.
    pub fn of(bytes: &[u8]) -> Self {
        let fewest = bytes.len().next_power_of_two().trailing_zeros();
        let shifts = (0..=8_u32.saturating_sub(fewest)).rev().filter_map(|shift| u8::try_from(shift).ok());
        let mut all = shifts.flat_map(|shift| (0..=u8::MAX).map(move |factor| Self { factor, shift }));
        let own = all.find(|places| places.tell_apart(bytes));
        // With a factor of one and all bits there is one for each of the 256.
        own.unwrap_or(Self { factor: 1, shift: 0 })
    }

    fn tell_apart(self, bytes: &[u8]) -> bool {
        // A bit for each place.
        let mut taken = [0_u128; 2];
        bytes.iter().all(|byte| {
            let place = self.of_byte(*byte);
            let Some(half) = taken.get_mut(place as usize / 128) else { return false };
            let before = *half;
            *half |= 1 << (place % 128);
            *half != before
        })
    }

    /// The place of a byte. One that is not of those has the place of another.
    pub fn of_byte(self, byte: u8) -> u32 {
        u32::from(byte.wrapping_mul(self.factor)) >> self.shift
    }

    /// How many places there are.
    pub fn count(self) -> u32 {
        256 >> self.shift
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_and_a_slash_or_a_letter_take_sixteen_places() {
        let counts = ["0123456789/", "s0123456789"].map(|bytes| Places::of(bytes.as_bytes()).count());
        assert_eq!(counts, [16, 16]);
        assert_eq!([&b""[..], b"x", b"xy"].map(|bytes| Places::of(bytes).count()), [1, 1, 2]);
    }

    proptest! {
        #[test]
        fn each_byte_has_its_own(bytes in prop::collection::btree_set(any::<u8>(), 0..=256)) {
            let bytes: Vec<u8> = bytes.into_iter().collect();
            let places = Places::of(&bytes);
            let own: std::collections::BTreeSet<u32> = bytes.iter().map(|byte| places.of_byte(*byte)).collect();
            prop_assert_eq!(own.len(), bytes.len());
            prop_assert!(own.iter().all(|place| *place < places.count()));
        }
    }
}
