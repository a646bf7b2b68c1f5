//! A response is stored, found again under its key, and said to come from the store.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::{Answer, Origin, Proxy, until};

/// A response that says itself how long it keeps.
fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

#[test]
fn a_miss_is_stored_and_hit_from_then_on() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello").header("Content-Type", "text/plain"));
    let proxy = Proxy::before(&origin, "");

    let miss = proxy.get("/page");
    assert_eq!((miss.status, miss.reason.as_str(), miss.text()), (200, "OK", "hello"));
    assert_eq!(
        miss.header("Cache-Status"),
        Some(
            format!(
                "warp; fwd=uri-miss; fwd-status=200; stored; key=\"/page {}\"; detail=\"uri-miss\"",
                proxy.address()
            )
            .as_str()
        )
    );

    for _ in 0..3 {
        let hit = proxy.get("/page");
        assert_eq!((hit.status, hit.reason.as_str(), hit.text()), (200, "OK", "hello"));
        assert_eq!(hit.header("Content-Type"), Some("text/plain"));
        assert_eq!(hit.header("Content-Length"), Some("5"));
        let status = hit.cache_status();
        assert_eq!((status.cache.as_str(), status.hit(), status.fwd()), ("warp", true, None));
        let ttl: i64 = status.parameters["ttl"].parse().unwrap();
        assert!((50..60).contains(&ttl), "{status:?}");
        let age: u64 = hit.header("Age").expect("an Age").parse().unwrap();
        assert!(age < 10, "{age}");
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_hit_goes_out_in_one_write() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello"));
    let proxy = Proxy::before(&origin, "");
    until("it to be stored", || proxy.get("/page").cache_status().hit().then_some(()));
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    let request = format!("GET /page HTTP/1.1\r\nHost: {}\r\n\r\n", proxy.address());
    for _ in 0..100 {
        client.write_all(request.as_bytes()).unwrap();
        let mut bytes = [0; 4096];
        // What is written at once comes at once.
        let count = client.read(&mut bytes).unwrap();
        let response = String::from_utf8_lossy(&bytes[..count]);
        assert!(response.contains("; hit") && response.ends_with("hello"), "{response}");
    }
}

#[test]
fn an_age_that_came_with_the_response_is_counted_on() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello").header("Age", "20"));
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    let hit = proxy.get("/page");
    let (age, ttl) = (hit.header("Age").unwrap(), hit.cache_status().parameters["ttl"].clone());
    assert!((20..30).contains(&age.parse::<u64>().unwrap()), "{age}");
    assert!((30..40).contains(&ttl.parse::<u64>().unwrap()), "{ttl}");
    assert_eq!(hit.fields.all("Age").count(), 1);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn head_is_answered_from_a_stored_get() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello"));
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    let mut client = proxy.client();
    for _ in 0..2 {
        let head = client.request("HEAD", "/page").send();
        assert_eq!((head.status, head.header("Content-Length"), head.body.len()), (200, Some("5"), 0));
        assert!(head.cache_status().hit());
    }
    assert_eq!(client.get("/page").send().text(), "hello");
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn head_on_a_miss_fetches_and_stores_the_whole() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let head = client.request("HEAD", "/page").send();
    assert_eq!((head.status, head.header("Content-Length")), (200, Some("5")));
    assert!(head.cache_status().stored());
    let hit = client.get("/page").send();
    assert_eq!((hit.text(), hit.cache_status().hit()), ("hello", true));
    let asked = origin.requests();
    assert_eq!((asked.len(), asked[0].method.as_str()), (1, "GET"));
}

#[test]
fn the_query_is_part_of_the_key() {
    let origin = Origin::start();
    origin.on_each("/page", |request| fresh(&request.target));
    let proxy = Proxy::before(&origin, "");
    for target in ["/page", "/page?", "/page?a=1", "/page?a=2", "/page?a=1&b=2", "/page?b=2&a=1"] {
        assert_eq!(proxy.get(target).text(), target);
    }
    assert_eq!(origin.requests().len(), 6);
    assert_eq!(proxy.get("/page?a=2").text(), "/page?a=2");
    assert_eq!(origin.requests().len(), 6);
}

