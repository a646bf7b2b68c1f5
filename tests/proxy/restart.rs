//! A request begins again: VCL's `restart`, from every step that may ask for it.

use std::net::TcpListener;

use crate::support::{Answer, Gate, Origin, Proxy, Recorded, Response, until};

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

/// The page `/again` for a request that begins again once, and a field that tells.
const AGAIN: &str = r#"
    sub recv {
        set req.http.X-Restarts = req.restarts;
        if (req.restarts == 1) { set req.url = "/again"; }
    }
    sub deliver { set resp.http.X-Restarts = req.restarts; }
    sub synth { set resp.http.X-Restarts = req.restarts; }
"#;

/// What is answered for `/page` where one of the steps says `restart` the first time.
fn restarted_in(step: &str, before: &str) -> (Response, Origin) {
    let origin = Origin::start();
    origin.on("/page", fresh("first"));
    origin.on("/again", fresh("again"));
    let step = format!("sub {step} {{ if (req.restarts == 0 && req.http.X-Go) {{ return (restart); }} }}");
    let proxy = Proxy::before(&origin, &format!("{step}\n{before}\n{AGAIN}"));
    let mut client = proxy.client();
    client.get("/page").send();
    let response = client.get("/page").header("X-Go", "1").header("X-Forwarded-For", "192.0.2.1").send();
    // The connection serves on.
    assert!(client.get("/page").send().status < 600);
    proxy.wait_for_metric("warp_requests_in_flight", 0);
    (response, origin)
}

#[test]
fn each_step_of_the_client_side_may_ask_for_it() {
    const PASS: &str = "sub recv { return (pass); }";
    const MISS: &str = "sub recv { if (req.restarts == 0) { set req.hash_always_miss = true; } }";
    const SYNTH: &str = "sub recv { if (req.restarts == 0) { return (synth(404)); } }";
    const PURGE: &str = "sub recv { if (req.restarts == 0) { return (purge); } }";
    for (step, before) in
        [("recv", ""), ("hit", ""), ("miss", MISS), ("deliver", ""), ("synth", SYNTH), ("purge", PURGE)]
    {
        let (response, origin) = restarted_in(step, before);
        assert_eq!((response.text(), response.header("X-Restarts")), ("again", Some("1")), "{step}");
        let again = &origin.requests_to("/again")[0];
        assert_eq!(again.header("X-Restarts"), Some("1"), "{step}");
        assert_eq!(again.header("X-Forwarded-For"), Some("192.0.2.1, 127.0.0.1"), "{step}");
    }
    // Here `return (pass)` comes before the URL is changed.
    let (response, origin) = restarted_in("pass", PASS);
    assert_eq!((response.text(), response.header("X-Restarts")), ("first", Some("1")));
    assert_eq!(origin.requests_to("/page").len(), 3);
}

#[test]
fn it_is_one_request_for_the_metrics_and_the_log() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let policy = format!(
        "warp 1;\n{}sub deliver {{ std.log(\"delivered \" + req.restarts); if (req.restarts < 2) {{ return (restart); }} }}",
        origin.backend()
    );
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("access.log");
    let proxy = Proxy::start_with(&policy, &["--access-log", log.to_str().unwrap(), "--log-format", "json"]);
    assert_eq!(proxy.get("/page").text(), "page");
    let lines = until("the access log", || std::fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n')));
    assert_eq!(lines.lines().count(), 1, "{lines}");
    for word in ["delivered 0", "delivered 1", "delivered 2", "\"outcome\":\"hit\""] {
        assert!(lines.contains(word), "{word} in {lines}");
    }
    assert_eq!(proxy.metric("warp_requests_total{outcome=\"hit\",reason=\"fresh\"}"), 1);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn what_the_policy_said_of_the_request_stays() {
    let (origin, other) = (Origin::start(), Origin::start());
    other.on("/page", fresh("other"));
    let (host, port) = (other.address().ip(), other.address().port());
    let policy = format!(
        r#"
        backend other {{ .host = "{host}"; .port = "{port}"; }}
        sub recv {{
            if (req.restarts == 0) {{
                set req.backend_hint = other;
                set req.hash_always_miss = true;
                set req.grace = 7s;
                set req.http.X-Own = "own";
                return (restart);
            }}
        }}
        sub deliver {{
            set resp.http.X-Seen = req.hash_always_miss + " " + req.grace + " " + req.http.X-Own;
        }}"#
    );
    let proxy = Proxy::before(&origin, &policy);
    let page = proxy.get("/page");
    assert_eq!((page.text(), page.header("X-Seen")), ("other", Some("true 7.000 own")));
}

#[test]
fn after_four_restarts_synth_answers() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    for step in ["recv", "hit", "miss", "deliver"] {
        let policy = format!(
            "sub {step} {{ if (req.url == \"/page\") {{ return (restart); }} }}
            sub synth {{ set resp.http.X-Restarts = req.restarts; return (restart); }}"
        );
        let proxy = Proxy::before(&origin, &policy);
        let mut client = proxy.client();
        if step == "hit" {
            client.get("/page").send();
        }
        let page = client.get("/page").send();
        assert_eq!((page.status, page.header("X-Restarts")), (503, Some("5")), "{step}");
        assert_eq!(client.get("/nothing").send().status, 404);
    }
}

