//! Backends on Unix sockets.

use std::path::Path;

use crate::support::{Answer, Origin, Proxy, Relay, until};

fn policy(path: &Path, attributes: &str) -> String {
    format!("warp 1;\nbackend default {{ .path = \"{}\"; {attributes} }}\n", path.display())
}

#[test]
fn a_backend_listens_on_a_unix_socket() {
    let (origin, dir) = (Origin::start(), tempfile::tempdir().unwrap());
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "no-store"));
    let path = dir.path().join("app.sock");
    let relay = Relay::on_socket(&origin, &path);
    let proxy = Proxy::start(&policy(&path, ""));
    let mut client = proxy.client();
    for _ in 0..3 {
        assert_eq!(client.get("/page").send().text(), "hello");
    }
    assert_eq!(relay.seen().len(), 1, "the connection is kept");
    let backend = &proxy.status()["backends"][0];
    assert_eq!(backend["address"], path.display().to_string());
}

#[test]
fn a_request_without_a_host_asks_a_socket_for_localhost() {
    let (origin, dir) = (Origin::start(), tempfile::tempdir().unwrap());
    let path = dir.path().join("app.sock");
    let _relay = Relay::on_socket(&origin, &path);
    let proxy = Proxy::start(&policy(&path, ""));
    let mut client = proxy.client();
    client.send_raw("GET /page HTTP/1.0\r\n\r\n");
    client.read_response("GET").unwrap();
    assert_eq!(origin.wait_for(1).header("Host"), Some("localhost"));
}

#[test]
fn a_socket_that_is_not_there_is_a_backend_that_is_down_until_it_is() {
    let (origin, dir) = (Origin::start(), tempfile::tempdir().unwrap());
    origin.on("/page", Answer::ok("hello"));
    let path = dir.path().join("app.sock");
    let proxy = Proxy::start(&policy(&path, ""));
    assert_eq!(proxy.get("/page").status, 503);
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"connect\"}", 1);
    let _relay = Relay::on_socket(&origin, &path);
    assert_eq!(proxy.get("/page").text(), "hello");
}

#[test]
fn a_socket_is_probed() {
    let (origin, dir) = (Origin::start(), tempfile::tempdir().unwrap());
    origin.on("/health", Answer::status(200));
    let path = dir.path().join("app.sock");
    let _relay = Relay::on_socket(&origin, &path);
    let probe = ".probe = { .url = \"/health\"; .interval = 20ms; .threshold = 1; .initial = 0; };";
    let proxy = Proxy::start(&policy(&path, probe));
    proxy.wait_for_backends();
    origin.on("/health", Answer::status(500));
    until("the backend to be sick", || (proxy.status()["backends"][0]["probe"]["good"] == 0).then_some(()));
}
