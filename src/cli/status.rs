//! `warp status`: the running proxy and its last reload.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::output::{count, size};
use super::{Failure, Outcome, Output, values};

/// Show the running proxy and what came of its last reload.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  warp status
  warp status --format json | jq .policy.last_reload

Ends with 1 if the policy file was refused the last time, with 2 if no proxy answers.")]
pub(super) struct Arguments {
    /// The admin listener of the running proxy
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9090", value_parser = values::address)]
    admin: SocketAddr,

    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// The object that the admin listener answers with
    Json,
}

/// An answer takes microseconds; this long only if the machine is in trouble.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn run(arguments: &Arguments, out: &mut Output) -> Result<Outcome, Failure> {
    let status = fetch(arguments.admin)?;
    out.write(&match arguments.format {
        Format::Text => text(&status, SystemTime::now()),
        Format::Json => format!("{status:#}\n"),
    })?;
    Ok(if is_refused(&status) { Outcome::Findings } else { Outcome::Fine })
}

fn fetch(admin: SocketAddr) -> Result<Value, Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).proxy(None).build().into();
    let answer = agent.get(format!("http://{admin}/status")).call();
    answer
        .and_then(|mut response| response.body_mut().read_json())
        .map_err(|error| Failure::Unreachable { admin, reason: error.to_string() })
}

fn is_refused(status: &Value) -> bool {
    status["policy"]["last_reload"]["outcome"] == "rejected"
}

/// The lines for people; what the proxy does not tell is left out.
fn text(status: &Value, now: SystemTime) -> String {
    let mut lines = head(status);
    lines += &policy(&status["policy"], now);
    lines += &reload(&status["policy"]["last_reload"], now);
    lines += &store(&status["store"]);
    for site in status["policy"]["sites"].as_array().into_iter().flatten() {
        lines += &row("site", &site_text(site));
    }
    for backend in status["backends"].as_array().into_iter().flatten() {
        lines += &row("backend", &backend_text(backend, now));
    }
    lines
}

fn head(status: &Value) -> String {
    let up = Duration::from_secs(number(&status["uptime_seconds"]));
    let version = status["version"].as_str().unwrap_or("of unknown version");
    let mut lines = row("warp", &format!("{version}, up {}", span(up)));
    for listener in status["listeners"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        lines += &row("listening", listener);
    }
    lines
}

fn policy(policy: &Value, now: SystemTime) -> String {
    let path = policy["path"].as_str().unwrap_or("built in");
    let generation = number(&policy["generation"]);
    let fingerprint = policy["fingerprint"].as_str().unwrap_or("-");
    let loaded = ago(&policy["loaded_at_unix_ms"], now);
    let warnings = match number(&policy["warnings"]) {
        0 => String::new(),
        warnings => format!(", {}", count_u64(warnings, "warning")),
    };
    row("policy", &format!("{path}, generation {generation} ({fingerprint}), loaded {loaded}{warnings}"))
}

fn reload(reload: &Value, now: SystemTime) -> String {
    let Some(outcome) = reload["outcome"].as_str() else { return row("reload", "none since the start") };
    let when = ago(&reload["at_unix_ms"], now);
    if outcome != "rejected" {
        let took = reload["duration_ms"].as_f64().unwrap_or_default();
        return row("reload", &format!("{outcome}, {when}, took {took:.1} ms"));
    }
    let errors = count_u64(number(&reload["errors"]), "error");
    let generation = number(&reload["generation"]);
    let mut lines = row("reload", &format!("rejected {when}, {errors}; generation {generation} serves on"));
    for line in reload["diagnostics"].as_str().unwrap_or_default().lines() {
        let _ = writeln!(lines, "{}", format!("  {line}").trim_end());
    }
    lines
}

fn store(store: &Value) -> String {
    if !store.is_object() {
        return String::new();
    }
    let (bytes, limit) = (number(&store["bytes"]), number(&store["limit_bytes"]));
    let objects = count_u64(number(&store["objects"]), "object");
    row("store", &format!("{} of {}, {objects}", size(bytes), size(limit)))
}

fn site_text(site: &Value) -> String {
    let hosts: Vec<&str> = site["hosts"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!("{} from {}", hosts.join(", "), site["file"].as_str().unwrap_or("-"))
}

fn backend_text(backend: &Value, now: SystemTime) -> String {
    let name = backend["name"].as_str().unwrap_or("-");
    let address = backend["address"].as_str().unwrap_or("none");
    let health = if backend["healthy"] == true { "healthy" } else { "sick" };
    let probed = probe_text(&backend["probe"], now);
    let unresolved = backend["resolve_error"].as_str().map(|error| format!(" ({error})")).unwrap_or_default();
    let requests = count_u64(number(&backend["requests"]), "request");
    format!("{name} at {address}, {health}{probed}{unresolved}, {requests}, {} failed", number(&backend["failures"]))
}

/// What the probe found, in parentheses; nothing without one.
fn probe_text(probe: &Value, now: SystemTime) -> String {
    if !probe.is_object() {
        return String::new();
    }
    let (good, window) = (number(&probe["good"]), count_u64(number(&probe["window"]), "probe"));
    let changed = ago(&probe["changed_at_unix_ms"], now);
    let error = probe["last_error"].as_str().map(|error| format!("; {error}")).unwrap_or_default();
    format!(" ({good} of {window} good, last change {changed}{error})")
}

fn row(name: &str, text: &str) -> String {
    format!("{name:<10} {text}\n")
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn count_u64(number: u64, what: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), what)
}

fn ago(unix_ms: &Value, now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{} ago", span(since.saturating_sub(Duration::from_millis(number(unix_ms)))))
}

/// The two largest units: `3 h 12 min`.
fn span(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds @ 3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        seconds => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(10_000)
    }

    #[test]
    fn a_refused_reload_is_told_with_its_diagnostics() {
        let status = json!({"policy": {"path": "site.warp", "generation": 3, "last_reload": {
            "outcome": "rejected", "generation": 3, "at_unix_ms": 9_996_000, "errors": 1, "diagnostics": "x wrong\n\nhelp"
        }}});
        let text = text(&status, now());
        assert!(text.contains("rejected 4 s ago, 1 error; generation 3 serves on\n  x wrong\n\n  help\n"), "{text}");
        assert!(is_refused(&status));
    }

    #[test]
    fn what_is_told_is_shown() {
        let status = json!({
            "version": "0.1.0", "uptime_seconds": 4000, "listeners": ["127.0.0.1:8080"],
            "policy": {"path": null, "generation": 1, "fingerprint": "ab", "loaded_at_unix_ms": 9_000_000, "last_reload": null,
                "sites": [{"name": "a.test", "hosts": ["a.test", "*.a.test"], "file": "sites/a.warp"}]},
            "store": {"bytes": 1_572_864, "limit_bytes": 268_435_456, "objects": 1},
            "backends": [{"name": "default", "address": "127.0.0.1:1", "healthy": false, "requests": 2, "failures": 1,
                "probe": {"good": 2, "window": 8, "changed_at_unix_ms": 9_999_000, "last_error": "no connection"}}],
        });
        assert_eq!(
            text(&status, now()),
            "warp       0.1.0, up 1 h 6 min\n\
             listening  127.0.0.1:8080\n\
             policy     built in, generation 1 (ab), loaded 16 min 40 s ago\n\
             reload     none since the start\n\
             store      1.5 MB of 256.0 MB, 1 object\n\
             site       a.test, *.a.test from sites/a.warp\n\
             backend    default at 127.0.0.1:1, sick (2 of 8 probes good, last change 1 s ago; no connection), 2 requests, \
             1 failed\n"
        );
    }
}
