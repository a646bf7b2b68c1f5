//! What is stored for one URL is stale from now on, and stays.

use std::time::{Duration, Instant};

use crate::support::{Answer, Gate, Origin, Proxy, Recorded, Response, until};

const POLICY: &str = r#"
rules request first {
    when method == "PURGE" and req.http.X-Soft -> purge soft;
    when method == "PURGE" -> purge;
}
"#;

const GRACE: &str = "rules response first { else -> grace 1h; }\n";

fn page(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60").header("ETag", &format!("\"{body}\""))
}

fn not_modified(body: &str) -> Answer {
    Answer::status(304).header("Cache-Control", "max-age=60").header("ETag", &format!("\"{body}\""))
}

fn before(origin: &Origin, declarations: &str) -> Proxy {
    Proxy::before(origin, &format!("{POLICY}{declarations}"))
}

/// Stores `first`, lets it be stale, then answers `then`.
fn purged(first: Answer, then: Answer, declarations: &str) -> (Origin, Proxy) {
    let origin = Origin::start();
    origin.on("/page", then);
    origin.once("/page", first);
    let proxy = before(&origin, declarations);
    assert_eq!(proxy.get("/page").text(), "old");
    purge(&proxy, "/page");
    (origin, proxy)
}

fn purge(proxy: &Proxy, target: &str) {
    let answer = proxy.client().request("PURGE", target).header("X-Soft", "1").send();
    assert_eq!((answer.status, answer.reason.as_str()), (200, "Purged"));
}

fn detail(response: &Response) -> String {
    response.cache_status().parameters["detail"].clone()
}

fn validates(request: &Recorded, body: &str) -> bool {
    request.header("If-None-Match") == Some(&format!("\"{body}\""))
}

#[test]
fn within_grace_the_old_one_is_served_while_the_new_one_is_fetched() {
    let gate = Gate::new();
    let (origin, proxy) = purged(page("old"), page("new").behind(&gate), GRACE);
    for _ in 0..3 {
        let stale = proxy.get("/page");
        assert_eq!((stale.text(), stale.cache_status().hit(), detail(&stale).as_str()), ("old", true, "grace"));
    }
    assert!(validates(&origin.wait_for(2), "old"));
    gate.open();
    let new = until("the new page", || Some(proxy.get("/page")).filter(|page| page.text() == "new"));
    assert_eq!((new.cache_status().hit(), detail(&new).as_str()), (true, "fresh"));
    assert_eq!(origin.requests().len(), 2);
    proxy.wait_for_metric("warp_requests_total{outcome=\"purge\",reason=\"policy\"}", 1);
    assert_eq!(["warp_store_soft_purged_total", "warp_store_purged_total"].map(|name| proxy.metric(name)), [1, 0]);
}

#[test]
fn without_grace_clients_wait_for_the_new_one() {
    let (origin, proxy) = purged(page("old"), page("new"), "");
    let new = proxy.get("/page");
    assert_eq!((new.text(), new.cache_status().fwd()), ("new", Some("stale")));
    assert!(validates(&origin.wait_for(2), "old"));
    assert!(proxy.get("/page").cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn what_may_not_be_stale_is_not_served_so() {
    let strict = page("old").header("Cache-Control", "must-revalidate");
    let (_origin, proxy) = purged(strict, page("new"), GRACE);
    assert_eq!(proxy.get("/page").text(), "new");
}

#[test]
fn rfc9111_4_3_4_a_304_makes_it_fresh() {
    for declarations in ["", GRACE] {
        let (origin, proxy) = purged(page("old"), not_modified("old"), declarations);
        let fresh = until("a fresh page", || {
            let page = proxy.get("/page");
            assert_eq!(page.text(), "old");
            Some(page).filter(|page| detail(page) == "fresh")
        });
        assert!(fresh.cache_status().parameters["ttl"].parse::<i64>().unwrap() > 50);
        assert_eq!(origin.requests().len(), 2);
    }
}

#[test]
fn all_variants_are_stale() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        page(request.header("X-Kind").unwrap()).header("Vary", "X-Kind").header("Cache-Control", "public")
    });
    let proxy = before(&origin, "");
    let mut client = proxy.client();
    let mut ask = |kind: &str| {
        let response = client.get("/page").header("X-Kind", kind).send();
        assert_eq!(response.text(), kind);
        response.cache_status().fwd().map(str::to_owned)
    };
    for kind in ["a", "b", "c"] {
        ask(kind);
    }
    assert_eq!(["a", "b", "c"].map(&mut ask), [None, None, None]);
    purge(&proxy, "/page");
    let stale = Some("stale".to_owned());
    assert_eq!(["c", "b", "a"].map(&mut ask), [stale.clone(), stale.clone(), stale]);
    assert_eq!(["c", "b", "a"].map(&mut ask), [None, None, None]);
    for (request, kind) in origin.requests()[3..].iter().zip(["c", "b", "a"]) {
        assert!(validates(request, kind));
    }
}

