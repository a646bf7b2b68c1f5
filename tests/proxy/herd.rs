//! A thousand clients ask for the same, and what comes cannot be shared: the backend never meets them all.

use std::time::{Duration, Instant};

use crate::support::{Answer, Client, Gate, Origin, Proxy, Response, until};

fn private() -> Answer {
    Answer::ok("mine").header("Cache-Control", "private")
}

/// A policy for that origin, whose requests end after a second without an answer.
fn impatient(origin: &Origin) -> String {
    let backend = origin.backend().replace(" }", " .first_byte_timeout = 1s; .between_bytes_timeout = 1s; }");
    format!("warp 1;\n{backend}")
}

fn policy(origin: &Origin) -> String {
    format!("warp 1;\n{}", origin.backend())
}

/// A policy for that origin, under which requests with `X-Hurry` are given up after 200 ms without an answer.
fn with_some_in_a_hurry(origin: &Origin) -> String {
    let timeouts = " .connect_timeout = 100ms; .first_byte_timeout = 100ms; .between_bytes_timeout = 100ms; }";
    let backend = origin.backend().replace("default", "hurry").replace(" }", timeouts);
    format!("{}{backend}sub recv {{ if (req.http.X-Hurry) {{ set req.backend_hint = hurry; }} }}", policy(origin))
}

/// One that is purged by PURGE.
fn with_purges(origin: &Origin) -> String {
    format!("{}rules request first {{ when method == \"PURGE\" -> purge; }}\n", policy(origin))
}

/// Sends that many requests for the page, each with its number, one after another as the proxy takes them up.
fn ask_in_order(proxy: &Proxy, count: u64) -> Vec<Client> {
    let ask = |number: u64| {
        let mut client = proxy.client();
        client.get("/page").header("X-Number", &number.to_string()).send_only();
        proxy.wait_for_metric("warp_requests_in_flight", number + 1);
        client
    };
    (0..count).map(ask).collect()
}

/// Sends that many requests for the page and waits until one of them is at the origin and the others wait for it.
fn ask_together(proxy: &Proxy, count: u64) -> Vec<Client> {
    let mut clients: Vec<_> = (0..count).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/page").send_only();
    }
    proxy.wait_for_metric("warp_requests_waiting", count - 1);
    clients
}

fn read_all(clients: &mut [Client]) -> Vec<Response> {
    clients.iter_mut().map(|client| client.read_response("GET").unwrap()).collect()
}

fn assert_all(responses: &[Response], status: u16) {
    let others: Vec<_> = responses.iter().map(|response| response.status).filter(|it| *it != status).collect();
    assert!(others.is_empty(), "{} are not {status}: {others:?}", others.len());
}

fn detail(response: &Response) -> String {
    response.cache_status().parameters["detail"].clone()
}

fn assert_nobody_waits(proxy: &Proxy) {
    for name in ["warp_requests_waiting", "warp_requests_queued", "warp_requests_in_flight"] {
        proxy.wait_for_metric(name, 0);
    }
}

#[test]
fn a_thousand_misses_are_one_fetch() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60").behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_together(&proxy, 1_000);
    gate.open();
    let responses = read_all(&mut clients);
    assert_all(&responses, 200);
    assert_eq!(origin.requests().len(), 1);
    assert_eq!(responses.iter().filter(|it| it.cache_status().parameters.contains_key("collapsed")).count(), 999);
    assert_nobody_waits(&proxy);
    assert_eq!(proxy.metric("warp_requests_collapsed_total"), 999);
}

#[test]
fn a_thousand_who_cannot_share_ask_a_hundred_at_a_time() {
    let (origin, first, rest) = (Origin::start(), Gate::new(), Gate::new());
    origin.on("/page", private().behind(&rest));
    origin.once("/page", private().behind(&first));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_together(&proxy, 1_000);
    first.open();
    proxy.wait_for_metric("warp_requests_queued", 899);
    origin.wait_for(101);
    rest.open();
    assert_all(&read_all(&mut clients), 200);
    assert_eq!(origin.requests().len(), 1_000);
    assert!(origin.most_at_once() <= 100, "{}", origin.most_at_once());
    assert_nobody_waits(&proxy);
}

