//! Bodies that are not kept: how far they run ahead, and who is cut off.

use std::future::poll_fn;

use super::super::Room;
use super::*;

/// Objects of more than 1 MiB are not kept.
const LIMIT: u64 = 16 << 20;
const CHUNK: usize = 64 * 1024;

/// Waits as a writer does that lets nobody be cut off because of haste alone.
async fn room(fill: &super::super::Fill<Head>) {
    poll_fn(|context| if fill.room(context.waker()) == Room::Open { Poll::Ready(()) } else { Poll::Pending }).await;
}

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
    assert_eq!(now(room(&fill)), None);
    assert_eq!(drain(&mut fast), (3 * CHUNK, true));
    assert_eq!(now(room(&fill)), Some(()));
    drop(fast);
    assert_eq!(now(room(&fill)), None);
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
            room(&fill).await;
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
        fill.write(&vec![b'x'; CHUNK]);
        assert_eq!(drain(&mut fast), (CHUNK, true));
        assert!(store.stats().bytes < 3 << 20);
    }
    assert_eq!(drain(&mut slow), (0, false));
    assert!(store.stats().bytes < 300_000);
    assert_counted(&store);
}

#[test]
fn one_whose_range_is_to_come_hurries_nobody() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let (mut slow, mut ahead) = (fill.object().reader(None), fill.object().reader(Some(1 << 29..1 << 30)));
    for _ in 0..40 {
        fill.write(&vec![b'x'; CHUNK]);
    }
    assert_eq!(now(room(&fill)), None, "the slow one is waited for");
    assert_eq!((drain(&mut slow), drain(&mut ahead)), ((40 * CHUNK, true), (0, true)));
    drop(slow);
    fill.write(&vec![b'x'; CHUNK]);
    assert_eq!(now(room(&fill)), Some(()), "it is waited for by nobody");
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
        assert_eq!(now(room(&fill)), Some(()));
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

/// Whether the fill may run ahead because of others.
fn has_others_near(fill: &super::super::Fill<Head>) -> bool {
    fill.others().unwrap().room(Waker::noop()) == Room::Open
}

#[test]
fn the_writer_does_not_wait_for_its_own_reader_and_knows_whether_others_are_near() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let own = fill.object().reader(None);
    own.belong_to_writer(true);
    assert!(!has_others_near(&fill), "there are none");
    let mut other = fill.object().reader(None);
    assert!(has_others_near(&fill));
    for _ in 0..3 {
        fill.write(&vec![b'x'; CHUNK]);
    }
    assert_eq!(now(room(&fill)), Some(()));
    assert!(!has_others_near(&fill), "it is far behind");
    assert_eq!(drain(&mut other), (3 * CHUNK, true));
    assert!(has_others_near(&fill));
    drop(other);
    assert!(!has_others_near(&fill));
    own.belong_to_writer(false);
    assert_eq!(now(room(&fill)), None, "another reads it now");
}

#[test]
fn a_body_that_is_kept_may_run_ahead_of_all() {
    let (store, _) = store(LIMIT);
    let mut fill = store.begin_fill(key(1), head(100), None);
    let own = fill.object().reader(None);
    own.belong_to_writer(true);
    fill.write(&vec![b'x'; 4 * CHUNK]);
    assert!(has_others_near(&fill));
    store.purge(1);
    assert!(!has_others_near(&fill), "it is not kept any more");
    drop(fill);
}

#[test]
fn the_writers_own_reader_is_cut_off_like_others_and_then_reads_no_more() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let (mut own, mut fast) = (fill.object().reader(None), fill.object().reader(None));
    own.belong_to_writer(true);
    for _ in 0..64 {
        fill.write(&vec![b'x'; CHUNK]);
        assert_eq!(drain(&mut fast), (CHUNK, true));
    }
    assert!(own.is_cut_off() && !fast.is_cut_off());
    assert_eq!(drain(&mut own), (0, false));
    drop(fast);
    assert!(!fill.object().is_wanted(), "nobody gets anything of it");
}

