//! SIEVE (Zhang et al., NSDI 2024): a hand goes from old to new, spares once what was used since it last came, and
//! takes the first that was not. Nothing changes its place.

use super::lists::{Id, Lists};
use super::policy::{Policy, Room};

pub struct Sieve {
    room: u64,
    lists: Lists<1>,
    used: Vec<bool>,
    hand: Option<Id>,
}

impl Sieve {
    pub fn boxed(room: Room) -> Box<dyn Policy> {
        Box::new(Self { room: room.bytes, lists: Lists::new(room.ids), used: vec![false; room.ids], hand: None })
    }

    fn evict(&mut self) {
        let mut at = self.hand.or(self.lists.oldest(0)).unwrap();
        while std::mem::take(&mut self.used[at as usize]) {
            at = self.lists.newer(at).or(self.lists.oldest(0)).unwrap();
        }
        self.hand = self.lists.newer(at);
        self.lists.remove(at);
    }
}

impl Policy for Sieve {
    fn request(&mut self, id: Id, bytes: u64) -> bool {
        if self.lists.place(id).is_some() {
            self.used[id as usize] = true;
            return true;
        }
        while self.lists.bytes(0) + bytes > self.room {
            self.evict();
        }
        self.used[id as usize] = false;
        self.lists.push(0, id, bytes);
        false
    }
}
