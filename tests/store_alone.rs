//! The store in a proxy that is made with pingora alone, as its documentation shows it.

// Helpers of tests may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use pingora::cache::{CacheKey, CacheMeta, RespCacheable};
use pingora::http::ResponseHeader;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::upstreams::peer::HttpPeer;
use warp_edge::store::pingora::{Coalescing, FetchLock, PingoraStorage};

/// More than the sockets between take.
const LENGTH: usize = 32 << 20;

struct Cache {
    origin: SocketAddr,
    storage: &'static PingoraStorage,
    lock: &'static FetchLock<()>,
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
        Ok(CacheKey::new(session.req_header().uri.to_string(), ""))
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

/// An origin that answers once, and where it listens.
fn origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        let _ = stream.read(&mut [0; 4096]).unwrap();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n").unwrap();
        stream.write_all(&vec![b'x'; LENGTH]).unwrap();
    });
    origin
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
    loop {
        if let Ok(mut stream) = TcpStream::connect(proxy) {
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            write!(stream, "GET /page HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n").unwrap();
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
    let proxy = proxy(origin());
    let mut leader = ask(proxy);
    let mut first = [0; 1];
    leader.read_exact(&mut first).unwrap();
    assert_eq!(rest(ask(proxy)), LENGTH);
    assert_eq!(rest(leader), LENGTH);
}
