//! A body that is written by one and read by many at the same time.
//!
//! How it ends is always said, well or badly, never guessed from what is there. Readers go at their own
//! pace. A body that is not kept is *forgetful*: it holds only what some reader has yet to read. Its writer
//! can wait for the fastest of them, and those who fall far behind that one are cut off, so that the slow
//! hold up nobody and what is held stays small.

use std::task::{Poll, Waker};

use super::body::{Read, Whole, up_to};
use super::segments::Segments;
use super::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    Badly,
}

/// How far a forgetful body may run ahead of its readers, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Lag {
    /// Of the fastest.
    pub(super) fastest: u64,
    /// Of each other.
    pub(super) others: u64,
}

pub(super) struct Filling {
    expected_len: Option<u64>,
    state: Mutex<State>,
}

struct State {
    segments: Segments,
    ended: Option<Ended>,
    forgetful: bool,
    /// By number.
    readers: Vec<Option<Reader>>,
    /// The writer, when it waits for room.
    writer: Option<Waker>,
}

struct Reader {
    position: u64,
    /// When it waits for bytes.
    waker: Option<Waker>,
    /// It fell too far behind.
    is_cut_off: bool,
}

impl Filling {
    pub(super) fn new(expected_len: Option<u64>) -> Self {
        let state = State {
            segments: Segments::new(expected_len),
            ended: None,
            forgetful: false,
            readers: Vec::new(),
            writer: None,
        };
        Self { expected_len, state: Mutex::new(state) }
    }

    /// The length that the body has to have, where that is known.
    pub(super) fn expected_len(&self) -> Option<u64> {
        self.expected_len
    }

    /// How many bytes were written so far.
    pub(super) fn written(&self) -> u64 {
        self.state().segments.len()
    }

    /// An upper bound of the memory in use after `count` more bytes are written.
    pub(super) fn footprint_after(&self, count: usize) -> u64 {
        self.state().segments.footprint_after(count)
    }

    pub(super) fn append(&self, data: &[u8]) {
        let mut state = self.state();
        state.segments.append(data);
        state.forget();
        let wakers = state.take_wakers();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Takes all that was written as a whole; gives the memory that it takes. Readers look for it where this
    /// filling was, as soon as they are told that it has [`ended`](Self::end).
    pub(super) fn finish(&self) -> (Whole, u64) {
        let segments = self.state().segments.take();
        let len = segments.len();
        let (pieces, footprint) = segments.finish();
        (Whole::of(pieces, len), footprint)
    }

    pub(super) fn end(&self, ended: Ended) {
        let mut state = self.state();
        state.ended = Some(ended);
        let wakers = state.take_wakers();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn become_forgetful(&self) {
        let mut state = self.state();
        state.forgetful = true;
        state.forget();
    }

    pub(super) fn is_forgetful(&self) -> bool {
        self.state().forgetful
    }

    /// Whether it is or will be kept, or somebody reads it.
    pub(super) fn is_wanted(&self) -> bool {
        let state = self.state();
        !state.forgetful || state.readers.iter().any(Option::is_some)
    }

    /// Enters a reader that starts at `position`; gives its number.
    pub(super) fn enter(&self, position: u64) -> usize {
        let reader = Some(Reader { position, waker: None, is_cut_off: false });
        let mut state = self.state();
        if let Some(number) = state.readers.iter().position(Option::is_none)
            && let Some(place) = state.readers.get_mut(number)
        {
            *place = reader;
            return number;
        }
        state.readers.push(reader);
        state.readers.len() - 1
    }

    /// The reader goes away.
    pub(super) fn leave(&self, number: usize) {
        let mut state = self.state();
        if let Some(place) = state.readers.get_mut(number) {
            *place = None;
        }
        let writer = state.forget();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
    }

    /// What stands at the reader's position, up to `end` where that is given. `None` when the body is whole:
    /// then it is read elsewhere. A reader that has to wait is woken when there is more.
    pub(super) fn read(&self, number: usize, end: Option<u64>, waker: Option<&Waker>) -> Option<Read> {
        let mut state = self.state();
        let (read, writer) = state.read(number, end, waker)?;
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        Some(read)
    }

    /// Waits while the body is forgetful and too far ahead of the fastest reader.
    pub(super) fn poll_room(&self, lag: Lag, waker: &Waker) -> Poll<()> {
        let mut state = self.state();
        let ahead = state.fastest().map(|fastest| state.segments.len().saturating_sub(fastest));
        if state.forgetful && ahead.is_some_and(|ahead| ahead > lag.fastest) {
            state.writer = Some(waker.clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Cuts off the readers that are too far behind one that is not.
    pub(super) fn cut_off_the_slow(&self, lag: Lag) {
        let mut state = self.state();
        let len = state.segments.len();
        let Some(fastest) = state.fastest().filter(|_| state.forgetful) else { return };
        let mut wakers = Vec::new();
        for reader in state.readers.iter_mut().flatten() {
            if reader.position < fastest && len.saturating_sub(reader.position) > lag.others {
                reader.is_cut_off = true;
                wakers.extend(reader.waker.take());
            }
        }
        let writer = state.forget();
        drop(state);
        wakers.into_iter().chain(writer).for_each(Waker::wake);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn read(&mut self, number: usize, end: Option<u64>, waker: Option<&Waker>) -> Option<(Read, Option<Waker>)> {
        if self.ended == Some(Ended::Well) {
            return None;
        }
        let written = self.segments.len();
        let Some(reader) = self.readers.get_mut(number).and_then(Option::as_mut) else {
            return Some((Read::Aborted, None));
        };
        let position = reader.position;
        if reader.is_cut_off {
            return Some((Read::Aborted, None));
        }
        if end.is_some_and(|end| position >= end) {
            return Some((Read::End, None));
        }
        if position >= written {
            reader.waker = waker.cloned();
            return Some((if self.ended.is_some() { Read::Aborted } else { Read::Wait }, None));
        }
        let Some(bytes) = self.segments.read(position) else { return Some((Read::Aborted, None)) };
        let bytes = up_to(bytes, position, end);
        reader.position = position + bytes.len() as u64;
        Some((Read::Data(bytes), self.forget()))
    }

    /// Forgets what no reader has yet to read, where that was asked for; gives the writer, if it waits.
    fn forget(&mut self) -> Option<Waker> {
        if !self.forgetful {
            return None;
        }
        let earliest = self.reading().min();
        self.segments.forget_before(earliest.unwrap_or(self.segments.len()));
        self.writer.take()
    }

    fn fastest(&self) -> Option<u64> {
        self.reading().max()
    }

    fn reading(&self) -> impl Iterator<Item = u64> {
        self.readers.iter().flatten().filter(|reader| !reader.is_cut_off).map(|reader| reader.position)
    }

    fn take_wakers(&mut self) -> Vec<Waker> {
        self.readers.iter_mut().flatten().filter_map(|reader| reader.waker.take()).collect()
    }
}
