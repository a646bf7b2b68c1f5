//! The body of an object: being filled (`filling`), and then whole.
//!
//! A whole body is read without a lock, and what its filling needed is given back.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use bytes::Bytes;

use super::budget::{Charge, Moment};
use super::filling::{Ended, Filling};
use super::segments::{Piece, bytes_at};
use super::sync::{AtomicU64, Ordering};

/// The body ended before its end: its origin broke off, or its writer went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body was cut short before its end")]
pub struct Aborted;

/// What a read finds.
#[derive(Debug)]
pub(super) enum Read {
    Data(Bytes),
    /// Nothing yet.
    Wait,
    End,
    Aborted,
}

pub(super) struct Body {
    whole: OnceLock<Whole>,
    /// As long as it is being filled, and for ever when that ends badly.
    filling: ArcSwapOption<Filling>,
}

/// A complete body.
pub(super) enum Whole {
    /// One piece that starts at 0, as of most objects.
    One(Bytes),
    Many(Box<Many>),
}

/// That a body is read is noted after so many milliseconds again.
const NOTED_EACH: Moment = 20;

/// The pieces of a large body.
pub(super) struct Many {
    /// `None` once they were let go of.
    pieces: ArcSwapOption<Box<[Piece]>>,
    len: u64,
    /// When one was last read, or not long before.
    last_taken: AtomicU64,
}

impl Many {
    /// What it takes beside the pieces, in bytes: itself, and the count of those who share them.
    pub(super) const BYTES: u64 = 64;

    fn boxed(pieces: Vec<Piece>, len: u64) -> Box<Self> {
        let pieces = ArcSwapOption::from_pointee(pieces.into_boxed_slice());
        Box::new(Self { pieces, len, last_taken: AtomicU64::new(0) })
    }
}

impl Body {
    pub(super) fn new(filling: Filling) -> Self {
        Self { whole: OnceLock::new(), filling: ArcSwapOption::from_pointee(filling) }
    }

    pub(super) fn whole(&self) -> Option<&Whole> {
        self.whole.get()
    }

    /// The length, once complete.
    pub(super) fn len(&self) -> Option<u64> {
        self.whole().map(Whole::len)
    }

    /// What fills it, unless it is complete.
    pub(super) fn filling(&self) -> Option<Arc<Filling>> {
        self.filling.load_full()
    }

    /// Ends the body well, and charges this with the memory that it takes.
    pub(super) fn complete(&self, charge: &Charge) {
        let Some(filling) = self.filling() else { return };
        let whole = filling.finish(charge);
        // There is one writer, and it completes once.
        let _ = self.whole.set(whole);
        self.filling.store(None);
        filling.end(Ended::Well);
    }

    /// Ends the body badly: readers get what is there, then [`Aborted`].
    pub(super) fn abort(&self) {
        if let Some(filling) = self.filling() {
            filling.end(Ended::Badly);
        }
    }

    /// From now on forgets what every reader has read. For bodies that nobody new will find.
    pub(super) fn forget_what_is_read(&self) {
        if let Some(filling) = self.filling() {
            filling.become_forgetful();
        }
    }

    /// Whether somebody is to read it: whoever finds it, as long as it is kept, or a reader that is there.
    pub(super) fn is_wanted(&self) -> bool {
        self.filling().is_none_or(|filling| filling.is_wanted())
    }
}

impl Whole {
    pub(super) fn of(pieces: Vec<Piece>, len: u64) -> Self {
        match <[Piece; 1]>::try_from(pieces) {
            Ok([piece]) if piece.starts_at(0) => Self::One(piece.into_data()),
            Ok(piece) => Self::Many(Many::boxed(piece.into(), len)),
            Err(pieces) if len == 0 && pieces.is_empty() => Self::One(Bytes::new()),
            Err(pieces) => Self::Many(Many::boxed(pieces, len)),
        }
    }

    fn len(&self) -> u64 {
        match self {
            Self::One(bytes) => bytes.len() as u64,
            Self::Many(many) => many.len,
        }
    }

    /// Notes that something is read. What is in one piece is in the hands of those who have begun.
    pub(super) fn note_read(&self, now: impl FnOnce() -> Moment) {
        let Self::Many(many) = self else { return };
        let now = now();
        // Many may read it, and need not write the same to the same place.
        if now > many.last_taken.load(Ordering::Relaxed).saturating_add(NOTED_EACH) {
            many.last_taken.store(now, Ordering::Relaxed);
        }
    }

    /// When that was; 0 where it is not known.
    pub(super) fn last_taken(&self) -> Moment {
        match self {
            Self::One(_) => 0,
            Self::Many(many) => many.last_taken.load(Ordering::Relaxed),
        }
    }

    /// Holds nothing any more for those who have yet to read it. A single piece is in their hands already.
    pub(super) fn let_go(&self) {
        if let Self::Many(many) = self {
            many.pieces.store(None);
        }
    }

    /// Whether what stands at `position` is there: it was forgotten where nobody was to read it any more.
    pub(super) fn holds(&self, position: u64) -> bool {
        matches!(self, Self::One(_)) || position >= self.len() || !matches!(self.read(position, None), Read::Aborted)
    }

    /// What stands at `position`, up to `end` where that is given.
    pub(super) fn read(&self, position: u64, end: Option<u64>) -> Read {
        if position >= end.unwrap_or(u64::MAX).min(self.len()) {
            return Read::End;
        }
        let found = match self {
            Self::One(bytes) => usize::try_from(position).ok().map(|position| bytes.slice(position..)),
            Self::Many(many) => many.pieces.load().as_ref().and_then(|pieces| bytes_at(pieces, position)),
        };
        found.map_or(Read::Aborted, |bytes| Read::Data(up_to(bytes, position, end)))
    }
}

pub(super) fn up_to(bytes: Bytes, position: u64, end: Option<u64>) -> Bytes {
    let wanted = end.and_then(|end| usize::try_from(end.saturating_sub(position)).ok());
    match wanted {
        Some(wanted) if wanted < bytes.len() => bytes.slice(..wanted),
        _ => bytes,
    }
}
