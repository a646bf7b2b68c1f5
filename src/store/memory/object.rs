//! One stored response: a head that can be replaced, and a body.

use std::ops::{Deref, Range};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;

use super::allocation::allocated_bytes;
use super::body::{Body, Whole};
use super::budget::{Charge, Moment};
use super::filling::Filling;
use super::reader::BodyReader;
use super::sync::{AtomicU64, Ordering};
use crate::store::StoredHead;

/// Uses beyond this are not told apart by eviction (two bits, as in S3-FIFO).
const MAX_USES: u64 = 3;
/// Hits are counted above the bits of the uses.
const HIT: u64 = MAX_USES + 1;
/// The two counts that an `Arc` holds beside its value.
const ARC_BYTES: usize = 2 * size_of::<usize>();

/// A stored response, complete or being filled. What it takes is in use as long as anybody holds it.
pub struct Object<H> {
    head: ArcSwap<H>,
    body: Body,
    id: u64,
    /// Up to which purge of a group it is known to stand.
    seen: AtomicU64,
    /// Up to which ban it is known to stand.
    tested: AtomicU64,
    charge: Charge,
    /// Hits ever, and uses since eviction last looked at it.
    uses: AtomicU64,
}

impl<H: StoredHead> Object<H> {
    /// An object that was asked for at the moment `asked`, as numbers tell it.
    pub(super) fn new(id: u64, asked: u64, head: H, filling: Filling, charge: Charge) -> Self {
        Self {
            head: ArcSwap::from_pointee(head),
            body: Body::new(filling),
            id,
            seen: AtomicU64::new(asked),
            tested: AtomicU64::new(asked),
            charge,
            uses: AtomicU64::new(0),
        }
    }

    /// What an object takes without its head and its body, in bytes.
    pub(super) fn fixed_bytes() -> u64 {
        (allocated_bytes(ARC_BYTES + size_of::<Self>()) + ARC_BYTES) as u64
    }

    /// The head as it is now; it stays valid when it is replaced.
    #[must_use]
    pub fn head(&self) -> Arc<H> {
        self.head.load_full()
    }

    /// As [`head`](Self::head), for a short look at it: costs less.
    #[must_use]
    pub fn head_now(&self) -> impl Deref<Target = Arc<H>> {
        self.head.load()
    }

    /// Whether the head is still of use.
    pub(super) fn is_of_use(&self, now: SystemTime) -> bool {
        self.head.load().is_of_use(now)
    }

    /// A number that no other object of this store has.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Up to which [moment](super::MemoryStore::moment) it was tested with bans; at first that at which it was asked for.
    #[must_use]
    pub fn tested(&self) -> u64 {
        self.tested.load(Ordering::SeqCst)
    }

    /// Notes that it stands up to that moment.
    pub fn note_tested(&self, moment: u64) {
        self.tested.fetch_max(moment, Ordering::SeqCst);
    }

    /// Whether it is kept or will be, as far as is known: it was not purged, is not too large, and there is room.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.body.filling().is_none_or(|filling| !filling.is_forgetful())
    }

    /// How many hits were counted.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.uses.load(Ordering::Relaxed) / HIT
    }

    /// Counts a hit and gives the number of hits with it.
    pub fn count_hit(&self) -> u64 {
        self.uses.fetch_add(HIT, Ordering::Relaxed) / HIT + 1
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
        self.len().or_else(|| self.body.filling().and_then(|filling| filling.expected_len())).or_else(|| self.len())
    }

    /// Whether the body is complete and empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// A reader of the body, or of a range of it: bytes from `start` to before `end`, cut off where
    /// the body ends.
    #[must_use]
    pub fn reader(self: &Arc<Self>, range: Option<Range<u64>>) -> BodyReader<H> {
        BodyReader::new(Arc::clone(self), range)
    }

    /// As [`reader`](Self::reader); `None` where it could not read from its start on. That is so when the object was
    /// taken out of the store between [`lookup`](super::MemoryStore::lookup) and now and what stands there was
    /// forgotten, or its fill broke off: it is as if it had not been found.
    #[must_use]
    pub fn open(self: &Arc<Self>, range: Option<Range<u64>>) -> Option<BodyReader<H>> {
        BodyReader::open(Arc::clone(self), range)
    }

    /// Whether somebody reads it or may find it: `false` for one that is being filled, will not be kept
    /// and has no reader.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.body.is_wanted()
    }

    /// Whether it is being filled, and somebody reads it but who fills it.
    #[must_use]
    pub fn is_read_by_others(&self) -> bool {
        self.body.filling().is_some_and(|filling| filling.is_read_by_others())
    }

    /// The bytes that it is counted with, a rounding of what it takes.
    #[must_use]
    pub fn charged(&self) -> u64 {
        self.charge.bytes() + self.body.filling().map_or(0, |filling| filling.charged())
    }

    /// When something was last taken of it, or 0 if that is not known, once it is complete and in the store no more;
    /// `None` when it is not held for anybody.
    pub(super) fn last_taken(&self) -> Option<Moment> {
        self.body.whole().filter(|_| self.charge.bytes() > 0).map(Whole::last_taken)
    }

    /// Cuts off those of its readers who have taken nothing since that moment: what they have yet to read is not held
    /// any more. For what is not in the store.
    pub(super) fn let_go(&self, since: Moment) {
        match (self.body.whole(), self.body.filling()) {
            (Some(whole), _) => {
                whole.let_go();
                self.charge.give_back();
            }
            (None, Some(filling)) => filling.cut_off_stalled(since),
            (None, None) => {}
        }
    }

    pub(super) fn charge(&self) -> &Charge {
        &self.charge
    }

    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    pub(super) fn set_head(&self, head: H) {
        self.head.store(Arc::new(head));
    }

    /// Up to which purge of a group it is known to stand.
    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }

    pub(super) fn see(&self, purge: u64) {
        self.seen.fetch_max(purge, Ordering::SeqCst);
    }

    /// Notes a use. Uses that come at the same moment may count as one.
    pub(super) fn touch(&self) {
        let now = self.uses.load(Ordering::Relaxed);
        if now % HIT < MAX_USES {
            let _ = self.uses.compare_exchange(now, now + 1, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Uses since eviction last looked at it, up to 3.
    pub(super) fn uses(&self) -> u64 {
        self.uses.load(Ordering::Relaxed) % HIT
    }

    /// Eviction has looked at it.
    pub(super) fn forget_uses(&self, count: u64) {
        let forget = |now: u64| Some(now - count.min(now % HIT));
        let _ = self.uses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, forget);
    }
}
