//! At most so many at a time for each key, in order of their tickets.
//!
//! A key has an entry while somebody is in or queues, and not a moment longer.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

const SHARDS: usize = 16;

/// Lets in at most so many at a time for each key; the others queue.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Doors>);

#[derive(Debug)]
struct Doors {
    shards: [Mutex<HashMap<u128, Door>>; SHARDS],
    most_inside: usize,
    most_queued: usize,
}

/// What stands before one key.
#[derive(Debug, Default)]
struct Door {
    inside: usize,
    /// By ticket, so that who began to wait first is let in first, whoever came to the door first.
    queue: BTreeMap<u64, oneshot::Sender<()>>,
}

/// A place inside, until dropped.
#[derive(Debug)]
pub struct Place {
    doors: Arc<Doors>,
    key: u128,
}

/// One who queues. When dropped it leaves the queue, or the place that it was given in that moment.
struct Queued {
    doors: Arc<Doors>,
    key: u128,
    ticket: u64,
    called: oneshot::Receiver<()>,
    has_ended: bool,
}

enum Arrival {
    In,
    Queued(oneshot::Receiver<()>),
    Full,
}

impl Gate {
    /// At most `most_inside` are in for a key and `most_queued` queue for it.
    #[must_use]
    pub fn new(most_inside: usize, most_queued: usize) -> Self {
        Self(Arc::new(Doors { shards: Default::default(), most_inside, most_queued }))
    }

    /// A place, once one is free and nobody with a lower ticket queues; `None` at once when too many queue.
    /// A ticket is for one arrival alone.
    pub async fn enter(&self, key: u128, ticket: u64) -> Option<Place> {
        let doors = Arc::clone(&self.0);
        match doors.arrive(key, ticket) {
            Arrival::In => Some(Place { doors, key }),
            Arrival::Full => None,
            Arrival::Queued(called) => {
                let mut queued = Queued { doors, key, ticket, called, has_ended: false };
                let called = (&mut queued.called).await;
                queued.has_ended = true;
                called.ok().map(|()| Place { doors: Arc::clone(&queued.doors), key })
            }
        }
    }

    /// How many queue, of all keys.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.0.count(|door| door.queue.len())
    }
}

impl Doors {
    fn arrive(&self, key: u128, ticket: u64) -> Arrival {
        let mut shard = self.shard(key);
        let door = shard.entry(key).or_default();
        if door.inside < self.most_inside {
            door.inside += 1;
            return Arrival::In;
        }
        if door.queue.len() >= self.most_queued {
            return Arrival::Full;
        }
        let (call, called) = oneshot::channel();
        door.queue.insert(ticket, call);
        Arrival::Queued(called)
    }

    /// Gives a place that is free to the next of the queue.
    fn free(&self, key: u128) {
        let mut shard = self.shard(key);
        let Some(door) = shard.get_mut(&key) else { return };
        while let Some((_, next)) = door.queue.pop_first() {
            if next.send(()).is_ok() {
                return;
            }
        }
        door.inside = door.inside.saturating_sub(1);
        if door.inside == 0 {
            shard.remove(&key);
        }
    }

    /// Takes one out of the queue; `false` when it was called already.
    fn leave(&self, key: u128, ticket: u64) -> bool {
        self.shard(key).get_mut(&key).is_some_and(|door| door.queue.remove(&ticket).is_some())
    }

    fn count(&self, of: impl Fn(&Door) -> usize) -> usize {
        let shards = self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shards.map(|shard| shard.values().map(&of).sum::<usize>()).sum()
    }