/// As it is when a thousand need longer to come than the backend to answer.
#[test]
fn who_comes_just_behind_the_head_is_one_of_them_and_who_comes_later_is_not() {
    let (origin, rest) = (Origin::start(), Gate::new());
    origin.on("/page", private().behind(&rest));
    origin.once("/page", private());
    let proxy = Proxy::start_with(&policy(&origin), &["--max-fetches", "3"]);
    assert_eq!(proxy.get("/page").status, 200);
    let mut clients = ask(&proxy, 10);
    proxy.wait_for_metric("warp_requests_queued", 7);
    origin.wait_for(4);
    until("one that does not queue", || {
        clients.extend(ask(&proxy, 1));
        std::thread::park_timeout(Duration::from_millis(50));
        (origin.requests().len() > 4).then_some(())
    });
    rest.open();
    assert_all(&read_all(&mut clients), 200);
    assert_nobody_waits(&proxy);
}

#[test]
fn they_ask_in_the_order_in_which_they_came() {
    let (origin, first, rest) = (Origin::start(), Gate::new(), Gate::new());
    origin.on("/page", private().behind(&rest));
    origin.once("/page", private().behind(&first));
    let proxy = Proxy::start_with(&policy(&origin), &["--max-fetches", "1"]);
    let mut clients = ask_in_order(&proxy, 40);
    first.open();
    proxy.wait_for_metric("warp_requests_queued", 38);
    rest.open();
    assert_all(&read_all(&mut clients), 200);
    let numbers: Vec<u64> =
        origin.requests().iter().map(|it| it.header("X-Number").unwrap().parse().unwrap()).collect();
    // Behind the leader and the one who was first at the free place.
    assert!(numbers[2..].is_sorted(), "{numbers:?}");
    assert_eq!((numbers.len(), origin.most_at_once()), (40, 1));
}

#[test]
fn they_go_on_at_the_head_and_not_behind_the_body() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", private());
    origin.once("/page", private().behind(&gate).body_behind(1, &Gate::new()));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_in_order(&proxy, 10);
    gate.open();
    // The body of the first never ends.
    assert_all(&read_all(&mut clients[1..]), 200);
}

#[test]
fn an_error_of_the_backend_is_not_stored_and_makes_no_herd() {
    let (origin, first, rest) = (Origin::start(), Gate::new(), Gate::new());
    origin.on("/page", Answer::status(500).behind(&rest));
    origin.once("/page", Answer::status(500).behind(&first));
    let proxy = Proxy::start_with(&policy(&origin), &["--max-fetches", "10"]);
    let mut clients = ask_together(&proxy, 100);
    first.open();
    proxy.wait_for_metric("warp_requests_queued", 89);
    rest.open();
    assert_all(&read_all(&mut clients), 500);
    assert!(origin.most_at_once() <= 10, "{}", origin.most_at_once());
}

#[test]
fn the_fetch_that_others_waited_for_is_one_of_those_at_the_same_time() {
    let (origin, head, body, rest) = (Origin::start(), Gate::new(), Gate::new(), Gate::new());
    origin.on("/page", private().behind(&rest));
    origin.once("/page", private().behind(&head).body_behind(1, &body));
    let proxy = Proxy::start_with(&policy(&origin), &["--max-fetches", "2"]);
    let mut clients = ask_in_order(&proxy, 10);
    head.open();
    proxy.wait_for_metric("warp_requests_queued", 8);
    origin.wait_for(2);
    rest.open();
    assert_all(&read_all(&mut clients[1..]), 200);
    body.open();
    assert_all(&read_all(&mut clients[..1]), 200);
    assert_eq!((origin.requests().len(), origin.most_at_once()), (10, 2));
    assert_nobody_waits(&proxy);
}

