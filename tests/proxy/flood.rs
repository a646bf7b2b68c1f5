//! Floods of requests for one URL that all ask for something else: parts of a film, questions in the content of QUERY.
//! What they take stays within its bounds, and nobody is left behind.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use crate::support::{Answer, Gate, Origin, Proxy, Recorded, until};

const MB: u64 = 1 << 20;
const LIMIT: u64 = 16 * MB;
/// What the process may take beside the store.
const BESIDE: u64 = 64 * MB;
/// How many ask at the same time.
const CLIENTS: u64 = 16;
const REQUESTS: u64 = 60;

/// What one of several clients asks next: numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// The bytes from `first` to `last` of a film, each of which can be told from its neighbours.
fn film(first: u64, last: u64) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
    (first..=last).map(|place| (place ^ (place >> 8) ^ (place >> 16)) as u8).collect()
}

/// An origin with a film of so many bytes, which knows ranges if it is to.
fn cinema(length: u64, knows_ranges: bool) -> Origin {
    let origin = Origin::start();
    origin.on_each("/film", move |request: &Recorded| {
        let fresh = |answer: Answer| answer.header("Cache-Control", "max-age=60").header("ETag", "\"v1\"");
        let range = request.header("Range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let Some((first, last)) = range.filter(|_| knows_ranges) else {
            return fresh(Answer::ok(film(0, length - 1)));
        };
        let (first, last) = (first.parse().unwrap(), last.parse::<u64>().unwrap().min(length - 1));
        let place = format!("bytes {first}-{last}/{length}");
        fresh(Answer::status(206).with_body(film(first, last)).header("Content-Range", &place))
    });
    origin
}

/// Lets all clients ask at the same time, and looks meanwhile at what the proxy takes: in its store, beside that, and for
/// `each` of those who ask.
fn flood(proxy: &Proxy, clients: u64, each: u64, ask: impl Fn(&mut Numbers) + Sync) {
    let goes_on = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let (goes_on, ask) = (&goes_on, &ask);
        scope.spawn(move || {
            while goes_on.load(Relaxed) {
                assert_bounds(proxy, clients * each);
                std::thread::park_timeout(Duration::from_millis(50));
            }
        });
        let asking: Vec<_> = (1..=clients).map(|seed| scope.spawn(move || ask(&mut Numbers(seed)))).collect();
        let ended: Vec<_> = asking.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        goes_on.store(false, Relaxed);
        ended.into_iter().for_each(Result::unwrap);
    });
    assert_bounds(proxy, clients * each);
    for nobody in ["warp_requests_in_flight", "warp_requests_waiting", "warp_requests_queued", "warp_store_fills"] {
        proxy.wait_for_metric(nobody, 0);
    }
}

/// What is under way may take so much more.
fn assert_bounds(proxy: &Proxy, under_way: u64) {
    let (store, process) = (proxy.metric("warp_store_bytes"), proxy.resident_bytes());
    assert!(store <= LIMIT + LIMIT / 50 + MB, "the store counts {store} bytes");
    assert!(process <= LIMIT + LIMIT / 10 + BESIDE + under_way, "the process takes {process} bytes");
}

fn start(origin: &Origin, declarations: &str) -> Proxy {
    let memory = format!("{LIMIT}B");
    Proxy::start_with(&format!("warp 1;\n{}{declarations}", origin.backend()), &["--memory", &memory])
}

/// Asks for a range of the film of that length, and compares it.
fn watch_a_part(proxy: &Proxy, numbers: &mut Numbers, length: u64) {
    let first = numbers.below(length);
    let last = (first + numbers.below(200 << 10)).min(length - 1);
    let part = proxy.client().get("/film").header("Range", &format!("bytes={first}-{last}")).send();
    assert_eq!(part.status, 206, "{part:?}");
    assert!(part.body == film(first, last), "other bytes than {first} to {last}");
}

#[test]
fn ranges_of_a_film_in_slices_hold_the_limit_and_ask_for_no_more_than_they_touch() {
    const LENGTH: u64 = 64 * MB;
    let origin = cinema(LENGTH, true);
    let proxy = start(&origin, "rules request first { when path == \"/film\" -> slice 64KB; }\n");
    flood(&proxy, CLIENTS, 0, |numbers| (0..REQUESTS).for_each(|_| watch_a_part(&proxy, numbers, LENGTH)));
    // Each has one slice fetched and one ahead of it; one that nobody reads any more may still come.
    assert!(origin.most_at_once() as u64 <= 3 * CLIENTS, "{}", origin.most_at_once());
    // 200 KB touch four slices and a piece of a fifth, and the first one says how long the film is.
    assert!((origin.requests().len() as u64) < 6 * CLIENTS * REQUESTS, "{}", origin.requests().len());
    assert!(origin.requests().iter().all(|request| request.header("Range").is_some()));
}

