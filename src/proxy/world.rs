//! What a policy asks of the process: its environment, its log, its rate limits.

use std::collections::HashMap;
use std::os::unix::ffi::OsStringExt as _;
use std::sync::LazyLock;
use std::time::Duration;

use crate::decision::facts;
use crate::limit::Rate;

/// A variable of the environment, as it was when one was asked for first.
pub fn environment(name: &[u8]) -> Option<&'static [u8]> {
    static ENVIRONMENT: LazyLock<HashMap<Vec<u8>, Vec<u8>>> =
        LazyLock::new(|| std::env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec())).collect());
    ENVIRONMENT.get(name).map(Vec::as_slice)
}

/// A rate as the limiter knows it.
pub fn rate(rate: facts::Rate) -> Rate {
    Rate {
        limit: rate.limit,
        per: Duration::from_millis(rate.per_ms),
        burst: rate.burst,
        block: Duration::from_millis(rate.block_ms),
    }
}

/// Writes a line to the log of warp, with the priority of syslog (RFC 5424 section 6.2.1).
pub fn log(priority: i64, line: &str) {
    // A line is one line, whatever the client had a part of it be.
    let line = line.escape_debug();
    match priority {
        ..=3 => tracing::error!(target: "policy", "{line}"),
        4 => tracing::warn!(target: "policy", "{line}"),
        5 | 6 => tracing::info!(target: "policy", "{line}"),
        7.. => tracing::debug!(target: "policy", "{line}"),
    }
}
