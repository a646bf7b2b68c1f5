//! Backends by TLS that mean harm, or are somebody else: they get no request, and hold nothing up.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::support::{Answer, Authority, Origin, Proxy, Relay};

fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "no-store"));
    origin
}

/// A proxy with this policy, and these files beside it.
fn start(policy: &str, files: &[(&str, &str)]) -> Proxy {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    fs::write(dir.path().join("policy.warp"), policy).unwrap();
    Proxy::start_in(dir, "policy.warp", &[])
}

fn backend(name: &str, port: u16, attributes: &str) -> String {
    format!("backend {name} {{ .host = \"127.0.0.1\"; .port = {port}; .tls = true; {attributes} }}\n")
}

/// A policy of these backends, which are chosen by `?NAME`.
fn chosen(backends: &str, names: &[&str]) -> String {
    let choices =
        names.iter().map(|name| format!("if (req.query has \"{name}\") {{ set req.backend_hint = {name}; }}"));
    format!("warp 1;\n{backends}sub recv {{ {} }}\n", choices.collect::<Vec<_>>().join(" "))
}

#[test]
fn a_certificate_counts_only_in_its_time() {
    let (origin, authority) = (origin(), Authority::new());
    for (case, from, to) in [("past", 2001, 2002), ("to come", 2999, 3000)] {
        let relay = Relay::tls(&origin, &authority.certify_from_to("inner.test", from, to), None);
        let backends = backend("strict", relay.port(), ".sni = \"inner.test\"; .ca_file = \"ca.pem\";")
            + &backend("lax", relay.port(), ".sni = \"inner.test\"; .verify = false;");
        let proxy = start(&chosen(&backends, &["strict", "lax"]), &[("ca.pem", &authority.pem())]);
        assert_eq!(proxy.get("/page?strict").status, 503, "{case}");
        assert_eq!(relay.seen().len(), 0, "{case}");
        assert_eq!(proxy.get("/page?lax").status, 200, "{case}");
    }
}

#[test]
fn rfc9525_6_3_a_wildcard_stands_for_one_label() {
    let (origin, authority) = (origin(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("*.inner.test"), None);
    for (name, status) in [("a.inner.test", 200), ("inner.test", 503), ("a.b.inner.test", 503)] {
        let tls = format!(".sni = \"{name}\"; .ca_file = \"ca.pem\";");
        let policy = format!("warp 1;\n{}", backend("default", relay.port(), &tls));
        assert_eq!(start(&policy, &[("ca.pem", &authority.pem())]).get("/page").status, status, "{name}");
    }
}

/// Whoever is trusted less leaves no connection for one who is to be trusted more.
#[test]
fn a_kept_connection_is_for_backends_of_the_same_tls_alone() {
    let (origin, authority, stranger, clients) = (origin(), Authority::new(), Authority::new(), Authority::new());
    let relay = Relay::tls(&origin, &stranger.certify("inner.test"), None);
    let own = clients.certify("warp.test");
    let with_own = ".sni = \"inner.test\"; .verify = false; .cert_file = \"warp.pem\"; .key_file = \"warp.key\";";
    let cases = [
        ("lax", ".sni = \"inner.test\"; .verify = false;", 200),
        ("strict", ".sni = \"inner.test\"; .ca_file = \"ca.pem\";", 503),
        ("system", ".sni = \"inner.test\";", 503),
        ("stranger", ".sni = \"inner.test\"; .ca_file = \"stranger.pem\";", 200),
        ("other", ".sni = \"other.test\"; .verify = false;", 200),
        ("known", with_own, 200),
    ];
    let backends: String = cases.iter().map(|(name, tls, _)| backend(name, relay.port(), tls)).collect();
    let files = [
        ("ca.pem", authority.pem()),
        ("stranger.pem", stranger.pem()),
        ("warp.pem", own.certificate),
        ("warp.key", own.key),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let proxy = start(&chosen(&backends, &cases.map(|(name, ..)| name)), &files);
    for _ in 0..2 {
        for (name, _, status) in cases {
            assert_eq!(proxy.get(&format!("/page?{name}")).status, status, "{name}");
        }
    }
    // One for each that was let in, used again the second time.
    assert_eq!(relay.seen().len(), 4, "{:?}", relay.seen());
}

#[test]
fn a_reload_that_trusts_less_uses_no_connection_of_before() {
    let (origin, authority) = (origin(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("other.test"), None);
    let policy =
        |tls: &str| format!("warp 1;\n{}", backend("default", relay.port(), &format!(".sni = \"inner.test\"; {tls}")));
    let proxy = start(&policy(".verify = false;"), &[("ca.pem", &authority.pem())]);
    assert_eq!(proxy.get("/page").status, 200);
    proxy.write_policy(policy(".ca_file = \"ca.pem\";"));
    proxy.wait_for_reload("ok");
    assert_eq!(proxy.get("/page").status, 503);
    assert_eq!(origin.requests().len(), 1);
}

/// Answers each connection with these bytes when it has said something, and closes it; how many there were.
fn answering(bytes: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            counted.fetch_add(1, SeqCst);
            let mut hello = [0; 4096];
            // A connection that fails has its end: the test sees it at the other side.
            let _ = stream.read(&mut hello).and_then(|_| stream.write_all(bytes));
        }
    });
    (port, count)
}

