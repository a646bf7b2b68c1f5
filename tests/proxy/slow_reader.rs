//! A client that reads slowly, or not at all, keeps neither the fetch nor others waiting, and memory stays bounded.

use std::time::{Duration, Instant};

use crate::support::{Answer, Client, Gate, Head, Origin, Proxy, until};

const MIB: usize = 1 << 20;
/// More than the sockets between take, less than the store keeps.
const LENGTH: usize = 8 * MIB;

fn bytes(count: usize) -> Vec<u8> {
    let pattern: Vec<u8> = (0..=250).collect();
    let mut bytes = pattern.repeat(count / pattern.len() + 1);
    bytes.truncate(count);
    bytes
}

fn fresh(count: usize) -> Answer {
    Answer::ok(bytes(count)).header("Cache-Control", "max-age=60")
}

/// Every way in which the end of a body is told.
fn framings(count: usize) -> [(&'static str, Answer); 3] {
    let answer = || fresh(count);
    [("length", answer()), ("chunked", answer().chunked(64 << 10)), ("until close", answer().until_close())]
}

fn before(origin: &Origin, memory: &str) -> Proxy {
    Proxy::start_with(&format!("warp 1;\n{}", origin.backend()), &["--memory", memory])
}

/// Asks for the page and reads the head alone.
fn ask(proxy: &Proxy) -> (Client, Head) {
    let mut client = proxy.client();
    let head = client.get("/page").send_only().read_head().unwrap();
    (client, head)
}

#[test]
fn one_who_reads_nothing_holds_up_nobody() {
    for (name, answer) in framings(LENGTH) {
        let origin = Origin::start();
        origin.on("/page", answer);
        let proxy = before(&origin, "256MB");
        // The first one's request began the fill; the second one shares it.
        let (mut first, first_head) = ask(&proxy);
        let (mut second, second_head) = ask(&proxy);
        let began = Instant::now();
        for _ in 0..3 {
            assert!(proxy.get("/page").body == bytes(LENGTH), "{name}");
        }
        proxy.wait_for_metric("warp_store_objects", 1);
        assert!(began.elapsed() < Duration::from_secs(8), "{name}: {:?}", began.elapsed());
        assert_eq!(origin.requests().len(), 1, "{name}");
        // Both get all of it, once they read, and their connections go on.
        for (client, head) in [(&mut first, &first_head), (&mut second, &second_head)] {
            assert!(client.read_rest(head).unwrap() == bytes(LENGTH), "{name}");
            assert!(client.get("/page").send().cache_status().hit(), "{name}");
        }
    }
}

#[test]
fn one_who_reads_a_byte_at_a_time_holds_up_nobody() {
    for (name, answer) in framings(LENGTH) {
        let origin = Origin::start();
        origin.on("/page", answer);
        let proxy = before(&origin, "256MB");
        let (mut first, _) = ask(&proxy);
        std::thread::scope(|scope| {
            let others = scope.spawn(|| {
                let began = Instant::now();
                (0..3).for_each(|_| assert!(proxy.get("/page").body == bytes(LENGTH), "{name}"));
                began.elapsed()
            });
            while !others.is_finished() {
                first.read_bytes(1).unwrap();
                std::thread::park_timeout(Duration::from_millis(100));
            }
            assert!(others.join().unwrap() < Duration::from_secs(8), "{name}");
        });
        proxy.wait_for_metric("warp_store_objects", 1);
        assert_eq!(origin.requests().len(), 1, "{name}");
    }
}

/// What the client leaves unread is kept by the store alone; the connection itself keeps no more than a piece.
#[test]
fn a_stalled_client_takes_no_memory_beside_the_store() {
    let origin = Origin::start();
    origin.on_each("/page", |_| fresh(LENGTH).chunked(64 << 10));
    let proxy = before(&origin, "256MB");
    let clients: Vec<_> = (0..40).map(|_| ask(&proxy)).collect();
    proxy.wait_for_metric("warp_store_objects", 1);
    let resident = proxy.resident_bytes();
    assert!(resident < (100 * MIB) as u64, "{resident} bytes");
    drop(clients);
}

/// An object may take a sixteenth of the store, 4 MiB here: this is not kept, and the client that reads nothing holds
/// the fetch back.
#[test]
fn a_client_that_stalls_on_more_than_can_be_kept_is_waited_for() {
    const HUGE: usize = 200 * MIB;
    for (name, answer) in framings(HUGE) {
        let origin = Origin::start();
        let sent = Gate::new();
        origin.on("/page", answer.then_open(&sent));
        let proxy = before(&origin, "64MB");
        let (mut client, _) = ask(&proxy);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) {
            let (resident, stored) = (proxy.resident_bytes(), proxy.metric("warp_store_bytes"));
            assert!(resident < (150 * MIB) as u64, "{name}: {resident} bytes resident");
            assert!(stored <= (64 * MIB) as u64, "{name}: {stored} bytes stored");
            std::thread::park_timeout(Duration::from_millis(50));
        }
        assert!(!sent.is_open(), "{name}: it was fetched for nobody");
        // When it reads again, it gets all of it, still in bounded memory.
        let body = client.read_bytes(HUGE).unwrap();
        assert!(name != "length" || body == bytes(HUGE), "{name}");
        assert!(proxy.resident_bytes() < (150 * MIB) as u64, "{name}: {} bytes", proxy.resident_bytes());
        assert_eq!(proxy.metric("warp_store_objects"), 0, "{name}");
        assert_eq!(origin.requests().len(), 1, "{name}");
    }
}

