//! ARC (Megiddo and Modha, FAST 2003), counted in bytes: what was used once and what was used more often, each with a
//! memory of what left it, which moves the border between the two.

use super::lists::{Id, Lists};
use super::policy::{GHOST_BYTES, Policy, Room};

const ONCE: usize = 0;
const OFTEN: usize = 1;
const ONCE_GONE: usize = 2;
const OFTEN_GONE: usize = 3;

pub struct Arc {
    room: u64,
    /// How many bytes are meant for what was used once.
    once_room: u64,
    lists: Lists<4>,
}

impl Arc {
    pub fn boxed(room: Room) -> Box<dyn Policy> {
        Box::new(Self { room: room.bytes, once_room: 0, lists: Lists::new(room.ids) })
    }

    fn used_bytes(&self) -> u64 {
        let gone = self.lists.len(ONCE_GONE) + self.lists.len(OFTEN_GONE);
        self.lists.bytes(ONCE) + self.lists.bytes(OFTEN) + gone * GHOST_BYTES
    }

    /// Moves the border for an object that was gone already.
    fn learn(&mut self, gone: usize, bytes: u64) {
        let (once, often) = (self.lists.bytes(ONCE_GONE).max(1), self.lists.bytes(OFTEN_GONE).max(1));
        if gone == ONCE_GONE {
            self.once_room = (self.once_room + bytes * (often / once).max(1)).min(self.room);
        } else {
            self.once_room = self.once_room.saturating_sub(bytes * (once / often).max(1));
        }
    }

    fn evict(&mut self, prefer_once: bool) {
        let once = self.lists.bytes(ONCE);
        let is_full = once > self.once_room || (prefer_once && once == self.once_room);
        let (from, to) =
            if once > 0 && (is_full || self.lists.len(OFTEN) == 0) { (ONCE, ONCE_GONE) } else { (OFTEN, OFTEN_GONE) };
        match self.lists.oldest(from) {
            Some(oldest) => self.lists.shift(oldest, to),
            None => self.forget(ONCE_GONE),
        }
    }

    fn forget(&mut self, gone: usize) {
        if let Some(oldest) = self.lists.oldest(gone) {
            self.lists.remove(oldest);
        }
    }

    /// Keeps the memory within the room again: of what was used once alone, and of all twice.
    fn trim(&mut self) {
        while self.lists.bytes(ONCE) + self.lists.bytes(ONCE_GONE) > self.room && self.lists.len(ONCE_GONE) > 0 {
            self.forget(ONCE_GONE);
        }
        while (0..4).map(|list| self.lists.bytes(list)).sum::<u64>() > 2 * self.room && self.lists.len(OFTEN_GONE) > 0 {
            self.forget(OFTEN_GONE);
        }
    }
}

impl Policy for Arc {
    fn request(&mut self, id: Id, bytes: u64) -> bool {
        let place = self.lists.place(id);
        if matches!(place, Some(ONCE | OFTEN)) {
            self.lists.shift(id, OFTEN);
            return true;
        }
        if let Some(gone) = place {
            self.learn(gone, bytes);
            self.lists.remove(id);
        }
        while self.used_bytes() + bytes > self.room {
            self.evict(place == Some(OFTEN_GONE));
            self.trim();
        }
        self.lists.push(if place.is_some() { OFTEN } else { ONCE }, id, bytes);
        self.trim();
        false
    }
}