    fn shard(&self, key: u128) -> MutexGuard<'_, HashMap<u128, Door>> {
        let [first, ..] = &self.shards;
        let place = usize::try_from(key % SHARDS as u128).unwrap_or_default();
        self.shards.get(place).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.doors.free(self.key);
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        if !self.has_ended && !self.doors.leave(self.key, self.ticket) {
            self.doors.free(self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use proptest::prelude::*;

    use super::*;

    type Entering = Pin<Box<dyn Future<Output = Option<Place>>>>;

    /// Comes to the gate and looks whether it is let in.
    fn come(gate: &Gate, key: u128, ticket: u64) -> (Entering, Poll<Option<Place>>) {
        let gate = gate.clone();
        let mut entering: Entering = Box::pin(async move { gate.enter(key, ticket).await });
        let first = poll(&mut entering);
        (entering, first)
    }

    fn poll(entering: &mut Entering) -> Poll<Option<Place>> {
        entering.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    fn is_empty(gate: &Gate) -> bool {
        gate.0.shards.iter().all(|shard| shard.lock().unwrap().is_empty())
    }

    #[test]
    fn so_many_are_let_in_and_the_others_by_ticket() {
        let gate = Gate::new(1, 10);
        let (_, Poll::Ready(Some(first))) = come(&gate, 1, 0) else { panic!("the first is let in") };
        let (mut late, Poll::Pending) = come(&gate, 1, 2) else { panic!("the others queue") };
        let (mut early, Poll::Pending) = come(&gate, 1, 1) else { panic!("the others queue") };
        let (_, Poll::Ready(Some(_))) = come(&gate, 2, 3) else { panic!("another key has its own places") };
        assert_eq!(gate.queued(), 2);
        drop(first);
        assert!(poll(&mut late).is_pending());
        assert!(matches!(poll(&mut early), Poll::Ready(Some(_))));
        assert!(matches!(poll(&mut late), Poll::Ready(Some(_))));
        assert!(is_empty(&gate));
    }

    #[test]
    fn a_place_given_to_one_who_is_gone_goes_to_the_next() {
        let gate = Gate::new(1, 10);
        let (_, Poll::Ready(Some(first))) = come(&gate, 1, 0) else { panic!("the first is let in") };
        let (gone, _) = come(&gate, 1, 1);
        let (mut next, _) = come(&gate, 1, 2);
        drop(first);
        drop(gone);
        assert!(matches!(poll(&mut next), Poll::Ready(Some(_))));
        assert!(is_empty(&gate));
    }

    #[test]
    fn a_full_queue_turns_away() {
        let gate = Gate::new(1, 1);
        let (_, first) = come(&gate, 1, 0);
        let (waits, _) = come(&gate, 1, 1);
        assert!(matches!(come(&gate, 1, 2).1, Poll::Ready(None)));
        drop((first, waits));
        assert!(is_empty(&gate));
    }

    proptest! {
        /// Whoever comes and goes in whatever order: never too many inside, nobody overtaken in the queue,
        /// nothing left behind.
        #[test]
        fn order_and_limit_hold(most in 1_usize..4, moves in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..200)) {
            let gate = Gate::new(most, usize::MAX);
            let (mut inside, mut queue, mut ticket) = (Vec::new(), Vec::<(u64, Entering)>::new(), 0);
            for (comes, which) in moves {
                if comes {
                    match come(&gate, 1, ticket) {
                        (_, Poll::Ready(place)) => inside.push(place.unwrap()),
                        (entering, Poll::Pending) => queue.push((ticket, entering)),
                    }
                    ticket += 1;
                } else if !inside.is_empty() && which.index(2) == 0 {
                    inside.swap_remove(which.index(inside.len()));
                } else if !queue.is_empty() {
                    drop(queue.remove(which.index(queue.len())));
                }
                let mut called = BTreeSet::new();
                queue.retain_mut(|(ticket, entering)| match poll(entering) {
                    Poll::Ready(place) => {
                        called.insert(*ticket);
                        inside.push(place.unwrap());
                        false
                    }
                    Poll::Pending => true,
                });
                prop_assert!(called.last() < queue.first().map(|(ticket, _)| ticket) || queue.is_empty());
                prop_assert!(inside.len() <= most);
                prop_assert!(queue.is_empty() || inside.len() == most);
                prop_assert_eq!(gate.queued(), queue.len());
            }
            drop((inside, queue));
            prop_assert!(is_empty(&gate));
        }
    }
}
