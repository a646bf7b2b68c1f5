//! Reading a body at one's own pace.

use std::future::poll_fn;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Poll, Waker};

use bytes::Bytes;

use super::body::{Aborted, Read, Whole};
use super::filling::Filling;
use super::object::Object;
use crate::store::StoredHead;

/// Reads a body, or a range of it, while it is filled or afterwards. What it reads stays counted as in use
/// until it is dropped, whatever becomes of the object.
pub struct BodyReader<H: StoredHead> {
    object: Arc<Object<H>>,
    /// What fills it, and the number there; `None` when it was complete already.
    entered: Option<(Arc<Filling>, usize)>,
    position: u64,
    end: Option<u64>,
}

impl<H: StoredHead> BodyReader<H> {
    pub(super) fn new(object: Arc<Object<H>>, range: Option<Range<u64>>) -> Self {
        let (position, end) = bounds(range);
        let entered = object.body().filling().map(|filling| {
            let number = filling.enter(position, object.charge().moment());
            (filling, number)
        });
        Self { object, entered, position, end }
    }

    /// `None` where it could not read from its start on.
    pub(super) fn open(object: Arc<Object<H>>, range: Option<Range<u64>>) -> Option<Self> {
        let (position, end) = bounds(range);
        let holds = |whole: &Whole| whole.holds(position).then_some(None);
        let entered = match object.body().whole() {
            Some(whole) => holds(whole)?,
            None => match object.body().filling() {
                Some(filling) => {
                    let number = filling.try_enter(position, object.charge().moment())?;
                    Some((filling, number))
                }
                // It has become whole since.
                None => object.body().whole().and_then(holds)?,
            },
        };
        Some(Self { object, entered, position, end })
    }

    /// Says whether the task that fills the body reads it here, too: if so, the fill does not wait for this
    /// reader, which may wait for the fill.
    pub fn belong_to_writer(&self, belongs: bool) {
        if let Some((filling, number)) = &self.entered {
            filling.set_own(*number, belongs);
        }
    }

    /// Has this woken when the reader is cut off, while it is being filled: it may have stopped reading.
    pub fn tell_when_cut_off(&self, waker: Waker) {
        if let Some((filling, number)) = &self.entered {
            filling.tell_when_cut_off(*number, waker);
        }
    }

    /// Whether it fell too far behind the others or stalled, and gets nothing more.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.entered.as_ref().is_some_and(|(filling, number)| filling.is_cut_off(*number))
    }

    /// The next bytes, shared with the store and all readers; `None` at the end of the body or of
    /// the range. Waits while the fill is behind. May be dropped while it waits and called again.
    ///
    /// # Errors
    /// [`Aborted`] when the body was cut short, what was there before being given first; or when this reader was cut
    /// off because it is slow, or stalled while memory was short.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Aborted> {
        self.next_up_to(u64::MAX).await
    }

    /// As [`next`](Self::next), but no more than so many bytes, of which there must be one at least.
    ///
    /// # Errors
    /// As for [`next`](Self::next).
    pub async fn next_up_to(&mut self, most: u64) -> Result<Option<Bytes>, Aborted> {
        if let Some(bytes) = self.next_of_whole(most) {
            return bytes;
        }
        let end = self.end_of(most);
        poll_fn(|context| {
            let read = self.read(end, Some(context.waker()));
            self.result(read).map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// As [`next_up_to`](Self::next_up_to), where the body is complete and there is nothing to wait for; `None`
    /// where it is not.
    #[inline]
    pub fn next_of_whole(&mut self, most: u64) -> Option<Result<Option<Bytes>, Aborted>> {
        let read = self.read_whole(self.end_of(most))?;
        self.result(read)
    }

    /// Whether nothing is left to read of a complete body, or of the range.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        let len = self.object.body().len();
        len.is_some_and(|len| self.position >= self.end.map_or(len, |end| end.min(len)))
    }

    fn read_whole(&self, end: Option<u64>) -> Option<Read> {
        let whole = self.object.body().whole()?;
        whole.note_read(|| self.object.charge().moment());
        Some(whole.read(self.position, end))
    }

    fn end_of(&self, most: u64) -> Option<u64> {
        let most = self.position.checked_add(most.max(1));
        [self.end, most].into_iter().flatten().min()
    }

    fn result(&mut self, read: Read) -> Option<Result<Option<Bytes>, Aborted>> {
        match read {
            Read::Data(bytes) => {
                self.position += bytes.len() as u64;
                Some(Ok(Some(bytes)))
            }
            Read::End => Some(Ok(None)),
            Read::Aborted => Some(Err(Aborted)),
            Read::Wait => None,
        }
    }

    fn read(&self, end: Option<u64>, waker: Option<&Waker>) -> Read {
        if let Some(read) = self.read_whole(end) {
            return read;
        }
        let now = self.object.charge().moment();
        let filling = self.entered.as_ref().and_then(|(filling, number)| filling.read(*number, end, waker, now));
        match (filling, self.object.body().whole()) {
            (Some(read), _) => read,
            (None, Some(whole)) => whole.read(self.position, end),
            (None, None) => Read::Aborted,
        }
    }
}

/// Where a reader starts, and where it ends.
fn bounds(range: Option<Range<u64>>) -> (u64, Option<u64>) {
    range.map_or((0, None), |range| (range.start, Some(range.end)))
}

impl<H: StoredHead> Drop for BodyReader<H> {
    fn drop(&mut self) {
        if let Some((filling, number)) = &self.entered {
            filling.leave(*number);
        }
    }
}
