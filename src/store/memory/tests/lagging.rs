//! Bodies that are not kept: how far they run ahead, and who is cut off.

use super::*;

/// Objects of more than 1 MiB are not kept.
const LIMIT: u64 = 16 << 20;
const CHUNK: usize = 64 * 1024;

/// Reads what is there; whether it goes on.
fn drain(reader: &mut BodyReader<Head>) -> (usize, bool) {
    let mut count = 0;
    loop {
        match now(reader.next()) {
            Some(Ok(Some(bytes))) => count += bytes.len(),
            Some(Ok(None) | Err(_)) => return (count, false),
            None => return (count, true),
        }
    }
}

fn unkept(store: &Store) -> super::super::Fill<Head> {
    store.begin_fill(key(1), head(100), Some(1 << 30))
}

#[test]
fn the_writer_waits_for_the_fastest_reader_alone() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let (mut fast, _slow) = (fill.object().reader(None), fill.object().reader(None));
    for _ in 0..3 {
        fill.write(&vec![b'x'; CHUNK]);
    }
    assert_eq!(now(fill.room()), None);
    assert_eq!(drain(&mut fast), (3 * CHUNK, true));
    assert_eq!(now(fill.room()), Some(()));
    drop(fast);
    assert_eq!(now(fill.room()), None);
}

#[tokio::test]
async fn a_reader_that_goes_on_or_away_wakes_the_writer() {
    for goes_away in [false, true] {
        let (store, _) = store(LIMIT);
        let mut fill = unkept(&store);
        let mut reader = fill.object().reader(None);
        for _ in 0..3 {
            fill.write(&vec![b'x'; CHUNK]);
        }
        let waiting = tokio::spawn(async move {
            fill.room().await;
            fill
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        if goes_away {
            drop(reader);
        } else {
            while !waiting.is_finished() {
                assert!(reader.next().await.unwrap().is_some());
                tokio::task::yield_now().await;
            }
        }
        waiting.await.unwrap();
    }
}

#[test]
fn who_falls_far_behind_another_is_cut_off_and_its_memory_given_back() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let (mut fast, mut slow) = (fill.object().reader(None), fill.object().reader(None));
    for _ in 0..64 {
        assert_eq!(now(fill.room()), Some(()));
        fill.write(&vec![b'x'; CHUNK]);
        assert_eq!(drain(&mut fast), (CHUNK, true));
        assert!(store.stats().bytes < 3 << 20);
    }
    assert_eq!(drain(&mut slow), (0, false));
    assert!(store.stats().bytes < 300_000);
    assert_counted(&store);
}

#[test]
fn one_reader_alone_is_never_cut_off() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let mut slow = fill.object().reader(None);
    for _ in 0..40 {
        fill.write(&vec![b'x'; CHUNK]);
    }
    assert_eq!(drain(&mut slow), (40 * CHUNK, true));
}

#[test]
fn without_readers_nothing_is_held_and_the_writer_goes_on() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    for _ in 0..40 {
        fill.write(&vec![b'x'; CHUNK]);
        assert_eq!(now(fill.room()), Some(()));
    }
    assert!(store.stats().bytes < 300_000 && !fill.object().is_wanted());
}

#[test]
fn what_is_read_of_a_removed_object_is_still_counted() {
    let (store, _) = store(LIMIT);
    assert!(put(&store, key(1), b'x', 500_000));
    let mut reader = store.lookup(key(1)).unwrap().reader(None);
    assert!(now(reader.next()).unwrap().unwrap().is_some());
    store.purge(1);
    assert!(store.stats().bytes > 500_000);
    drop(reader);
    assert_eq!(store.stats().bytes, 0);
}
