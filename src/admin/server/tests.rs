//! The admin listener over real sockets.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::*;

const DEADLINE: Duration = Duration::from_secs(10);

/// Tells fixed things.
struct Fixed;

impl StatusSource for Fixed {
    fn policy(&self) -> Value {
        json!({ "generation": 3 })
    }

    fn rules(&self) -> Value {
        json!([{ "step": "recv", "decided": 2 }])
    }

    fn store(&self) -> Value {
        json!({ "bytes": 5 })
    }

    fn backends(&self) -> Value {
        json!([{ "name": "web", "healthy": true }])
    }

    fn directors(&self) -> Value {
        json!([{ "name": "pool", "kind": "random" }])
    }

    fn listeners(&self) -> Value {
        json!(["127.0.0.1:8080"])
    }

    fn requests(&self) -> Value {
        json!({ "requests": 10 })
    }

    fn metrics(&self) -> String {
        "warp_requests_total 1\n".to_owned()
    }
}

fn start() -> RunningAdmin {
    AdminServer::bind("127.0.0.1:0".parse().unwrap()).unwrap().spawn(Arc::new(Fixed)).unwrap()
}

/// Sends `head` and gives back the whole answer.
fn ask(admin: &RunningAdmin, head: &str) -> String {
    let mut stream = TcpStream::connect(admin.local_addr()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(stream, "{head}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn get(admin: &RunningAdmin, path: &str) -> String {
    ask(admin, &format!("GET {path} HTTP/1.1\r\nHost: {}", admin.local_addr()))
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn health_is_ok() {
    let answer = get(&start(), "/healthz");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(body(&answer), "ok\n");
}

#[test]
fn status_is_all_that_the_source_tells() {
    let answer = get(&start(), "/status");
    assert!(answer.contains("content-type: application/json"), "{answer}");
    let mut status: Value = serde_json::from_str(body(&answer)).unwrap();
    assert!(status.as_object_mut().unwrap().remove("uptime_seconds").unwrap().is_u64());
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "policy": { "generation": 3 },
        "store": { "bytes": 5 },
        "backends": [{ "name": "web", "healthy": true }],
        "directors": [{ "name": "pool", "kind": "random" }],
        "listeners": ["127.0.0.1:8080"],
        "requests": { "requests": 10 },
    });
    assert_eq!(status, expected);
}

#[test]
fn metrics_are_plain_text() {
    let answer = get(&start(), "/metrics");
    assert!(answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{answer}");
    assert_eq!(body(&answer), "warp_requests_total 1\n");
}

#[test]
fn a_page_that_is_not_there_is_named() {
    let answer = get(&start(), "/stats");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert_eq!(body(&answer), r#"{"error":"no such page; there are /healthz, /status, /rules and /metrics"}"#);
}

#[test]
fn only_get_is_answered() {
    let admin = start();
    for method in ["POST", "HEAD", "DELETE", "OPTIONS", "PURGE"] {
        let answer = ask(&admin, &format!("{method} /status HTTP/1.1\r\nHost: localhost"));
        assert!(answer.starts_with("HTTP/1.1 405 "), "{method}: {answer}");
        assert!(answer.contains("allow: GET\r\n"), "{method}: {answer}");
    }
}

#[test]
fn a_host_that_someone_else_could_point_here_is_refused() {
    let admin = start();
    let status = |host: &str| ask(&admin, &format!("GET /status HTTP/1.1\r\n{host}"))[9..12].to_owned();
    for host in ["localhost", "LOCALHOST:9090", "127.0.0.1", "127.0.0.1:9090", "[::1]", "[::1]:9090", "192.0.2.1"] {
        assert_eq!(status(&format!("Host: {host}")), "200", "{host}");
    }
    for host in ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test:9090", "evil.test@localhost", "", "[::1"] {
        assert_ne!(status(&format!("Host: {host}")), "200", "{host}");
    }
    assert_eq!(status("Host: evil.test"), "403");
    assert_eq!(status("Host: localhost\r\nHost: evil.test"), "403");
    let absolute = ask(&admin, "GET http://evil.test/status HTTP/1.1\r\nHost: localhost");
    assert_eq!(&absolute[9..12], "403", "the target's authority comes before Host (RFC 9112 section 3.2.2)");
}

#[test]
fn an_address_that_others_reach_is_refused_with_what_to_write() {
    for address in ["0.0.0.0:9090", "192.0.2.1:9090", "[::]:9090"] {
        let error = AdminServer::bind(address.parse().unwrap()).unwrap_err();
        let expected = format!(
            "the admin listener answers without a password, so it must be on loopback: write 127.0.0.1:9090 \
             in place of {address}"
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_taken_port_is_an_error() {
    let first = AdminServer::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = AdminServer::bind(first.local_addr()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
}

#[test]
fn stopping_ends_the_thread_and_frees_the_port_though_a_client_holds_on() {
    let admin = start();
    let address = admin.local_addr();
    let mut half_a_request = TcpStream::connect(address).unwrap();
    half_a_request.write_all(b"GET /status HTTP/1.1\r\n").unwrap();
    let answer = get(&admin, "/healthz");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    admin.stop();
    assert!(TcpStream::connect(address).is_err());
}
