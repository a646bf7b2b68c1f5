//! What of a request a backend is sent. Promises that rest on it are held against the simulation, and that against the proxy.

use std::time::SystemTime;

use http::{HeaderName, HeaderValue, StatusCode};
use warp_edge::simulate::{Answer, Case, Request, Simulator, World};

use super::{typed, verdict};

/// Fields of requests: those that mean one connection or one client's copy, and others.
const FIELDS: [(&str, &str); 16] = [
    ("If-None-Match", "\"q\""),
    ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("If-Match", "\"q\""),
    ("If-Range", "\"q\""),
    ("Range", "bytes=0-3"),
    ("Keep-Alive", "x"),
    ("TE", "trailers"),
    ("Trailer", "x"),
    ("Upgrade", "x"),
    ("Proxy-Connection", "x"),
    ("Proxy-Authorization", "x"),
    ("Via", "1.0 other"),
    ("Cookie", "a=1"),
    ("Accept", "x"),
    ("Max-Forwards", "1"),
    ("X-Other", "x"),
];

/// What says one of these is not looked up, and may be sent on whole.
const PASSING: [&str; 5] = ["If-Match", "If-Unmodified-Since", "Authorization", "Transfer-Encoding", "Content-Length"];

/// A policy by which all requests are sent to `b` that have the field when `backend_fetch` begins.
fn policy(action: &str, field: &str) -> String {
    format!(
        "sub recv {{ return ({action}); }}
         sub backend_fetch {{ if (bereq.http.{field}) {{ set bereq.backend = b; }} }}
         sub backend_response {{ set beresp.ttl = 1m; return (deliver); }}"
    )
}

/// The backend that is asked for a request with the field, or without it.
fn asked(policy: &str, field: Option<(&str, &str)>) -> String {
    let plain = Request::get("www.example.com", "/");
    let request = field.into_iter().fold(plain, |request, (name, value)| {
        request.with(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
    });
    let case = Case::new(request, Some(Answer::new(StatusCode::OK)));
    let simulator = Simulator::new(typed(policy));
    simulator.run_cold(&case, &World::at(SystemTime::UNIX_EPOCH)).backend_name.unwrap_or_default()
}

#[test]
fn a_promise_about_what_a_backend_is_sent_is_what_the_simulation_shows() {
    for action in ["hash", "pass"] {
        for (name, value) in FIELDS {
            let policy = policy(action, name);
            let others = PASSING.iter().filter(|other| **other != name);
            let others = others.map(|other| format!("not header \"{other}\" and ")).collect::<Vec<_>>().concat();
            let facts = format!("method == \"GET\" and {others}header \"{name}\"");
            for (facts, backend) in [
                (facts.clone(), asked(&policy, Some((name, value)))),
                (facts.replace(" and header", " and not header"), asked(&policy, None)),
            ] {
                let other = if backend == "a" { "b" } else { "a" };
                let shown = verdict(&policy, &format!("{facts} => backend == {backend} or backend == none"));
                assert_eq!(shown, "proved", "{action} {facts}: {backend}");
                let wrong = verdict(&policy, &format!("{facts} => backend == {other} or backend == none"));
                assert!(wrong.starts_with("GET "), "{action} {facts}: not {other}, {wrong}");
            }
        }
    }
}

#[test]
fn a_request_for_a_slice_has_a_range_that_no_client_has_sent() {
    let sliced = policy("hash", "Range").replace("return (hash)", "set req.slice = 1MB; return (hash)");
    assert_ne!(verdict(&sliced, "not header \"Range\" => backend == a or backend == none"), "proved");
}

#[test]
fn a_key_is_made_for_what_is_piped() {
    let policy = "sub recv { if (req.path == \"/stream\") { return (pipe); } }
        normalize req { query drop [\"utm\"]; }";
    assert!(verdict(policy, "path == \"/stream\" => not key contains req.url").starts_with("GET "));
    assert_ne!(verdict(policy, "key excludes query \"utm\""), "proved");
    let normalized =
        "normalize req { query drop [\"utm\"]; } sub recv { if (req.path == \"/stream\") { return (pipe); } }";
    assert_eq!(verdict(normalized, "key excludes query \"utm\""), "proved");
}

#[test]
fn every_request_is_forwarded_for_its_client() {
    let policy = "rules request first { when header \"X-Forwarded-For\" ~ \"^10[.]\" -> pass; }";
    assert_eq!(verdict(policy, "not header \"X-Forwarded-For\" => passed"), "proved");
    let near = verdict(policy, "header \"X-Forwarded-For\" ~ \"^10[.]\" and method == \"GET\" => not passed");
    assert_eq!(near, "GET \"https://www.example.com/\" { X-Forwarded-For: \"10.\" }");
    let all = verdict(policy, "header \"X-Forwarded-For\" => not stored");
    assert_eq!(all, "GET \"https://www.example.com/\"");
}
