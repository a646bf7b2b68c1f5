//! Writers, readers, purges and eviction in every order that a scheduler thinks of: thousands of runs, each
//! with another order of the steps at locks and counters, and each told by a number with which it can be run
//! again.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shuttle::future::block_on;
use shuttle::thread;

use super::{Aborted, BodyReader, Fill, MemoryStore, Object, Others, Room};
use crate::store::{Key, StoredHead};

const RUNS: usize = 2_000;

struct Head {
    groups: Vec<u64>,
    is_expired: bool,
}

impl StoredHead for Head {
    fn size_bytes(&self) -> usize {
        100
    }

    fn useless_after(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1)
    }

    fn expired(&self, _at: SystemTime) -> Self {
        Self { groups: self.groups.clone(), is_expired: true }
    }

    fn groups(&self) -> Vec<u64> {
        self.groups.clone()
    }
}

type Store = MemoryStore<Head>;

fn head() -> Head {
    Head { groups: vec![7], is_expired: false }
}

fn key(primary: u128) -> Key {
    Key::first(primary)
}

fn store(limit_bytes: u64) -> Store {
    MemoryStore::with_clock(limit_bytes, || UNIX_EPOCH)
}

/// Runs it again and again, each time in another order.
fn in_every_order(run: impl Fn() + Send + Sync + 'static) {
    let run = Arc::new(run);
    let again = Arc::clone(&run);
    shuttle::check_random(move || run(), RUNS);
    shuttle::check_pct(move || again(), RUNS, 3);
}

fn read(object: &Arc<Object<Head>>) -> Result<Vec<u8>, Aborted> {
    read_to_end(object.reader(None))
}

fn read_to_end(mut reader: BodyReader<Head>) -> Result<Vec<u8>, Aborted> {
    block_on(async move {
        let mut all = Vec::new();
        while let Some(bytes) = reader.next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    })
}

fn put(store: &Store, key: Key, body: &[u8]) -> u64 {
    let mut fill = store.begin_fill(key, head(), None);
    fill.write(body);
    fill.complete()
}

/// Nothing is left of what the store counted.
fn assert_empty_after_purge(store: &Store) {
    for primary in 0..4 {
        store.purge(primary);
    }
    store.purge_group(7);
    store.sweep();
    let stats = store.stats();
    assert_eq!((stats.objects, stats.fills, stats.bytes), (0, 0, 0), "{stats:?}");
}

#[test]
fn readers_get_the_whole_body_or_an_error() {
    in_every_order(|| {
        let store = store(1 << 20);
        let mut fill = store.begin_fill(key(1), head(), None);
        let object = Arc::clone(fill.object());
        let early = thread::spawn({
            let object = Arc::clone(&object);
            move || read(&object)
        });
        let late = thread::spawn({
            let store = store.clone();
            move || store.lookup(key(1)).map(|object| read(&object))
        });
        let purge = thread::spawn({
            let store = store.clone();
            move || store.purge(1)
        });
        fill.write(b"one ");
        fill.write(b"two");
        let _ = fill.complete();
        purge.join().unwrap();
        // Entered late, it may find the start gone, when a purge has come before.
        assert!(matches!(early.join().unwrap().as_deref(), Ok(b"one two") | Err(Aborted)));
        assert!(matches!(late.join().unwrap().as_ref().map(Result::as_deref), None | Some(Ok(b"one two") | Err(_))));
        drop(object);
        assert_empty_after_purge(&store);
    });
}

#[test]
fn who_opens_what_was_found_gets_all_of_it_whatever_is_purged_between() {
    in_every_order(|| {
        let store = store(1 << 20);
        let mut fill = store.begin_fill(key(1), head(), None);
        let late = thread::spawn({
            let store = store.clone();
            move || store.lookup(key(1)).and_then(|object| object.open(None)).map(read_to_end)
        });
        let purge = thread::spawn({
            let store = store.clone();
            move || store.purge(1)
        });
        fill.write(b"one ");
        fill.write(b"two");
        let _ = fill.complete();
        purge.join().unwrap();
        assert!(matches!(late.join().unwrap().as_ref().map(Result::as_deref), None | Some(Ok(b"one two"))));
        assert_empty_after_purge(&store);
    });
}

