//! A request's way through the steps, on pingora.
//!
//! A request's life is the order of its modules:
//!
//! - `listener` and `connection`: its bytes are read and judged, and handed to pingora, whose calls
//!   `hooks` hands on to the steps;
//! - `admit`, `site`, `recv`, `wishes`, `content`, `query`: what is asked for and by whose policy it is served, and with `restart` once more; `lookup`, `marks`: whether
//!   it is stored, or known not to be; `coalesce`: who waits for the fetch of another; `stale`: whether what is stale
//!   may be served;
//! - `fetch`: the backend is asked, the one that `choose` finds, connected to as `upstream` says, over a
//!   `backend_connection`, with `deadline` to watch it, and with `retry` once more; `interim`, `beresp`, `storing`:
//!   what comes, and what is stored of it, with `revalidate` and `refresh` for a 304, `head_update` for a HEAD, `part` and `range`
//!   for parts, `slice`, `sliced` and `told` for responses that are put together from slices, `post` and `invalidate`
//!   for what a request changed, `ahead` for a client that is slow, `abandon` for one that is gone;
//! - `pipe`: what is not looked at;
//! - `deliver`, `synth`, `failure`: what the client gets, with `framing` for what has no content; `explain`, `log`, `shown` and `warning`: what is told of it.
//!
//! `facts` shows a request to the policy, `step` runs a step of it, and `serve` puts the process together. What the
//! rules of caching say stands in `crate::cache`, and the store as pingora sees it in `crate::store::pingora`.

mod abandon;
mod admit;
mod ahead;
mod backend_connection;
mod bans;
mod beresp;
mod choose;
mod coalesce;
mod connection;
mod content;
mod ctx;
mod deadline;
mod deliver;
mod explain;
mod facts;
mod failure;
mod fetch;
mod framing;
mod head_update;
mod hooks;
mod interim;
mod invalidate;
mod invalidator;
mod listener;
mod log;
mod lookup;
mod marks;
mod options;
mod part;
mod password;
mod pipe;
mod post;
mod query;
mod range;
mod recv;
mod refresh;
mod restart;
mod retry;
mod revalidate;
mod serve;
mod shown;
mod site;
mod slice;
mod sliced;
mod stale;
mod status;
mod step;
mod storing;
mod synth;
mod tags;
mod told;
mod upstream;
mod varied;
mod warning;
mod wishes;
mod world;

use std::sync::{Arc, OnceLock};

use crate::policy::PolicyHandle;
use crate::telemetry::{AccessLog, Metrics};

pub use crate::store::pingora::Coalescing;
pub use options::{AccessLogTarget, Limits, Listening, MOST_ABANDONED, ServeOptions};
pub use serve::{ServeError, serve};

/// The proxy: what every request needs, whatever its policy.
pub struct WarpProxy {
    policy: Arc<PolicyHandle>,
    limits: Limits,
    storage: &'static crate::store::pingora::PingoraStorage,
    lock: &'static coalesce::Lock,
    marks: &'static marks::KeyMarks,
    bans: &'static bans::Bans,
    failed: &'static stale::FailedFetches,
    abandoned: &'static abandon::Abandoned,
    metrics: Arc<Metrics>,
    access_log: Option<Arc<AccessLog>>,
}

/// The name of this machine, read once.
fn hostname() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
        name.map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
    })
}
