//! How many requests a backend gets at the same time.

use super::policy;
use crate::support::{Answer, Gate, Origin, Proxy, until};

const NO_STORE: (&str, &str) = ("Cache-Control", "no-store");

fn page(body: &str) -> Answer {
    Answer::ok(body).header(NO_STORE.0, NO_STORE.1)
}

/// Waits until that many requests to the backend run.
fn until_in_flight(proxy: &Proxy, count: u64) {
    until(&format!("{count} requests under way"), || {
        (proxy.status()["backends"][0]["in_flight"] == count).then_some(())
    });
}

fn until_waiting(proxy: &Proxy, count: u64) {
    until(&format!("{count} requests waiting"), || (proxy.status()["backends"][0]["waiting"] == count).then_some(()));
}

#[test]
fn one_request_too_many_fails_at_once() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("slow").behind(&gate));
    origin.on("/page", page("page"));
    let proxy = Proxy::start(&policy(origin.address().port(), ".max_connections = 1;"));
    let mut slow = proxy.client();
    slow.get("/slow").send_only();
    origin.wait_for(1);
    assert_eq!(proxy.get("/page").status, 503);
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"backend-busy\"}", 1);
    proxy.wait_for_metric("warp_origin_requests_total{backend=\"default\",result=\"busy\"}", 1);
    assert_eq!(origin.requests().len(), 1);
    gate.open();
    assert_eq!(slow.read_response("GET").unwrap().text(), "slow");
    until_in_flight(&proxy, 0);
    assert_eq!(proxy.get("/page").text(), "page");
}

#[test]
fn who_may_wait_is_served_when_another_has_ended() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("slow").behind(&gate));
    origin.on("/page", page("page"));
    let limit = ".max_connections = 1; .wait_limit = 1; .wait_timeout = 1m;";
    let proxy = Proxy::start(&policy(origin.address().port(), limit));
    let (mut slow, mut waiting) = (proxy.client(), proxy.client());
    slow.get("/slow").send_only();
    origin.wait_for(1);
    waiting.get("/page").send_only();
    until_waiting(&proxy, 1);
    assert_eq!(proxy.get("/other").status, 503, "no more than one may wait");
    gate.open();
    assert_eq!(slow.read_response("GET").unwrap().text(), "slow");
    assert_eq!(waiting.read_response("GET").unwrap().text(), "page");
    assert_eq!(origin.most_at_once(), 1);
}

#[test]
fn who_waits_too_long_fails() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("slow").behind(&gate));
    let limit = ".max_connections = 1; .wait_limit = 1; .wait_timeout = 20ms;";
    let proxy = Proxy::start(&policy(origin.address().port(), limit));
    let mut slow = proxy.client();
    slow.get("/slow").send_only();
    origin.wait_for(1);
    assert_eq!(proxy.get("/page").status, 503);
    until_waiting(&proxy, 0);
}

#[test]
fn a_client_that_reads_slowly_keeps_nobody_from_the_backend() {
    let origin = Origin::start();
    let body = vec![b'x'; 8 << 20];
    origin.on("/large", Answer::ok(body.clone()).header("Cache-Control", "max-age=60"));
    origin.on("/page", page("page"));
    let proxy = Proxy::start(&policy(origin.address().port(), ".max_connections = 1;"));
    let mut slow = proxy.client();
    slow.get("/large").send_only();
    origin.wait_for(1);
    // The client has read nothing; the fetch for the store ends all the same.
    until_in_flight(&proxy, 0);
    assert_eq!(proxy.get("/page").text(), "page");
    assert_eq!(slow.read_response("GET").unwrap().body.len(), body.len());
}

#[test]
fn every_way_to_end_gives_the_place_back() {
    let origin = Origin::start();
    origin.on("/page", page("page"));
    origin.on("/chunks", page("chunks").chunked(2));
    origin.on("/until-close", page("close").until_close());
    origin.on("/none", Answer::status(204));
    origin.on("/empty", page(""));
    origin.on("/broken", page("broken").truncated(2));
    origin.on("/closed", Answer::close());
    origin.on("/error", Answer::status(500));
    origin.on(
        "/tagged",
        Answer::ok("tagged").header("Cache-Control", "max-age=0, must-revalidate").header("ETag", "\"1\""),
    );
    let proxy = Proxy::start(&policy(origin.address().port(), ".max_connections = 1;"));
    let paths = ["/page", "/chunks", "/until-close", "/none", "/empty", "/broken", "/closed", "/error", "/tagged"];
    for path in paths {
        for method in ["GET", "HEAD", "POST"] {
            let _ = proxy.client().request(method, path).try_send();
            until_in_flight(&proxy, 0);
            assert_eq!(proxy.get("/page").text(), "page", "after {method} {path}");
        }
    }
    proxy.get("/tagged");
    until_in_flight(&proxy, 0);
    origin.on("/tagged", Answer::status(304).header("ETag", "\"1\""));
    assert_eq!(proxy.get("/tagged").text(), "tagged");
    until_in_flight(&proxy, 0);
    assert_eq!(proxy.get("/page").text(), "page");
}

