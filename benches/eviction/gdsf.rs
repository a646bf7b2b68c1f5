//! GDSF (Cherkasova, 1998): small objects that are used often stay, whatever a large one is worth. It shows what a policy
//! that looks at sizes can gain in hits and loses in bytes.

use std::collections::BTreeSet;

use super::lists::Id;
use super::policy::{Policy, Room};

/// Priorities are whole numbers: uses times this, by bytes.
const SCALE: u64 = 1 << 40;

#[derive(Clone, Copy, Default)]
struct Entry {
    priority: u64,
    bytes: u64,
    uses: u64,
}

pub struct Gdsf {
    room: u64,
    used_bytes: u64,
    /// The priority of what went last; what comes later starts from there.
    age: u64,
    entries: Vec<Entry>,
    order: BTreeSet<(u64, Id)>,
}

impl Gdsf {
    pub fn boxed(room: Room) -> Box<dyn Policy> {
        let entries = vec![Entry::default(); room.ids];
        Box::new(Self { room: room.bytes, used_bytes: 0, age: 0, entries, order: BTreeSet::new() })
    }

    fn place(&mut self, id: Id) {
        let entry = &mut self.entries[id as usize];
        entry.uses += 1;
        entry.priority = self.age + entry.uses * SCALE / entry.bytes;
        self.order.insert((entry.priority, id));
    }
}

impl Policy for Gdsf {
    fn request(&mut self, id: Id, bytes: u64) -> bool {
        let Entry { priority, uses, .. } = self.entries[id as usize];
        if uses > 0 {
            self.order.remove(&(priority, id));
            self.place(id);
            return true;
        }
        while self.used_bytes + bytes > self.room {
            let (priority, gone) = self.order.pop_first().unwrap();
            self.age = priority;
            self.used_bytes -= std::mem::take(&mut self.entries[gone as usize]).bytes;
        }
        self.used_bytes += bytes;
        self.entries[id as usize].bytes = bytes;
        self.place(id);
        false
    }
}
