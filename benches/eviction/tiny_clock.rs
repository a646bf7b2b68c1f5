//! `TinyLFU` without a lock for hits: as in S3-FIFO, a hit sets two bits and nothing changes its place; the sketch gets to
//! know of it when eviction comes by. A window of new objects, and a clock that lets one of them in when it is asked
//! for more often than those that would have to go for it.

use super::lists::{Id, Lists};
use super::policy::{Policy, Room};
use super::sketch::Sketch;

const WINDOW: usize = 0;
const MAIN: usize = 1;
const MAX_USES: u8 = 3;

pub struct TinyClock {
    window_room: u64,
    room: u64,
    lists: Lists<2>,
    uses: Vec<u8>,
    sketch: Sketch,
}

impl TinyClock {
    pub fn boxed(room: Room) -> Box<dyn Policy> {
        Box::new(Self::new(room, 10))
    }

    /// With another part for the window, in percent.
    pub fn new(room: Room, window_percent: u64) -> Self {
        let sketch = Sketch::new(room.objects);
        let bytes = room.bytes - sketch.bytes();
        let window_room = bytes * window_percent / 100;
        Self { window_room, room: bytes, lists: Lists::new(room.ids), uses: vec![0; room.ids], sketch }
    }

    /// Tells the sketch of the uses of an object; whether there were any.
    fn note_uses(&mut self, id: Id) -> bool {
        let uses = std::mem::take(&mut self.uses[id as usize]);
        if uses > 0 {
            self.sketch.add(id, uses);
        }
        uses > 0
    }

    /// The objects of the clock that have to go for these bytes, those used since their last turn spared; `None` when
    /// they are asked for as often as what is to come.
    fn victims(&mut self, needed: u64, candidate: u8) -> Option<Vec<Id>> {
        let (mut freed, mut uses) = (0, 0);
        let mut victims = Vec::new();
        let mut next = self.lists.oldest(MAIN);
        while freed < needed {
            let at = next?;
            next = self.lists.newer(at);
            if self.note_uses(at) {
                self.lists.shift(at, MAIN);
                next = next.or(Some(at));
                continue;
            }
            uses += u32::from(self.sketch.count(at));
            if uses >= u32::from(candidate) {
                return None;
            }
            freed += self.lists.bytes_of(at);
            victims.push(at);
        }
        Some(victims)
    }

    fn leave_window(&mut self, candidate: Id) {
        self.note_uses(candidate);
        let bytes = self.lists.remove(candidate);
        let free = (self.room - self.window_room).saturating_sub(self.lists.bytes(MAIN));
        let count = self.sketch.count(candidate);
        let Some(victims) = self.victims(bytes.saturating_sub(free), count) else { return };
        for victim in victims {
            self.lists.remove(victim);
        }
        self.lists.push(MAIN, candidate, bytes);
    }
}

impl Policy for TinyClock {
    fn request(&mut self, id: Id, bytes: u64) -> bool {
        if self.lists.place(id).is_some() {
            let uses = &mut self.uses[id as usize];
            *uses = (*uses + 1).min(MAX_USES);
            return true;
        }
        self.sketch.add(id, 1);
        self.uses[id as usize] = 0;
        self.lists.push(WINDOW, id, bytes);
        while self.lists.bytes(WINDOW) > self.window_room {
            let oldest = self.lists.oldest(WINDOW).unwrap();
            self.leave_window(oldest);
        }
        false
    }
}
