//! What is told about the running policy and its last reload, for `/status` and `warp status`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::telemetry::ReloadResult;

/// One reload.
#[derive(Clone, Debug, Serialize)]
pub struct ReloadReport {
    /// How it ended.
    pub outcome: ReloadResult,
    /// The generation that serves after it.
    pub generation: u64,
    /// When it ended, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// From the first read to the swap, in milliseconds.
    pub duration_ms: f64,
    /// How many errors kept the text from running.
    pub errors: usize,
    /// The diagnostics of a rejected text with their source lines; empty if it was not rejected.
    pub diagnostics: String,
}

/// A rule of the running policy: an arm of an `if`, a `match` or a table.
#[derive(Clone, Debug, Serialize)]
pub struct RuleStatus {
    /// The site whose policy has it; `None` for the root.
    pub site: Option<String>,
    /// The step that it belongs to.
    pub step: &'static str,
    /// The place of its condition, `site.warp:12:10`, or the piece of the built-in policy, `builtin.cookie`; `None` for what
    /// is done if none of those before it holds.
    pub condition: Option<String>,
    /// The same, and of what is done if none holds the place of the `else`; `None` where there is none.
    pub place: Option<String>,
    /// How often its condition was the first to hold since the text of the policy was loaded.
    pub decided: u64,
}

/// A site of the running policy.
#[derive(Clone, Debug, Serialize)]
pub struct SiteStatus {
    /// Its name, which is the first of its hosts.
    pub name: String,
    /// Its hosts.
    pub hosts: Vec<String>,
    /// The file in which its policy starts.
    pub file: String,
}

/// The running policy and what came of the last reload.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyStatus {
    /// Counts published policies; the one that the process started with is 1.
    pub generation: u64,
    /// The policy file; `None` for the built-in policy alone.
    pub path: Option<String>,
    /// Changes with the text.
    pub fingerprint: String,
    /// When it began to serve, in milliseconds since 1970.
    pub loaded_at_unix_ms: u64,
    /// What compiling it took, in milliseconds.
    pub compile_ms: f64,
    /// How many files it is made of.
    pub files: usize,
    /// How many warnings it has.
    pub warnings: usize,
    /// Its sites in order of declaration.
    pub sites: Vec<SiteStatus>,
    /// Reloads that published a policy.
    pub reloads_ok: u64,
    /// Reloads whose text had errors.
    pub reloads_rejected: u64,
    /// Reloads that found the text that serves already.
    pub reloads_unchanged: u64,
    /// The last reload; `None` if there was none since the start.
    pub last_reload: Option<ReloadReport>,
}

/// Milliseconds since 1970; 0 for a clock before that.
pub(super) fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds with their fraction.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
