//! Invariants: what is proved, what is refuted, and that both are true.

mod again;
mod bounds;
mod crowds;
mod keys;
mod mixed;
mod sent_on;
mod spelt;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use warp_edge::analysis::invariant::{Decided, Decision, breaks, decide};
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::lang::hir::Hir;
use warp_edge::simulate::{Answer, Case, Request, Simulator};

const BACKENDS: &str = "warp 1;\nbackend a { .host = \"127.0.0.1\"; }\nbackend b { .host = \"127.0.0.2\"; }\n";

fn typed(declarations: &str) -> Hir {
    let text = format!("{BACKENDS}{declarations}");
    let checked = check("site.warp", &MemoryFiles::new("site.warp", text.as_str()));
    checked.hir.unwrap_or_else(|| panic!("{text}\n{:#?}", checked.diagnostics))
}

/// The verdict on an invariant of that text.
fn verdict(declarations: &str, invariant: &str) -> String {
    let hir = typed(&format!("{declarations}\ninvariant \"it\" {{ {invariant} }}"));
    let decided = decide(&hir);
    match &decided[0].decision {
        Decision::Proved => "proved".to_owned(),
        Decision::Undecided(bound) => bound.clone(),
        Decision::Refuted(found) => found.case.request.to_string(),
    }
}

#[test]
fn a_rule_above_another_refutes_what_that_promises() {
    let wrong = "rules request first { when path ext [\"css\"] -> cache; when path under \"/admin\" -> pass; }";
    let right = "rules request first { when path under \"/admin\" -> pass; when path ext [\"css\"] -> cache; }";
    let claim = "path under \"/admin\" => not stored";
    assert_eq!(verdict(wrong, claim), "GET \"https://www.example.com/admin/x.css\"");
    assert_eq!(verdict(right, claim), "proved");
}