#[test]
fn nobody_queues_longer_than_the_backend_may_take() {
    let (origin, first) = (Origin::start(), Gate::new());
    origin.on("/page", private().behind(&Gate::new()));
    origin.once("/page", private().behind(&first));
    let proxy = Proxy::start_with(&with_some_in_a_hurry(&origin), &["--max-fetches", "1"]);
    let mut clients = ask_in_order(&proxy, 3);
    first.open();
    proxy.wait_for_metric("warp_requests_queued", 1);
    // One goes away, and leaves the queue.
    let asks: usize = origin.wait_for(2).header("X-Number").unwrap().parse().unwrap();
    drop(clients.remove(3 - asks));
    proxy.wait_for_metric("warp_requests_queued", 0);
    origin.on("/other", private().behind(&Gate::new()));
    let (mut leader, mut hurries) = (proxy.client(), proxy.client());
    leader.get("/other").send_only();
    until("the leader to ask", || (!origin.requests_to("/other").is_empty()).then_some(()));
    let refused = hurries.get("/other").header("X-Hurry", "1").send();
    assert_eq!((refused.status, refused.header("Retry-After")), (503, Some("5")));
    assert_eq!(detail(&refused), "queued-too-long");
    proxy.wait_for_metric("warp_requests_queued", 0);
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"queued-too-long\"}", 1);
    assert_eq!(origin.requests_to("/other").len(), 1);
}

#[test]
fn nobody_waits_longer_for_others_than_the_backend_may_take() {
    let origin = Origin::start();
    origin.on("/page", private());
    origin.once("/page", private().behind(&Gate::new()));
    let proxy = Proxy::start(&with_some_in_a_hurry(&origin));
    let mut leader = proxy.client();
    leader.get("/page").send_only();
    origin.wait_for(1);
    assert_eq!(proxy.client().get("/page").header("X-Hurry", "1").send().status, 200);
    assert_eq!(origin.requests().len(), 2);
}

/// A page whose fetches take no time, as is known from one that somebody waited for; the next one, that of the client,
/// hangs.
fn hanging(then: Answer) -> (Origin, Proxy, Client) {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.once("/page", Answer::ok("old").header("Cache-Control", "max-age=60").behind(&gate));
    origin.once("/page", then.clone().behind(&Gate::new()));
    origin.on("/page", then);
    let proxy = Proxy::start_with(&with_purges(&origin), &["--max-fetches", "10"]);
    let mut clients = ask_together(&proxy, 2);
    gate.open();
    assert_all(&read_all(&mut clients), 200);
    proxy.client().request("PURGE", "/page").send();
    let mut hangs = proxy.client();
    hangs.get("/page").send_only();
    origin.wait_for(2);
    (origin, proxy, hangs)
}

/// Sends that many requests for the page without waiting for any.
fn ask(proxy: &Proxy, count: usize) -> Vec<Client> {
    let ask = |_| {
        let mut client = proxy.client();
        client.get("/page").send_only();
        client
    };
    (0..count).map(ask).collect()
}

#[test]
fn behind_a_fetch_that_hangs_one_of_those_who_wait_asks_for_all() {
    let (origin, proxy, _hangs) = hanging(Answer::ok("new").header("Cache-Control", "max-age=60"));
    let began = Instant::now();
    let responses = read_all(&mut ask(&proxy, 200));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_all(&responses, 200);
    assert!(responses.iter().all(|it| it.text() == "new"));
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn behind_a_fetch_that_hangs_those_who_cannot_share_ask_so_many_at_a_time() {
    let (origin, proxy, _hangs) = hanging(private());
    assert_all(&read_all(&mut ask(&proxy, 200)), 200);
    assert_eq!(origin.requests().len(), 202);
    assert!(origin.most_at_once() <= 10, "{}", origin.most_at_once());
}

#[test]
fn a_backend_that_is_silent_is_waited_for_once() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("never").behind(&Gate::new()));
    let proxy = Proxy::start(&impatient(&origin));
    let began = Instant::now();
    let mut clients = ask_together(&proxy, 200);
    let responses = read_all(&mut clients);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_all(&responses, 503);
    assert!(responses.iter().all(|it| detail(it) == "timeout"));
    assert_eq!(origin.requests().len(), 1);
    assert_nobody_waits(&proxy);
    assert_eq!(proxy.metric("warp_requests_total{outcome=\"error\",reason=\"timeout\"}"), 200);
    assert_eq!(proxy.metric("warp_requests_collapsed_total"), 199);
}

