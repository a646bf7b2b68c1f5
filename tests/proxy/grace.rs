//! Stale responses: served while they are fetched anew, and when the origin fails.
//!
//! `max-age=0` makes a response stale from its first moment on, so that no test waits for time to pass.

use crate::support::{Answer, Gate, Origin, Proxy, until};

fn page(body: &str, cache_control: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", cache_control).header("ETag", &format!("\"{body}\""))
}

/// Stale at once, and within its grace for an hour.
const GRACE: &str = "max-age=0, stale-while-revalidate=3600";

/// Stale at once and kept for validation, without grace.
const NO_GRACE: &str = "max-age=0";

#[test]
fn within_grace_the_stale_response_is_served_while_one_fetch_runs() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", page("new", "max-age=60").behind(&gate));
    origin.once("/page", page("old", GRACE));
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/page").text(), "old");

    for _ in 0..20 {
        let stale = proxy.get("/page");
        assert_eq!(stale.text(), "old");
        let status = stale.cache_status();
        assert_eq!((status.hit(), status.parameters["detail"].as_str()), (true, "grace"));
        assert!(status.parameters["ttl"].parse::<i64>().unwrap() <= 0, "{status:?}");
    }
    origin.wait_for(2);
    assert_eq!(origin.requests().len(), 2);

    gate.open();
    let fresh = until("the new response", || Some(proxy.get("/page")).filter(|page| page.text() == "new"));
    assert!(fresh.cache_status().hit());
    assert_eq!(fresh.cache_status().parameters["detail"], "fresh");
    assert_eq!(origin.requests().len(), 2);
    assert_eq!(origin.requests()[1].header("If-None-Match"), Some("\"old\""));
}

