//! Queues of objects, linked through one table: an object is in one of them or in none.

/// An object by its number in the trace.
pub type Id = u32;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Node {
    newer: Id,
    older: Id,
    bytes: u32,
    list: u32,
}

#[derive(Clone, Copy)]
struct Ends {
    newest: Id,
    oldest: Id,
    bytes: u64,
    len: u64,
}

/// `N` queues over the objects of a trace.
pub struct Lists<const N: usize> {
    nodes: Vec<Node>,
    ends: [Ends; N],
}

impl<const N: usize> Lists<N> {
    pub fn new(ids: usize) -> Self {
        let nowhere = Node { newer: NONE, older: NONE, bytes: 0, list: NONE };
        let empty = Ends { newest: NONE, oldest: NONE, bytes: 0, len: 0 };
        Self { nodes: vec![nowhere; ids], ends: [empty; N] }
    }

    /// The queue that an object is in.
    pub fn place(&self, id: Id) -> Option<usize> {
        let list = self.nodes[id as usize].list;
        (list != NONE).then_some(list as usize)
    }

    /// Puts an object that is in no queue at the end of one.
    pub fn push(&mut self, list: usize, id: Id, bytes: u64) {
        let ends = &mut self.ends[list];
        let older = std::mem::replace(&mut ends.newest, id);
        ends.bytes += bytes;
        ends.len += 1;
        if older == NONE {
            ends.oldest = id;
        } else {
            self.nodes[older as usize].newer = id;
        }
        let bytes = u32::try_from(bytes).unwrap();
        self.nodes[id as usize] = Node { newer: NONE, older, bytes, list: u32::try_from(list).unwrap() };
    }

    /// Takes an object out of its queue; gives its bytes.
    pub fn remove(&mut self, id: Id) -> u64 {
        let Node { newer, older, bytes, list } = self.nodes[id as usize];
        let ends = &mut self.ends[list as usize];
        ends.bytes -= u64::from(bytes);
        ends.len -= 1;
        if newer == NONE {
            ends.newest = older;
        } else {
            self.nodes[newer as usize].older = older;
        }
        let ends = &mut self.ends[list as usize];
        if older == NONE {
            ends.oldest = newer;
        } else {
            self.nodes[older as usize].newer = newer;
        }
        self.nodes[id as usize].list = NONE;
        u64::from(bytes)
    }

    /// Takes an object out of its queue and puts it at the end of another, or of the same.
    pub fn shift(&mut self, id: Id, to: usize) {
        let bytes = self.remove(id);
        self.push(to, id, bytes);
    }

    pub fn oldest(&self, list: usize) -> Option<Id> {
        some(self.ends[list].oldest)
    }

    /// The one that was pushed next after this one.
    pub fn newer(&self, id: Id) -> Option<Id> {
        some(self.nodes[id as usize].newer)
    }

    /// The bytes of one object.
    pub fn bytes_of(&self, id: Id) -> u64 {
        u64::from(self.nodes[id as usize].bytes)
    }

    /// The bytes of all objects in a queue.
    pub fn bytes(&self, list: usize) -> u64 {
        self.ends[list].bytes
    }

    /// How many objects are in a queue.
    pub fn len(&self, list: usize) -> u64 {
        self.ends[list].len
    }
}

fn some(id: Id) -> Option<Id> {
    (id != NONE).then_some(id)
}
