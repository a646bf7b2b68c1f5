//! A body that is written by one and read by many at the same time.
//!
//! How it ends is always said, well or badly, never guessed from what is there. Readers go at their own
//! pace. A body that is not kept is *forgetful*: it holds only what some reader has yet to read. Its writer
//! can wait for the fastest of them, and those who fall far behind that one are cut off, so that the slow
//! hold up nobody for long and what is held stays small. One reader may be the writer's *own*, read by the same
//! task: the writer must not wait for it, but can ask whether others are near.

use std::task::Waker;
use std::time::Duration;

use super::allocation::allocated_bytes;
use super::body::{Read, Whole, up_to};
use super::budget::{Charge, Moment};
use super::segments::Segments;
use super::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    Badly,
}

/// How long a body in all waits for one reader that is slower than the others: a machine may let it wait for its turn
/// longer than it takes to send what a body may run ahead. While it waits for one, it waits for all who read next to nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// A wait that tells of everybody whether they read.
const LONG_WAIT: Duration = Duration::from_millis(250);

/// How long it waits for all of them together, also for those who become slow one after another.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(8);

/// How far a forgetful body may run ahead of its readers, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Lag {
    /// Of the fastest.
    pub(super) fastest: u64,
    /// Of each other, before it is waited for. Twice as far it is cut off at once.
    pub(super) others: u64,
}

impl Lag {
    /// Whether who is so far behind, and has read so much while another was waited for so long, was waited for as well.
    /// Not within a moment: the machine may not have got to it.
    fn is_slow(self, behind: u64, read: u64, waited: Duration) -> bool {
        let enough = u128::from(self.others / 8) * waited.as_millis() / PATIENCE.as_millis();
        waited >= LONG_WAIT && behind > self.others / 8 && u128::from(read) < enough
    }
}

/// Whether more may be written of a body that is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// There is room.
    Open,
    /// No reader that counts is near: all of them would only fall further behind.
    Far,
    /// Some reader is near, but another would be cut off. It is worth waiting for, so long.
    Slow(Duration),
}

pub(super) struct Filling {
    expected_len: Option<u64>,
    state: Mutex<State>,
}

struct State {
    segments: Segments,
    ended: Option<Ended>,
    forgetful: bool,
    /// What stands before was forgotten.
    start: u64,
    /// What the body is charged, until it is whole.
    charge: Option<Charge>,
    /// By number.
    readers: Vec<Option<Reader>>,
    /// The writer, when it waits for room.
    writer: Option<Waker>,
    /// How long it waited for readers while others were near.
    waited: Duration,
    /// Whether it does so now.
    is_waiting: bool,
}

struct Reader {
    position: u64,
    /// When it waits for bytes.
    waker: Option<Waker>,
    /// It fell too far behind.
    is_cut_off: bool,
    /// The task that writes reads it, too.
    is_own: bool,
    /// When it last took something, or there was nothing to take.
    since: Moment,
    /// Told when it is cut off.
    told: Option<Waker>,
    /// How long the body waited, be it for another, and it was slow all the same.
    waited: Duration,
    /// Where it was when the body began to wait; `None` if it came later.
    waited_at: Option<u64>,
}

