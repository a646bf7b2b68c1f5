//! Conditions: those of clients are answered from the store, and what is stale is validated at the origin.

use crate::support::{Answer, Origin, Proxy, until};

const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const NOVEMBER: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

fn page() -> Answer {
    Answer::ok("hello").header("Cache-Control", "max-age=60").header("ETag", "\"v1\"").header("Last-Modified", NOVEMBER)
}

/// Stores the page, then asks with this field: the status and the length of the answer's body.
fn asked_with(name: &str, value: &str) -> (u16, usize) {
    let origin = Origin::start();
    origin.on("/page", page());
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    let response = proxy.client().get("/page").header(name, value).send();
    assert!(response.cache_status().hit());
    assert_eq!(response.header("ETag"), Some("\"v1\""));
    assert_eq!(origin.requests().len(), 1);
    (response.status, response.body.len())
}

#[test]
fn if_none_match_is_answered_from_the_store() {
    for value in ["\"v1\"", "W/\"v1\"", "\"v0\", \"v1\"", "*"] {
        assert_eq!(asked_with("If-None-Match", value), (304, 0), "{value}");
    }
    assert_eq!(asked_with("If-None-Match", "\"v2\""), (200, 5));
}

#[test]
fn if_modified_since_is_answered_from_the_store() {
    for value in [NOVEMBER, LATER] {
        assert_eq!(asked_with("If-Modified-Since", value), (304, 0), "{value}");
    }
    for value in [EARLIER, "yesterday"] {
        assert_eq!(asked_with("If-Modified-Since", value), (200, 5), "{value}");
    }
}

#[test]
fn if_none_match_goes_before_if_modified_since() {
    let origin = Origin::start();
    origin.on("/page", page());
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/page").send();
    let mut ask = |tag: &str, date: &str| {
        client.get("/page").header("If-None-Match", tag).header("If-Modified-Since", date).send().status
    };
    assert_eq!(ask("\"v2\"", NOVEMBER), 200);
    assert_eq!(ask("\"v1\"", EARLIER), 304);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn the_condition_of_one_client_does_not_shape_what_is_stored() {
    let origin = Origin::start();
    origin.on("/page", page());
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let first = client.get("/page").header("If-None-Match", "\"v1\"").header("If-Modified-Since", NOVEMBER).send();
    assert_eq!((first.status, first.body.len(), first.cache_status().stored()), (304, 0, true));
    let asked = origin.wait_for(1);
    assert_eq!((asked.header("If-None-Match"), asked.header("If-Modified-Since")), (None, None));
    let hit = client.get("/page").send();
    assert_eq!((hit.status, hit.text(), hit.cache_status().hit()), (200, "hello", true));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_304_keeps_the_fields_that_a_client_needs() {
    let origin = Origin::start();
    origin.on("/page", page().header("Vary", "X-Nothing").header("Content-Location", "/other"));
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    let unchanged = proxy.client().get("/page").header("If-None-Match", "\"v1\"").send();
    assert_eq!(unchanged.status, 304);
    for (name, value) in
        [("ETag", "\"v1\""), ("Cache-Control", "max-age=60"), ("Vary", "X-Nothing"), ("Content-Location", "/other")]
    {
        assert_eq!(unchanged.header(name), Some(value), "{name}");
    }
    assert!(unchanged.header("Age").is_some());
}

/// What is stored for a moment and then validated.
const A_MOMENT: &str = "rules response first { when not header \"X-Validated\" -> ttl 1ms; }\n";

#[test]
fn what_is_stale_is_validated_and_its_body_kept() {
    let origin = Origin::start();
    let validated = Answer::status(304)
        .header("ETag", "\"v1\"")
        .header("Cache-Control", "max-age=60")
        .header("X-Validated", "yes")
        .header("X-Version", "2");
    origin.on("/page", validated);
    origin.once("/page", page().header("X-Version", "1").header("X-Kept", "kept"));
    let proxy = Proxy::before(&origin, A_MOMENT);
    assert_eq!(proxy.get("/page").header("X-Version"), Some("1"));

    let validated = until("the stored response to be validated", || {
        Some(proxy.get("/page")).filter(|page| page.header("X-Version") == Some("2"))
    });
    assert_eq!((validated.status, validated.text()), (200, "hello"));
    let status = validated.cache_status();
    assert_eq!((status.fwd(), status.parameters["fwd-status"].as_str()), (Some("stale"), "304"));
    assert_eq!(status.parameters["detail"], "revalidated");
    let asked = origin.wait_for(2);
    assert_eq!(asked.header("If-None-Match"), Some("\"v1\""));
    assert_eq!(asked.header("If-Modified-Since"), Some(NOVEMBER));

    let hit = proxy.get("/page");
    assert_eq!((hit.text(), hit.header("X-Version"), hit.header("X-Kept")), ("hello", Some("2"), Some("kept")));
    assert!(hit.cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn what_changed_at_the_origin_replaces_what_is_stale() {
    let origin = Origin::start();
    origin.once("/page", page());
    let second = Answer::ok("new").header("ETag", "\"v2\"").header("Cache-Control", "max-age=60");
    origin.on("/page", second.header("X-Validated", "yes"));
    let proxy = Proxy::before(&origin, A_MOMENT);
    proxy.get("/page");
    let replaced =
        until("the new response", || Some(proxy.get("/page")).filter(|page| page.header("ETag") == Some("\"v2\"")));
    assert_eq!((replaced.text(), replaced.cache_status().fwd()), ("new", Some("stale")));
    assert_eq!(origin.wait_for(2).header("If-None-Match"), Some("\"v1\""));
    assert!(proxy.get("/page").cache_status().hit());
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a_clients_condition_is_judged_after_the_validation() {
    let origin = Origin::start();
    origin.once("/page", page());
    origin.on("/page", Answer::status(304).header("ETag", "\"v1\"").header("X-Validated", "yes"));
    let proxy = Proxy::before(&origin, A_MOMENT);
    proxy.get("/page");
    let mut client = proxy.client();
    let response = until("a validation", || {
        let response = client.get("/page").header("If-None-Match", "\"v0\", \"v1\"").send();
        (origin.requests().len() == 2).then_some(response)
    });
    assert_eq!((response.status, response.body.len()), (304, 0));
    assert_eq!(origin.wait_for(2).header("If-None-Match"), Some("\"v1\""));
}

#[test]
fn no_cache_is_stored_and_validated_each_time() {
    let origin = Origin::start();
    origin.once("/page", Answer::ok("hello").header("Cache-Control", "no-cache").header("ETag", "\"v1\""));
    origin.on("/page", Answer::status(304).header("ETag", "\"v1\""));
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/page").text(), "hello");
    for n in 2..=3 {
        let page = proxy.get("/page");
        assert_eq!((page.status, page.text()), (200, "hello"));
        assert_eq!(origin.wait_for(n).header("If-None-Match"), Some("\"v1\""));
    }
}

#[test]
fn rfc9111_4_3_1_an_empty_validator_is_none() {
    let origin = Origin::start();
    let page = Answer::ok("hello").header("Cache-Control", "max-age=0").header("ETag", "");
    origin.on("/page", page.header("Last-Modified", NOVEMBER));
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    proxy.get("/page");
    let asked = origin.wait_for(2);
    assert_eq!((asked.header("If-None-Match"), asked.header("If-Modified-Since")), (None, Some(NOVEMBER)));
}
