//! The count of bytes against a recount after every step of any sequence.

use std::collections::HashMap;

use proptest::prelude::*;

use super::super::Fill;
use super::*;

const LIMIT: u64 = 200_000;

#[derive(Clone, Copy, Debug)]
enum Op {
    Begin { key: Key, head: usize, expected_len: Option<u64>, useless_after: u64 },
    Write { fill: usize, len: usize },
    Read { fill: usize },
    Complete { fill: usize },
    Abort { fill: usize },
    Put { key: Key, len: usize },
    Lookup { key: Key },
    ReplaceHead { key: Key, head: usize },
    Purge { primary: u128 },
    Remove { key: Key },
    SetLimit { bytes: u64 },
    Tick,
}

fn any_key() -> impl Strategy<Value = Key> {
    (0..12_u128, 0..3_u128).prop_map(|(primary, variant)| Key { primary, part: 0, variant })
}

fn any_op() -> impl Strategy<Value = Op> {
    let begin = (any_key(), 0..900_usize, prop::option::of(0..14_000_u64), 0..20_u64);
    prop_oneof![
        3 => begin.prop_map(|(key, head, expected_len, useless_after)| Op::Begin { key, head, expected_len, useless_after }),
        6 => (0..8_usize, 0..6_000_usize).prop_map(|(fill, len)| Op::Write { fill, len }),
        2 => (0..8_usize).prop_map(|fill| Op::Read { fill }),
        2 => (0..8_usize).prop_map(|fill| Op::Complete { fill }),
        1 => (0..8_usize).prop_map(|fill| Op::Abort { fill }),
        6 => (any_key(), 0..12_000_usize).prop_map(|(key, len)| Op::Put { key, len }),
        4 => any_key().prop_map(|key| Op::Lookup { key }),
        2 => (any_key(), 0..20_000_usize).prop_map(|(key, head)| Op::ReplaceHead { key, head }),
        1 => (0..12_u128).prop_map(|primary| Op::Purge { primary }),
        1 => any_key().prop_map(|key| Op::Remove { key }),
        1 => (10_000..LIMIT).prop_map(|bytes| Op::SetLimit { bytes }),
        1 => Just(Op::Tick),
    ]
}

/// A store, the fills under way in it, and since which object each key was purged.
struct Run {
    store: Store,
    clock: Arc<AtomicU64>,
    fills: Vec<(Fill<Head>, BodyReader<Head>)>,
    purged_before: HashMap<u128, u64>,
}

impl Run {
    fn new() -> Self {
        let (store, clock) = store(LIMIT);
        Self { store, clock, fills: Vec::new(), purged_before: HashMap::new() }
    }

    fn step(&mut self, op: Op) {
        let store = self.store.clone();
        match op {
            Op::Begin { key, head, expected_len, useless_after } if self.fills.len() < 8 => {
                let fill = store.begin_fill(key, head_until(head, useless_after), expected_len);
                let reader = fill.object().reader(None);
                self.fills.push((fill, reader));
            }
            Op::Write { fill, len } => {
                if let Some((fill, _)) = self.fills.get_mut(fill) {
                    fill.write(&vec![stamp(fill.object()); len]);
                }
            }
            Op::Read { fill } => {
                if let Some((_, reader)) = self.fills.get_mut(fill) {
                    let _ = now(reader.next());
                }
            }
            Op::Complete { fill } if fill < self.fills.len() => drop(self.fills.swap_remove(fill).0.complete()),
            Op::Abort { fill } if fill < self.fills.len() => drop(self.fills.swap_remove(fill)),
            Op::Put { key, len } => {
                let mut fill = store.begin_fill(key, head(100), Some(len as u64));
                fill.write(&vec![stamp(fill.object()); len]);
                let _ = fill.complete();
            }
            Op::Lookup { key } => self.look(key),
            Op::ReplaceHead { key, head: bytes } => {
                let id = store.lookup(key).map_or(0, |object| object.id());
                let _ = store.replace_head(key, id, head(bytes));
            }
            Op::Purge { primary } => {
                store.purge(primary);
                let newest = store.begin_fill(key(u128::MAX), head(0), None).object().id();
                self.purged_before.insert(primary, newest);
            }
            Op::Remove { key } => drop(store.remove(key)),
            Op::SetLimit { bytes } => store.set_limit(bytes),
            Op::Tick => drop(self.clock.fetch_add(1, Ordering::SeqCst)),
            Op::Begin { .. } | Op::Complete { .. } | Op::Abort { .. } => {}
        }
        assert_counted(&store);
    }

    /// What is found is of use, not purged, and holds what its own fill wrote.
    fn look(&self, key: Key) {
        let Some(object) = self.store.lookup(key) else { return };
        let seconds = UNIX_EPOCH + Duration::from_secs(self.clock.load(Ordering::SeqCst));
        assert!(object.head().useless_after >= seconds);
        assert!(object.id() > self.purged_before.get(&key.primary).copied().unwrap_or(0));
        if let Some(len) = object.len() {
            let body = read_all(&object);
            assert_eq!(body.len() as u64, len);
            assert!(body.iter().all(|byte| *byte == stamp(&object)));
        }
    }
}

/// The byte that the body of an object is made of.
fn stamp(object: &Object<Head>) -> u8 {
    object.id().to_le_bytes()[0]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_count_is_right_and_within_the_limit_after_every_step(ops in prop::collection::vec(any_op(), 1..120)) {
        let mut run = Run::new();
        for op in ops {
            run.step(op);
        }
        run.fills.clear();
        for primary in 0..12 {
            run.store.purge(primary);
        }
        let stats = run.store.stats();
        prop_assert_eq!((stats.bytes, stats.objects, stats.fills), (0, 0, 0));
    }
}

#[test]
fn refilling_one_key_for_ever_takes_no_more_room() {
    let (store, _) = store(LIMIT);
    assert!(put(&store, key(1), b'x', 1000));
    let bytes = store.stats().bytes;
    for _ in 0..1_000 {
        assert!(put(&store, key(1), b'x', 1000));
    }
    assert_eq!((store.stats().bytes, store.stats().objects, store.stats().evictions), (bytes, 1, 0));
}

#[test]
fn heads_and_the_index_count_too() {
    let (store, _) = store(LIMIT);
    for primary in 0..1_000 {
        let _ = store.begin_fill(key(primary), head(1_000), Some(0)).complete();
    }
    let stats = store.stats();
    assert!(stats.objects < LIMIT / 1_000, "{stats:?}");
    assert!(stats.objects * 1_400 > LIMIT / 2, "{stats:?}");
    assert_counted(&store);
}

#[test]
fn lowering_the_limit_evicts_at_once_and_gives_fills_up() {
    let (store, _) = store(LIMIT);
    let mut fill = store.begin_fill(key(999), head(100), None);
    fill.write(&[b'x'; 4_000]);
    for primary in 0..20 {
        assert!(put(&store, key(primary), b'x', 5_000));
    }
    store.set_limit(30_000);
    assert_counted(&store);
    assert!(store.stats().objects > 0 && store.lookup(key(999)).is_some());
    store.set_limit(1_000);
    assert_eq!(store.stats().objects, 0);
    assert_counted(&store);
    assert!(store.lookup(key(999)).is_none());
    fill.write(&[b'x'; 4_000]);
    assert!(!fill.is_kept());
    assert_eq!((fill.complete(), store.stats().bytes), (0, 0));
}
