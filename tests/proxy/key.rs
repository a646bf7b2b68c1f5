//! `key { … }`: what the cache key is made of.

use crate::support::{Answer, Origin, Proxy};

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

/// Asks for each in turn; which of them were answered from the store.
fn hits(policy: &str, asked: &[(&str, &[(&str, &str)])]) -> Vec<bool> {
    let origin = Origin::start();
    origin.on("/a", fresh("page"));
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    let ask = |(target, fields): &(&str, &[(&str, &str)])| {
        let request = client.get(target);
        let request = fields.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().cache_status().hit()
    };
    asked.iter().map(ask).collect()
}

#[test]
fn what_is_not_in_the_key_makes_no_difference() {
    let policy = "key { req.host; req.path; req.query[\"page\"]; }";
    let asked: &[(&str, &[(&str, &str)])] =
        &[("/a?page=1", &[]), ("/a?utm=x&page=1", &[]), ("/a?page=2", &[]), ("/a", &[]), ("/a?utm=y", &[])];
    assert_eq!(hits(policy, asked), [false, true, false, false, true]);
}

#[test]
fn a_sorted_query_is_the_same_in_any_order() {
    let policy = "key { req.host; req.path; req.query sorted; }";
    let asked: &[(&str, &[(&str, &str)])] = &[
        ("/a?x=1&y=2", &[]),
        ("/a?y=2&x=1", &[]),
        // Of one name the order counts.
        ("/a?x=1&x=2", &[]),
        ("/a?x=2&x=1", &[]),
        ("/a?x=1%26y=2", &[]),
        ("/a", &[]),
    ];
    assert_eq!(hits(policy, asked), [false, true, false, false, false, false]);
}

#[test]
fn no_two_lists_of_parts_are_the_same_key() {
    let policy = "key { req.host; req.url; req.http.X-A; req.http.X-B; }";
    let asked: &[(&str, &[(&str, &str)])] = &[
        ("/a", &[("X-A", "ab"), ("X-B", "c")]),
        ("/a", &[("X-A", "a"), ("X-B", "bc")]),
        ("/a", &[("X-A", "abc"), ("X-B", "")]),
        // Unset is not empty.
        ("/a", &[("X-A", "abc")]),
        ("/a", &[("X-B", "abc")]),
        ("/a", &[("X-A", "ab"), ("X-B", "c")]),
    ];
    assert_eq!(hits(policy, asked), [false, false, false, false, false, true]);
}

#[test]
fn what_is_sent_more_than_once_is_all_in_the_key() {
    let key = "key { req.host; req.path; req.query[\"page\"]; req.cookies[\"lang\"] ?? \"en\";
        req.http.X-A; req.http.X-B; }";
    let hash = "sub hash { hash_data(req.path); hash_data(req.query[\"page\"]); hash_data(req.cookies[\"lang\"]);
        hash_data(req.http.X-A); hash_data(req.http.X-B); return (lookup); }";
    let named = "sub hash { hash_data(req.path); let page = req.query[\"page\"]; let lang = req.cookies[\"lang\"];
        let a = req.http.X-A; let b = req.http.X-B;
        hash_data(page); hash_data(lang); hash_data(a); hash_data(b); return (lookup); }";
    let asked: &[(&str, &[(&str, &str)])] = &[
        ("/a?page=1", &[]),
        ("/a?page=1&page=2", &[]),
        ("/a?page=1", &[("Cookie", "lang=de")]),
        ("/a?page=1", &[("Cookie", "lang=de; lang=fr")]),
        ("/a?page=1", &[("X-A", "a")]),
        ("/a?page=1", &[("X-A", "a"), ("X-A", "b")]),
        ("/a?page=1", &[("X-A", "a"), ("X-B", "b")]),
        ("/a?page=1&page=2", &[]),
        ("/a?page=1", &[]),
    ];
    for policy in [key, hash, named] {
        let hits = hits(&format!("sub recv {{ return (hash); }}\n{policy}"), asked);
        assert_eq!(hits, [false, false, false, false, false, false, false, true, true], "{policy}");
    }
}

#[test]
fn hash_data_comes_before_the_key() {
    let policy = "key { req.host; req.path; }\nsub hash { hash_data(req.http.X-Tenant); }";
    let asked: &[(&str, &[(&str, &str)])] =
        &[("/a?1", &[("X-Tenant", "t")]), ("/a?2", &[("X-Tenant", "t")]), ("/a?1", &[("X-Tenant", "u")])];
    assert_eq!(hits(policy, asked), [false, true, false]);
}

#[test]
fn cache_status_shows_the_parts_and_what_is_unset() {
    let origin = Origin::start();
    origin.on("/a", fresh("page"));
    let proxy = Proxy::before(&origin, "key { req.path; req.http.X-A; req.host; }");
    let answer = proxy.client().get("/a?x=1").header("Host", "a.test").send();
    assert!(answer.header("Cache-Status").unwrap().contains("key=\"/a - a.test\""), "{answer:?}");
}

#[test]
fn a_purge_and_an_unsafe_request_go_by_the_same_key() {
    let origin = Origin::start();
    origin.on_each("/a", |request| fresh(&request.method));
    let policy = "sub recv { if (req.method == \"PURGE\") { return (purge); } }\nkey { req.host; req.path; }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    client.get("/a?x=1").send();
    assert!(client.get("/a?x=1").send().cache_status().hit());
    client.request("PURGE", "/a?other").send();
    assert!(!client.get("/a?x=1").send().cache_status().hit());
    assert!(client.get("/a?x=1").send().cache_status().hit());
    client.request("POST", "/a?y=2").body("b").send();
    assert!(!client.get("/a?x=1").send().cache_status().hit());
}
