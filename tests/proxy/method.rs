//! `bereq.method` is another one than the client's: what the client gets is framed by its own method, what is stored
//! goes by the method of the fetch (RFC 9110 sections 6.4.1 and 9.3.2).

use crate::support::{Answer, Gate, Origin, Proxy, Response};

const BODY: &str = "a page with a body";

/// The fetch is made with the method that the request names.
const POLICY: &str = "
    sub recv { if (req.http.X-Pass) { return (pass); } }
    sub backend_fetch { if (bereq.http.X-Method) { set bereq.method = bereq.http.X-Method; } }
";

/// As servers do it, and as those do that send the body of a GET behind the head of a HEAD.
fn origins() -> [(&'static str, Origin); 4] {
    let head = format!("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: {}\r\n\r\n", BODY.len());
    let chunked = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n";
    let page = Answer::ok(BODY).header("Cache-Control", "max-age=60");
    let answers = [
        ("length", page.clone(), None),
        ("chunked", page.clone().chunked(5), None),
        ("length, body to HEAD", page.clone(), Some(format!("{head}{BODY}"))),
        ("chunked, body to HEAD", page.chunked(5), Some(format!("{chunked}12\r\n{BODY}\r\n0\r\n\r\n"))),
    ];
    answers.map(|(name, answer, to_head)| {
        let origin = Origin::start();
        origin.on_each("/page", move |request| match &to_head {
            Some(bytes) if request.method == "HEAD" => Answer::raw(bytes.clone()),
            _ => answer.clone(),
        });
        origin.on("/second", Answer::ok("second"));
        (name, origin)
    })
}

/// The response to that request, behind which the connection goes on.
fn ask(proxy: &Proxy, method: &str, fields: &str) -> Response {
    let mut client = proxy.client();
    client.send_raw(format!("{method} /page HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n"));
    let first = client.read_response(method).unwrap();
    assert_eq!(client.get("/second").send().text(), "second", "behind {method} {fields:?}: {first:?}");
    first
}

#[test]
fn rfc9110_9_3_2_a_get_that_is_fetched_by_head_has_no_content_and_is_not_stored() {
    for (name, origin) in origins() {
        let proxy = Proxy::before(&origin, POLICY);
        for kind in ["X-Pass: 1\r\n", ""] {
            for _ in 0..2 {
                let response = ask(&proxy, "GET", &format!("X-Method: HEAD\r\n{kind}"));
                assert_eq!((response.status, response.text()), (200, ""), "{name} {kind:?}");
                assert_eq!(response.header("Content-Length"), Some("0"), "{name} {kind:?}");
                assert!(!response.cache_status().stored() && !response.cache_status().hit(), "{name} {kind:?}");
            }
        }
        assert_eq!(proxy.metric("warp_store_objects"), 0, "{name}");
        assert_eq!(ask(&proxy, "GET", "").text(), BODY, "{name}");
        assert!(ask(&proxy, "GET", "").cache_status().hit(), "{name}");
    }
}

#[test]
fn rfc9110_9_3_2_a_head_that_is_fetched_by_get_has_no_content_and_what_comes_is_stored() {
    for (name, origin) in origins() {
        for kind in ["X-Pass: 1\r\n", ""] {
            let proxy = Proxy::before(&origin, POLICY);
            for count in 0..2 {
                let response = ask(&proxy, "HEAD", &format!("X-Method: GET\r\n{kind}"));
                assert_eq!((response.status, response.text()), (200, ""), "{name} {kind:?}");
                let length = response.header("Content-Length");
                assert!(length.is_none_or(|length| length == "18"), "{name} {kind:?}: {length:?}");
                assert_eq!(response.cache_status().hit(), kind.is_empty() && count > 0, "{name} {kind:?}");
            }
            let get = ask(&proxy, "GET", "");
            assert_eq!((get.text(), get.cache_status().hit()), (BODY, kind.is_empty()), "{name} {kind:?}");
        }
    }
}

#[test]
fn rfc9110_9_3_2_a_head_that_is_fetched_by_head_is_not_stored() {
    for (name, origin) in origins() {
        let proxy = Proxy::before(&origin, POLICY);
        for kind in ["X-Pass: 1\r\n", ""] {
            let response = ask(&proxy, "HEAD", &format!("X-Method: HEAD\r\n{kind}"));
            assert_eq!((response.status, response.text()), (200, ""), "{name} {kind:?}");
            assert!(response.header("Content-Length").is_none_or(|length| length == "18"), "{name} {kind:?}");
        }
        assert_eq!(proxy.metric("warp_store_objects"), 0, "{name}");
        assert_eq!(ask(&proxy, "GET", "").text(), BODY, "{name}");
    }
}

/// A stored response is stale when the policy turns the question about it into one for the head, or for the whole.
#[test]
fn rfc9111_4_3_5_a_stale_response_is_neither_emptied_by_a_head_nor_lost() {
    for (method, fetched) in [("GET", "HEAD"), ("HEAD", "GET")] {
        let origin = Origin::start();
        origin.on("/second", Answer::ok("second"));
        origin.on("/page", Answer::ok(BODY).header("Cache-Control", "max-age=60").header("ETag", "\"b\""));
        origin.once("/page", Answer::ok("older page").header("Cache-Control", "max-age=0").header("ETag", "\"a\""));
        let proxy = Proxy::before(&origin, POLICY);
        ask(&proxy, "GET", "");
        let response = ask(&proxy, method, &format!("X-Method: {fetched}\r\n"));
        assert_eq!((response.status, response.text()), (200, ""), "{method}");
        let length = if method == "GET" { "0" } else { "18" };
        assert_eq!(response.header("Content-Length"), Some(length), "{method}");
        assert_eq!(ask(&proxy, "GET", "").text(), BODY, "{method}");
    }
}

#[test]
fn who_waits_for_a_get_that_is_fetched_by_head_is_not_made_to_wait_in_a_row() {
    let (origin, gate) = (Origin::start(), Gate::new());
    let (first, rest) = (gate.clone(), Gate::new());
    let held = rest.clone();
    origin.once("/page", Answer::ok(BODY).behind(&first));
    origin.on_each("/page", move |_| Answer::ok(BODY).behind(&held));
    let proxy = Proxy::before(&origin, POLICY);
    let mut clients: Vec<_> = (0..20).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/page").header("X-Method", "HEAD").send_only();
    }
    proxy.wait_for_metric("warp_requests_waiting", 19);
    gate.open();
    origin.wait_for(20);
    rest.open();
    for client in &mut clients {
        assert_eq!(client.read_response("GET").unwrap().text(), "");
    }
}

