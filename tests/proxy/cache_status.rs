//! `Cache-Status` (RFC 9211) explains each answer: where it came from, why it was not a hit, and which
//! line of the policy decided.

use crate::support::{Answer, Origin, Proxy};

fn fresh() -> Answer {
    Answer::ok("page").header("Cache-Control", "max-age=60")
}

/// `fwd` and `detail` of the answer to a GET with these fields, under this policy; the policy begins in
/// line 3 of `policy.warp`.
fn explained(policy: &str, answer: Answer, request: &[(&str, &str)]) -> (Option<String>, String) {
    let origin = Origin::start();
    origin.on("/page", answer);
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    let asked = request.iter().fold(client.get("/page"), |asked, (name, value)| asked.header(name, value));
    let status = asked.send().cache_status();
    (status.fwd().map(str::to_owned), status.parameters["detail"].clone())
}

fn detail(policy: &str, answer: Answer) -> String {
    explained(policy, answer, &[]).1
}

fn forwarded(as_: &str, detail: &str) -> (Option<String>, String) {
    (Some(as_.to_owned()), detail.to_owned())
}

#[test]
fn the_line_that_passes_is_named() {
    assert_eq!(
        explained("sub recv {\n    return (pass);\n}", fresh(), &[]),
        forwarded("bypass", "policy policy.warp:4")
    );
    let row = "rules request first {\n    when path == \"/x\" -> deny 403;\n    else -> pass;\n}";
    assert_eq!(explained(row, fresh(), &[]), forwarded("bypass", "policy policy.warp:5"));
    assert_eq!(explained("sub miss {\n return (pass);\n}", fresh(), &[]), forwarded("bypass", "policy policy.warp:4"));
}

#[test]
fn a_piece_of_the_built_in_policy_is_named() {
    let cookie = explained("", fresh(), &[("Cookie", "id=1")]);
    assert_eq!(cookie, forwarded("bypass", "policy builtin.cookie"));
    let authorization = explained("", fresh(), &[("Authorization", "Basic eDp5")]);
    assert_eq!(authorization, forwarded("bypass", "policy builtin.authorization"));
    let set_cookie = explained("", fresh().header("Set-Cookie", "id=1"), &[]);
    assert_eq!(set_cookie, forwarded("uri-miss", "policy builtin.set_cookie"));
}

#[test]
fn the_line_that_keeps_a_response_out_of_the_store_is_named() {
    assert_eq!(detail("\nrules response first {\n    else -> uncacheable;\n}", fresh()), "policy policy.warp:5");
    assert_eq!(detail("sub backend_response {\n    return (pass);\n}", fresh()), "policy policy.warp:4");
}

#[test]
fn the_rule_of_the_rfc_that_keeps_a_response_out_is_named() {
    assert_eq!(detail("", Answer::ok("x").header("Cache-Control", "no-store")), "no-store");
    assert_eq!(detail("", Answer::ok("x").header("Cache-Control", "private")), "private");
    assert_eq!(detail("override builtin.vary {}", fresh().header("Vary", "*")), "vary-any");
    assert_eq!(detail("", Answer::ok("x")), "no-freshness");
}

#[test]
fn what_warp_makes_itself_says_who_asked_for_it() {
    let denied = explained("rules request first {\n    else -> deny 403;\n}", fresh(), &[]);
    assert_eq!(denied, (None, "policy policy.warp:4".to_owned()));
    let replaced = explained("sub deliver {\n    return (synth(404));\n}", fresh(), &[]);
    assert_eq!(replaced.1, "uri-miss policy.warp:4");
    let unreached = explained("", Answer::close(), &[]);
    assert_eq!(unreached, forwarded("miss", "bad-response"));
}

#[test]
fn the_method_passes_and_is_named() {
    let origin = Origin::start();
    origin.on("/page", fresh());
    let proxy = Proxy::before(&origin, "");
    let status = proxy.client().request("POST", "/page").body("x").send().cache_status();
    assert_eq!((status.fwd(), status.parameters["detail"].as_str()), (Some("method"), "method builtin.method"));
}

#[test]
fn the_key_is_shown_but_for_what_may_be_a_secret() {
    let origin = Origin::start();
    origin.on("/page", fresh());
    let proxy = Proxy::before(&origin, "sub hash { hash_data(req.path); hash_data(req.http.X-Key); return (lookup); }");
    for _ in 0..2 {
        let status = proxy.client().get("/page?x=1").header("X-Key", "s3cret").send().cache_status();
        let (path, hash) = status.parameters["key"].split_once(' ').unwrap();
        assert_eq!((path, hash.len(), hash.starts_with('#')), ("/page", 9, true));
    }
    let passed = proxy.client().request("POST", "/page").send().cache_status();
    assert!(!passed.parameters.contains_key("key"));
}

#[test]
fn a_waiter_is_told_that_it_was_collapsed() {
    let origin = Origin::start();
    let gate = crate::support::Gate::new();
    origin.on("/page", fresh().behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let [mut first, mut second] = [(); 2].map(|()| proxy.client());
    first.get("/page").send_only();
    origin.wait_for(1);
    second.get("/page").send_only();
    proxy.wait_for_metric("warp_requests_in_flight", 2);
    gate.open();
    let [first, second] = [first, second].map(|mut client| client.read_response("GET").unwrap().cache_status());
    assert_eq!((first.fwd(), first.stored()), (Some("uri-miss"), true));
    assert_eq!((second.fwd(), second.stored()), (Some("uri-miss"), false));
    assert!(second.parameters.contains_key("collapsed") && !second.hit());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_purge_names_the_line_that_asked_for_it() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "rules request first {\n    when method == \"PURGE\" -> purge;\n}");
    let purged = proxy.client().request("PURGE", "/page").send().cache_status();
    assert_eq!((purged.fwd(), purged.parameters["detail"].as_str()), (None, "policy policy.warp:4"));
}

#[test]
fn who_fetches_for_itself_is_not_collapsed() {
    let origin = Origin::start();
    let gate = crate::support::Gate::new();
    origin.on("/page", Answer::ok("page").header("Cache-Control", "no-store").behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut clients = [(); 3].map(|()| proxy.client());
    for client in &mut clients {
        client.get("/page").send_only();
    }
    proxy.wait_for_metric("warp_requests_in_flight", 3);
    gate.open();
    for client in &mut clients {
        assert!(!client.read_response("GET").unwrap().cache_status().parameters.contains_key("collapsed"));
    }
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn what_the_backend_broke_off_is_not_said_to_be_stored() {
    let origin = Origin::start();
    origin.on("/page", Answer::close());
    let proxy = Proxy::before(&origin, "");
    assert!(!proxy.get("/page").cache_status().stored());
}

#[test]
fn rfc9211_2_a_broken_field_of_the_backend_does_not_spoil_ours() {
    let origin = Origin::start();
    origin.on("/page", fresh().header("Cache-Status", "far; detail=\"open"));
    let proxy = Proxy::before(&origin, "");
    let response = proxy.get("/page");
    assert!(response.header("Cache-Status").is_some_and(|field| field.starts_with("warp; ")));
}
