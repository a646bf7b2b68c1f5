//! Variants: responses that depend on fields of the request.

use crate::support::{Answer, Client, Gate, Origin, Proxy};

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
fn what_a_policy_says_to_the_backend_is_what_a_response_varies_on() {
    let origin = origin_varying_on("X-User");
    let policy = "sub backend_fetch { set bereq.http.X-User = bereq.http.X-Token; }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    for (token, hit) in [("alice", false), ("bob", false), ("alice", false)] {
        assert_eq!(ask(&mut client, "X-Token", Some(token)), (token.to_owned(), hit));
    }
    // Who says the same as the backend was told is answered with it.
    assert_eq!(ask(&mut client, "X-User", Some("alice")), ("alice".to_owned(), true));
}

#[test]
fn what_a_policy_says_otherwise_leaves_the_other_variants_found() {
    let origin = origin_varying_on("X-User");
    let policy = "sub backend_fetch { set bereq.http.X-User = std.toupper(bereq.http.X-User); }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    for (user, hit) in [("A", false), ("B", false), ("c", false), ("A", true), ("B", true)] {
        assert_eq!(ask(&mut client, "X-User", Some(user)), (user.to_uppercase(), hit), "{user}");
    }
}

#[test]
fn a_variant_of_the_policys_making_stays_one_when_it_is_validated() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let user = request.header("X-User").unwrap_or("none").to_owned();
        let answer = if request.header("If-None-Match") == Some(&format!("\"{user}\"")) {
            Answer::status(304)
        } else {
            Answer::ok(user.as_str())
        };
        answer.header("Cache-Control", "max-age=0").header("Vary", "X-User").header("ETag", &format!("\"{user}\""))
    });
    let policy = "sub backend_fetch { set bereq.http.X-User = std.toupper(bereq.http.X-User); }
                  sub backend_response { set beresp.ttl = 0s; set beresp.grace = 0s; set beresp.keep = 1h; }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    for user in ["A", "b", "A", "B", "a", "A", "B"] {
        assert_eq!(ask(&mut client, "X-User", Some(user)).0, user.to_uppercase(), "{user}");
    }
}

#[test]
fn what_is_said_of_the_request_once_it_was_sent_makes_no_variant() {
    let origin = origin_varying_on("X-User");
    let proxy = Proxy::before(&origin, "sub backend_response { unset bereq.http.X-User; }");
    let mut client = proxy.client();
    for hit in [false, true] {
        assert_eq!(ask(&mut client, "X-User", Some("a")), ("a".to_owned(), hit));
        assert_eq!(ask(&mut client, "X-User", None), ("none".to_owned(), hit));
    }
}

#[test]
fn who_waited_for_another_variant_of_the_policys_making_asks_alone() {
    let (origin, gate) = (Origin::start(), Gate::new());
    let held = gate.clone();
    origin.on_each("/page", move |request| {
        let page = Answer::ok(request.header("X-User").unwrap_or("none")).header("Vary", "X-User");
        page.header("Cache-Control", "max-age=60").behind(&held)
    });
    let proxy = Proxy::before(&origin, "sub backend_fetch { set bereq.http.X-User = bereq.http.X-Token; }");
    let mut clients = ["alice", "bob", "carol"].map(|token| {
        let mut client = proxy.client();
        client.get("/page").header("X-Token", token).send_only();
        (token, client)
    });
    proxy.wait_for_metric("warp_requests_in_flight", 3);
    gate.open();
    for (token, client) in &mut clients {
        assert_eq!(client.read_response("GET").unwrap().text(), *token);
    }
}

