//! W-TinyLFU (Einziger, Friedman and Manes, 2017): a window of new objects, and a segmented LRU that lets one of them in
//! when it is asked for more often than those that would have to go for it, taken together (Einziger et al.,
//! "Lightweight robust size aware cache management", 2021).

use super::lists::{Id, Lists};
use super::policy::{Policy, Room};
use super::sketch::Sketch;

const WINDOW: usize = 0;
const PROBATION: usize = 1;
const PROTECTED: usize = 2;

pub struct WTinyLfu {
    window_room: u64,
    main_room: u64,
    lists: Lists<3>,
    sketch: Sketch,
}

impl WTinyLfu {
    pub fn boxed(room: Room) -> Box<dyn Policy> {
        let sketch = Sketch::new(room.objects);
        let bytes = room.bytes - sketch.bytes();
        let window_room = bytes / 100;
        Box::new(Self { window_room, main_room: bytes - window_room, lists: Lists::new(room.ids), sketch })
    }

    fn main_bytes(&self) -> u64 {
        self.lists.bytes(PROBATION) + self.lists.bytes(PROTECTED)
    }

    fn touch(&mut self, id: Id, place: usize) {
        self.lists.shift(id, if place == WINDOW { WINDOW } else { PROTECTED });
        while self.lists.bytes(PROTECTED) > self.main_room * 8 / 10 {
            let oldest = self.lists.oldest(PROTECTED).unwrap();
            self.lists.shift(oldest, PROBATION);
        }
    }

    /// What would have to go for these bytes; `None` when it is asked for as often as that much.
    fn victims(&self, needed: u64, candidate: u8) -> Option<Vec<Id>> {
        let (mut free, mut uses) = (self.main_room.saturating_sub(self.main_bytes()), 0);
        let mut victims = Vec::new();
        let mut next = self.lists.oldest(PROBATION).or(self.lists.oldest(PROTECTED));
        while free < needed {
            let victim = next?;
            uses += u32::from(self.sketch.count(victim));
            if uses >= u32::from(candidate) {
                return None;
            }
            free += self.lists.bytes_of(victim);
            victims.push(victim);
            let is_on_probation = self.lists.place(victim) == Some(PROBATION);
            next = self.lists.newer(victim).or_else(|| self.lists.oldest(PROTECTED).filter(|_| is_on_probation));
        }
        Some(victims)
    }

    fn leave_window(&mut self, candidate: Id) {
        let bytes = self.lists.remove(candidate);
        let Some(victims) = self.victims(bytes, self.sketch.count(candidate)) else { return };
        for victim in victims {
            self.lists.remove(victim);
        }
        self.lists.push(PROBATION, candidate, bytes);
    }
}

impl Policy for WTinyLfu {
    fn request(&mut self, id: Id, bytes: u64) -> bool {
        self.sketch.add(id, 1);
        if let Some(place) = self.lists.place(id) {
            self.touch(id, place);
            return true;
        }
        self.lists.push(WINDOW, id, bytes);
        while self.lists.bytes(WINDOW) > self.window_room {
            let oldest = self.lists.oldest(WINDOW).unwrap();
            self.leave_window(oldest);
        }
        false
    }
}
