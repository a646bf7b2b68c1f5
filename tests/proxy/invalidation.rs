//! What a successful unsafe request changed is not served from the store any more (RFC 9111 section 4.4).

use crate::support::{Answer, Client, Origin, Proxy};

/// Every method goes to the origin.
const ANY_METHOD: &str = "override builtin.unknown_method {}\n";

fn fresh(body: &str) -> Answer {
    Answer::ok(body).header("Cache-Control", "max-age=60")
}

/// An origin whose GETs are fresh for a minute, and which answers `changed` to everything else.
fn origin(changed: &Answer) -> Origin {
    let origin = Origin::start();
    for path in ["/page", "/other", "/third"] {
        let changed = changed.clone();
        origin.on_each(path, move |request| if request.method == "GET" { fresh("page") } else { changed.clone() });
    }
    origin
}

fn hit(client: &mut Client, target: &str) -> bool {
    client.get(target).send().cache_status().hit()
}

/// Whether `/page` is still served from the store after this request to it and this answer.
fn stays(method: &str, changed: &Answer) -> bool {
    let origin = origin(changed);
    let proxy = Proxy::before(&origin, ANY_METHOD);
    let mut client = proxy.client();
    client.get("/page").send();
    assert!(hit(&mut client, "/page"));
    client.request(method, "/page").body("x").send();
    hit(&mut client, "/page")
}

#[test]
fn rfc9111_4_4_a_successful_unsafe_request_invalidates_its_target() {
    for method in ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH"] {
        assert!(!stays(method, &Answer::status(204)), "{method}");
    }
    assert!(!stays("POST", &Answer::status(303).header("Location", "/elsewhere")));
}

#[test]
fn rfc9111_4_4_an_error_invalidates_nothing() {
    for status in [400, 404, 500, 503] {
        assert!(stays("POST", &Answer::status(status)), "{status}");
    }
}

#[test]
fn rfc9110_9_2_1_a_safe_method_invalidates_nothing() {
    for method in ["OPTIONS", "PROPFIND"] {
        assert!(stays(method, &Answer::ok("x")), "{method}");
    }
}

#[test]
fn rfc9111_4_4_location_and_content_location_are_invalidated_too() {
    for field in ["Location", "Content-Location"] {
        for value in ["/other", "http://a.test/other", "https://a.test/other", "other"] {
            let origin = origin(&Answer::status(201).header(field, value));
            let proxy = Proxy::before(&origin, "");
            let mut client = proxy.client();
            let hits = |client: &mut Client| {
                ["/page", "/other", "/third"]
                    .map(|path| client.get(path).header("Host", "a.test").send().cache_status().hit())
            };
            hits(&mut client);
            assert_eq!(hits(&mut client), [true, true, true]);
            client.request("POST", "/page").header("Host", "a.test").body("x").send();
            assert_eq!(hits(&mut client), [false, false, true], "{field}: {value}");
        }
    }
}

#[test]
fn rfc9111_4_4_one_site_does_not_empty_the_cache_of_another() {
    let origin = origin(&Answer::status(201).header("Location", "http://b.test/other"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/other").header("Host", "b.test").send();
    client.request("POST", "/page").header("Host", "a.test").body("x").send();
    assert!(client.get("/other").header("Host", "b.test").send().cache_status().hit());
}

#[test]
fn every_variant_is_invalidated() {
    let origin = Origin::start();
    origin.on_each("/page", |request| match request.method.as_str() {
        "GET" => fresh(request.header("X-Kind").unwrap_or("")).header("Vary", "X-Kind"),
        _ => Answer::status(204),
    });
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let hits = |client: &mut Client| {
        ["a", "b"].map(|kind| client.get("/page").header("X-Kind", kind).send().cache_status().hit())
    };
    hits(&mut client);
    assert_eq!(hits(&mut client), [true, true]);
    client.request("DELETE", "/page").send();
    assert_eq!(hits(&mut client), [false, false]);
}

#[test]
fn the_key_is_the_one_that_the_policy_makes_for_a_get() {
    let origin = origin(&Answer::status(204));
    let policy = r#"
        sub recv { if (req.method == "GET") { set req.url = regsub(req.url, "\?.*", ""); } }
        sub hash { hash_data("site"); hash_data(req.path); return (lookup); }
    "#;
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    client.get("/page?a=1").send();
    assert!(hit(&mut client, "/page?b=2"));
    client.request("POST", "/page?c=3").body("x").send();
    assert!(!hit(&mut client, "/page"));
}

#[test]
fn who_changes_a_page_with_a_cookie_changes_it_for_everybody() {
    let origin = origin(&Answer::status(204));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").send();
    client.request("POST", "/page").header("Cookie", "id=1").body("x").send();
    assert!(!hit(&mut client, "/page"));
}

#[test]
fn a_page_fetched_before_the_change_is_not_stored_after_it() {
    let origin = Origin::start();
    let gate = crate::support::Gate::new();
    origin.once("/page", fresh("old").behind(&gate));
    origin.once("/page", Answer::status(204));
    origin.on("/page", fresh("new"));
    let proxy = Proxy::before(&origin, "");
    let mut slow = proxy.client();
    slow.get("/page").send_only();
    origin.wait_for(1);
    proxy.client().request("POST", "/page").body("x").send();
    gate.open();
    assert_eq!(slow.read_response("GET").unwrap().text(), "old");
    assert_eq!(proxy.get("/page").text(), "new");
}
