//! The head of a stored response: how much memory it takes, and how long it takes to have it back, beside a copy
//! of pingora's head and what that takes. A hit makes one head of the record, and pingora copies it.
//! `cargo bench --bench head`.
#![expect(clippy::unwrap_used, reason = "nothing is served here")]

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use http::HeaderValue;
use pingora::cache::CacheMeta;
use pingora::http::ResponseHeader;
use warp_edge::store::StoredHead;
use warp_edge::store::pingora::{StoredResponse, StoredTimes, shared_bytes};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NGINX: [(&str, &str); 8] = [
    ("Server", "nginx/1.28.0"),
    ("Date", "Sat, 01 Aug 2026 00:00:00 GMT"),
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", "1024"),
    ("Last-Modified", "Fri, 12 Jun 2026 08:49:37 GMT"),
    ("ETag", "\"6a2bc711-400\""),
    ("Cache-Control", "max-age=3600, public"),
    ("Accept-Ranges", "bytes"),
];

const MORE: [(&str, &str); 12] = [
    ("Vary", "Accept-Encoding"),
    ("Content-Encoding", "gzip"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; script-src 'self' 'unsafe-inline'"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Request-Id", "f058ebd6-02f7-4d3f-942e-904344e8cde5"),
    ("X-Powered-By", "PHP/8.4.1"),
    ("Via", "1.1 varnish"),
    ("X-Backend-Node", "web-17.example.net"),
    ("Link", "</style.css?v=17>; rel=preload; as=style"),
];

/// Owned text, as a stored copy has.
fn copied(fields: &[(&str, &str)]) -> ResponseHeader {
    let mut header = ResponseHeader::build(200, Some(fields.len())).unwrap();
    for (name, value) in fields {
        header.append_header((*name).to_owned(), HeaderValue::from_bytes(value.as_bytes()).unwrap()).unwrap();
    }
    header
}

fn meta(header: ResponseHeader) -> CacheMeta {
    let now = SystemTime::now();
    let times = StoredTimes { grace: Duration::from_secs(10), may_be_stale: true, ..StoredTimes::default() };
    let mut meta = CacheMeta::new(now + Duration::from_hours(1), now, 10, 10, header);
    meta.extensions_mut().insert(times);
    meta
}

/// What the record took the place of: pingora's own, copied.
fn meta_of_copy(header: &ResponseHeader, meta: &CacheMeta) -> CacheMeta {
    let mut copy = CacheMeta::new(meta.fresh_until(), meta.created(), 10, 10, header.clone());
    copy.set_epoch_override(meta.epoch());
    copy.extensions_mut().insert(meta.extensions().get::<StoredTimes>().copied().unwrap_or_default());
    copy
}

fn heads(criterion: &mut Criterion) {
    let twenty = [NGINX.as_slice(), &MORE].concat();
    for (label, fields) in [("8 fields", NGINX.as_slice()), ("20 fields", &twenty)] {
        let header = copied(fields);
        let meta = meta(header.clone());
        let make = || StoredResponse::new(&meta);
        // So often that its fields are learned.
        let stored = (0..20).fold(make(), |_, _| make());
        let text: usize = fields.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum();
        println!("{label}: {} bytes for {text} of text; shared: {}", stored.size_bytes(), shared_bytes());
        let mut group = criterion.benchmark_group(label);
        group.bench_function("copy", |bencher| bencher.iter(|| black_box(&header).clone()));
        group.bench_function("record of a copy", |bencher| bencher.iter(|| meta_of_copy(black_box(&header), &meta)));
        group.bench_function("record read", |bencher| bencher.iter(|| black_box(&stored).meta(true)));
        group.bench_function("record of a copy, copied", |bencher| {
            bencher.iter(|| {
                let meta = meta_of_copy(black_box(&header), &meta);
                (meta.response_header_copy(), meta)
            });
        });
        group.bench_function("record read, copied", |bencher| {
            bencher.iter(|| black_box(&stored).meta(true).map(|(meta, _)| (meta.response_header_copy(), meta)));
        });
        group.bench_function("useless_after", |bencher| bencher.iter(|| black_box(&stored).useless_after()));
        group.bench_function("made", |bencher| bencher.iter(|| StoredResponse::new(black_box(&meta))));
        group.finish();
    }
}

criterion_group!(benches, heads);
criterion_main!(benches);
