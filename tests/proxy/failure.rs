//! The origin fails, in every way it can.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::{Answer, Gate, Origin, Proxy, Response, until};

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

/// `backend default` on that port, with further attributes.
fn policy(port: u16, attributes: &str) -> String {
    format!("warp 1;\nbackend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; {attributes} }}\n")
}

/// A port on which nothing listens.
fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The page of the built-in policy for a fetch that failed.
fn assert_is_error_page(response: &Response) {
    assert_eq!((response.status, response.reason.as_str()), (503, "Backend fetch failed"));
    assert_eq!(response.header("Retry-After"), Some("5"));
    assert_eq!(response.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(response.text().contains("<h1>503 Backend fetch failed</h1>"), "{}", response.text());
    assert!(!response.cache_status().hit());
}

/// Waits until that many requests have failed for that reason.
fn wait_for_errors(proxy: &Proxy, reason: &str, count: u64) {
    proxy.wait_for_metric(&format!("warp_requests_total{{outcome=\"error\",reason=\"{reason}\"}}"), count);
}

#[test]
fn a_backend_that_is_down_gives_an_error_page_at_once() {
    let proxy = Proxy::start(&policy(dead_port(), ""));
    let began = Instant::now();
    assert_is_error_page(&proxy.get("/page"));
    assert_is_error_page(&proxy.client().request("POST", "/page").body("data").send());
    assert!(began.elapsed() < Duration::from_secs(5));
    wait_for_errors(&proxy, "connect", 2);
    assert_eq!(proxy.metric("warp_origin_requests_total{backend=\"default\",result=\"connect\"}"), 2);
    assert_eq!(proxy.metric("warp_store_objects"), 0);
}

#[test]
fn a_failed_request_is_logged_once() {
    let proxy = Proxy::start(&policy(dead_port(), ""));
    proxy.get("/page");
    wait_for_errors(&proxy, "connect", 1);
    // Whatever is said of the first is said by the time that the second fails.
    proxy.get("/page");
    let failures = || proxy.log().lines().filter(|line| line.contains("the request failed")).count();
    until("both to be logged", || (failures() >= 2).then_some(()));
    let log = proxy.log();
    let number = |line: &str| line.split_whitespace().find(|word| word.starts_with("xid=")).map(str::to_owned);
    let numbers: Vec<_> = log.lines().filter(|line| line.contains("the request failed")).map(number).collect();
    assert!(numbers.len() == 2 && numbers[0] != numbers[1], "{log}");
    assert_eq!(log.matches("backend=\"default\"").count(), 2, "{log}");
}

#[test]
fn head_gets_the_head_of_the_error_page() {
    let proxy = Proxy::start(&policy(dead_port(), ""));
    let head = proxy.client().request("HEAD", "/page").send();
    assert_eq!((head.status, head.body.len()), (503, 0));
}

#[test]
fn a_backend_declared_none_always_fails() {
    let proxy = Proxy::start("warp 1;\nbackend default none;\n");
    assert_is_error_page(&proxy.get("/page"));
    wait_for_errors(&proxy, "backend-sick", 1);
}

#[test]
fn a_name_that_does_not_resolve_fails() {
    let proxy = Proxy::start("warp 1;\nbackend default { .host = \"nothing.invalid\"; .port = \"80\"; }\n");
    assert_is_error_page(&proxy.get("/page"));
    wait_for_errors(&proxy, "resolve", 1);
    assert_eq!(proxy.metric("warp_origin_requests_total{backend=\"default\",result=\"resolve\"}"), 1);
    let backend = &proxy.status()["backends"][0];
    assert!(backend["resolve_error"].is_string(), "{backend}");
}

#[test]
fn a_backend_that_is_silent_times_out() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", fresh("late").behind(&gate));
    let attributes = ".first_byte_timeout = 100ms; .between_bytes_timeout = 100ms;";
    let proxy = Proxy::start(&policy(origin.address().port(), attributes));
    assert_is_error_page(&proxy.get("/slow"));
    wait_for_errors(&proxy, "timeout", 1);
    gate.open();
    // What was late does not turn up as the answer to another request.
    origin.on("/other", fresh("other"));
    assert_eq!(proxy.get("/other").text(), "other");
}

#[test]
fn the_policy_sets_the_timeouts_of_one_request() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", fresh("late").behind(&gate));
    let proxy = Proxy::before(
        &origin,
        "sub backend_fetch { set bereq.first_byte_timeout = 100ms; set bereq.between_bytes_timeout = 100ms; }",
    );
    assert_is_error_page(&proxy.get("/slow"));
    wait_for_errors(&proxy, "timeout", 1);
}