#[test]
fn rfc9111_5_2_2_2_all_who_wait_for_a_validation_that_fails_get_504() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("never").behind(&Gate::new()));
    let stale = Answer::ok("old").header("Cache-Control", "max-age=0, must-revalidate").header("ETag", "\"1\"");
    origin.once("/page", stale);
    let proxy = Proxy::start(&impatient(&origin));
    assert_eq!(proxy.get("/page").status, 200);
    let began = Instant::now();
    let mut clients = ask_together(&proxy, 200);
    let responses = read_all(&mut clients);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_all(&responses, 504);
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a_backend_that_resets_is_tried_a_few_times_for_all() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::reset().behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_together(&proxy, 300);
    gate.open();
    let responses = read_all(&mut clients);
    assert_all(&responses, 503);
    assert!(responses.iter().all(|it| detail(it) == "bad-response"));
    assert!(origin.requests().len() <= 3, "{}", origin.requests().len());
    assert_eq!(origin.most_at_once(), 1);
}

#[test]
fn a_backend_that_is_not_there_is_an_error_to_all() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "");
    drop(origin);
    let mut clients: Vec<_> = (0..300).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/page").send_only();
    }
    let responses = read_all(&mut clients);
    assert_all(&responses, 503);
    assert!(responses.iter().all(|it| detail(it) == "connect"));
    assert_nobody_waits(&proxy);
}

#[test]
fn a_fetch_goes_on_for_those_who_wait_though_its_client_went_away() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60").behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_in_order(&proxy, 10);
    drop(clients.drain(..7));
    gate.open();
    assert_all(&read_all(&mut clients), 200);
    assert_eq!(origin.requests().len(), 1);
    assert_nobody_waits(&proxy);
}

#[test]
fn more_than_so_many_do_not_wait() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60").behind(&gate));
    let proxy = Proxy::start_with(&policy(&origin), &["--max-waiting", "5"]);
    let mut clients = ask_together(&proxy, 6);
    let refused = proxy.get("/page");
    assert_eq!((refused.status, refused.header("Retry-After")), (503, Some("5")));
    assert_eq!(detail(&refused), "too-many-waiting");
    gate.open();
    assert_all(&read_all(&mut clients), 200);
    assert_eq!(origin.requests().len(), 1);
    assert_nobody_waits(&proxy);
    assert_eq!(proxy.metric("warp_requests_total{outcome=\"error\",reason=\"too-many-waiting\"}"), 1);
    assert!(proxy.get("/page").cache_status().hit());
}

#[test]
fn who_goes_away_gives_the_place_to_another_at_once() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60").behind(&gate));
    let proxy = Proxy::start_with(&policy(&origin), &["--max-waiting", "5"]);
    let mut clients = ask_in_order(&proxy, 6);
    drop(clients.drain(1..));
    proxy.wait_for_metric("warp_requests_waiting", 0);
    proxy.wait_for_metric("warp_requests_in_flight", 1);
    proxy.wait_for_metric("warp_requests_total{outcome=\"error\",reason=\"client\"}", 5);
    clients.extend(ask(&proxy, 5));
    proxy.wait_for_metric("warp_requests_waiting", 5);
    gate.open();
    assert_all(&read_all(&mut clients), 200);
    assert_eq!(origin.requests().len(), 1);
    assert_nobody_waits(&proxy);
}

#[test]
fn who_sends_the_next_request_while_it_waits_gets_both_answers() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60").behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut clients = ask_in_order(&proxy, 2);
    clients[1].get("/page").send_only();
    gate.open();
    assert_all(&read_all(&mut clients), 200);
    assert_all(&read_all(&mut clients[1..]), 200);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn who_is_served_what_is_stale_meanwhile_does_not_wait() {
    let (origin, gate) = (Origin::start(), Gate::new());
    let answer = Answer::ok(vec![b'x'; 4 << 20]).header("Cache-Control", "max-age=0, stale-while-revalidate=60");
    origin.on("/page", answer.clone().behind(&gate));
    origin.once("/page", answer);
    let proxy = Proxy::start_with(&policy(&origin), &["--max-waiting", "1"]);
    proxy.get("/page");
    // They read nothing of what is sent to them.
    let mut clients: Vec<_> = (0..5).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/page").send_only().read_head().unwrap();
    }
    assert_eq!(proxy.metric("warp_requests_waiting"), 0);
    gate.open();
    until("the new response", || proxy.get("/page").cache_status().hit().then_some(()));
}