#[test]
fn ranges_of_what_is_too_large_to_be_kept_hold_the_limit() {
    const LENGTH: u64 = 4 * MB;
    let origin = cinema(LENGTH, false);
    let proxy = start(&origin, "");
    flood(&proxy, CLIENTS, 0, |numbers| (0..4).for_each(|_| watch_a_part(&proxy, numbers, LENGTH)));
    assert!(origin.most_at_once() as u64 <= 2 * CLIENTS, "{}", origin.most_at_once());
    assert!(origin.requests().len() as u64 <= 4 * CLIENTS, "{}", origin.requests().len());
}

/// Answers with twenty KB that begin with what was asked.
fn oracle() -> Origin {
    let origin = Origin::start();
    origin.on_each("/ask", |request| {
        let question = &request.body[..request.body.len().min(16)];
        Answer::ok([question, &vec![b'.'; 20_000]].concat()).header("Cache-Control", "max-age=60")
    });
    origin
}

fn question(numbers: &mut Numbers, bytes: usize) -> Vec<u8> {
    let mut content = format!("{:016}", numbers.below(u64::MAX)).into_bytes();
    content.truncate(16);
    content.resize(bytes, b'?');
    content
}

#[test]
fn queries_with_ever_new_content_hold_the_limit_and_go_with_one_purge() {
    let origin = oracle();
    let proxy = start(&origin, "");
    flood(&proxy, CLIENTS, 0, |numbers| {
        let mut client = proxy.client();
        for _ in 0..REQUESTS {
            let content = question(numbers, 16 + usize::try_from(numbers.0 % 60_000).unwrap());
            let answer = client.request("QUERY", "/ask").body(content.clone()).send();
            assert_eq!((answer.status, &answer.body[..16]), (200, &content[..16]));
        }
    });
    assert_eq!(origin.requests().len() as u64, CLIENTS * REQUESTS);
    assert!(proxy.metric("warp_store_objects") > 300, "{}", proxy.metric("warp_store_objects"));
    origin.on("/ask", Answer::status(204));
    assert_eq!(proxy.client().request("POST", "/ask").body("x").send().status, 204);
    until("an empty store", || (proxy.metric("warp_store_objects") == 0).then_some(()));
}

#[test]
fn queries_that_wait_for_the_backend_take_little_and_never_more_connections_than_it_has() {
    // Their content of 60 KB twice, once for the key and once to be sent, and what it is read with.
    const EACH: u64 = 320 << 10;
    let (origin, gate) = (oracle(), Gate::new());
    let held = gate.clone();
    origin.on_each("/slow", move |request| Answer::ok(request.body[..16].to_vec()).behind(&held));
    let (host, port) = (origin.address().ip(), origin.address().port());
    let backend = format!(
        "backend default {{ .host = \"{host}\"; .port = \"{port}\"; .max_connections = 8; .wait_limit = 1000; \
         .wait_timeout = 1m; }}"
    );
    let memory = format!("{LIMIT}B");
    let proxy = Proxy::start_with(&format!("warp 1;\n{backend}\n"), &["--memory", &memory]);
    let clients = 200;
    let before = proxy.resident_bytes();
    let taken = std::thread::scope(|scope| {
        let (proxy, origin, gate) = (&proxy, &origin, &gate);
        let opener = scope.spawn(move || {
            origin.wait_for(8);
            proxy.wait_for_metric("warp_requests_in_flight", clients);
            let taken = proxy.resident_bytes();
            gate.open();
            taken
        });
        flood(proxy, clients, EACH, |numbers| {
            let content = question(numbers, 60_000);
            let answer = proxy.client().request("QUERY", "/slow").body(content.clone()).send();
            assert_eq!((answer.status, &answer.body[..]), (200, &content[..16]));
        });
        opener.join().unwrap()
    });
    assert!(taken - before <= clients * EACH, "{} bytes for {clients} that wait", taken - before);
    assert_eq!((origin.most_at_once(), origin.requests().len() as u64), (8, clients));
}