#[test]
fn two_hosts_never_share() {
    let origin = Origin::start();
    origin.on_each("/page", |request| fresh(request.header("Host").unwrap()));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for _ in 0..2 {
        for host in ["a.test", "b.test", "a.test:8080"] {
            assert_eq!(client.get("/page").header("Host", host).send().text(), host);
        }
    }
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn the_parts_of_a_key_do_not_run_into_each_other() {
    let origin = Origin::start();
    origin.on_each("/page", |request| fresh(&request.target));
    let key = "sub hash { hash_data(req.http.A); hash_data(req.http.B); return (lookup); }";
    let proxy = Proxy::before(&origin, key);
    let mut client = proxy.client();
    let mut ask = |a: &str, b: &str, n: u8| {
        client.get(&format!("/page?{n}")).header("A", a).header("B", b).send().text().to_owned()
    };
    assert_eq!(ask("x", "yz", 1), "/page?1");
    assert_eq!(ask("xy", "z", 2), "/page?2");
    assert_eq!(ask("x", "yz", 3), "/page?1");
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn the_same_host_in_other_letters_is_one_key() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").header("Host", "A.test").send();
    assert!(client.get("/page").header("Host", "a.TEST").send().cache_status().hit());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn obj_hits_counts_the_uses_of_a_stored_response() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello"));
    let proxy = Proxy::before(&origin, "sub deliver { set resp.http.X-Hits = obj.hits; }");
    let hits = [(); 4].map(|()| proxy.get("/page").header("X-Hits").unwrap().to_owned());
    assert_eq!(hits, ["0", "1", "2", "3"]);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_key_whose_responses_are_not_stored_is_remembered() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "no-store"));
    let proxy = Proxy::before(&origin, "");
    let details = [(); 3].map(|()| {
        let status = proxy.get("/page").cache_status();
        (status.fwd().unwrap().to_owned(), status.parameters["detail"].clone())
    });
    assert_eq!(details[0], ("uri-miss".to_owned(), "no-store".to_owned()));
    assert_eq!(details[1..], [details[0].clone(), details[0].clone()]);
    assert_eq!(origin.requests().len(), 3);
    proxy.wait_for_metric("warp_requests_total{outcome=\"miss\",reason=\"hit-for-miss\"}", 2);
}

#[test]
fn a_key_that_was_not_stored_is_stored_once_its_response_allows() {
    let origin = Origin::start();
    origin.on("/page", fresh("later"));
    origin.once("/page", Answer::ok("first").header("Cache-Control", "no-store"));
    let proxy = Proxy::before(&origin, "");
    assert_eq!([(); 3].map(|()| proxy.get("/page").text().to_owned()), ["first", "later", "later"]);
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn hash_always_miss_fetches_anew_and_replaces_what_is_stored() {
    let origin = Origin::start();
    for version in ["1", "2"] {
        origin.once("/page", fresh(version));
    }
    let proxy = Proxy::before(&origin, "sub recv { if (req.http.X-Refresh) { set req.hash_always_miss = true; } }");
    assert_eq!([(); 2].map(|()| proxy.get("/page").text().to_owned()), ["1", "1"]);
    let refreshed = proxy.client().get("/page").header("X-Refresh", "1").send();
    assert_eq!((refreshed.text(), refreshed.cache_status().hit()), ("2", false));
    let hit = until("the new response to be stored", || Some(proxy.get("/page")).filter(|page| page.text() == "2"));
    assert!(hit.cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn deliver_changes_what_the_client_gets_and_not_what_is_stored() {
    let origin = Origin::start();
    origin.on("/page", fresh("hello").header("Server", "origin"));
    let proxy = Proxy::before(
        &origin,
        "sub deliver { unset resp.http.Server; if (req.http.X-As) { set resp.http.X-As = req.http.X-As; set resp.status = 203; } }",
    );
    let marked = proxy.client().get("/page").header("X-As", "one").send();
    assert_eq!((marked.status, marked.header("X-As"), marked.header("Server")), (203, Some("one"), None));
    let plain = proxy.get("/page");
    assert_eq!((plain.status, plain.header("X-As"), plain.header("Server")), (200, None, None));
    assert!(plain.cache_status().hit());
    assert_eq!(origin.requests().len(), 1);
}
