//! Variants: responses that depend on fields of the request.

use crate::support::{Answer, Client, Origin, Proxy};

/// An origin whose page depends on that field, and says so.
fn origin_varying_on(name: &'static str) -> Origin {
    let origin = Origin::start();
    origin.on_each("/page", move |request| {
        Answer::ok(request.header(name).unwrap_or("none")).header("Cache-Control", "max-age=60").header("Vary", name)
    });
    origin
}

/// The page for that field, and whether it came from the store.
fn ask(client: &mut Client, name: &str, value: Option<&str>) -> (String, bool) {
    let request = client.get("/page");
    let request = if let Some(value) = value { request.header(name, value) } else { request };
    let response = request.send();
    (response.text().to_owned(), response.cache_status().hit())
}

#[test]
fn variants_are_stored_side_by_side() {
    let origin = origin_varying_on("Accept-Language");
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for hit in [false, true, true] {
        for language in ["de", "en", "fr"] {
            assert_eq!(ask(&mut client, "Accept-Language", Some(language)), (language.to_owned(), hit));
        }
    }
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn another_variant_is_told_from_a_plain_miss() {
    let origin = origin_varying_on("Accept-Language");
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let mut forwarded = |language| {
        let response = client.get("/page").header("Accept-Language", language).send();
        response.cache_status().fwd().map(str::to_owned)
    };
    assert_eq!(forwarded("de").as_deref(), Some("uri-miss"));
    assert_eq!(forwarded("en").as_deref(), Some("vary-miss"));
    assert_eq!(forwarded("en").as_deref(), None);
}

#[test]
fn an_absent_field_is_a_variant_of_its_own() {
    let origin = origin_varying_on("Accept-Language");
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for hit in [false, true] {
        assert_eq!(ask(&mut client, "Accept-Language", None), ("none".to_owned(), hit));
        assert_eq!(ask(&mut client, "Accept-Language", Some("de")), ("de".to_owned(), hit));
    }
    assert_eq!(ask(&mut client, "Accept-Language", Some("")), (String::new(), false));
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn every_named_field_counts() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let body = format!("{:?} {:?}", request.header("A"), request.header("B"));
        Answer::ok(body).header("Cache-Control", "max-age=60").header("Vary", "A").header("Vary", "b, a")
    });
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let all = [("1", "1"), ("1", "2"), ("2", "1"), ("2", "2"), ("12", ""), ("", "12")];
    for hit in [false, true] {
        for (a, b) in all {
            let response = client.get("/page").header("A", a).header("B", b).send();
            assert_eq!(response.text(), format!("{:?} {:?}", Some(a), Some(b)));
            assert_eq!(response.cache_status().hit(), hit, "{a} {b}");
        }
    }
    assert_eq!(origin.requests().len(), all.len());
}

#[test]
fn other_fields_do_not_count() {
    let origin = origin_varying_on("Accept-Language");
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").header("Accept-Language", "de").header("User-Agent", "one").send();
    let other = client.get("/page").header("Accept-Language", "de").header("User-Agent", "two").send();
    assert!(other.cache_status().hit());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_normalised_accept_encoding_shares() {
    let origin = origin_varying_on("Accept-Encoding");
    let proxy = Proxy::before(&origin, "normalize req { accept_encoding to [\"gzip\", \"identity\"]; }");
    let mut client = proxy.client();
    assert_eq!(ask(&mut client, "Accept-Encoding", Some("gzip, deflate, br")), ("gzip".to_owned(), false));
    for value in ["gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "deflate, GZIP"] {
        assert_eq!(ask(&mut client, "Accept-Encoding", Some(value)), ("gzip".to_owned(), true), "{value}");
    }
    let (_, hit) = ask(&mut client, "Accept-Encoding", None);
    assert!(!hit);
    for value in ["br", "gzip;q=0", "identity"] {
        assert!(ask(&mut client, "Accept-Encoding", Some(value)).1, "{value}");
    }
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn vary_on_everything_is_never_reused() {
    for policy in ["", "override builtin.vary {} rules response first { else -> ttl 1h; }"] {
        let origin = Origin::start();
        origin.on("/page", Answer::ok("page").header("Cache-Control", "max-age=60").header("Vary", "A, *"));
        let proxy = Proxy::before(&origin, policy);
        for n in 1..=2 {
            let status = proxy.get("/page").cache_status();
            assert_eq!((status.hit(), status.stored()), (false, false), "{policy}");
            assert_eq!(origin.requests().len(), n);
        }
    }
}

#[test]
fn cookies_make_variants_where_the_policy_lets_them() {
    let origin = origin_varying_on("Cookie");
    let proxy = Proxy::before(&origin, "override builtin.cookie {}");
    let mut client = proxy.client();
    for hit in [false, true] {
        for cookie in ["theme=dark", "theme=light"] {
            assert_eq!(ask(&mut client, "Cookie", Some(cookie)), (cookie.to_owned(), hit));
        }
        assert_eq!(ask(&mut client, "Cookie", None), ("none".to_owned(), hit));
    }
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn the_response_that_came_last_says_what_it_varies_on() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let answer = Answer::ok(request.header("Accept-Language").unwrap_or("none"));
        answer.header("Cache-Control", "max-age=60").header("Vary", "Accept-Language")
    });
    origin.once("/page", Answer::ok("for all").header("Cache-Control", "max-age=60").header("X-First", "1"));
    let proxy = Proxy::before(&origin, "rules response first { when header \"X-First\" -> ttl 1ms; }");
    let mut client = proxy.client();
    ask(&mut client, "Accept-Language", Some("de"));
    crate::support::until("the first response to be stale", || {
        (ask(&mut client, "Accept-Language", Some("de")).0 == "de").then_some(())
    });
    assert_eq!(ask(&mut client, "Accept-Language", Some("en")), ("en".to_owned(), false));
    assert_eq!(ask(&mut client, "Accept-Language", Some("de")), ("de".to_owned(), true));
}
