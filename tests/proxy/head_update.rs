//! A HEAD brings a stored response up to date (RFC 9111 section 4.3.5).

use crate::support::{Answer, Client, Origin, Proxy};

/// An origin whose GETs are stale at once, and whose HEADs are answered with this.
fn start(get: &Answer, head: &Answer) -> (Origin, Proxy) {
    let origin = Origin::start();
    let (get, head) = (get.clone(), head.clone());
    origin.on_each("/page", move |request| if request.method == "HEAD" { head.clone() } else { get.clone() });
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    (origin, proxy)
}

fn page() -> Answer {
    Answer::ok("hello").header("Cache-Control", "max-age=0").header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
}

fn head(client: &mut Client) -> crate::support::Response {
    client.request("HEAD", "/page").send()
}

fn methods(origin: &Origin) -> Vec<String> {
    origin.requests().into_iter().map(|request| request.method).collect()
}

#[test]
fn rfc9111_4_3_5_a_stale_response_is_updated_by_a_head() {
    let confirmed = Answer::ok("hello").header("Cache-Control", "max-age=60").header("X-New", "1");
    let (origin, proxy) = start(&page().header("X-Kept", "1"), &confirmed);
    let mut client = proxy.client();
    let updated = head(&mut client);
    assert_eq!((updated.status, updated.header("X-New"), updated.header("X-Kept")), (200, Some("1"), Some("1")));
    assert_eq!((updated.cache_status().fwd(), updated.cache_status().stored()), (Some("stale"), true));
    let hit = client.get("/page").send();
    assert_eq!((hit.text(), hit.header("X-New"), hit.cache_status().hit()), ("hello", Some("1"), true));
    assert_eq!(methods(&origin), ["GET", "HEAD"]);
}

#[test]
fn rfc9111_4_3_5_one_that_has_changed_is_not_used_any_more() {
    for (name, value) in
        [("ETag", "\"other\""), ("Last-Modified", "Sun, 06 Nov 1994 08:49:38 GMT"), ("Content-Length", "6")]
    {
        let changed = Answer::ok("hello").header("Cache-Control", "max-age=60").header(name, value);
        let (origin, proxy) = start(&page().header("ETag", "\"v1\""), &changed);
        let mut client = proxy.client();
        assert_eq!(head(&mut client).header(name), Some(value));
        let again = client.get("/page").send();
        assert_eq!((again.text(), again.cache_status().hit()), ("hello", false));
        assert_eq!(origin.wait_for(3).header("If-None-Match"), None, "{name}");
    }
}

#[test]
fn rfc9111_4_3_3_a_304_to_a_head_validates_as_ever() {
    let (origin, proxy) =
        start(&page().header("ETag", "\"v1\""), &Answer::status(304).header("Cache-Control", "max-age=60"));
    let mut client = proxy.client();
    let validated = head(&mut client);
    assert_eq!((validated.status, validated.header("Content-Length")), (200, Some("5")));
    assert_eq!(origin.wait_for(2).header("If-None-Match"), Some("\"v1\""));
    assert!(client.get("/page").send().cache_status().hit());
}

#[test]
fn what_a_head_is_answered_with_is_never_stored_as_the_page() {
    for status in [200, 404, 410] {
        let (_origin, proxy) = start(&page(), &Answer::status(status).header("Cache-Control", "max-age=60"));
        let mut client = proxy.client();
        assert_eq!(head(&mut client).status, status);
        let page = client.get("/page").send();
        assert_eq!((page.status, page.text()), (200, "hello"), "{status}");
    }
}

#[test]
fn a_head_for_what_is_not_stored_fetches_the_whole() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    assert_eq!(head(&mut client).header("Content-Length"), Some("5"));
    assert!(client.get("/page").send().cache_status().hit());
    assert_eq!(methods(&origin), ["GET"]);
}

#[test]
fn a_head_that_fails_gets_the_stale_head() {
    let stale = page().header("Cache-Control", "stale-if-error=60");
    let (_origin, proxy) = start(&stale, &Answer::status(503));
    let served = head(&mut proxy.client());
    assert_eq!((served.status, served.cache_status().hit()), (200, true));
}

#[test]
fn a_backend_asked_for_the_head_by_the_policy_fills_nothing() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello").header("Cache-Control", "max-age=60"));
    let proxy = Proxy::before(&origin, "sub backend_fetch { set bereq.method = \"HEAD\"; }");
    for _ in 0..2 {
        let empty = proxy.client().request("HEAD", "/page").send().cache_status();
        assert!(!empty.hit() && !empty.stored());
    }
}
