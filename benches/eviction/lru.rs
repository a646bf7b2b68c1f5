//! LRU: what was used longest ago goes.

use super::lists::{Id, Lists};
use super::policy::{Policy, Room};

pub struct Lru {
    room: u64,
    lists: Lists<1>,
}

impl Lru {
    pub fn boxed(room: Room) -> Box<dyn Policy> {
        Box::new(Self { room: room.bytes, lists: Lists::new(room.ids) })
    }
}

impl Policy for Lru {
    fn request(&mut self, id: Id, bytes: u64) -> bool {
        if self.lists.place(id).is_some() {
            self.lists.shift(id, 0);
            return true;
        }
        while self.lists.bytes(0) + bytes > self.room {
            let oldest = self.lists.oldest(0).unwrap();
            self.lists.remove(oldest);
        }
        self.lists.push(0, id, bytes);
        false
    }
}