#[test]
fn a_backend_that_falls_silent_in_the_body_breaks_the_response_off() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", fresh("first half, second half").body_behind(10, &gate));
    let attributes = ".first_byte_timeout = 100ms; .between_bytes_timeout = 100ms;";
    let proxy = Proxy::start(&policy(origin.address().port(), attributes));
    let broken = proxy.client().get("/slow").try_send().unwrap_err();
    assert_eq!(broken.body, b"first half");
    wait_for_errors(&proxy, "timeout", 1);
    assert_eq!(proxy.metric("warp_store_objects"), 0);
}

#[test]
fn a_truncated_body_is_broken_off_and_not_stored() {
    for (pass, policy) in [(false, ""), (true, "rules request first { else -> pass; }")] {
        for (kind, answer) in [
            ("length", fresh("whole body").truncated(5)),
            ("length, reset", fresh("whole body").reset_after(5)),
            ("chunked", fresh("whole body").chunked(5).truncated(12)),
            ("chunked, no last chunk", fresh("whole body").chunked(10).truncated(15)),
            ("chunked, reset", fresh("whole body").chunked(5).reset_after(12)),
        ] {
            let origin = Origin::start();
            origin.on("/page", fresh("whole body"));
            origin.once("/page", answer);
            let proxy = Proxy::before(&origin, policy);
            // A reset may come before the head is sent on: then there is still time for an error page.
            let broken = proxy.client().get("/page").try_send();
            assert!(broken.as_ref().is_ok_and(|page| page.status == 503) || broken.is_err(), "{kind}: {broken:?}");
            assert_eq!(proxy.get("/page").text(), "whole body", "{kind}, pass {pass}");
            assert_eq!(origin.requests().len(), 2, "{kind}, pass {pass}");
            wait_for_errors(&proxy, "bad-response", 1);
        }
    }
}

#[test]
fn what_is_no_response_is_an_error() {
    for garbage in [
        "nonsense\r\n\r\n",
        "HTTP/1.1 99999 No\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        "",
        "HTTP/1.1 200 OK\r\nContent-Len",
    ] {
        let origin = Origin::start();
        origin.on("/page", Answer::raw(garbage));
        let proxy = Proxy::before(&origin, "rules response first { else -> ttl 1h; }");
        assert_is_error_page(&proxy.get("/page"));
        wait_for_errors(&proxy, "bad-response", 1);
        assert_eq!((origin.requests().len(), proxy.metric("warp_store_objects")), (1, 0), "{garbage:?}");
    }
}

#[test]
fn a_response_framed_twice_is_read_by_its_chunks() {
    let origin = Origin::start();
    let twice =
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    origin.on("/page", Answer::raw(format!("{twice}5\r\nhello\r\n0\r\n\r\n")));
    let proxy = Proxy::before(&origin, "rules request first { else -> pass; }");
    let page = proxy.get("/page");
    assert_eq!((page.text(), page.header("Content-Length")), ("hello", None));
    assert_eq!(page.header("Transfer-Encoding"), Some("chunked"));
}

