//! Many threads at once.

use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;

const LIMIT: u64 = 600_000;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn churn(store: &Store, seed: u64) {
    let mut numbers = Numbers(seed);
    for _ in 0..4_000 {
        let key = Key { primary: numbers.below(60).into(), part: 0, variant: numbers.below(3).into() };
        match numbers.below(12) {
            0 => drop(store.purge(key.primary)),
            1 => drop(store.remove(key)),
            2 => replace_head(store, key, usize::try_from(numbers.below(3_000)).unwrap()),
            3 => store.set_limit(LIMIT / 2 + numbers.below(LIMIT / 2)),
            4..8 => look(store, key),
            _ => fill(store, key, &mut numbers),
        }
    }
}

fn replace_head(store: &Store, key: Key, bytes: usize) {
    if let Some(object) = store.lookup(key) {
        let _ = store.replace_head(key, object.id(), head(bytes));
    }
}

fn fill(store: &Store, key: Key, numbers: &mut Numbers) {
    let mut fill = store.begin_fill(key, head(200), None);
    let byte = fill.object().id().to_le_bytes()[0];
    for _ in 0..numbers.below(6) {
        fill.write(&vec![byte; usize::try_from(numbers.below(8_000)).unwrap()]);
    }
    if numbers.below(8) > 0 {
        let _ = fill.complete();
    }
}

fn look(store: &Store, key: Key) {
    let Some(object) = store.lookup(key) else { return };
    let byte = object.id().to_le_bytes()[0];
    let mut reader = object.reader(None);
    while let Some(Ok(Some(bytes))) = now(reader.next()) {
        assert!(bytes.iter().all(|found| *found == byte));
    }
}

#[test]
fn the_limit_holds_at_every_moment_and_the_count_is_right_in_the_end() {
    let (store, _) = store(LIMIT);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..6)
            .map(|seed| {
                scope.spawn({
                    let store = store.clone();
                    move || churn(&store, seed)
                })
            })
            .collect();
        let watcher = scope.spawn(|| {
            let mut most = 0;
            while !done.load(Ordering::SeqCst) {
                most = most.max(store.stats().bytes);
                thread::yield_now();
            }
            most
        });
        for worker in workers {
            worker.join().unwrap();
        }
        done.store(true, Ordering::SeqCst);
        assert!(watcher.join().unwrap() <= LIMIT);
    });
    assert_counted(&store);
    assert_eq!(store.stats().fills, 0);
    for primary in 0..60 {
        store.purge(primary);
    }
    assert_eq!((store.stats().bytes, store.stats().objects), (0, 0));
}

#[test]
fn a_purge_beats_every_fill_that_began_before_it() {
    let (store, _) = store(LIMIT);
    for _ in 0..500 {
        let mut fill = store.begin_fill(key(1), head(100), None);
        fill.write(b"old");
        let barrier = std::sync::Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                let _ = fill.complete();
            });
            barrier.wait();
            store.purge(1);
        });
        assert!(store.lookup(key(1)).is_none());
    }
}
