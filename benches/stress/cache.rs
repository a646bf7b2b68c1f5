//! The store as pingora's cache, asked as pingora asks it.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header;
use pingora::cache::key::CompactCacheKey;
use pingora::cache::storage::{HitHandler, PurgeTarget, PurgeType, Storage};
use pingora::cache::trace::Span;
use pingora::cache::{CacheKey, CacheMeta};
use pingora::http::ResponseHeader;
use warp_edge::store::pingora::PingoraStorage;

use crate::body::{self, Numbers};
use crate::{Done, KEYS, LIMIT};

/// pingora wants it to live as long as the process; a static is no leak to those who look for leaks.
static STORAGE: LazyLock<PingoraStorage> = LazyLock::new(|| PingoraStorage::new(LIMIT));

pub fn storage() -> &'static PingoraStorage {
    &STORAGE
}

pub async fn work(storage: &'static PingoraStorage, done: Arc<Done>, seed: u64) {
    let mut numbers = Numbers(seed);
    while done.goes_on() {
        let number = numbers.below(KEYS);
        match numbers.below(100) {
            0..85 => read_or_fill(storage, number, &mut numbers, &done).await,
            85..90 => fill(storage, number, &mut numbers, &done).await,
            90..94 => purge(storage, number).await,
            94..96 => drop(storage.expire(PurgeTarget::Active(&compact(number)), &span()).await),
            96..99 => refresh(storage, number, &mut numbers).await,
            _ => storage.store().set_limit(LIMIT / 2 + numbers.below(LIMIT / 2)),
        }
        tokio::task::yield_now().await;
    }
}

fn span() -> pingora::cache::trace::SpanHandle {
    Span::inactive().handle()
}

fn key(number: u64) -> CacheKey {
    CacheKey::new(format!("stress{number}"), "")
}

fn compact(number: u64) -> CompactCacheKey {
    key(number).to_compact()
}

fn meta(number: u64, numbers: &mut Numbers) -> CacheMeta {
    let mut response = ResponseHeader::build(200, None).unwrap();
    response.insert_header(header::CONTENT_LENGTH, body::of(number).len()).unwrap();
    for field in 0..numbers.below(20) {
        response.append_header(format!("X-Field-{field}"), "v".repeat(numbers.length(200))).unwrap();
    }
    let now = SystemTime::now();
    CacheMeta::new(now + Duration::from_millis(100 + numbers.below(20_000)), now, 0, 0, response)
}

async fn read_or_fill(storage: &'static PingoraStorage, number: u64, numbers: &mut Numbers, done: &Done) {
    match storage.lookup(&key(number), &span()).await.unwrap() {
        Some((_, handler)) => read(handler, number, numbers, done).await,
        None => fill(storage, number, numbers, done).await,
    }
}

/// A miss as pingora handles it: what fills the cache, and a reader of the same for the client.
async fn fill(storage: &'static PingoraStorage, number: u64, numbers: &mut Numbers, done: &Done) {
    let (key, meta, body) = (key(number), meta(number, numbers), body::of(number));
    let mut miss = storage.get_miss_handler(&key, &meta, &span()).await.unwrap();
    let tag = miss.streaming_write_tag().map(<[u8]>::to_vec);
    let found = storage.lookup_streaming_write(&key, tag.as_deref(), &span()).await.unwrap();
    let (_, mut client) = found.expect("what is filled is found");
    let ends_badly = numbers.chance(8);
    let mut rest = if ends_badly { &body[..body.len() / 2] } else { body };
    let mut position = 0;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(numbers.length(100_000).clamp(1, rest.len()));
        miss.write_body(Bytes::copy_from_slice(now), later.is_empty()).await.unwrap();
        rest = later;
        tokio::task::yield_now().await;
        // Who falls behind another may be cut off.
        let Ok(bytes) = client.read_body().await else { return Done::count(&done.cut) };
        let bytes = bytes.expect("what was written");
        assert_eq!(bytes, body[position..position + bytes.len()]);
        position += bytes.len();
    }
    if ends_badly {
        drop(miss);
        return Done::count(&done.aborted);
    }
    let finish = miss.finish().await.unwrap();
    if matches!(finish, pingora::cache::storage::MissFinishType::Created(count) if count > 0) {
        Done::count(&done.stored);
    }
    read_on(client, number, position, false, numbers, done).await;
}

async fn read(handler: HitHandler, number: u64, numbers: &mut Numbers, done: &Done) {
    let leaves = numbers.chance(8);
    read_on(handler, number, 0, leaves, numbers, done).await;
}

async fn read_on(
    mut handler: HitHandler,
    number: u64,
    mut position: usize,
    leaves: bool,
    numbers: &mut Numbers,
    done: &Done,
) {
    let body = body::of(number);
    loop {
        match handler.read_body().await {
            Ok(Some(bytes)) => {
                assert_eq!(bytes, body[position..position + bytes.len()], "other bytes at {position} of {number}");
                position += bytes.len();
            }
            Ok(None) => {
                assert_eq!(position, body.len(), "a whole body of another length: {number}");
                return Done::count(&done.whole);
            }
            Err(_) => return Done::count(&done.cut),
        }
        if leaves && numbers.chance(2) {
            return Done::count(&done.left);
        }
    }
}

async fn purge(storage: &'static PingoraStorage, number: u64) {
    let target = compact(number);
    let _ = storage.purge(PurgeTarget::Active(&target), PurgeType::Invalidation, &span()).await.unwrap();
}

/// As after a 304.
async fn refresh(storage: &'static PingoraStorage, number: u64, numbers: &mut Numbers) {
    let Some((mut found, _)) = storage.lookup(&key(number), &span()).await.unwrap() else { return };
    let mut fresh = meta(number, numbers);
    std::mem::swap(fresh.extensions_mut(), found.extensions_mut());
    let _ = storage.update_meta(&key(number), &fresh, &span()).await.unwrap();
}

/// Takes all away, and looks whether anything is left.
pub fn end(storage: &'static PingoraStorage) {
    let store = storage.store();
    let before = store.stats();
    println!("{before:?}");
    assert!(before.fills == 0 && before.bytes <= LIMIT, "{before:?}");
    for number in 0..KEYS {
        storage.purge_family(&key(number));
    }
    let stats = store.stats();
    assert_eq!((stats.bytes, stats.index_bytes, stats.objects, stats.fills), (0, 0, 0, 0), "{stats:?}");
}