#[test]
fn the_most_restarts_are_for_the_operator_to_say() {
    let origin = Origin::start();
    let policy = "sub recv { return (restart); } sub synth { set resp.http.X-Restarts = req.restarts; }";
    let policy = format!("warp 1;\n{}{policy}", origin.backend());
    let proxy = Proxy::start_with(&policy, &["--max-restarts", "0"]);
    assert_eq!(proxy.get("/page").header("X-Restarts"), Some("1"));
}

#[test]
fn a_fetch_that_is_left_behind_is_stored() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", fresh("slow and long").body_behind(4, &gate));
    origin.on("/quick", fresh("quick"));
    let policy = r#"
        sub recv { if (req.restarts == 1) { set req.url = "/quick"; } }
        sub deliver { if (req.url == "/slow" && req.http.X-Go) { return (restart); } }"#;
    let proxy = Proxy::before(&origin, policy);
    // Nothing waits for the body of the response that is not wanted any more.
    let mut client = proxy.client();
    assert_eq!(client.get("/slow").header("X-Go", "1").send().text(), "quick");
    assert_eq!(client.get("/quick").send().text(), "quick");
    drop(client);
    let mut reader = proxy.client();
    reader.get("/slow").send_only();
    gate.open();
    let shared = reader.read_response("GET").unwrap();
    assert_eq!((shared.text(), shared.cache_status().fwd()), ("slow and long", None));
    assert_eq!(origin.requests_to("/slow").len(), 1);
}

#[test]
fn a_response_for_this_client_alone_is_given_up() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/own", Answer::ok("own and long").chunked(2).body_behind(4, &gate));
    origin.on("/quick", fresh("quick"));
    let policy = r#"
        sub recv {
            if (req.restarts == 1) { set req.url = "/quick"; }
            if (req.url == "/own") { return (pass); }
        }
        sub deliver { if (req.url == "/own") { return (restart); } }"#;
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    for _ in 0..2 {
        assert_eq!(client.get("/own").send().text(), "quick");
    }
    gate.open();
    assert_eq!(proxy.log().matches("the request failed").count(), 0, "{}", proxy.log());
}

#[test]
fn a_page_of_backend_error_gives_way_to_another_backend() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let policy = format!(
        "backend dead {{ .host = \"127.0.0.1\"; .port = \"{dead}\"; }}
        sub recv {{ if (req.restarts == 0) {{ set req.backend_hint = dead; }} else {{ set req.backend_hint = default; }} }}
        sub deliver {{ if (resp.status == 503 && req.restarts == 0) {{ return (restart); }} }}"
    );
    let proxy = Proxy::before(&origin, &policy);
    let page = proxy.get("/page");
    assert_eq!((page.status, page.text()), (200, "page"));
    assert!(proxy.get("/page").cache_status().hit());
}

#[test]
fn a_purge_can_fetch_anew() {
    let origin = Origin::start();
    origin.on("/page", fresh("new"));
    origin.once("/page", fresh("old"));
    let policy = r#"
        sub recv { if (req.method == "REFRESH") { return (purge); } }
        sub purge { set req.method = "GET"; return (restart); }"#;
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().text(), "old");
    assert_eq!(client.request("REFRESH", "/page").send().text(), "new");
    let page = client.get("/page").send();
    assert_eq!((page.text(), page.cache_status().hit()), ("new", true));
}

#[test]
fn every_kind_of_client_is_served() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let policy =
        "sub deliver { set resp.http.X-Restarts = req.restarts; if (req.restarts == 0) { return (restart); } }";
    let proxy = Proxy::before(&origin, policy);
    for (request, ends) in [
        ("GET /page HTTP/1.0\r\n\r\n", true),
        ("GET /page HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n", false),
        ("GET /page HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n", true),
        ("GET http://a.test/page HTTP/1.1\r\nHost: a.test\r\n\r\n", false),
        ("HEAD /page HTTP/1.1\r\nHost: a.test\r\n\r\n", false),
    ] {
        let mut client = proxy.client();
        client.send_raw(request);
        let response = client.read_response(if request.starts_with("HEAD") { "HEAD" } else { "GET" }).unwrap();
        assert_eq!((response.status, response.header("X-Restarts")), (200, Some("1")), "{request}");
        if ends {
            client.assert_closed();
        } else {
            assert_eq!(client.get("/page").send().text(), "page", "{request}");
        }
    }
}

