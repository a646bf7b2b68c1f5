//! What a policy fails at while it runs: said with its place, and counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::decision::Verdict;
use crate::lang::schema::Step;
use crate::lang::source::{SourceMap, Span};
use crate::telemetry::{Metrics, Seldom};

/// How often the log tells of the same place.
const INTERVAL: Duration = Duration::from_mins(1);

/// As much as is shown of what a policy says itself, which may be what a client sent.
const MOST_REASON_CHARS: usize = 200;

/// The failures of one policy.
#[derive(Debug)]
pub struct Failures {
    metrics: Arc<Metrics>,
    said: Seldom<Option<Span>>,
}

impl Failures {
    /// Those of a policy that has not failed yet.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, said: Seldom::new(1, INTERVAL) }
    }

    /// Counts a failure of this step, and tells of it where the log has not told of its place for a while.
    pub fn note(&self, step: Step, verdict: &Verdict, sources: &SourceMap, xid: u64) {
        self.metrics.policy_failure(step.name());
        let Some(left_out) = self.said.note(verdict.span, Instant::now()) else { return };
        let place = verdict.span.map_or_else(|| "nowhere".to_owned(), |span| sources.describe(span));
        let statement = verdict.span.and_then(|span| beginning(sources, span)).unwrap_or_default();
        let reason = shown(verdict.reason.as_deref().unwrap_or_default());
        tracing::warn!(step = step.name(), place, statement, ?reason, xid, left_out, "the policy failed a request");
    }
}

fn shown(reason: &[u8]) -> String {
    String::from_utf8_lossy(reason).chars().take(MOST_REASON_CHARS).collect()
}

/// A statement up to its first value: `set req.http.X`. What is behind that may be a secret.
fn beginning(sources: &SourceMap, span: Span) -> Option<&str> {
    let text = sources.get(span.file)?.text().get(span.range())?;
    text.split(['=', '(', '"', ';', '\n']).next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::source::SourceFile;

    #[test]
    fn a_statement_is_shown_without_its_values() {
        for (text, expected) in [
            ("set req.http.X = \"s3cret\";", "set req.http.X"),
            ("return (fail(\"s3cret\"));", "return"),
            ("std.log(\"s3cret\");", "std.log"),
            ("unset req.http.X;", "unset req.http.X"),
        ] {
            let mut sources = SourceMap::default();
            let file = sources.add(SourceFile::new("a.warp", text));
            assert_eq!(beginning(&sources, Span::new(file, 0..text.len())), Some(expected));
        }
    }

    #[test]
    fn what_a_policy_says_is_cut() {
        assert_eq!(shown("ü".repeat(1_000).as_bytes()).chars().count(), MOST_REASON_CHARS);
    }
}