#[test]
fn what_comes_after_a_response_is_not_taken_for_the_next_one() {
    let origin = Origin::start();
    let glued = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    origin.on("/page", Answer::raw(glued));
    origin.on("/other", fresh("other"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().text(), "hello");
    assert_eq!(client.get("/other").send().text(), "other");
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn interim_responses_are_not_the_response() {
    let origin = Origin::start();
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\n\r\nhello";
    origin.on("/page", Answer::raw(format!("{early}{last}")));
    let proxy = Proxy::before(&origin, "");
    for n in 0..2 {
        let page = proxy.get("/page");
        assert_eq!((page.status, page.text(), page.cache_status().hit()), (200, "hello", n == 1));
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn backend_error_makes_the_page() {
    let declarations = r#"
        sub backend_error {
            set beresp.status = 502;
            set beresp.reason = "Sorry";
            set beresp.http.Content-Type = "application/json";
            set beresp.http.X-Url = bereq.url;
            set beresp.body = "{}";
            return (deliver);
        }
        sub deliver { set resp.http.X-Delivered = "yes"; }"#;
    let proxy = Proxy::start(&(policy(dead_port(), "") + declarations));
    let response = proxy.get("/page");
    assert_eq!((response.status, response.reason.as_str(), response.text()), (502, "Sorry", "{}"));
    assert_eq!(response.header("Content-Type"), Some("application/json"));
    assert_eq!((response.header("X-Url"), response.header("X-Delivered")), (Some("/page"), Some("yes")));
    assert_eq!(response.header("Retry-After"), None);
}

#[test]
fn the_policy_turns_a_response_into_an_error() {
    let origin = Origin::start();
    origin.on("/page", fresh("page").header("X-Broken", "1"));
    let proxy = Proxy::before(
        &origin,
        "sub backend_response { if (beresp.http.X-Broken) { return (error(502, \"Unusable\")); } }",
    );
    for n in 1..=2 {
        let response = proxy.get("/page");
        assert_eq!((response.status, response.reason.as_str()), (502, "Unusable"));
        assert!(response.text().contains("502 Unusable"), "{}", response.text());
        assert_eq!((origin.requests().len(), proxy.metric("warp_store_objects")), (n, 0));
    }
}

#[test]
fn the_policy_gives_a_fetch_up_before_it_begins() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "sub backend_fetch { return (abandon); }");
    assert_eq!(proxy.get("/page").status, 503);
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn a_sick_backend_is_not_asked_until_it_has_recovered() {
    let origin = Origin::start();
    origin.on("/health", Answer::status(500));
    origin.on("/page", fresh("page"));
    let probe =
        ".probe = { .url = \"/health\"; .interval = 20ms; .timeout = 1s; .window = 2; .threshold = 1; .initial = 0; }";
    let proxy = Proxy::start(&policy(origin.address().port(), probe));
    assert_is_error_page(&proxy.get("/page"));
    wait_for_errors(&proxy, "backend-sick", 1);
    assert_eq!(proxy.metric("warp_backend_healthy{backend=\"default\"}"), 0);
    assert_eq!(origin.requests_to("/page").len(), 0);

    origin.on("/health", Answer::ok(""));
    let page = until("the backend to recover", || Some(proxy.get("/page")).filter(|page| page.status == 200));
    assert_eq!((page.text(), origin.requests_to("/page").len()), ("page", 1));
    assert_eq!(proxy.metric("warp_backend_healthy{backend=\"default\"}"), 1);

    origin.on("/health", Answer::status(500));
    until("the backend to be sick again", || (proxy.get("/other").status == 503).then_some(()));
    // What is stored is served whatever becomes of the backend.
    assert!(proxy.get("/page").cache_status().hit());
    assert_eq!(origin.requests_to("/page").len(), 1);
}

#[test]
fn a_sick_backend_counts_as_away_for_what_is_stale() {
    let origin = Origin::start();
    origin.on("/health", Answer::ok(""));
    origin.on("/page", Answer::ok("old").header("Cache-Control", "max-age=0").header("ETag", "\"old\""));
    let probe = ".probe = { .url = \"/health\"; .interval = 20ms; .timeout = 1s; .window = 1; .threshold = 1; }";
    let proxy = Proxy::start(&policy(origin.address().port(), probe));
    until("the backend to be well", || (proxy.get("/page").status == 200).then_some(()));
    origin.on("/health", Answer::status(500));
    until("the backend to be sick", || (proxy.get("/other").status == 503).then_some(()));
    let stale = proxy.get("/page");
    assert_eq!((stale.status, stale.text()), (200, "old"));
    assert_eq!(stale.cache_status().parameters["detail"], "stale-if-error");
}

#[test]
fn a_kept_connection_that_died_is_no_failure_of_a_get() {
    let origin = Origin::start();
    origin.on("/a", Answer::ok("a"));
    origin.on("/b", Answer::ok("b"));
    origin.once("/b", Answer::close());
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    assert_eq!(client.get("/a").send().text(), "a");
    assert_eq!(client.get("/b").send().text(), "b");
    let connections: Vec<_> = origin.requests().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[test]
fn a_post_is_not_sent_a_second_time() {
    let origin = Origin::start();
    origin.on("/a", Answer::ok("a"));
    origin.on("/form", Answer::ok("done"));
    origin.once("/form", Answer::close());
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    assert_eq!(client.get("/a").send().text(), "a");
    assert_is_error_page(&client.request("POST", "/form").body("data").send());
    assert_eq!(origin.requests_to("/form").len(), 1);
}

#[test]
fn a_new_connection_that_gives_nothing_is_not_tried_again() {
    let origin = Origin::start();
    origin.on("/page", Answer::close());
    let proxy = Proxy::before(&origin, "");
    assert_is_error_page(&proxy.get("/page"));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_head_that_cannot_be_read_is_cut_in_the_log() {
    let origin = Origin::start();
    let fields = "X-Field: a\r\n".repeat(2_000);
    origin.on("/page", Answer::raw(format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 5\r\n\r\nhello")));
    let stale = Answer::ok("old").header("Cache-Control", "max-age=0, stale-if-error=60").header("ETag", "\"v1\"");
    origin.once("/stale", stale);
    origin.on("/stale", Answer::raw(format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 5\r\n\r\nhello")));
    let proxy = Proxy::before(&origin, "");
    assert_is_error_page(&proxy.get("/page"));
    proxy.get("/stale");
    assert_eq!(proxy.get("/stale").text(), "old");
    until("both failures to be logged", || (proxy.log().matches(" bytes more)").count() == 2).then_some(()));
    let longest = proxy.log().lines().map(str::len).max();
    assert!(longest < Some(1_000), "{longest:?}");
}

#[test]
fn a_client_that_goes_away_is_no_warning() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "no-store").body_behind(2, &gate));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").send_only().read_head().unwrap();
    drop(client);
    wait_for_errors(&proxy, "client", 1);
    assert!(!proxy.log().contains("WARN"), "{}", proxy.log());
}
