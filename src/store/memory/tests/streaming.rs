//! Readers, fills, and how bodies end.

use super::*;

const MIB: u64 = 1 << 20;

use Seen::{Ended, Waits, WasAborted};

fn text(text: &str) -> Seen {
    Seen::Text(text.to_owned())
}

#[test]
fn a_fill_is_found_at_once_and_read_at_each_reader_s_own_pace() {
    let (store, _) = store(MIB);
    let mut fill = store.begin_fill(key(1), head(100), None);
    let object = store.lookup(key(1)).unwrap();
    assert_eq!(object.id(), fill.object().id());

    let (mut eager, mut slow) = (object.reader(None), object.reader(None));
    assert_eq!(next(&mut eager), Waits);
    fill.write(b"one ");
    assert_eq!(next(&mut eager), text("one "));
    assert_eq!(next(&mut eager), Waits);
    fill.write(b"two ");
    fill.write(b"three");
    assert_eq!(next(&mut eager), text("two three"));
    assert_eq!((object.len(), fill.complete(), object.len()), (None, 13, Some(13)));

    assert_eq!(next(&mut eager), Ended);
    assert_eq!(next(&mut slow), text("one two three"));
    assert_eq!((next(&mut slow), next(&mut slow)), (Ended, Ended));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn waiting_readers_are_woken_for_every_byte() {
    let (store, _) = store(64 * MIB);
    let mut fill = store.begin_fill(key(1), head(100), None);
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let mut reader = fill.object().reader(None);
            tokio::spawn(async move {
                let mut all = Vec::new();
                while let Some(bytes) = reader.next().await.unwrap() {
                    all.extend_from_slice(&bytes);
                    tokio::task::yield_now().await;
                }
                all
            })
        })
        .collect();
    let expected: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    for chunk in expected.chunks(37) {
        fill.write(chunk);
        tokio::task::yield_now().await;
    }
    assert_eq!(fill.complete(), 100_000);
    for reader in readers {
        assert!(reader.await.unwrap() == expected);
    }
    assert_counted(&store);
}

#[test]
fn ranges_are_cut_off_at_the_end() {
    let (store, _) = store(MIB);
    let mut fill = store.begin_fill(key(1), head(100), None);
    fill.write(b"0123456789");
    let object = Arc::clone(fill.object());
    let ranged = |range| object.reader(Some(range));

    let mut inside = ranged(2..5);
    let mut across = ranged(8..20);
    let mut beyond = ranged(15..20);
    assert_eq!((next(&mut inside), next(&mut inside)), (text("234"), Ended));
    assert_eq!((next(&mut across), next(&mut across)), (text("89"), Waits));
    assert_eq!(next(&mut beyond), Waits);
    assert_eq!(fill.complete(), 10);
    assert_eq!((next(&mut across), next(&mut beyond), next(&mut ranged(3..3))), (Ended, Ended, Ended));
}

#[test]
fn an_aborted_fill_is_an_error_to_every_reader_and_gone() {
    let (store, _) = store(MIB);
    let mut fill = store.begin_fill(key(1), head(100), None);
    let object = Arc::clone(fill.object());
    let (mut waiting, mut behind) = (object.reader(None), object.reader(None));
    fill.write(b"half");
    assert_eq!(next(&mut waiting), text("half"));
    drop(fill);

    assert_eq!(next(&mut waiting), WasAborted);
    assert_eq!((next(&mut behind), next(&mut behind)), (text("half"), WasAborted));
    assert_eq!((next(&mut object.reader(None)), object.len()), (WasAborted, None));
    assert!(store.lookup(key(1)).is_none());
    assert_eq!((store.stats().objects, store.stats().fills), (0, 0));
    drop((waiting, behind, object));
    assert_eq!(store.stats().bytes, 0);
}

#[test]
fn another_length_than_expected_is_an_abort() {
    for expected in [3, 5] {
        let (store, _) = store(MIB);
        let mut fill = store.begin_fill(key(1), head(100), Some(expected));
        let mut reader = fill.object().reader(None);
        fill.write(b"four");
        assert_eq!(fill.complete(), 0);
        assert_eq!((next(&mut reader), next(&mut reader)), (text("four"), WasAborted));
        assert!(store.lookup(key(1)).is_none());
    }
}

#[test]
fn an_empty_body_is_kept() {
    let (store, _) = store(MIB);
    assert_eq!(store.begin_fill(key(1), head(100), Some(0)).complete(), 0);
    let object = store.lookup(key(1)).unwrap();
    assert!(object.is_empty());
    assert_eq!(next(&mut object.reader(None)), Ended);
}

