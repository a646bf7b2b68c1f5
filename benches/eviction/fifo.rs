//! FIFO: what was stored longest ago goes.

use super::lists::{Id, Lists};
use super::policy::{Policy, Room};

pub struct Fifo {
    room: u64,
    lists: Lists<1>,
}

impl Fifo {
    pub fn boxed(room: Room) -> Box<dyn Policy> {
        Box::new(Self { room: room.bytes, lists: Lists::new(room.ids) })
    }
}

impl Policy for Fifo {
    fn request(&mut self, id: Id, bytes: u64) -> bool {
        if self.lists.place(id).is_some() {
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
