//! Places for bytes, each its own.

/// Tells some bytes apart by a multiplication: there is a place for each, and few that stay empty.
///
/// Which byte comes next cannot be foretold, and what is found from it is far away: the way there is to be short, and
/// the same for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// The smallest byte: it has the first place.
    from: u8,
    factor: u8,
    /// How many of the lower bits of the product do not count.
    shift: u8,
    last: u8,
}

impl Places {
    /// One for all.
    pub const ONE: Self = Self { from: 0, factor: 0, shift: 0, last: 0 };

    /// Places for different bytes: the fewest that a multiplication finds.
    pub fn of(bytes: &[u8]) -> Self {
        let from = bytes.iter().copied().min().unwrap_or(0);
        let bits = bytes.len().next_power_of_two().trailing_zeros().max(1);
        let mut shifts = (0..=u8::BITS.saturating_sub(bits)).rev().filter_map(|shift| u8::try_from(shift).ok());
        let found = shifts.find_map(|shift| Self::of_shift(bytes, from, shift));
        // With a factor of one and all bits there is one for each of the 256.
        found.unwrap_or(Self { from: 0, factor: 1, shift: 0, last: u8::MAX })
    }

    /// The fewest places that a factor finds with so many bits.
    fn of_shift(bytes: &[u8], from: u8, shift: u8) -> Option<Self> {
        let mut best: Option<Self> = None;
        for factor in 0..=u8::MAX {
            let places = Self { from, factor, shift, last: best.map_or(u8::MAX, |best| best.last) };
            if let Some(last) = places.last_of(bytes).filter(|last| best.is_none_or(|best| *last < best.last)) {
                best = Some(Self { last, ..places });
                if usize::from(last) + 1 == bytes.len() {
                    break;
                }
            }
        }
        best
    }

    /// The last place that one of the bytes has; `None` if two have the same or one is behind those there are.
    fn last_of(self, bytes: &[u8]) -> Option<u8> {
        // A bit for each place.
        let mut taken = [0_u128; 2];
        bytes.iter().try_fold(0, |last, byte| {
            let place = self.place(*byte)?;
            let half = taken.get_mut(usize::from(place / 128))?;
            let before = *half;
            *half |= 1 << (place % 128);
            (*half != before).then_some(place.max(last))
        })
    }

    /// The place of a byte. One that is not of those has none, or that of another.
    pub fn place(self, byte: u8) -> Option<u8> {
        let place = byte.wrapping_sub(self.from).wrapping_mul(self.factor) >> self.shift;
        if place <= self.last { Some(place) } else { None }
    }

    /// How many places there are.
    pub fn count(self) -> usize {
        usize::from(self.last) + 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_and_a_slash_or_a_letter_take_few_places() {
        let counts = ["0123456789/", "s0123456789"].map(|bytes| Places::of(bytes.as_bytes()).count());
        assert_eq!(counts, [11, 12]);
        assert_eq!([&b""[..], b"x", b"xy"].map(|bytes| Places::of(bytes).count()), [1, 1, 2]);
    }

    proptest! {
        #[test]
        fn each_byte_has_its_own(bytes in prop::collection::btree_set(any::<u8>(), 0..=256)) {
            let bytes: Vec<u8> = bytes.into_iter().collect();
            let places = Places::of(&bytes);
            let own: std::collections::BTreeSet<u8> = bytes.iter().filter_map(|byte| places.place(*byte)).collect();
            prop_assert_eq!(own.len(), bytes.len());
            prop_assert!(own.iter().all(|place| usize::from(*place) < places.count()));
        }
    }
}
