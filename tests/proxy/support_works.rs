//! The origins and the client that the other tests stand on do what they say.

use std::fs;

use crate::support::{Answer, Client, Gate, Nginx, Origin, Proxy};

#[test]
fn a_path_answers_by_script_and_remembers_the_request() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60"));
    let mut client = Client::connect(origin.address());
    let response = client.request("POST", "/page?x=1").header("X-A", "1").header("x-a", "2").body("data").send();
    assert_eq!((response.status, response.reason.as_str(), response.version.as_str()), (200, "OK", "HTTP/1.1"));
    assert_eq!(response.text(), "hello");
    assert_eq!(response.header("cache-control"), Some("max-age=60"));
    let request = origin.wait_for(1);
    assert_eq!(
        (request.method.as_str(), request.target.as_str(), request.body.as_slice()),
        ("POST", "/page?x=1", &b"data"[..])
    );
    assert_eq!(request.fields.all("X-A").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(request.header("Host"), Some(origin.address().to_string().as_str()));
}

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let origin = Origin::start();
    origin.on("/a", Answer::ok("a"));
    origin.on("/b", Answer::ok("long enough for three chunks").chunked(10));
    let mut client = Client::connect(origin.address());
    assert_eq!(client.get("/a").send().text(), "a");
    assert_eq!(client.get("/b").send().text(), "long enough for three chunks");
    assert_eq!(client.request("HEAD", "/a").send().body, b"");
    assert_eq!(client.get("/unknown").send().status, 404);
    assert_eq!(origin.requests().iter().map(|request| request.connection).collect::<Vec<_>>(), [0; 4]);
    assert_eq!(Client::connect(origin.address()).get("/a").header("Connection", "close").send().text(), "a");
    assert_eq!(origin.wait_for(5).connection, 1);
}

#[test]
fn answers_for_one_request_come_first_and_in_order() {
    let origin = Origin::start();
    origin.on("/a", Answer::ok("always"));
    origin.once("/a", Answer::status(500));
    origin.once("/a", Answer::status(304).header("ETag", "\"1\""));
    let mut client = Client::connect(origin.address());
    assert_eq!([(); 4].map(|()| client.get("/a").send().status), [500, 304, 200, 200]);
}

#[test]
fn an_answer_can_depend_on_the_request() {
    let origin = Origin::start();
    origin.on_each("/a", |request| Answer::ok(request.header("Accept-Language").unwrap_or("none")));
    let mut client = Client::connect(origin.address());
    assert_eq!(client.get("/a").header("Accept-Language", "de").send().text(), "de");
    assert_eq!(client.get("/a").send().text(), "none");
    assert_eq!(origin.requests_to("/a").len(), 2);
    assert_eq!(origin.requests_to("/b").len(), 0);
}

#[test]
fn a_gate_holds_the_head_back() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", Answer::ok("late").behind(&gate));
    let mut client = Client::connect(origin.address());
    let waiting = client.get("/slow").send_only();
    origin.wait_for(1);
    gate.open();
    assert_eq!(waiting.read_response("GET").unwrap().text(), "late");
}

#[test]
fn a_gate_holds_the_rest_of_the_body_back() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/slow", Answer::ok("first second").body_behind(5, &gate));
    let mut client = Client::connect(origin.address());
    let waiting = client.get("/slow").send_only();
    assert_eq!(waiting.read_head().unwrap().first_line, "HTTP/1.1 200 OK");
    assert_eq!(waiting.read_bytes(5).unwrap(), b"first");
    gate.open();
    assert_eq!(waiting.read_bytes(7).unwrap(), b" second");
}

#[test]
fn a_body_may_end_with_the_connection() {
    let origin = Origin::start();
    origin.on("/old", Answer::ok("all of it").until_close());
    assert_eq!(Client::connect(origin.address()).get("/old").send().text(), "all of it");
}

