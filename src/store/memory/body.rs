//! A body that is written by one and read by many at the same time.
//!
//! How it ends is always said: [`complete`](Body::complete) or [`abort`](Body::abort), never guessed
//! from what is there. Once complete it is read without a lock.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::segments::{Piece, Segments, bytes_at};

/// The body ended before its end: its origin broke off, or its writer went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body was cut short before its end")]
pub struct Aborted;

/// What a read finds.
pub(super) enum Read {
    Data(Bytes),
    /// Nothing yet.
    Wait,
    End,
    Aborted,
}

pub(super) struct Body {
    state: Mutex<State>,
    whole: OnceLock<Whole>,
    /// Told of every append and of the end, by `notify_waiters`.
    changed: Notify,
}

/// A complete body.
struct Whole {
    pieces: Box<[Piece]>,
    len: u64,
}

struct State {
    segments: Segments,
    aborted: bool,
    /// Whether only what readers have yet to read is kept.
    forgetful: bool,
    /// Where each reader is, by its number.
    readers: Vec<(u64, u64)>,
    next_reader: u64,
}

impl Body {
    pub(super) fn new(expected_len: Option<u64>) -> Self {
        let state = State {
            segments: Segments::new(expected_len),
            aborted: false,
            forgetful: false,
            readers: Vec::new(),
            next_reader: 0,
        };
        Self { state: Mutex::new(state), whole: OnceLock::new(), changed: Notify::new() }
    }

    pub(super) fn changed(&self) -> &Notify {
        &self.changed
    }

    /// The length, once complete.
    pub(super) fn len(&self) -> Option<u64> {
        self.whole.get().map(|whole| whole.len)
    }

    /// How many bytes were written so far.
    pub(super) fn written(&self) -> u64 {
        self.len().unwrap_or_else(|| self.state().segments.len())
    }

    /// An upper bound of the memory in use after `count` more bytes are written.
    pub(super) fn footprint_after(&self, count: usize) -> u64 {
        self.state().segments.footprint_after(count)
    }

    pub(super) fn append(&self, data: &[u8]) {
        self.state().append(data);
        self.changed.notify_waiters();
    }

    /// Ends the body well; gives the memory that it takes.
    pub(super) fn complete(&self) -> u64 {
        let mut state = self.state();
        let segments = std::mem::replace(&mut state.segments, Segments::new(None));
        let len = segments.len();
        let (pieces, footprint) = segments.finish();
        // There is one writer, and it completes once.
        let _ = self.whole.set(Whole { pieces, len });
        drop(state);
        self.changed.notify_waiters();
        footprint
    }

    /// Ends the body badly: readers get what is there, then [`Aborted`].
    pub(super) fn abort(&self) {
        self.state().aborted = true;
        self.changed.notify_waiters();
    }

    /// From now on forgets what every reader has read. For bodies that nobody new will find.
    pub(super) fn forget_what_is_read(&self) {
        if self.whole.get().is_none() {
            let mut state = self.state();
            state.forgetful = true;
            state.forget();
        }
    }

    /// Enters a reader that starts at `position`; gives its number.
    pub(super) fn enter(&self, position: u64) -> Option<u64> {
        if self.whole.get().is_some() {
            return None;
        }
        let mut state = self.state();
        let reader = state.next_reader;
        state.next_reader += 1;
        state.readers.push((reader, position));
        Some(reader)
    }

    /// Whether somebody is to read it: whoever finds it, as long as it is kept, or a reader that is there.
    pub(super) fn is_wanted(&self) -> bool {
        if self.whole.get().is_some() {
            return true;
        }
        let state = self.state();
        !state.forgetful || !state.readers.is_empty()
    }

    /// The reader goes away.
    pub(super) fn leave(&self, reader: u64) {
        if self.whole.get().is_none() {
            let mut state = self.state();
            state.readers.retain(|(known, _)| *known != reader);
            state.forget();
        }
    }

    /// What stands at `position`, up to `end` where that is given.
    pub(super) fn read(&self, reader: Option<u64>, position: u64, end: Option<u64>) -> Read {
        if end.is_some_and(|end| position >= end) {
            return Read::End;
        }
        if let Some(whole) = self.whole.get() {
            return whole.read(position, end);
        }
        let mut state = self.state();
        match self.whole.get() {
            Some(whole) => whole.read(position, end),
            None => state.read(reader, position, end),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Whole {
    fn read(&self, position: u64, end: Option<u64>) -> Read {
        match bytes_at(&self.pieces, position) {
            Some(bytes) => Read::Data(up_to(bytes, position, end)),
            None if position >= self.len => Read::End,
            None => Read::Aborted,
        }
    }
}

impl State {
    fn append(&mut self, data: &[u8]) {
        self.segments.append(data);
        self.forget();
    }

    fn read(&mut self, reader: Option<u64>, position: u64, end: Option<u64>) -> Read {
        if position >= self.segments.len() {
            return if self.aborted { Read::Aborted } else { Read::Wait };
        }
        let Some(bytes) = self.segments.read(position) else { return Read::Aborted };
        let bytes = up_to(bytes, position, end);
        if let Some((_, at)) = self.readers.iter_mut().find(|(known, _)| Some(*known) == reader) {
            *at = position + bytes.len() as u64;
        }
        self.forget();
        Read::Data(bytes)
    }

    /// Forgets what no reader has yet to read, where that was asked for.
    fn forget(&mut self) {
        if self.forgetful {
            let earliest = self.readers.iter().map(|(_, position)| *position).min();
            self.segments.forget_before(earliest.unwrap_or(self.segments.len()));
        }
    }
}

fn up_to(bytes: Bytes, position: u64, end: Option<u64>) -> Bytes {
    let wanted = end.and_then(|end| usize::try_from(end.saturating_sub(position)).ok());
    match wanted {
        Some(wanted) if wanted < bytes.len() => bytes.slice(..wanted),
        _ => bytes,
    }
}
