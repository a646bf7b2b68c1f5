//! Counters, the latency histogram and the access log.
//!
//! The proxy records each request once, at its end ([`Metrics::record`], [`AccessLog::write`]);
//! `origin` counts its requests, `policy` its reloads. The admin listener reads: [`Metrics::render`]
//! and [`Metrics::totals`]. Nothing here blocks a request, and nothing here decides anything.

mod access_log;
mod exposition;
mod histogram;
mod metrics;
mod outcome;
mod record;
mod seldom;
mod shard;

pub use access_log::{AccessLog, LogFormat};
pub use exposition::{AbandonedGauges, BackendGauge, Gauges, StoreGauges, WaitingGauges};
pub use metrics::{InFlight, Metrics, OriginCounters, RequestSample, Totals};
pub use outcome::{OriginResult, Outcome, Reason, ReloadResult};
pub use record::AccessRecord;
pub use seldom::Seldom;
pub use shard::place_of_thread;
