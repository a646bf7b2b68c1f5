//! A POST whose response is what a GET of the same URL would give (RFC 9110 section 9.3.3).

use crate::support::{Answer, Origin, Proxy};

fn posted() -> Answer {
    Answer::ok("posted").header("Cache-Control", "max-age=60").header("Content-Location", "/page")
}

/// Whether a GET is answered with what a POST, with these fields, was answered with.
fn answers_get(policy: &str, answer: Answer, request: &[(&str, &str)]) -> bool {
    let origin = Origin::start();
    origin.once("/page", answer);
    origin.on("/page", Answer::ok("got"));
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    let asked = client.request("POST", "/page").body("x");
    let post = request.iter().fold(asked, |asked, (name, value)| asked.header(name, value)).send();
    assert_eq!(post.text(), "posted");
    let get = client.get("/page").send();
    assert_eq!(post.cache_status().stored(), get.cache_status().hit(), "{:?}", post.cache_status());
    assert_eq!(get.text(), if get.cache_status().hit() { "posted" } else { "got" });
    get.cache_status().hit()
}

#[test]
fn rfc9110_9_3_3_a_response_of_its_own_target_answers_a_get() {
    assert!(answers_get("", posted(), &[]));
    assert!(answers_get("", posted().chunked(2), &[]));
}

#[test]
fn rfc9110_9_3_3_it_must_say_how_long_it_is_fresh_and_what_it_is() {
    let without_lifetime = Answer::ok("posted").header("Content-Location", "/page").header("ETag", "\"1\"");
    assert!(!answers_get("rules response first { else -> ttl 1m; }", without_lifetime, &[]));
    assert!(!answers_get("", Answer::ok("posted").header("Cache-Control", "max-age=60"), &[]));
    let elsewhere = Answer::ok("posted").header("Cache-Control", "max-age=60").header("Content-Location", "/other");
    assert!(!answers_get("", elsewhere, &[]));
}

#[test]
fn what_is_personal_is_not_stored_from_a_post_either() {
    assert!(!answers_get("", posted().header("Set-Cookie", "id=1"), &[]));
    assert!(!answers_get("", posted(), &[("Cookie", "id=1")]));
    assert!(!answers_get("", posted(), &[("Authorization", "Basic eDp5")]));
    let own = Answer::ok("posted").header("Cache-Control", "private, max-age=60").header("Content-Location", "/page");
    assert!(!answers_get("", own, &[]));
    assert!(!answers_get("rules response first { else -> uncacheable; }", posted(), &[]));
}

#[test]
fn a_post_that_breaks_off_stores_nothing() {
    let origin = Origin::start();
    origin.once("/page", posted().truncated(3));
    origin.on("/page", Answer::ok("got"));
    let proxy = Proxy::before(&origin, "");
    assert!(proxy.client().request("POST", "/page").body("x").try_send().is_err());
    assert_eq!(proxy.get("/page").text(), "got");
}

#[test]
fn it_takes_the_place_of_every_variant_and_varies_as_it_says() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let answer = if request.method == "POST" { posted() } else { Answer::ok("got") };
        answer.header("Vary", "X-Kind").header("Cache-Control", "max-age=60")
    });
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for kind in ["a", "b"] {
        client.get("/page").header("X-Kind", kind).send();
    }
    client.request("POST", "/page").header("X-Kind", "a").body("x").send();
    let bodies = ["a", "b"].map(|kind| client.get("/page").header("X-Kind", kind).send().text().to_owned());
    assert_eq!(bodies, ["posted", "got"]);
    assert_eq!(origin.requests().len(), 4);
}
