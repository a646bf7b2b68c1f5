//! What tells texts apart without keeping them.

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

/// A SHA-256, which no two texts are known to share. As *ring* does it, which takes the processor's instructions for it:
/// each reload does this twice for every file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Digest(pub(super) [u8; SHA256_OUTPUT_LEN]);

impl Digest {
    pub(super) fn of(text: &[u8]) -> Self {
        Self::made(|hash| hash.update(text))
    }

    /// Of all that `put` adds, one part after the other.
    pub(super) fn made(put: impl FnOnce(&mut Context)) -> Self {
        let mut hash = Context::new(&SHA256);
        put(&mut hash);
        let mut bytes = [0; SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(hash.finish().as_ref());
        Self(bytes)
    }
}
