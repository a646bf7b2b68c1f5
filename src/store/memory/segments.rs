//! The bytes of a body in few allocations, readable without a copy while more are appended.
//!
//! A *segment* is one allocation. What is appended is copied into the open segment, so that many
//! small writes share one allocation and the bytes in use are known exactly; hits never copy. A
//! *piece* is a part of a segment that readers share. The open segment is cut into pieces only
//! where a reader has caught up with the writer; when it is closed, and was cut into many, it is
//! joined again.

use bytes::{Bytes, BytesMut};

use super::allocation::allocated_bytes;
use super::body::Many;

/// The largest segment; more is not to be appended at once.
pub(super) const SEGMENT_BYTES: usize = 64 * 1024;
/// The first segment of a body of unknown length; the next ones are twice as large each.
const FIRST_SEGMENT_BYTES: usize = 4 * 1024;
/// A closed segment keeps at most this many pieces.
const MAX_PIECES: usize = 4;
/// The count of those who share a piece.
const SHARED_BYTES: u64 = 32;
/// What a piece takes beside its bytes: its place in the list of pieces, and the count.
const PIECE_BYTES: u64 = size_of::<Piece>() as u64 + SHARED_BYTES;

/// A part of a body that readers share.
pub(super) struct Piece {
    /// Where in the body it starts.
    start: u64,
    data: Bytes,
}

impl Piece {
    pub(super) fn starts_at(&self, position: u64) -> bool {
        self.start == position
    }

    pub(super) fn into_data(self) -> Bytes {
        self.data
    }
}

/// The rest of the piece that `position` lies in, or `None` when no piece holds it.
pub(super) fn bytes_at(pieces: &[Piece], position: u64) -> Option<Bytes> {
    let index = pieces.partition_point(|piece| piece.start <= position).checked_sub(1)?;
    let piece = pieces.get(index)?;
    let skip = usize::try_from(position - piece.start).ok()?;
    (skip < piece.data.len()).then(|| piece.data.slice(skip..))
}

/// A body that grows.
pub(super) struct Segments {
    pieces: Vec<Piece>,
    /// The index of the open segment's first piece.
    open_from: usize,
    /// What is in the open segment behind its last piece, and the room behind that.
    tail: BytesMut,
    open_capacity: usize,
    /// Bytes of the open segment whose pieces were forgotten.
    open_forgotten: u64,
    closed_capacity: u64,
    len: u64,
    expected_len: Option<u64>,
    /// From here on each write has a segment of its size.
    exact_from: Option<u64>,
}

impl Segments {
    pub(super) fn new(expected_len: Option<u64>) -> Self {
        Self {
            pieces: Vec::new(),
            open_from: 0,
            tail: BytesMut::new(),
            open_capacity: 0,
            open_forgotten: 0,
            closed_capacity: 0,
            len: 0,
            expected_len,
            exact_from: None,
        }
    }

