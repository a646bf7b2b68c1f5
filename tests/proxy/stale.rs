//! What is stale, rule by rule: RFC 9111 section 4.2.4, RFC 5861, and what a policy says of both.
//!
//! Windows that have passed are made with `Age`: a response may come stale, and for how long.

use std::time::Instant;

use crate::support::{Answer, Gate, Origin, Proxy, Response, until};

/// A page that came stale for `stale_seconds` already.
fn stale_for(stale_seconds: u64, directives: &str) -> Answer {
    let age = 60 + stale_seconds;
    Answer::ok("old")
        .header("Cache-Control", &format!("max-age=60, {directives}"))
        .header("Age", &age.to_string())
        .header("ETag", "\"old\"")
}

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60").header("ETag", &format!("\"{body}\""))
}

/// Stores `first`, then asks again while the origin answers `then`.
fn asked_again(first: Answer, then: Answer, declarations: &str) -> Response {
    let origin = Origin::start();
    origin.on("/page", then);
    origin.once("/page", first);
    let proxy = Proxy::before(&origin, declarations);
    assert_eq!(proxy.get("/page").text(), "old");
    proxy.get("/page")
}

fn detail(response: &Response) -> String {
    response.cache_status().parameters["detail"].clone()
}

const FOREVER: &str = "rules response first { else -> grace 1h, keep 1h; }\n";

#[test]
fn rfc5861_3_stale_while_revalidate_has_an_end() {
    let within = asked_again(stale_for(5, "stale-while-revalidate=60"), fresh("new"), "");
    assert_eq!((within.text(), detail(&within).as_str()), ("old", "grace"));
    let beyond = asked_again(stale_for(15, "stale-while-revalidate=10"), fresh("new"), "");
    assert_eq!((beyond.text(), beyond.cache_status().fwd()), ("new", Some("stale")));
}

#[test]
fn rfc5861_4_stale_if_error_has_an_end_for_every_failure() {
    for failure in [Answer::status(500), Answer::close(), Answer::reset()] {
        let within = asked_again(stale_for(5, "stale-if-error=60"), failure.clone(), "");
        assert_eq!((within.status, within.text()), (200, "old"), "{failure:?}");
        assert_eq!(detail(&within), "stale-if-error");
        let beyond = asked_again(stale_for(15, "stale-if-error=10"), failure.clone(), "");
        assert!(beyond.status >= 500, "{failure:?}");
    }
}

#[test]
fn rfc5861_4_only_500_502_503_and_504_are_errors() {
    for status in [501, 505, 507, 599, 404, 429] {
        let answer = asked_again(stale_for(5, "stale-if-error=60"), Answer::status(status), "");
        assert_eq!(answer.status, status);
    }
}

#[test]
fn rfc5861_4_a_backend_that_is_too_slow_is_an_error() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("late").behind(&gate));
    origin.once("/page", stale_for(5, "stale-if-error=60"));
    let proxy = Proxy::before(
        &origin,
        "sub backend_fetch { set bereq.first_byte_timeout = 100ms; set bereq.between_bytes_timeout = 100ms; }",
    );
    assert_eq!([(); 2].map(|()| proxy.get("/page").text().to_owned()), ["old", "old"]);
    gate.open();
}

#[test]
fn rfc9111_4_2_4_what_is_kept_serves_a_cache_that_is_cut_off_and_no_longer() {
    let kept = asked_again(stale_for(5, "x"), Answer::close(), "");
    assert_eq!((kept.status, kept.text()), (200, "old"));
    let gone = asked_again(stale_for(5, "x"), Answer::close(), "rules response first { else -> grace 1s, keep 1s; }");
    assert_eq!(gone.status, 503);
}

#[test]
fn what_only_the_policy_called_fresh_is_kept_as_long() {
    let kept = asked_again(Answer::ok("old"), Answer::close(), "rules response first { else -> ttl 1ms; }");
    assert_eq!((kept.status, kept.text()), (200, "old"));
    let policy = "sub backend_response { set beresp.keep = 0s; set beresp.ttl = 1s; set beresp.ttl = -1s; }";
    assert_eq!(asked_again(Answer::ok("old").header("ETag", "\"1\""), Answer::close(), policy).status, 503);
}

#[test]
fn rfc9111_4_2_4_nothing_opens_what_is_forbidden() {
    for forbids in ["must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=1"] {
        let directives = format!("{forbids}, stale-while-revalidate=3600, stale-if-error=3600");
        for (failure, status) in [(Answer::status(500), 500), (Answer::close(), 504)] {
            let answer = asked_again(stale_for(5, &directives), failure, FOREVER);
            assert_eq!(answer.status, status, "{forbids}");
        }
        assert_eq!(asked_again(stale_for(5, &directives), fresh("new"), FOREVER).text(), "new", "{forbids}");
    }
}