#[test]
fn each_outcome_can_be_promised() {
    let policy = "
        normalize req { query drop [\"sig\"]; }
        rules request first { when path under \"/b\" -> backend b, cache; when req.http.X-P -> pass; }
        rules response first { when status == 404 -> ttl 10s; else -> ttl 1h; }
        key { req.url; req.http.Host; req.http.X-T; }";
    for proved in [
        "path under \"/b\" and stored => backend == b",
        "not path under \"/b\" => backend == a or backend == none",
        "req.http.X-P and not path under \"/b\" => passed and not stored",
        "status == 404 => ttl <= 10s",
        "stored => key contains req.http.X-T",
        "key excludes query \"sig\" and key excludes cookie \"session\"",
        "method == \"DELETE\" => passed or not stored",
    ] {
        assert_eq!(verdict(policy, proved), "proved", "{proved}");
    }
    for refuted in [
        "stored => backend == a",
        "not passed",
        "ttl <= 10s",
        "stored => key contains req.http.X-S",
        "key excludes query \"other\"",
        "key excludes header \"X-T\"",
    ] {
        assert!(verdict(policy, refuted).contains(" \"https://"), "{refuted}: {}", verdict(policy, refuted));
    }
}

#[test]
fn what_a_retry_or_a_restart_brings_is_not_overlooked() {
    let retried = "sub backend_response {
        if (beresp.status == 500 && bereq.retries == 0) { return (retry); }
        if (bereq.retries == 1) { set beresp.ttl = 1h; }
        return (deliver);
    }";
    assert_ne!(verdict(retried, "status == 500 => not stored"), "proved");
    let restarted = "sub recv { if (req.restarts == 1) { return (hash); } }
        sub deliver { if (req.restarts == 0) { set req.url = \"/x\"; return (restart); } }";
    assert_ne!(verdict(restarted, "req.http.Cookie => not stored"), "proved");
}

#[test]
fn what_another_try_is_sent_is_what_is_left_of_the_first() {
    let retried = "sub backend_error { if (bereq.retries < 1) { set bereq.backend = b; return (retry); } }";
    for claim in ["status == 200 and stored => backend == a", "backend == a or backend == none"] {
        assert_ne!(verdict(retried, claim), "proved", "{claim}");
    }
    assert_eq!(verdict(retried, "stored => backend == a or backend == b"), "proved");
    let both = "sub backend_response {
            if (beresp.status >= 500 && bereq.retries < 2) { set bereq.backend = b; return (retry); }
            if (beresp.status >= 500) { set beresp.uncacheable = true; return (deliver); }
            if (beresp.ttl > 1h) { set beresp.ttl = 1h; }
        }
        sub backend_error { if (bereq.retries < 2) { return (retry); } }";
    for proved in [
        "status >= 500 => not stored",
        "status in 500..599 => ttl == 0s",
        "status == 404 and stored => ttl <= 1h",
        "stored => ttl <= 1h",
        "beresp.http.Set-Cookie => not stored",
        "req.http.Cookie => not stored",
    ] {
        assert_eq!(verdict(both, proved), "proved", "{proved}");
    }
    assert_ne!(
        verdict("sub backend_error { set beresp.ttl = 1m; return (deliver); }", "status < 500 => not stored"),
        "proved"
    );
}

/// Each `let` has the one above it twice, once as it is and once turned around, so that the last one has 2^60 parts.
#[test]
fn truths_that_are_made_of_truths_are_followed_as_far_as_they_are_short() {
    let lets = |most: usize| -> String {
        let first = "let a0 = req.http.X == \"z\";".to_owned();
        let further = (1..=most).map(|at| {
            let before = at - 1;
            format!(
                "let a{at} = (a{before} and req.http.Y{at} == \"1\") or (not a{before} and req.http.Z{at} == \"2\");\n"
            )
        });
        [first].into_iter().chain(further).collect()
    };
    let policy = |most| format!("sub recv {{ {} if (a{most}) {{ return (pass); }} }}", lets(most));
    let claim = |at: usize| {
        format!("req.http.Z{at} == \"2\" and not req.http.X and not req.http.Y{at} => passed or not stored")
    };
    assert_eq!(verdict(&policy(1), &claim(1)), "proved");
    assert_ne!(verdict(&policy(60), &claim(60)), "proved");
}

/// A pipe without a backend, a request whose content is gone or that was asked for too often, and a policy that gives up.
#[test]
fn a_request_that_warp_gives_up_may_begin_again_behind_synth() {
    let synth = "sub synth { if (resp.status == 503 and req.restarts == 0) {
        set req.url = \"/sorry\"; set req.method = \"GET\"; set req.backend_hint = b; return (restart);
    } }";
    for gives_up in [
        "sub recv { if (req.path == \"/x\") { return (pipe); } }",
        "sub recv { if (req.path == \"/x\") { return (pass); } }
         sub backend_response { if (beresp.status == 503 and bereq.retries == 0) { return (retry); } }",
        "sub recv { if (req.path == \"/x\") { return (pass); } } sub backend_error { return (retry); }",
        "sub recv { if (req.path == \"/x\") { return (fail); } }",
        "sub recv { if (req.path == \"/x\") { return (pass); } } sub backend_fetch { if (bereq.url == \"/x\") { return (fail); } }",
    ] {
        let claims = ["path == \"/x\" => not stored", "path == \"/x\" => not backend == b"];
        for claim in claims {
            assert_ne!(verdict(&format!("{gives_up}\n{synth}"), claim), "proved", "{claim}\n{gives_up}");
        }
        assert_eq!(verdict(gives_up, claims[0]), "proved", "{gives_up}");
    }
    // The content of a QUERY is a part of its key, and may be too long for that.
    let query = "sub recv { if (req.method == \"QUERY\") { return (hash); } }
        sub miss { if (req.method == \"QUERY\") { return (pass); } }
        sub synth { if (req.restarts == 0) { set req.method = \"GET\"; return (restart); } }";
    assert_ne!(verdict(query, "method == \"QUERY\" => not stored"), "proved");
}

#[test]
fn statuses_that_are_never_stored_are_known() {
    for proved in [
        "status < 200 => not stored",
        "status in [206, 304, 416] => not stored",
        "status >= 600 => not stored",
        "beresp.http.Vary == \"*\" => not stored",
    ] {
        assert_eq!(verdict("", proved), "proved", "{proved}");
    }
    let parts = "override builtin.range {}";
    assert_ne!(verdict(parts, "status == 206 => not stored"), "proved");
    assert_eq!(verdict(parts, "status == 206 and not beresp.http.Content-Range => not stored"), "proved");
    for slices in ["rules request first { when true -> slice 1MB; }", "sub recv { set req.slice = 1MB; }"] {
        assert_ne!(verdict(slices, "status == 206 => not stored"), "proved", "{slices}");
    }
    for made in
        ["set beresp.status = 206;", "set beresp.status = 206; set beresp.http.Content-Range = \"bytes 0-1/5\";"]
    {
        let made = format!("sub backend_response {{ {made} }}");
        assert_ne!(verdict(&made, "status == 200 => not stored"), "proved");
    }
}

#[test]
fn a_key_in_lower_case_contains_what_is_in_lower_case() {
    let policy = "key { req.url; req.host; std.tolower(req.http.X-A); }";
    assert_eq!(verdict(policy, "stored => key contains std.tolower(req.http.X-A)"), "proved");
    assert_eq!(verdict(policy, "not req.http.X-A and stored => key contains req.http.X-A"), "proved");
    assert_eq!(verdict(policy, "req.http.X-A == \"a\" and stored => key contains req.http.X-A"), "proved");
    let refuted = verdict(policy, "stored => key contains req.http.X-A");
    assert!(refuted.contains("X-A: \"A\""), "{refuted}");
}

#[test]
fn other_spellings_of_a_request_refute_what_is_said_of_a_key() {
    let policy = "normalize req { query drop [\"utm_*\"]; path merge_slashes; accept_encoding to [\"br\", \"gzip\"]; }
        key { req.url; req.http.Host; req.http.Accept-Encoding; }";
    for (claim, shown) in [
        ("stored => key contains req.url", "GET "),
        ("stored => key contains req.path", "GET "),
        ("key excludes header \"Accept-Encoding\"", "GET "),
    ] {
        let said = verdict(policy, claim);
        assert!(said.starts_with(shown), "{claim}: {said}");
    }
}

#[test]
fn a_lifetime_is_refuted_by_whatever_says_it() {
    for (claim, answer) in [
        ("(beresp.cache_control.max_age ?? 0s) <= 1h and stored => ttl <= 1h", "s-maxage=3601"),
        ("status == 404 and not beresp.http.Cache-Control => not stored", "Expires: "),
    ] {
        let hir = typed(&format!("invariant \"it\" {{ {claim} }}"));
        let decided = decide(&hir);
        let Decision::Refuted(found) = &decided[0].decision else { panic!("{claim}: {:?}", decided[0].decision) };
        let found = found.answer().map(ToString::to_string).unwrap_or_default();
        assert!(found.contains(answer), "{claim}: {found}");
    }
    let longer = "sub backend_response { set beresp.ttl = beresp.ttl + 1s; }";
    for facts in ["", "not beresp.http.CDN-Cache-Control and not beresp.http.Surrogate-Control and "] {
        let refuted = verdict(longer, &format!("{facts}not beresp.cache_control.no_cache and stored => ttl >= 1s"));
        assert!(refuted.starts_with("GET "), "{refuted}");
    }
}

#[test]
fn the_backend_of_a_page_that_is_stored_is_known() {
    let policy = "sub recv { if (req.host == \"b.test\") { set req.backend_hint = b; } }
        sub backend_fetch { if (bereq.http.X-E) { return (error(503)); } }
        sub backend_error { set beresp.ttl = 10s; set bereq.backend = b; return (deliver); }";
    assert_eq!(verdict(policy, "host == \"b.test\" and not req.http.X-E and stored => backend == b"), "proved");
    assert_eq!(verdict(policy, "req.http.X-E and not passed => backend == none"), "proved");
    assert!(verdict(policy, "stored => backend == a").starts_with("GET "));
}

#[test]
fn a_page_that_is_made_without_asking_comes_of_no_backend() {
    let made = "sub backend_fetch { if (bereq.http.X-B) { return (error(200)); } }
        sub backend_error { set beresp.ttl = 1h; return (deliver); }";
    assert_ne!(verdict(made, "stored => backend == a"), "proved");
}

#[test]
fn a_request_that_nobody_can_send_refutes_nothing() {
    for facts in [
        "path == \"/admin#x\"",
        "host == \"a b\"",
        "host == \"u@b\"",
        "req.http.Host == \"a:99999\"",
        "req.http.Host == \"a:x\"",
        "req.http.Transfer-Encoding == \"gzip\"",
        "req.http.Content-Length == \"abc\"",
        "method == \"CONNECT\"",
    ] {
        let said = verdict("", &format!("{facts} => not stored and not passed"));
        assert!(!said.contains("https://"), "{facts}: {said}");
    }
    assert!(verdict("", "req.http.Host == \"a.test:81\" => not stored").contains("https://a.test:81/"));
}

#[test]
fn names_of_cookies_and_parameters_are_told_apart_behind_normalize() {
    let kept = "normalize req { cookie keep [\"sess*\"]; query keep [\"page\"]; }";
    let dropped = "normalize req { cookie drop [\"_ga*\"]; query drop [\"utm_*\"]; }
        rules request first { when query any \"*\" -> pass; }";
    for (policy, claim) in [
        (kept, "req.cookies has \"session\" => not stored"),
        (kept, "req.cookies any \"sess*\" => not stored"),
        (kept, "key excludes query \"preview\""),
        (dropped, "req.cookies any \"sess*\" => not stored"),
        (dropped, "req.cookies any [\"a*\", \"b\"] => not stored"),
        (dropped, "req.query[\"preview\"] => not stored"),
        (dropped, "query has \"x\" => passed"),
    ] {
        assert_eq!(verdict(policy, claim), "proved", "{claim}");
    }
    for (policy, claim, shown) in [
        (kept, "req.cookies any \"*\" => not stored", "Cookie: \"x=1\""),
        (kept, "req.cookies any \"a*\" => not stored", "Cookie: \"ax=1\""),
        (dropped, "req.cookies any \"*\" => not stored", "Cookie: \"_ga"),
        (dropped, "query any \"u*\" => passed", "?utm_"),
        ("sub recv { unset req.http.Cookie; }", "req.cookies has \"x\" => not stored", "Cookie: \"x=1\""),
    ] {
        let said = verdict(policy, claim);
        assert!(said.contains(shown), "{claim}: {said}");
    }
}

#[test]
fn a_backend_out_of_a_table_or_a_match_is_known() {
    let looked_up = "table t: STRING -> BACKEND { \"x.test\": a, \"y.test\": b }
        sub recv { set req.backend_hint = t[req.host] ?? a; }";
    let matched = "sub recv { set req.backend_hint = match req.host { \"y.test\" -> b; else -> a; }; }";
    for policy in [looked_up, matched] {
        assert_eq!(verdict(policy, "host == \"y.test\" and stored => backend == b"), "proved");
        assert_eq!(verdict(policy, "stored => backend == a or backend == b"), "proved");
        assert_eq!(verdict(policy, "stored => backend != b"), "GET \"https://y.test/\"");
    }
}

#[test]
fn lifetimes_are_reckoned_with() {
    let doubled =
        "sub backend_response { set beresp.ttl = beresp.ttl * 2; if (beresp.ttl > 1h) { set beresp.ttl = 1h; } }";
    let longer = "sub backend_response { if (beresp.ttl > 1h) { set beresp.ttl = 1h; } set beresp.ttl = beresp.ttl * 1.5 + 10s; }";
    for (policy, claim) in [(doubled, "ttl <= 1h"), (longer, "ttl <= 5410s")] {
        assert_eq!(verdict(policy, claim), "proved");
    }
    for (policy, claim) in [(doubled, "ttl <= 59m"), (longer, "ttl < 5410s")] {
        assert_eq!(verdict(policy, claim), "GET \"https://www.example.com/\"");
    }
}

#[test]
fn a_fetch_in_the_background_is_no_way_of_a_request() {
    let policy = "sub backend_response { set beresp.ttl = 1h; if (bereq.is_bgfetch) { set beresp.ttl = 10h; } }";
    assert_eq!(verdict(policy, "ttl <= 1h"), "proved");
}

/// No field stands in for `Cache-Control`.
const ALONE: &str = "not beresp.http.CDN-Cache-Control and not beresp.http.Surrogate-Control";

#[test]
fn what_cache_control_says_is_what_its_text_says() {
    assert!(verdict("", "beresp.cache_control.no_store => not stored").starts_with("GET "));
    for proved in [
        "beresp.http.Cache-Control in [\"private\", \"max-age=5, private\"] => not stored",
        "beresp.cache_control.private => not stored",
        "beresp.cache_control.no_store and not beresp.cache_control.must_understand => not stored",
        "beresp.http.Cache-Control == \"no-store\" and not beresp.cache_control.must_understand => not stored",
        "not beresp.http.Cache-Control and beresp.cache_control.private => stored",
        "not beresp.http.Cache-Control and (beresp.cache_control.max_age ?? 0s) > 0s => stored",
    ] {
        let proved = format!("{ALONE} and {proved}");
        assert_eq!(verdict("", &proved), "proved", "{proved}");
    }
}

/// The text of a field is that of its first line; directives are those of all lines.
#[test]
fn a_promise_about_the_text_of_cache_control_is_refuted_by_a_second_line_or_another_text() {
    for (promise, answer) in [
        (
            "beresp.http.Cache-Control == \"no-store\" => not stored",
            "{ Cache-Control: \"no-store\"; Cache-Control: \"must-understand, max-age=60\" }",
        ),
        ("beresp.http.Cache-Control ~ \"private\" => not stored", "Cache-Control: \"privatex"),
        ("(beresp.cache_control.max_age ?? 0s) == 60s and stored => ttl == 60s", "max-age=60, no-cache"),
    ] {
        let hir = typed(&format!("invariant \"it\" {{ {ALONE} and {promise} }}"));
        let decided = decide(&hir);
        let Decision::Refuted(found) = &decided[0].decision else { panic!("{promise}: {:?}", decided[0].decision) };
        let found = found.case.answer.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(found.contains(answer), "{promise}: {found}");
    }
}

#[test]
fn a_lifetime_is_promised_whatever_the_answer_says() {
    let policy = "rules response first { when (beresp.cache_control.max_age ?? 0s) > 1d -> ttl 1d; else -> ttl 1h; }";
    assert_eq!(verdict(policy, "ttl <= 1d"), "proved");
    assert_eq!(verdict(policy, "(beresp.cache_control.max_age ?? 0s) <= 1d => ttl <= 1h"), "proved");
}

#[test]
fn a_field_may_stand_in_for_cache_control() {
    let no_store = "sub backend_response { set beresp.http.Cache-Control = \"private\"; }";
    for refuted in [
        "beresp.cache_control.private => not stored",
        "beresp.http.CDN-Cache-Control == \"max-age=600\" => not stored",
        "beresp.http.Surrogate-Control => not stored",
    ] {
        assert!(verdict(no_store, refuted).starts_with("GET "), "{refuted}: {}", verdict(no_store, refuted));
    }
    let taken_away = "sub backend_response {
        unset beresp.http.CDN-Cache-Control; unset beresp.http.Surrogate-Control;
        set beresp.http.Cache-Control = \"private\";
    }";
    assert_eq!(verdict(taken_away, "true => not stored"), "proved");
    let another = format!("sub backend_fetch {{ set bereq.cache_control_fields = \"X-Own\"; }} {taken_away}");
    assert_ne!(verdict(&another, "true => not stored"), "proved");
}

#[test]
fn it_is_said_why_no_backend_was_asked() {
    let (_, text) = prove("invariant \"it\" { backend == a }", &[]);
    assert!(text.contains("and `backend` is `none`"), "{text}");
    let (_, text) = prove("invariant \"it\" { stored => backend == b }", &[]);
    assert!(text.contains("refuted") && !text.contains("none"), "{text}");
}

#[test]
fn it_is_said_where_no_key_was_made_and_no_backend_is_asked() {
    let (_, text) = prove("invariant \"it\" { key contains req.url }", &[]);
    assert!(text.contains("no key was made for it") && !text.contains("origin"), "{text}");
    let (_, text) = prove("invariant \"it\" { stored => key contains \"x\" }", &[]);
    assert!(text.contains("origin 200") && !text.contains("no key"), "{text}");
    let (_, json) = prove("invariant \"it\" { key contains req.url }", &["--format", "json"]);
    let row: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!((&row["unasked"], &row["answer"]), (&true.into(), &serde_json::Value::Null));
}

#[test]
fn a_method_that_is_shown_is_one_that_clients_use() {
    let policy = "override builtin.unknown_method {}";
    let said = verdict(policy, "not method in [\"GET\", \"HEAD\", \"POST\"] => not passed");
    assert!(said.starts_with("PUT "), "{said}");
}

/// Each field doubles the ways to the key: what is bounded is what is looked at.
#[test]
fn a_key_that_is_made_of_many_fields_is_given_up_in_time() {
    let made = |at: usize| format!("if (req.http.A{at}) {{ set req.http.X = req.http.X + \"{at}\"; }}\n");
    let made = (0..24).map(made).collect::<Vec<_>>().concat();
    let policy = format!("sub recv {{ {made} }}\nkey {{ req.url; req.http.X; }}");
    assert_ne!(verdict(&policy, "key excludes header \"A0\""), "proved");
}

#[test]
fn what_a_post_is_answered_may_be_stored_for_a_get() {
    assert_ne!(verdict("", "method == \"POST\" => not stored"), "proved");
    assert_eq!(
        verdict("rules request first { when method == \"POST\" -> deny 405; }", "method == \"POST\" => not stored"),
        "proved"
    );
    assert_eq!(
        verdict("rules request first { when path == \"/a\" -> pass; }", "path == \"/a\" => not stored"),
        "proved"
    );
}

#[test]
fn an_invariant_of_a_site_is_about_its_requests() {
    let files = MemoryFiles::new(
        "root.warp",
        format!(
            "{BACKENDS}site \"a.test\" from \"a.warp\";\ninvariant \"root\" {{ host == \"a.test\" => not stored }}"
        ),
    );
    let files = files.with("a.warp", format!("{BACKENDS}rules request first {{ when path under \"/admin\" -> pass; }}\ninvariant \"admin\" {{ path under \"/admin\" => not stored }}\ninvariant \"all\" {{ not stored }}"));
    let checked = check("root.warp", &files);
    let hir = checked.hir.unwrap();
    let decided = decide(&hir);
    let told: Vec<_> = decided.iter().map(|one| (one.site.as_deref(), kind(one))).collect();
    assert_eq!(told, [(None, "proved"), (Some("a.test"), "proved"), (Some("a.test"), "refuted")]);
}

fn kind(decided: &Decided<'_>) -> &'static str {
    match decided.decision {
        Decision::Proved => "proved",
        Decision::Refuted(_) => "refuted",
        Decision::Undecided(_) => "undecided",
    }
}

const OF_REQUESTS: &[&str] = &[
    "path under \"/a\"",
    "path == \"/\"",
    "path ext [\"css\"]",
    "path ~ \"b$\"",
    "method == \"POST\"",
    "method in [\"GET\", \"HEAD\"]",
    "query has \"x\"",
    "req.cookies has \"s\"",
    "header \"X-A\"",
    "req.http.X-A == \"1\"",
    "req.http.Authorization",
    "req.cookies any \"t*\"",
    "req.cookies any \"*\"",
    "query any \"x*\"",
    "req.http.Cookie",
    "host == \"a.test\"",
];

const ACTIONS: &[&str] = &[
    "pass",
    "cache",
    "deny 403",
    "backend b, cache",
    "backend b",
    "set req.http.X-A = \"1\"",
    "unset req.http.Cookie",
    "set req.backend_hint = hosts[req.host] ?? a",
    "set req.url = \"/b\"",
    "purge",
];

const HOSTS: &str = "table hosts: STRING -> BACKEND { \"a.test\": b }\n";

const OF_ANSWERS: &[&str] = &[
    "status in 500..599",
    "status == 404",
    "header \"Set-Cookie\"",
    "beresp.http.X-B",
    "path under \"/a\"",
    "bereq.http.X-A",
    "beresp.ttl > 30s",
    "beresp.cache_control.public",
    "(beresp.cache_control.max_age ?? 0s) > 10s",
];

const OF_RESPONSE: &[&str] = &[
    "ttl 10s",
    "ttl 1h",
    "ttl 0s",
    "ttl 10s, grace 1m",
    "uncacheable",
    "strip set_cookie",
    "pass",
    "set beresp.ttl = beresp.ttl * 2",
    "set beresp.ttl = beresp.ttl / 7 - 1s",
];

const FURTHER: &[&str] = &[
    "sub miss { if (req.http.X-A) { return (pass); } }",
    "sub backend_response { if (beresp.status == 500 && bereq.retries < 1) { return (retry); } }",
    "sub deliver { if (resp.status == 404 && req.restarts < 1) { set req.url = \"/\"; return (restart); } }",
    "sub backend_error { set beresp.ttl = 5s; }",
    "sub backend_fetch { if (bereq.http.X-A == \"2\") { set bereq.backend = b; } }",
    "override builtin.cookie {}",
    "override builtin.authorization {}",
    "override builtin.method {}",
    "normalize req { query drop [\"x\"]; host lower; }",
    "normalize req { cookie keep [\"t\"]; }",
    "normalize req { cookie drop [\"s*\"]; query keep [\"y*\"]; }",
    "sub backend_response { set beresp.ttl = beresp.ttl * 1.5 + 1s; if (beresp.ttl > 20s) { set beresp.ttl = 20s; } }",
    "sub recv { if (req.restarts == 0 && req.cookies any \"t*\") { set req.http.X-A = \"2\"; return (restart); } }",
    "key { req.url; req.host; req.http.X-A; }",
    "key { req.path; req.cookies[\"s\"] ?? \"\"; }",
    "key { req.path; std.tolower(req.http.X-A); }",
    "sub backend_error { if (bereq.retries < 1) { set bereq.backend = b; set bereq.http.X-A = \"2\"; return (retry); } }",
    "sub backend_response { if (beresp.status >= 500) { set beresp.uncacheable = true; return (deliver); } }",
    "sub backend_response { if (beresp.status == 404) { return (error(404)); } }",
    "override builtin.range {}",
];

const CLAIMS: &[&str] = &[
    "stored",
    "not stored",
    "passed",
    "not passed",
    "ttl <= 10s",
    "ttl <= 20s",
    "ttl <= 1m and not passed",
    "not (stored and backend == b)",
    "ttl >= 10s or not stored",
    "ttl != 0s or not stored",
    "backend == b",
    "not stored or backend == a",
    "key contains req.http.X-A",
    "not stored or key contains req.url",
    "not stored or key contains req.http.Host",
    "key excludes query \"x\"",
    "key excludes cookie \"s\"",
    "key excludes header \"X-A\"",
    "stored or passed",
    "not stored or key contains std.tolower(req.http.X-A)",
    "not stored or backend == b or backend == none",
    "backend == none or not stored",
];

fn condition(atoms: &'static [&'static str]) -> impl Strategy<Value = String> {
    let atom = (select(atoms), any::<bool>())
        .prop_map(|(atom, is)| if is { atom.to_owned() } else { format!("not ({atom})") });
    (prop::collection::vec(atom, 1..3), select(&["and", "or"][..]))
        .prop_map(|(atoms, word)| atoms.join(&format!(" {word} ")))
}

fn rows(atoms: &'static [&'static str], actions: &'static [&'static str]) -> impl Strategy<Value = String> {
    let row =
        (condition(atoms), select(actions)).prop_map(|(condition, action)| format!("when {condition} -> {action};"));
    prop::collection::vec(row, 0..4).prop_map(|rows| rows.join(" "))
}

/// The first verdict on the invariants of a policy with which one of these requests, or the one that is shown, disagrees.
fn disagreement(text: &str, cases: &[Case]) -> Option<String> {
    let hir = typed(text);
    let simulator = Simulator::new(hir.clone());
    decide(&hir).into_iter().find_map(|decided| {
        let broken = |case: &Case| breaks(&simulator, None, decided.invariant, case).is_some();
        let name = &decided.invariant.name;
        match &decided.decision {
            Decision::Proved => {
                let found = cases.iter().find(|case| broken(case));
                found.map(|found| format!("{name} is said to be proved:\n{text}\n{found:?}"))
            }
            Decision::Refuted(found) => (!broken(&found.case)).then(|| format!("{name} is not refuted:\n{text}")),
            Decision::Undecided(_) => None,
        }
    })
}

fn policies() -> impl Strategy<Value = String> {
    let invariant = (
        prop::option::of(condition(OF_REQUESTS)),
        select(
            &[
                "",
                "status == 404",
                "beresp.http.X-B",
                "beresp.cache_control.no_store",
                "status in 500..599",
                "status == 206",
                "status < 200",
                "req.http.X-A == std.tolower(req.http.X-A)",
            ][..],
        ),
        select(CLAIMS),
    );
    let invariants = prop::collection::vec(invariant, 6).prop_map(|all| {
        let one = |(at, (facts, of_answer, claim)): (usize, (Option<String>, &str, &str))| {
            let facts: Vec<String> = facts
                .map(|facts| format!("({facts})"))
                .into_iter()
                .chain((!of_answer.is_empty()).then(|| of_answer.to_owned()))
                .collect();
            let facts = if facts.is_empty() { String::new() } else { format!("{} => ", facts.join(" and ")) };
            format!("invariant \"{at}\" {{ {facts}{claim} }}\n")
        };
        all.into_iter().enumerate().map(one).collect::<String>()
    });
    let further = subsequence(FURTHER, 0..4)
        .prop_filter("one key", |all| all.iter().filter(|one| one.starts_with("key")).count() < 2);
    (rows(OF_REQUESTS, ACTIONS), rows(OF_ANSWERS, OF_RESPONSE), further, invariants).prop_map(
        |(request, response, further, invariants)| {
            format!(
                "{HOSTS}rules request first {{ {request} }}\nrules response first {{ {response} }}\n{}\n{invariants}",
                further.join("\n")
            )
        },
    )
}

/// Requests that such policies have something to say about, each with several answers.
fn domain() -> Vec<Case> {
    let mut requests = Vec::new();
    for method in ["GET", "HEAD", "POST"] {
        for target in ["/", "/a/b.css", "/b", "/?x=1", "/a?x=1"] {
            for host in ["a.test", "B.test"] {
                for fields in [
                    &[][..],
                    &[("cookie", "s=1; t=2")],
                    &[("x-a", "1")],
                    &[("x-a", "2"), ("cookie", "t=1")],
                    &[("authorization", "x")],
                    &[("x-a", "A"), ("range", "bytes=0-1")],
                ] {
                    let mut request = Request::get(host, target);
                    request.method = method.parse::<Method>().unwrap();
                    request.headers.extend(
                        fields
                            .iter()
                            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))),
                    );
                    requests.push(request);
                }
            }
        }
    }
    let answer = |status: u16, fields: &[(&'static str, &'static str)]| {
        let fields =
            fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        fields
            .fold(Answer::new(StatusCode::from_u16(status).unwrap()), |answer, (name, value)| answer.with(name, value))
    };
    let answers = [
        None,
        Some(answer(200, &[("cache-control", "max-age=60")])),
        Some(answer(200, &[])),
        Some(answer(404, &[("cache-control", "max-age=5")])),
        Some(answer(500, &[("cache-control", "public, max-age=60"), ("x-b", "1")])),
        Some(answer(200, &[("set-cookie", "a=1"), ("cache-control", "no-cache, max-age=60"), ("etag", "\"1\"")])),
        Some(answer(200, &[("cache-control", "max-age=60"), ("content-location", "/b")])),
        Some(answer(200, &[("cache-control", "no-store, must-understand, max-age=9")])),
        Some(answer(200, &[("cache-control", "max-age=5, s-maxage=3700")])),
        Some(answer(200, &[("cache-control", "private"), ("cdn-cache-control", "max-age=60")])),
        Some(answer(200, &[("cache-control", "max-age=60"), ("surrogate-control", "no-store")])),
        Some(answer(206, &[("cache-control", "max-age=60"), ("content-range", "bytes 0-1/5")])),
        Some(answer(206, &[("cache-control", "max-age=60")])),
        Some(answer(304, &[("cache-control", "max-age=60")])),
    ];
    let all = requests.iter().flat_map(|request| answers.iter().map(move |answer| (request, answer)));
    all.map(|(request, answer)| Case::new(request.clone(), answer.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(10) })]
    #[test]
    fn a_verdict_agrees_with_every_request_of_a_finite_domain(text in policies()) {
        prop_assert_eq!(disagreement(&text, &domain()), None);
    }
}

