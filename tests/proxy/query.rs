//! QUERY (RFC 10008): looked up by the URL and the content together.

use crate::support::{Answer, Client, Origin, Proxy, Response};

/// An origin that answers with the content that it got, fresh for a minute.
fn echo() -> Origin {
    let origin = Origin::start();
    origin.on_each("/q", |request| match request.method.as_str() {
        "POST" => Answer::status(204),
        _ => {
            Answer::ok([request.method.as_bytes(), b" ", &request.body].concat()).header("Cache-Control", "max-age=60")
        }
    });
    origin
}

fn query(client: &mut Client, content: impl Into<Vec<u8>>) -> Response {
    client.request("QUERY", "/q").header("Content-Type", "text/plain").body(content).send()
}

#[test]
fn rfc10008_2_7_the_content_is_in_the_key() {
    let origin = echo();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for content in ["one", "two", ""] {
        let first = query(&mut client, content);
        assert_eq!((first.text(), first.cache_status().hit()), (format!("QUERY {content}").as_str(), false));
    }
    for content in ["one", "two", ""] {
        let second = query(&mut client, content);
        assert_eq!((second.text(), second.cache_status().hit()), (format!("QUERY {content}").as_str(), true));
    }
    assert!(!client.get("/q").send().cache_status().hit());
    let other_type = client.request("QUERY", "/q").header("Content-Type", "text/html").body("one").send();
    assert!(!other_type.cache_status().hit());
}

#[test]
fn the_content_reaches_the_backend_whole() {
    let origin = echo();
    let proxy = Proxy::before(&origin, "");
    let content = vec![b'x'; 60_000];
    assert_eq!(query(&mut proxy.client(), content.clone()).body.len(), content.len() + 6);
    assert_eq!(origin.wait_for(1).body, content);
    let mut client = proxy.client();
    client.send_raw("QUERY /q HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    assert_eq!(client.read_response("QUERY").unwrap().text(), "QUERY abc");
    client.send_raw("QUERY /q HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_eq!(client.read_response("QUERY").unwrap().text(), "QUERY ");
}

#[test]
fn content_too_large_for_a_key_passes() {
    let origin = echo();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for _ in 0..2 {
        let response = query(&mut client, vec![b'x'; 70_000]);
        assert_eq!((response.body.len(), response.cache_status().hit()), (70_006, false));
        assert_eq!(response.cache_status().parameters["detail"], "request-body");
    }
}

#[test]
fn content_that_is_found_too_large_late_is_refused() {
    let origin = echo();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.send_raw("QUERY /q HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("2710\r\n{}\r\n", "x".repeat(10_000));
    // One byte too many, and nothing behind it: what is not read could cost the client the answer.
    client.send_raw(chunk.repeat(6) + "15a1\r\n" + &"x".repeat(5_537));
    assert_eq!(client.read_response("QUERY").unwrap().status, 413);
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn who_waits_to_be_asked_for_the_content_is_asked() {
    let origin = echo();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.send_raw("QUERY /q HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.read_any_head().unwrap().first_line, "HTTP/1.1 100 Continue");
    client.send_raw("abc");
    assert_eq!(client.read_response("QUERY").unwrap().text(), "QUERY abc");
}

#[test]
fn rfc9111_4_4_a_change_of_the_url_invalidates_every_query() {
    let origin = echo();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for content in ["one", "two"] {
        query(&mut client, content);
    }
    client.request("POST", "/q").body("x").send();
    for content in ["one", "two"] {
        assert!(!query(&mut client, content).cache_status().hit());
    }
}

#[test]
fn a_stale_answer_is_not_refreshed_without_its_content() {
    let origin = Origin::start();
    origin.on_each("/q", |request| {
        Answer::ok(request.body.clone()).header("Cache-Control", "max-age=0, stale-while-revalidate=60")
    });
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for _ in 0..2 {
        assert_eq!(query(&mut client, "one").text(), "one");
    }
    assert!(origin.requests().iter().all(|request| request.body == b"one"));
    assert_eq!(origin.requests().len(), 2);
}