#[test]
fn within_grace_a_validation_makes_it_fresh() {
    let origin = Origin::start();
    origin.on("/page", Answer::status(304).header("ETag", "\"old\"").header("Cache-Control", "max-age=60"));
    origin.once("/page", page("old", GRACE));
    let proxy = Proxy::before(&origin, "");
    assert!((0..2).all(|_| proxy.get("/page").text() == "old"));
    until("the response to be fresh", || {
        let page = proxy.get("/page");
        assert_eq!(page.text(), "old");
        (page.cache_status().parameters["detail"] == "fresh").then_some(())
    });
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn the_policys_grace_counts() {
    let origin = Origin::start();
    origin.on("/page", page("new", "max-age=60"));
    origin.once("/page", page("old", "max-age=60").header("X-Short", "1"));
    let proxy = Proxy::before(&origin, "rules response first { when header \"X-Short\" -> ttl 1ms, grace 1h; }");
    proxy.get("/page");
    let mut was_stale = false;
    until("the new response", || {
        let page = proxy.get("/page");
        was_stale |= page.cache_status().parameters["detail"] == "grace";
        (page.text() == "new").then_some(())
    });
    assert!(was_stale);
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn beyond_grace_the_client_waits_for_the_new_response() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", page("new", "max-age=60").behind(&gate));
    origin.once("/page", page("old", NO_GRACE));
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    let mut clients = [(); 5].map(|()| proxy.client());
    for client in &mut clients {
        client.get("/page").send_only();
    }
    origin.wait_for(2);
    gate.open();
    assert!(clients.iter_mut().all(|client| client.read_response("GET").unwrap().text() == "new"));
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a_fetch_behind_a_stale_response_that_fails_leaves_it_stale() {
    let origin = Origin::start();
    origin.on("/page", page("new", "max-age=60"));
    origin.once("/page", page("old", GRACE));
    origin.once("/page", Answer::status(500));
    origin.once("/page", Answer::close());
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    until("the new response", || {
        let page = proxy.get("/page");
        assert_eq!(page.status, 200);
        (page.text() == "new").then_some(())
    });
    assert_eq!(origin.requests().len(), 4);
}

#[test]
fn when_the_origin_is_away_what_is_kept_is_served() {
    let origin = Origin::start();
    origin.on("/page", page("old", NO_GRACE));
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    drop(origin);
    for _ in 0..2 {
        let stale = proxy.get("/page");
        assert_eq!((stale.status, stale.text()), (200, "old"));
        let status = stale.cache_status();
        assert_eq!((status.hit(), status.parameters["detail"].as_str()), (true, "stale-if-error"));
        assert!(stale.header("Age").is_some());
    }
    assert_eq!(proxy.get("/other").status, 503);
    // What the clients do not see, the backend's count shows. The second did not ask.
    proxy.wait_for_metric("warp_origin_requests_total{backend=\"default\",result=\"connect\"}", 2);
    proxy.wait_for_metric("warp_requests_total{outcome=\"stale\",reason=\"stale-if-error\"}", 2);
}

#[test]
fn an_origin_that_breaks_off_counts_as_away() {
    for broken in [Answer::close(), Answer::reset(), Answer::raw("nonsense\r\n\r\n")] {
        let origin = Origin::start();
        origin.on("/page", broken.clone());
        origin.once("/page", page("old", NO_GRACE));
        let proxy = Proxy::before(&origin, "");
        proxy.get("/page");
        let stale = proxy.get("/page");
        assert_eq!((stale.status, stale.text()), (200, "old"), "{broken:?}");
    }
}

#[test]
fn an_error_of_the_origin_is_hidden_by_stale_if_error() {
    for status in [500, 502, 503, 504] {
        let origin = Origin::start();
        origin.on("/page", page("new", "max-age=60"));
        origin.once("/page", page("old", "max-age=0, stale-if-error=3600"));
        origin.once("/page", Answer::status(status));
        let proxy = Proxy::before(&origin, "");
        // For a moment after the error the origin is left alone.
        assert_eq!([(); 3].map(|()| proxy.get("/page").text().to_owned()), ["old"; 3], "{status}");
        assert_eq!(origin.requests().len(), 2);
        until("the new response", || (proxy.get("/page").text() == "new").then_some(()));
        assert_eq!(origin.requests().len(), 3);
        proxy.wait_for_metric("warp_origin_requests_total{backend=\"default\",result=\"server-error\"}", 1);
    }
}

#[test]
fn an_error_of_the_origin_is_passed_on_without_stale_if_error() {
    let origin = Origin::start();
    origin.on("/page", page("new", "max-age=60"));
    origin.once("/page", page("old", NO_GRACE));
    origin.once("/page", Answer::status(500).with_body("broken"));
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    let error = proxy.get("/page");
    assert_eq!((error.status, error.text()), (500, "broken"));
    assert_eq!(proxy.get("/page").text(), "new");
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn what_must_be_validated_is_never_served_stale() {
    for cache_control in
        ["max-age=0, must-revalidate, stale-if-error=3600", "no-cache, stale-if-error=3600", "s-maxage=0"]
    {
        let origin = Origin::start();
        origin.on("/page", Answer::status(500));
        origin.once("/page", page("old", cache_control));
        let proxy = Proxy::before(&origin, "rules response first { else -> grace 1h; }");
        assert_eq!(proxy.get("/page").text(), "old");
        assert_eq!(proxy.get("/page").status, 500, "{cache_control}");
        assert_eq!(origin.requests().len(), 2);
    }
    let origin = Origin::start();
    origin.on("/page", page("old", "max-age=0, must-revalidate"));
    let proxy = Proxy::before(&origin, "rules response first { else -> grace 1h; }");
    assert_eq!(proxy.get("/page").text(), "old");
    drop(origin);
    assert_eq!(proxy.get("/page").status, 504);
}

#[test]
fn a_fetch_in_the_background_is_no_clients_request() {
    let origin = Origin::start();
    origin.on("/page", page("new", "max-age=60"));
    origin.once("/page", page("old", GRACE));
    let policy = "sub backend_fetch { if (bereq.is_bgfetch) { set bereq.http.X-Background = \"yes\"; } }";
    let proxy = Proxy::before(&origin, policy);
    let mut asked = 0;
    until("the new response", || {
        asked += 1;
        (proxy.get("/page").text() == "new").then_some(())
    });
    assert_eq!(origin.requests()[0].header("X-Background"), None);
    assert_eq!(origin.requests()[1].header("X-Background"), Some("yes"));
    assert_eq!(origin.requests()[1].header("X-Forwarded-For"), Some("127.0.0.1"));
    until("all requests to be counted", || {
        let counted: u64 = ["hit", "stale", "miss"].map(|outcome| proxy.outcomes(outcome)).iter().sum();
        assert!(counted <= asked);
        (counted == asked).then_some(())
    });
}