/// Runs `warp prove` on a policy of that text.
fn prove(declarations: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("site.warp"), format!("{BACKENDS}{declarations}")).unwrap();
    let mut warp = std::process::Command::new(env!("CARGO_BIN_EXE_warp"));
    let output = warp.args(["prove", "site.warp"]).args(arguments).current_dir(folder.path()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

const MIXED: &str = r#"rules request first {
    when path ext ["css"] -> cache;
    when path under "/admin" -> pass;
}
invariant "admin" { path under "/admin" => not stored }
invariant "PUT" { method == "PUT" => not stored }
"#;

#[test]
fn the_command_tells_of_each_and_fails_if_one_is_not_proved() {
    let (code, text) = prove(MIXED, &[]);
    let expected = "refuted    admin
    GET \"https://www.example.com/admin/x.css\"
    origin 200 { Cache-Control: \"max-age=60\" }
    by site.warp:5:30
proved     PUT
";
    assert_eq!((code, text.as_str()), (Some(1), expected));
    let (code, json) = prove(MIXED, &["--format", "json"]);
    let rows: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, rows.len()), (Some(1), 2));
    assert_eq!((&rows[0]["verdict"], &rows[1]["verdict"]), (&"refuted".into(), &"proved".into()));
    assert_eq!(
        rows[0]["curl"],
        "curl -i --path-as-is -g --connect-to ::127.0.0.1:8080 http://www.example.com/admin/x.css"
    );
    assert_eq!(prove("invariant \"PUT\" { method == \"PUT\" => not stored }", &[]).0, Some(0));
    assert_eq!(prove("invariant \"PUT\" { method = \"PUT\" }", &[]).0, Some(1));
    assert_eq!(prove("", &["--format", "yaml"]).0, Some(2));
}