#[test]
fn broken_answers_are_seen_as_broken() {
    let origin = Origin::start();
    origin.on("/truncated", Answer::ok("whole body").truncated(5));
    origin.on("/reset-in-body", Answer::ok("whole body").chunked(4).reset_after(9));
    origin.on("/reset", Answer::reset());
    origin.on("/close", Answer::close());
    let ask = |path| Client::connect(origin.address()).get(path).try_send().unwrap_err();

    let truncated = ask("/truncated");
    assert_eq!(truncated.head.unwrap().fields.first("Content-Length"), Some("10"));
    assert_eq!((truncated.body.as_slice(), truncated.error.is_none()), (&b"whole"[..], true));
    for path in ["/reset-in-body", "/reset"] {
        assert_eq!(ask(path).error.unwrap().kind(), std::io::ErrorKind::ConnectionReset, "{path}");
    }
    let closed = ask("/close");
    assert!(closed.head.is_none() && closed.error.is_none() && closed.body.is_empty());
}

#[test]
fn bytes_go_through_as_they_are_both_ways() {
    let origin = Origin::start();
    origin.on("/raw", Answer::raw("HTTP/0.9 nonsense\n"));
    let mut client = Client::connect(origin.address());
    client.send_raw("GET /raw HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: t\r\n\r\n");
    assert_eq!(client.read_to_end(), b"HTTP/0.9 nonsense\n");
    assert_eq!(origin.wait_for(1).body, b"abc");
}

#[test]
fn interim_responses_are_read_over() {
    let origin = Origin::start();
    origin.on("/upload", Answer::status(204));
    let mut client = Client::connect(origin.address());
    let response = client.request("PUT", "/upload").header("Expect", "100-continue").body("data").send();
    assert_eq!(response.status, 204);
}

#[test]
fn cache_status_is_that_of_the_nearest_cache() {
    let origin = Origin::start();
    let answer = Answer::ok("")
        .header("Cache-Status", "far; hit, \"near, est\"; fwd=uri-miss; stored; key=\"a;b\\\"c\"; ttl=-3");
    origin.on("/a", answer);
    origin
        .on("/b", Answer::ok("").header("Cache-Status", "warp; hit; ttl=5").header("Cache-Status", "warp; hit; ttl=7"));
    let mut client = Client::connect(origin.address());
    let status = client.get("/a").send().cache_status();
    assert_eq!(
        (status.cache.as_str(), status.hit(), status.stored(), status.fwd()),
        ("near, est", false, true, Some("uri-miss"))
    );
    assert_eq!((status.parameters["key"].as_str(), status.parameters["ttl"].as_str()), ("a;b\"c", "-3"));
    let status = client.get("/b").send().cache_status();
    assert_eq!((status.hit(), status.fwd(), status.parameters["ttl"].as_str()), (true, None, "7"));
}

#[test]
fn nginx_serves_a_directory_and_logs_requests() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("index.html"), "<p>front</p>").unwrap();
    let nginx = Nginx::serve(root.path());
    let mut client = Client::connect(nginx.address());
    let page = client.get("/").send();
    assert_eq!((page.text(), page.header("Content-Type")), ("<p>front</p>", Some("text/html")));
    let etag = page.header("ETag").expect("nginx sends an ETag").to_owned();
    assert_eq!(client.get("/").header("If-None-Match", &etag).send().status, 304);
    assert_eq!(client.get("/nothing").send().status, 404);
    assert_eq!(nginx.wait_for_requests(3), ["GET / 200", "GET / 304", "GET /nothing 404"]);
}

#[test]
fn a_proxy_that_does_not_come_up_is_reported_with_what_it_said() {
    let failed = std::panic::catch_unwind(|| Proxy::start("nonsense")).err().expect("it must not come up");
    let text = failed.downcast_ref::<String>().expect("a text");
    assert!(text.starts_with("warp does not come up (Ok(ExitStatus("), "{text}");
}
