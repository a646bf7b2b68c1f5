//! One stored response: a head that can be replaced, and a body.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::SystemTime;

use arc_swap::ArcSwap;

use super::body::Body;
use super::reader::BodyReader;
use crate::store::StoredHead;

/// Uses beyond this are not told apart by eviction (two bits, as in S3-FIFO).
const MAX_USES: u8 = 3;
/// What the index takes for one object: key, slot and the slack of their tree node, a place in a
/// queue, and one in the memory of keys evicted lately.
const INDEX_BYTES: usize = 256;
/// Reference counts and allocator headers of the object, its head and its body.
const ALLOCATION_BYTES: usize = 3 * 32;

/// A stored response, complete or being filled.
pub struct Object<H> {
    head: ArcSwap<H>,
    body: Arc<Body>,
    /// The length that its body has to have, where that was known when the fill began.
    expected_len: Option<u64>,
    id: u64,
    hits: AtomicU64,
    /// Uses since eviction last looked at it.
    uses: AtomicU8,
}

impl<H: StoredHead> Object<H> {
    pub(super) fn new(id: u64, head: H, expected_len: Option<u64>) -> Self {
        Self {
            head: ArcSwap::from_pointee(head),
            body: Arc::new(Body::new(expected_len)),
            expected_len,
            id,
            hits: AtomicU64::new(0),
            uses: AtomicU8::new(0),
        }
    }

    /// What an object takes without head and body, in bytes.
    pub(super) fn fixed_bytes() -> u64 {
        (size_of::<Self>() + size_of::<Body>() + INDEX_BYTES + ALLOCATION_BYTES) as u64
    }

    /// The head as it is now; it stays valid when it is replaced.
    #[must_use]
    pub fn head(&self) -> Arc<H> {
        self.head.load_full()
    }

    /// When the head is of no more use.
    pub(super) fn useless_after(&self) -> SystemTime {
        self.head.load().useless_after()
    }

    /// A number that no other object of this store has.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How many hits were counted.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Counts a hit and gives the number of hits with it.
    pub fn count_hit(&self) -> u64 {
        self.hits.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The length of the body, once it is complete.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        self.body.len()
    }

    /// The length that the body has or, while it is filled, will have if it comes to a good end; `None`
    /// where that is not known yet.
    #[must_use]
    pub fn whole_len(&self) -> Option<u64> {
        self.len().or(self.expected_len)
    }

    /// Whether the body is complete and empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// A reader of the body, or of a range of it: bytes from `start` to before `end`, cut off where
    /// the body ends.
    #[must_use]
    pub fn reader(&self, range: Option<Range<u64>>) -> BodyReader {
        BodyReader::new(Arc::clone(&self.body), range)
    }

    /// Whether somebody reads it or may find it: `false` for one that is being filled, will not be kept
    /// and has no reader.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.body.is_wanted()
    }

    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    pub(super) fn set_head(&self, head: H) {
        self.head.store(Arc::new(head));
    }

    /// Notes a use. Uses that come at the same moment may count as one.
    pub(super) fn touch(&self) {
        let uses = self.uses.load(Ordering::Relaxed);
        if uses < MAX_USES {
            self.uses.store(uses + 1, Ordering::Relaxed);
        }
    }

    pub(super) fn uses(&self) -> u8 {
        self.uses.load(Ordering::Relaxed)
    }

    pub(super) fn set_uses(&self, uses: u8) {
        self.uses.store(uses, Ordering::Relaxed);
    }
}
