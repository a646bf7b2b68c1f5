//! Backends that are spoken to by TLS.

use std::fs;
use std::io::{Read as _, Write as _};

use crate::support::{Answer, Authority, Certificate, Origin, Proxy, Relay};

fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "no-store"));
    origin
}

/// A proxy with these files beside its policy, which has a backend on that port.
fn proxy(port: u16, attributes: &str, files: &[(&str, &str)]) -> Proxy {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    fs::write(dir.path().join("policy.warp"), super::policy(port, attributes)).unwrap();
    Proxy::start_in(dir, "policy.warp", &[])
}

#[test]
fn a_backend_that_proves_its_name_is_asked() {
    let (origin, authority) = (origin(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("inner.test"), None);
    let tls = ".tls = true; .sni = \"inner.test\"; .ca_file = \"ca.pem\";";
    let proxy = proxy(relay.port(), tls, &[("ca.pem", &authority.pem())]);
    let mut client = proxy.client();
    for _ in 0..3 {
        assert_eq!(client.get("/page").send().text(), "hello");
    }
    let seen = relay.seen();
    assert_eq!(seen.len(), 1, "the connection is kept");
    assert_eq!((seen[0].server_name.as_deref(), seen[0].has_client_certificate), (Some("inner.test"), false));
}

#[test]
fn rfc7301_3_1_the_protocol_that_is_offered_is_the_one_that_is_spoken() {
    let (origin, authority) = (origin(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("inner.test"), None);
    let proxy = proxy(relay.port(), ".tls = true; .sni = \"inner.test\"; .verify = false;", &[]);
    assert_eq!(proxy.get("/page").text(), "hello");
    assert_eq!(relay.seen()[0].protocol.as_deref(), Some("http/1.1"));
}

/// RFC 9112 section 7.1: what comes is looked at on every kind of connection.
#[test]
fn a_chunk_without_a_size_does_not_end_a_body_by_tls_either() {
    let (origin, authority) = (origin(), Authority::new());
    let head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n";
    origin.on("/broken", Answer::raw(format!("{head}5\r\nhello\r\n\r\n\r\n")));
    origin.on("/whole", Answer::raw(format!("{head}5\r\nhello\r\n0\r\n\r\n")));
    let relay = Relay::tls(&origin, &authority.certify("inner.test"), None);
    for watched in ["", ".first_byte_timeout = 10s; .between_bytes_timeout = 5s;"] {
        let proxy = proxy(relay.port(), &format!(".tls = true; .verify = false; {watched}"), &[]);
        assert_eq!(proxy.get("/whole").text(), "hello", "{watched}");
        let broken = proxy.client().get("/broken").try_send();
        assert!(broken.as_ref().map_or(true, |page| page.status == 503), "{watched}: {broken:?}");
        proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"bad-response\"}", 1);
        assert_eq!(proxy.metric("warp_store_objects"), 1, "{watched}");
    }
}

#[test]
fn an_address_is_proved_as_well() {
    let (origin, authority) = (origin(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("127.0.0.1"), None);
    let proxy = proxy(relay.port(), ".tls = true; .ca_file = \"ca.pem\";", &[("ca.pem", &authority.pem())]);
    assert_eq!(proxy.get("/page").text(), "hello");
    assert_eq!(relay.seen()[0].server_name, None, "an address is not asked for");
}

#[test]
fn a_backend_that_cannot_prove_its_name_is_not_asked() {
    let (origin, authority, stranger) = (origin(), Authority::new(), Authority::new());
    let cases: [(&str, Certificate, &str); 3] = [
        ("another name", authority.certify("other.test"), ".ca_file = \"ca.pem\";"),
        ("a stranger's word", stranger.certify("inner.test"), ".ca_file = \"ca.pem\";"),
        ("nobody whom the system trusts", authority.certify("inner.test"), ""),
    ];
    for (case, certificate, ca) in cases {
        let relay = Relay::tls(&origin, &certificate, None);
        let tls = format!(".tls = true; .sni = \"inner.test\"; {ca}");
        let proxy = proxy(relay.port(), &tls, &[("ca.pem", &authority.pem())]);
        assert_eq!(proxy.get("/page").status, 503, "{case}");
        assert_eq!(origin.requests().len(), 0, "{case}");
    }
}

#[test]
fn without_verification_any_certificate_does() {
    let (origin, authority) = (origin(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("other.test"), None);
    let proxy = proxy(relay.port(), ".tls = true; .sni = \"inner.test\"; .verify = false;", &[]);
    assert_eq!(proxy.get("/page").text(), "hello");
    assert_eq!(relay.seen()[0].server_name.as_deref(), Some("inner.test"));
}

#[test]
fn warp_proves_itself_by_a_certificate_of_its_own() {
    let (origin, authority, clients) = (origin(), Authority::new(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("inner.test"), Some(&clients));
    let own = clients.certify("warp.test");
    let files = [("ca.pem", authority.pem()), ("warp.pem", own.certificate), ("warp.key", own.key)];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let tls = ".tls = true; .sni = \"inner.test\"; .ca_file = \"ca.pem\";";
    let with = format!("{tls} .cert_file = \"warp.pem\"; .key_file = \"warp.key\";");
    assert_eq!(proxy(relay.port(), &with, &files).get("/page").text(), "hello");
    assert!(relay.seen()[0].has_client_certificate);
    assert_eq!(proxy(relay.port(), tls, &files).get("/page").status, 503, "without one it is refused");
}

#[test]
fn a_probe_speaks_tls_as_well() {
    let (origin, authority) = (origin(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("inner.test"), None);
    let probe = ".probe = { .url = \"/page\"; .interval = 20ms; .threshold = 1; .initial = 0; };";
    let with = |name: &str| {
        let tls = format!(".tls = true; .sni = \"{name}\"; .ca_file = \"ca.pem\"; {probe}");
        proxy(relay.port(), &tls, &[("ca.pem", &authority.pem())])
    };
    with("inner.test").wait_for_backends();
    let sick = with("other.test");
    let error = crate::support::until("a probe to fail", || {
        sick.status()["backends"][0]["probe"]["last_error"].as_str().map(str::to_owned)
    });
    assert!(error.starts_with("no connection by TLS: "), "{error}");
}

#[test]
fn why_a_certificate_is_refused_is_said_in_words_and_what_to_do() {
    let (origin, authority, stranger) = (origin(), Authority::new(), Authority::new());
    let own = Authority::self_signed("inner.test", true);
    let cases: [(&Certificate, &str, &str); 4] = [
        (
            &authority.certify("other.test"),
            &authority.pem(),
            "is for another name: write a name that it is for as `.sni`",
        ),
        (
            &own,
            &own.certificate,
            "an authority's (CA:TRUE), and none of a server: make one with `basicConstraints=CA:FALSE`",
        ),
        (
            &stranger.certify("inner.test"),
            &authority.pem(),
            "was signed by another key than that of the authority of this name",
        ),
        (&authority.certify("inner.test"), "", "nobody vouches for the backend's certificate"),
    ];
    for (certificate, ca, says) in cases {
        let relay = Relay::tls(&origin, certificate, None);
        let probe = ".probe = { .url = \"/page\"; .interval = 20ms; .threshold = 1; .initial = 0; };";
        let file = if ca.is_empty() { "" } else { ".ca_file = \"ca.pem\";" };
        let tls = format!(".tls = true; .sni = \"inner.test\"; {file}");
        let probed = proxy(relay.port(), &format!("{tls} {probe}"), &[("ca.pem", ca)]);
        let error = crate::support::until("a probe to fail", || {
            probed.status()["backends"][0]["probe"]["last_error"].as_str().map(str::to_owned)
        });
        assert!(error.starts_with("no connection by TLS: ") && error.contains(says), "{error}");
        let asked = proxy(relay.port(), &tls, &[("ca.pem", ca)]);
        assert_eq!(asked.get("/page").status, 503, "{says}");
        crate::support::until("the log to tell", || asked.log().contains(says).then_some(()));
    }
}

#[test]
fn tls_spoken_to_a_plain_port_is_told_in_words() {
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    // As web servers answer what they cannot read.
    std::thread::spawn(move || {
        for mut client in plain.incoming().flatten() {
            let mut hello = [0; 4_096];
            let _ = client.read(&mut hello);
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    let probe = ".probe = { .url = \"/page\"; .interval = 20ms; .threshold = 1; .initial = 0; };";
    let says = "what answers at this port speaks no TLS";
    let probed = proxy(port, &format!(".tls = true; {probe}"), &[]);
    let error = crate::support::until("a probe to fail", || {
        probed.status()["backends"][0]["probe"]["last_error"].as_str().map(str::to_owned)
    });
    assert!(error.contains(says), "{error}");
    let asked = proxy(port, ".tls = true;", &[]);
    assert_eq!(asked.get("/page").status, 503);
    crate::support::until("the log to tell", || asked.log().contains(says).then_some(()));
}

#[test]
fn a_plain_request_to_a_port_of_tls_is_told_in_words() {
    let tls = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tls.local_addr().unwrap().port();
    // The alert with which a TLS server answers what is no hello.
    std::thread::spawn(move || {
        for mut client in tls.incoming().flatten() {
            let mut request = [0; 4_096];
            let _ = client.read(&mut request);
            let _ = client.write_all(b"\x15\x03\x01\x00\x02\x02\x46");
        }
    });
    let asked = proxy(port, "", &[]);
    assert_eq!(asked.get("/page").status, 503);
    crate::support::until("the log to tell", || asked.log().contains("speaks TLS: write `.tls = true`").then_some(()));
}

#[test]
fn a_certificate_that_is_signed_by_itself_is_proved_if_it_is_a_servers() {
    let (origin, own) = (origin(), Authority::self_signed("inner.test", false));
    let relay = Relay::tls(&origin, &own, None);
    let tls = ".tls = true; .sni = \"inner.test\"; .ca_file = \"own.pem\";";
    let proxy = proxy(relay.port(), tls, &[("own.pem", &own.certificate)]);
    assert_eq!(proxy.get("/page").text(), "hello");
}

#[test]
fn timeouts_hold_for_tls_too() {
    let (origin, authority, gate) = (origin(), Authority::new(), crate::support::Gate::new());
    origin.on("/slow", Answer::ok("slow").behind(&gate));
    let relay = Relay::tls(&origin, &authority.certify("inner.test"), None);
    let tls = ".tls = true; .sni = \"inner.test\"; .verify = false; .first_byte_timeout = 50ms;";
    let proxy = proxy(relay.port(), tls, &[]);
    assert_eq!(proxy.get("/page").text(), "hello");
    assert_eq!(proxy.get("/slow").status, 503);
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"timeout\"}", 1);
}

#[test]
fn a_backend_without_tls_where_it_is_spoken_is_down() {
    let origin = origin();
    let proxy = proxy(origin.address().port(), ".tls = true; .verify = false;", &[]);
    assert_eq!(proxy.get("/page").status, 503);
}

#[test]
fn the_time_for_connecting_includes_tls() {
    // The system accepts the connection; nobody ever answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let proxy = proxy(port, ".tls = true; .verify = false; .connect_timeout = 50ms;", &[]);
    let began = std::time::Instant::now();
    assert_eq!(proxy.get("/page").status, 503);
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"connect\"}", 1);
}

#[test]
fn a_certificate_that_changes_reloads_the_policy() {
    let (origin, old, new) = (origin(), Authority::new(), Authority::new());
    let relay = Relay::tls(&origin, &new.certify("inner.test"), None);
    let tls = ".tls = true; .sni = \"inner.test\"; .ca_file = \"ca.pem\";";
    let proxy = proxy(relay.port(), tls, &[("ca.pem", &old.pem())]);
    assert_eq!(proxy.get("/page").status, 503);
    proxy.change(|dir| fs::write(dir.join("ca.pem"), new.pem()).unwrap());
    proxy.wait_for_reload("ok");
    assert_eq!(proxy.get("/page").text(), "hello");
}

#[test]
fn a_file_that_is_no_certificate_keeps_the_old_policy() {
    let (origin, authority) = (origin(), Authority::new());
    let relay = Relay::tls(&origin, &authority.certify("inner.test"), None);
    let (one, other) = (authority.certify("a.test"), authority.certify("b.test"));
    let tls =
        ".tls = true; .sni = \"inner.test\"; .ca_file = \"ca.pem\"; .cert_file = \"a.pem\"; .key_file = \"a.key\";";
    let files = [("ca.pem", authority.pem()), ("a.pem", one.certificate), ("a.key", one.key.clone())];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let proxy = proxy(relay.port(), tls, &files);
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (file, text, says) in [
        ("ca.pem", broken, "a certificate cannot be read"),
        ("ca.pem", "nothing", "the file holds no certificate"),
        ("a.key", other.key.as_str(), "the key does not go with the certificate"),
    ] {
        let before = fs::read_to_string(proxy.dir().join(file)).unwrap();
        proxy.change(|dir| fs::write(dir.join(file), text).unwrap());
        let report = proxy.wait_for_reload("rejected");
        let diagnostics = report["last_reload"]["diagnostics"].as_str().unwrap();
        assert!(diagnostics.contains("E0664") && diagnostics.contains(says), "{diagnostics}");
        assert!(!diagnostics.contains("PRIVATE KEY"), "{diagnostics}");
        assert_eq!(proxy.get("/page").text(), "hello");
        proxy.change(|dir| fs::write(dir.join(file), &before).unwrap());
        proxy.wait_for_reload("unchanged");
    }
}