/// More than a handshake may be.
static ENDLESS: [u8; 1 << 20] = [0x16; 1 << 20];

#[test]
fn a_handshake_that_goes_wrong_is_one_failure_at_once() {
    // A fatal alert (RFC 8446 section 6), and a ServerHello that is none.
    let alert: &[u8] = b"\x15\x03\x03\x00\x02\x02\x28";
    let nonsense: &[u8] = b"\x16\x03\x03\x00\x04\x02\x00\x00\x00";
    let plain: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    for (case, bytes) in
        [("nothing", &b""[..]), ("an alert", alert), ("nonsense", nonsense), ("HTTP", plain), ("much", &ENDLESS)]
    {
        let (port, count) = answering(bytes);
        let proxy = start(&format!("warp 1;\n{}", backend("default", port, ".verify = false;")), &[]);
        let began = Instant::now();
        let page = proxy.get("/page");
        assert_eq!((page.status, page.text().contains("forged")), (503, false), "{case}");
        assert!(began.elapsed() < Duration::from_secs(5), "{case}");
        proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"connect\"}", 1);
        assert_eq!(count.load(SeqCst), 1, "{case}");
    }
}

/// The proxy in between passes bytes on, and whoever it is has none of them but by TLS.
#[test]
fn a_proxy_in_between_cannot_speak_for_the_backend() {
    let (origin, authority, stranger) = (origin(), Authority::new(), Authority::new());
    let behind = |port: u16| {
        format!(
            "warp 1;
            backend default {{ .host = \"192.0.2.7\"; .port = 443; .tls = true; .sni = \"inner.test\"; .ca_file = \"ca.pem\"; .via = between; }}
            backend between {{ .host = \"127.0.0.1\"; .port = {port}; }}"
        )
    };
    let files = [("ca.pem", authority.pem())];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let good = Relay::greeted_tls(&origin, &authority.certify("inner.test"));
    assert_eq!(start(&behind(good.port()), &files).get("/page").text(), "hello");
    for (case, certificate) in
        [("another name", authority.certify("between.test")), ("a stranger's word", stranger.certify("inner.test"))]
    {
        let relay = Relay::greeted_tls(&origin, &certificate);
        assert_eq!(start(&behind(relay.port()), &files).get("/page").status, 503, "{case}");
        assert_eq!(relay.seen().len(), 0, "{case}");
    }
    let (port, _) = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
    let page = start(&behind(port), &files).get("/page");
    assert_eq!((page.status, page.text().contains("forged")), (503, false));
}
