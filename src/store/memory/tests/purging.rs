//! Purging by key and by group, hard and soft.

use super::*;

const MIB: u64 = 1 << 20;

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(second)
}

fn grouped(groups: &[u64]) -> Head {
    Head { groups: groups.to_vec(), ..head(100) }
}

fn put_grouped(store: &Store, key: Key, groups: &[u64]) {
    let mut fill = store.begin_fill(key, grouped(groups), None);
    fill.write(b"x");
    assert_eq!(fill.complete(), 1);
}

fn expired_at(store: &Store, key: Key) -> Option<SystemTime> {
    store.lookup(key).unwrap().head().expired_at
}

#[test]
fn what_is_purged_softly_stays_stale_with_all_its_variants() {
    let (store, clock) = store(MIB);
    for variant in 0..3 {
        assert!(put(&store, Key { variant, ..key(1) }, b'x', 10));
    }
    assert!(put(&store, key(2), b'x', 10));
    clock.store(7, Ordering::SeqCst);
    assert_eq!((store.expire(1), store.expire(3)), (3, 0));
    assert_eq!((store.stats().expired, store.stats().purged), (3, 0));
    assert!((0..3).all(|variant| expired_at(&store, Key { variant, ..key(1) }) == Some(at(7))));
    assert_eq!((expired_at(&store, key(2)), store.stats().objects), (None, 4));
    assert!(put(&store, key(1), b'y', 10));
    assert_eq!(expired_at(&store, key(1)), None);
    assert_counted(&store);
}

#[test]
fn what_cannot_be_said_to_be_stale_is_removed() {
    let (store, _) = store(MIB);
    assert!(put(&store, key(1), b'x', 20_000));
    // No object may be as large as that any more, not even with another head.
    store.set_limit(100_000);
    assert_eq!((store.expire(1), store.lookup(key(1)).is_none()), (1, true));
    assert_counted(&store);
}

#[test]
fn what_was_asked_for_before_a_soft_purge_does_not_make_it_fresh() {
    let (store, clock) = store(MIB);
    assert!(put(&store, key(1), b'x', 3));
    let intent = store.intend(1);
    let begun = store.begin_fill(Key { variant: 1, ..key(1) }, head(100), None);
    clock.store(7, Ordering::SeqCst);
    assert!(intent.stands());
    assert_eq!(store.expire(1), 2);
    assert!(!intent.stands() && store.intend(1).stands());
    let late = intent.begin_fill(key(1), head(100), None);
    assert_eq!((late.complete(), read_all(&store.lookup(key(1)).unwrap())), (0, b"xxx".to_vec()));
    // One that had begun is stored, and stale.
    let _ = begun.complete();
    assert_eq!(expired_at(&store, Key { variant: 1, ..key(1) }), Some(at(7)));
}

#[test]
fn a_group_is_purged_whatever_its_number() {
    let (store, _) = store(4 * MIB);
    for primary in 0..1_000 {
        put_grouped(&store, key(primary), if primary % 2 == 0 { &[7, 8] } else { &[8] });
    }
    let before = store.stats();
    store.purge_group(7);
    assert_eq!(store.stats().objects, before.objects);
    let found = |store: &Store| (0..1_000).filter(|primary| store.lookup(key(*primary)).is_some()).count();
    assert_eq!((found(&store), found(&store), store.stats().objects), (500, 500, 500));
    put_grouped(&store, key(0), &[7, 8]);
    assert_eq!(found(&store), 501);
    store.purge_group(8);
    assert_eq!((store.sweep(), store.stats().objects, found(&store)), (501, 0, 0));
    assert_eq!(store.stats().bytes, 0);
}

#[test]
fn a_group_is_stale_after_a_soft_purge_until_it_is_stored_anew() {
    let (store, clock) = store(MIB);
    put_grouped(&store, key(1), &[7]);
    put_grouped(&store, key(2), &[8]);
    clock.store(5, Ordering::SeqCst);
    store.expire_group(7);
    clock.store(9, Ordering::SeqCst);
    assert_eq!((expired_at(&store, key(1)), expired_at(&store, key(2))), (Some(at(5)), None));
    // A validation makes it fresh, and the purge is not remembered against it.
    assert!(store.replace_head(key(1), store.lookup(key(1)).unwrap().id(), grouped(&[7])));
    assert_eq!(expired_at(&store, key(1)), None);
    put_grouped(&store, key(1), &[7]);
    assert_eq!(expired_at(&store, key(1)), None);
    store.purge_group(7);
    assert!(store.lookup(key(1)).is_none());
}

#[test]
fn what_was_asked_for_before_its_group_was_purged_does_not_come_back() {
    let (store, _) = store(MIB);
    let intent = store.intend(1);
    let begun = store.begin_fill(key(2), grouped(&[7]), None);
    store.purge_group(7);
    let late = intent.begin_fill(key(1), grouped(&[7]), None);
    let other = intent.begin_fill(Key { variant: 1, ..key(1) }, grouped(&[8]), None);
    for fill in [begun, late, other] {
        let _ = fill.complete();
    }
    assert!(store.lookup(key(1)).is_none() && store.lookup(key(2)).is_none());
    assert!(store.lookup(Key { variant: 1, ..key(1) }).is_some());
    put_grouped(&store, key(1), &[7]);
    assert!(store.lookup(key(1)).is_some());
}

#[test]
fn purges_of_ever_new_groups_take_no_more_room() {
    let (store, _) = store(64 * MIB);
    put_grouped(&store, key(1), &[0]);
    let intent = store.intend(2);
    for group in 1..=200_000 {
        store.purge_group(group);
    }
    assert!(store.stats().bytes < 8 * MIB, "{:?}", store.stats());
    assert!(store.lookup(key(1)).is_some());
    // It would have to be remembered for ever what was purged since; so it is not kept.
    assert!(!intent.stands());
    assert_counted(&store);
}

#[test]
fn purging_many_variants_and_slices_leaves_nothing_behind() {
    let (store, _) = store(MIB);
    for part in 0..200 {
        assert!(put(&store, Key { part, variant: part % 3, ..key(1) }, b'x', 10));
    }
    let _filling = store.begin_fill(key(1), head(100), None);
    assert!(store.lookup(Key { part: 57, variant: 0, ..key(1) }).is_some());
    assert!(store.lookup(Key { part: 57, variant: 1, ..key(1) }).is_none());
    assert_counted(&store);
    assert_eq!((store.purge(1), store.stats().objects, store.stats().purged), (201, 0, 201));
    assert_counted(&store);
}
