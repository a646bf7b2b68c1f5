//! Two journeys of one request, compared.

use std::time::SystemTime;

use http::{HeaderValue, StatusCode, header};
use warp_edge::difference::{Change, between};
use warp_edge::simulate::{Answer, Case, Journey, Request, Simulator, World};

use super::typed;

fn journey(policy: &str, target: &str) -> Journey {
    let fresh = HeaderValue::from_static("max-age=60");
    let answer = Answer::new(StatusCode::OK).with(header::CACHE_CONTROL, fresh);
    let case = Case::new(Request::get("a.test", target), Some(answer));
    Simulator::new(typed(policy)).run_cold(&case, &World::at(SystemTime::UNIX_EPOCH))
}

fn change(old: &str, new: &str) -> Option<Change> {
    between(&journey(old, "/a"), &journey(new, "/a"))
}

fn said(old: &str, new: &str) -> String {
    change(old, new).map(|change| change.to_string()).unwrap_or_default()
}

const PASS: &str = "rules request first { else -> pass; }";

#[test]
fn a_change_says_from_what_to_what() {
    assert_eq!(said("", ""), "");
    assert_eq!(said(PASS, ""), "pass → stored 60s");
    assert_eq!(said("", "rules request first { else -> deny 403; }"), "stored 60s → synth 403");
    assert_eq!(said("", "rules response first { else -> ttl 1h, grace 1d; }"), "ttl 60s → 1h, grace 0s → 1d");
    assert_eq!(said(PASS, "rules request first { else -> backend b, pass; }"), "backend a → b");
    assert_eq!(said("", "sub hash { hash_data(\"x\"); }"), "key 2 parts → 3 parts");
    assert_eq!(said("", "key { req.host; req.url; }"), "key changed");
    assert_eq!(said("", "sub deliver { set resp.http.X-A = \"1\"; }"), "resp.http.x-a added");
    assert_eq!(said("", "sub backend_response { set beresp.http.X-A = \"1\"; }"), "resp.http.x-a added");
    assert_eq!(
        said(PASS, "sub pass { set req.http.X-A = \"1\"; }\nrules request first { else -> pass; }"),
        "bereq.http.x-a added"
    );
    assert_eq!(said("", "sub deliver { set resp.status = 404; }"), "status 200 → 404");
    let synth = |reason: &str| format!("sub recv {{ return (synth(404, \"{reason}\")); }}");
    assert_eq!(said(&synth("Gone"), &synth("Away")), "reason \"Gone\" → \"Away\", content changed");
    assert_eq!(said("", "sub backend_response { tag \"t\"; }"), "tags changed");
    let again = "sub deliver { if (req.restarts == 0) { return (restart); } }";
    assert_eq!(said(PASS, &format!("{PASS}{again}")), "requests to backends 1 → 2, restarts 0 → 1");
}

#[test]
fn requests_that_change_alike_have_equal_changes() {
    let change = |target| between(&journey("", target), &journey("key { req.url; }", target));
    assert_eq!(change("/a"), change("/b?c=1"));
    assert!(change("/a").is_some());
}
