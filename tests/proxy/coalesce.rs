//! Many clients ask for the same at the same time: the origin is asked once, and all stream along.

use crate::support::{Answer, Client, Gate, Origin, Proxy, until};

fn fresh(body: impl Into<Vec<u8>>) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

fn bytes(count: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(count).collect()
}

/// Sends that many requests for the page and waits until all of them are under way.
fn ask_together(proxy: &Proxy, count: u64) -> Vec<Client> {
    let mut clients: Vec<_> = (0..count).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/page").send_only();
    }
    proxy.wait_for_metric("warp_requests_in_flight", count);
    clients
}

#[test]
fn a_cold_key_is_fetched_once_for_all() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("hello").behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_together(&proxy, 50);
    proxy.wait_for_metric("warp_requests_waiting", 49);
    gate.open();
    let mut collapsed = 0;
    for client in &mut clients {
        let response = client.read_response("GET").unwrap();
        assert_eq!((response.status, response.text()), (200, "hello"));
        collapsed += u64::from(response.cache_status().parameters.contains_key("collapsed"));
    }
    assert_eq!(collapsed, 49);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn variants_are_fetched_once_each() {
    let (origin, gate) = (Origin::start(), Gate::new());
    let held = gate.clone();
    origin.on_each("/page", move |request| fresh(request.header("A").unwrap()).header("Vary", "A").behind(&held));
    let proxy = Proxy::before(&origin, "");
    let ask = |value: &str| {
        let mut client = proxy.client();
        client.get("/page").header("A", value).send_only();
        client
    };
    let mut clients: Vec<_> =
        ["1", "2", "3"].into_iter().flat_map(|value| [(); 10].map(|()| (value, ask(value)))).collect();
    proxy.wait_for_metric("warp_requests_in_flight", 30);
    gate.open();
    for (value, client) in &mut clients {
        assert_eq!(client.read_response("GET").unwrap().text(), *value);
    }
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn all_stream_along_while_it_fills() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("first half, second half").body_behind(10, &gate));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_together(&proxy, 10);
    for client in &mut clients {
        assert_eq!(client.read_head().unwrap().fields.first("Content-Length"), Some("23"));
        assert_eq!(client.read_bytes(10).unwrap(), b"first half");
    }
    // One who comes in the middle gets what is there, too.
    let mut late = proxy.client();
    late.get("/page").send_only().read_head().unwrap();
    assert_eq!(late.read_bytes(10).unwrap(), b"first half");
    gate.open();
    clients.push(late);
    for client in &mut clients {
        assert_eq!(client.read_bytes(13).unwrap(), b", second half");
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_fill_that_breaks_off_is_an_error_to_every_reader_and_is_not_stored() {
    for (kind, answer) in [
        ("length, closed", fresh(bytes(1_000)).truncated(700)),
        ("length, reset", fresh(bytes(1_000)).reset_after(700)),
        ("chunked, closed", fresh(bytes(1_000)).chunked(100).truncated(700)),
        ("chunked, reset", fresh(bytes(1_000)).chunked(100).reset_after(700)),
        ("chunked, closed before the last chunk", fresh(bytes(100)).chunked(100).truncated(106)),
    ] {
        let (origin, gate) = (Origin::start(), Gate::new());
        origin.on("/page", fresh("whole"));
        origin.once("/page", answer.body_behind(50, &gate));
        let proxy = Proxy::before(&origin, "");
        let mut clients = ask_together(&proxy, 20);
        let heads: Vec<_> = clients.iter_mut().map(|client| client.read_head().unwrap()).collect();
        gate.open();
        for (client, head) in clients.iter_mut().zip(&heads) {
            let broken = client.read_rest(head).map(|body| body.len()).expect_err(kind);
            assert!(broken.body.len() < 1_400, "{kind}");
        }
        assert_eq!(origin.requests().len(), 1, "{kind}");
        assert_eq!(proxy.metric("warp_store_objects"), 0, "{kind}");
        assert_eq!(proxy.get("/page").text(), "whole", "{kind}");
    }
}

#[test]
fn a_client_that_goes_away_does_not_disturb_the_others() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh(bytes(100_000)).body_behind(10, &gate));
    let proxy = Proxy::before(&origin, "");
    let mut first = proxy.client();
    first.get("/page").send_only().read_head().unwrap();
    let mut others: Vec<_> = (0..4).map(|_| proxy.client()).collect();
    for client in &mut others {
        client.get("/page").send_only();
        client.read_head().unwrap();
    }
    // The one whose request began the fill, and one of those who joined it.
    drop(first);
    drop(others.pop());
    gate.open();
    for client in &mut others {
        assert!(client.read_bytes(100_000).unwrap() == bytes(100_000));
    }
    let hit = proxy.get("/page");
    assert!(hit.cache_status().hit() && hit.body == bytes(100_000));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn what_a_single_client_asked_for_is_stored_though_it_went_away() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("first half, second half").body_behind(10, &gate));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").send_only().read_head().unwrap();
    drop(client);
    gate.open();
    proxy.wait_for_metric("warp_store_objects", 1);
    let hit = proxy.get("/page");
    assert_eq!((hit.text(), hit.cache_status().hit()), ("first half, second half", true));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_client_that_goes_away_before_the_head_leaves_the_others_their_response() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("hello").behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut first = proxy.client();
    first.get("/page").send_only();
    origin.wait_for(1);
    let mut others: Vec<_> = (0..5).map(|_| proxy.client()).collect();
    for client in &mut others {
        client.get("/page").send_only();
    }
    proxy.wait_for_metric("warp_requests_in_flight", 6);
    drop(first);
    gate.open();
    for client in &mut others {
        assert_eq!(client.read_response("GET").unwrap().text(), "hello");
    }
    assert!(origin.requests().len() <= 2);
}