#[test]
fn a_coding_that_is_not_asked_for_suits_all() {
    let origin = origin_varying_on("Accept-Encoding");
    let proxy = Proxy::before(&origin, "sub backend_fetch { unset bereq.http.Accept-Encoding; }");
    let mut client = proxy.client();
    for hit in [false, true] {
        assert_eq!(ask(&mut client, "Accept-Encoding", Some("gzip")), ("none".to_owned(), hit));
    }
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

#[test]
fn a_variant_that_is_fetched_anew_leaves_the_others_found() {
    let origin = origin_varying_on("X-User");
    let proxy = Proxy::before(&origin, "sub recv { if (req.http.X-Refresh) { set req.hash_always_miss = true; } }");
    let mut client = proxy.client();
    for user in ["first", "second"] {
        assert_eq!(ask(&mut client, "X-User", Some(user)), (user.to_owned(), false));
    }
    let refreshed = client.get("/page").header("X-User", "first").header("X-Refresh", "1").send();
    assert_eq!((refreshed.text(), refreshed.cache_status().hit()), ("first", false));
    for user in ["second", "first"] {
        assert_eq!(ask(&mut client, "X-User", Some(user)), (user.to_owned(), true));
    }
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn the_same_preferences_written_otherwise_share() {
    for (name, written, same, others) in [
        ("Accept-Language", "en, de;q=0.5", &["EN,DE;q=0.50", "de;q=0.5 , en"][..], &["de, en;q=0.5", "en"][..]),
        ("Accept-Encoding", "gzip, br", &["br, GZIP"], &["gzip", "gzip, br;q=0.9"]),
        ("Accept", "text/html, */*;q=0.1", &["*/*;q=0.1,Text/HTML"], &["text/html;level=1, */*;q=0.1"]),
        ("Accept-Charset", "utf-8, latin1", &["latin1, UTF-8"], &["utf-8"]),
        ("X-Other", "a, b", &["a,b"], &["b, a", "A, b"]),
    ] {
        let origin = origin_varying_on(name);
        let proxy = Proxy::before(&origin, "");
        let mut client = proxy.client();
        assert!(!ask(&mut client, name, Some(written)).1, "{name}");
        for value in same {
            assert_eq!(ask(&mut client, name, Some(value)), (written.to_owned(), true), "{name}: {value}");
        }
        for value in others {
            assert_eq!(ask(&mut client, name, Some(value)), ((*value).to_owned(), false), "{name}: {value}");
        }
    }
}

/// A policy that takes what is stored in the client's language.
const SELECT: &str = "sub recv { set req.select_language = true; }";

/// An origin whose page is in that language, whoever asks, and for each `X` another one.
fn origin_in(language: &'static str) -> Origin {
    let origin = Origin::start();
    origin.on_each("/page", move |request| {
        let answer = Answer::ok(format!("{language} {:?}", request.header("X")));
        let answer = answer.header("Cache-Control", "max-age=60").header("Vary", "Accept-Language, X");
        answer.header("Content-Language", language)
    });
    origin
}

#[test]
fn the_language_liked_best_is_selected_if_the_policy_wants_it() {
    for (policy, accepted, hit) in [
        (SELECT, "fr;q=0.5, DE", true),
        ("", "fr;q=0.5, DE", false),
        (SELECT, "fr, de", false),
        (SELECT, "fr, de;q=0.9", false),
        (SELECT, "de-AT", false),
        (SELECT, "*", false),
        (SELECT, "de;q=0", false),
        (SELECT, "de;q=x", false),
    ] {
        let proxy_origin = origin_in("de");
        let proxy = Proxy::before(&proxy_origin, policy);
        let mut client = proxy.client();
        assert!(!ask(&mut client, "Accept-Language", Some("en, de")).1);
        assert_eq!(ask(&mut client, "Accept-Language", Some(accepted)).1, hit, "{accepted} {policy}");
    }
}

#[test]
fn a_response_in_several_languages_is_not_selected() {
    let origin = origin_in("de, en");
    let proxy = Proxy::before(&origin, SELECT);
    let mut client = proxy.client();
    ask(&mut client, "Accept-Language", Some("en, de"));
    assert!(!ask(&mut client, "Accept-Language", Some("de")).1);
}

#[test]
fn a_variant_that_differs_in_another_field_is_never_selected() {
    let origin = origin_in("de");
    let proxy = Proxy::before(&origin, SELECT);
    let mut client = proxy.client();
    let mut ask = |language: &str, x: Option<&str>| {
        let request = client.get("/page").header("Accept-Language", language);
        let response = x.into_iter().fold(request, |request, x| request.header("X", x)).send();
        assert_eq!(response.text(), format!("de {x:?}"));
        response.cache_status().hit()
    };
    assert!(!ask("en, de", Some("1")));
    for x in [Some("2"), None, Some("")] {
        assert!(!ask("de, en;q=0.1", x), "{x:?}");
    }
    assert!(ask("de, en;q=0.2", Some("1")));
    assert!(ask("de, en;q=0.2", Some("2")));
}

#[test]
fn what_is_stored_for_this_very_request_goes_before_what_is_selected() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let answer = Answer::ok(request.header("Accept-Language").unwrap_or("none"));
        let answer = answer.header("Cache-Control", "max-age=60").header("Vary", "Accept-Language");
        answer.header("Content-Language", "de")
    });
    let proxy = Proxy::before(&origin, "sub recv { if (req.http.X-Select) { set req.select_language = true; } }");
    let mut client = proxy.client();
    ask(&mut client, "Accept-Language", Some("en, de"));
    ask(&mut client, "Accept-Language", Some("de, en;q=0.5"));
    let mut select = |language| {
        let response = client.get("/page").header("X-Select", "1").header("Accept-Language", language).send();
        (response.text().to_owned(), response.cache_status().hit())
    };
    assert_eq!(select("de, en;q=0.5"), ("de, en;q=0.5".to_owned(), true));
    assert!(select("de, fr;q=0.5").1);
}

#[test]
fn a_page_has_a_bounded_number_of_variants() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let body = format!("{}{}", request.header("X-Random").unwrap(), "x".repeat(10_000));
        Answer::ok(body).header("Cache-Control", "max-age=60").header("Vary", "X-Random")
    });
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let mut ask = |n: u32| {
        let response = client.get("/page").header("X-Random", &format!("{n};")).send();
        assert!(response.text().starts_with(&format!("{n};x")));
        response.cache_status().hit()
    };
    assert!((0..200).all(|n| !ask(n)));
    let store = proxy.status()["store"].clone();
    assert_eq!(store["objects"], 64, "{store}");
    // The last ones are found although the first one, on which all were hung, is gone.
    assert!((136..200).all(&mut ask));
    // The first one is answered anew, and as it should be.
    assert_eq!((ask(0), ask(0)), (false, true));
    assert!(ask(199));
}

#[test]
fn variants_outlive_the_one_that_came_first() {
    let origin = origin_varying_on("A");
    let first_for_a_moment = "rules response first { when header \"A\" == \"1\" -> ttl 1ms, keep 0s, grace 0s; }";
    let proxy = Proxy::before(&origin, first_for_a_moment);
    let mut client = proxy.client();
    ask(&mut client, "A", Some("1"));
    ask(&mut client, "A", Some("2"));
    for _ in 0..3 {
        assert_eq!(ask(&mut client, "A", Some("2")), ("2".to_owned(), true));
    }
    assert_eq!(ask(&mut client, "A", Some("3")), ("3".to_owned(), false));
    for value in ["2", "3"] {
        assert_eq!(ask(&mut client, "A", Some(value)), (value.to_owned(), true));
    }
}
