//! A proxy of pingora's with nothing of its own but a cache, on a thread of its own.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};

use async_trait::async_trait;
use http::Uri;
use pingora::Result;
use pingora::apps::ServerApp;
use pingora::cache::storage::Storage;
use pingora::cache::{CacheKey, RespCacheable};
use pingora::http::ResponseHeader;
use pingora::protocols::l4::stream::Stream;
use pingora::proxy::{HttpProxy, ProxyHttp, Session};
use pingora::server::configuration::ServerConf;
use pingora::upstreams::peer::HttpPeer;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::watch;

use super::process::Thread;
use super::{page, storage};

struct Cached {
    storage: &'static (dyn Storage + Sync),
    origin: SocketAddr,
}

#[async_trait]
impl ProxyHttp for Cached {
    type CTX = ();

    fn new_ctx(&self) {}

    fn request_cache_filter(&self, session: &mut Session, (): &mut ()) -> Result<()> {
        session.cache.enable(self.storage, None, None, None, None);
        Ok(())
    }

    fn cache_key_callback(&self, session: &Session, (): &mut ()) -> Result<CacheKey> {
        Ok(page::key(number_of(&session.req_header().uri)))
    }

    fn response_cache_filter(&self, _: &Session, response: &ResponseHeader, (): &mut ()) -> Result<RespCacheable> {
        Ok(RespCacheable::Cacheable(page::meta(response.clone())))
    }

    async fn upstream_peer(&self, _session: &mut Session, (): &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.origin, false, String::new())))
    }
}

fn number_of(uri: &Uri) -> u64 {
    uri.path().trim_start_matches('/').parse().unwrap_or_default()
}

/// A proxy that runs.
pub struct Server {
    pub address: SocketAddr,
    /// Its thread.
    pub thread: Thread,
}

/// Starts a proxy with a cache, its storage by its place in the list of names.
pub fn start(which: usize, origin: SocketAddr) -> Server {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            tell.send(Server { address: listener.local_addr().unwrap(), thread: Thread::own() }).unwrap();
            accept(listener, Cached { storage: storage(which).await, origin }).await;
        });
    });
    told.recv().unwrap()
}

async fn accept(listener: TcpListener, proxy: Cached) {
    let mut app = HttpProxy::new(proxy, Arc::new(ServerConf::default()));
    app.handle_init_modules();
    let app = Arc::new(app);
    // Kept, so that it never says stop.
    let (_stop, stopping) = watch::channel(false);
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(serve(Arc::clone(&app), connection, stopping.clone()));
    }
}

async fn serve(app: Arc<HttpProxy<Cached>>, connection: TcpStream, stopping: watch::Receiver<bool>) {
    connection.set_nodelay(true).unwrap();
    let mut next: Option<pingora::protocols::Stream> = Some(Box::new(Stream::from(connection)));
    while let Some(stream) = next {
        next = app.process_new(stream, &stopping).await;
    }
}
