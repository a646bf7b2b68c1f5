//! Many who ask for a key at once of which nothing is stored, as pingora lets them: one fetches, and all read what comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header;
use pingora::cache::lock::{CacheKeyLock, LockStatus, Locked, WritePermit};
use pingora::cache::storage::{HitHandler, Storage};
use pingora::cache::trace::Span;
use pingora::cache::{CacheKey, CacheMeta};
use pingora::http::ResponseHeader;
use tokio::sync::Barrier;
use warp_edge::store::pingora::{Coalescing, FetchLock, PingoraStorage, Turn};

/// How many ask at once, and how often all of them do, each time for another key.
const REQUESTS: usize = 1_000;
const ROUNDS: u64 = 100;

/// How long the origin takes to its head.
const ORIGIN: Duration = Duration::from_millis(20);

const BODY: &[u8] = &[b'x'; 20_000];

type Lock = FetchLock<()>;

/// What came of the requests for one key.
#[derive(Default)]
struct Counts {
    fetches: AtomicU64,
    read: AtomicU64,
}

/// Lets all ask, and tells how many fetches that made.
pub async fn run(storage: &'static PingoraStorage) {
    let lock = Arc::new(Lock::new(storage, Coalescing::default()));
    let (began, mut most) = (Instant::now(), 0);
    for round in 0..ROUNDS {
        let (counts, start) = (Arc::<Counts>::default(), Arc::new(Barrier::new(REQUESTS)));
        let ask = |_| tokio::spawn(ask(storage, Arc::clone(&lock), round, Arc::clone(&counts), Arc::clone(&start)));
        for request in (0..REQUESTS).map(ask).collect::<Vec<_>>() {
            request.await.expect("no request panics");
        }
        assert_eq!(counts.read.load(Relaxed), REQUESTS as u64);
        most = most.max(counts.fetches.load(Relaxed));
    }
    let each = (began.elapsed() / u32::try_from(ROUNDS).unwrap()).saturating_sub(ORIGIN);
    println!(
        "{REQUESTS} concurrent misses of one key, {ROUNDS} times: {most} fetch at most, {each:.1?} beside the origin's"
    );
    assert_eq!(most, 1);
}

async fn ask(storage: &'static PingoraStorage, lock: Arc<Lock>, round: u64, counts: Arc<Counts>, start: Arc<Barrier>) {
    let mut key = CacheKey::new(format!("misses{round}"), "");
    Turn::<()>::default().join(&mut key);
    start.wait().await;
    let response = loop {
        if let Some((_, found)) = storage.lookup(&key, &Span::inactive().handle()).await.unwrap() {
            break found;
        }
        match lock.lock(&key, false) {
            Locked::Write(permit) => {
                Counts::count(&counts.fetches);
                fetch(storage, &lock, &key, permit).await;
            }
            Locked::Read(waits) => waits.wait().await,
        }
    };
    read(response).await;
    Counts::count(&counts.read);
}

/// As pingora does it: those who wait go on at the head.
async fn fetch(storage: &'static PingoraStorage, lock: &Lock, key: &CacheKey, permit: WritePermit) {
    tokio::time::sleep(ORIGIN).await;
    let mut response = ResponseHeader::build(200, None).unwrap();
    response.insert_header(header::CONTENT_LENGTH, BODY.len()).unwrap();
    let now = SystemTime::now();
    let meta = CacheMeta::new(now + Duration::from_mins(1), now, 0, 0, response);
    let mut fill = storage.get_miss_handler(key, &meta, &Span::inactive().handle()).await.unwrap();
    lock.release(key, permit, LockStatus::Done);
    fill.write_body(Bytes::from_static(BODY), true).await.unwrap();
    let _ = fill.finish().await.unwrap();
}

async fn read(mut response: HitHandler) {
    let mut length = 0;
    while let Some(bytes) = response.read_body().await.unwrap() {
        length += bytes.len();
    }
    assert_eq!(length, BODY.len());
}

impl Counts {
    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }
}
