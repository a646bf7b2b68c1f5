//! The backend is asked again because the policy says so: VCL's `retry`, with what it may and may not do.

use std::net::TcpListener;

use crate::support::{Answer, Gate, Origin, Proxy, Response, until};

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

fn detail(response: &Response) -> String {
    response.cache_status().parameters["detail"].clone()
}

/// Says `retry` of every error, as often as it may.
const RETRY: &str = "sub backend_response { if (beresp.status >= 500) { return (retry); } }\n";

/// Says it where nothing came at all.
const RETRY_ON_FAILURE: &str = "sub backend_error { if (bereq.retries < 2) { return (retry); } }\n";

#[test]
fn the_next_answer_takes_the_place_of_an_error() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    origin.once("/page", Answer::status(500).header("X-Error", "1"));
    origin.once("/page", Answer::status(502).with_body("broken").chunked(2));
    let proxy = Proxy::before(&origin, RETRY);
    let page = proxy.get("/page");
    assert_eq!((page.status, page.text(), page.header("X-Error")), (200, "page", None));
    let status = page.cache_status();
    assert_eq!((status.fwd(), status.stored(), detail(&page).as_str()), (Some("uri-miss"), true, "uri-miss"));
    assert!(proxy.get("/page").cache_status().hit());
    assert_eq!(origin.requests().len(), 3);
    for (result, count) in [("server-error", 2), ("ok", 1)] {
        proxy.wait_for_metric(&format!("warp_origin_requests_total{{backend=\"default\",result=\"{result}\"}}"), count);
    }
}

#[test]
fn each_try_begins_in_backend_fetch_with_the_request_as_it_was_left() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    for _ in 0..2 {
        origin.once("/page", Answer::status(503));
    }
    let policy = r#"
        sub backend_fetch {
            set bereq.http.X-Retries = bereq.retries;
            set bereq.http.X-Seen = bereq.http.X-Seen + "f";
        }
        sub backend_response {
            set bereq.http.X-Seen = bereq.http.X-Seen + "r";
            set beresp.http.X-Retries = bereq.retries;
            if (beresp.status == 503) { return (retry); }
        }"#;
    let proxy = Proxy::before(&origin, policy);
    assert_eq!(proxy.get("/page").header("X-Retries"), Some("2"));
    let tries = origin.requests();
    let field = |name| tries.iter().map(|asked| asked.header(name).unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(field("X-Retries"), ["0", "1", "2"]);
    assert_eq!(field("X-Seen"), ["f", "frf", "frfrf"]);
}

#[test]
fn another_backend_is_asked() {
    let (first, second) = (Origin::start(), Origin::start());
    first.on("/page", Answer::status(500));
    second.on("/page", fresh("second"));
    let (host, port) = (second.address().ip(), second.address().port());
    let policy = format!(
        "backend second {{ .host = \"{host}\"; .port = \"{port}\"; }}
        sub backend_fetch {{ if (bereq.retries == 1) {{ set bereq.backend = second; }} }}
        {RETRY}"
    );
    let proxy = Proxy::before(&first, &policy);
    assert_eq!(proxy.get("/page").text(), "second");
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

#[test]
fn a_connection_that_cannot_be_had_is_tried_elsewhere() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let policy = format!(
        "backend dead {{ .host = \"127.0.0.1\"; .port = \"{dead}\"; }}
        sub backend_fetch {{ if (bereq.retries == 0) {{ set bereq.backend = dead; }} else {{ set bereq.backend = default; }} }}
        {RETRY_ON_FAILURE}"
    );
    let proxy = Proxy::before(&origin, &policy);
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().text(), "page");
    // What was never sent may be sent, whatever the method.
    assert_eq!(client.request("POST", "/page").body("data").send().text(), "page");
    assert_eq!(origin.requests_to("/page")[1].body, b"data");
    assert_eq!(proxy.metric("warp_requests_total{outcome=\"error\",reason=\"connect\"}"), 0);
}

#[test]
fn after_four_retries_of_a_response_backend_error_has_the_word() {
    let origin = Origin::start();
    origin.on("/page", Answer::status(500));
    let policy = format!("{RETRY} sub backend_error {{ set beresp.http.X-Retries = bereq.retries; }}");
    let proxy = Proxy::before(&origin, &policy);
    let page = proxy.get("/page");
    assert_eq!((page.status, page.reason.as_str()), (503, "Backend fetch failed"));
    assert_eq!(page.header("X-Retries"), Some("5"));
    assert_eq!(origin.requests().len(), 5);
}

#[test]
fn after_four_retries_of_a_failure_synth_answers() {
    let origin = Origin::start();
    origin.on("/page", Answer::close());
    let policy = "sub backend_error { return (retry); } sub synth { set resp.http.X-Synth = \"1\"; }";
    let proxy = Proxy::before(&origin, policy);
    let page = proxy.get("/page");
    assert_eq!((page.status, page.header("X-Synth")), (503, Some("1")));
    assert_eq!(origin.requests().len(), 5);
}