#[test]
fn what_is_purged_during_its_fill_goes_on_but_does_not_come_back() {
    let (store, _) = store(MIB);
    let mut fill = store.begin_fill(key(1), head(100), None);
    let mut reader = fill.object().reader(None);
    fill.write(b"one ");
    assert_eq!(store.purge(1), 1);
    assert!(store.lookup(key(1)).is_none());
    assert_eq!(store.lookup_fill(key(1), fill.object().id()).unwrap().id(), fill.object().id());
    fill.write(b"two");
    assert_eq!(next(&mut reader), text("one two"));
    assert_eq!(fill.complete(), 0);
    assert_eq!(next(&mut reader), Ended);
    assert!(store.lookup(key(1)).is_none());
    drop(reader);
    assert_eq!((store.stats().bytes, store.stats().fills, store.stats().purged), (0, 0, 1));
}

#[test]
fn a_fill_that_began_after_the_purge_is_kept() {
    let (store, _) = store(MIB);
    let old = store.begin_fill(key(1), head(100), None);
    store.purge(1);
    let mut new = store.begin_fill(key(1), head(100), None);
    new.write(b"new");
    assert_eq!(new.complete(), 3);
    assert_eq!(old.complete(), 0);
    assert_eq!(read_all(&store.lookup(key(1)).unwrap()), b"new");
}

#[test]
fn purging_takes_every_variant_and_no_other_key() {
    let (store, _) = store(MIB);
    for variant in 0..3 {
        assert!(put(&store, Key { primary: 1, part: 0, variant }, b'x', 10));
    }
    assert!(put(&store, Key { primary: 1, part: 0, variant: u128::MAX }, b'x', 10));
    assert!(put(&store, key(2), b'x', 10));
    assert_eq!((store.purge(1), store.purge(1), store.stats().objects), (4, 0, 1));
    assert!(store.lookup(key(2)).is_some());
    assert_eq!((store.remove(key(2)), store.remove(key(2)), store.stats().bytes), (true, false, 0));
}

#[test]
fn the_old_object_stays_until_the_new_one_is_complete() {
    let (store, _) = store(MIB);
    assert!(put(&store, key(1), b'a', 3));
    let mut second = store.begin_fill(key(1), head(100), None);
    assert_eq!(store.lookup(key(1)).unwrap().id(), second.object().id());
    second.write(b"b");
    drop(second);
    assert_eq!(read_all(&store.lookup(key(1)).unwrap()), b"aaa");
    assert!(put(&store, key(1), b'c', 3));
    assert_eq!((read_all(&store.lookup(key(1)).unwrap()), store.stats().objects), (b"ccc".to_vec(), 1));
    assert_counted(&store);
}

#[test]
fn a_later_fill_overtakes_an_earlier_one() {
    let (store, _) = store(MIB);
    let mut early = store.begin_fill(key(1), head(100), None);
    let mut late = store.begin_fill(key(1), head(100), None);
    let mut reader = early.object().reader(None);
    early.write(b"early");
    late.write(b"late");
    assert_eq!((late.complete(), early.complete()), (4, 0));
    assert_eq!(read_all(&store.lookup(key(1)).unwrap()), b"late");
    assert_eq!((next(&mut reader), next(&mut reader)), (text("early"), Ended));
    drop(reader);
    assert_counted(&store);
}

#[test]
fn a_replaced_head_is_seen_by_later_lookups_only() {
    let (store, _) = store(MIB);
    assert!(!store.replace_head(key(1), 1, head(1)));
    assert!(put(&store, key(1), b'a', 3));
    let object = store.lookup(key(1)).unwrap();
    let before = object.head();
    let bytes = store.stats().bytes;
    assert!(store.replace_head(key(1), object.id(), head(150)));
    assert_eq!((before.bytes, store.lookup(key(1)).unwrap().head().bytes), (100, 150));
    assert_eq!(store.stats().bytes, bytes + 50);
    assert_counted(&store);
}

#[test]
fn a_head_is_not_put_on_the_body_of_another_object() {
    let (store, _) = store(MIB);
    assert!(put(&store, key(1), b'a', 3));
    let validated = store.lookup(key(1)).unwrap().id();
    assert!(put(&store, key(1), b'b', 5));
    assert!(!store.replace_head(key(1), validated, head(150)));
    assert_eq!(store.lookup(key(1)).unwrap().head().bytes, 100);
    assert_counted(&store);
}

