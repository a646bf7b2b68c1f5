//! A request is piped: after its head, bytes go both ways without being looked at.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::support::{Answer, Authority, Client, Origin, Proxy, Relay};

const PIPE: &str = "sub recv { return (pipe); }";

/// An origin that is played by the test.
struct Played {
    listener: TcpListener,
    proxy: Proxy,
}

impl Played {
    fn start(declarations: &str) -> Self {
        Self::with(declarations, "")
    }

    /// With these attributes of the backend.
    fn with(declarations: &str, attributes: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let backend = format!("backend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; {attributes} }}\n");
        let proxy = Proxy::start(&format!("warp 1;\n{backend}{declarations}"));
        Self { listener, proxy }
    }

    /// Sends this, and gives both ends with the head that came to the origin.
    fn ask(&self, request: &str) -> (Client, TcpStream, String) {
        let mut client = self.proxy.client();
        client.send_raw(request);
        let (mut origin, _) = self.listener.accept().unwrap();
        origin.set_read_timeout(Some(crate::support::DEADLINE)).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            origin.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        (client, origin, String::from_utf8(head).unwrap())
    }
}

fn read(origin: &mut TcpStream, count: usize) -> String {
    let mut said = vec![0; count];
    origin.read_exact(&mut said).unwrap();
    String::from_utf8(said).unwrap()
}

fn read_to_end(origin: &mut TcpStream) -> String {
    let mut said = Vec::new();
    origin.read_to_end(&mut said).unwrap();
    String::from_utf8(said).unwrap()
}

#[test]
fn bytes_go_both_ways_until_both_sides_have_ended() {
    let played = Played::start(PIPE);
    let (mut client, mut origin, _) = played.ask("GET /talk HTTP/1.1\r\nHost: a.test\r\n\r\n");
    played.proxy.wait_for_metric("warp_backend_requests_in_flight{backend=\"default\"}", 1);
    for n in 0..3 {
        origin.write_all(format!("hello {n}\0\n").as_bytes()).unwrap();
        assert_eq!(client.read_bytes(9).unwrap(), format!("hello {n}\0\n").as_bytes());
        client.send_raw(format!("\r\n\r\nyou {n}"));
        assert_eq!(read(&mut origin, 9), format!("\r\n\r\nyou {n}"));
    }
    // Who has said all may still be told something.
    client.stop_sending();
    assert_eq!(read_to_end(&mut origin), "");
    origin.write_all(b"the rest").unwrap();
    origin.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.read_to_end(), b"the rest");
    played.proxy.wait_for_metric("warp_backend_requests_in_flight{backend=\"default\"}", 0);
    played.proxy.wait_for_metric("warp_requests_in_flight", 0);
}

#[test]
fn the_origin_may_end_first() {
    let played = Played::start(PIPE);
    let (mut client, mut origin, _) = played.ask("GET /talk HTTP/1.1\r\nHost: a.test\r\n\r\n");
    origin.write_all(b"bye").unwrap();
    origin.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.read_to_end(), b"bye");
    client.send_raw("thanks");
    client.stop_sending();
    assert_eq!(read_to_end(&mut origin), "thanks");
}

#[test]
fn the_head_is_as_the_policy_left_it() {
    let policy = "sub recv { set req.http.X-Recv = \"1\"; return (pipe); }
        sub pipe {
            set bereq.url = \"/other\";
            set bereq.http.X-Pipe = req.url + \" \" + req.hash;
            unset bereq.http.X-Secret;
        }";
    let played = Played::start(policy);
    let request = "GET /talk HTTP/1.1\r\nHost: a.test\r\nX-Secret: 1\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTE: x\r\n\r\n";
    let (_client, _origin, head) = played.ask(request);
    assert!(head.starts_with("GET /other HTTP/1.1\r\n"), "{head}");
    let lower = head.to_lowercase();
    for field in ["host: a.test", "x-recv: 1", "x-pipe: /talk ", "x-forwarded-for: 127.0.0.1", "via: 1.1 warp"] {
        assert!(lower.contains(&format!("\r\n{field}")), "{field}: {head}");
    }
    for field in ["x-secret", "x-hop", "te:", "keep-alive"] {
        assert!(!lower.contains(&format!("\r\n{field}")), "{field}: {head}");
    }
    assert_eq!(lower.matches("\r\nconnection: close\r\n").count(), 1, "{head}");
}

