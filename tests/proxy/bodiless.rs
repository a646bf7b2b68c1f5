//! Statuses without content (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5), whoever gave them to a response: what the
//! client reads behind such a head is the next response.

use crate::support::{Answer, Client, Origin, Proxy, Response};

/// A policy that gives a response the status that the request names, at the step that it names.
const POLICY: &str = "
    sub recv {
        if (req.http.X-Synth) { return (synth(std.integer(req.http.X-Synth, fallback: 0))); }
        if (req.http.X-Pass) { return (pass); }
        if (req.http.X-Slice) { set req.slice = 4KB; }
    }
    sub backend_response {
        if (bereq.http.X-Fetched) { set beresp.status = std.integer(bereq.http.X-Fetched, fallback: 0); }
    }
    sub backend_error {
        if (bereq.http.X-Error) { set beresp.status = std.integer(bereq.http.X-Error, fallback: 0); }
    }
    sub deliver {
        if (req.http.X-Delivered) { set resp.status = std.integer(req.http.X-Delivered, fallback: 0); }
    }
";

const FRESH: (&str, &str) = ("Cache-Control", "max-age=60");

fn page() -> Answer {
    Answer::ok("a page with a body").header(FRESH.0, FRESH.1).header("ETag", "\"v1\"")
}

/// Sends a request with these fields and another one right behind it, both in one piece; the response to the first.
///
/// # Panics
/// When what comes behind that is not the response to the second.
fn ask(client: &mut Client, method: &str, target: &str, fields: &str) -> Response {
    client.send_raw(format!(
        "{method} {target} HTTP/1.1\r\nHost: a.test\r\n{fields}\r\nGET /second HTTP/1.1\r\nHost: a.test\r\n\r\n"
    ));
    let first = client.read_response(method).unwrap();
    let second = client.read_response("GET").unwrap();
    assert_eq!((second.status, second.text()), (200, "second"), "behind {method} {target} {fields:?}: {first:?}");
    first
}

fn assert_has_no_content(response: &Response, status: u16, what: &str) {
    assert_eq!((response.status, response.body.len()), (status, 0), "{what}: {response:?}");
    let length = if status == 204 || status == 304 { None } else { Some("0") };
    assert_eq!(response.header("Content-Length"), length, "{what}");
    assert_eq!(response.header("Transfer-Encoding"), None, "{what}");
}

fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/second", Answer::ok("second").header(FRESH.0, FRESH.1));
    origin
}

#[test]
fn rfc9110_15_3_5_deliver_gives_a_status_without_content() {
    for answer in [page(), page().chunked(3), page().until_close(), page().with_body("")] {
        let origin = origin();
        origin.on("/page", answer.clone());
        let proxy = Proxy::before(&origin, POLICY);
        for status in [204, 205, 304] {
            for kind in ["", "X-Pass: 1\r\n"] {
                let what = format!("{status} {kind:?} {answer:?}");
                let fields = format!("X-Delivered: {status}\r\n{kind}");
                let response = ask(&mut proxy.client(), "GET", "/page", &fields);
                assert_has_no_content(&response, status, &what);
                let again = ask(&mut proxy.client(), "GET", "/page", kind);
                assert_eq!((again.status, &again.body), (200, &answer_body(&answer)), "{what}");
            }
        }
    }
}

fn answer_body(answer: &Answer) -> Vec<u8> {
    let is_empty = format!("{answer:?}").contains("body: []");
    if is_empty { Vec::new() } else { b"a page with a body".to_vec() }
}

#[test]
fn rfc9110_15_3_5_a_miss_that_deliver_empties_is_stored_whole() {
    for status in [204, 205, 304] {
        let origin = origin();
        origin.on("/page", page());
        let proxy = Proxy::before(&origin, POLICY);
        let mut client = proxy.client();
        let miss = ask(&mut client, "GET", "/page", &format!("X-Delivered: {status}\r\n"));
        assert_has_no_content(&miss, status, "miss");
        let hit = ask(&mut client, "GET", "/page", "");
        assert!(hit.cache_status().hit());
        assert_eq!((hit.status, hit.text()), (200, "a page with a body"));
    }
}

#[test]
fn rfc9110_15_3_5_backend_response_gives_a_status_without_content() {
    for answer in [page(), page().chunked(3), page().until_close()] {
        for status in [204, 205, 304] {
            let origin = origin();
            origin.on("/page", answer.clone());
            let proxy = Proxy::before(&origin, POLICY);
            let mut client = proxy.client();
            let fields = format!("X-Fetched: {status}\r\n");
            for n in 1..=2 {
                let response = ask(&mut client, "GET", "/page", &fields);
                assert_has_no_content(&response, status, &format!("{n} {answer:?}"));
                // A 304 answers one client's condition: as one of its own it is never stored.
                assert_eq!(response.cache_status().hit(), n == 2 && status != 304);
            }
            let passed = ask(&mut client, "GET", "/page", &format!("X-Pass: 1\r\n{fields}"));
            assert_has_no_content(&passed, status, "pass");
        }
    }
}