#[test]
fn the_most_retries_are_for_the_operator_to_say() {
    let origin = Origin::start();
    origin.on("/page", Answer::status(500));
    let policy = format!("warp 1;\n{}{RETRY}", origin.backend());
    let proxy = Proxy::start_with(&policy, &["--max-retries", "1"]);
    assert_eq!(proxy.get("/page").status, 503);
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn giving_up_leaves_the_answer_to_synth() {
    for (declaration, asked) in [
        ("sub backend_fetch { return (abandon); }", 0),
        ("sub backend_fetch { return (fail(\"no\")); }", 0),
        ("sub backend_response { return (abandon); }", 1),
        ("sub backend_response { return (fail); }", 1),
        ("sub backend_response { return (error); } sub backend_error { return (abandon); }", 1),
        ("sub backend_response { return (error); } sub backend_error { return (fail); }", 1),
    ] {
        let origin = Origin::start();
        origin.on("/page", fresh("page"));
        let policy = format!(
            "{declaration}
            sub backend_error {{ set beresp.http.X-Error = \"1\"; }}
            sub synth {{ set resp.http.X-Synth = resp.reason; }}"
        );
        let proxy = Proxy::before(&origin, &policy);
        let page = proxy.get("/page");
        assert_eq!((page.status, page.header("X-Synth")), (503, Some("Service Unavailable")), "{declaration}");
        assert_eq!(page.header("X-Error"), None, "{declaration}");
        assert_eq!((origin.requests().len(), proxy.metric("warp_store_objects")), (asked, 0), "{declaration}");
    }
}

#[test]
fn an_error_without_a_status_is_503() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "sub backend_response { return (error); }");
    let page = proxy.get("/page");
    assert_eq!((page.status, page.reason.as_str()), (503, "Backend fetch failed"));
}

#[test]
fn content_is_sent_again_where_that_is_harmless() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    for body in ["data".to_owned(), "x".repeat(40_000)] {
        origin.once("/page", Answer::status(500));
        let proxy = Proxy::before(&origin, RETRY);
        let before = origin.requests().len();
        assert_eq!(proxy.client().request("PUT", "/page").body(body.clone()).send().text(), "page");
        let tries = &origin.requests()[before..];
        assert_eq!(tries.iter().map(|asked| asked.body.len()).collect::<Vec<_>>(), [body.len(); 2]);
    }
}

#[test]
fn content_that_cannot_be_sent_again_gives_the_fetch_up() {
    let origin = Origin::start();
    origin.on("/page", Answer::status(500));
    let policy = format!("{RETRY} sub synth {{ set resp.http.X-Synth = \"1\"; }}");
    let proxy = Proxy::before(&origin, &policy);
    for (method, body) in [("POST", "data".to_owned()), ("PUT", "x".repeat(100_000))] {
        let before = origin.requests().len();
        let page = proxy.client().request(method, "/page").body(body).send();
        assert_eq!((page.status, page.header("X-Synth")), (503, Some("1")), "{method}");
        assert_eq!(origin.requests().len(), before + 1, "{method}");
    }
}

