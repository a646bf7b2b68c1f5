//! Who has to go.

use super::*;

const LIMIT: u64 = 4 << 20;

#[test]
fn hot_keys_outlive_a_scan() {
    let (store, _) = store(LIMIT);
    let hot: Vec<Key> = (0..300).map(key).collect();
    for &key in &hot {
        assert!(put(&store, key, b'h', 4_000));
    }
    for &key in hot.iter().chain(&hot).chain(&hot) {
        assert!(store.lookup(key).is_some());
    }
    for scanned in 0..20_000 {
        assert!(put(&store, key(1_000_000 + scanned), b's', 4_000));
        if scanned % 64 == 0 {
            let _ = store.lookup(hot[usize::try_from(scanned / 64).unwrap() % hot.len()]);
        }
    }
    let left = hot.iter().filter(|&&key| store.lookup(key).is_some()).count();
    assert!(left >= 295, "{left} of 300 left, {:?}", store.stats());
    assert!(store.stats().evictions > 19_000);
    assert_counted(&store);
}

#[test]
fn what_comes_back_soon_after_its_eviction_stays() {
    let (store, _) = store(LIMIT);
    let (mut filled, mut back) = (0, 0);
    // A cycle that is a little longer than fits: the worst case for LRU, which would keep nothing.
    for round in 0..10 {
        for member in 0..1_100 {
            if store.lookup(key(member)).is_some() {
                back += 1;
            } else {
                assert!(put(&store, key(member), b'x', 4_000));
                filled += usize::from(round > 0);
            }
        }
    }
    assert!(back > filled, "{back} found, {filled} filled anew");
}

#[test]
fn with_nothing_used_the_oldest_goes_first() {
    let (store, _) = store(LIMIT);
    for primary in 0..3_000 {
        assert!(put(&store, key(primary), b'x', 4_000));
    }
    let found = |range: std::ops::Range<u128>| range.filter(|&primary| store.lookup(key(primary)).is_some()).count();
    assert_eq!(found(0..1_500), 0);
    assert_eq!(found(2_500..3_000), 500);
}

#[test]
fn what_is_used_all_the_time_is_evicted_when_there_is_nothing_else() {
    let (store, _) = store(200_000);
    for round in 0..50 {
        for primary in 0..40 {
            assert!(put(&store, key(round * 40 + primary), b'x', 9_000));
            for used in 0..=primary {
                let _ = store.lookup(key(round * 40 + used));
            }
        }
    }
    assert_counted(&store);
}

#[test]
fn a_store_full_of_fills_keeps_no_more_of_them() {
    let (store, _) = store(100_000);
    let fills: Vec<_> = (0..300).map(|primary| store.begin_fill(key(primary), head(500), None)).collect();
    assert_counted(&store);
    let kept = fills.iter().filter(|fill| fill.is_kept()).count();
    assert!(kept > 50 && kept < 200, "{kept}");
    assert_eq!(store.stats().fills, 300);
    drop(fills);
    assert_eq!((store.stats().fills, store.stats().bytes), (0, 0));
}

#[test]
fn a_key_has_so_many_variants_and_the_oldest_goes() {
    let (store, _) = store(1 << 20);
    let variant = |variant: u128| Key { primary: 7, part: 0, variant };
    for n in 0..100 {
        assert!(put(&store, variant(n), 1, 10));
    }
    let found: Vec<_> = (0..100).filter(|n| store.lookup(variant(*n)).is_some()).collect();
    assert_eq!(found, (36..100).collect::<Vec<_>>());
    assert_eq!((store.variants(variant(0)).len(), store.stats().objects), (64, 64));
    assert!(put(&store, key(8), 1, 10));
    assert!(put(&store, variant(50), 2, 10));
    assert_eq!((store.variants(variant(0)).len(), store.variants(Key::first(8)).len()), (64, 1));
    store.purge(7);
    store.purge(8);
    assert_eq!(store.stats().bytes, 0);
}