#[test]
fn a_reader_that_was_there_from_the_start_gets_all_of_it_whatever_is_purged() {
    in_every_order(|| {
        let store = store(1 << 20);
        let mut fill = store.begin_fill(key(1), head(), None);
        let mut reader = fill.object().reader(None);
        let reading = thread::spawn(move || {
            block_on(async move {
                let mut all = Vec::new();
                while let Some(bytes) = reader.next().await.unwrap() {
                    all.extend_from_slice(&bytes);
                }
                all
            })
        });
        let purge = thread::spawn({
            let store = store.clone();
            move || store.purge(1)
        });
        fill.write(b"one ");
        fill.write(b"two");
        let _ = fill.complete();
        assert_eq!(reading.join().unwrap(), b"one two");
        purge.join().unwrap();
        assert!(store.lookup(key(1)).is_none());
        assert_empty_after_purge(&store);
    });
}

#[test]
fn a_broken_fill_is_an_error_to_all_and_not_found_afterwards() {
    in_every_order(|| {
        let store = store(1 << 20);
        let mut fill = store.begin_fill(key(1), head(), None);
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let object = Arc::clone(fill.object());
                thread::spawn(move || read(&object))
            })
            .collect();
        fill.write(b"half");
        drop(fill);
        for reader in readers {
            assert_eq!(reader.join().unwrap(), Err(Aborted));
        }
        assert!(store.lookup(key(1)).is_none());
        assert_empty_after_purge(&store);
    });
}

#[test]
fn what_was_asked_for_before_a_purge_does_not_come_back() {
    in_every_order(|| {
        let store = store(1 << 20);
        let intent = store.intend(1);
        let filling = thread::spawn({
            let store = store.clone();
            move || {
                let mut fill = intent.begin_fill(key(1), head(), None);
                fill.write(b"old");
                let _ = fill.complete();
                drop(store);
            }
        });
        let purge = thread::spawn({
            let store = store.clone();
            move || {
                store.purge(1);
                store.lookup(key(1)).is_none()
            }
        });
        assert!(purge.join().unwrap());
        filling.join().unwrap();
        assert!(store.lookup(key(1)).is_none());
        assert_empty_after_purge(&store);
    });
}

#[test]
fn what_was_asked_for_before_its_group_was_purged_does_not_come_back() {
    in_every_order(|| {
        let store = store(1 << 20);
        assert_eq!(put(&store, key(2), b"kept"), 4);
        let intent = store.intend(1);
        let filling = thread::spawn(move || {
            let mut fill = intent.begin_fill(key(1), head(), None);
            fill.write(b"old");
            let _ = fill.complete();
        });
        let looking = thread::spawn({
            let store = store.clone();
            move || drop(store.lookup(key(2)))
        });
        let other = thread::spawn({
            let store = store.clone();
            move || store.purge_group(8)
        });
        store.purge_group(7);
        assert!(store.lookup(key(2)).is_none());
        for thread in [filling, looking, other] {
            thread.join().unwrap();
        }
        assert!(store.lookup(key(1)).is_none() && store.lookup(key(2)).is_none());
        assert_empty_after_purge(&store);
    });
}

#[test]
fn what_was_asked_for_before_a_soft_purge_is_stale_or_not_stored() {
    in_every_order(|| {
        let store = store(1 << 20);
        let intent = store.intend(1);
        let filling = thread::spawn(move || {
            let mut fill = intent.begin_fill(key(1), head(), None);
            fill.write(b"old");
            let _ = fill.complete();
        });
        store.expire(1);
        filling.join().unwrap();
        assert!(store.lookup(key(1)).is_none_or(|object| object.head().is_expired));
        assert_empty_after_purge(&store);
    });
}

#[test]
fn the_count_is_right_after_eviction_limits_and_overtaking() {
    in_every_order(|| {
        let store = store(60_000);
        let threads: Vec<_> = (0..3_u8)
            .map(|thread| {
                let store = store.clone();
                thread::spawn(move || {
                    for round in 0..3_u8 {
                        let _ = put(&store, key(u128::from(round % 2)), &[thread; 3_000]);
                        if let Some(object) = store.lookup(key(u128::from(thread % 2))) {
                            let body = read(&object).unwrap_or_default();
                            assert!(body.windows(2).all(|pair| pair.first() == pair.last()));
                            let _ = store.replace_head(key(u128::from(thread % 2)), object.id(), head());
                        }
                    }
                })
            })
            .collect();
        store.set_limit(8_000);
        store.set_limit(50_000);
        for thread in threads {
            thread.join().unwrap();
        }
        let stats = store.stats();
        assert!(stats.bytes <= 50_000 + stats.index_bytes, "{stats:?}");
        assert_empty_after_purge(&store);
    });
}