/// Two slices of 64 KB, which do not change.
fn sliced(request: &Recorded) -> Answer {
    const SIZE: usize = 64 << 10;
    if request.header("If-None-Match").is_some() {
        return not_modified("v1");
    }
    let first: usize = if request.header("Range") == Some("bytes=0-65535") { 0 } else { SIZE };
    Answer::status(206)
        .with_body(vec![b'x'; SIZE])
        .header("Content-Range", &format!("bytes {first}-{}/{}", first + SIZE - 1, 2 * SIZE))
        .header("Cache-Control", "max-age=60")
        .header("ETag", "\"v1\"")
}

#[test]
fn slices_and_answers_to_query_are_stale_with_it() {
    let origin = Origin::start();
    origin.on_each("/file", sliced);
    origin.on("/q", page("answer"));
    let proxy = before(&origin, "rules request first { when path == \"/file\" -> slice 64KB; }");
    let mut client = proxy.client();
    for (method, target, asked) in [("GET", "/file", 2), ("QUERY", "/q", 1)] {
        let mut ask = || {
            let response = client.request(method, target).header("Content-Type", "text/plain").send();
            (response.status, response.body.len())
        };
        let stored = ask();
        assert_eq!((ask(), origin.requests_to(target).len()), (stored, asked));
        purge(&proxy, target);
        assert_eq!((ask(), origin.requests_to(target).len()), (stored, 2 * asked), "{target}");
        let anew = &origin.requests_to(target)[asked..];
        assert!(anew.iter().all(|request| request.header("If-None-Match").is_some()));
        assert_eq!((ask(), origin.requests_to(target).len()), (stored, 2 * asked));
    }
}

#[test]
fn rfc5861_4_without_a_backend_it_is_served_as_what_is_stale() {
    let ask = |directives: &str, failure: &Answer, declarations: &str| {
        let old = page("old").header("Cache-Control", directives);
        let (_origin, proxy) = purged(old, failure.clone(), declarations);
        let response = proxy.get("/page");
        (response.status, detail(&response))
    };
    let served = |word: &str| (200, word.to_owned());
    let none_is_kept = "rules response first { else -> keep 0s; }";
    for failure in [Answer::close(), Answer::status(500)] {
        assert_eq!(ask("max-age=60", &failure, GRACE), served("grace"));
        assert_eq!(ask("stale-if-error=60", &failure, none_is_kept), served("stale-if-error"));
        assert!(ask("stale-if-error=0", &failure, "").0 >= 500);
        assert!(ask("max-age=60", &failure, none_is_kept).0 >= 500);
    }
    // Without any answer, what is kept is served.
    assert_eq!(ask("max-age=60", &Answer::close(), ""), served("stale-if-error"));
    assert_eq!(ask("max-age=60", &Answer::status(500), "").0, 500);
    assert_eq!(ask("must-revalidate", &Answer::close(), GRACE).0, 504);
}

#[test]
fn grace_counts_from_the_purge() {
    let began = Instant::now();
    let (_origin, proxy) = purged(page("old"), Answer::status(500), "rules response first { else -> grace 1s; }");
    assert_eq!(proxy.get("/page").text(), "old");
    until("the end of grace", || (proxy.get("/page").status == 500).then_some(()));
    assert!(began.elapsed() > Duration::from_secs(1));
}

#[test]
fn what_was_stale_before_is_stale_since_then() {
    let stale = page("old").header("Age", "75");
    let (_origin, proxy) = purged(stale, page("new"), "rules response first { else -> grace 10s; }");
    assert_eq!(proxy.get("/page").text(), "new");
}