#[test]
fn what_came_with_the_head_goes_first_and_as_it_came() {
    let played = Played::start(PIPE);
    let body = "3;x=y\r\nabc\r\n0\r\n\r\nGET /next HTTP/1.1\r\n\0";
    let (mut client, mut origin, head) =
        played.ask(&format!("POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
    assert!(head.to_lowercase().contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
    assert_eq!(read(&mut origin, body.len()), body);
    client.send_raw("more");
    assert_eq!(read(&mut origin, 4), "more");
    let (_client, mut origin, head) = played.ask("POST /a HTTP/1.0\r\nContent-Length: 5\r\n\r\nab");
    assert!(head.starts_with("POST /a HTTP/1.0\r\n") && head.to_lowercase().contains("\r\ncontent-length: 5\r\n"));
    assert_eq!(read(&mut origin, 2), "ab");
}

#[test]
fn content_that_was_read_is_sent_if_it_was_kept() {
    let played = Played::start("sub recv { std.cache_req_body(1KB); return (pipe); }");
    let request = "POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let (mut client, mut origin, head) = played.ask(request);
    let head = head.to_lowercase();
    assert!(head.contains("\r\ncontent-length: 3\r\n") && !head.contains("transfer-encoding"), "{head}");
    assert_eq!(read(&mut origin, 3), "abc");
    client.send_raw("behind");
    assert_eq!(read(&mut origin, 6), "behind");
}

#[test]
fn rfc9110_7_8_an_upgrade_is_asked_for_where_the_client_asks() {
    let played = Played::start(PIPE);
    let request = "GET /socket HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let (mut client, mut origin, head) = played.ask(request);
    let head = head.to_lowercase();
    assert!(head.contains("\r\nupgrade: websocket\r\n") && head.contains("\r\nconnection: upgrade\r\n"), "{head}");
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    origin.write_all(format!("{answer}first").as_bytes()).unwrap();
    assert_eq!(client.read_bytes(answer.len() + 5).unwrap(), format!("{answer}first").as_bytes());
    client.send_raw("ping");
    assert_eq!(read(&mut origin, 4), "ping");
}

#[test]
fn a_pipe_is_one_request_for_the_metrics_and_the_log() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let policy = format!("warp 1; backend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; }}\n{PIPE}");
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("access.log");
    let proxy = Proxy::start_with(&policy, &["--access-log", log.to_str().unwrap(), "--log-format", "json"]);
    let mut client = proxy.client();
    client.send_raw("GET /talk HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let (mut origin, _) = listener.accept().unwrap();
    origin.write_all(b"HTTP/1.1 203 Fine\r\n\r\nbody").unwrap();
    assert_eq!(client.read_bytes(25).unwrap().len(), 25);
    drop(origin);
    drop(client);
    proxy.wait_for_metric("warp_requests_total{outcome=\"pipe\",reason=\"policy\"}", 1);
    proxy.wait_for_metric("warp_requests_in_flight", 0);
    let line = crate::support::until("a line of the log", || {
        fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n'))
    });
    let record: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&record["status"], &record["bytes"], &record["outcome"]), (&203.into(), &25.into(), &"pipe".into()));
    assert_eq!((&record["backend"], &record["url"]), (&"default".into(), &"/talk".into()));
    assert_eq!(proxy.metric("warp_origin_requests_total{backend=\"default\",result=\"ok\"}"), 1);
}

#[test]
fn a_backend_that_cannot_be_reached_is_answered_for() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let policy = format!("warp 1; backend default {{ .host = \"127.0.0.1\"; .port = \"{free}\"; }}\n{PIPE}");
    let proxy = Proxy::start(&format!("{policy} sub synth {{ set resp.http.X-Synth = resp.status; }}"));
    let page = proxy.get("/talk");
    assert_eq!((page.status, page.header("X-Synth")), (503, Some("503")));
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"connect\"}", 1);
    assert_eq!(proxy.metric("warp_origin_requests_total{backend=\"default\",result=\"connect\"}"), 1);
}

