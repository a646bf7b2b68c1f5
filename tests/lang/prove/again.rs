//! Promises of policies that ask again and begin again, in any order: each verdict is held against every request of a finite
//! domain, of which some have content, some are piped, and some find no backend.

use http::{HeaderValue, Method, StatusCode};
use proptest::prelude::*;
use proptest::sample::select;
use warp_edge::simulate::{Answer, Case, Request};

use super::{disagreement, prove, verdict};

/// What one answer does not show a second one may: all of them are shown, to be pasted into a test.
#[test]
fn a_backend_may_answer_otherwise_when_it_is_asked_again() {
    let retried = "sub backend_response {
        if (beresp.status == 500 and bereq.retries < 1) { set bereq.backend = b; return (retry); }
    }";
    let shown = "    GET \"https://www.example.com/\"\n    origin 500 { Cache-Control: \"max-age=60\" }\n    \
                 origin 200 { Cache-Control: \"max-age=60\" }\n";
    let promise = "invariant \"it\" { status == 200 and stored => backend == a }";
    let (_, text) = prove(&format!("{retried}{promise}"), &[]);
    assert!(text.contains(shown), "{text}");
    let (_, json) = prove(&format!("{retried}{promise}"), &["--format", "json"]);
    let row: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(row["answers"].as_array().map(Vec::len), Some(2), "{json}");
    let down = "sub backend_error { if (bereq.retries < 1) { set bereq.backend = b; return (retry); } }";
    assert!(verdict(down, "not (stored and backend == b)").starts_with("GET "));
    let elsewhere =
        "sub deliver { if (resp.status == 404 and req.restarts == 0) { set req.url = \"/s\"; return (restart); } }";
    let kept = verdict(elsewhere, "status == 404 and stored => key contains \"/s\"");
    assert!(kept.starts_with("GET "), "{kept}");
}

/// What a step brings is no other thing for each way that leads to it.
#[test]
fn a_restart_behind_an_answer_and_a_retry_leave_promises_decided() {
    let restart = "sub deliver { if (req.http.A and req.restarts == 0) { set req.http.P = \"b\"; return (restart); } }";
    let retry = "sub backend_response { if (beresp.status >= 500 and bereq.retries == 0) { return (retry); } }";
    let policy = format!("{restart} {retry}");
    assert_eq!(verdict(&policy, "key excludes cookie \"x\""), "proved");
    assert_eq!(verdict(&policy, "req.http.Authorization => not stored"), "proved");
    assert!(verdict(&policy, "stored => key contains \"b\"").starts_with("GET "));
    let keyed = format!("{policy} key {{ req.host; req.url; req.http.P; }}");
    assert_eq!(verdict(&keyed, "stored => key contains req.host"), "proved");
    assert!(verdict(&keyed, "key excludes header \"P\"").starts_with("GET "));
}

/// warp answers itself then, and no backend was asked.
#[test]
fn what_begins_again_without_end_is_no_exception_to_a_promise() {
    let endless = "sub recv { if (req.path under \"/a\") { return (restart); } return (pass); }";
    for promise in ["backend == a", "passed", "path under \"/a\" => passed"] {
        assert!(verdict(endless, promise).starts_with("GET "), "{promise}");
    }
    assert_eq!(verdict(endless, "not stored"), "proved");
    let behind_a_miss = "sub miss { if (req.path under \"/a\") { return (restart); } return (fetch); }";
    assert!(verdict(behind_a_miss, "method == \"GET\" => stored or backend == a").starts_with("GET "));
    let ended = "sub recv { if (req.path under \"/a\" and req.restarts == 0) { return (restart); } return (pass); }";
    assert_eq!(verdict(ended, "passed"), "proved");
}

/// A backend without a place fails each time.
#[test]
fn a_backend_that_is_nowhere_answers_nothing() {
    let gone = "backend nowhere none; sub recv { if (req.path under \"/gone/\") { set req.backend_hint = nowhere; } }";
    assert_eq!(verdict(gone, "path under \"/gone/\" => not stored"), "proved");
    let kept = format!("{gone} sub backend_error {{ set beresp.ttl = 1m; return (deliver); }}");
    assert!(verdict(&kept, "path under \"/gone/\" => not stored").starts_with("GET "));
    assert!(verdict(gone, "path under \"/g\" => not stored").starts_with("GET "));
}

