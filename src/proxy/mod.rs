//! A request's way through the steps, on pingora.
//!
//! The only module that touches pingora. `connection` reads and judges the bytes of a request and hands it
//! to pingora; `hooks` hands pingora's calls on, in the order of a
//! request's life: `admit` (the gate), `recv`, `lookup` (hash, hit, miss), `fetch`
//! (`backend_fetch`, `backend_response`) with `stale` and `revalidate` for what is no longer fresh, `deliver`, with `synth` and
//! `failure` for what warp says itself, and `log` at the end. `range` cuts ranges from what is stored whole and `part` from what is stored in part;
//! `sliced` puts a response together from slices, each fetched by a request of its own, `slice`, and
//! `told` what such a request tells of itself.
//! `facts` shows a request to the policy, `storage` shows warp's store to pingora, and `serve` puts
//! the process together. What the rules of caching say stands in `crate::cache`.

mod abandon;
mod admit;
mod connection;
mod ctx;
mod deliver;
mod explain;
mod facts;
mod failure;
mod fetch;
mod head_update;
mod hooks;
mod interim;
mod invalidate;
mod listener;
mod lock;
mod log;
mod lookup;
mod marks;
mod options;
mod part;
mod post;
mod query;
mod range;
mod recv;
mod revalidate;
mod serve;
mod slice;
mod sliced;
mod stale;
mod status;
mod storage;
mod synth;
mod told;

use std::sync::{Arc, OnceLock};

use crate::policy::PolicyHandle;
use crate::telemetry::{AccessLog, Metrics};

pub use options::{AccessLogTarget, Listening, ServeOptions};
pub use serve::{ServeError, serve};

/// The proxy: what every request needs, whatever its policy.
pub struct WarpProxy {
    policy: Arc<PolicyHandle>,
    storage: &'static storage::PingoraStorage,
    lock: &'static lock::FetchLock,
    marks: &'static marks::KeyMarks,
    failed: &'static stale::FailedFetches,
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