#[test]
fn who_is_asked_again_gives_the_place_back_first() {
    let origin = Origin::start();
    let text = policy(origin.address().port(), ".max_connections = 1;")
        + "rules request first { when req.restarts == 0 -> pass; }
           sub backend_response { if (beresp.status == 500) { return (retry); } }
           sub backend_error { return (retry); }
           sub deliver { if (resp.status == 404 && req.restarts == 0) { return (restart); } }";
    let proxy = Proxy::start(&text);
    let error = || Answer::status(500).with_body(vec![b'x'; 1 << 20]);
    for (path, first) in [
        ("/error", error()),
        ("/chunks", error().chunked(1 << 10)),
        ("/closed", Answer::close()),
        ("/restart", Answer::status(404).with_body(vec![b'x'; 1 << 20])),
    ] {
        origin.on(path, page("page"));
        origin.once(path, first);
        assert_eq!(proxy.get(path).text(), "page", "{path}");
        until_in_flight(&proxy, 0);
    }
    assert_eq!(proxy.metric("warp_origin_requests_total{backend=\"default\",result=\"busy\"}"), 0);
}

#[test]
fn a_client_that_goes_away_gives_the_place_back() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("slow").behind(&gate));
    origin.on("/page", page("page"));
    let limit = ".max_connections = 1; .wait_limit = 1; .wait_timeout = 1m;";
    // What passes is fetched for this client alone.
    let passes = "rules request first { when path == \"/slow\" -> pass; }";
    let proxy = Proxy::start(&(policy(origin.address().port(), limit) + passes));
    let mut gone = proxy.client();
    gone.get("/slow").send_only();
    origin.wait_for(1);
    drop(gone);
    assert_eq!(proxy.get("/page").text(), "page");
}

#[test]
fn a_client_that_goes_away_while_it_waits_waits_no_more() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("slow").behind(&gate));
    origin.on("/page", page("page"));
    origin.on("/kept", Answer::ok("kept").header("Cache-Control", "max-age=60"));
    let limit = ".max_connections = 1; .wait_limit = 1; .wait_timeout = 10m;";
    let proxy = Proxy::start(&policy(origin.address().port(), limit));
    let mut slow = proxy.client();
    slow.get("/slow").send_only();
    origin.wait_for(1);
    for path in ["/page", "/kept"] {
        let mut gone = proxy.client();
        gone.get(path).send_only();
        until_waiting(&proxy, 1);
        drop(gone);
        until_waiting(&proxy, 0);
    }
    let mut next = proxy.client();
    next.get("/page").send_only();
    until_waiting(&proxy, 1);
    gate.open();
    assert_eq!(next.read_response("GET").unwrap().text(), "page");
    assert!(origin.requests_to("/kept").is_empty());
}

#[test]
fn an_upgraded_connection_holds_its_place_until_it_ends() {
    let origin = Origin::start();
    let switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let gate = Gate::new();
    origin.on("/socket", Answer::raw(switched).silent_after(switched.len()).then_open(&gate));
    origin.on("/page", page("page"));
    let text = policy(origin.address().port(), ".max_connections = 1;") + "rules request first { else -> pass; }";
    let proxy = Proxy::start(&text);
    let mut socket = proxy.client();
    socket.send_raw(
        "GET /socket HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let head = socket.read_any_head().unwrap();
    assert!(head.first_line.contains(" 101 "), "{}", head.first_line);
    until_in_flight(&proxy, 1);
    assert_eq!(proxy.get("/page").status, 503);
    drop(socket);
    until_in_flight(&proxy, 0);
    assert_eq!(proxy.get("/page").text(), "page");
}

#[test]
fn a_fetch_in_the_background_counts_too() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/stale", Answer::ok("new").header("Cache-Control", "no-store").behind(&gate));
    origin.once("/stale", Answer::ok("old").header("Cache-Control", "max-age=0, stale-while-revalidate=600"));
    origin.on("/page", page("page"));
    let proxy = Proxy::start(&policy(origin.address().port(), ".max_connections = 1;"));
    proxy.get("/stale");
    until("a fetch in the background", || {
        proxy.get("/stale");
        (origin.requests().len() > 1).then_some(())
    });
    assert_eq!(proxy.get("/page").status, 503);
    gate.open();
    until_in_flight(&proxy, 0);
    assert_eq!(proxy.get("/page").text(), "page");
}

#[test]
fn a_busy_member_of_a_director_is_passed_over() {
    let (one, two, gate) = (Origin::start(), Origin::start(), Gate::new());
    one.on("/slow", page("slow").behind(&gate));
    two.on("/page", page("two"));
    let (first, second) = (one.address().port(), two.address().port());
    let proxy = Proxy::start(&format!(
        "warp 1;
        backend one {{ .host = \"127.0.0.1\"; .port = {first}; .max_connections = 1; }}
        backend two {{ .host = \"127.0.0.1\"; .port = {second}; }}
        director default = fallback {{ one; two; }}"
    ));
    let mut slow = proxy.client();
    slow.get("/slow").send_only();
    one.wait_for(1);
    assert_eq!(proxy.get("/page").text(), "two");
    gate.open();
    assert_eq!(slow.read_response("GET").unwrap().text(), "slow");
}

#[test]
fn the_limit_holds_across_a_reload() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("slow").behind(&gate));
    let port = origin.address().port();
    let proxy = Proxy::start(&policy(port, ".max_connections = 1;"));
    let mut slow = proxy.client();
    slow.get("/slow").send_only();
    origin.wait_for(1);
    proxy.write_policy(policy(port, ".max_connections = 1; .connect_timeout = 9s;"));
    proxy.wait_for_reload("ok");
    assert_eq!(proxy.get("/page").status, 503);
    gate.open();
    assert_eq!(slow.read_response("GET").unwrap().text(), "slow");
}
