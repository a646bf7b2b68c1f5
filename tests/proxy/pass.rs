//! The cache is left out: the request goes to the origin with its body, and nothing of it is stored.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::support::{Answer, Gate, Origin, Proxy, Response};

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

/// Whether it says of itself that the cache was left out.
fn is_bypass(response: &Response) -> bool {
    let status = response.cache_status();
    !status.hit() && !status.stored() && status.fwd() == Some("bypass")
}

#[test]
fn post_passes_with_its_body_of_known_length() {
    let origin = Origin::start();
    origin.on("/form", fresh("done"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for n in 1..=2 {
        let response = client.request("POST", "/form?x=1").header("Content-Type", "text/plain").body("a=1&b=2").send();
        assert_eq!((response.status, response.text()), (200, "done"));
        let status = response.cache_status();
        assert_eq!((status.fwd(), status.stored()), (Some("method"), false));
        let asked = origin.wait_for(n);
        assert_eq!(
            (asked.method.as_str(), asked.target.as_str(), asked.body.as_slice()),
            ("POST", "/form?x=1", &b"a=1&b=2"[..])
        );
        assert_eq!((asked.header("Content-Length"), asked.header("Transfer-Encoding")), (Some("7"), None));
        assert_eq!(asked.header("Content-Type"), Some("text/plain"));
    }
}

#[test]
fn post_passes_with_its_body_in_chunks() {
    let origin = Origin::start();
    origin.on("/form", fresh("done"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.send_raw("POST /form HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send_raw("3\r\na=1\r\n4;note=x\r\n&b=2\r\n0\r\n\r\n");
    assert_eq!(client.read_response("POST").unwrap().text(), "done");
    let asked = origin.wait_for(1);
    assert_eq!((asked.body.as_slice(), asked.header("Content-Length")), (&b"a=1&b=2"[..], None));
    assert_eq!(client.get("/form").send().text(), "done");
    assert_eq!(origin.wait_for(2).method, "GET");
}

#[test]
fn a_request_body_is_sent_on_while_it_comes() {
    let origin = Origin::start();
    origin.on("/form", fresh("done"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let body = vec![b'x'; 3 << 20];
    let response = client.request("PUT", "/form").body(body.clone()).send();
    assert_eq!(response.text(), "done");
    assert!(origin.wait_for(1).body == body);
}

#[test]
fn expect_100_continue_is_answered_and_the_body_goes_through() {
    let origin = Origin::start();
    origin.on("/form", Answer::status(204));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.send_raw("PUT /form HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
    assert_eq!(client.read_bytes(interim.len()).unwrap(), interim);
    client.send_raw("data");
    assert_eq!(client.read_response("PUT").unwrap().status, 204);
    assert_eq!(origin.wait_for(1).body, b"data");
}

#[test]
fn a_rule_passes() {
    let origin = Origin::start();
    origin.on("/api/x", fresh("api"));
    let proxy = Proxy::before(&origin, "rules request first { when path under \"/api/\" -> pass; }");
    assert!([(); 2].iter().all(|()| is_bypass(&proxy.get("/api/x"))));
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn recv_passes() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "sub recv { if (req.http.X-Pass) { return (pass); } }");
    let mut client = proxy.client();
    assert!(client.get("/page").send().cache_status().stored());
    assert!(is_bypass(&client.get("/page").header("X-Pass", "1").send()));
    assert!(client.get("/page").send().cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn hit_passes_and_leaves_what_is_stored() {
    let origin = Origin::start();
    origin.on("/page", fresh("passed"));
    origin.once("/page", fresh("stored"));
    let proxy = Proxy::before(&origin, "sub hit { if (req.http.X-Pass) { return (pass); } }");
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().text(), "stored");
    for n in 2..=3 {
        let passed = client.get("/page").header("X-Pass", "1").send();
        assert_eq!((passed.text(), is_bypass(&passed)), ("passed", true));
        assert_eq!(origin.requests().len(), n);
    }
    let hit = client.get("/page").send();
    assert_eq!((hit.text(), hit.cache_status().hit()), ("stored", true));
}

#[test]
fn miss_passes_and_stores_nothing() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "sub miss { if (req.http.X-Pass) { return (pass); } }");
    let mut client = proxy.client();
    assert!(is_bypass(&client.get("/page").header("X-Pass", "1").send()));
    assert!(client.get("/page").send().cache_status().stored());
    assert!(client.get("/page").header("X-Pass", "1").send().cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn what_passes_after_a_miss_does_not_hold_up_others() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("page"));
    origin.once("/page", fresh("slow").behind(&gate));
    let proxy = Proxy::before(&origin, "sub miss { if (req.http.X-Pass) { return (pass); } }");
    let mut slow = proxy.client();
    let slow = slow.get("/page").header("X-Pass", "1").send_only();
    origin.wait_for(1);
    assert_eq!(proxy.get("/page").text(), "page");
    gate.open();
    assert_eq!(slow.read_response("GET").unwrap().text(), "slow");
}

#[test]
fn two_passes_go_to_the_origin_at_the_same_time() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("page").behind(&gate));
    let proxy = Proxy::before(&origin, "rules request first { else -> pass; }");
    let mut clients = [(); 2].map(|()| proxy.client());
    for client in &mut clients {
        client.get("/page").send_only();
    }
    origin.wait_for(2);
    gate.open();
    assert!(clients.iter_mut().all(|client| client.read_response("GET").unwrap().text() == "page"));
}

#[test]
fn the_response_to_a_pass_is_never_stored() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let policy = "sub recv { if (req.http.X-Pass) { return (pass); } } rules response first { else -> ttl 1h; }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    assert!(is_bypass(&client.get("/page").header("X-Pass", "1").send()));
    assert!(!client.get("/page").send().cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a_get_with_a_body_is_not_looked_up() {
    let origin = Origin::start();
    origin.on_each("/search", |request| fresh(&String::from_utf8_lossy(&request.body)));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for body in ["one", "two"] {
        let response = client.request("GET", "/search").body(body).send();
        assert_eq!((response.text(), is_bypass(&response)), (body, true));
    }
    client
        .send_raw("GET /search HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\n");
    assert_eq!(client.read_response("GET").unwrap().text(), "three");
    assert!(client.request("GET", "/search").body("").send().cache_status().stored());
    assert_eq!(origin.requests().len(), 4);
}

#[test]
fn conditions_and_ranges_of_a_pass_are_the_origins() {
    let origin = Origin::start();
    origin.on("/page", Answer::status(304).header("ETag", "\"v1\""));
    let proxy = Proxy::before(&origin, "rules request first { else -> pass; }");
    let mut client = proxy.client();
    let response = client.get("/page").header("If-None-Match", "\"v1\"").header("Range", "bytes=0-1").send();
    assert_eq!(response.status, 304);
    let asked = origin.wait_for(1);
    assert_eq!((asked.header("If-None-Match"), asked.header("Range")), (Some("\"v1\""), Some("bytes=0-1")));
}

#[test]
fn head_passes_as_head() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "rules request first { else -> pass; }");
    let mut client = proxy.client();
    let head = client.request("HEAD", "/page").send();
    assert_eq!((head.status, head.header("Content-Length")), (200, Some("4")));
    assert_eq!(origin.wait_for(1).method, "HEAD");
    assert_eq!(client.get("/page").send().text(), "page");
}

#[test]
fn an_upgrade_to_websocket_is_tunnelled() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let backend = format!("backend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; }}\n");
    let proxy = Proxy::start(&format!("warp 1;\n{backend}rules request first {{ else -> pass; }}"));
    let mut client = proxy.client();
    client.send_raw("GET /socket HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");

    let (mut origin, _) = listener.accept().unwrap();
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        origin.read_exact(&mut byte).unwrap();
        asked.extend(byte);
    }
    let asked = String::from_utf8(asked).unwrap().to_lowercase();
    assert!(asked.starts_with("get /socket http/1.1\r\n") && asked.contains("\r\nupgrade: websocket\r\n"), "{asked}");
    proxy.wait_for_metric("warp_backend_requests_in_flight{backend=\"default\"}", 1);
    origin.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").unwrap();

    let head = client.read_any_head().unwrap();
    assert_eq!(head.first_line, "HTTP/1.1 101 Switching Protocols");
    assert_eq!(head.fields.first("Upgrade"), Some("websocket"));
    assert!(head.fields.lists("Connection", "upgrade"));
    client.send_raw("ping");
    let mut said = [0; 4];
    origin.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"ping");
    origin.write_all(b"pong").unwrap();
    assert_eq!(client.read_bytes(4).unwrap(), b"pong");
    drop(origin);
    client.assert_closed();
}

