//! Chance, and numbers that stand for keys. Neither is for secrets.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A sequence of numbers without an order that shows (`SplitMix64`), with a start of its own.
#[derive(Debug)]
pub(super) struct Chance(AtomicU64);

impl Chance {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(RandomState::new().hash_one(0)))
    }

    pub(super) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        mix(self.0.fetch_add(STEP, Relaxed))
    }
}

/// The same 64 bits for the same parts in every process and version, so that instances agree on who has
/// a key: FNV-1a over the parts, each behind its length, and a last mixing.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let eat = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    let hash = parts.iter().fold(OFFSET, |hash, part| {
        let hash = (part.len() as u64).to_le_bytes().iter().fold(hash, eat);
        part.iter().fold(hash, eat)
    });
    mix(hash)
}

/// A number below `limit`, evenly from well-mixed bits; 0 if there is none.
pub(super) fn scale(bits: u64, limit: u64) -> u64 {
    u64::try_from((u128::from(bits) * u128::from(limit)) >> 64).unwrap_or_default()
}

/// Lets every bit depend on every other one (the last steps of `MurmurHash3` as improved by Stafford).
fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