#[test]
fn the_command_says_when_a_backend_must_fail_for_it() {
    let policy = "invariant \"short\" { ttl <= 1m }
        sub backend_response { set beresp.ttl = 1m; }
        sub backend_error { set beresp.ttl = 1h; return (deliver); }";
    let (_, text) = prove(policy, &[]);
    assert!(text.contains("\"\n    the backend cannot be asked\n"), "{text}");
}

/// A table of so many rows that each set something else.
fn many_rows(action: impl Fn(usize) -> String) -> String {
    let row = |at: usize| format!("when path under \"/p{at}\" -> {};\n", action(at));
    (0..10_000).map(row).collect()
}

#[test]
fn ten_thousand_rows_that_set_something_else_each_are_told_apart() {
    let rows = many_rows(|at| format!("ttl {}ms", at + 1));
    let table = |further: &str| format!("rules response first {{ {further}\n{rows}else -> ttl 1m; }}");
    assert_eq!(verdict(&table(""), "ttl <= 1m"), "proved");
    assert_eq!(verdict(&table(""), "path == \"/p77\" => ttl == 78ms or ttl == 0s"), "proved");
    let broken = table("when path == \"/p9000/x\" -> ttl 2h;");
    assert_eq!(verdict(&broken, "ttl <= 1m"), "GET \"https://www.example.com/p9000/x\"");
}

#[test]
fn ten_thousand_rules_are_proved() {
    let row = |at: usize| {
        format!("when path under \"/p{at}/\" -> {};\n", if at.is_multiple_of(3) { "pass" } else { "cache" })
    };
    let rows = (0..10_000).map(row).collect::<Vec<_>>().concat();
    let policy = format!("rules request first {{\nwhen path under \"/admin\" -> pass;\n{rows}}}\n");
    let hir = typed(&format!(
        "{policy}invariant \"admin\" {{ path under \"/admin\" => not stored }}\ninvariant \"p1\" {{ path under \"/p9999\" => not stored }}"
    ));
    let decided = decide(&hir);
    assert_eq!(decided.iter().map(kind).collect::<Vec<_>>(), ["proved", "proved"]);
}
