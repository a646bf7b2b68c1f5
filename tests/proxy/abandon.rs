//! Clients go away while what they asked for is fetched: the fetch may go on, but not any number of them, and nothing
//! is held for nobody.

use std::fs;

use crate::support::{Answer, Client, Gate, Origin, Proxy, until};

const NOW: &str = "warp_fetches_abandoned";
const ENDED: &str = "warp_fetches_abandoned_ended_total";

/// A page of these two words.
fn page() -> Answer {
    Answer::ok("hello world").header("Cache-Control", "max-age=60")
}

fn before(origin: &Origin, most_abandoned: &str) -> Proxy {
    Proxy::start_with(&format!("warp 1;\n{}", origin.backend()), &["--max-abandoned", most_abandoned])
}

/// Asks for so many pages, each of its own, and waits until the origin was asked for all.
fn ask_for_each(origin: &Origin, proxy: &Proxy, count: usize) -> Vec<Client> {
    let asked = origin.requests().len();
    let ask = |n| {
        let mut client = proxy.client();
        client.get(&format!("/page{n}")).send_only();
        client
    };
    let clients = (0..count).map(ask).collect();
    origin.wait_for(asked + count);
    clients
}

/// An origin of so many pages, which come behind these gates: their heads, and their second words.
fn slow_origin(count: usize, head: &Gate, rest: &Gate) -> Origin {
    let origin = Origin::start();
    for n in 0..count {
        origin.on(&format!("/page{n}"), page().behind(head).body_behind(6, rest));
    }
    origin
}

fn open_files(proxy: &Proxy) -> usize {
    fs::read_dir(format!("/proc/{}/fd", proxy.pid())).unwrap().count()
}

fn is_stored(proxy: &Proxy, n: usize) -> bool {
    let response = proxy.get(&format!("/page{n}"));
    assert_eq!(response.text(), "hello world");
    response.cache_status().hit()
}

#[test]
fn the_socket_of_a_client_that_is_gone_is_closed_at_once() {
    for has_head in [true, false] {
        let (head, rest) = (Gate::new(), Gate::new());
        let origin = slow_origin(20, &head, &rest);
        let proxy = before(&origin, "100");
        if has_head {
            head.open();
        }
        let mut clients = ask_for_each(&origin, &proxy, 20);
        if has_head {
            for client in &mut clients {
                client.read_head().unwrap();
            }
        }
        let open_before = open_files(&proxy);
        drop(clients);
        proxy.wait_for_metric(NOW, 20);
        // The connections to the origin are left, and the one to the admin may not be gone yet.
        until("the sockets to be closed", || (open_files(&proxy) < open_before - 18).then_some(()));
        head.open();
        rest.open();
        proxy.wait_for_metric("warp_store_objects", 20);
        proxy.wait_for_metric(NOW, 0);
    }
}

#[test]
fn a_client_that_has_sent_its_next_request_is_seen_to_be_reset() {
    let (head, rest) = (Gate::new(), Gate::new());
    let origin = slow_origin(1, &head, &rest);
    let proxy = before(&origin, "100");
    let mut client = proxy.client();
    client.get("/unread").send_only();
    client.get("/page0").send_only();
    client.get("/page0").send_only();
    origin.wait_for(2);
    // What has come and was not read makes a reset of it.
    drop(client);
    proxy.wait_for_metric(NOW, 1);
}

#[test]
fn beyond_the_limit_fetches_that_nobody_reads_end() {
    for has_head in [true, false] {
        let (head, rest) = (Gate::new(), Gate::new());
        let origin = slow_origin(5, &head, &rest);
        let proxy = before(&origin, "3");
        if has_head {
            head.open();
        }
        let mut clients = ask_for_each(&origin, &proxy, 5);
        if has_head {
            for client in &mut clients {
                client.read_bytes(6).unwrap();
            }
        }
        drop(clients);
        proxy.wait_for_metric(ENDED, 2);
        proxy.wait_for_metric(NOW, 3);
        let failed = "warp_origin_requests_total{backend=\"default\",result=\"aborted\"}";
        assert_eq!(proxy.metric(failed), 2, "the backend is not to blame");
        head.open();
        rest.open();
        proxy.wait_for_metric("warp_store_objects", 3);
        assert_eq!((0..5).filter(|n| is_stored(&proxy, *n)).count(), 3, "{has_head}");
        assert_eq!(origin.requests().len(), 7);
    }
}

#[test]
fn those_who_wait_for_a_fetch_that_ends_so_wait_for_the_next() {
    let (head, rest) = (Gate::new(), Gate::new());
    let origin = slow_origin(1, &head, &rest);
    let proxy = before(&origin, "0");
    let first = ask_for_each(&origin, &proxy, 1);
    let mut others: Vec<_> = (0..10).map(|_| proxy.client()).collect();
    for client in &mut others {
        client.get("/page0").send_only();
    }
    proxy.wait_for_metric("warp_requests_waiting", 10);
    drop(first);
    origin.wait_for(2);
    proxy.wait_for_metric("warp_requests_waiting", 9);
    head.open();
    rest.open();
    for client in &mut others {
        assert_eq!(client.read_response("GET").unwrap().text(), "hello world");
    }
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn what_others_read_is_fetched_to_its_end_whatever_the_limit() {
    let (head, rest) = (Gate::new(), Gate::new());
    let origin = slow_origin(1, &head, &rest);
    let proxy = before(&origin, "0");
    head.open();
    let mut first = ask_for_each(&origin, &proxy, 1);
    first[0].read_head().unwrap();
    let mut other = proxy.client();
    let other_head = other.get("/page0").send_only().read_head().unwrap();
    drop(first);
    proxy.wait_for_metric(NOW, 1);
    rest.open();
    assert_eq!(other.read_rest(&other_head).unwrap(), b"hello world");
    assert_eq!(proxy.metric(ENDED), 0);
    assert!(is_stored(&proxy, 0));
    assert_eq!(origin.requests().len(), 1);
}
