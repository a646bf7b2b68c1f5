//! Pages as nginx sends them, stored and found through pingora's `Storage` as pingora does it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Version;
use pingora::cache::key::hash_key;
use pingora::cache::storage::{MissFinishType, Storage};
use pingora::cache::trace::Span;
use pingora::cache::{CacheKey, CacheMeta};
use pingora::http::ResponseHeader;

/// When the files behind the pages were changed, the first of them.
const CHANGED: u64 = 1_700_000_000;

/// The head of a page, its fields those of a file that nginx serves with `expires 10h`.
pub fn head(number: u64, body_bytes: usize) -> ResponseHeader {
    let modified = CHANGED + number;
    let mut head = ResponseHeader::build(200, Some(8)).unwrap();
    head.set_version(Version::HTTP_11);
    let fields = [
        ("Server", "nginx/1.22.1".to_owned()),
        ("Date", httpdate::fmt_http_date(SystemTime::now())),
        ("Content-Type", "text/html".to_owned()),
        ("Content-Length", body_bytes.to_string()),
        ("Last-Modified", httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(modified))),
        ("ETag", format!("\"{modified:x}-{body_bytes:x}\"")),
        ("Cache-Control", "public, max-age=36000".to_owned()),
        ("Accept-Ranges", "bytes".to_owned()),
    ];
    for (name, value) in fields {
        head.append_header(name, value).unwrap();
    }
    head
}

/// What pingora notes of a page that is fresh for an hour.
pub fn meta(head: ResponseHeader) -> CacheMeta {
    let now = SystemTime::now();
    CacheMeta::new(now + Duration::from_hours(1), now, 0, 0, head)
}

/// The key of a page, hashed once.
pub fn key(number: u64) -> CacheKey {
    let primary = format!("GET|www.example.com|/pages/{number}.html").into_bytes();
    let hash = hash_key(&primary);
    let mut key = CacheKey::new(primary, "");
    key.set_primary_bin_override(hash);
    key
}

/// Stores a page; gives the bytes of it that are stored, as the storage counts them.
#[allow(dead_code, reason = "not each bench stores")]
pub async fn store(storage: &'static (dyn Storage + Sync), number: u64, body: &Bytes) -> usize {
    let (key, meta, trace) = (key(number), meta(head(number, body.len())), Span::inactive().handle());
    let mut handler = storage.get_miss_handler(&key, &meta, &trace).await.unwrap();
    handler.write_body(body.clone(), true).await.unwrap();
    match handler.finish().await.unwrap() {
        MissFinishType::Created(bytes) | MissFinishType::Appended(bytes, _) => bytes,
    }
}

/// Looks a page up and reads all of it; the length of its body, `None` when it is not there.
pub async fn read(storage: &'static (dyn Storage + Sync), key: &CacheKey) -> Option<usize> {
    let trace = Span::inactive().handle();
    let (meta, mut handler) = storage.lookup(key, &trace).await.unwrap()?;
    let mut len = 0;
    while let Some(bytes) = handler.read_body().await.unwrap() {
        len += bytes.len();
    }
    std::hint::black_box(&meta);
    handler.finish(storage, key, &trace).await.unwrap();
    Some(len)
}
