//! S3-FIFO (Yang et al., SOSP 2023): a small queue on probation, a main queue that spares what was used, and a memory
//! of what left the small one unused.

use super::lists::{Id, Lists};
use super::policy::{GHOST_BYTES, Policy, Room};

const SMALL: usize = 0;
const MAIN: usize = 1;
const GHOST: usize = 2;
const MAX_USES: u8 = 3;

/// The part of the small queue in the room.
const SMALL_SHARE: u64 = 10;

pub struct S3Fifo {
    room: u64,
    small_room: u64,
    /// The bytes of an object that has to be used as often as others to stay; `None` if sizes do not matter.
    fair_bytes: Option<u64>,
    lists: Lists<3>,
    uses: Vec<u8>,
}

impl S3Fifo {
    pub fn boxed(room: Room) -> Box<dyn Policy> {
        Box::new(Self::new(room, None))
    }

    /// A kind that asks more uses of what is larger than the mean, and fewer of what is smaller.
    pub fn sized(room: Room) -> Box<dyn Policy> {
        Box::new(Self::new(room, Some(room.bytes / room.objects.max(1))))
    }

    fn new(room: Room, fair_bytes: Option<u64>) -> Self {
        let small_room = room.bytes / SMALL_SHARE;
        Self { room: room.bytes, small_room, fair_bytes, lists: Lists::new(room.ids), uses: vec![0; room.ids] }
    }

    fn is_small(&self, id: Id) -> bool {
        self.fair_bytes.is_some_and(|fair| self.lists.bytes_of(id) < fair)
    }

    fn is_large(&self, id: Id) -> bool {
        self.fair_bytes.is_some_and(|fair| self.lists.bytes_of(id) > 2 * fair)
    }

    fn used_bytes(&self) -> u64 {
        self.lists.bytes(SMALL) + self.lists.bytes(MAIN) + self.lists.len(GHOST) * GHOST_BYTES
    }

    fn evict(&mut self) {
        let from_small = self.lists.bytes(SMALL) >= self.small_room || self.lists.len(MAIN) == 0;
        match self.lists.oldest(SMALL).filter(|_| from_small) {
            Some(oldest) => self.evict_small(oldest),
            None => self.evict_main(),
        }
    }

    fn evict_small(&mut self, oldest: Id) {
        let uses = self.uses[oldest as usize];
        if uses > 1 + u8::from(self.is_large(oldest)) || (uses == 1 && self.is_small(oldest)) {
            self.uses[oldest as usize] = 0;
            self.lists.shift(oldest, MAIN);
            return;
        }
        self.lists.shift(oldest, GHOST);
        while self.lists.len(GHOST) > self.lists.len(SMALL) + self.lists.len(MAIN) {
            let forgotten = self.lists.oldest(GHOST).unwrap();
            self.lists.remove(forgotten);
        }
    }

    fn evict_main(&mut self) {
        let oldest = self.lists.oldest(MAIN).unwrap();
        let cost = 1 + u8::from(self.is_large(oldest));
        match self.uses[oldest as usize].checked_sub(cost) {
            None => {
                self.lists.remove(oldest);
            }
            Some(left) => {
                self.uses[oldest as usize] = left;
                self.lists.shift(oldest, MAIN);
            }
        }
    }
}

impl Policy for S3Fifo {
    fn request(&mut self, id: Id, bytes: u64) -> bool {
        let place = self.lists.place(id);
        let uses = &mut self.uses[id as usize];
        if matches!(place, Some(SMALL | MAIN)) {
            *uses = (*uses + 1).min(MAX_USES);
            return true;
        }
        *uses = 0;
        if place == Some(GHOST) {
            self.lists.remove(id);
        }
        while self.used_bytes() + bytes > self.room {
            self.evict();
        }
        self.lists.push(if place == Some(GHOST) { MAIN } else { SMALL }, id, bytes);
        false
    }
}