/// Requests for a key that is known not to be stored go on without the cache, which stores the first response that may be.
#[test]
fn rfc9110_9_3_2_a_get_that_is_fetched_by_head_is_not_stored_where_the_key_is_known_as_uncacheable() {
    let origin = Origin::start();
    origin.on("/second", Answer::ok("second"));
    origin.on("/page", Answer::ok(BODY).header("Cache-Control", "max-age=60"));
    origin.once("/page", Answer::ok("mine").header("Cache-Control", "private"));
    let proxy = Proxy::before(&origin, POLICY);
    ask(&proxy, "GET", "");
    assert_eq!(ask(&proxy, "GET", "X-Method: HEAD\r\n").text(), "");
    for hit in [false, true] {
        let page = ask(&proxy, "GET", "");
        assert_eq!((page.text(), page.cache_status().hit()), (BODY, hit));
    }
}

#[test]
fn rfc9110_9_3_6_no_policy_makes_a_tunnel() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("page"));
    let policy = "
        sub recv { if (req.http.X-Recv) { set req.method = req.http.X-Recv; } return (pass); }
        sub backend_fetch { if (bereq.http.X-Fetch) { set bereq.method = bereq.http.X-Fetch; } }";
    let proxy = Proxy::before(&origin, policy);
    for (field, method, status) in [
        ("X-Fetch", "CONNECT", 503),
        ("X-Recv", "CONNECT", 503),
        ("X-Fetch", "connect", 200),
        ("X-Recv", "OPTIONS", 200),
    ] {
        assert_eq!(proxy.client().get("/page").header(field, method).send().status, status, "{field} {method}");
    }
    let asked: Vec<_> = origin.requests().iter().map(|request| request.method.clone()).collect();
    assert_eq!(asked, ["connect", "OPTIONS"]);
}
