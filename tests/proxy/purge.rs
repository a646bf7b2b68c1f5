//! What is stored for one URL is removed.

use crate::support::{Answer, Client, Gate, Origin, Proxy, Response};

/// Purging for those in the acl, refused to others.
const POLICY: &str = r#"
acl purgers { "127.0.0.1"; }
rules request first {
    when method == "PURGE" and client.ip !~ purgers -> deny 403 "Not you";
    when method == "PURGE" -> purge;
}
"#;

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

fn purge(client: &mut Client, target: &str) -> Response {
    client.request("PURGE", target).send()
}

#[test]
fn one_url_is_purged_and_others_stay() {
    let origin = Origin::start();
    for path in ["/a", "/b"] {
        origin.on_each(path, |request| fresh(&request.target));
    }
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    let all = ["/a", "/a?x=1", "/b"];
    for target in all {
        client.get(target).send();
    }
    let purged = purge(&mut client, "/a");
    assert_eq!((purged.status, purged.reason.as_str()), (200, "Purged"));
    assert_eq!(origin.requests().len(), 3);

    let hits = all.map(|target| client.get(target).send().cache_status().hit());
    assert_eq!(hits, [false, true, true]);
    assert!(client.get("/a").send().cache_status().hit());
    assert_eq!(origin.requests_to("/a").len(), 3);
    proxy.wait_for_metric("warp_requests_total{outcome=\"purge\",reason=\"policy\"}", 1);
}

#[test]
fn the_purge_of_one_host_leaves_another() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    for host in ["a.test", "b.test"] {
        client.get("/page").header("Host", host).send();
    }
    client.request("PURGE", "/page").header("Host", "a.test").send();
    let hits = ["a.test", "b.test"].map(|host| client.get("/page").header("Host", host).send().cache_status().hit());
    assert_eq!(hits, [false, true]);
}

#[test]
fn all_variants_are_purged() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        fresh(request.header("Accept-Language").unwrap_or("none")).header("Vary", "Accept-Language")
    });
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    let mut ask = |language: &str| {
        let response = client.get("/page").header("Accept-Language", language).send();
        assert_eq!(response.text(), language);
        response.cache_status().hit()
    };
    assert_eq!(["de", "en", "fr", "de", "en", "fr"].map(&mut ask), [false, false, false, true, true, true]);
    assert_eq!(purge(&mut proxy.client(), "/page").status, 200);
    assert_eq!(["fr", "en", "de", "de"].map(&mut ask), [false, false, false, true]);
    assert_eq!(origin.requests().len(), 6);
}

#[test]
fn a_client_outside_the_acl_purges_nothing() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, &POLICY.replace("127.0.0.1", "192.0.2.1"));
    let mut client = proxy.client();
    client.get("/page").send();
    let refused = purge(&mut client, "/page");
    assert_eq!((refused.status, refused.reason.as_str()), (403, "Not you"));
    assert!(client.get("/page").send().cache_status().hit());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn without_a_policy_nobody_purges() {
    let origin = Origin::start();
    origin.on("/page", fresh("page"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").send();
    assert_eq!(purge(&mut client, "/page").status, 501);
    assert!(client.get("/page").send().cache_status().hit());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn what_was_never_stored_is_purged_without_fuss() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, POLICY);
    assert_eq!(purge(&mut proxy.client(), "/page").status, 200);
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn what_is_purged_while_it_is_fetched_does_not_come_back() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("new"));
    origin.once("/page", fresh("first half, second half").body_behind(10, &gate));
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    let filling = client.get("/page").send_only();
    filling.read_head().unwrap();
    assert_eq!(filling.read_bytes(10).unwrap(), b"first half");

    assert_eq!(purge(&mut proxy.client(), "/page").status, 200);
    // Those who were served before go on; those who come after get what the origin says now.
    assert_eq!(proxy.get("/page").text(), "new");
    gate.open();
    assert_eq!(filling.read_bytes(13).unwrap(), b", second half");
    let after = proxy.get("/page");
    assert_eq!((after.text(), after.cache_status().hit()), ("new", true));
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn what_is_purged_before_its_head_comes_does_not_come_back() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/page", fresh("new"));
    origin.once("/page", fresh("old").behind(&gate));
    let proxy = Proxy::before(&origin, POLICY);
    let mut client = proxy.client();
    let filling = client.get("/page").send_only();
    origin.wait_for(1);
    assert_eq!(purge(&mut proxy.client(), "/page").status, 200);
    gate.open();
    assert_eq!(filling.read_response("GET").unwrap().text(), "old");
    let after = proxy.get("/page");
    assert_eq!((after.text(), after.cache_status().hit()), ("new", false));
    assert_eq!(origin.requests().len(), 2);
}