#[test]
fn a_slow_reader_does_not_hold_up_the_others() {
    // More than the sockets between take, less than the store keeps.
    const LENGTH: usize = 12 << 20;
    let origin = Origin::start();
    origin.on("/page", fresh(bytes(LENGTH)));
    let proxy = Proxy::before(&origin, "");
    // The one whose request began the fill reads nothing for now.
    let mut slow = proxy.client();
    slow.get("/page").send_only().read_head().unwrap();
    for _ in 0..3 {
        assert!(proxy.get("/page").body == bytes(LENGTH));
    }
    proxy.wait_for_metric("warp_store_objects", 1);
    assert!(slow.read_bytes(LENGTH).unwrap() == bytes(LENGTH));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn what_is_not_stored_does_not_queue() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::ok("mine").header("Cache-Control", "private").behind(&gate));
    origin.once("/page", Answer::ok("mine").header("Cache-Control", "private"));
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    let mut clients = ask_together(&proxy, 10);
    origin.wait_for(11);
    gate.open();
    assert!(clients.iter_mut().all(|client| client.read_response("GET").unwrap().text() == "mine"));
}

#[test]
fn those_who_wait_for_what_is_not_stored_then_ask_at_the_same_time() {
    let (origin, first, rest) = (Origin::start(), Gate::new(), Gate::new());
    origin.on("/page", Answer::ok("mine").header("Cache-Control", "private").behind(&rest));
    origin.once("/page", Answer::ok("mine").header("Cache-Control", "private").behind(&first));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_together(&proxy, 10);
    origin.wait_for(1);
    assert_eq!(origin.requests().len(), 1);
    first.open();
    origin.wait_for(10);
    rest.open();
    assert!(clients.iter_mut().all(|client| client.read_response("GET").unwrap().text() == "mine"));
}

#[test]
fn those_who_wait_for_a_fetch_that_fails_get_what_comes_next() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("hello"));
    origin.once("/page", Answer::close().behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_together(&proxy, 10);
    origin.wait_for(1);
    assert_eq!(origin.requests().len(), 1);
    gate.open();
    let statuses: Vec<_> = clients.iter_mut().map(|client| client.read_response("GET").unwrap().status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 1, "{statuses:?}");
    // One asks for all who wait. Who looked just before its answer came may ask once more.
    assert!(origin.requests().len() <= 4, "{}", origin.requests().len());
}

#[test]
fn many_keys_at_once_do_not_mix() {
    let origin = Origin::start();
    let names: Vec<_> = (0..40).map(|n| format!("/page{n}")).collect();
    for name in &names {
        origin.on_each(name, |request| fresh(request.target.repeat(1_000)));
    }
    let proxy = Proxy::before(&origin, "");
    std::thread::scope(|scope| {
        for start in 0..8 {
            let (proxy, names) = (&proxy, &names);
            scope.spawn(move || {
                let mut client = proxy.client();
                for name in names.iter().cycle().skip(start * 5).take(80) {
                    assert!(client.get(name).send().text() == name.repeat(1_000), "{name}");
                }
            });
        }
    });
    assert_eq!(origin.requests().len(), names.len());
    until("all requests to be counted", || (proxy.outcomes("hit") + proxy.outcomes("miss") == 640).then_some(()));
}
