//! Addresses and fields.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::{Recipe, fresh, get};
use crate::support::{Answer, Origin, Response};

#[test]
fn old_addresses_lead_to_the_new_ones() {
    let origin = Origin::start();
    origin.on("/about", fresh("about"));
    let proxy = Recipe::of("addresses", "Redirects from a table").before(&origin);
    let moved = |target: &str| {
        let response = proxy.get(target);
        (response.status, response.header("Location").unwrap_or_default().to_owned())
    };
    assert_eq!(moved("/about-us.html"), (301, "/about".to_owned()));
    assert_eq!(moved("/shop?from=mail"), (301, "https://shop.example.com/".to_owned()));
    assert_eq!(moved("/about"), (200, String::new()));
    assert_eq!(origin.requests().len(), 1);

    let whole = "(moved[req.path] ?? \"/\") + regsub(req.url, \"^[^?]*\", \"\")";
    let recipe = Recipe::of("addresses", "Redirects from a table").with("moved[req.path] ?? \"/\"", whole);
    assert_eq!(recipe.before(&origin).get("/2019/news?p=2").header("Location"), Some("/news?p=2"));
}

#[test]
fn each_page_has_one_address() {
    let origin = Origin::start();
    origin.on("/a", fresh("page"));
    let proxy = Recipe::of("addresses", "One host name, and https").before(&origin);
    let ask = |host: &str, scheme: &str| get(&proxy, "/a?x=1", &[("Host", host), ("X-Forwarded-Proto", scheme)]);
    for (host, scheme) in [("example.com", "https"), ("EXAMPLE.com:80", "http"), ("www.example.com", "http")] {
        let moved = ask(host, scheme);
        assert_eq!((moved.status, moved.header("Location")), (308, Some("https://www.example.com/a?x=1")));
    }
    assert_eq!(ask("evil.test", "https").status, 404);
    assert_eq!(ask("www.example.com", "https").text(), "page");
    assert_eq!(origin.requests().len(), 1);
}

fn allows(response: &Response) -> (Option<&str>, Option<&str>) {
    (response.header("Access-Control-Allow-Origin"), response.header("Access-Control-Allow-Credentials"))
}

#[test]
fn scripts_of_some_sites_may_read_one_stored_answer() {
    let origin = Origin::start();
    origin.on("/api", fresh("data").header("Access-Control-Allow-Origin", "*"));
    let proxy = Recipe::of("addresses", "CORS").before(&origin);
    let (app, admin) = ("https://app.example.com", "https://admin.example.com");
    for site in [app, admin] {
        let response = get(&proxy, "/api", &[("Origin", site)]);
        assert_eq!(allows(&response), (Some(site), Some("true")));
        assert!(response.fields.lists("Vary", "Origin"));
    }
    for fields in [&[("Origin", "https://evil.test")][..], &[]] {
        let response = get(&proxy, "/api", fields);
        assert!(response.cache_status().hit() && response.fields.lists("Vary", "Origin"));
        assert_eq!(allows(&response), (None, None));
    }
    let mut client = proxy.client();
    let question = client.request("OPTIONS", "/api").header("Origin", app);
    let answer = question.header("Access-Control-Request-Method", "PUT").send();
    assert_eq!((answer.status, allows(&answer)), (204, (Some(app), Some("true"))));
    assert!(answer.fields.lists("Access-Control-Allow-Methods", "PUT"));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn every_answer_has_the_security_fields() {
    let origin = Origin::start();
    origin.on("/", fresh("front").header("Server", "nginx/1.2").header("X-Powered-By", "PHP"));
    origin.on("/own", fresh("own").header("Content-Security-Policy", "default-src *"));
    let proxy = Recipe::of("addresses", "Security headers").before(&origin);
    let refused = proxy.client().request("BREW", "/").send();
    for response in [proxy.get("/"), proxy.get("/"), proxy.get("/nothing"), refused] {
        assert_eq!(response.header("X-Content-Type-Options"), Some("nosniff"));
        assert!(response.header("Strict-Transport-Security").unwrap().starts_with("max-age=31536000"));
        assert!(response.header("Content-Security-Policy").unwrap().contains("frame-ancestors 'none'"));
        assert_eq!((response.header("Server"), response.header("X-Powered-By")), (None, None));
    }
    assert_eq!(proxy.get("/own").header("Content-Security-Policy"), Some("default-src *"));
}

#[test]
fn a_websocket_goes_through_to_its_backend() {
    let origin = Origin::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let recipe = Recipe::of("addresses", "WebSockets").with_second(listener.local_addr().unwrap().port());
    let proxy = recipe.before(&origin);
    assert_eq!(proxy.get("/live/scores").status, 426);

    let mut client = proxy.client();
    client.send_raw("GET /live/scores HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n");
    let (mut live, _) = listener.accept().unwrap();
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        live.read_exact(&mut byte).unwrap();
        asked.extend(byte);
    }
    live.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").unwrap();
    assert_eq!(client.read_any_head().unwrap().first_line, "HTTP/1.1 101 Switching Protocols");
    client.send_raw("ping");
    let mut said = [0; 4];
    live.read_exact(&mut said).unwrap();
    live.write_all(b"pong").unwrap();
    assert_eq!((&said, client.read_bytes(4).unwrap()), (b"ping", b"pong".to_vec()));

    origin.on("/", Answer::ok("front"));
    assert_eq!(proxy.get("/").text(), "front");
}