#[test]
fn rfc9213_2_1_the_field_that_governs_says_whether_stale_use_is_forbidden() {
    let windows = "stale-while-revalidate=3600,stale-if-error=3600";
    let of = |targeted: &str, common: &str| {
        Answer::ok("old")
            .header("CDN-Cache-Control", targeted)
            .header("Cache-Control", common)
            .header("ETag", "\"old\"")
    };
    let forbidden = of(&format!("max-age=0,must-revalidate,{windows}"), &format!("max-age=0,{windows}"));
    assert_eq!(asked_again(forbidden, Answer::close(), "").status, 504);
    let allowed = of(&format!("max-age=0,{windows}"), "max-age=0,must-revalidate");
    assert_eq!(asked_again(allowed, Answer::close(), "").status, 200);
}

#[test]
fn rfc9111_5_2_2_2_a_cache_that_cannot_validate_says_504_through_backend_error() {
    let declarations = "sub backend_error { set beresp.http.X-Status = beresp.status; }";
    let error = asked_again(stale_for(5, "must-revalidate"), Answer::close(), declarations);
    assert_eq!((error.status, error.reason.as_str()), (504, "Gateway Timeout"));
    assert_eq!(error.header("X-Status"), Some("504"));
    assert!(error.text().contains("504 Gateway Timeout"), "{}", error.text());
    // What the backend answers is an answer.
    assert_eq!(asked_again(stale_for(5, "must-revalidate"), Answer::status(502), "").status, 502);
}

#[test]
fn a_policy_that_knows_better_takes_the_directive_off() {
    let declarations =
        "sub backend_response { set beresp.http.Cache-Control = \"max-age=60\"; set beresp.grace = 1h; }";
    let stale = asked_again(stale_for(5, "must-revalidate"), Answer::status(500), declarations);
    assert_eq!((stale.status, detail(&stale).as_str()), (200, "grace"));
}

#[test]
fn req_grace_limits_the_grace_of_one_request() {
    let limited = |limit: &str| {
        let declarations = format!("sub recv {{ set req.grace = {limit}; }}\n{FOREVER}");
        asked_again(stale_for(5, "x"), fresh("new"), &declarations).text().to_owned()
    };
    assert_eq!([limited("0s"), limited("2s"), limited("10m")], ["new", "new", "old"]);
    let unset = "sub recv { if (req.grace < 365d) { return (synth(500)); } }";
    assert_eq!(asked_again(stale_for(5, "stale-while-revalidate=60"), fresh("new"), unset).text(), "old");
    // A backend that fails is another matter.
    let declarations = format!("sub recv {{ set req.grace = 0s; }}\n{FOREVER}");
    assert_eq!(asked_again(stale_for(5, "x"), Answer::status(500), &declarations).text(), "old");
}

#[test]
fn beresp_stale_if_error_is_the_policys_word_on_errors() {
    let set = |time: &str, failure: Answer| {
        let declarations = format!("sub backend_response {{ set beresp.stale_if_error = {time}; }}");
        asked_again(stale_for(5, "x"), failure, &declarations).status
    };
    assert_eq!((set("1h", Answer::status(503)), set("1h", Answer::close())), (200, 200));
    assert_eq!((set("0s", Answer::status(503)), set("0s", Answer::close())), (503, 503));
    let read = "sub backend_response { set beresp.http.X-Window = beresp.stale_if_error; }";
    let origin = Origin::start();
    origin.on("/page", stale_for(5, "stale-if-error=7"));
    assert_eq!(Proxy::before(&origin, read).get("/page").header("X-Window"), Some("7.000"));
}

#[test]
fn beyond_its_grace_a_response_is_no_hit() {
    let declarations = "sub hit { return (synth(418)); }\n";
    let hit = asked_again(stale_for(5, "stale-while-revalidate=60"), fresh("new"), declarations);
    assert_eq!(hit.status, 418);
    for directives in ["x", "must-revalidate, stale-while-revalidate=60"] {
        let kept = asked_again(stale_for(5, directives), fresh("new"), declarations);
        assert_eq!((kept.status, kept.text()), (200, "new"), "{directives}");
    }
}

#[test]
fn a_sick_backend_leaves_grace_to_serve_at_once() {
    let origin = Origin::start();
    origin.on("/health", Answer::ok(""));
    origin.on("/page", stale_for(5, "stale-while-revalidate=3600"));
    let probe = ".probe = { .url = \"/health\"; .interval = 20ms; .timeout = 1s; .window = 1; .threshold = 1; }";
    let port = origin.address().port();
    let proxy =
        Proxy::start(&format!("warp 1;\nbackend default {{ .host = \"127.0.0.1\"; .port = \"{port}\"; {probe} }}\n"));
    until("the backend to be well", || (proxy.get("/page").status == 200).then_some(()));
    origin.on("/health", Answer::status(500));
    until("the backend to be sick", || (proxy.get("/other").status == 503).then_some(()));
    let asked = origin.requests_to("/page").len();
    for _ in 0..20 {
        let stale = proxy.get("/page");
        assert_eq!((stale.text(), detail(&stale).as_str()), ("old", "grace"));
    }
    assert_eq!(origin.requests_to("/page").len(), asked);
}