#[test]
fn a_reader_can_take_a_few_bytes_at_a_time() {
    let (store, _) = store(LIMIT);
    let mut fill = store.begin_fill(key(1), head(100), None);
    let mut reader = fill.object().reader(None);
    assert!(now(reader.next_up_to(1)).is_none());
    fill.write(b"abc");
    assert_eq!(now(reader.next_up_to(1)).unwrap().unwrap().as_deref(), Some(&b"a"[..]));
    assert_eq!(fill.complete(), 3);
    assert_eq!(now(reader.next_up_to(1)).unwrap().unwrap().as_deref(), Some(&b"b"[..]));
    assert_eq!(now(reader.next()).unwrap().unwrap().as_deref(), Some(&b"c"[..]));
    assert_eq!(now(reader.next_up_to(1)).unwrap().unwrap(), None);
}

/// Whom it waits for has so long in all.
const PATIENCE: Duration = Duration::from_secs(2);

#[test]
fn who_would_be_cut_off_is_waited_for_a_moment_in_all() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let (mut fast, mut slow) = (fill.object().reader(None), fill.object().reader(None));
    let run_ahead = |fill: &mut super::super::Fill<Head>, fast: &mut BodyReader<Head>| {
        while fill.room(Waker::noop()) == Room::Open {
            fill.write(&vec![b'x'; CHUNK]);
            assert!(drain(fast).1);
        }
    };
    run_ahead(&mut fill, &mut fast);
    assert_eq!(fill.room(Waker::noop()), Room::Slow(PATIENCE));
    fill.have_waited(PATIENCE / 2);
    assert!(drain(&mut slow).1);
    run_ahead(&mut fill, &mut fast);
    assert_eq!(fill.room(Waker::noop()), Room::Slow(PATIENCE / 2));
    fill.have_waited(PATIENCE / 2);
    assert_eq!(fill.room(Waker::noop()), Room::Open);
    assert!(slow.is_cut_off() && !fast.is_cut_off());
}

#[test]
fn others_wait_for_the_writers_own_reader_in_the_same_way() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let (own, mut fast) = (fill.object().reader(None), fill.object().reader(None));
    own.belong_to_writer(true);
    let others = fill.others().unwrap();
    while others.room(Waker::noop()) == Room::Open {
        fill.write(&vec![b'x'; CHUNK]);
        assert!(drain(&mut fast).1);
    }
    assert_eq!(others.room(Waker::noop()), Room::Slow(PATIENCE));
    assert_eq!(fill.room(Waker::noop()), Room::Open, "the writer itself cannot wait for it");
    others.have_waited(PATIENCE);
    assert!(own.is_cut_off() && others.room(Waker::noop()) == Room::Open);
}

#[test]
fn those_who_are_stuck_one_behind_another_are_waited_for_once() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let mut fast = fill.object().reader(None);
    let mut slow: Vec<_> = (0..4).map(|_| fill.object().reader(None)).collect();
    for (place, reader) in slow.iter_mut().enumerate() {
        fill.write(&vec![b'x'; CHUNK]);
        assert_eq!(drain(reader).0, (place + 1) * CHUNK);
        assert!(drain(&mut fast).1);
    }
    let mut waits = Vec::new();
    while slow.iter().any(|reader| !reader.is_cut_off()) {
        match fill.room(Waker::noop()) {
            Room::Slow(left) => {
                waits.push(left);
                fill.have_waited(left);
            }
            room => {
                assert_eq!(room, Room::Open);
                fill.write(&vec![b'x'; CHUNK]);
                assert!(drain(&mut fast).1);
            }
        }
    }
    assert_eq!(waits, [PATIENCE, Duration::ZERO, Duration::ZERO, Duration::ZERO]);
    assert!(!fast.is_cut_off());
}

/// One that is not stuck before the one before it is cut off has its own time, but all have no more than four times that.
#[test]
fn those_who_get_stuck_one_after_another_are_not_waited_for_endlessly() {
    let (store, _) = store(LIMIT);
    let mut fill = unkept(&store);
    let mut fast = fill.object().reader(None);
    let (mut waited, mut written) = (Duration::ZERO, 0);
    for _ in 0..8 {
        let stuck = fill.object().reader(Some(written..1 << 30));
        while !stuck.is_cut_off() {
            match fill.room(Waker::noop()) {
                Room::Slow(left) => {
                    waited += left;
                    fill.have_waited(left);
                }
                room => {
                    assert_eq!(room, Room::Open);
                    fill.write(&vec![b'x'; CHUNK]);
                    written += CHUNK as u64;
                    assert!(drain(&mut fast).1);
                }
            }
        }
    }
    assert_eq!(waited, 4 * PATIENCE);
    assert!(!fast.is_cut_off());
}
