//! Where the answers come from.

use serde_json::Value;

/// The running proxy, as far as the admin listener tells of it. Called for each request: cheap, and
/// never waiting for one that runs.
pub trait StatusSource: Send + Sync + 'static {
    /// The policy: `generation` (1 for the first), `path`, and `last_reload` (`null` before the first)
    /// with `outcome` (`ok`, `unchanged`, `rejected`), `at_unix_ms` and `diagnostics` (the rendered text).
    fn policy(&self) -> Value;

    /// The rules of the running policy: a list of [`crate::policy::RuleStatus`].
    fn rules(&self) -> Value;

    /// The store: `bytes`, `limit_bytes`, `index_bytes`, `objects`, `fills`, and since the start `stored`, `evictions`,
    /// `purged`, `expired`.
    fn store(&self) -> Value;

    /// The backends of the running policy: a list of [`crate::origin::BackendStatus`].
    fn backends(&self) -> Value;

    /// The directors of the running policy: a list of [`crate::origin::DirectorStatus`].
    fn directors(&self) -> Value;

    /// The addresses that clients connect to: a list of texts.
    fn listeners(&self) -> Value;

    /// Requests since the start: [`crate::telemetry::Totals`].
    fn requests(&self) -> Value;

    /// The text of `/metrics`.
    fn metrics(&self) -> String;
}
