//! The walk over what is stored, and the counts.

use std::collections::BTreeSet;

use super::*;

#[test]
fn what_is_complete_is_seen_once() {
    let (store, _) = store(8 << 20);
    let keys: BTreeSet<_> = (0..3_000).map(|number| Key { variant: number % 2, ..key(number / 2) }).collect();
    for &key in &keys {
        assert!(put(&store, key, b'x', 10));
    }
    let _filling = store.begin_fill(key(9_999), head(100), None);
    let seen: Vec<_> = store.objects().map(|(key, _)| key).collect();
    assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>()), (3_000, keys));
}

#[test]
fn what_stays_is_seen_once_while_others_come_and_go() {
    let (store, _) = store(8 << 20);
    for number in 0..2_000 {
        assert!(put(&store, key(number), b'x', 10));
    }
    let mut seen = Vec::new();
    for (step, (key_seen, _)) in store.objects().enumerate() {
        seen.push(key_seen.primary);
        let step = step as u128;
        assert!(put(&store, key(10_000 + step), b'x', 10));
        store.remove(key(1_000 + step % 1_000));
    }
    let stayed: Vec<_> = seen.iter().filter(|primary| **primary < 1_000).copied().collect();
    assert_eq!((stayed.len(), stayed.into_iter().collect::<BTreeSet<_>>().len()), (1_000, 1_000));
}

#[test]
fn lookups_fills_and_removals_are_counted() {
    let (store, _) = store(1 << 20);
    assert!(put(&store, key(1), b'x', 10) && put(&store, key(2), b'x', 10));
    assert!(store.lookup(key(1)).is_some() && store.lookup(key(1)).is_some() && store.lookup(key(3)).is_none());
    store.purge(1);
    drop(store.begin_fill(key(4), head(100), None));
    let stats = store.stats();
    assert_eq!((stats.hits, stats.misses, stats.stored, stats.purged, stats.evictions), (2, 1, 2, 1, 0));
    assert!(stats.index_bytes > 0 && stats.index_bytes < stats.bytes);
}
