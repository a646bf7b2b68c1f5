//! Interim responses (RFC 9110 section 15.2): passed on at once, never stored.

use crate::support::{Answer, Gate, Origin, Proxy};

const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 5\r\n\r\nhello";

fn first_lines(proxy: &Proxy, count: usize) -> Vec<String> {
    let mut client = proxy.client();
    client.get("/page").send_only();
    (0..count).map(|_| client.read_any_head().unwrap().first_line).collect()
}

#[test]
fn rfc9110_15_2_they_are_passed_on_with_a_miss() {
    let origin = Origin::start();
    origin.on("/page", Answer::raw(format!("HTTP/1.1 102 Processing\r\n\r\n{HINTS}{PAGE}")));
    let proxy = Proxy::before(&origin, "");
    let heads = first_lines(&proxy, 3);
    assert_eq!(heads, ["HTTP/1.1 102 Processing", "HTTP/1.1 103 Early Hints", "HTTP/1.1 200 OK"]);
}

#[test]
fn rfc9110_15_2_they_are_passed_on_with_a_pass() {
    let origin = Origin::start();
    origin.on("/page", Answer::raw(format!("{HINTS}{PAGE}")));
    let proxy = Proxy::before(&origin, "sub recv { return (pass); }");
    assert_eq!(first_lines(&proxy, 2), ["HTTP/1.1 103 Early Hints", "HTTP/1.1 200 OK"]);
}

#[test]
fn they_are_passed_on_before_the_response_comes() {
    let origin = Origin::start();
    let gate = Gate::new();
    origin.on("/page", Answer::raw(HINTS).body_behind(0, &gate));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").send_only();
    let head = client.read_any_head().unwrap();
    assert_eq!(head.first_line, "HTTP/1.1 103 Early Hints");
    assert_eq!(head.fields.first("Link"), Some("</s.css>; rel=preload"));
    assert_eq!((head.fields.first("X-Hop"), head.fields.first("Connection")), (None, None));
    gate.open();
}

#[test]
fn rfc9111_3_they_are_not_stored_nor_mixed_into_the_response() {
    let origin = Origin::start();
    origin.on("/page", Answer::raw(format!("{HINTS}{PAGE}")));
    let proxy = Proxy::before(&origin, "");
    let miss = proxy.get("/page");
    assert_eq!((miss.status, miss.header("Link")), (200, None));
    let mut client = proxy.client();
    client.get("/page").send_only();
    let head = client.read_any_head().unwrap();
    assert_eq!((head.first_line.as_str(), head.fields.first("Link")), ("HTTP/1.1 200 OK", None));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn rfc9110_15_2_a_client_of_http_1_0_gets_none() {
    let origin = Origin::start();
    origin.on("/page", Answer::raw(format!("{HINTS}{PAGE}")));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.send_raw("GET /page HTTP/1.0\r\nHost: a.test\r\n\r\n");
    assert!(client.read_any_head().unwrap().first_line.ends_with(" 200 OK"));
}

#[test]
fn an_origin_that_fails_after_one_is_an_error_page() {
    let origin = Origin::start();
    origin.on("/page", Answer::raw(HINTS));
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/page").status, 503);
}