#[test]
fn what_was_intended_before_the_purge_is_not_kept() {
    let (store, _) = store(MIB);
    let (early, other) = (store.intend(1), store.intend(2));
    store.purge(1);
    let late = store.intend(1);
    for (intent, kept) in [(&early, 0), (&late, 1), (&other, 1), (&early, 0)] {
        let mut fill = intent.begin_fill(key(7), head(100), None);
        fill.write(b"x");
        let mut reader = fill.object().reader(None);
        assert_eq!((fill.is_kept(), next(&mut reader)), (kept == 1, text("x")));
        assert_eq!(fill.complete(), kept);
    }
    assert_eq!(store.stats().objects, 2);
    assert_counted(&store);
}

#[test]
fn one_intent_may_fill_several_variants() {
    let (store, _) = store(MIB);
    let intent = store.intend(1);
    assert!((0..3).all(|variant| intent.begin_fill(Key { variant, ..key(1) }, head(100), None).is_kept()));
    drop(intent);
    assert_eq!(store.purge(1), 0);
}

#[test]
fn what_is_of_no_more_use_is_dropped_on_lookup() {
    let (store, clock) = store(MIB);
    assert_eq!(store.begin_fill(key(1), head_until(100, 10), Some(0)).complete(), 0);
    let filling = store.begin_fill(key(1), head_until(100, 20), None);
    clock.store(10, Ordering::SeqCst);
    assert_eq!(store.stats().objects, 1);
    clock.store(20, Ordering::SeqCst);
    assert!(store.lookup(key(1)).is_some());
    clock.store(21, Ordering::SeqCst);
    assert!(store.lookup(key(1)).is_none());
    assert_eq!((store.stats().objects, filling.is_kept()), (0, true));
    assert_eq!((filling.complete(), store.stats().bytes), (0, 0));
}

#[test]
fn what_is_too_large_streams_on_unkept_and_is_forgotten_behind_its_readers() {
    let (store, _) = store(MIB);
    let mut fill = store.begin_fill(key(1), head(100), None);
    let object = Arc::clone(fill.object());
    let mut reader = object.reader(None);
    let mut read = 0;
    for _ in 0..64 {
        fill.write(&[b'x'; 16 * 1024]);
        while let Some(Ok(Some(bytes))) = now(reader.next()) {
            read += bytes.len();
        }
        assert_counted(&store);
    }
    assert!(!fill.is_kept() && store.lookup(key(1)).is_none());
    assert!(object.charged() < 256 * 1024 && store.stats().bytes < 300 * 1024);
    assert_eq!(next(&mut object.reader(None)), WasAborted);
    assert_eq!((fill.complete(), read), (0, 1 << 20));
    assert_eq!(next(&mut reader), Ended);
}

#[test]
fn what_is_known_to_be_too_large_is_not_kept_from_the_start() {
    let (store, _) = store(MIB);
    let mut fill = store.begin_fill(key(1), head(100), Some(MIB));
    assert!(store.lookup(key(1)).is_none() && !fill.is_kept());
    let mut reader = store.lookup_fill(key(1), fill.object().id()).unwrap().reader(None);
    fill.write(b"x");
    assert_eq!((next(&mut reader), store.stats().fills), (text("x"), 1));
    assert!(store.stats().bytes < 100_000);
}

#[test]
fn hits_are_counted_by_object() {
    let (store, _) = store(MIB);
    assert!(put(&store, key(1), b'a', 3));
    let object = store.lookup(key(1)).unwrap();
    assert_eq!((object.hits(), object.count_hit(), object.count_hit(), object.hits()), (0, 1, 2, 2));
}

#[test]
fn what_was_purged_since_it_was_found_is_opened_only_where_it_can_be_read() {
    let (store, _) = store(MIB);
    let mut fill = store.begin_fill(key(1), head(100), None);
    fill.write(b"one ");
    let found = store.lookup(key(1)).unwrap();
    assert_eq!(next(&mut found.reader(None)), text("one "));
    store.purge(1);
    assert!(found.open(None).is_none());
    let mut late = found.open(Some(4..7)).unwrap();
    fill.write(b"two");
    assert_eq!(next(&mut late), text("two"));
    let _ = fill.complete();
    assert!(found.open(None).is_none() && found.open(Some(4..7)).is_none());
}

#[test]
fn what_is_whole_is_opened_anywhere_and_what_broke_off_nowhere() {
    let (store, _) = store(16 * MIB);
    assert!(put(&store, key(1), b'x', 100_000));
    let whole = store.lookup(key(1)).unwrap();
    store.purge(1);
    assert!([0, 70_000, 100_000].into_iter().all(|start| whole.open(Some(start..u64::MAX)).is_some()));
    let mut fill = store.begin_fill(key(2), head(100), None);
    fill.write(b"half");
    let broken = store.lookup(key(2)).unwrap();
    drop(fill);
    assert!(broken.open(None).is_none());
}