/// What comes was asked for before the purge, and has no grace: whoever waits for it asks for what is newer, all of
/// them with one request.
#[test]
fn a_soft_purge_during_a_fetch_is_one_more_fetch_for_all_who_wait() {
    // Of a tag, of the URL, and where an older response is stored that is of no use either.
    for (purge, stored) in [("tag", false), ("tag", true), ("url", false), ("url", true)] {
        let (origin, first, second) = (Origin::start(), Gate::new(), Gate::new());
        let page = |text: &str| {
            let page = Answer::ok(text).header("Cache-Control", "max-age=60").header("ETag", &format!("\"{text}\""));
            page.header("Surrogate-Key", "t")
        };
        if stored {
            origin.once("/page", page("oldest"));
        }
        origin.once("/page", page("old").behind(&first));
        origin.on("/page", page("new").behind(&second));
        let proxy = Proxy::start(&format!(
            "{}sub recv {{
                if (req.method == \"PURGE\" && req.http.X-Tag) {{ std.purge_tags(\"t\", soft); return (synth(200)); }}
                if (req.method == \"PURGE\") {{ return (purge(soft)); }}
            }}
            sub backend_response {{ tag header \"Surrogate-Key\"; set beresp.grace = 0s; }}",
            policy(&origin)
        ));
        let purges = || {
            let mut client = proxy.client();
            let request = client.request("PURGE", "/page");
            let request = if purge == "tag" { request.header("X-Tag", "1") } else { request };
            assert_eq!(request.send().status, 200);
        };
        if stored {
            proxy.get("/page");
            purges();
        }
        let mut clients = ask_together(&proxy, 50);
        origin.wait_for(1 + usize::from(stored));
        purges();
        first.open();
        // One has its answer, one asks, and the others wait for that.
        proxy.wait_for_metric("warp_requests_waiting", 48);
        second.open();
        let responses = read_all(&mut clients);
        assert_all(&responses, 200);
        assert_eq!(responses.iter().filter(|it| it.text() == "new").count(), 49, "{purge} {stored}");
        assert_eq!(origin.requests().len(), 2 + usize::from(stored), "{purge} {stored}");
        assert_nobody_waits(&proxy);
    }
}

/// Whose response may be of no age is answered by a fetch that began after it came: the first asks, all who come
/// meanwhile wait, and share the next.
#[test]
fn who_takes_nothing_of_any_age_shares_the_fetch_that_begins_after_it_came() {
    for stored in [false, true] {
        let (origin, first, second) = (Origin::start(), Gate::new(), Gate::new());
        let page = |text: &str| Answer::ok(text).header("Cache-Control", "max-age=60");
        if stored {
            origin.once("/page", page("oldest").header("Age", "5"));
        }
        origin.once("/page", page("old").behind(&first));
        origin.on("/page", page("new").behind(&second));
        let proxy = Proxy::start(&format!("{}sub recv {{ set req.max_age = 0s; }}", policy(&origin)));
        if stored {
            proxy.get("/page");
        }
        let mut leader = ask(&proxy, 1);
        origin.wait_for(1 + usize::from(stored));
        let mut clients = ask(&proxy, 49);
        proxy.wait_for_metric("warp_requests_waiting", 49);
        first.open();
        proxy.wait_for_metric("warp_requests_waiting", 48);
        second.open();
        assert_eq!(read_all(&mut leader)[0].text(), "old", "{stored}");
        let responses = read_all(&mut clients);
        assert!(responses.iter().all(|it| it.text() == "new"), "{stored}");
        assert_eq!(origin.requests().len(), 2 + usize::from(stored), "{stored}");
        assert_nobody_waits(&proxy);
    }
}