/// Whichever comes first, the end of the request on its way through pingora or the answer to it.
#[test]
fn a_tunnel_stays_open_if_the_backend_agrees_before_it_is_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let backend = format!("backend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; }}\n");
    let proxy = Proxy::start(&format!("warp 1;\n{backend}rules request first {{ else -> pass; }}"));
    for n in 0..20 {
        let mut client = proxy.client();
        client.send_raw("GET /socket HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        let (mut origin, _) = listener.accept().unwrap();
        origin
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            .unwrap();
        assert_eq!(client.read_any_head().unwrap().first_line, "HTTP/1.1 101 Switching Protocols");
        client.send_raw("ping");
        let mut said = Vec::new();
        while !said.ends_with(b"\r\n\r\nping") {
            let mut byte = [0];
            assert_eq!(origin.read(&mut byte).unwrap(), 1, "the tunnel {n} was closed");
            said.extend(byte);
        }
        origin.write_all(b"pong").unwrap();
        assert_eq!(client.read_bytes(4).unwrap(), b"pong");
    }
}

#[test]
fn an_upgrade_to_another_protocol_is_not_asked_for() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "rules request first { else -> pass; }");
    let mut client = proxy.client();
    let request = client.get("/page").header("Connection", "Upgrade, HTTP2-Settings").header("Upgrade", "h2c");
    assert_eq!(request.header("HTTP2-Settings", "AAMAAABkAAQAAP__").send().text(), "page");
    let asked = origin.wait_for(1);
    assert_eq!((asked.header("Upgrade"), asked.header("HTTP2-Settings")), (None, None));
    assert!(!asked.fields.lists("Connection", "upgrade"));
}
