//! The memory store as a cache of pingora's: what `HttpCache::enable` is given.
//!
//! Nothing here knows of policies; it works with pingora alone. A [`PingoraStorage`] keeps responses within a
//! limit of bytes that holds, lets any number of clients read a response while it comes, and evicts by itself, so
//! that it needs no eviction manager. A [`FetchLock`] lets one request fetch what many ask for.
//!
//! # Clients that read slowly
//!
//! pingora does all for the client whose request fetches in one task, and while that client takes nothing, it
//! fetches nothing unless it is told to queue what it sends (`set_proxy_tasks_enabled`). The proxy below has it do so
//! for all that the store will keep ([`PingoraStorage::may_run_ahead`]), so that nobody's slowness holds up the fetch
//! or the others. What the store does not keep goes at the pace of the client whose request fetches it, since
//! otherwise all that this one has yet to read would be held in memory. warp goes further, with a connection of
//! its own that keeps a [`Pace`]: what is not kept goes at the pace of the fastest.
//!
//! Set a time within which a client has to take what it is sent (`Session::set_write_timeout`): one who takes nothing
//! is only cut off here when memory is short.
//!
//! # Depending on it
//!
//! The crate is not on crates.io: depend on it by its path or its Git address. The store needs the feature `server`,
//! which is on by default; features do not leave out the rest of warp with its dependencies, such as clap, pest and
//! axum. They are built and, as far as nothing calls them, not linked. The version of pingora has to be the same,
//! `=0.9.1`.
//!
//! # A proxy
//!
//! ```
//! # use std::io::{Read, Write};
//! # use std::net::{SocketAddr, TcpListener, TcpStream};
//! # use std::time::{Duration, SystemTime};
//! use async_trait::async_trait;
//! use pingora::cache::{CacheKey, CacheMeta, RespCacheable};
//! use pingora::http::ResponseHeader;
//! use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
//! use pingora::server::Server;
//! use pingora::upstreams::peer::HttpPeer;
//! use warp_edge::store::pingora::{Coalescing, FetchLock, PingoraStorage};
//!
//! struct Cache {
//!     origin: SocketAddr,
//!     storage: &'static PingoraStorage,
//!     lock: &'static FetchLock<()>,
//! }
//!
//! #[async_trait]
//! impl ProxyHttp for Cache {
//!     type CTX = ();
//!
//!     fn new_ctx(&self) {}
//!
//!     fn request_cache_filter(&self, session: &mut Session, _: &mut ()) -> pingora::Result<()> {
//!         let options = Some(FetchLock::<()>::options());
//!         session.cache.enable(self.storage, None, None, Some(self.lock), options);
//!         Ok(())
//!     }
//!
//!     fn cache_key_callback(&self, session: &Session, _: &mut ()) -> pingora::Result<CacheKey> {
//!         Ok(CacheKey::new(session.req_header().uri.to_string(), ""))
//!     }
//!
//!     fn response_cache_filter(
//!         &self,
//!         _: &Session,
//!         response: &ResponseHeader,
//!         _: &mut (),
//!     ) -> pingora::Result<RespCacheable> {
//!         // A real proxy looks at the response's Cache-Control.
//!         let (now, minute) = (SystemTime::now(), Duration::from_secs(60));
//!         Ok(RespCacheable::Cacheable(CacheMeta::new(now + minute, now, 0, 0, response.clone())))
//!     }
//!
//!     async fn upstream_response_filter(
//!         &self,
//!         session: &mut Session,
//!         response: &mut ResponseHeader,
//!         _: &mut (),
//!     ) -> pingora::Result<()> {
//!         session.set_proxy_tasks_enabled(self.storage.may_run_ahead(response));
//!         Ok(())
//!     }
//!
//!     async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> pingora::Result<Box<HttpPeer>> {
//!         Ok(Box::new(HttpPeer::new(self.origin, false, String::new())))
//!     }
//! }
//!
//! // pingora wants them to live as long as the process.
//! let storage: &'static PingoraStorage = Box::leak(Box::new(PingoraStorage::new(64 * 1024 * 1024)));
//! let lock: &'static FetchLock<()> = Box::leak(Box::new(FetchLock::new(storage, Coalescing::default())));
//! # // An origin that answers once.
//! # let listener = TcpListener::bind("127.0.0.1:0")?;
//! # let origin = listener.local_addr()?;
//! # std::thread::spawn(move || {
//! #     let (mut stream, _) = listener.accept().expect("a connection");
//! #     drop(listener);
//! #     let _ = stream.read(&mut [0; 4096]).expect("a request");
//! #     stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").expect("sent");
//! # });
//! # let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
//! let mut server = Server::new(None)?;
//! server.bootstrap();
//! let mut service = http_proxy_service(&server.configuration, Cache { origin, storage, lock });
//! service.add_tcp(&free.to_string());
//! server.add_service(service);
//! std::thread::spawn(move || server.run_forever());
//!
//! # let connect = || loop {
//! #     if let Ok(stream) = TcpStream::connect(free) { break stream; }
//! #     std::thread::yield_now();
//! # };
//! # let get = |path: &str| -> std::io::Result<String> {
//! #     let mut stream = connect();
//! #     write!(stream, "GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")?;
//! #     let mut answer = String::new();
//! #     stream.read_to_string(&mut answer)?;
//! #     Ok(answer)
//! # };
//! // The origin answers the first request, the store all others.
//! for _ in 0..3 {
//!     assert!(get("/page")?.ends_with("hello"));
//! }
//! assert_eq!(storage.store().stats().hits, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The lock above sends all on at once who cannot share a response, as pingora does. For more, each key carries a
//! [`Turn`], set by [`Turn::join`] in `cache_key_callback` and kept in the request's context:
//!
//! - In `proxy_upstream_filter`, a request that has the lock (`is_cache_lock_writer`), or that pingora sends on because
//!   waiting brought nothing (`NoCacheReason::CacheLockGiveUp`, `CacheLockRetryLimit` and `CacheLockTimeout`), asks its
//!   turn how its waiting [ended](Turn::ended), and [enters](FetchLock::enter) before it asks the origin. It keeps the
//!   [`Place`] until all has come: then there are never more than [`Coalescing::most_fetches`] for a key.
//! - In `fail_to_connect` and `error_while_proxy` it [says](Turn::fail) what its fetch failed of, for those who wait.
//! - Whoever looks at the client's connection lets the request [leave](Seat::leave) when that ends: pingora looks at
//!   nothing while it waits.
//! - What is too large to be kept is shared by those who have a turn; others fetch it themselves.
//!
//! The proxy above is the shortest there is. A key has to hold all that tells responses apart, such as the host; methods
//! other than GET are not for the cache; and a response with `Vary` needs a `cache_vary_filter`.
//!
//! # Purges that come while the origin is asked
//!
//! A fill is known to the store from the head of the response on. What is purged before that, while the origin is asked,
//! has to be declared: [`PingoraStorage::intend`] in `proxy_upstream_filter`, the [`FillIntent`] being set on the
//! `CacheMeta` in `response_cache_filter` (`extensions_mut().insert(intent)`), for a 304 as well. Then neither the response
//! nor the 304 brings back what was purged meanwhile. [`StoredTags`] on the `CacheMeta` are the groups of a response,
//! purged by [`purge_group`](crate::store::MemoryStore::purge_group).
//!
//! What a site is changed by goes to [`PingoraStorage::store`]: [`purge`](crate::store::MemoryStore::purge) and
//! [`expire`](crate::store::MemoryStore::expire) with [`key_of`] a key, `set_limit`, `stats`, and `objects` to look
//! at what is there.

mod flights;
mod gate;
mod head;
mod lock;
mod pace;
mod seat;
mod storage;
mod stored;
mod stored_body;
mod turn;
mod unkept;

pub use gate::{Gate, Place};
pub use head::shared_bytes;
pub use lock::{AlwaysMiss, Coalescing, FetchLock, HEAD_ONLY, IgnoreBusy};
pub use pace::{Pace, STALL};
pub use seat::Seat;
pub use storage::{
    Family, FillIntent, Found, Guard, LanguageWanted, NoOlder, ObjectId, OfSlice, PingoraStorage, key_of,
};
pub use stored::{StoredResponse, StoredTags, StoredTarget, StoredTimes, group_of};
pub use stored_body::{StoredFill, StoredHit, Surround, Wanted};
pub use turn::{Ended, Turn};
