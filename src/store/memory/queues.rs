//! Who is evicted next: S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction",
//! SOSP 2023).
//!
//! New objects go through a *small* queue, a tenth of the bytes. Those used more than once on the
//! way move on to the *main* queue, the others are evicted, and their key is remembered for a
//! while: if it comes back, it goes to main at once. A scan, that is many objects used once, so
//! flows through the small queue and leaves main alone; this is why it was chosen over LRU, which a
//! scan empties, and over SIEVE, which has no such probation. A hit sets two bits and takes no lock.
//!
//! A queue holds tokens. One whose object is gone already is skipped when its turn comes; when there
//! are many, they are swept.

use std::collections::{HashSet, VecDeque};

use crate::store::Key;

/// The small queue gives way when it has more than one part in so many of all bytes.
const SMALL_SHARE: u64 = 10;
/// More dead tokens than this, and than half of the live ones, are swept.
const DEAD_ALLOWED: usize = 32;

/// The two queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queue {
    Small,
    Main,
}

/// A place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) key: Key,
    pub(super) id: u64,
}

#[derive(Default)]
struct Line {
    tokens: VecDeque<Token>,
    bytes: u64,
}

/// The queues of one shard.
#[derive(Default)]
pub(super) struct Queues {
    small: Line,
    main: Line,
    live: usize,
    evicted_lately: Ghost,
}

impl Queues {
    /// Lines up a new object; tells where.
    pub(super) fn insert(&mut self, token: Token, bytes: u64) -> Queue {
        let queue = if self.evicted_lately.take(token.key) { Queue::Main } else { Queue::Small };
        self.push(queue, token, bytes);
        queue
    }

    /// Puts a token at the end of a queue.
    pub(super) fn push(&mut self, queue: Queue, token: Token, bytes: u64) {
        let line = self.line(queue);
        line.tokens.push_back(token);
        line.bytes += bytes;
        self.live += 1;
    }

    /// The token whose turn it is, dead or alive; a live one must be told by
    /// [`leave`](Self::leave).
    pub(super) fn pop(&mut self) -> Option<(Queue, Token)> {
        let small_is_large = self.small.bytes * SMALL_SHARE > self.small.bytes + self.main.bytes;
        let first = if small_is_large { Queue::Small } else { Queue::Main };
        let second = if small_is_large { Queue::Main } else { Queue::Small };
        [first, second].into_iter().find_map(|queue| Some((queue, self.line(queue).tokens.pop_front()?)))
    }

    /// An object has left its queue.
    pub(super) fn leave(&mut self, queue: Queue, bytes: u64) {
        self.line(queue).bytes -= bytes;
        self.live -= 1;
    }

    /// An object in this queue has grown or shrunk.
    pub(super) fn resize(&mut self, queue: Queue, old_bytes: u64, new_bytes: u64) {
        let line = self.line(queue);
        line.bytes = line.bytes - old_bytes + new_bytes;
    }

    /// Remembers the key of an object that was evicted from the small queue.
    pub(super) fn remember(&mut self, key: Key) {
        self.evicted_lately.put(key, self.live);
    }

    /// Whether there are so many dead tokens that they should be swept.
    pub(super) fn wants_sweep(&self) -> bool {
        let dead = (self.small.tokens.len() + self.main.tokens.len()).saturating_sub(self.live);
        dead > DEAD_ALLOWED.max(self.live / 2)
    }

    /// Drops the tokens that are not alive.
    pub(super) fn sweep(&mut self, is_alive: impl Fn(&Token) -> bool) {
        for line in [&mut self.small, &mut self.main] {
            line.tokens.retain(&is_alive);
            line.tokens.shrink_to(line.tokens.len() * 2);
        }
    }

    fn line(&mut self, queue: Queue) -> &mut Line {
        match queue {
            Queue::Small => &mut self.small,
            Queue::Main => &mut self.main,
        }
    }
}

/// Keys evicted lately, as many as there are objects, by 64 bits of each.
#[derive(Default)]
struct Ghost {
    order: VecDeque<u64>,
    known: HashSet<u64>,
}

impl Ghost {
    fn put(&mut self, key: Key, at_most: usize) {
        if self.known.insert(fingerprint(key)) {
            self.order.push_back(fingerprint(key));
        }
        while self.order.len() > at_most {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    fn take(&mut self, key: Key) -> bool {
        self.known.remove(&fingerprint(key))
    }
}

fn fingerprint(key: Key) -> u64 {
    let folded = key.primary ^ key.variant.rotate_left(1) ^ key.part.rotate_left(2);
    let folded = (folded ^ (folded >> 64)) & u128::from(u64::MAX);
    u64::try_from(folded).unwrap_or_default()
}
