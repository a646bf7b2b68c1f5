//! The process: runtime, policy, sockets and signals put together.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use pingora::apps::ServerApp;
use pingora::server::configuration::ServerConf;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::abandon::Abandoned;
use super::backend_connection;
use super::bans::Bans;
use super::connection::{Front, Listener};
use super::options::{AccessLogTarget, Listening, ServeOptions};
use super::{WarpProxy, listener, status};
use crate::admin::RunningAdmin;
use crate::origin::{Dns, Registry};
use crate::policy::{PolicyHandle, Rejected, Watcher, Workers};
use crate::store::pingora::FetchLock;
use crate::store::pingora::PingoraStorage;
use crate::telemetry::{AccessLog, LogFormat, Metrics};

/// How many records of the access log may wait to be written.
const LOG_QUEUE: usize = 8_192;

/// How much is logged. What pingora's proxy warns of is told by `failure` and `stale`, shorter.
const LOG: &str = "info,pingora_proxy=error";

/// How long requests under way may take to end after SIGTERM or SIGINT.
const DRAIN: Duration = Duration::from_secs(10);

/// Why the proxy could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The policy has errors.
    #[error("{0}")]
    Policy(#[from] Box<Rejected>),
    /// A socket could not be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The access log could not be opened.
    #[error("cannot write the access log {}: {source}", path.display())]
    AccessLog {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused threads or signals.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
    /// Something else was missing; the text says what.
    #[error("{0}")]
    Start(String),
}

/// Serves until a signal says stop. `on_ready` is called once every socket accepts.
pub fn serve(options: ServeOptions, on_ready: impl FnOnce(&Listening)) -> Result<(), ServeError> {
    start_log(options.log_format);
    let threads = options.threads.map_or_else(available_threads, |threads| threads.max(1));
    let workers = Arc::new(Workers::new(threads));
    let runtime = runtime(threads, &workers)?;
    let metrics = Arc::new(Metrics::new());
    let registry = Arc::new(Registry::with_lookup(
        runtime.handle().clone(),
        Arc::clone(&metrics),
        Arc::new(Dns::new(options.resolvers)),
    ));
    let policy = Arc::new(PolicyHandle::load(options.source, registry, Arc::clone(&metrics))?);
    // pingora wants its storage and lock for ever; one of each lives as long as the process.
    let storage: &'static PingoraStorage = Box::leak(Box::new(PingoraStorage::new(options.memory_bytes)));
    let bans: &'static Bans = Box::leak(Box::default());
    storage.set_guard(bans);
    let proxy = WarpProxy {
        policy,
        limits: options.limits,
        storage,
        lock: Box::leak(Box::new(FetchLock::new(storage, options.coalescing))),
        marks: Box::leak(Box::default()),
        bans,
        failed: Box::leak(Box::default()),
        abandoned: Box::leak(Box::new(Abandoned::new(options.most_abandoned))),
        access_log: access_log(options.access_log, options.log_format, &metrics)?.map(Arc::new),
        metrics,
    };
    runtime.block_on(run(proxy, workers, &options.listen, options.admin, on_ready))
}

/// Sends the log to stderr. `WARP_LOG` says how much (`debug`, `warp_edge=trace` …), `info` if unset.
fn start_log(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WARP_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(LOG));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    // A second call, as from a test, finds a log already there and leaves it.
    let _ = match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

fn access_log(target: AccessLogTarget, format: LogFormat, metrics: &Metrics) -> Result<Option<AccessLog>, ServeError> {
    let dropped = metrics.dropped_log_records();
    Ok(match target {
        AccessLogTarget::Off => None,
        AccessLogTarget::Stdout => Some(AccessLog::start(io::stdout(), format, LOG_QUEUE, dropped)?),
        AccessLogTarget::File(path) => {
            let opened = AccessLog::open(&path, format, dropped);
            Some(opened.map_err(|source| ServeError::AccessLog { path, source })?)
        }
    })
}

/// One for each processor that the process may use.
fn available_threads() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

fn runtime(threads: usize, workers: &Arc<Workers>) -> io::Result<Runtime> {
    let [beginning, resting, ending] = [workers; 3].map(Arc::clone);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("warp")
        .on_thread_start(move || beginning.begin())
        .on_thread_park(move || resting.rest())
        .on_thread_stop(move || ending.end())
        .enable_all()
        .build()
}

async fn run(
    proxy: WarpProxy,
    workers: Arc<Workers>,
    listen: &[SocketAddr],
    admin: Option<SocketAddr>,
    on_ready: impl FnOnce(&Listening),
) -> Result<(), ServeError> {
    let mut signals = Signals::new()?;
    let sockets = bind_all(listen).await?;
    let traffic = sockets.iter().map(TcpListener::local_addr).collect::<io::Result<Vec<_>>>()?;
    let admin = start_admin(admin, &proxy, &traffic)?;
    tokio::spawn(proxy.bans.keep_sweeping(proxy.storage));
    let watcher = Watcher::spawn(Arc::clone(&proxy.policy), workers, |_| {})?;
    let (stop, stopping) = watch::channel(false);
    let (alive, mut ended) = mpsc::channel(1);
    let front = Arc::new(front(proxy).await?);
    for (number, (socket, address)) in sockets.into_iter().zip(&traffic).enumerate() {
        let listener = Arc::new(Listener::new(number, *address));
        tokio::spawn(listener::accept(socket, listener, Arc::clone(&front), stopping.clone(), alive.clone()));
    }
    drop(alive);
    on_ready(&Listening { traffic, admin: admin.as_ref().map(RunningAdmin::local_addr) });
    signals.wait_for_stop(|| watcher.reload()).await;
    // From here on connections end after the request that they carry.
    let _ = stop.send(true);
    watcher.stop();
    front.app.cleanup().await;
    tokio::select! {
        _ = ended.recv() => {}
        () = tokio::time::sleep(DRAIN) => tracing::warn!("requests still under way were cut off"),
        // What is still under way ends on the policy with which it began.
        () = signals.wait_for_stop(|| ()) => {}
    }
    Ok(())
}

fn start_admin(
    address: Option<SocketAddr>,
    proxy: &WarpProxy,
    traffic: &[SocketAddr],
) -> Result<Option<RunningAdmin>, ServeError> {
    let Some(address) = address else { return Ok(None) };
    status::start(address, proxy, traffic).map(Some).map_err(|source| ServeError::Listen { address, source })
}

async fn front(proxy: WarpProxy) -> io::Result<Front> {
    // `failure` and `retry` say when to stop: after the last member, the last address, the last `retry`.
    let conf = ServerConf { max_retries: usize::MAX, ..ServerConf::default() };
    let (policy, metrics) = (Arc::clone(&proxy.policy), Arc::clone(&proxy.metrics));
    let access_log = proxy.access_log.clone();
    Ok(Front { app: backend_connection::app(proxy, conf).await?, policy, metrics, access_log })
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

    /// Returns at SIGINT or SIGTERM; calls `reload` at each SIGHUP until then.
    async fn wait_for_stop(&mut self, reload: impl Fn()) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => reload(),
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
            }
        }
    }
}
