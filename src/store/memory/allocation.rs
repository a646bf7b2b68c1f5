//! What memory really takes.

/// What an allocation of that many bytes takes with mimalloc, warp's allocator, which rounds sizes up to a
/// few classes: four for each doubling, beyond 128 bytes.
///
/// Other allocators differ by their headers, and mostly take less.
#[must_use]
pub fn allocated_bytes(bytes: usize) -> usize {
    const WORD: usize = size_of::<usize>();
    const FINE: usize = 16 * WORD;
    match bytes {
        0 => 0,
        1..=FINE => bytes.next_multiple_of(2 * WORD),
        _ => {
            // The highest bit says which doubling it is in.
            let class = 1 << ((bytes - 1).ilog2() - 2);
            bytes.checked_next_multiple_of(class).unwrap_or(usize::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up_to_a_class() {
        let rounded = [(0, 0), (1, 16), (16, 16), (17, 32), (97, 112), (128, 128), (129, 160), (1_000, 1_024)];
        for (bytes, taken) in rounded.into_iter().chain([(1_024, 1_024), (1_025, 1_280), (65_536, 65_536)]) {
            assert_eq!(allocated_bytes(bytes), taken, "{bytes}");
        }
        assert_eq!(allocated_bytes(usize::MAX), usize::MAX);
    }
}