#[test]
fn rfc9110_15_3_6_made_responses_have_no_content() {
    let origin = origin();
    origin.on("/broken", Answer::close());
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    for status in [204, 205, 304] {
        let synth = ask(&mut client, "GET", "/page", &format!("X-Synth: {status}\r\n"));
        assert_has_no_content(&synth, status, "synth");
        // An error page ends its connection.
        let mut client = proxy.client();
        let page = client.get("/broken").header("X-Error", &status.to_string()).send();
        assert_has_no_content(&page, status, "backend_error");
        client.assert_closed();
    }
}

#[test]
fn rfc9110_8_6_what_came_without_content_has_none_with_another_status() {
    let origin = origin();
    origin.on("/204", Answer::status(204).header(FRESH.0, FRESH.1));
    origin.on("/205", Answer::status(205).header(FRESH.0, FRESH.1));
    origin.on("/page", page());
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    for path in ["/204", "/205"] {
        for field in ["X-Delivered", "X-Fetched"] {
            for kind in ["", "", "X-Pass: 1\r\n"] {
                let target = format!("{path}?{field}");
                let response = ask(&mut client, "GET", &target, &format!("{field}: 200\r\n{kind}"));
                assert_has_no_content(&response, 200, &format!("{target} {kind:?}"));
            }
        }
    }
    ask(&mut client, "GET", "/page", "");
    let changed = ask(&mut client, "GET", "/page", "If-None-Match: \"v1\"\r\nX-Delivered: 404\r\n");
    assert_has_no_content(&changed, 404, "a condition that holds");
    let kept = ask(&mut client, "GET", "/page", "If-None-Match: \"v1\"\r\nX-Delivered: 200\r\n");
    assert_has_no_content(&kept, 304, "a success");
}

#[test]
fn rfc9110_15_3_6_a_205_of_a_backend_has_no_content() {
    let origin = origin();
    for (path, answer) in [("/205", Answer::status(205)), ("/chunks", Answer::status(205).chunked(4))] {
        origin.on(path, answer.with_body("not to be here").header(FRESH.0, FRESH.1));
        let proxy = Proxy::before(&origin, POLICY);
        let mut client = proxy.client();
        for kind in ["", "", "X-Pass: 1\r\n"] {
            assert_has_no_content(&ask(&mut client, "GET", path, kind), 205, path);
        }
    }
}

#[test]
fn rfc9110_9_3_2_a_head_response_is_framed_as_before() {
    let origin = origin();
    origin.on("/page", page());
    origin.on("/204", Answer::status(204).header(FRESH.0, FRESH.1));
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    for _ in 0..2 {
        let head = ask(&mut client, "HEAD", "/page", "X-Delivered: 204\r\n");
        assert_eq!((head.status, head.header("Content-Length")), (204, None));
        let head = ask(&mut client, "HEAD", "/page", "X-Delivered: 404\r\n");
        assert_eq!((head.status, head.header("Content-Length")), (404, Some("18")));
        let head = ask(&mut client, "HEAD", "/204", "X-Delivered: 200\r\n");
        assert_eq!((head.status, head.header("Content-Length")), (200, None));
    }
}

#[test]
fn a_response_of_slices_is_framed_by_its_status() {
    let body = vec![b'x'; 10_000];
    let origin = origin();
    origin.on_each("/film", move |request| {
        let Some((first, last)) =
            request.header("Range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'))
        else {
            return Answer::ok(body.clone());
        };
        let (first, last) = (first.parse::<usize>().unwrap(), last.parse::<usize>().unwrap().min(body.len() - 1));
        Answer::status(206)
            .with_body(&body[first..=last])
            .header("Content-Range", &format!("bytes {first}-{last}/{}", body.len()))
            .header("ETag", "\"v1\"")
            .header(FRESH.0, FRESH.1)
    });
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    for status in [204, 205, 304] {
        let response = ask(&mut client, "GET", "/film", &format!("X-Slice: 1\r\nX-Delivered: {status}\r\n"));
        assert_has_no_content(&response, status, "slices");
        assert_eq!(ask(&mut client, "GET", "/film", "X-Slice: 1\r\n").body.len(), 10_000);
    }
}

#[test]
fn rfc9110_15_2_no_step_makes_an_interim_response() {
    let origin = origin();
    origin.on("/page", page());
    let proxy = Proxy::before(&origin, POLICY);
    for field in ["X-Synth", "X-Fetched", "X-Delivered"] {
        for status in ["100", "101", "103", "199"] {
            let response = proxy.client().get("/page").header(field, status).send();
            assert_eq!(response.status, 503, "{field} {status}");
        }
    }
}