#[test]
fn a_method_or_an_answer_that_nothing_asks_for_refutes_a_promise_too() {
    let posted = "sub recv { if (req.path under \"/api/\") { return (pass); } }
        sub backend_response { if (beresp.status == 503 and bereq.retries == 0) { return (retry); } }
        sub backend_error { return (abandon); }
        sub synth { if (resp.status == 503 and req.restarts == 0) {
            set req.url = \"/sorry\"; set req.method = \"GET\"; return (restart);
        } }";
    assert!(verdict(posted, "path under \"/api/\" => not stored").starts_with("POST "));
    assert!(verdict("", "beresp.http.X-B => stored or passed").starts_with("GET "));
    assert!(verdict("", "method == \"GET\" and status == 404 => stored").starts_with("GET "));
}

/// A test says no bytes that are no text: where others do as well they are shown, and else it is said.
#[test]
fn bytes_that_are_no_text_are_shown_where_they_must_be() {
    let policy = |pattern: &str| {
        format!(
            "sub backend_response {{ if (beresp.http.X-B ~ \"{pattern}\") {{ set beresp.ttl = 2h; }} }} invariant \"it\" {{ ttl <= 1h or not beresp.http.X-B }}"
        )
    };
    let (_, text) = prove(&policy("^[^ -~]+$"), &[]);
    assert!(text.contains("X-B: \"é") && !text.contains('\u{fffd}'), "{text}");
    let (_, text) = prove(&policy("^\\xff\\xfe"), &[]);
    assert!(text.contains("bytes that are no text are shown as U+FFFD"), "{text}");
}

/// Only backends that are asked by some request can be asked in the end.
#[test]
fn a_backend_that_is_never_asked_is_not_asked_behind_a_restart() {
    let again =
        "sub deliver { if (resp.status == 404 and req.restarts < 1) { set req.url = \"/\"; return (restart); } }";
    for proved in ["not (stored and backend == b)", "not backend == b", "stored => backend == a or backend == none"] {
        assert_eq!(verdict(again, proved), "proved", "{proved}");
    }
}

const RECV: &[&str] = &[
    "",
    "if (req.path == \"/x\") { return (pass); }",
    "if (req.path == \"/x\") { return (pipe); }",
    "if (req.path == \"/x\" and req.restarts == 0) { return (fail); }",
    "if (req.path == \"/x\") { return (synth(503)); }",
    "if (req.path == \"/x\" and req.restarts == 0) { set req.url = \"/s\"; return (restart); }",
    "if (req.restarts == 1) { set req.backend_hint = b; return (hash); }",
    "if (req.path == \"/x\" and req.restarts != 2) { return (restart); }",
    "if (req.path == \"/x\") { return (restart); }",
    "if (req.restarts > 0) { return (pass); }",
];

const FETCH: &[&str] = &[
    "",
    "if (bereq.path == \"/x\") { return (error(503)); }",
    "if (bereq.retries == 1) { set bereq.backend = b; }",
    "if (bereq.path == \"/x\") { return (fail); }",
];

const RESPONSE: &[&str] = &[
    "",
    "if (beresp.status == 503 and bereq.retries == 0) { return (retry); }",
    "if (beresp.status == 503 and bereq.retries < 2) { set bereq.backend = b; return (retry); }",
    "if (bereq.path == \"/x\") { set beresp.uncacheable = true; }",
    "if (beresp.status == 404) { return (error(404)); }",
    "if (beresp.ttl > 10s) { set beresp.ttl = 10s; }",
    "if (bereq.retries == 1) { set beresp.ttl = 1h; }",
    "if (beresp.status >= 500) { set beresp.uncacheable = true; return (deliver); }",
];