#[test]
fn the_policy_may_answer_in_the_place_of_a_pipe() {
    let origin = Origin::start();
    let policy =
        "sub recv { return (pipe); } sub pipe { if (req.url == \"/no\") { return (synth(403)); } return (fail); }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    assert_eq!([client.get("/no").send().status, client.get("/fail").send().status], [403, 503]);
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn a_pipe_in_which_nobody_says_anything_is_ended() {
    let played = Played::with(PIPE, ".between_bytes_timeout = 100ms;");
    let (mut client, mut origin, _) = played.ask("GET /talk HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!((client.read_to_end().as_slice(), read_to_end(&mut origin).as_str()), (&b""[..], ""));
}

#[test]
fn the_policy_says_how_long_a_pipe_may_last() {
    let played = Played::start(&format!("{PIPE} sub pipe {{ set bereq.task_deadline = 100ms; }}"));
    let (mut client, mut origin, _) = played.ask("GET /talk HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!((client.read_to_end().as_slice(), read_to_end(&mut origin).as_str()), (&b""[..], ""));
}

#[test]
fn a_pipe_takes_a_place_among_those_who_ask_the_backend() {
    let played = Played::with(PIPE, ".max_connections = 1;");
    let (client, origin, _) = played.ask("GET /talk HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(played.proxy.get("/talk").status, 503);
    drop((client, origin));
    played.proxy.wait_for_metric("warp_backend_requests_in_flight{backend=\"default\"}", 0);
    played.ask("GET /talk HTTP/1.1\r\nHost: a.test\r\n\r\n");
}

#[test]
fn a_backend_is_reached_as_for_other_requests() {
    let origin = Origin::start();
    let large = "x".repeat(8 << 20);
    origin.on("/page", Answer::ok(large.clone()));
    let (authority, dir) = (Authority::new(), tempfile::tempdir().unwrap());
    let path = dir.path().join("origin.sock");
    let _socket = Relay::on_socket(&origin, &path);
    let tls = Relay::tls(&origin, &authority.certify("inner.test"), None);
    let greeted = Relay::greeted(&origin, |bytes| bytes.starts_with(b"PROXY TCP4 ") && bytes.ends_with(b"\r\n"));
    let (tls, greeted) = (tls.port(), greeted.port());
    for attributes in [
        format!(".path = \"{}\";", path.display()),
        format!(".host = \"127.0.0.1\"; .port = \"{tls}\"; .tls = true; .sni = \"inner.test\"; .verify = false;"),
        format!(".host = \"127.0.0.1\"; .port = \"{greeted}\"; .proxy_header = 1;"),
    ] {
        let proxy = Proxy::start(&format!("warp 1; backend default {{ {attributes} }}\n{PIPE}"));
        let page = proxy.get("/page");
        assert!(page.status == 200 && page.text() == large, "{attributes}: {}", page.status);
    }
}

#[test]
fn who_begins_again_may_be_piped() {
    let played = Played::start(
        "sub recv { if (req.restarts == 1) { return (pipe); } return (synth(200)); } sub synth { return (restart); }",
    );
    let (_client, mut origin, head) =
        played.ask("POST /talk HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc and more");
    assert!(head.starts_with("POST /talk HTTP/1.1\r\n"));
    assert_eq!(read(&mut origin, 12), "abc and more");
}
