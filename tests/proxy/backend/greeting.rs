//! What opens a connection to a backend.

use std::net::SocketAddr;

use super::policy;
use crate::support::{Answer, Origin, Proxy, Relay, until};

fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "no-store"));
    origin.on("/kept", Answer::ok("kept").header("Cache-Control", "max-age=0, stale-while-revalidate=60"));
    origin
}

fn is_line(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\r\n")
}

/// Whether the header of version 2 is whole.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.get(14..16).is_some_and(|length| bytes.len() == 16 + usize::from(u16::from_be_bytes([length[0], length[1]])))
}

fn greetings(relay: &Relay) -> Vec<Vec<u8>> {
    relay.seen().into_iter().map(|seen| seen.greeting).collect()
}

#[test]
fn the_proxy_protocol_tells_the_clients_address() {
    let origin = origin();
    let relay = Relay::greeted(&origin, is_line);
    let proxy = Proxy::start(&policy(relay.port(), ".proxy_header = 1;"));
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().text(), "hello");
    let greeting = String::from_utf8(greetings(&relay).remove(0)).unwrap();
    let words: Vec<&str> = greeting.trim_end().split(' ').collect();
    let [_, _, from, to, from_port, to_port] = words[..] else { panic!("{greeting}") };
    assert_eq!((words[0], words[1], from, to), ("PROXY", "TCP4", "127.0.0.1", "127.0.0.1"));
    assert_eq!(from_port, client.local_addr().port().to_string());
    assert_eq!(to_port, proxy.address().port().to_string());
}

#[test]
fn each_client_has_connections_of_its_own_then() {
    let origin = origin();
    let relay = Relay::greeted(&origin, is_line);
    let proxy = Proxy::start(&policy(relay.port(), ".proxy_header = 1;"));
    let (mut one, mut other) = (proxy.client(), proxy.client());
    for client in [&mut one, &mut other] {
        for _ in 0..2 {
            assert_eq!(client.get("/page").send().text(), "hello");
        }
    }
    let found = greetings(&relay);
    assert_eq!(found.len(), 2, "a client's own connection is used again: {found:?}");
    assert_ne!(found[0], found[1]);
}

#[test]
fn version_2_is_binary() {
    let origin = origin();
    let relay = Relay::greeted(&origin, is_binary);
    let proxy = Proxy::start(&policy(relay.port(), ".proxy_header = 2;"));
    let mut client = proxy.client();
    assert_eq!(client.get("/page").send().text(), "hello");
    let greeting = greetings(&relay).remove(0);
    assert_eq!(greeting[12..16], [0x21, 0x11, 0, 12]);
    let SocketAddr::V4(from) = client.local_addr() else { panic!() };
    assert_eq!(greeting[16..20], from.ip().octets());
    assert_eq!(greeting[24..26], from.port().to_be_bytes());
}

#[test]
fn a_probe_asks_on_nobodys_behalf() {
    let origin = origin();
    let relay = Relay::greeted(&origin, is_line);
    let probe = ".proxy_header = 1; .probe = { .url = \"/page\"; .interval = 20ms; .threshold = 1; .initial = 0; };";
    let proxy = Proxy::start(&policy(relay.port(), probe));
    proxy.wait_for_backends();
    assert_eq!(greetings(&relay)[0], b"PROXY UNKNOWN\r\n");
}

#[test]
fn a_fetch_in_the_background_is_greeted_too() {
    let origin = origin();
    let relay = Relay::greeted(&origin, is_line);
    let proxy = Proxy::start(&policy(relay.port(), ".proxy_header = 1;"));
    proxy.get("/kept");
    until("the response to be stale", || {
        proxy.get("/kept");
        (origin.requests_to("/kept").len() > 1).then_some(())
    });
    assert!(greetings(&relay).iter().all(|greeting| greeting.starts_with(b"PROXY ")), "{:?}", greetings(&relay));
}

#[test]
fn a_preamble_comes_first() {
    let origin = origin();
    let relay = Relay::greeted(&origin, |bytes| bytes.len() == 5);
    let proxy = Proxy::start(&policy(relay.port(), ".preamble = \"aGVsbG8=\";"));
    let mut client = proxy.client();
    for _ in 0..2 {
        assert_eq!(client.get("/page").send().text(), "hello");
    }
    assert_eq!(greetings(&relay), [b"hello"], "the connection is kept");
}

#[test]
fn backends_whose_preambles_differ_share_no_connection() {
    let origin = origin();
    let relay = Relay::greeted(&origin, |bytes| bytes.len() == 5);
    let backend = |name: &str, preamble: &str| {
        let port = relay.port();
        format!("backend {name} {{ .host = \"127.0.0.1\"; .port = {port}; .preamble = \"{preamble}\"; }}\n")
    };
    let backends = backend("one", "aGVsbG8=") + &backend("two", "d29ybGQ=");
    let proxy = Proxy::start(&format!(
        "warp 1;\n{backends}sub recv {{ if (req.query has \"two\") {{ set req.backend_hint = two; }} }}"
    ));
    let mut client = proxy.client();
    for target in ["/page", "/page?two", "/page", "/page?two"] {
        assert_eq!(client.get(target).send().text(), "hello");
    }
    assert_eq!(greetings(&relay), [b"hello", b"world"]);
}

#[test]
fn a_proxy_in_between_is_told_where_to_connect_to() {
    let origin = origin();
    let relay = Relay::greeted(&origin, is_binary);
    let proxy = Proxy::start(&format!(
        "warp 1;
        backend default {{ .host = \"192.0.2.7\"; .port = 8443; .host_header = \"inner.test\"; .via = proxy; }}
        backend proxy {{ .host = \"127.0.0.1\"; .port = {}; }}",
        relay.port()
    ));
    assert_eq!(proxy.get("/page").text(), "hello");
    let greeting = greetings(&relay).remove(0);
    assert_eq!(greeting[20..24], [192, 0, 2, 7], "the address to connect to");
    assert_eq!(greeting[26..28], 8443_u16.to_be_bytes());
    assert_eq!(&greeting[28..], b"\x02\0\x0ainner.test");
}