#[test]
fn its_age_goes_on_and_its_ttl_is_over() {
    let shown = "sub deliver { set resp.http.X-TTL = obj.ttl; set resp.http.X-Age = obj.age; }\n";
    let failing = Answer::status(500);
    let (_origin, proxy) = purged(page("old").header("Age", "20"), failing, &format!("{GRACE}{shown}"));
    let stale = proxy.get("/page");
    let number = |name: &str| stale.header(name).unwrap().parse::<f64>().unwrap();
    assert!(number("Age") >= 20.0 && number("X-Age") >= 20.0, "{:?}", stale.fields);
    assert!(number("X-TTL") <= 0.0, "{:?}", stale.fields);
    assert!(stale.cache_status().parameters["ttl"].parse::<i64>().unwrap() <= 0);
}

#[test]
fn what_was_never_stored_is_purged_without_fuss() {
    let origin = Origin::start();
    let proxy = before(&origin, "");
    purge(&proxy, "/page");
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn it_takes_the_marks_off() {
    let origin = Origin::start();
    origin.once("/page", page("first").header("X-Pass", "1"));
    origin.on("/page", page("later"));
    let proxy = before(&origin, "sub backend_response { if (beresp.http.X-Pass) { return (pass); } }");
    proxy.get("/page");
    purge(&proxy, "/page");
    assert!(proxy.get("/page").cache_status().stored());
}

#[test]
fn a_hard_purge_removes_what_a_soft_one_left() {
    let (_origin, proxy) = purged(page("old"), page("new"), GRACE);
    proxy.client().request("PURGE", "/page").send();
    let new = proxy.get("/page");
    assert_eq!((new.text(), new.cache_status().fwd()), ("new", Some("uri-miss")));
}

#[test]
fn a_response_that_is_asked_for_before_does_not_come_in() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", page("new"));
    origin.once("/page", page("old").behind(&gate));
    let proxy = before(&origin, GRACE);
    let mut client = proxy.client();
    let filling = client.get("/page").send_only();
    origin.wait_for(1);
    purge(&proxy, "/page");
    gate.open();
    let old = filling.read_response("GET").unwrap();
    assert_eq!((old.text(), old.cache_status().stored()), ("old", false));
    assert_eq!(proxy.get("/page").text(), "new");
}

#[test]
fn what_is_asked_for_before_does_not_make_what_is_stored_fresh() {
    let new = || page("between");
    for (method, late) in [("GET", new()), ("GET", not_modified("old")), ("HEAD", page("old"))] {
        let (origin, gate) = (Origin::start(), Gate::new());
        origin.once("/page", page("old"));
        origin.once("/page", late.behind(&gate));
        origin.on("/page", page("new"));
        let proxy = before(&origin, "");
        proxy.get("/page");
        purge(&proxy, "/page");
        let mut client = proxy.client();
        let asking = client.request(method, "/page").send_only();
        origin.wait_for(2);
        purge(&proxy, "/page");
        gate.open();
        assert_eq!(asking.read_response(method).unwrap().status, 200);
        let after = proxy.get("/page");
        assert_eq!((after.text(), after.cache_status().fwd()), ("new", Some("stale")), "{method}");
        assert!(validates(&origin.requests()[2], "old"));
    }
}

#[test]
fn a_refresh_in_the_background_that_is_older_does_not_come_in() {
    for late in [page("between"), not_modified("old")] {
        let (origin, gate) = (Origin::start(), Gate::new());
        origin.once("/page", page("old"));
        origin.once("/page", late.behind(&gate));
        origin.on("/page", page("new"));
        let proxy = before(&origin, GRACE);
        proxy.get("/page");
        purge(&proxy, "/page");
        assert_eq!(proxy.get("/page").text(), "old");
        origin.wait_for(2);
        purge(&proxy, "/page");
        gate.open();
        until("the new page", || {
            let page = proxy.get("/page");
            assert!(detail(&page) == "grace" && page.text() == "old" || page.text() == "new");
            (page.text() == "new").then_some(())
        });
        assert_eq!(origin.requests().len(), 3);
    }
}

#[test]
fn what_is_coming_in_is_stale_once_it_is_there() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", page("new"));
    origin.once("/page", page("first half, second half").body_behind(10, &gate));
    let proxy = before(&origin, "");
    let mut client = proxy.client();
    let filling = client.get("/page").send_only();
    filling.read_head().unwrap();
    assert_eq!(filling.read_bytes(10).unwrap(), b"first half");
    purge(&proxy, "/page");
    gate.open();
    assert_eq!(filling.read_bytes(13).unwrap(), b", second half");
    let after = proxy.get("/page");
    assert_eq!((after.text(), after.cache_status().fwd()), ("new", Some("stale")));
}
