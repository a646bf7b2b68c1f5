//! Rate limits in front of a real origin.

use std::fs;

use crate::support::{Answer, Origin, Proxy, until};

/// An origin that has something for these paths.
fn origin() -> Origin {
    let origin = Origin::start();
    for path in ["/", "/a", "/a/b", "/api/", "/b", "/free", "/other"] {
        origin.on(path, Answer::ok("").header("Cache-Control", "no-store"));
    }
    origin
}

/// The statuses of GETs of these targets over one connection.
fn statuses(proxy: &Proxy, targets: &[&str]) -> Vec<u16> {
    let mut client = proxy.client();
    targets.iter().map(|target| client.get(target).send().status).collect()
}

const HOURLY: &str = "ratelimit(key: client.ip, limit: 2, per: 1h)";

#[test]
fn a_key_that_comes_too_often_is_refused() {
    let origin = origin();
    let proxy = Proxy::before(&origin, &format!("sub recv {{ if ({HOURLY}) {{ return (synth(429)); }} }}"));
    assert_eq!(statuses(&proxy, &["/"; 4]), [200, 200, 429, 429]);
}

#[test]
fn tokens_come_back() {
    let origin = origin();
    let limit = "ratelimit(key: client.ip, limit: 1, per: 200ms)";
    let proxy = Proxy::before(&origin, &format!("sub recv {{ if ({limit}) {{ return (synth(429)); }} }}"));
    until("a refusal", || (statuses(&proxy, &["/"]) == [429]).then_some(()));
    until("a token", || (statuses(&proxy, &["/"]) == [200]).then_some(()));
}

#[test]
fn keys_do_not_share_a_bucket() {
    let origin = origin();
    let limit = "ratelimit(key: req.query[\"k\"], limit: 1, per: 1h)";
    let proxy = Proxy::before(&origin, &format!("sub recv {{ if ({limit}) {{ return (synth(429)); }} }}"));
    assert_eq!(statuses(&proxy, &["/?k=a", "/?k=b", "/?k=a", "/?k=c"]), [200, 200, 429, 200]);
}

#[test]
fn a_row_that_is_not_reached_does_not_count() {
    let origin = origin();
    let rows = format!(
        "when path == \"/free\" -> pass;
         when path under \"/api/\" and {HOURLY} -> deny 429;
         when path under \"/a\" -> pass;"
    );
    let proxy = Proxy::before(&origin, &format!("rules request first {{ {rows} }}"));
    statuses(&proxy, &["/free", "/free", "/free", "/other", "/other", "/a/b", "/a/b"]);
    assert_eq!(statuses(&proxy, &["/api/", "/api/", "/api/", "/free"]), [200, 200, 429, 200]);
}

#[test]
fn two_calls_that_are_written_the_same_are_two_limits() {
    let origin = origin();
    let arms = format!(
        "if (req.url == \"/a\" && {HOURLY}) {{ return (synth(429)); }}
         if (req.url == \"/b\" && {HOURLY}) {{ return (synth(429)); }}"
    );
    let proxy = Proxy::before(&origin, &format!("sub recv {{ {arms} }}"));
    assert_eq!(statuses(&proxy, &["/a", "/a", "/a", "/b", "/b", "/b"]), [200, 200, 429, 200, 200, 429]);
}

#[test]
fn a_new_policy_with_the_same_call_has_its_buckets() {
    let origin = origin();
    let policy = |limit: &str, mark: &str| {
        format!(
            "warp 1;\n{}sub recv {{ if ({limit}) {{ return (synth(429)); }} }}\n\
             sub deliver {{ set resp.http.X-Mark = \"{mark}\"; }}",
            origin.backend()
        )
    };
    let proxy = Proxy::start(&policy(HOURLY, "a"));
    assert_eq!(statuses(&proxy, &["/"; 3]), [200, 200, 429]);
    proxy.write_policy(policy(&HOURLY.replace(", ", ",\n    "), "b"));
    proxy.wait_for_reload("ok");
    assert_eq!(statuses(&proxy, &["/"]), [429]);
    proxy.write_policy(policy("ratelimit(key: client.ip, limit: 3, per: 1h)", "c"));
    proxy.wait_for_reload("ok");
    assert_eq!(statuses(&proxy, &["/"; 4]), [200, 200, 200, 429]);
}

#[test]
fn the_limit_may_come_from_a_table_that_changes() {
    let origin = origin();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("plans.json"), "{\"small\": 1}").unwrap();
    let text = format!(
        "warp 1;\n{}table plans: STRING -> INT from \"plans.json\";\nsub recv {{\n\
         let limit = plans[req.http.X-Plan] ?? 2;\n\
         if (ratelimit(key: req.http.X-Plan, limit: limit, per: 1h)) {{ return (synth(429)); }}\n}}",
        origin.backend()
    );
    fs::write(dir.path().join("policy.warp"), text).unwrap();
    let proxy = Proxy::start_in(dir, "policy.warp", &[]);
    let ask = || proxy.client().get("/").header("X-Plan", "small").send().status;
    assert_eq!([ask(), ask(), ask()], [200, 429, 429]);
    proxy.change(|dir| fs::write(dir.join("plans.json"), "{\"small\": 4}").unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!([ask(), ask()], [200, 200]);
}

/// A successful POST asks the policy which key a GET of its URL would have; that is no request.
#[test]
fn what_is_asked_beside_a_request_does_not_count() {
    let origin = origin();
    let proxy = Proxy::before(
        &origin,
        "sub recv { if (ratelimit(key: client.ip, limit: 3, per: 1h)) { return (synth(429)); } }",
    );
    let mut client = proxy.client();
    let mut post = || client.request("POST", "/").body("a").send().status;
    assert_eq!([post(), post(), post(), post()], [200, 200, 200, 429]);
}
