//! Reading a body at one's own pace.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::body::{Aborted, Body, Read};

/// Reads a body, or a range of it, while it is filled or afterwards.
pub struct BodyReader {
    body: Arc<Body>,
    /// Its number with the body; `None` when that was complete already.
    number: Option<u64>,
    position: u64,
    end: Option<u64>,
}

impl BodyReader {
    pub(super) fn new(body: Arc<Body>, range: Option<Range<u64>>) -> Self {
        let (position, end) = range.map_or((0, None), |range| (range.start, Some(range.end)));
        Self { number: body.enter(position), body, position, end }
    }

    /// The next bytes, shared with the store and all readers; `None` at the end of the body or of
    /// the range. Waits while the fill is behind. May be dropped while it waits and called again.
    ///
    /// # Errors
    /// [`Aborted`] when the body was cut short; what was there before is given first.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Aborted> {
        if let Some(result) = self.try_next() {
            return result;
        }
        let body = Arc::clone(&self.body);
        loop {
            // Made before looking: it is told of all that happens from here on, so no wake-up falls
            // in between.
            let changed = body.changed().notified();
            if let Some(result) = self.try_next() {
                return result;
            }
            changed.await;
        }
    }

    /// As [`next`](Self::next), but `None` instead of waiting.
    fn try_next(&mut self) -> Option<Result<Option<Bytes>, Aborted>> {
        match self.body.read(self.number, self.position, self.end) {
            Read::Data(bytes) => {
                self.position += bytes.len() as u64;
                Some(Ok(Some(bytes)))
            }
            Read::End => Some(Ok(None)),
            Read::Aborted => Some(Err(Aborted)),
            Read::Wait => None,
        }
    }
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.body.leave(number);
        }
    }
}