#[test]
fn the_first_client_goes_away_in_the_middle_of_chunks_that_others_share() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh(LENGTH).chunked(64 << 10).body_behind(LENGTH / 2, &gate));
    let proxy = before(&origin, "256MB");
    let (mut first, _) = ask(&proxy);
    let (mut second, head) = ask(&proxy);
    first.read_bytes(1_000).unwrap();
    drop(first);
    second.read_bytes(1_000).unwrap();
    let (mut third, third_head) = ask(&proxy);
    gate.open();
    assert!(third.read_rest(&third_head).unwrap() == bytes(LENGTH));
    drop((second, head));
    proxy.wait_for_metric("warp_store_objects", 1);
    assert!(proxy.get("/page").body == bytes(LENGTH));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn what_nobody_reads_any_more_is_finished_if_it_will_be_stored() {
    for (name, answer) in framings(LENGTH) {
        let (origin, gate) = (Origin::start(), Gate::new());
        origin.on("/page", answer.body_behind(LENGTH / 2, &gate));
        let proxy = before(&origin, "256MB");
        drop([ask(&proxy), ask(&proxy)]);
        proxy.wait_for_metric("warp_requests_in_flight", 1);
        gate.open();
        proxy.wait_for_metric("warp_store_objects", 1);
        let hit = proxy.get("/page");
        assert!(hit.cache_status().hit() && hit.body == bytes(LENGTH), "{name}");
        assert_eq!(origin.requests().len(), 1, "{name}");
    }
}

/// Nobody reads it: the client has gone, asked for the head alone, has the page already, or has the range that it
/// asked for.
#[test]
fn what_nobody_reads_any_more_is_stopped_if_it_cannot_be_stored() {
    const HUGE: usize = 200 * MIB;
    for (name, answer) in framings(HUGE) {
        for who in ["gone", "head", "not modified", "range"] {
            let (origin, sent) = (Origin::start(), Gate::new());
            origin.on("/page", answer.clone().header("ETag", "\"a\"").then_open(&sent));
            let proxy = before(&origin, "64MB");
            let mut client = proxy.client();
            let asked = match who {
                "head" => client.request("HEAD", "/page"),
                "not modified" => client.get("/page").header("If-None-Match", "\"a\""),
                "range" => client.get("/page").header("Range", "bytes=0-9"),
                _ => client.get("/page"),
            };
            let head = asked.send_only().read_head().unwrap();
            let is_range = head.first_line.contains(" 206 ");
            if who == "range" && is_range {
                assert_eq!(client.read_bytes(10).unwrap(), bytes(10), "{name}");
            } else if who == "gone" || who == "range" {
                drop(client);
            }
            proxy.wait_for_metric("warp_requests_in_flight", 0);
            let was_asked_for_it = origin.requests().iter().all(|asked| asked.method == "GET");
            assert!(!sent.is_open() || !was_asked_for_it, "{name}, {who}: it was fetched for nobody");
            assert!(proxy.resident_bytes() < (150 * MIB) as u64, "{name}, {who}");
            assert_eq!(proxy.metric("warp_store_objects"), 0, "{name}, {who}");
            until("its bytes to be given back", || (proxy.metric("warp_store_bytes") == 0).then_some(()));
        }
    }
}
