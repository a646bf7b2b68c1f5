//! The store in a proxy that is made with pingora alone, as its documentation shows it.

// Helpers of tests may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use pingora::cache::storage::HitHandler;
use pingora::cache::{CacheKey, CacheMeta, ForcedFreshness, RespCacheable};
use pingora::http::ResponseHeader;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::upstreams::peer::HttpPeer;
use warp_edge::store::pingora::{AlwaysMiss, Coalescing, FetchLock, PingoraStorage};

/// More than the sockets between take.
const LENGTH: usize = 32 << 20;

struct Cache {
    origin: SocketAddr,
    storage: &'static PingoraStorage,
    lock: &'static FetchLock<()>,
}

/// Whether the origin is to be asked, whatever is stored.
fn is_to_be_asked_for(session: &Session) -> bool {
    session.req_header().headers.contains_key("cache-control")
}

#[async_trait]
impl ProxyHttp for Cache {
    type CTX = ();

    fn new_ctx(&self) {}

    fn request_cache_filter(&self, session: &mut Session, (): &mut ()) -> pingora::Result<()> {
        let options = Some(FetchLock::<()>::options());
        session.cache.enable(self.storage, None, None, Some(self.lock), options);
        Ok(())
    }

    fn cache_key_callback(&self, session: &Session, (): &mut ()) -> pingora::Result<CacheKey> {
        let mut key = CacheKey::new(session.req_header().uri.to_string(), "");
        if is_to_be_asked_for(session) {
            key.extensions.insert(AlwaysMiss);
        }
        Ok(key)
    }

    fn response_cache_filter(
        &self,
        _: &Session,
        response: &ResponseHeader,
        (): &mut (),
    ) -> pingora::Result<RespCacheable> {
        let (now, minute) = (SystemTime::now(), Duration::from_mins(1));
        Ok(RespCacheable::Cacheable(CacheMeta::new(now + minute, now, 0, 0, response.clone())))
    }

    async fn cache_hit_filter(
        &self,
        session: &mut Session,
        _: &CacheMeta,
        _: &mut HitHandler,
        _: bool,
        (): &mut (),
    ) -> pingora::Result<Option<ForcedFreshness>> {
        Ok(is_to_be_asked_for(session).then_some(ForcedFreshness::ForceExpired))
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        (): &mut (),
    ) -> pingora::Result<()> {
        session.set_proxy_tasks_enabled(self.storage.may_run_ahead(response));
        Ok(())
    }

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> pingora::Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.origin, false, String::new())))
    }
}

/// An origin that gives these answers, one on each connection, and where it listens.
fn origin(answers: impl IntoIterator<Item = Vec<u8>> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    origin
}

fn large_page() -> Vec<u8> {
    let mut page = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n").into_bytes();
    page.resize(page.len() + LENGTH, b'x');
    page
}

fn proxy(origin: SocketAddr) -> SocketAddr {
    let storage: &'static PingoraStorage = Box::leak(Box::new(PingoraStorage::new(1 << 30)));
    let lock: &'static FetchLock<()> = Box::leak(Box::new(FetchLock::new(storage, Coalescing::default())));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut server = Server::new(None).unwrap();
    server.bootstrap();
    let mut service = http_proxy_service(&server.configuration, Cache { origin, storage, lock });
    service.add_tcp(&free.to_string());
    server.add_service(service);
    std::thread::spawn(move || server.run_forever());
    free
}

/// Asks for the page.
fn ask(proxy: SocketAddr) -> TcpStream {
    ask_with(proxy, "")
}

/// Asks for the page with more fields.
fn ask_with(proxy: SocketAddr, fields: &str) -> TcpStream {
    loop {
        if let Ok(mut stream) = TcpStream::connect(proxy) {
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            write!(stream, "GET /page HTTP/1.1\r\nHost: a.test\r\n{fields}Connection: close\r\n\r\n").unwrap();
            return stream;
        }
        std::thread::yield_now();
    }
}

/// How many bytes of body come until the end.
fn rest(mut stream: TcpStream) -> usize {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(0, |head| answer.len() - head - 4)
}

#[test]
fn one_who_reads_nothing_of_what_its_request_fetches_holds_up_nobody() {
    let proxy = proxy(origin([large_page()]));
    let mut leader = ask(proxy);
    let mut first = [0; 1];
    leader.read_exact(&mut first).unwrap();
    assert_eq!(rest(ask(proxy)), LENGTH);
    assert_eq!(rest(leader), LENGTH);
}

#[test]
fn a_304_brings_up_to_date_what_was_fresh_and_asked_for_all_the_same() {
    let stored =
        b"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nCache-Tag: 1\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage";
    let validated = b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nCache-Tag: 2\r\nConnection: close\r\n\r\n";
    let proxy = proxy(origin([stored.to_vec(), validated.to_vec()]));
    for (fields, version) in [("", 1), ("", 1), ("Cache-Control: no-cache\r\n", 2), ("", 2)] {
        let mut answer = String::new();
        ask_with(proxy, fields).read_to_string(&mut answer).unwrap();
        let is_up_to_date = answer.to_ascii_lowercase().contains(&format!("\r\ncache-tag: {version}\r\n"));
        assert!(is_up_to_date && answer.ends_with("\r\n\r\npage"), "{fields:?}: {answer}");
    }
}
