//! The process: runtime, policy, sockets and signals put together.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora::apps::ServerApp;
use pingora::cache::lock::CacheLock;
use pingora::cache::predictor::Predictor;
use pingora::proxy::HttpProxy;
use pingora::server::configuration::ServerConf;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::storage::PingoraStorage;
use super::{WarpProxy, listener};
use crate::origin::Registry;
use crate::policy::{PolicyHandle, PolicySource, Rejected, Watcher};
use crate::telemetry::{AccessLog, Metrics};

/// How often one request asks a backend at most: a kept connection that died, another address.
const TRIES: usize = 3;

/// How long a fetch may keep others waiting for it before they ask for themselves.
const LOCK_AGE: Duration = Duration::from_secs(60);

/// How many keys are remembered, in each of 16 shards, as ones whose responses are not stored.
const UNCACHEABLE_KEYS: usize = 4_096;

/// How long requests under way may take to end after SIGTERM or SIGINT.
const DRAIN: Duration = Duration::from_secs(10);

/// What `warp serve` was asked for.
pub struct ServeOptions {
    /// The policy.
    pub policy: PolicySource,
    /// Where to listen; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// Where the admin listener goes; `None` for none.
    pub admin: Option<SocketAddr>,
    /// The most memory that stored responses may take.
    pub memory_bytes: u64,
    /// Worker threads; one for each processor if `None`.
    pub threads: Option<usize>,
    /// The counters, which an access log shares.
    pub metrics: Arc<Metrics>,
    /// Where each request gets its line.
    pub access_log: Option<AccessLog>,
}

/// Where the proxy listens now.
pub struct Listening {
    /// Its sockets, in the order asked for.
    pub proxy: Vec<SocketAddr>,
    /// The admin listener.
    pub admin: Option<SocketAddr>,
}

/// Why the proxy could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The policy has errors.
    #[error("the policy has errors")]
    Policy(Box<Rejected>),
    /// A socket could not be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused threads or signals.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

/// Serves until a signal says stop. `on_ready` is called once every socket accepts.
pub fn serve(options: ServeOptions, on_ready: impl FnOnce(&Listening)) -> Result<(), ServeError> {
    let runtime = runtime(options.threads)?;
    let registry = Arc::new(Registry::new(runtime.handle().clone(), Arc::clone(&options.metrics)));
    let policy = PolicyHandle::load(options.policy, registry).map_err(ServeError::Policy)?;
    let policy = Arc::new(policy);
    // pingora wants its storage and lock for ever; one of each lives as long as the process.
    let storage: &'static PingoraStorage = Box::leak(Box::new(PingoraStorage::new(options.memory_bytes)));
    let proxy = WarpProxy {
        policy: Arc::clone(&policy),
        storage,
        lock: Box::leak(CacheLock::new_boxed(LOCK_AGE)),
        predictor: Box::leak(Box::new(Predictor::new(UNCACHEABLE_KEYS, None))),
        metrics: options.metrics,
        access_log: options.access_log,
    };
    runtime.block_on(run(proxy, policy, options.listen, options.admin, on_ready))
}

fn runtime(threads: Option<usize>) -> io::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads.max(1));
    }
    builder.thread_name("warp").enable_all().build()
}

async fn run(
    proxy: WarpProxy,
    policy: Arc<PolicyHandle>,
    listen: Vec<SocketAddr>,
    admin: Option<SocketAddr>,
    on_ready: impl FnOnce(&Listening),
) -> Result<(), ServeError> {
    let mut signals = Signals::new()?;
    let sockets = bind_all(&listen).await?;
    let addresses = sockets.iter().map(TcpListener::local_addr).collect::<io::Result<Vec<_>>>()?;
    let admin = super::status::start(admin, &proxy, &addresses)?;
    let watcher = Watcher::start(Arc::clone(&policy));
    let (stop, stopping) = watch::channel(false);
    let (alive, mut ended) = mpsc::channel(1);
    let app = app(proxy);
    for socket in sockets {
        tokio::spawn(listener::accept(socket, Arc::clone(&app), stopping.clone(), alive.clone()));
    }
    drop(alive);
    on_ready(&Listening { proxy: addresses, admin: admin.as_ref().map(super::status::Admin::address) });
    signals.wait_for_stop(&policy).await;
    drop(watcher);
    // From here on connections end after the request that they carry.
    let _ = stop.send(true);
    app.cleanup().await;
    tokio::select! {
        _ = ended.recv() => {}
        () = tokio::time::sleep(DRAIN) => tracing::warn!("requests still under way were cut off"),
        () = signals.wait_for_stop(&policy) => {}
    }
    Ok(())
}

fn app(proxy: WarpProxy) -> Arc<HttpProxy<WarpProxy>> {
    let conf = ServerConf { max_retries: TRIES, ..ServerConf::default() };
    let mut app = HttpProxy::new(proxy, Arc::new(conf));
    app.handle_init_modules();
    Arc::new(app)
}

async fn bind_all(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, ServeError> {
    let mut sockets = Vec::with_capacity(addresses.len());
    for &address in addresses {
        let socket = listener::bind(address).await.map_err(|source| ServeError::Listen { address, source })?;
        sockets.push(socket);
    }
    Ok(sockets)
}

/// The signals that `warp serve` listens to.
struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns at SIGINT or SIGTERM; reloads the policy at each SIGHUP until then.
    async fn wait_for_stop(&mut self, policy: &Arc<PolicyHandle>) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => {
                    let policy = Arc::clone(policy);
                    // Compiling blocks; it must not hold up a worker that serves requests.
                    tokio::task::spawn_blocking(move || policy.reload());
                }
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
            }
        }
    }
}
