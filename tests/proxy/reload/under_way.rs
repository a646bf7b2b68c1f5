//! A request that is under way when the policy changes belongs to the policy that it began with, to its end.

use crate::marked::{self, assert_serves};
use crate::support::{Answer, Gate, Origin, Proxy, until};

use super::start;

/// Puts the policy with that mark in place, and sees it serve others.
fn swap(proxy: &Proxy, origin: &Origin, mark: &str) {
    proxy.write_policy(marked::policy(origin, mark));
    proxy.wait_for_reload("ok");
    assert_serves(proxy, origin, mark);
}

/// Asks for `path`, swaps while the origin holds its answer back, and looks at both ends; then asks the like again.
fn a_request_ends_as_it_began(path: &str, next: &str) {
    let (origin, proxy) = start();
    let gate = Gate::new();
    origin.on(path, Answer::ok("late").behind(&gate));
    origin.on(next, Answer::ok("later"));
    let mut client = proxy.client();
    let waiting = client.get(path).send_only();
    origin.wait_for(1);
    swap(&proxy, &origin, "b");
    gate.open();

    let response = waiting.read_response("GET").unwrap();
    let marks = ["X-Recv", "X-Response", "X-Deliver"];
    assert_eq!((response.text(), marks.map(|name| response.header(name))), ("late", [Some("a"); 3]));
    let asked = origin.requests_to(path).remove(0);
    assert_eq!(["X-Recv", "X-Fetch"].map(|name| asked.header(name)), [Some("a"); 2]);

    let response = client.get(next).send();
    assert_eq!((response.text(), marks.map(|name| response.header(name))), ("later", [Some("b"); 3]));
    let asked = origin.requests_to(next).remove(0);
    assert_eq!(["X-Recv", "X-Fetch"].map(|name| asked.header(name)), [Some("b"); 2]);
}

#[test]
fn a_miss_ends_on_the_policy_it_began_with() {
    a_request_ends_as_it_began("/page", "/other");
}

#[test]
fn a_pass_ends_on_the_policy_it_began_with() {
    a_request_ends_as_it_began("/passed/page", "/passed/other");
}

#[test]
fn an_error_is_told_by_the_policy_of_its_request() {
    let (origin, proxy) = start();
    let gate = Gate::new();
    origin.on("/page", Answer::close().behind(&gate));
    let mut client = proxy.client();
    let waiting = client.get("/page").send_only();
    origin.wait_for(1);
    swap(&proxy, &origin, "b");
    gate.open();

    let response = waiting.read_response("GET").unwrap();
    let marks = ["X-Recv", "X-Error", "X-Deliver"].map(|name| response.header(name));
    assert_eq!((response.status, marks), (503, [Some("a"); 3]));
}

#[test]
fn a_body_under_way_arrives_whole() {
    let (origin, proxy) = start();
    let gate = Gate::new();
    let body = "0123456789".repeat(100_000);
    origin.on("/page", Answer::ok(body.clone()).body_behind(500_000, &gate));
    let mut client = proxy.client();
    let waiting = client.get("/page").send_only();
    let head = waiting.read_head().unwrap();
    assert_eq!(head.fields.first("X-Deliver"), Some("a"));
    assert_eq!(waiting.read_bytes(1_000).unwrap(), body.as_bytes()[..1_000]);
    swap(&proxy, &origin, "b");
    gate.open();

    assert_eq!(waiting.read_bytes(body.len() - 1_000).unwrap(), body.as_bytes()[1_000..]);
    let hit = client.get("/page").send();
    assert_eq!((hit.text() == body, hit.cache_status().hit(), hit.header("X-Deliver")), (true, true, Some("b")));
    assert_eq!(origin.requests_to("/page").len(), 1);
}

#[test]
fn a_request_whose_head_is_not_whole_at_the_swap_is_the_new_policys() {
    let (origin, proxy) = start();
    let mut client = proxy.client();
    client.send_raw("GET /passed/witness HTTP/1.1\r\nHost: a.example\r\n");
    swap(&proxy, &origin, "b");
    client.send_raw("\r\n");
    let response = client.read_response("GET").unwrap();
    assert_eq!(["X-Recv", "X-Deliver"].map(|name| response.header(name)), [Some("b"); 2]);
    assert!(origin.requests().iter().all(|asked| asked.header("X-Recv") == Some("b")));
}

#[test]
fn who_waits_for_the_fetch_of_an_older_request_is_answered_by_its_own_policy() {
    let (origin, proxy) = start();
    let gate = Gate::new();
    origin.on("/page", Answer::ok("late").behind(&gate));
    let (mut first, mut second) = (proxy.client(), proxy.client());
    let fetching = first.get("/page").send_only();
    origin.wait_for(1);
    swap(&proxy, &origin, "b");
    let waiting = second.get("/page").send_only();
    gate.open();

    let fetched = fetching.read_response("GET").unwrap();
    let shared = waiting.read_response("GET").unwrap();
    let marks = ["X-Recv", "X-Response", "X-Deliver"];
    assert_eq!(marks.map(|name| fetched.header(name)), [Some("a"); 3]);
    assert_eq!(marks.map(|name| shared.header(name)), [Some("b"), Some("a"), Some("b")]);
    assert_eq!((fetched.text(), shared.text(), origin.requests_to("/page").len()), ("late", "late", 1));
}

/// A stale response is served at once and fetched anew behind it; that fetch outlives its request.
#[test]
fn a_fetch_in_the_background_ends_on_the_policy_it_began_with() {
    let origin = super::origin();
    let (gate, later) = (Gate::new(), Gate::new());
    let policy = |mark: &str| {
        let trail = format!("sub recv {{\n    set req.http.X-Trail = req.http.X-Trail + \"{mark}\";");
        marked::policy(&origin, mark).replace("ttl 1h", "ttl 1ms, grace 1h").replace("sub recv {", &trail)
    };
    origin.once("/page", Answer::ok("one"));
    origin.once("/page", Answer::ok("two").behind(&gate));
    // What comes of the next fetch, which the new policy makes, must not be there before "two" was seen.
    origin.on("/page", Answer::ok("three").behind(&later));
    let proxy = Proxy::start(&policy("a"));
    until("the fetch behind a stale response", || {
        let response = proxy.get("/page");
        assert_eq!((response.text(), response.header("X-Deliver")), ("one", Some("a")));
        (origin.requests_to("/page").len() == 2).then_some(())
    });
    proxy.write_policy(policy("b"));
    proxy.wait_for_reload("ok");
    let stale = proxy.get("/page");
    assert_eq!(["X-Response", "X-Deliver"].map(|name| stale.header(name)), [Some("a"), Some("b")]);
    gate.open();

    let fetched = until("the new response", || Some(proxy.get("/page")).filter(|it| it.text() != "one"));
    assert_eq!(["X-Response", "X-Deliver"].map(|name| fetched.header(name)), [Some("a"), Some("b")]);
    let trails: Vec<_> =
        origin.requests_to("/page").iter().map(|it| it.header("X-Trail").unwrap().to_owned()).collect();
    assert_eq!(trails[..2], ["a", "a"], "`recv` changes a request once");
    later.open();
}
