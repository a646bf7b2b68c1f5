//! What is in flight keeps to its share, and leaves alone what is stored.

use super::*;

/// Objects of more than 1 MiB are not kept, and 8 MiB may be in flight.
const LIMIT: u64 = 16 << 20;
const CEILING: u64 = LIMIT / 2;
const CHUNK: usize = 64 * 1024;
const HOT: u128 = 400;

/// A store with a quarter of its room full of what is used often.
fn with_hot_set() -> (Store, Arc<AtomicU64>) {
    let (store, clock) = store(LIMIT);
    for primary in 0..HOT {
        assert!(put(&store, key(primary), b'h', 10_000));
    }
    use_hot_set(&store);
    (store, clock)
}

/// Uses what is left of it; how much that is.
fn use_hot_set(store: &Store) -> usize {
    (0..3).map(|_| (0..HOT).filter(|primary| store.lookup(key(*primary)).is_some()).count()).min().unwrap()
}

fn chunk() -> Vec<u8> {
    vec![b'x'; CHUNK]
}

fn tick(clock: &AtomicU64) {
    clock.fetch_add(1, Ordering::SeqCst);
}

fn unkept(store: &Store, primary: u128) -> super::super::Fill<Head> {
    store.begin_fill(key(primary), head(100), Some(1 << 30))
}

fn put_in_pieces(store: &Store, key: Key, len: usize) -> bool {
    let mut fill = store.begin_fill(key, head(100), Some(len as u64));
    for piece in vec![b'x'; len].chunks(CHUNK) {
        fill.write(piece);
    }
    fill.complete() > 0
}

#[test]
fn readers_who_stall_do_not_push_out_what_is_stored() {
    let (store, clock) = with_hot_set();
    let mut fills = Vec::new();
    for primary in 1_000..1_800 {
        let mut fill = unkept(&store, primary);
        let reader = fill.object().reader(None);
        for _ in 0..4 {
            fill.write(&chunk());
        }
        fills.push((fill, reader));
        if primary % 8 == 0 {
            tick(&clock);
        }
        assert!(store.stats().bytes <= LIMIT);
        assert!(put(&store, key(5_000 + primary), b'n', 1_000), "others are stored");
    }
    assert_eq!(use_hot_set(&store), 400);
    let cut_off = fills.iter().filter(|(_, reader)| reader.is_cut_off()).count();
    assert!((700..800).contains(&cut_off), "{cut_off}");
    assert_counted(&store);
}

#[test]
fn readers_who_stall_do_not_hold_what_was_evicted_or_purged() {
    for is_purged in [false, true] {
        let (store, clock) = with_hot_set();
        let mut readers = Vec::new();
        for primary in 1_000..1_100 {
            assert!(put_in_pieces(&store, key(primary), 900_000), "others are stored");
            let mut reader = store.lookup(key(primary)).unwrap().open(None).unwrap();
            assert!(matches!(next(&mut reader), Seen::Text(_)));
            readers.push(reader);
            if is_purged {
                store.purge(primary);
            }
            tick(&clock);
            assert!(store.stats().bytes <= LIMIT);
        }
        assert_eq!(use_hot_set(&store), 400);
        let (mut oldest, mut newest) = (readers.remove(0), readers.pop().unwrap());
        assert_eq!(next(&mut oldest), Seen::WasAborted);
        assert!(matches!(next(&mut newest), Seen::Text(_)));
        drop((oldest, newest, readers));
        (0..10_000).for_each(|primary| _ = store.purge(primary));
        assert_eq!(store.stats().bytes, 0);
    }
}

#[test]
fn readers_who_stall_on_small_objects_do_not_hold_up_the_others() {
    let (store, clock) = with_hot_set();
    let mut readers = Vec::new();
    for primary in 1_000..2_000 {
        assert!(put(&store, key(primary), b'x', 50_000), "others are stored");
        let mut reader = store.lookup(key(primary)).unwrap().open(None).unwrap();
        assert!(matches!(next(&mut reader), Seen::Text(_)));
        readers.push(reader);
        store.purge(primary);
        tick(&clock);
        assert!(store.stats().bytes <= LIMIT);
    }
    assert_eq!(use_hot_set(&store), 400);
    assert!(readers.iter_mut().all(|reader| next(reader) == Seen::Ended), "what each was given is its own");
}

#[test]
fn who_goes_on_reading_is_not_cut_off_with_those_who_stall() {
    let (store, clock) = with_hot_set();
    assert!(put_in_pieces(&store, key(500), 900_000));
    let mut removed = store.lookup(key(500)).unwrap().open(None).unwrap();
    store.purge(500);
    let mut active = unkept(&store, 999);
    let mut reader = active.object().reader(None);
    active.write(&chunk());
    let mut stalled = Vec::new();
    for primary in 1_000..1_300 {
        let mut fill = unkept(&store, primary);
        let stalling = fill.object().reader(None);
        (0..4).for_each(|_| fill.write(&chunk()));
        stalled.push((stalling, fill));
        if primary % 10 == 0 {
            tick(&clock);
            assert!(matches!(now(removed.next_up_to(1_000)), Some(Ok(Some(_)))));
            assert!(matches!(now(reader.next_up_to(100)), Some(Ok(Some(_)))));
        }
    }
    assert!(stalled.iter().filter(|(reader, _)| reader.is_cut_off()).count() > 200);
    assert!(!reader.is_cut_off());
}

#[test]
fn when_nobody_has_stalled_what_comes_is_not_kept() {
    let (store, clock) = with_hot_set();
    let mut fills = Vec::new();
    // Fills that are kept wait for their origin, not for a reader.
    while store.stats().bytes < LIMIT / 4 + CEILING + LIMIT / 16 {
        let mut fill = store.begin_fill(key(1_000 + fills.len() as u128), head(100), Some(900_000));
        fill.write(&chunk());
        if !fill.is_kept() {
            break;
        }
        fills.push(fill);
    }
    let kept = fills.len() as u64 * CHUNK as u64;
    assert!(kept < CEILING && kept > CEILING / 2, "{kept}");
    assert_eq!(use_hot_set(&store), 400);
    tick(&clock);
    drop(fills);
    assert!(put(&store, key(999), b'n', 1_000));
    assert_counted(&store);
}

#[test]
fn who_is_cut_off_is_told_though_he_does_not_read() {
    let (store, clock) = with_hot_set();
    let mut fill = unkept(&store, 999);
    let reader = fill.object().reader(None);
    let told = Arc::new(Told::default());
    reader.tell_when_cut_off(Arc::clone(&told).into());
    fill.write(&chunk());
    let mut others = Vec::new();
    for primary in 1_000..1_200 {
        let mut other = unkept(&store, primary);
        let reader = other.object().reader(None);
        (0..4).for_each(|_| other.write(&chunk()));
        others.push((other, reader));
        tick(&clock);
    }
    assert!(reader.is_cut_off() && told.0.load(Ordering::SeqCst) == 1);
    reader.tell_when_cut_off(Arc::clone(&told).into());
    assert_eq!(told.0.load(Ordering::SeqCst), 2, "at once when it is so already");
}

#[derive(Default)]
struct Told(AtomicU64);

impl std::task::Wake for Told {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
