//! What goes through: fields both ways, and bodies however they are framed.

use crate::support::{Answer, Origin, Proxy};

fn fresh(body: impl Into<Vec<u8>>) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

/// Bytes that repeat only after 251 of them, so that a piece at the wrong place is seen.
fn bytes(count: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(count).collect()
}

#[test]
fn the_origin_learns_of_the_proxy_and_the_client() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let request = client.get("/page").header("X-Forwarded-For", "192.0.2.1, 192.0.2.2");
    request.header("X-Forwarded-For", "192.0.2.3").header("Via", "1.1 other").send();
    let asked = origin.wait_for(1);
    let forwarded: Vec<_> = asked.fields.all("X-Forwarded-For").collect();
    assert_eq!(forwarded, ["192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1"]);
    assert_eq!(asked.fields.all("Via").collect::<Vec<_>>(), ["1.1 other", "1.1 warp"]);
    assert_eq!(asked.header("Host"), Some(proxy.address().to_string().as_str()));
}

#[test]
fn the_client_learns_of_the_proxy() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello").header("Via", "1.1 other"));
    let proxy = Proxy::before(&origin, "");
    for _ in 0..2 {
        assert_eq!(proxy.get("/page").fields.all("Via").collect::<Vec<_>>(), ["1.1 other", "1.1 warp"]);
    }
}

#[test]
fn the_policy_sees_via_and_date_and_may_take_them_off() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello").header("Via", "1.1 other").header("X-Two", "2"));
    origin.on("/broken", Answer::close());
    let proxy = Proxy::before(
        &origin,
        "sub recv { if (req.url == \"/synth\") { return (synth(200)); } }
        sub deliver { set resp.http.X-Via = resp.http.Via + \" + \" + header.get(resp.http.Via, \"warp\"); unset resp.http.Via; unset resp.http.Date; }
        sub synth { unset resp.http.Via; unset resp.http.Date; }",
    );
    for (target, via) in [
        ("/page", Some("1.1 other + 1.1 warp")),
        ("/page", Some("1.1 other + 1.1 warp")),
        ("/broken", Some("1.1 warp + 1.1 warp")),
        ("/synth", None),
    ] {
        let answer = proxy.get(target);
        assert_eq!((answer.header("Via"), answer.header("Date")), (None, None), "{target}");
        assert_eq!(answer.header("X-Via"), via, "{target}");
    }
    let unchanged = proxy.client().get("/page").header("If-None-Match", "*").send();
    assert_eq!((unchanged.status, unchanged.header("Via"), unchanged.header("Date")), (304, None, None));
    assert_eq!(proxy.get("/page").header("X-Two"), Some("2"));
}

