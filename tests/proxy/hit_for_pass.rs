//! Keys whose responses are not stored: hit-for-miss and hit-for-pass, with VCL's meaning.

use crate::support::{Answer, Gate, Origin, Proxy, until};

const PASSED: &str = "sub backend_response { if (beresp.http.X-Pass) { return (pass(10m)); } }";

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

#[test]
fn hit_for_pass_passes_for_its_time_whatever_comes() {
    let origin = Origin::start();
    origin.once("/page", fresh("first").header("X-Pass", "1"));
    origin.on("/page", fresh("later"));
    let proxy = Proxy::before(&origin, PASSED);
    let first = proxy.get("/page").cache_status();
    assert_eq!((first.fwd(), first.stored()), (Some("uri-miss"), false));
    for _ in 0..2 {
        let later = proxy.get("/page").cache_status();
        assert_eq!((later.fwd(), later.parameters["detail"].as_str()), (Some("bypass"), "hit-for-pass"));
    }
    assert_eq!(origin.requests().len(), 3);
    proxy.wait_for_metric("warp_requests_total{outcome=\"pass\",reason=\"hit-for-pass\"}", 2);
}

#[test]
fn what_passes_reaches_the_backend_as_the_client_asked() {
    let origin = Origin::start();
    origin.on("/page", fresh("page").header("X-Pass", "1"));
    let proxy = Proxy::before(&origin, PASSED);
    let mut client = proxy.client();
    client.get("/page").send();
    client.get("/page").header("Range", "bytes=0-1").header("If-None-Match", "\"a\"").send();
    client.request("HEAD", "/page").send();
    let [ranged, head] = [2, 3].map(|n| origin.wait_for(n));
    assert_eq!((ranged.header("Range"), ranged.header("If-None-Match")), (Some("bytes=0-1"), Some("\"a\"")));
    assert_eq!(head.method, "HEAD");
}

#[test]
fn hit_for_pass_ends() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "rules response first { else -> pass 20ms; }");
    proxy.get("/page");
    let detail = || proxy.get("/page").cache_status().parameters["detail"].clone();
    until("the end of hit-for-pass", || (detail() != "hit-for-pass").then_some(()));
}

#[test]
fn hit_for_miss_stores_what_can_be_stored_again() {
    let origin = Origin::start();
    origin.once("/page", fresh("first").header("Set-Cookie", "id=1"));
    origin.on("/page", fresh("later"));
    let proxy = Proxy::before(&origin, "");
    assert!(!proxy.get("/page").cache_status().stored());
    let second = proxy.get("/page").cache_status();
    assert_eq!((second.stored(), second.fwd()), (true, Some("uri-miss")));
    assert!(proxy.get("/page").cache_status().hit());
}

#[test]
fn hit_for_miss_lets_nobody_wait() {
    let origin = Origin::start();
    let gate = Gate::new();
    origin.once("/page", Answer::ok("first").header("Cache-Control", "no-store"));
    origin.once("/page", fresh("slow").behind(&gate));
    origin.on("/page", fresh("quick"));
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    let mut slow = proxy.client();
    slow.get("/page").send_only();
    origin.wait_for(2);
    assert_eq!(proxy.get("/page").text(), "quick");
    gate.open();
    assert_eq!(slow.read_response("GET").unwrap().text(), "slow");
}

#[test]
fn a_purge_takes_the_mark_off() {
    let origin = Origin::start();
    origin.once("/page", fresh("first").header("X-Pass", "1"));
    origin.on("/page", fresh("later"));
    let purge = "rules request first { when method == \"PURGE\" -> purge; }";
    let proxy = Proxy::before(&origin, &format!("{PASSED}\n{purge}"));
    let mut client = proxy.client();
    client.get("/page").send();
    client.request("PURGE", "/page").send();
    assert!(client.get("/page").send().cache_status().stored());
}

#[test]
fn one_variant_that_is_not_stored_leaves_the_others_found() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let answer = fresh("page").header("Vary", "X-Kind");
        if request.header("X-Kind") == Some("own") { answer.header("Set-Cookie", "id=1") } else { answer }
    });
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for (kind, hit) in [("all", false), ("own", false), ("all", true), ("own", false), ("all", true)] {
        assert_eq!(client.get("/page").header("X-Kind", kind).send().cache_status().hit(), hit, "{kind}");
    }
}

#[test]
fn hit_for_miss_asks_for_the_whole_whatever_the_client_asks_for() {
    let origin = Origin::start();
    origin.once("/page", Answer::status(503));
    origin.on("/page", fresh("0123456789").header("ETag", "\"v1\""));
    let proxy = Proxy::before(&origin, "rules response first { when status in 500..599 -> uncacheable; }");
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().status, 503);
    let unchanged = client.get("/page").header("If-None-Match", "\"v1\"").send();
    assert_eq!((unchanged.status, unchanged.cache_status().stored()), (304, true));
    assert_eq!(origin.wait_for(2).header("If-None-Match"), None);
    assert!(client.get("/page").send().cache_status().hit());
}

#[test]
fn hit_for_miss_answers_a_range_from_the_whole() {
    let origin = Origin::start();
    origin.on("/page", fresh("0123456789").header("Set-Cookie", "id=1"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").send();
    let part = client.get("/page").header("Range", "bytes=2-4").send();
    assert_eq!((part.status, part.text(), part.header("Content-Range")), (206, "234", Some("bytes 2-4/10")));
    assert_eq!(origin.wait_for(2).header("Range"), None);
}

#[test]
fn what_lies_in_a_request_or_a_moment_marks_no_key() {
    let origin = Origin::start();
    origin.on_each("/page", |request| match request.header("X-Fail") {
        Some(_) => Answer::status(500),
        None => fresh("page"),
    });
    let proxy = Proxy::before(&origin, "override builtin.authorization {}");
    let mut client = proxy.client();
    client.get("/page").header("X-Fail", "1").send();
    client.get("/page").header("Authorization", "Basic eDp5").send();
    assert_eq!(client.get("/page").send().cache_status().parameters["detail"], "uri-miss");
}

#[test]
fn a_purge_and_a_change_take_the_marks_of_every_query_off() {
    for method in ["PURGE", "POST"] {
        let origin = Origin::start();
        origin.on_each("/q", |request| {
            let answer = fresh("answer");
            if request.method == "QUERY" { answer.header("X-Pass", "1") } else { answer }
        });
        let purge = "rules request first { when method == \"PURGE\" -> purge; }";
        let proxy = Proxy::before(&origin, &format!("{PASSED}\n{purge}"));
        let mut client = proxy.client();
        let mut detail = || client.request("QUERY", "/q").body("x").send().cache_status().parameters["detail"].clone();
        detail();
        assert_eq!(detail(), "hit-for-pass");
        proxy.client().request(method, "/q").body("x").send();
        assert_ne!(detail(), "hit-for-pass", "{method}");
    }
}