impl Filling {
    /// Nothing as yet, of a body for which so much was set aside.
    pub(super) fn new(expected_len: Option<u64>, charge: Charge) -> Self {
        let state = State {
            segments: Segments::new(expected_len),
            ended: None,
            forgetful: false,
            start: 0,
            charge: Some(charge),
            readers: Vec::new(),
            writer: None,
            waited: Duration::ZERO,
            is_waiting: false,
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

    /// What it is charged.
    pub(super) fn charged(&self) -> u64 {
        self.state().charge.as_ref().map_or(0, Charge::bytes)
    }

    /// What it would have to be charged more before so many bytes are written.
    pub(super) fn lacks(&self, count: usize) -> u64 {
        let state = self.state();
        let charged = state.charge.as_ref().map_or(0, Charge::bytes);
        (state.segments.footprint_after(count) + Self::bytes()).saturating_sub(charged)
    }

    /// Charges it more, which was reserved or taken before.
    pub(super) fn add_reserved(&self, bytes: u64) {
        if let Some(charge) = &self.state().charge {
            charge.add_reserved(bytes);
        }
    }

    /// What it takes beside what is written, in bytes.
    pub(super) fn bytes() -> u64 {
        allocated_bytes(2 * size_of::<usize>() + size_of::<Self>()) as u64
    }

    pub(super) fn append(&self, data: &[u8], now: Moment) {
        let mut state = self.state();
        let before = state.segments.len();
        state.segments.append(data);
        for reader in state.readers.iter_mut().flatten().filter(|reader| reader.position >= before) {
            reader.since = now;
        }
        state.forget();
        let wakers = state.take_wakers();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Takes all that was written as a whole, and charges this with the memory that it takes. Readers look for it
    /// where this filling was, as soon as they are told that it has [`ended`](Self::end).
    pub(super) fn finish(&self, charge: &Charge) -> Whole {
        let (segments, charged) = {
            let mut state = self.state();
            (state.segments.take(), state.charge.take())
        };
        let len = segments.len();
        let (pieces, footprint) = segments.finish();
        if let Some(charged) = charged {
            charge.take_over(&charged, footprint);
        }
        Whole::of(pieces, len)
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
        state.segments.be_exact();
        let writer = state.forget();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
    }

    pub(super) fn is_forgetful(&self) -> bool {
        self.state().forgetful
    }

    /// Whether it is or will be kept, or somebody reads it.
    pub(super) fn is_wanted(&self) -> bool {
        let state = self.state();
        !state.forgetful || state.reading().next().is_some()
    }

    /// Whether somebody reads it but the writer itself.
    pub(super) fn is_read_by_others(&self) -> bool {
        self.state().others().next().is_some()
    }

    /// Enters a reader that starts at `position`; gives its number.
    pub(super) fn enter(&self, position: u64, now: Moment) -> usize {
        Self::enter_into(self.state(), position, now)
    }

    /// As [`enter`](Self::enter), unless what stands there was forgotten, or the body has ended badly.
    pub(super) fn try_enter(&self, position: u64, now: Moment) -> Option<usize> {
        let state = self.state();
        let can_be_read = position >= state.start && state.ended != Some(Ended::Badly);
        can_be_read.then(|| Self::enter_into(state, position, now))
    }

    fn enter_into(mut state: MutexGuard<'_, State>, position: u64, since: Moment) -> usize {
        let number = state.enter(Reader {
            position,
            waker: None,
            is_cut_off: false,
            is_own: false,
            since,
            told: None,
            waited: Duration::ZERO,
            waited_at: None,
        });
        // It may be nearer than the others.
        let writer = state.writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        number
    }

    /// Says whether the reader is the writer's own.
    pub(super) fn set_own(&self, number: usize, is_own: bool) {
        let mut state = self.state();
        if let Some(reader) = state.readers.get_mut(number).and_then(Option::as_mut) {
            reader.is_own = is_own;
        }
        let writer = state.writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
    }

    /// Has this woken when the reader is cut off, or now if it is.
    pub(super) fn tell_when_cut_off(&self, number: usize, told: Waker) {
        let mut state = self.state();
        match state.readers.get_mut(number).and_then(Option::as_mut) {
            Some(reader) if !reader.is_cut_off => reader.told = Some(told),
            _ => {
                drop(state);
                told.wake();
            }
        }
    }

    /// Whether the reader fell so far behind, or stalled so long, that it gets nothing more.
    pub(super) fn is_cut_off(&self, number: usize) -> bool {
        self.state().readers.get(number).and_then(Option::as_ref).is_some_and(|reader| reader.is_cut_off)
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
    pub(super) fn read(&self, number: usize, end: Option<u64>, waker: Option<&Waker>, now: Moment) -> Option<Read> {
        let mut state = self.state();
        let (read, writer) = state.read(number, end, waker, now)?;
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        Some(read)
    }

    /// Whether there is room for the readers. Where the writer has one of its own, it is to see to it that this one
    /// keeps up, and does not wait for it here. Unless there is, the waker is told of changes.
    pub(super) fn room(&self, lag: Lag, waker: &Waker) -> Room {
        let mut state = self.state();
        let is_far = state.fastest().is_some_and(|fastest| state.is_far(fastest, lag));
        let room = match (is_far, state.has_own()) {
            (true, true) => Room::Open,
            (true, false) => Room::Far,
            (false, _) => state.room_beside_slow(false, lag),
        };
        state.tell_writer(room, waker)
    }

    /// Whether there is room for the readers that are not the writer's own, which are to be supplied whatever that one
    /// does until it would be cut off. Unless there is, the waker is told of changes.
    pub(super) fn room_for_others(&self, lag: Lag, waker: &Waker) -> Room {
        let mut state = self.state();
        let fastest = state.others().max();
        let room = if state.ended.is_some() {
            Room::Open
        } else if fastest.is_none_or(|fastest| state.is_far(fastest, lag)) {
            Room::Far
        } else {
            state.room_beside_slow(true, lag)
        };
        state.tell_writer(room, waker)
    }

    /// So long was waited for the readers that are slow, or for the writer's own: cuts off whom that was enough for.
    pub(super) fn have_waited(&self, time: Duration, is_own: bool, lag: Lag) {
        let mut state = self.state();
        state.note_wait(time, is_own, lag);
        let is_over = state.waited >= PATIENCE_IN_ALL;
        drop(state);
        self.cut_off(lag.others, |reader| reader.is_own == is_own && (is_over || reader.waited >= PATIENCE));
    }

    /// Cuts off the readers that are much too far behind one that is not.
    pub(super) fn cut_off_the_slow(&self, lag: Lag) {
        self.cut_off(lag.others.saturating_mul(2), |_| true);
    }

    /// Cuts off those of the readers so far behind for whom that holds.
    fn cut_off(&self, behind: u64, is_due: impl Fn(&Reader) -> bool) {
        let state = self.state();
        let Some(fastest) = state.fastest() else { return };
        Self::cut_off_where(state, |reader, len| {
            reader.position < fastest && len.saturating_sub(reader.position) > behind && is_due(reader)
        });
    }

    /// When the one who has taken nothing for the longest time, though there is something, last did so. `None` where
    /// nothing is held for readers alone.
    pub(super) fn stalled_since(&self) -> Option<Moment> {
        let state = self.state();
        let len = state.segments.len();
        let stalled = state.reading().filter(|reader| state.forgetful && reader.position < len);
        stalled.map(|reader| reader.since).min()
    }

    /// Cuts off the readers that have taken nothing since that moment, though there is something.
    pub(super) fn cut_off_stalled(&self, since: Moment) {
        Self::cut_off_where(self.state(), |reader, len| reader.position < len && reader.since <= since);
    }

    /// Cuts off those of the readers of a forgetful body for whom that holds.
    fn cut_off_where(mut state: MutexGuard<'_, State>, is_due: impl Fn(&Reader, u64) -> bool) {
        let len = state.segments.len();
        if !state.forgetful {
            return;
        }
        let mut wakers = Vec::new();
        for reader in state.readers.iter_mut().flatten().filter(|reader| !reader.is_cut_off) {
            if is_due(reader, len) {
                reader.is_cut_off = true;
                wakers.extend(reader.waker.take().into_iter().chain(reader.told.take()));
            }
        }
        if state.fastest().is_none() {
            // Nobody is to come any more either.
            state.segments.cut_tail();
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
    fn read(
        &mut self,
        number: usize,
        end: Option<u64>,
        waker: Option<&Waker>,
        now: Moment,
    ) -> Option<(Read, Option<Waker>)> {
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
        reader.since = now;
        Some((Read::Data(bytes), self.forget()))
    }

    /// Forgets what no reader has yet to read, where that was asked for; gives the writer, if it waits.
    fn forget(&mut self) -> Option<Waker> {
        if !self.forgetful {
            return None;
        }
        let earliest = self.reading().map(|reader| reader.position).min();
        if earliest == Some(self.segments.len()) {
            self.segments.cut_tail();
        }
        self.segments.forget_before(earliest.unwrap_or(self.segments.len()));
        self.start = self.start.max(self.segments.start());
        if let Some(charge) = &self.charge {
            charge.set(self.segments.footprint_after(0) + Filling::bytes());
        }
        self.writer.take()
    }

    fn enter(&mut self, reader: Reader) -> usize {
        if let Some(number) = self.readers.iter().position(Option::is_none)
            && let Some(place) = self.readers.get_mut(number)
        {
            *place = Some(reader);
            return number;
        }
        self.readers.push(Some(reader));
        self.readers.len() - 1
    }

    /// Has the writer woken at the next change, if it is to wait.
    fn tell_writer(&mut self, room: Room, waker: &Waker) -> Room {
        let room = if self.forgetful { room } else { Room::Open };
        if room != Room::Open {
            self.writer = Some(waker.clone());
        }
        if matches!(room, Room::Slow(_)) && !std::mem::replace(&mut self.is_waiting, true) {
            self.readers.iter_mut().flatten().for_each(|reader| reader.waited_at = Some(reader.position));
        }
        room
    }

    /// As it is when the fastest is near: whether the writer's own reader, or one of the others, is to be waited for.
    fn room_beside_slow(&self, is_own: bool, lag: Lag) -> Room {
        let (len, fastest) = (self.segments.len(), self.fastest().unwrap_or(0));
        let is_slow = |reader: &&Reader| {
            let behind = len.saturating_sub(reader.position);
            reader.is_own == is_own && reader.position < fastest && behind > lag.others
        };
        let left = self.reading().filter(is_slow).map(|reader| PATIENCE.saturating_sub(reader.waited)).min();
        left.map_or(Room::Open, |left| Room::Slow(left.min(PATIENCE_IN_ALL.saturating_sub(self.waited))))
    }

    /// Counts that it was waited so long.
    fn note_wait(&mut self, time: Duration, is_own: bool, lag: Lag) {
        self.waited += time;
        self.is_waiting = false;
        let (len, fastest) = (self.segments.len(), self.fastest().unwrap_or(0));
        for reader in self.readers.iter_mut().flatten() {
            let behind = len.saturating_sub(reader.position);
            let read = reader.waited_at.take().map(|from| reader.position.saturating_sub(from));
            let is_meant = reader.is_own == is_own && behind > lag.others;
            // The writer's own cannot read as long as that waits.
            let is_slow = !reader.is_own && read.is_some_and(|read| lag.is_slow(behind, read, time));
            if reader.position < fastest && (is_meant || is_slow) {
                reader.waited += time;
            }
        }
    }

    /// Whether a reader there is too far behind what is written.
    fn is_far(&self, position: u64, lag: Lag) -> bool {
        self.segments.len().saturating_sub(position) > lag.fastest
    }

    fn fastest(&self) -> Option<u64> {
        self.near().map(|reader| reader.position).max()
    }

    fn others(&self) -> impl Iterator<Item = u64> {
        self.near().filter(|reader| !reader.is_own).map(|reader| reader.position)
    }

    /// Those who read what is there. One whose range is still to come is no measure for others, who read at the pace of
    /// their connections what it does not want.
    fn near(&self) -> impl Iterator<Item = &Reader> {
        let written = self.segments.len();
        self.reading().filter(move |reader| reader.position <= written)
    }

    fn has_own(&self) -> bool {
        self.reading().any(|reader| reader.is_own)
    }

    fn reading(&self) -> impl Iterator<Item = &Reader> {
        self.readers.iter().flatten().filter(|reader| !reader.is_cut_off)
    }

    fn take_wakers(&mut self) -> Vec<Waker> {
        self.readers.iter_mut().flatten().filter_map(|reader| reader.waker.take()).collect()
    }
}
