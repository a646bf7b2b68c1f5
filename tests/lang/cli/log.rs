//! `warp diff --log`: what a change makes of the requests of an access log.

use std::fmt::Write;

use serde_json::Value;
use tempfile::TempDir;

use super::formats::complaints;
use super::{Ran, folder, snapshot, warp, warp_with_stdin};

const OLD: &str = "warp 1;
backend default { .host = \"127.0.0.1\"; }
rules request first {
    when path under \"/api/\" -> pass;
}
rules response first {
    when path ext \"css\" -> ttl 1h;
}
";

/// Two things change: what is below `/api/` is stored, and a page has moved.
const NEW: &str = "warp 1;
backend default { .host = \"127.0.0.1\"; }
rules request first {
    when path == \"/old\" -> redirect 301 \"/new\";
}
rules response first {
    when path under \"/api/\" -> ttl 60s;
    when path ext \"css\" -> ttl 1h;
}
";

/// A GET each second, of 1,000 bytes each.
fn log(paths: &[&str]) -> String {
    let mut log = String::new();
    for (second, path) in paths.iter().enumerate() {
        let _ = writeln!(
            log,
            "192.0.2.1 - - [10/Oct/2000:13:55:{second:02} +0000] \"GET {path} HTTP/1.1\" 200 1000 \"-\" \"-\""
        );
    }
    log
}

const PATHS: &[&str] = &["/api/a", "/api/a", "/api/b", "/api/a", "/site.css", "/old", "/site.css", "/"];

fn with(log: &str) -> TempDir {
    folder(&[("old.warp", OLD), ("new.warp", NEW), ("access.log", log)])
}

fn diff(log: &str, further: &[&str]) -> Ran {
    let arguments = [&["diff", "old.warp", "new.warp", "--log", "access.log"], further].concat();
    warp(with(log).path(), &arguments)
}

#[test]
fn requests_and_bytes_are_counted_for_people_and_for_comments() {
    for format in ["text", "markdown"] {
        let lines = [&*log(PATHS), "hello\n", "{\"time\": 1}\n", "bye\n"].concat();
        let ran = diff(&lines, &["--log-host", "shop.test", "--format", format]);
        let heading = ran.stdout.find("of the log").and_then(|at| ran.stdout[..at].rfind('\n')).unwrap();
        snapshot(&format!("diff_log_{format}"), &ran.stdout[heading + 1..]);
        assert_eq!(ran.code, 1);
    }
}

#[test]
fn programs_get_the_same_figures() {
    let ran = diff(&log(PATHS), &["--log-host", "shop.test", "--format", "json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(complaints("diff.json", &told), Vec::<String>::new());
    let log = &told["log"];
    assert_eq!((&log["requests"], &log["bytes"]), (&8.into(), &8_000.into()));
    assert_eq!((&log["from"], &log["to"]), (&971_186_100.into(), &971_186_107.into()));
    // The style sheet by both; `/api/a` twice by the new one, which answers `/old` itself.
    assert_eq!((&log["old"]["hits"], &log["new"]["hits"]), (&1.into(), &3.into()));
    assert_eq!((&log["old"]["backend_requests"], &log["new"]["backend_requests"]), (&7.into(), &4.into()));
    assert_eq!(log["new"]["hit_ratio"], 0.375);
    let kinds: Vec<u64> =
        log["changes"].as_array().unwrap().iter().map(|it| it["requests"].as_u64().unwrap()).collect();
    assert_eq!(kinds, [4, 1]);
}

/// The counts of the classes, of a log of paths and cookies.
fn counts(old: &str, new: &str, visits: &[(&str, &str)]) -> Vec<u64> {
    let line = |(at, (path, cookie)): (usize, &(&str, &str))| {
        format!(
            "{{\"time\":{at},\"method\":\"GET\",\"host\":\"a.test\",\"url\":\"{path}\",\"status\":200,\"http_cookie\":\"{cookie}\"}}\n"
        )
    };
    let log: String = visits.iter().enumerate().map(line).collect();
    let whole = |text: &str| format!("warp 1;\nbackend default {{ .host = \"127.0.0.1\"; }}\n{text}");
    let here = folder(&[("old.warp", &whole(old)), ("new.warp", &whole(new)), ("access.log", &log)]);
    let ran = warp(here.path(), &["diff", "old.warp", "new.warp", "--log", "access.log", "--format", "json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(complaints("diff.json", &told), Vec::<String>::new());
    told["classes"].as_array().unwrap().iter().map(|class| class["requests"].as_u64().unwrap()).collect()
}

#[test]
fn each_request_counts_for_one_class_in_whatever_regards_it_changes() {
    let files = |files: &str| {
        format!(
            "rules request first {{\n when path ext {files} -> strip cookie, cache;\n}}
            sub recv {{\n set req.http.X-A = \"1\";\n if (req.cookies has \"session\") {{ return (pass); }}\n}}"
        )
    };
    let visits = [("/a.svg", ""), ("/b.svg", "session=1"), ("/c.svg", "session=1"), ("/c.css", "session=1"), ("/", "")];
    assert_eq!(counts(&files("[\"css\"]"), &files("[\"css\", \"svg\"]"), &visits), [3]);
    // The lines that are carried out are the same: it is the values that tell classes apart.
    let table = |a: &str, b: &str| {
        format!(
            "table t: STRING -> DURATION {{\n \"/a\": {a},\n \"/b\": {b},\n \"/c\": 7s,\n}}
            sub backend_response {{\n set beresp.ttl = t[bereq.path] ?? 10s;\n}}"
        )
    };
    let visits = [("/b", ""), ("/a", ""), ("/b", ""), ("/c", ""), ("/d", "")];
    let mut found = counts(&table("1s", "2s"), &table("3s", "4s"), &visits);
    found.sort_unstable();
    assert_eq!(found.iter().sum::<u64>(), 3, "{found:?}");
    // Two rows that change, of which requests come to one or to both.
    let rows = |row: &str, field: &str| {
        format!(
            "rules request first {{\n when path under \"/a\" -> {row};\n}}\nsub deliver {{\n set resp.http.S = \"{field}\";\n}}"
        )
    };
    let found = counts(&rows("pass", "1"), &rows("cache", "2"), &[("/a", ""), ("/a/b", ""), ("/b", "")]);
    assert_eq!(found.iter().sum::<u64>(), 3, "{found:?}");
    assert!(found.contains(&1) && found.contains(&2), "{found:?}");
}

#[test]
fn what_answers_say_may_be_given() {
    let told = |further: &[&str]| {
        let ran = diff(&log(&["/", "/", "/"]), &[&["--log-host", "a.test", "--format", "json"], further].concat());
        serde_json::from_str::<Value>(&ran.stdout).unwrap()["log"]["new"]["hits"].as_u64().unwrap()
    };
    assert_eq!(told(&[]), 0);
    assert_eq!(told(&["--origin-header", "Cache-Control: max-age=60"]), 2);
}

#[test]
fn what_is_stale_and_within_its_grace_is_a_hit_with_a_fetch_behind_it() {
    let policy = |grace: &str| {
        format!(
            "warp 1; backend default {{ .host = \"127.0.0.1\"; }} rules response first {{ else -> ttl 2s, grace {grace}; }}"
        )
    };
    // Three seconds between two of `/`, which is stored anew behind the second of them.
    let log = log(&["/", "/a", "/b", "/", "/", "/c", "/"]);
    let here = folder(&[("old.warp", &policy("0s")), ("new.warp", &policy("2s")), ("access.log", &log)]);
    let arguments = ["diff", "old.warp", "new.warp", "--log", "access.log", "--log-host", "a.test", "--format", "json"];
    let told: Value = serde_json::from_str(&warp(here.path(), &arguments).stdout).unwrap();
    let figures = |side: &str| [&told["log"][side]["hits"], &told["log"][side]["backend_requests"]].map(Value::as_u64);
    assert_eq!(figures("old"), [Some(1), Some(6)]);
    assert_eq!(figures("new"), [Some(3), Some(6)]);
}

#[test]
fn what_a_visitor_has_sent_is_not_told_on() {
    let line = r#"{"time":0,"client":"203.0.113.5","method":"GET","host":"a.test","url":"/old?token=hush","status":200,"cookie":"hush"}"#;
    for format in ["text", "markdown", "json"] {
        let ran = diff(line, &["--format", format]);
        assert!(ran.stdout.contains("GET a.test/old?…"), "{}", ran.stdout);
        assert!(!ran.stdout.contains("hush") && !ran.stdout.contains("203.0.113.5"), "{}", ran.stdout);
    }
}

#[test]
fn a_log_may_come_from_standard_input() {
    let arguments = ["diff", "old.warp", "new.warp", "--log", "-", "--log-host", "a.test", "--format", "json"];
    let ran = warp_with_stdin(with("").path(), &arguments, &log(&["/"]));
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap()["log"]["requests"], 1);
}

#[test]
fn logs_that_tell_nothing_are_refused_with_what_to_do() {
    let said = |log: &str, further: &[&str]| {
        let ran = diff(log, further);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        ran.stderr
    };
    let packed = with("");
    std::fs::write(packed.path().join("access.log"), b"\x1f\x8b\x08\x00").unwrap();
    let packed = warp(packed.path(), &["diff", "old.warp", "new.warp", "--log", "access.log"]);
    let missing = warp(with("").path(), &["diff", "old.warp", "new.warp", "--log", "nowhere.log"]);
    let all = [
        said(&("hello\n".to_owned() + &log(&["/"])), &[]),
        said("", &[]),
        said("hello\nworld\n", &[]),
        packed.stderr,
        missing.stderr,
    ];
    snapshot("diff_log_refused", &all.concat());
    let colon = diff(&log(&["/"]), &["--origin-header", "no colon"]);
    assert!(colon.code == 2 && colon.stderr.contains("`Cache-Control: max-age=60`"), "{}", colon.stderr);
    let alone = warp(with("").path(), &["diff", "old.warp", "new.warp", "--log-host", "a.test"]);
    assert_eq!(alone.code, 2);
}

#[test]
fn a_line_without_an_end_does_not_fill_the_memory() {
    let long = format!("{}\n{}", "x".repeat(200_000), log(&["/"]));
    let ran = diff(&long, &["--log-host", "a.test", "--format", "json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&told["log"]["requests"], &told["log"]["skipped_lines"]), (&1.into(), &1.into()));
}