#[test]
fn a_304_is_asked_for_again_as_a_whole() {
    let origin = Origin::start();
    origin.on_each("/page", |request| match request.header("If-None-Match") {
        Some(_) => Answer::status(304),
        None => Answer::ok("page").header("Cache-Control", "max-age=0").header("ETag", "\"a\""),
    });
    let proxy = Proxy::before(&origin, "sub backend_response { if (beresp.was_304) { return (retry); } }");
    proxy.get("/page");
    let second = proxy.get("/page");
    assert_eq!((second.status, second.text()), (200, "page"));
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn what_is_stale_serves_when_all_retries_have_failed() {
    for failure in [Answer::status(500), Answer::close()] {
        let origin = Origin::start();
        origin.on("/page", failure);
        origin.once("/page", Answer::ok("old").header("Cache-Control", "max-age=0, stale-if-error=60"));
        let policy = format!("{RETRY}{RETRY_ON_FAILURE} sub backend_error {{ set beresp.ttl = 10s; }}");
        let proxy = Proxy::before(&origin, &policy);
        proxy.get("/page");
        let stale = proxy.get("/page");
        assert_eq!((stale.status, stale.text()), (200, "old"));
        assert!(detail(&stale).starts_with("stale-if-error"), "{}", detail(&stale));
        assert!(origin.requests().len() >= 4, "{:?}", origin.requests().len());
        assert_eq!(proxy.metric("warp_store_objects"), 1);
    }
}

#[test]
fn what_is_stale_is_not_needed_when_a_retry_succeeds() {
    for failure in [Answer::status(500), Answer::close()] {
        let origin = Origin::start();
        origin.on("/page", fresh("new"));
        origin.once("/page", Answer::ok("old").header("Cache-Control", "max-age=0, stale-if-error=60"));
        origin.once("/page", failure);
        let proxy = Proxy::before(&origin, &format!("{RETRY}{RETRY_ON_FAILURE}"));
        proxy.get("/page");
        assert_eq!(proxy.get("/page").text(), "new");
        assert!(proxy.get("/page").cache_status().hit());
    }
}

#[test]
fn a_fetch_behind_a_stale_response_is_made_again() {
    for failure in [Answer::status(500), Answer::close()] {
        let origin = Origin::start();
        origin.on("/page", fresh("new"));
        origin.once("/page", Answer::ok("old").header("Cache-Control", "max-age=0, stale-while-revalidate=60"));
        origin.once("/page", failure);
        let proxy = Proxy::before(&origin, &format!("{RETRY}{RETRY_ON_FAILURE}"));
        proxy.get("/page");
        assert_eq!(proxy.get("/page").text(), "old");
        until("the new page", || (proxy.get("/page").text() == "new").then_some(()));
        assert_eq!(origin.requests().len(), 3);
    }
}

/// Gives every error page a lifetime.
const STORED_ERROR: &str = "sub backend_error { set beresp.ttl = 10s; set beresp.http.X-Made = bereq.xid; }\n";

#[test]
fn an_error_page_with_a_ttl_is_stored() {
    let origin = Origin::start();
    origin.on("/page", Answer::close());
    let proxy = Proxy::before(&origin, STORED_ERROR);
    let first = proxy.get("/page");
    assert_eq!((first.status, first.cache_status().stored()), (503, true));
    let second = proxy.get("/page");
    assert_eq!((second.status, second.cache_status().hit(), second.text()), (503, true, first.text()));
    assert_eq!(second.header("X-Made"), first.header("X-Made"));
    assert_eq!(proxy.client().request("HEAD", "/page").send().status, 503);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn what_the_policy_makes_of_a_response_is_stored_with_its_own_status() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let policy = format!("sub backend_response {{ return (error(404, \"Not for you\")); }} {STORED_ERROR}");
    let proxy = Proxy::before(&origin, &policy);
    for hit in [false, true] {
        let page = proxy.get("/page");
        assert_eq!((page.status, page.reason.as_str(), page.cache_status().hit()), (404, "Not for you", hit));
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn an_error_page_that_is_stored_answers_all_who_wait() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::close().behind(&gate));
    let proxy = Proxy::before(&origin, STORED_ERROR);
    let mut clients: Vec<_> = (0..5).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/page").send_only();
    }
    proxy.wait_for_metric("warp_requests_waiting", 4);
    gate.open();
    let pages: Vec<_> = clients.iter_mut().map(|client| client.read_response("GET").unwrap()).collect();
    assert!(pages.iter().all(|page| page.status == 503 && page.header("X-Made") == pages[0].header("X-Made")));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn an_error_page_without_a_ttl_or_for_one_client_is_not_stored() {
    for (method, policy) in [
        ("GET", "sub backend_error { set beresp.grace = 10s; }".to_owned()),
        ("GET", format!("sub recv {{ return (pass); }} {STORED_ERROR}")),
        ("POST", STORED_ERROR.to_owned()),
        ("GET", format!("sub backend_error {{ set beresp.http.Cache-Control = \"private\"; }} {STORED_ERROR}")),
    ] {
        let origin = Origin::start();
        origin.on("/page", Answer::close());
        let proxy = Proxy::before(&origin, &policy);
        for asked in 1..=2 {
            assert!(!proxy.client().request(method, "/page").send().cache_status().stored(), "{policy}");
            assert_eq!(origin.requests().len(), asked, "{policy}");
        }
        assert_eq!(proxy.metric("warp_store_objects"), 0);
    }
}

#[test]
fn an_error_page_of_one_variant_leaves_the_others_found() {
    let origin = Origin::start();
    origin.on_each("/page", |request| match request.header("X-Kind") {
        Some("bad") => Answer::close(),
        _ => fresh("good").header("Vary", "X-Kind"),
    });
    let proxy = Proxy::before(&origin, STORED_ERROR);
    let mut client = proxy.client();
    for (kind, status, hit) in
        [("good", 200, false), ("bad", 503, false), ("bad", 503, true), ("good", 200, true), ("bad", 503, true)]
    {
        let page = proxy.client().get("/page").header("X-Kind", kind).send();
        assert_eq!((page.status, page.cache_status().hit()), (status, hit), "{kind}");
    }
    assert_eq!(client.get("/page").header("X-Kind", "other").send().text(), "good");
}

#[test]
fn who_waits_gets_what_a_retry_brought() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("page"));
    origin.once("/page", Answer::status(500).behind(&gate));
    let proxy = Proxy::before(&origin, RETRY);
    let mut clients: Vec<_> = (0..4).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/page").send_only();
    }
    proxy.wait_for_metric("warp_requests_waiting", 3);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.read_response("GET").unwrap().text(), "page");
    }
    assert_eq!(origin.requests().len(), 2);
}
