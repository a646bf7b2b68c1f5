//! The gate in front of everything: what is not HTTP/1.1 to the letter is refused, and nothing gets past.

use crate::support::{Answer, Client, Gate, Origin, Proxy, until};

const GET: &str = "GET /page HTTP/1.1\r\nHost: a.test\r\n\r\n";
const POST: &str = "POST /form HTTP/1.1\r\nHost: a.test\r\n";
const BAD_REQUESTS: &str = "warp_requests_total{outcome=\"synth\",reason=\"bad-request\"}";

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    origin.on_each("/form", |request| Answer::ok(request.body.clone()));
    origin
}

/// Sends these bytes over a new connection; the status of the one answer, after which the connection ends.
fn refused(proxy: &Proxy, bytes: impl AsRef<[u8]>) -> u16 {
    let mut client = proxy.client();
    client.send_raw(bytes);
    let response = client.read_response("GET").unwrap();
    assert_eq!(response.header("Connection"), Some("close"));
    client.assert_closed();
    response.status
}

/// The text of an answer to GET, whatever its status.
fn text(client: &mut Client) -> String {
    client.read_response("GET").unwrap().text().to_owned()
}

#[test]
fn what_two_servers_could_read_in_two_ways_is_refused_and_reaches_no_origin() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let cases: [(u16, &str); 36] = [
        (400, "GET /page HTTP/1.1\nHost: a.test\n\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a.test\nX: a\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a.test\r\nX: a\rY: b\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a.test\r\nX: a\0b\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a.test\r\nX : a\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a.test\r\n: a\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a.test\r\nX: a\r\n b\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\n Host: a.test\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a.test\r\nnonsense\r\n\r\n"),
        (400, "GET  /page HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (400, "GET /a page HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (400, "GET\t/page\tHTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (400, "GET /page\r\nHost: a.test\r\n\r\n"),
        (400, "GET /page#top HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (400, "GET /page?\"x HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (400, "GET /page http/1.1\r\nHost: a.test\r\n\r\n"),
        (505, "GET /page HTTP/2.0\r\nHost: a.test\r\n\r\n"),
        (505, "GET /page HTTP/0.9\r\nHost: a.test\r\n\r\n"),
        (505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (501, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        (400, "GET http://b.test/page HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (400, "GET http:/\\a.test/page HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: user@a.test\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a.test..\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a..test\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\n\r\n"),
        (400, "GET /page HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n"),
        (400, "GET /page HTTP/1.0\r\nHost: a.test\r\nHost: b.test\r\n\r\n"),
        (
            400,
            "POST /form HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (400, "POST /form HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
        (400, "POST /form HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3, 4\r\n\r\nabc"),
        (400, "POST /form HTTP/1.1\r\nHost: a.test\r\nContent-Length: +3\r\n\r\nabc"),
        (501, "POST /form HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (501, "POST /form HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"),
        (400, "POST /form HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        (400, "POST /form HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ];
    for (n, (status, bytes)) in (1..).zip(cases) {
        assert_eq!(refused(&proxy, bytes), status, "{bytes:?}");
        proxy.wait_for_metric(BAD_REQUESTS, n);
    }
    assert!(origin.requests().is_empty());
    assert_eq!(proxy.get("/page").text(), "page");
}

#[test]
fn a_refusal_is_a_whole_response_with_a_page() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.send_raw("GET /page HTTP/3.0\r\n\r\n");
    let page = client.read_response("GET").unwrap();
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(page.text().contains("<h1>505 HTTP Version Not Supported</h1>"), "{}", page.text());
    assert!(page.header("Date").is_some() && page.header("Via") == Some("1.1 warp"));
    assert_eq!(page.cache_status().parameters["detail"], "bad-request");
    let mut client = proxy.client();
    client.send_raw("HEAD /page HTTP/3.0\r\n\r\n");
    assert_eq!(client.read_response("HEAD").unwrap().status, 505);
    client.assert_closed();
}

#[test]
fn a_refusal_is_in_the_access_log() {
    let origin = origin();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("access.log");
    let policy = format!("warp 1;\n{}", origin.backend());
    let proxy = Proxy::start_with(&policy, &["--access-log", log.to_str().unwrap()]);
    assert_eq!(refused(&proxy, "GET /page?\u{1b}[2J HTTP/1.1\r\nHost: a.test\r\n\r\n"), 400);
    let line = until("a line in the log", || std::fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n')));
    assert!(line.contains("\"GET /page?\\u001b[2J HTTP/1.1\" 400 "), "{line}");
    assert!(line.contains(" synth/bad-request "), "{line}");
}

#[test]
fn a_client_that_is_still_sending_reads_why_it_was_refused() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let huge = format!("GET /page HTTP/1.1\r\nHost: a.test\r\nCookie: {}\r\n\r\n", "a".repeat(200 << 10));
    assert_eq!(refused(&proxy, huge), 431);
    assert_eq!(refused(&proxy, format!("GET /{} HTTP/1.1\r\nHost: a.test\r\n\r\n", "a".repeat(20 << 10))), 414);
}

#[test]
fn requests_that_come_together_are_answered_in_order() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let posts = [
        format!("{POST}Content-Length: 5\r\n\r\nfirst"),
        format!("{POST}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nsec\r\n3\r\nond\r\n0\r\nX: y\r\n\r\n"),
    ];
    client.send_raw(format!("\r\n{GET}{}{GET}{}{GET}", posts[0], posts[1]));
    let texts: Vec<_> = (0..5).map(|_| text(&mut client)).collect();
    assert_eq!(texts, ["page", "first", "page", "second", "page"]);
    client.send_raw(GET);
    assert_eq!(text(&mut client), "page");
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn a_request_is_judged_wherever_in_the_stream_it_stands() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let before = [
        GET.to_owned(),
        format!("{POST}Content-Length: 4\r\n\r\nbody"),
        format!("{POST}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"),
    ];
    for good in before {
        let mut client = proxy.client();
        client.send_raw(format!("{good}GET /hidden HTTP/1.1\nHost: a.test\n\n{GET}"));
        assert_eq!(client.read_response("GET").unwrap().status, 200);
        assert_eq!(client.read_response("GET").unwrap().status, 400, "after {good:?}");
        client.assert_closed();
    }
    assert!(origin.requests_to("/hidden").is_empty());
}

#[test]
fn a_request_that_comes_while_another_is_served_is_judged_when_its_turn_comes() {
    let origin = origin();
    let gate = Gate::new();
    origin.on("/slow", Answer::ok("slow").behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/slow").send_only();
    origin.wait_for(1);
    client.send_raw(format!("{GET}GET /hidden HTTP/1.1\r\nHost : a.test\r\n\r\n"));
    gate.open();
    assert_eq!(text(&mut client), "slow");
    assert_eq!(text(&mut client), "page");
    assert_eq!(client.read_response("GET").unwrap().status, 400);
    client.assert_closed();
}

#[test]
fn chunks_that_could_be_counted_in_another_way_are_refused() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    for (n, chunks) in (1..).zip([
        "3\nabc\r\n0\r\n\r\n",
        "3;\nabc\r\n0\r\n\r\n",
        "3;x\ny\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "\r\n\r\n",
        "0\r\nX: a\nY: b\r\n\r\n",
    ]) {
        let mut client = proxy.client();
        client.send_raw(format!("{POST}Transfer-Encoding: chunked\r\n\r\n{chunks}{GET}"));
        assert_eq!(client.read_response("POST").unwrap().status, 400, "{chunks:?}");
        client.assert_closed();
        proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"bad-request\"}", n);
    }
    assert!(origin.requests_to("/page").is_empty());
}

#[test]
fn a_body_that_was_not_read_ends_the_connection() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "rules request first { when path == \"/form\" -> deny 403; }");
    let mut client = proxy.client();
    client.send_raw(format!("{POST}Content-Length: {}\r\n\r\n{GET}", GET.len() + 1));
    assert_eq!(client.read_response("POST").unwrap().status, 403);
    client.assert_closed();
    assert!(origin.requests().is_empty());
}

#[test]
fn a_head_may_come_byte_by_byte() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for _ in 0..2 {
        for byte in GET.as_bytes() {
            client.send_raw([*byte]);
        }
        assert_eq!(text(&mut client), "page");
    }
}

#[test]
fn a_client_that_sends_no_more_gets_what_it_has_asked_for() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.send_raw(format!("{GET}{GET}"));
    client.stop_sending();
    assert_eq!([text(&mut client), text(&mut client)], ["page", "page"]);
    client.assert_closed();
}

#[test]
fn at_shutdown_a_connection_ends_that_has_begun_no_request() {
    let origin = origin();
    let mut proxy = Proxy::before(&origin, "");
    let (mut fresh, mut idle, mut beginning) = (proxy.client(), proxy.client(), proxy.client());
    assert_eq!(idle.get("/page").send().text(), "page");
    beginning.send_raw("GET /page HTTP/1.1\r\n");
    // The connections were accepted in order, so this one is read no earlier than those.
    assert_eq!(proxy.get("/page").text(), "page");
    proxy.signal("TERM");
    fresh.assert_closed();
    idle.assert_closed();
    beginning.send_raw("Host: a.test\r\n\r\n");
    let response = beginning.read_response("GET").unwrap();
    assert_eq!((response.text(), response.header("Connection")), ("page", Some("close")));
    assert_eq!(proxy.wait_for_exit(), Some(0));
}