    /// What was appended so far, to be finished; afterwards it is as new.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(None))
    }

    /// Gives each write a segment of its size from now on, as is right for what is read and forgotten soon.
    pub(super) fn be_exact(&mut self) {
        self.exact_from.get_or_insert(self.len + self.room() as u64);
    }

    /// How many bytes were appended.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Where what is held begins: what stands before it was forgotten.
    pub(super) fn start(&self) -> u64 {
        self.pieces.first().map_or(self.len - self.tail.len() as u64, |piece| piece.start)
    }

    /// An upper bound of the memory in use after `count` more bytes are appended.
    pub(super) fn footprint_after(&self, count: usize) -> u64 {
        let beyond = count.saturating_sub(self.room());
        let new_segment = if beyond == 0 { 0 } else { allocated_bytes(self.next_capacity(beyond)) };
        // Two more pieces at most: one for what readers cut off, one for what is left.
        let pieces = self.pieces.len() as u64 + 2;
        let segments = self.closed_capacity + (allocated_bytes(self.open_capacity) + new_segment) as u64;
        segments + pieces * PIECE_BYTES + Many::BYTES
    }

    /// Appends bytes; opens at most one segment.
    pub(super) fn append(&mut self, data: &[u8]) {
        let (fits, beyond) = data.split_at_checked(self.room()).unwrap_or((data, &[]));
        self.tail.extend_from_slice(fits);
        self.len += fits.len() as u64;
        if beyond.is_empty() {
            return;
        }
        let capacity = self.next_capacity(beyond.len());
        self.close_segment();
        self.tail = BytesMut::with_capacity(capacity);
        self.open_capacity = capacity;
        self.tail.extend_from_slice(beyond);
        self.len += beyond.len() as u64;
    }

    /// The bytes from `position` to the end of its piece; cuts off a piece when the open segment
    /// holds them. `None` when they are not there, not yet or no longer.
    pub(super) fn read(&mut self, position: u64) -> Option<Bytes> {
        if position >= self.len - self.tail.len() as u64 {
            self.cut_tail();
        }
        bytes_at(&self.pieces, position)
    }

    /// Forgets the pieces that lie wholly before `position`.
    pub(super) fn forget_before(&mut self, position: u64) {
        let is_behind = |piece: &Piece| piece.start + piece.data.len() as u64 <= position;
        let count = self.pieces.iter().take_while(|piece| is_behind(piece)).count();
        for (index, piece) in self.pieces.drain(..count).enumerate() {
            let is_exact = self.exact_from.is_some_and(|from| piece.start >= from);
            let bytes = if is_exact { allocated_bytes(piece.data.len()) } else { piece.data.len() } as u64;
            if index < self.open_from {
                self.closed_capacity = self.closed_capacity.saturating_sub(bytes);
            } else {
                self.open_forgotten += bytes;
            }
        }
        self.open_from = self.open_from.saturating_sub(count);
        if self.pieces.is_empty() && self.tail.capacity() == 0 {
            (self.open_capacity, self.open_forgotten, self.closed_capacity) = (0, 0, 0);
        }
    }

    /// Closes the body: its pieces, and the memory they take. The last segment is copied to its
    /// exact size when much of it is empty.
    pub(super) fn finish(mut self) -> (Vec<Piece>, u64) {
        self.cut_tail();
        let used: usize = self.open_pieces().iter().map(|piece| piece.data.len()).sum();
        if allocated_bytes(used) < allocated_bytes(self.open_capacity) {
            self.join_open_pieces(used);
            self.open_capacity = used;
        }
        self.close_segment();
        let pieces = match self.pieces.as_slice() {
            [] => 0,
            // It stands in the object itself.
            [_] => SHARED_BYTES,
            pieces => pieces.len() as u64 * PIECE_BYTES + Many::BYTES,
        };
        (self.pieces, self.closed_capacity + pieces)
    }

    fn room(&self) -> usize {
        self.tail.capacity() - self.tail.len()
    }

    /// The capacity of a segment to open for `beyond` bytes that do not fit.
    fn next_capacity(&self, beyond: usize) -> usize {
        if self.exact_from.is_some() {
            return beyond;
        }
        let after_this = self.len + self.room() as u64;
        let left = self.expected_len.and_then(|len| len.checked_sub(after_this));
        let planned = match left.filter(|&left| left > 0) {
            Some(left) => usize::try_from(left).unwrap_or(SEGMENT_BYTES),
            None => (self.open_capacity * 2).max(FIRST_SEGMENT_BYTES),
        };
        planned.min(SEGMENT_BYTES).max(beyond)
    }

    /// Makes a piece of what stands behind the last one.
    pub(super) fn cut_tail(&mut self) {
        if self.tail.is_empty() {
            return;
        }
        let start = self.len - self.tail.len() as u64;
        let full = self.room() == 0;
        let cut = if full { std::mem::take(&mut self.tail) } else { self.tail.split() };
        self.pieces.push(Piece { start, data: cut.freeze() });
    }

    fn close_segment(&mut self) {
        self.cut_tail();
        let open = self.open_pieces();
        if open.len() > MAX_PIECES {
            let used = open.iter().map(|piece| piece.data.len()).sum();
            self.join_open_pieces(used);
        }
        self.tail = BytesMut::new();
        self.closed_capacity += (allocated_bytes(self.open_capacity) as u64).saturating_sub(self.open_forgotten);
        self.open_capacity = 0;
        self.open_forgotten = 0;
        self.open_from = self.pieces.len();
    }

    fn open_pieces(&self) -> &[Piece] {
        self.pieces.get(self.open_from..).unwrap_or_default()
    }

    /// Copies the pieces of the open segment, `used` bytes, into one of exactly that size.
    fn join_open_pieces(&mut self, used: usize) {
        let Some(start) = self.open_pieces().first().map(|piece| piece.start) else { return };
        let mut joined = Vec::with_capacity(used);
        for piece in self.pieces.drain(self.open_from..) {
            joined.extend_from_slice(&piece.data);
        }
        self.pieces.push(Piece { start, data: Bytes::from(joined) });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(pieces: &[Piece]) -> Vec<u8> {
        pieces.iter().flat_map(|piece| piece.data.to_vec()).collect()
    }

    #[test]
    fn many_small_writes_are_one_piece_of_exact_size() {
        let mut body = Segments::new(None);
        for _ in 0..10 {
            body.append(&[b'x'; 100]);
        }
        let (pieces, footprint) = body.finish();
        assert_eq!((pieces.len(), footprint), (1, 1024 + SHARED_BYTES));
    }

    #[test]
    fn a_known_length_is_allocated_once() {
        let mut body = Segments::new(Some(1024));
        assert_eq!(body.footprint_after(100), 1024 + 2 * PIECE_BYTES + Many::BYTES);
        body.append(&[b'x'; 100]);
        assert_eq!(body.footprint_after(924), 1024 + 2 * PIECE_BYTES + Many::BYTES);
        body.append(&[b'x'; 924]);
        let (pieces, footprint) = body.finish();
        assert_eq!((pieces.len(), footprint), (1, 1024 + SHARED_BYTES));
    }

    #[test]
    fn a_reader_at_every_byte_does_not_leave_a_piece_for_each() {
        let mut body = Segments::new(None);
        for position in 0..20_000_u64 {
            body.append(b"x");
            assert_eq!(body.read(position).as_deref(), Some(&b"x"[..]));
        }
        let (pieces, footprint) = body.finish();
        assert_eq!(pieces.len(), 3);
        // 4, 8 and 8 KiB.
        assert_eq!(footprint, 20 * 1_024 + 3 * PIECE_BYTES + Many::BYTES);
    }

    #[test]
    fn what_is_forgotten_is_gone_and_the_rest_stays() {
        let mut body = Segments::new(Some(300_000));
        body.append(&vec![b'a'; 70_000]);
        body.append(&vec![b'b'; 70_000]);
        body.forget_before(100_000);
        assert_eq!(body.read(0), None);
        assert_eq!(body.read(100_000).as_deref(), Some(&vec![b'b'; 40_000][..]));
    }

    proptest! {
        #[test]
        fn what_is_appended_is_read_back_within_the_stated_footprint(
            writes in proptest::collection::vec((0..90_000_usize, any::<bool>()), 0..20),
            expected_len in proptest::option::of(0..400_000_u64),
        ) {
            let mut body = Segments::new(expected_len);
            let mut all = Vec::new();
            let mut bound = 0;
            for (index, (size, read)) in writes.into_iter().enumerate() {
                let data = vec![u8::try_from(index).unwrap(); size];
                bound = body.footprint_after(size).max(bound);
                let before = body.len();
                body.append(&data);
                all.extend_from_slice(&data);
                if read && size > 0 {
                    let bytes = body.read(before).unwrap();
                    prop_assert_eq!(&bytes[..], &data[..bytes.len()]);
                }
            }
            prop_assert_eq!(body.len(), all.len() as u64);
            let (pieces, footprint) = body.finish();
            prop_assert!(text(&pieces) == all);
            prop_assert!(footprint <= bound);
            for position in [0, all.len() / 2, all.len().saturating_sub(1)] {
                let expected = all.get(position).copied();
                prop_assert_eq!(bytes_at(&pieces, position as u64).map(|bytes| bytes[0]), expected);
            }
        }
    }
}