const ERROR: &[&str] = &[
    "",
    "return (retry);",
    "if (bereq.retries < 1) { set bereq.backend = b; return (retry); }",
    "set beresp.ttl = 5s; return (deliver);",
    "return (abandon);",
    "return (fail);",
    "if (beresp.status == 503) { set beresp.ttl = 20s; return (deliver); }",
];

const DELIVER: &[&str] = &[
    "",
    "",
    "if (resp.status == 404 and req.restarts == 0) { set req.url = \"/s\"; return (restart); }",
    "if (resp.status >= 500 and req.restarts < 2) { set req.backend_hint = b; return (restart); }",
];

const SYNTH: &[&str] = &[
    "",
    "if (resp.status == 503 and req.restarts == 0) { set req.url = \"/s\"; set req.method = \"GET\"; return (restart); }",
    "if (resp.status == 503 and req.restarts == 0) { set req.url = \"/s\"; set req.backend_hint = b; return (restart); }",
    "if (req.restarts < 2) { return (restart); }",
];

const FACTS: &[&str] = &[
    "",
    "path == \"/x\" => ",
    "path == \"/x\" and method == \"GET\" => ",
    "not path in [\"/x\", \"/s\"] => ",
    "method == \"POST\" => ",
    "status == 503 => ",
    "status == 404 and method == \"GET\" => ",
    "status == 200 => ",
];

const CLAIMS: &[&str] = &[
    "stored",
    "not stored",
    "passed",
    "not passed",
    "stored or passed",
    "ttl <= 10s",
    "ttl <= 20s",
    "ttl == 0s or ttl > 10s",
    "backend == a",
    "not backend == b",
    "backend == a or backend == none",
    "not stored or backend == b",
    "not (stored and backend == b)",
    "not stored or key contains \"/s\"",
    "not stored or key contains req.url",
];

fn policies() -> impl Strategy<Value = String> {
    let parts = (select(RECV), select(FETCH), select(RESPONSE), select(ERROR), select(DELIVER), select(SYNTH));
    let steps = ["recv", "backend_fetch", "backend_response", "backend_error", "deliver", "synth"];
    let policy = parts.prop_map(move |(recv, fetch, response, error, deliver, synth)| {
        let bodies = [recv, fetch, response, error, deliver, synth];
        let subs = steps.iter().zip(bodies).filter(|(_, body)| !body.is_empty());
        subs.map(|(step, body)| format!("sub {step} {{ {body} }}\n")).collect::<Vec<_>>().concat()
    });
    let promises = prop::collection::vec((select(FACTS), select(CLAIMS)), 5).prop_map(|promises| {
        let one = |(at, (facts, claim))| format!("invariant \"{at}\" {{ {facts}{claim} }}\n");
        promises.into_iter().enumerate().map(one).collect::<Vec<_>>().concat()
    });
    (policy, promises).prop_map(|(policy, promises)| format!("{policy}{promises}"))
}

fn domain() -> Vec<Case> {
    let answer = |status: u16, said: &'static str| {
        let answer = Answer::new(StatusCode::from_u16(status).unwrap());
        Some(answer.with(http::header::CACHE_CONTROL, HeaderValue::from_static(said)))
    };
    let answers = [
        None,
        answer(200, "max-age=60"),
        answer(200, "no-store"),
        answer(404, "max-age=60"),
        answer(503, "max-age=60"),
        answer(500, "max-age=5"),
    ];
    let mut cases = Vec::new();
    for (method, body) in [(Method::GET, ""), (Method::POST, ""), (Method::POST, "x"), (Method::PUT, "x")] {
        for path in ["/", "/x", "/s"] {
            let mut request = Request::get("a.test", path);
            (request.method, request.body) = (method.clone(), body.into());
            cases.extend(answers.iter().map(|answer| Case::new(request.clone(), answer.clone())));
        }
    }
    cases
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(20) })]
    #[test]
    fn what_is_promised_of_requests_that_begin_again_agrees_with_every_request(text in policies()) {
        prop_assert_eq!(disagreement(&text, &domain()), None);
    }
}
