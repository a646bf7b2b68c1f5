//! What probes try and expect.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::policy;
use crate::support::{Answer, Authority, Origin, Proxy, Relay, until};

/// A backend on that port whose one probe decides.
fn probed(port: u16, attributes: &str) -> Proxy {
    let probe = format!(".probe = {{ .interval = 20ms; .window = 1; .threshold = 1; .initial = 0; {attributes} }};");
    Proxy::start(&policy(port, &probe))
}

/// Waits until the last probe failed; gives the reason.
fn failure(proxy: &Proxy) -> String {
    until("a probe to fail", || proxy.status()["backends"][0]["probe"]["last_error"].as_str().map(str::to_owned))
}

#[test]
fn a_request_may_be_written_out() {
    let origin = Origin::start();
    origin.on("/health", Answer::ok("fine"));
    let lines = r#"["HEAD /health?deep HTTP/1.1", "Host: inner.test", "X-Probe: yes", "Connection: close"]"#;
    let proxy = probed(origin.address().port(), &format!(".request = {lines};"));
    proxy.wait_for_backends();
    let asked = origin.wait_for(1);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("HEAD", "/health?deep"));
    assert_eq!((asked.header("Host"), asked.header("X-Probe")), (Some("inner.test"), Some("yes")));
    assert_eq!(asked.header("User-Agent"), None, "nothing is added");
    assert_eq!(proxy.status()["backends"][0]["probe"]["url"], "/health?deep");
}

#[test]
fn several_statuses_may_be_expected() {
    let origin = Origin::start();
    let proxy = probed(origin.address().port(), ".expected_response = [200..204, 404];");
    for (status, error) in [
        (503, Some("status 503 where 200..204, 404 is expected")),
        (204, None),
        (205, Some("status 205 where 200..204, 404 is expected")),
        (404, None),
    ] {
        origin.on("/", Answer::status(status));
        until(&format!("a probe to get {status}"), || {
            let probe = &proxy.status()["backends"][0]["probe"];
            (probe["last_status"] == status && probe["last_error"].as_str() == error).then_some(())
        });
    }
}

#[test]
fn the_connection_has_to_be_closed_unless_the_probe_says_otherwise() {
    let origin = Origin::start();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    origin.on("/", Answer::raw(answer).silent_after(answer.len()));
    let port = origin.address().port();
    let waits = probed(port, ".timeout = 50ms;");
    assert_eq!(failure(&waits), "the connection was not closed in time after the answer");
    assert_eq!(waits.get("/page").status, 503);
    probed(port, ".expect_close = false;").wait_for_backends();
}

#[test]
fn of_an_answer_without_end_only_the_beginning_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let closed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&closed);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = &b"HTTP/1.1 200 OK\r\n\r\n"[..];
            while stream.write_all(bytes).is_ok() {
                bytes = &[b'x'; 8_192];
            }
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    // The end of its time is far away.
    let proxy = probed(port, ".timeout = 1h;");
    proxy.wait_for_backends();
    until("the connection to be closed", || (closed.load(Ordering::Relaxed) > 0).then_some(()));
    assert!(proxy.status()["backends"][0]["probe"]["last_error"].is_null());
}

#[test]
fn a_probe_may_only_connect() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = probed(port, ".kind = tcp;");
    proxy.wait_for_backends();
    let probe = &proxy.status()["backends"][0]["probe"];
    assert_eq!(
        (probe["kind"].as_str(), probe["url"].as_str(), probe["last_status"].as_u64()),
        (Some("tcp"), None, None)
    );
    drop(listener);
    assert!(failure(&proxy).starts_with("no connection: "));
}

#[test]
fn a_probe_may_only_agree_on_keys() {
    let (origin, authority) = (Origin::start(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("inner.test"), None);
    let probe = ".probe = { .kind = tls; .interval = 20ms; .window = 1; .threshold = 1; .initial = 0; };";
    let with = |name: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), authority.pem()).unwrap();
        let tls = format!(".tls = true; .sni = \"{name}\"; .ca_file = \"ca.pem\"; {probe}");
        std::fs::write(dir.path().join("policy.warp"), policy(relay.port(), &tls)).unwrap();
        Proxy::start_in(dir, "policy.warp", &[])
    };
    with("inner.test").wait_for_backends();
    assert_eq!(origin.requests().len(), 0, "nothing is asked");
    assert!(failure(&with("other.test")).starts_with("no connection by TLS: "));
}

#[test]
fn a_change_of_health_is_told() {
    let origin = Origin::start();
    origin.on("/", Answer::status(200));
    let proxy = probed(origin.address().port(), "");
    proxy.wait_for_backends();
    let since = proxy.status()["backends"][0]["probe"]["changed_at_unix_ms"].as_u64().unwrap();
    proxy.wait_for_metric("warp_backend_healthy{backend=\"default\"}", 1);
    origin.on("/", Answer::status(500));
    proxy.wait_for_metric("warp_backend_healthy{backend=\"default\"}", 0);
    until("the log to tell", || {
        let log = proxy.log();
        (log.contains("the backend is healthy") && log.contains("the backend is sick")).then_some(())
    });
    assert!(proxy.metric("warp_backend_probes_total{backend=\"default\",result=\"ok\"}") > 0);
    assert!(proxy.metric("warp_backend_probes_total{backend=\"default\",result=\"failed\"}") > 0);
    let changed = proxy.status()["backends"][0]["probe"]["changed_at_unix_ms"].as_u64().unwrap();
    assert!(changed >= since, "{changed} {since}");
    let (told, _) = proxy.warp_status();
    assert!(told.contains(", sick (0 of 1 probe good, last change "), "{told}");
    assert!(told.contains("status 500 where 200 is expected"), "{told}");
}

#[test]
fn a_default_probe_is_for_every_backend_without_one() {
    let (well, ill) = (Origin::start(), Origin::start());
    well.on("/health", Answer::status(200));
    ill.on("/health", Answer::status(500));
    let backend = |name: &str, origin: &Origin| {
        format!("backend {name} {{ .host = \"127.0.0.1\"; .port = {}; }}\n", origin.address().port())
    };
    let proxy = Proxy::start(&format!(
        "warp 1;
        probe default {{ .url = \"/health\"; .interval = 20ms; .window = 1; .threshold = 1; }}
        {}{}director default = fallback {{ ill; well; }}",
        backend("well", &well),
        backend("ill", &ill)
    ));
    well.on("/page", Answer::ok("well").header("Cache-Control", "no-store"));
    ill.on("/page", Answer::ok("ill").header("Cache-Control", "no-store"));
    let healthy = |at: usize| proxy.status()["backends"][at]["healthy"] == true;
    until("the probes to tell", || (healthy(0) && !healthy(1)).then_some(()));
    assert_eq!(proxy.get("/page").text(), "well");
}
