//! Warnings that clients may cause with each of their requests: so many of a kind in a minute.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::telemetry::Seldom;

/// Enough to see what happens, and little enough for years of it.
const MOST_LINES: u32 = 10;

const INTERVAL: Duration = Duration::from_mins(1);

/// A kind is what happened, and with which backend.
static WARNINGS: LazyLock<Seldom<(&'static str, Box<str>)>> = LazyLock::new(|| Seldom::new(MOST_LINES, INTERVAL));

/// Whether to warn of this, and how often it happened since the last warning that there was.
pub fn due(what: &'static str, backend: Option<&str>) -> Option<u64> {
    WARNINGS.note((what, backend.unwrap_or_default().into()), Instant::now())
}