#[test]
fn a_refresh_that_fails_is_not_tried_at_every_request() {
    for failure in
        [Answer::status(500), Answer::close(), Answer::status(404), Answer::status(304).header("ETag", "\"x\"")]
    {
        let origin = Origin::start();
        origin.on("/page", failure.clone());
        for _ in 0..2 {
            origin.once("/page", stale_for(5, "stale-while-revalidate=3600").header("Vary", "X-Variant"));
        }
        let proxy = Proxy::before(&origin, "");
        let mut client = proxy.client();
        let mut ask = |variant: &str| client.get("/page").header("X-Variant", variant).send();
        assert!(["1", "2", "2"].map(&mut ask).iter().all(|page| page.text() == "old"));
        origin.wait_for(3);
        let began = Instant::now();
        for _ in 0..100 {
            assert_eq!(ask("2").text(), "old");
        }
        let tries = origin.requests().len() as u64;
        // A 304 of another response counts twice.
        let most = 5 + 2 * began.elapsed().as_secs();
        assert!(tries <= most, "{failure:?}: {tries} > {most}");
    }
}

#[test]
fn all_who_wait_for_a_backend_that_is_away_get_what_is_kept() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::close().behind(&gate));
    origin.once("/page", stale_for(5, "x"));
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/page").text(), "old");
    let mut clients: Vec<_> = (0..20).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/page").send_only();
    }
    proxy.wait_for_metric("warp_requests_in_flight", 20);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.read_response("GET").unwrap().text(), "old");
    }
    assert!(origin.requests().len() <= 4, "{}", origin.requests().len());
}

#[test]
fn one_fetch_runs_in_the_background_and_it_is_no_hit() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("new").behind(&gate));
    origin.once("/page", stale_for(5, "stale-while-revalidate=3600"));
    let proxy = Proxy::before(&origin, "sub deliver { set resp.http.X-Hits = obj.hits; }");
    proxy.get("/page");
    let hits: Vec<_> = (0..20).map(|_| proxy.get("/page").header("X-Hits").unwrap().to_owned()).collect();
    assert_eq!(hits, (1..=20).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(origin.requests().len(), 2);
    gate.open();
    until("the new response", || (proxy.get("/page").text() == "new").then_some(()));
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a_fetch_in_the_background_keeps_the_policy_that_it_began_with() {
    let (origin, gate) = (Origin::start(), Gate::new());
    let again = stale_for(5, "stale-while-revalidate=3600").behind(&gate);
    origin.on("/page", fresh("new"));
    origin.once("/page", stale_for(5, "stale-while-revalidate=3600"));
    origin.once("/page", again);
    let policy = |name: &str| {
        let sub = format!("sub backend_response {{ set beresp.http.X-Policy = \"{name}\"; }}");
        format!("warp 1;\n{}{sub}\n", origin.backend())
    };
    let proxy = Proxy::start(&policy("first"));
    assert!((0..2).all(|_| proxy.get("/page").header("X-Policy") == Some("first")));
    origin.wait_for(2);
    proxy.write_policy(policy("second"));
    proxy.wait_for_reload("ok");
    gate.open();
    let mut seen = Vec::new();
    until("the new response", || {
        let page = proxy.get("/page");
        let name = page.header("X-Policy").unwrap().to_owned();
        assert_eq!(page.text() == "new", name == "second");
        seen.push(name);
        (page.text() == "new").then_some(())
    });
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn a_purge_while_it_is_fetched_anew_holds() {
    for answer in [fresh("new"), Answer::status(304).header("ETag", "\"old\"").header("Cache-Control", "max-age=60")] {
        let (origin, gate) = (Origin::start(), Gate::new());
        origin.on("/page", fresh("newest"));
        origin.once("/page", stale_for(5, "stale-while-revalidate=3600"));
        origin.once("/page", answer.behind(&gate));
        let proxy = Proxy::before(&origin, "sub recv { if (req.method == \"PURGE\") { return (purge); } }");
        assert!((0..2).all(|_| proxy.get("/page").text() == "old"));
        origin.wait_for(2);
        assert_eq!(proxy.client().request("PURGE", "/page").send().status, 200);
        gate.open();
        until("the newest response", || {
            let page = proxy.get("/page");
            assert_ne!(page.text(), "new");
            (page.text() == "newest").then_some(())
        });
        assert_eq!(proxy.get("/page").text(), "newest");
    }
}