async fn room(fill: &Fill<Head>) {
    poll_fn(|context| if fill.room(context.waker()) == Room::Far { Poll::Pending } else { Poll::Ready(()) }).await;
}

#[test]
fn a_writer_that_waits_for_room_is_woken() {
    in_every_order(|| {
        let store = store(1 << 20);
        let mut fill = store.begin_fill(key(1), head(), Some(1 << 20));
        let mut readers: Vec<_> = (0..2).map(|_| fill.object().reader(None)).collect();
        let leaves = readers.pop();
        let reading = thread::spawn(move || {
            block_on(async move {
                let mut count = 0;
                for reader in &mut readers {
                    while let Ok(Some(bytes)) = reader.next().await {
                        count += bytes.len();
                    }
                }
                count
            })
        });
        let leaving = thread::spawn(move || drop(leaves));
        for _ in 0..3 {
            fill.write(&[b'x'; 100_000]);
            block_on(room(&fill));
        }
        drop(fill);
        leaving.join().unwrap();
        assert_eq!(reading.join().unwrap(), 300_000);
        assert_empty_after_purge(&store);
    });
}

/// As a client's connection waits that nothing can be sent on: for others to come near, or for the end.
async fn wait_for_others(others: &Others<Head>) {
    poll_fn(|context| if others.room(context.waker()) == Room::Far { Poll::Pending } else { Poll::Ready(()) }).await;
}

#[test]
fn a_writer_that_is_held_is_woken_when_another_reader_comes_or_goes_on() {
    in_every_order(|| {
        let store = store(1 << 20);
        let mut fill = store.begin_fill(key(1), head(), Some(1 << 20));
        let own = fill.object().reader(None);
        own.belong_to_writer(true);
        let object = Arc::clone(fill.object());
        let reading = thread::spawn(move || read(&object));
        let others = fill.others().unwrap();
        for _ in 0..3 {
            // It would wait for ever if it were not woken.
            block_on(wait_for_others(&others));
            fill.write(&[b'x'; 100_000]);
        }
        drop((own, others, fill));
        assert_eq!(reading.join().unwrap(), Err(Aborted));
        assert_empty_after_purge(&store);
    });
}

#[test]
fn a_writer_whose_own_reader_goes_waits_for_the_others_and_is_woken() {
    in_every_order(|| {
        let store = store(1 << 20);
        let mut fill = store.begin_fill(key(1), head(), Some(1 << 20));
        let own = fill.object().reader(None);
        own.belong_to_writer(true);
        let mut other = fill.object().reader(None);
        let reading = thread::spawn(move || {
            block_on(async move {
                let mut count = 0;
                while let Ok(Some(bytes)) = other.next().await {
                    count += bytes.len();
                }
                count
            })
        });
        let purge = thread::spawn({
            let store = store.clone();
            move || store.purge(1)
        });
        fill.write(&[b'x'; 200_000]);
        block_on(room(&fill));
        drop(own);
        for _ in 0..2 {
            block_on(room(&fill));
            fill.write(&[b'x'; 100_000]);
        }
        drop(fill);
        purge.join().unwrap();
        assert_eq!(reading.join().unwrap(), 400_000);
        assert_empty_after_purge(&store);
    });
}

#[test]
fn a_slice_that_is_handed_over_is_read_in_another_task() {
    in_every_order(|| {
        let store = store(1 << 20);
        let mut fill = store.begin_fill(key(1), head(), Some(1 << 20));
        let mut handed = fill.object().reader(None);
        handed.belong_to_writer(true);
        let reading = thread::spawn(move || {
            handed.belong_to_writer(false);
            block_on(async move {
                let mut count = 0;
                while let Ok(Some(bytes)) = handed.next().await {
                    count += bytes.len();
                }
                count
            })
        });
        for _ in 0..3 {
            block_on(room(&fill));
            fill.write(&[b'x'; 100_000]);
        }
        drop(fill);
        assert_eq!(reading.join().unwrap(), 300_000);
        assert_empty_after_purge(&store);
    });
}