#[test]
fn fields_go_through_in_both_directions() {
    let origin = Origin::start();
    let in_2100 = "Fri, 01 Jan 2100 00:00:00 GMT";
    origin.on("/page", fresh("hello").header("Expires", in_2100).header("X-Two", "a").header("X-Two", "b"));
    let proxy = Proxy::before(&origin, "rules response first { else -> ttl 1m; }");
    let mut client = proxy.client();
    for n in 0..2 {
        let page = client.get("/page").header("X-Mine", "1").header("X-Mine", "2").send();
        assert_eq!(page.cache_status().hit(), n == 1);
        assert_eq!(page.header("Expires"), Some(in_2100));
        assert_eq!(page.fields.all("X-Two").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(page.header("Cache-Control"), Some("max-age=60"));
    }
    assert_eq!(origin.wait_for(1).fields.all("X-Mine").collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn fields_for_one_connection_do_not_reach_the_origin() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello"));
    let proxy = Proxy::before(&origin, "");
    for (method, body) in [("GET", ""), ("POST", "data")] {
        let mut client = proxy.client();
        let request = client.request(method, &format!("/page?{method}")).header("Connection", "X-One, keep-alive");
        let request = request.header("X-One", "1").header("Keep-Alive", "timeout=5").header("TE", "trailers");
        let request = request.header("Proxy-Connection", "keep-alive").header("X-Two", "2");
        if body.is_empty() {
            request.send()
        } else {
            request.body(body).send()
        };
    }
    for asked in [origin.wait_for(1), origin.wait_for(2)] {
        for name in ["X-One", "Keep-Alive", "TE", "Proxy-Connection"] {
            assert_eq!(asked.header(name), None, "{name} of {}", asked.method);
        }
        assert!(!asked.fields.lists("Connection", "X-One"));
        assert_eq!(asked.header("X-Two"), Some("2"));
    }
}

#[test]
fn a_client_cannot_take_away_what_the_policy_set() {
    let origin = Origin::start();
    origin.on_each("/page", |request| fresh(request.header("X-Tenant").unwrap_or("none")));
    origin.on_each("/piped", |request| Answer::ok(request.header("X-Tenant").unwrap_or("none")));
    let policy = "sub recv { set req.http.X-Tenant = \"a\"; if (req.path == \"/piped\") { return (pipe); } }
        sub hash { hash_data(req.http.X-Tenant); }";
    let proxy = Proxy::before(&origin, policy);
    for path in ["/page", "/piped"] {
        let response = proxy.client().get(path).header("Connection", "close, X-Tenant").send();
        assert_eq!(response.text(), "a", "{path}");
    }
}

#[test]
fn fields_for_one_connection_are_neither_stored_nor_sent_on() {
    let origin = Origin::start();
    let answer = fresh("hello").header("Connection", "X-One").header("X-One", "1").header("X-Two", "2");
    origin.on("/page", answer.header("Keep-Alive", "timeout=5").header("Proxy-Authenticate", "Basic"));
    let proxy = Proxy::before(&origin, "");
    for n in 0..2 {
        let page = proxy.get("/page");
        assert_eq!(page.cache_status().hit(), n == 1);
        for name in ["X-One", "Keep-Alive", "Proxy-Authenticate"] {
            assert_eq!(page.header(name), None, "{name} at {n}");
        }
        assert!(!page.fields.lists("Connection", "X-One"));
        assert_eq!(page.header("X-Two"), Some("2"));
    }
}

#[test]
fn backend_fetch_changes_what_the_origin_gets() {
    let origin = Origin::start();
    origin.on("/other", fresh("hello"));
    let policy = "sub backend_fetch { set bereq.url = \"/other\"; set bereq.http.Host = \"inner.test\"; unset bereq.http.User-Agent; }";
    let proxy = Proxy::before(&origin, policy);
    assert_eq!(proxy.client().get("/page").header("User-Agent", "test").send().text(), "hello");
    let asked = origin.wait_for(1);
    assert_eq!(
        (asked.target.as_str(), asked.header("Host"), asked.header("User-Agent")),
        ("/other", Some("inner.test"), None)
    );
    assert!(proxy.get("/page").cache_status().hit());
}

#[test]
fn the_host_header_of_a_backend_is_sent_when_the_request_has_none() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello"));
    let (host, port) = (origin.address().ip(), origin.address().port());
    let proxy = Proxy::start(&format!(
        "warp 1;\nbackend b {{ .host = \"{host}\"; .port = \"{port}\"; .host_header = \"inner.test\"; }}\n"
    ));
    let mut client = proxy.client();
    client.send_raw("GET /page HTTP/1.0\r\n\r\n");
    assert_eq!(client.read_response("GET").unwrap().text(), "hello");
    assert_eq!(origin.wait_for(1).header("Host"), Some("inner.test"));
}

#[test]
fn every_framing_of_a_body_is_stored_and_delivered_whole() {
    for (kind, answer) in [
        ("length", fresh(bytes(10_000))),
        ("chunked", fresh(bytes(10_000)).chunked(777)),
        ("until close", fresh(bytes(10_000)).until_close()),
    ] {
        let origin = Origin::start();
        origin.on("/page", answer);
        let proxy = Proxy::before(&origin, "");
        let mut client = proxy.client();
        for n in 0..2 {
            let page = client.get("/page").send();
            assert_eq!((page.cache_status().hit(), page.body == bytes(10_000)), (n == 1, true), "{kind}");
        }
        assert_eq!(client.request("HEAD", "/page").send().status, 200);
        assert_eq!(client.get("/page").send().body.len(), 10_000, "{kind}");
        assert_eq!(origin.requests().len(), 1, "{kind}");
    }
}

#[test]
fn a_client_of_http_1_0_gets_no_chunks() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello").chunked(2));
    let proxy = Proxy::before(&origin, "");
    for _ in 0..2 {
        let mut client = proxy.client();
        client.send_raw("GET /page HTTP/1.0\r\nHost: a.test\r\n\r\n");
        let page = client.read_response("GET").unwrap();
        assert_eq!((page.text(), page.header("Transfer-Encoding")), ("hello", None));
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_large_body_arrives_intact() {
    const LENGTH: usize = 20 << 20;
    let origin = Origin::start();
    origin.on("/file", fresh(bytes(LENGTH)));
    origin.on("/stream", fresh(bytes(LENGTH)).chunked(60_000));
    let proxy = Proxy::start_with(&format!("warp 1;\n{}", origin.backend()), &["--memory", "512MB"]);
    let expected = bytes(LENGTH);
    for path in ["/file", "/stream"] {
        for n in 0..2 {
            let file = proxy.get(path);
            assert_eq!((file.cache_status().hit(), file.body.len()), (n == 1, LENGTH), "{path}");
            assert!(file.body == expected, "{path} at {n}");
        }
    }
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a_body_too_large_for_the_store_goes_through_whole_and_is_not_said_to_be_stored() {
    let origin = Origin::start();
    origin.on("/file", fresh(bytes(100_000)));
    let proxy = Proxy::start_with(&format!("warp 1;\n{}", origin.backend()), &["--memory", "1MB"]);
    for n in 1..=2 {
        let file = proxy.get("/file");
        assert!(file.body == bytes(100_000));
        let status = file.cache_status();
        assert_eq!((status.hit(), status.stored(), status.parameters["detail"].as_str()), (false, false, "store"));
        assert_eq!(origin.requests().len(), n);
    }
}

#[test]
fn the_version_is_that_of_the_proxy() {
    let origin = Origin::start();
    origin.on("/page", Answer::raw("HTTP/1.0 200 Fine\r\nContent-Length: 5\r\nCache-Control: max-age=60\r\n\r\nhello"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for _ in 0..2 {
        let page = client.get("/page").send();
        assert_eq!((page.version.as_str(), page.reason.as_str(), page.text()), ("HTTP/1.1", "Fine", "hello"));
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn empty_bodies_are_stored_too() {
    let origin = Origin::start();
    origin.on("/empty", fresh(""));
    origin.on("/chunked", fresh("").chunked(1));
    origin.on("/until-close", fresh("").until_close());
    origin.on("/none", Answer::status(204).header("Cache-Control", "max-age=60"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for (path, status) in [("/empty", 200), ("/chunked", 200), ("/until-close", 200), ("/none", 204)] {
        for n in 0..2 {
            let page = client.get(path).send();
            assert_eq!((page.status, page.body.len(), page.cache_status().hit()), (status, 0, n == 1), "{path}");
        }
        assert_eq!(origin.requests_to(path).len(), 1, "{path}");
    }
}

#[test]
fn a_status_without_a_body_has_no_framing() {
    let origin = Origin::start();
    origin.on("/none", Answer::status(204).header("Cache-Control", "max-age=60"));
    let proxy = Proxy::before(&origin, "");
    for _ in 0..2 {
        let page = proxy.get("/none");
        assert_eq!((page.header("Content-Length"), page.header("Transfer-Encoding")), (None, None));
    }
}

#[test]
fn one_connection_serves_hits_misses_and_passes_in_turn() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    origin.on("/chunks", fresh("chunks").chunked(2));
    let proxy = Proxy::before(&origin, "rules request first { when path under \"/pass\" -> pass; }");
    origin.on("/pass", Answer::ok("pass"));
    let mut client = proxy.client();
    for _ in 0..3 {
        for path in ["/page", "/chunks", "/pass"] {
            assert_eq!(client.get(path).send().text(), &path[1..]);
        }
    }
    assert_eq!(origin.requests().len(), 5);
    // The origin's connection is kept, too.
    assert_eq!(origin.requests().iter().map(|asked| asked.connection).max(), Some(0));
}