#[test]
fn requests_that_came_together_are_answered_in_turn() {
    let origin = Origin::start();
    for path in ["/a", "/b", "/c"] {
        origin.on(path, fresh(path));
    }
    let policy = "sub deliver { if (req.restarts == 0) { return (restart); } }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    client.send_raw(["/a", "/b", "/c"].map(|path| format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n")).concat());
    for path in ["/a", "/b", "/c"] {
        assert_eq!(client.read_response("GET").unwrap().text(), path);
    }
}

/// A POST of `data`, framed in both ways, with a request behind it.
fn posts(fields: &str) -> [String; 2] {
    let head = format!("POST /form HTTP/1.1\r\nHost: a.test\r\n{fields}");
    let next = "GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n";
    [
        format!("{head}Content-Length: 4\r\n\r\ndata{next}"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n4\r\ndata\r\n0\r\n\r\n{next}"),
    ]
}

fn form() -> Origin {
    let origin = Origin::start();
    origin.on_each("/form", |request| Answer::ok(format!("{} {}", request.method, request.body.len())));
    origin.on("/next", Answer::ok("next"));
    origin
}

#[test]
fn content_that_was_not_read_is_still_there() {
    for step in ["recv", "pass"] {
        let origin = form();
        let proxy = Proxy::before(&origin, &format!("sub {step} {{ if (req.restarts == 0) {{ return (restart); }} }}"));
        for post in posts("") {
            let mut client = proxy.client();
            client.send_raw(&post);
            assert_eq!(client.read_response("POST").unwrap().text(), "POST 4", "{step} {post}");
            assert_eq!(client.read_response("GET").unwrap().text(), "next", "{step} {post}");
        }
        assert!(origin.requests_to("/form").iter().all(|asked| asked.body == b"data"));
    }
}

/// Sends a form twice, if its content is kept.
const TWICE: &str = "sub deliver { if (req.url == \"/form\" && req.restarts == 0) { return (restart); } }\n";

#[test]
fn content_that_was_kept_is_sent_again() {
    let origin = form();
    let proxy = Proxy::before(&origin, &format!("{TWICE}sub recv {{ std.cache_req_body(1KB); }}"));
    for fields in ["", "Expect: 100-continue\r\n"] {
        for post in posts(fields) {
            let mut client = proxy.client();
            client.send_raw(&post);
            assert_eq!(client.read_response("POST").unwrap().text(), "POST 4", "{post}");
            assert_eq!(client.read_response("GET").unwrap().text(), "next", "{post}");
        }
    }
    let asked = origin.requests_to("/form");
    assert_eq!(asked.len(), 8);
    assert!(asked.iter().all(|asked| asked.body == b"data"));
}

#[test]
fn content_that_was_kept_may_be_asked_for_again_by_retry() {
    let origin = form();
    origin.once("/form", Answer::status(500));
    let policy = "sub recv { std.cache_req_body(1KB); }
        sub backend_response { if (beresp.status == 500) { return (retry); } }";
    let proxy = Proxy::before(&origin, policy);
    assert_eq!(proxy.client().request("POST", "/form").body("data").send().text(), "POST 4");
    assert_eq!(origin.requests_to("/form").len(), 2);
}

#[test]
fn content_that_is_gone_is_not_replaced_by_none() {
    let origin = form();
    for (keep, body) in [("", "data".to_owned()), ("sub recv { std.cache_req_body(2B); }", "data".to_owned())] {
        let proxy = Proxy::before(&origin, &format!("{TWICE}{keep}"));
        let before = origin.requests().len();
        let page = proxy.client().request("POST", "/form").body(body).send();
        assert_eq!(page.status, 503, "{keep}");
        assert_eq!(origin.requests().len(), before + 1, "{keep}");
    }
}

#[test]
fn a_request_whose_content_is_gone_may_go_on_without() {
    let origin = form();
    let policy = format!("{TWICE}sub recv {{ if (req.restarts == 1) {{ set req.method = \"GET\"; }} }}");
    let proxy = Proxy::before(&origin, &policy);
    for post in posts("") {
        let mut client = proxy.client();
        client.send_raw(&post);
        assert_eq!(client.read_response("GET").unwrap().text(), "GET 0", "{post}");
        assert_eq!(client.read_response("GET").unwrap().text(), "next", "{post}");
    }
}

#[test]
fn content_beyond_what_is_kept_is_sent_on_or_refused() {
    let origin = form();
    let proxy = Proxy::before(&origin, "sub recv { std.cache_req_body(2B); }");
    assert_eq!(proxy.client().request("POST", "/form").body("data").send().text(), "POST 4");
    let mut client = proxy.client();
    client.send_raw(&posts("")[1]);
    assert_eq!(client.read_response("POST").unwrap().status, 413);
    client.assert_closed();
}

#[test]
fn a_query_is_looked_up_by_its_content_each_time() {
    let origin = Origin::start();
    origin.on_each("/q", |request| fresh(&String::from_utf8_lossy(&request.body)));
    for step in ["recv", "hit", "miss", "deliver"] {
        let policy = format!("sub {step} {{ if (req.restarts == 0) {{ return (restart); }} }}");
        let proxy = Proxy::before(&origin, &policy);
        let mut client = proxy.client();
        for content in ["one", "two", "one", "two"] {
            assert_eq!(client.request("QUERY", "/q").body(content).send().text(), content, "{step}");
        }
    }
}

#[test]
fn a_request_for_slices_begins_again_as_a_whole() {
    let origin = Origin::start();
    origin.on_each("/file", |request| {
        let body = "0123456789".repeat(20_000);
        let Some(range) = request.header("Range") else { return fresh("whole") };
        let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (first, last) = (first.parse::<usize>().unwrap(), last.parse::<usize>().unwrap().min(body.len() - 1));
        Answer::status(206)
            .with_body(&body.as_bytes()[first..=last])
            .header("Content-Range", &format!("bytes {first}-{last}/{}", body.len()))
            .header("ETag", "\"a\"")
            .header("Cache-Control", "max-age=60")
    });
    for step in ["hit", "miss", "deliver"] {
        let policy = format!(
            r#"sub recv {{
                set req.slice = 64KB;
                if (req.http.X-Whole) {{ set req.slice = 0KB; set req.hash_always_miss = true; }}
            }}
            sub {step} {{
                if (req.restarts == 0 && req.http.X-Go) {{ set req.http.X-Whole = "1"; return (restart); }}
            }}"#
        );
        let proxy = Proxy::before(&origin, &policy);
        let mut client = proxy.client();
        if step != "miss" {
            assert_eq!(client.get("/file").send().body.len(), 200_000);
        }
        assert_eq!(client.get("/file").header("X-Go", "1").send().text(), "whole", "{step}");
    }
}

