//! The store itself.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use warp_edge::store::{Key, MemoryStore, Object, Room, StoredHead};

use crate::body::{self, Numbers};
use crate::{Done, KEYS, LIMIT};

/// What two of a key's variants have in common: nothing but the key.
const VARIANTS: u64 = 3;
const GROUPS: u64 = 40;

pub struct Head {
    text: Vec<u8>,
    group: u64,
    useless_after: SystemTime,
}

impl StoredHead for Head {
    fn size_bytes(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }

    fn expired(&self, at: SystemTime) -> Self {
        Self { text: self.text.clone(), group: self.group, useless_after: self.useless_after.min(at + A_WHILE) }
    }

    fn groups(&self) -> Vec<u64> {
        vec![self.group]
    }

    fn useless_after(&self) -> SystemTime {
        self.useless_after
    }
}

type Store = MemoryStore<Head>;

const A_WHILE: Duration = Duration::from_millis(300);

pub fn store() -> Store {
    MemoryStore::new(LIMIT)
}

/// One of those who do everything in turn.
pub async fn work(store: Store, done: Arc<Done>, seed: u64) {
    let mut numbers = Numbers(seed);
    while done.goes_on() {
        let number = numbers.below(KEYS);
        let key = Key { variant: numbers.below(VARIANTS).into(), ..Key::first(number.into()) };
        match numbers.below(200) {
            0..100 => read_or_fill(&store, key, &mut numbers, &done).await,
            100..150 => read(&store, key, &mut numbers, &done).await,
            150..180 => fill(&store, key, &mut numbers, &done).await,
            180..184 => drop(store.purge(key.primary)),
            184..187 => drop(store.expire(key.primary)),
            187..190 => drop(store.remove(key)),
            190 => store.purge_group(numbers.below(GROUPS)),
            191 => store.expire_group(numbers.below(GROUPS)),
            192..196 => replace_head(&store, key, &mut numbers),
            196 => store.set_limit(LIMIT / 2 + numbers.below(LIMIT / 2)),
            197 => walk(&store),
            198 => drop(store.sweep()),
            _ => look_at_variants(&store, key),
        }
        tokio::task::yield_now().await;
    }
}

async fn read_or_fill(store: &Store, key: Key, numbers: &mut Numbers, done: &Done) {
    if store.lookup(key).is_none() {
        fill(store, key, numbers, done).await;
    }
    read(store, key, numbers, done).await;
}

fn number_of(key: Key) -> u64 {
    u64::try_from(key.primary).unwrap() * VARIANTS + u64::try_from(key.variant).unwrap()
}

fn head(key: Key, numbers: &mut Numbers) -> Head {
    let useless_after = SystemTime::now() + Duration::from_millis(100 + numbers.below(20_000));
    let text = vec![b'h'; numbers.length(2_000)];
    Head { text, group: number_of(key) % GROUPS, useless_after }
}

async fn fill(store: &Store, key: Key, numbers: &mut Numbers, done: &Done) {
    let body = body::of(number_of(key));
    let expected_len = numbers.chance(2).then_some(body.len() as u64);
    let head = head(key, numbers);
    let intent = numbers.chance(2).then(|| store.intend(key.primary));
    if numbers.chance(4) {
        tokio::task::yield_now().await;
    }
    let mut fill = match &intent {
        Some(intent) => intent.begin_fill(key, head, expected_len),
        None => store.begin_fill(key, head, expected_len),
    };
    let own = numbers.chance(4).then(|| fill.object().reader(None));
    let reading = own.map(|mut reader| {
        let number = number_of(key);
        tokio::spawn(async move {
            let mut position = 0;
            while let Ok(Some(bytes)) = reader.next().await {
                assert_eq!(bytes, body::of(number)[position..position + bytes.len()]);
                position += bytes.len();
            }
        })
    });
    let ends_badly = numbers.chance(8);
    let mut rest = if ends_badly { &body[..body.len() / 2] } else { body };
    while !rest.is_empty() {
        let (now, later) = rest.split_at(numbers.length(100_000).min(rest.len()));
        fill.write(now);
        rest = later;
        tokio::task::yield_now().await;
        poll_fn(|context| match fill.room(context.waker()) {
            Room::Far => Poll::Pending,
            Room::Open | Room::Slow(_) => Poll::Ready(()),
        })
        .await;
    }
    if ends_badly {
        drop(fill);
        Done::count(&done.aborted);
    } else if fill.complete() > 0 {
        Done::count(&done.stored);
    }
    drop(intent);
    if let Some(reading) = reading {
        reading.await.unwrap();
    }
}

async fn read(store: &Store, key: Key, numbers: &mut Numbers, done: &Done) {
    let Some(object) = store.lookup(key) else { return };
    let body = body::of(number_of(key));
    let start = if numbers.chance(4) { numbers.below(body.len() as u64 + 1) } else { 0 };
    let end = if numbers.chance(4) { start + numbers.below(body.len() as u64 + 1) } else { body.len() as u64 };
    let end = end.min(body.len() as u64);
    let mut reader = object.reader((start, end).ne(&(0, body.len() as u64)).then_some(start..end));
    drop(object);
    let (mut position, leaves) = (usize::try_from(start).unwrap(), numbers.chance(8));
    loop {
        match reader.next().await {
            Ok(Some(bytes)) => {
                assert_eq!(bytes, body[position..position + bytes.len()], "other bytes at {position} of {key:?}");
                position += bytes.len();
            }
            Ok(None) => {
                assert_eq!(position as u64, end, "a whole body of another length: {key:?}");
                return Done::count(&done.whole);
            }
            Err(_) => return Done::count(&done.cut),
        }
        if leaves && numbers.chance(2) {
            return Done::count(&done.left);
        }
        // Some are slow.
        if numbers.chance(16) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn replace_head(store: &Store, key: Key, numbers: &mut Numbers) {
    if let Some(object) = store.lookup(key) {
        let _ = store.replace_head(key, object.id(), head(key, numbers));
    }
}

fn walk(store: &Store) {
    for (key, object) in store.objects().take(300) {
        is_right(store, key, &object);
    }
}

fn look_at_variants(store: &Store, key: Key) {
    let variants = store.variants(key);
    assert!(variants.len() as u64 <= VARIANTS);
}

fn is_right(store: &Store, key: Key, object: &Object<Head>) {
    assert_eq!(object.len(), Some(body::of(number_of(key)).len() as u64), "{key:?}");
    assert_eq!(object.head().group, number_of(key) % GROUPS, "{key:?}");
    let charged = object.charged();
    // What was taken away meanwhile may be counted no more.
    let is_kept = store.peek(key).is_some_and(|kept| kept.id() == object.id());
    assert!(charged > 0 || !is_kept, "{key:?}");
}

/// Takes all away, and looks whether anything is left.
pub fn end(store: &Store) {
    let before = store.stats();
    println!("{before:?}");
    assert!(before.fills == 0 && before.bytes <= LIMIT, "{before:?}");
    for primary in 0..KEYS {
        store.purge(primary.into());
    }
    store.sweep();
    let stats = store.stats();
    assert_eq!((stats.bytes, stats.index_bytes, stats.objects, stats.fills), (0, 0, 0, 0), "{stats:?}");
}
