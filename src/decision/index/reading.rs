//! The order in which the bytes of a value are read.

/// How many bytes are read at once.
pub(super) const AT_ONCE: usize = 14;

/// From one end to the other.
pub(super) trait Reading {
    /// The byte that is next.
    fn next(rest: &[u8]) -> Option<u8>;

    /// What is left when that many are read; `None` if there are fewer.
    fn behind(rest: &[u8], count: usize) -> Option<&[u8]>;

    /// The next ones, the first lowest; `None` if there are fewer.
    fn at_once(rest: &[u8]) -> Option<u128>;
}

/// As it stands.
pub(super) enum Forward {}

/// From its end.
pub(super) enum Backward {}

/// From its end, in lower case.
pub(super) enum BackwardInLowerCase {}

impl Reading for Forward {
    fn next(rest: &[u8]) -> Option<u8> {
        rest.first().copied()
    }

    fn behind(rest: &[u8], count: usize) -> Option<&[u8]> {
        rest.get(count..)
    }

    fn at_once(rest: &[u8]) -> Option<u128> {
        rest.first_chunk().map(packed)
    }
}

impl Reading for Backward {
    fn next(rest: &[u8]) -> Option<u8> {
        rest.last().copied()
    }

    fn behind(rest: &[u8], count: usize) -> Option<&[u8]> {
        rest.get(..rest.len().checked_sub(count)?)
    }

    fn at_once(rest: &[u8]) -> Option<u128> {
        rest.last_chunk().map(packed).map(reversed)
    }
}

impl Reading for BackwardInLowerCase {
    fn next(rest: &[u8]) -> Option<u8> {
        Backward::next(rest).map(|byte| byte.to_ascii_lowercase())
    }

    fn behind(rest: &[u8], count: usize) -> Option<&[u8]> {
        Backward::behind(rest, count)
    }

    fn at_once(rest: &[u8]) -> Option<u128> {
        rest.last_chunk().map(|bytes: &[u8; AT_ONCE]| reversed(packed(&bytes.map(|byte| byte.to_ascii_lowercase()))))
    }
}

/// Bytes as a number, the first lowest.
pub(super) fn packed(bytes: &[u8; AT_ONCE]) -> u128 {
    let mut all = [0; 16];
    let (own, _) = all.split_at_mut(AT_ONCE);
    own.copy_from_slice(bytes);
    u128::from_le_bytes(all)
}

/// The same bytes, the last lowest.
fn reversed(packed: u128) -> u128 {
    packed.swap_bytes() >> (u128::BITS as usize - 8 * AT_ONCE)
}