/// What is stale and found by a request that had begun again is fetched as that asked for it.
#[test]
fn a_fetch_in_the_background_begins_as_the_request_did_that_began_again() {
    const BY_B: &str = "set req.url = \"/fallback\"; set req.backend_hint = b; return (restart);";
    let from_deliver = format!("sub deliver {{ if (resp.status == 404) {{ {BY_B} }} }}");
    let from_synth = format!(
        "sub recv {{ if (req.restarts == 0) {{ return (synth(404)); }} }}
        sub synth {{ if (req.restarts == 0) {{ {BY_B} }} }}"
    );
    let from_pass = format!(
        "sub recv {{ if (req.restarts == 0) {{ return (pass); }} }}
        sub pass {{ if (req.restarts == 0) {{ {BY_B} }} }}"
    );
    for step in [from_deliver, from_synth, from_pass] {
        let (a, b) = (Origin::start(), Origin::start());
        a.on("/page", Answer::status(404));
        a.on("/fallback", fresh("a"));
        b.on("/fallback", fresh("new"));
        b.once("/fallback", Answer::ok("old").header("Cache-Control", "max-age=0, stale-while-revalidate=600"));
        let policy = format!("{}{step}", b.backend().replace("default", "b"));
        let proxy = Proxy::before(&a, &policy);
        assert_eq!(proxy.get("/page").text(), "old", "{step}");
        until("the new page", || {
            let page = proxy.get("/page");
            assert_ne!(page.text(), "a", "{step}");
            (page.text() == "new").then_some(())
        });
        assert_eq!(a.requests_to("/fallback").len(), 0, "{step}");
        let asked = b.requests_to("/fallback");
        assert!(asked.len() >= 2, "{step}");
        let by_client = |asked: &Recorded| asked.header("X-Forwarded-For") == Some("127.0.0.1");
        assert!(asked.iter().all(by_client), "{step}");
    }
}
