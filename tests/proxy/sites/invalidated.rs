//! What a site makes invalid is its own: by key, by tag, by ban, by an unsafe method.

use super::{BY_URL, Farm, fresh};
use crate::support::{Answer, until};

const INVALIDATES: &str = "
    sub recv {
        if (req.method == \"PURGE\") { return (purge); }
        if (req.method == \"SOFT\") { return (purge(soft)); }
        if (req.method == \"TAG\") { std.purge_tags(req.http.X-Tag); return (synth(204)); }
        if (req.method == \"BAN\") { std.ban(req.http.X-Ban); return (synth(204)); }
        if (req.method == \"WHERE\") { ban where obj.http.X-Kind == req.http.X-Ban; return (synth(204)); }
    }
    sub backend_response { tag \"all\"; set beresp.http.X-Kind = \"page\"; }
";

fn farm() -> Farm {
    Farm::alike(&[BY_URL, INVALIDATES].concat())
}

/// The host to ask, and who has the page afterwards.
const CASES: [(&str, [bool; 3]); 3] =
    [("a.test", [true, false, true]), ("root.test", [false, true, true]), ("b.test", [true, true, false])];

#[test]
fn a_purge_takes_what_the_site_has_under_that_key() {
    let farm = farm();
    for (host, left) in CASES {
        farm.fill("/page");
        assert_eq!(farm.ask("PURGE", host, "/page", &[]).status, 200);
        assert_eq!(farm.hits("/page"), left, "{host}");
    }
}

#[test]
fn a_soft_purge_leaves_those_of_others_fresh() {
    let farm = farm();
    farm.fill("/page");
    farm.ask("SOFT", "a.test", "/page", &[]);
    assert_eq!(farm.hits("/page"), [true, false, true]);
}

#[test]
fn a_tag_is_that_of_the_site() {
    let farm = farm();
    for (host, left) in CASES {
        farm.fill("/page");
        farm.ask("TAG", host, "/", &[("X-Tag", "all")]);
        assert_eq!(farm.hits("/page"), left, "{host}");
    }
    // Nor can it be written so that it is that of another.
    farm.fill("/page");
    for host in ["root.test", "b.test"] {
        farm.ask("TAG", host, "/", &[("X-Tag", "a.test,all")]);
        farm.ask("TAG", host, "/", &[("X-Tag", "a.test a.test/all")]);
    }
    assert!(farm.hits("/page")[1]);
}

#[test]
fn a_ban_tests_what_the_site_has_stored() {
    let farm = farm();
    for (method, condition) in [("WHERE", "page"), ("BAN", "obj.http.X-Kind == page"), ("BAN", "req.url == /page")] {
        for (host, left) in CASES {
            farm.fill("/page");
            farm.ask(method, host, "/", &[("X-Ban", condition)]);
            assert_eq!(farm.hits("/page"), left, "{method} {condition} {host}");
        }
    }
}

#[test]
fn a_ban_is_tested_in_the_background_with_what_the_site_has_stored() {
    let farm = farm();
    for page in ["/1", "/2", "/3"] {
        farm.fill(page);
    }
    farm.ask("WHERE", "a.test", "/", &[("X-Ban", "page")]);
    until("the ban to be carried out", || (farm.proxy.metric("warp_banned_total") == 3).then_some(()));
    // What others have is not counted as tested.
    assert_eq!(farm.proxy.metric("warp_ban_tests_total"), 3);
    for page in ["/1", "/2", "/3"] {
        assert_eq!(farm.hits(page), [true, false, true]);
    }
}

/// There are 1,024 bans at most, and the oldest is given up with all that it has not tested.
#[test]
fn who_bans_too_often_loses_what_the_site_has_stored() {
    let farm = farm();
    farm.fill("/page");
    let mut client = farm.proxy.client();
    for number in 0..1_025 {
        // None of these is tested in the background: they ask of the request.
        let condition = format!("req.http.Z == z{number}");
        client.request("BAN", "/").header("Host", "a.test").header("X-Ban", &condition).send();
    }
    assert_eq!((farm.proxy.metric("warp_bans"), farm.proxy.metric("warp_bans_given_up_total")), (1_024, 1));
    assert_eq!(farm.hits("/page"), [true, false, true]);
    // That of another is added to none of them.
    farm.ask("BAN", "b.test", "/", &[("X-Ban", "req.http.Z == z")]);
    assert_eq!(farm.proxy.metric("warp_bans_given_up_total"), 1);
    assert_eq!(farm.hits("/page"), [true, true, true]);
}

/// There may be fewer where they are large.
#[test]
fn large_bans_are_given_up_earlier() {
    let farm = farm();
    farm.fill("/page");
    for number in 0..40 {
        let condition = format!("req.http.Z ~ .{{900}}{number}");
        farm.ask("BAN", "a.test", "/", &[("X-Ban", &condition)]);
    }
    assert!(farm.proxy.metric("warp_bans") <= 32, "16 MiB of them");
    assert_eq!(farm.hits("/page"), [true, false, true]);
}

/// RFC 9111 section 4.4.
#[test]
fn rfc9111_4_4_an_unsafe_request_invalidates_what_its_site_has() {
    let farm = Farm::alike(BY_URL);
    for (host, left) in CASES {
        farm.fill("/page");
        farm.ask("POST", host, "/page", &[]);
        assert_eq!(farm.hits("/page"), left, "{host}");
    }
}

/// A response that is validated, or stored beside the cache, is still the site's.
#[test]
fn what_is_refreshed_stays_the_sites() {
    let farm = Farm::alike(&[BY_URL, INVALIDATES].concat());
    for (origin, name) in [(&farm.root, "root"), (&farm.a, "a"), (&farm.b, "b")] {
        origin.on_each("/page", move |request| {
            let answer = match request.header("If-None-Match") {
                Some(_) => Answer::status(304),
                None => Answer::ok(name),
            };
            answer.header("Cache-Control", "max-age=0, stale-while-revalidate=0").header("ETag", "\"1\"")
        });
    }
    farm.each("/page");
    farm.each("/page");
    farm.ask("WHERE", "a.test", "/", &[("X-Ban", "page")]);
    farm.ask("TAG", "b.test", "/", &[("X-Tag", "all")]);
    farm.each("/page");
    let asked = |origin: &crate::support::Origin| {
        let requests = origin.requests_to("/page");
        requests.iter().map(|request| request.header("If-None-Match").is_some()).collect::<Vec<_>>()
    };
    assert_eq!(asked(&farm.root), [false, true, true]);
    assert_eq!((asked(&farm.a), asked(&farm.b)), (vec![false, true, false], vec![false, true, false]));
}

/// A POST that is answered with what a GET would give is stored for it.
#[test]
fn what_is_stored_for_a_get_is_the_sites() {
    let farm = Farm::alike(&[BY_URL, INVALIDATES].concat());
    farm.fill("/page");
    farm.a.on("/page", fresh("posted").header("Content-Location", "http://a.test/page"));
    farm.ask("POST", "a.test", "/page", &[]);
    assert_eq!(farm.each("/page")[1], ("posted".to_owned(), true));
    farm.ask("WHERE", "b.test", "/", &[("X-Ban", "page")]);
    farm.ask("WHERE", "c.test", "/", &[("X-Ban", "page")]);
    assert_eq!(farm.hits("/page"), [false, true, false]);
    farm.ask("WHERE", "a.test", "/", &[("X-Ban", "page")]);
    assert!(!farm.hits("/page")[1]);
}
