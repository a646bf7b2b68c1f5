//! How long a backend may take, for each part of its answer.

use std::time::{Duration, Instant};

use super::policy;
use crate::support::{Answer, Gate, Origin, Proxy, until};

const SHORT: Duration = Duration::from_millis(150);

fn page(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

fn wait_for_timeout(proxy: &Proxy) {
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"timeout\"}", 1);
    assert_eq!(proxy.metric("warp_origin_requests_total{backend=\"default\",result=\"timeout\"}"), 1);
    assert_eq!(proxy.metric("warp_store_objects"), 0);
}

#[test]
fn a_head_may_take_longer_than_a_silence_in_the_body() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("slow").behind(&gate));
    let proxy =
        Proxy::start(&policy(origin.address().port(), ".first_byte_timeout = 1m; .between_bytes_timeout = 50ms;"));
    let mut client = proxy.client();
    client.get("/slow").send_only();
    let began = Instant::now();
    origin.wait_for(1);
    // What is too long for a silence passes without harm.
    until("a silence of some length", || (began.elapsed() > SHORT).then_some(()));
    gate.open();
    assert_eq!(client.read_response("GET").unwrap().text(), "slow");
}

#[test]
fn a_head_that_takes_too_long_is_not_waited_for() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("slow").behind(&gate));
    let proxy =
        Proxy::start(&policy(origin.address().port(), ".first_byte_timeout = 50ms; .between_bytes_timeout = 1m;"));
    let began = Instant::now();
    assert_eq!(proxy.get("/slow").status, 503);
    assert!(began.elapsed() < Duration::from_secs(5));
    wait_for_timeout(&proxy);
    assert_eq!(origin.requests().len(), 1, "it is not asked again");
}

#[test]
fn a_silence_in_the_body_may_be_longer_than_a_head_takes() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("first half, second half").body_behind(10, &gate));
    let proxy =
        Proxy::start(&policy(origin.address().port(), ".first_byte_timeout = 50ms; .between_bytes_timeout = 1m;"));
    let mut client = proxy.client();
    client.get("/slow").send_only();
    let head = client.read_head().unwrap();
    let began = Instant::now();
    until("a silence of some length", || (began.elapsed() > SHORT).then_some(()));
    gate.open();
    assert_eq!(client.read_rest(&head).unwrap(), b"first half, second half");
}

#[test]
fn a_silence_in_the_body_ends_the_response() {
    for (kind, answer) in [
        ("length", page("first half, second half")),
        ("chunked", page("first half, second half").chunked(10)),
        ("until close", page("first half, second half").until_close()),
    ] {
        let (origin, gate) = (Origin::start(), Gate::new());
        origin.on("/slow", answer.body_behind(14, &gate));
        let timeouts = ".first_byte_timeout = 1m; .between_bytes_timeout = 50ms;";
        let proxy = Proxy::start(&policy(origin.address().port(), timeouts));
        let broken = proxy.client().get("/slow").try_send();
        assert!(broken.is_err(), "{kind}: {broken:?}");
        wait_for_timeout(&proxy);
        gate.open();
    }
}

#[test]
fn connections_that_are_watched_are_kept_and_used_again() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("page").header("Cache-Control", "no-store"));
    let proxy =
        Proxy::start(&policy(origin.address().port(), ".first_byte_timeout = 10s; .between_bytes_timeout = 5s;"));
    let mut client = proxy.client();
    for _ in 0..3 {
        assert_eq!(client.get("/page").send().text(), "page");
    }
    let connections: Vec<usize> = origin.requests().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 0]);
}

#[test]
fn a_kept_connection_that_falls_silent_is_not_taken_for_one_that_was_closed() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", page("page"));
    origin.on("/slow", page("slow").behind(&gate));
    let proxy =
        Proxy::start(&policy(origin.address().port(), ".first_byte_timeout = 50ms; .between_bytes_timeout = 1m;"));
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().text(), "page");
    assert_eq!(client.get("/slow").send().status, 503);
    assert_eq!(origin.requests_to("/slow").len(), 1);
    let slow = &origin.requests_to("/slow")[0];
    assert_eq!(slow.connection, 0, "it was the kept one");
}

#[test]
fn a_head_that_takes_too_long_is_asked_for_again_if_the_policy_says_so() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("page"));
    origin.once("/slow", page("slow").behind(&gate));
    let timeouts = ".first_byte_timeout = 50ms; .between_bytes_timeout = 1m;";
    let retry = "sub backend_error { if (bereq.retries == 0) { return (retry); } }";
    let proxy = Proxy::start(&(policy(origin.address().port(), timeouts) + retry));
    assert_eq!(proxy.get("/slow").text(), "page");
    assert_eq!(origin.requests().len(), 2);
    proxy.wait_for_metric("warp_origin_requests_total{backend=\"default\",result=\"timeout\"}", 1);
    proxy.wait_for_metric("warp_origin_requests_total{backend=\"default\",result=\"ok\"}", 1);
}

#[test]
fn a_connection_that_is_watched_is_looked_at_as_well() {
    let origin = Origin::start();
    let head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n";
    origin.on("/broken", Answer::raw(format!("{head}5\r\nhello\r\n\r\n\r\n")));
    let timeouts = ".first_byte_timeout = 10s; .between_bytes_timeout = 5s;";
    let proxy = Proxy::start(&policy(origin.address().port(), timeouts));
    let broken = proxy.client().get("/broken").try_send();
    assert!(broken.as_ref().map_or(true, |page| page.status == 503), "{broken:?}");
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"bad-response\"}", 1);
    assert_eq!(proxy.metric("warp_store_objects"), 0);
}

#[test]
fn the_policy_sets_one_of_the_two() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", page("slow").behind(&gate));
    let proxy = Proxy::before(&origin, "sub backend_fetch { set bereq.first_byte_timeout = 50ms; }");
    assert_eq!(proxy.get("/slow").status, 503);
    wait_for_timeout(&proxy);
}

#[test]
fn an_upload_that_goes_on_is_not_a_silence() {
    let origin = Origin::start();
    origin.on("/upload", Answer::ok("done"));
    let proxy =
        Proxy::start(&policy(origin.address().port(), ".first_byte_timeout = 200ms; .between_bytes_timeout = 1m;"));
    let mut client = proxy.client();
    client.send_raw("POST /upload HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8\r\n\r\n");
    for byte in b"12345678" {
        let began = Instant::now();
        until("the next byte", || (began.elapsed() > Duration::from_millis(60)).then_some(()));
        client.send_raw([*byte]);
    }
    assert_eq!(client.read_response("POST").unwrap().text(), "done");
}

#[test]
fn a_slow_client_is_not_a_silent_backend() {
    let origin = Origin::start();
    // Not stored: the client's pace is the fetch's.
    origin.on("/large", Answer::ok(vec![b'x'; 16 << 20]).header("Cache-Control", "no-store"));
    let timeouts = ".first_byte_timeout = 1m; .between_bytes_timeout = 500ms;";
    let proxy = Proxy::start(&policy(origin.address().port(), timeouts));
    let mut client = proxy.client();
    client.get("/large").send_only();
    let head = client.read_head().unwrap();
    let began = Instant::now();
    until("the client to go on", || (began.elapsed() > Duration::from_millis(1_500)).then_some(()));
    assert_eq!(client.read_rest(&head).unwrap().len(), 16 << 20);
}
