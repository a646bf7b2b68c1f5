//! Whole numbers in as few bytes as they need, seven bits in each (LEB128), and what reads them.

/// Bits of a number in one byte; the eighth says that more follow.
const BITS: u32 = 7;
const MORE: u8 = 1 << BITS;

/// Writes a number.
pub fn write(mut number: u128, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= BITS;
        if number == 0 {
            out.push(low & !MORE);
            return;
        }
        out.push(low | MORE);
    }
}

/// Writes bytes with their count before them.
pub fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write(bytes.len() as u128, out);
    out.extend_from_slice(bytes);
}

/// What is left of a record; each method reads one piece, or says that it is not there.
#[derive(Clone, Copy)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// Whether all was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One byte.
    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// That many bytes.
    #[inline]
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// As many bytes as an array has.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A number.
    #[inline]
    pub fn number(&mut self) -> Option<u128> {
        // Nearly all fit into a word, and a processor has no larger numbers.
        let mut word = 0;
        for shift in (0..u64::BITS - BITS).step_by(BITS as usize) {
            let byte = self.byte()?;
            word |= u64::from(byte & !MORE) << shift;
            if byte & MORE == 0 {
                return Some(word.into());
            }
        }
        self.large_number(word.into())
    }

    #[cold]
    fn large_number(&mut self, mut number: u128) -> Option<u128> {
        let read = (u64::BITS - BITS).div_ceil(BITS) * BITS;
        for shift in (read..u128::BITS).step_by(BITS as usize) {
            let byte = self.byte()?;
            number |= u128::from(byte & !MORE) << shift;
            if byte & MORE == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number that has to fit.
    #[inline]
    pub fn number_as<T: TryFrom<u128>>(&mut self) -> Option<T> {
        self.number()?.try_into().ok()
    }

    /// Bytes with their count before them.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.number_as()?;
        self.take(count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_numbers_take_one_byte() {
        let taken = |number: u128| {
            let mut out = Vec::new();
            write(number, &mut out);
            out.len()
        };
        assert_eq!([0, 127, 128, 16_383, 16_384].map(taken), [1, 1, 2, 2, 3]);
        assert_eq!((taken(u64::MAX.into()), taken(u128::MAX)), (10, 19));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u128, bytes: Vec<u8>) {
            let mut out = Vec::new();
            write(number, &mut out);
            write_bytes(&bytes, &mut out);
            let mut reader = Reader(&out);
            prop_assert_eq!(reader.number(), Some(number));
            prop_assert_eq!(reader.bytes(), Some(bytes.as_slice()));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = Reader(&bytes).number();
            let _ = Reader(&bytes).bytes();
        }
    }
}
