//! The memory store as its users see it.

mod accounting;
mod eviction;
mod flight;
mod lagging;
mod purging;
mod streaming;
mod threads;
mod walking;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{BodyReader, MemoryStore, Object};
use crate::store::{Key, StoredHead};

/// A head that takes as many bytes as it says.
#[derive(Debug, PartialEq)]
struct Head {
    bytes: usize,
    useless_after: SystemTime,
    expired_at: Option<SystemTime>,
    groups: Vec<u64>,
}

impl StoredHead for Head {
    fn size_bytes(&self) -> usize {
        self.bytes
    }

    fn useless_after(&self) -> SystemTime {
        self.useless_after
    }

    fn expired(&self, at: SystemTime) -> Self {
        Self { expired_at: Some(at), groups: self.groups.clone(), ..*self }
    }

    fn groups(&self) -> Vec<u64> {
        self.groups.clone()
    }
}

type Store = MemoryStore<Head>;

/// A head that is of use for ever.
fn head(bytes: usize) -> Head {
    head_until(bytes, u64::from(u32::MAX))
}

fn head_until(bytes: usize, second: u64) -> Head {
    let useless_after = UNIX_EPOCH + Duration::from_secs(second);
    Head { bytes, useless_after, expired_at: None, groups: Vec::new() }
}

fn key(primary: u128) -> Key {
    Key { primary, part: 0, variant: 0 }
}

/// A store whose clock stands at the second that the counter says.
fn store(limit_bytes: u64) -> (Store, Arc<AtomicU64>) {
    let seconds = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&seconds);
    let now = move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst));
    (MemoryStore::with_clock(limit_bytes, now), seconds)
}

/// Stores a body of equal bytes; tells whether it was kept.
fn put(store: &Store, key: Key, byte: u8, len: usize) -> bool {
    let mut fill = store.begin_fill(key, head(100), Some(len as u64));
    fill.write(&vec![byte; len]);
    fill.complete() > 0
}

/// Reads a complete body.
fn read_all(object: &Arc<Object<Head>>) -> Vec<u8> {
    let mut reader = object.reader(None);
    let mut all = Vec::new();
    while let Some(bytes) = now(reader.next()).expect("waits").expect("aborted") {
        all.extend_from_slice(&bytes);
    }
    all
}

/// What a future is done with at once, or `None` when it waits.
fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// What a reader gets at once.
#[derive(Debug, PartialEq)]
enum Seen {
    Text(String),
    Ended,
    WasAborted,
    Waits,
}

fn next(reader: &mut BodyReader<Head>) -> Seen {
    match now(reader.next()) {
        Some(Ok(Some(bytes))) => Seen::Text(String::from_utf8(bytes.to_vec()).unwrap()),
        Some(Ok(None)) => Seen::Ended,
        Some(Err(_)) => Seen::WasAborted,
        None => Seen::Waits,
    }
}

/// Nobody may hold an object that is removed.
fn assert_counted(store: &Store) {
    let stats = store.stats();
    let (objects, index_bytes) = store.inner.recount();
    let charged = |objects: &[Arc<Object<Head>>]| objects.iter().map(|object| object.charged()).sum::<u64>();
    assert_eq!(stats.bytes, charged(&objects) + index_bytes);
    assert_eq!(stats.index_bytes, index_bytes);
    let unkept: Vec<_> = objects.into_iter().filter(|object| !object.is_kept()).collect();
    assert!(stats.bytes <= stats.limit_bytes + charged(&unkept) + index_bytes, "{stats:?}");
}
