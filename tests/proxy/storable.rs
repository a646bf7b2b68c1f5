//! What is stored and what is not: RFC 9111, the built-in policy, and what a policy may override.

use crate::support::{Answer, Gate, Origin, Proxy};

/// The built-in policy without its pieces that are stricter than RFC 9111.
const RFC9111: &str = "override builtin.cookie {} override builtin.authorization {} override builtin.set_cookie {}\n";

/// A policy that gives every response a minute.
const A_MINUTE: &str = "rules response first { else -> ttl 1m; }\n";

/// Asks twice with these fields; whether the second answer came from the store, and the detail of the first.
fn asked_twice(policy: &str, answer: Answer, request: &[(&str, &str)]) -> (bool, String) {
    let origin = Origin::start();
    origin.on("/page", answer);
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    let [first, second] = [(); 2].map(|()| {
        let asked = client.get("/page");
        request.iter().fold(asked, |asked, (name, value)| asked.header(name, value)).send().cache_status()
    });
    assert!(!first.hit());
    assert_eq!(first.stored(), second.hit(), "{first:?}");
    assert_eq!(origin.requests().len(), if second.hit() { 1 } else { 2 });
    let why = first.parameters["detail"].split(' ').next().unwrap().to_owned();
    (second.hit(), why)
}

fn is_stored(policy: &str, answer: Answer, request: &[(&str, &str)]) -> bool {
    asked_twice(policy, answer, request).0
}

fn cached(value: &str) -> Answer {
    Answer::ok("hello").header("Cache-Control", value)
}

#[test]
fn without_freshness_a_response_is_not_reused() {
    let (stored, why) = asked_twice("", Answer::ok("hello"), &[]);
    assert_eq!((stored, why.as_str()), (false, "no-freshness"));
}

#[test]
fn the_policys_ttl_stands_in_for_missing_freshness() {
    assert!(is_stored(A_MINUTE, Answer::ok("hello"), &[]));
    assert!(is_stored("sub backend_response { set beresp.ttl = 1m; }", Answer::status(404), &[]));
}

#[test]
fn the_policys_ttl_of_zero_is_not_reused() {
    assert!(!is_stored("rules response first { else -> ttl 0s; }", cached("max-age=60"), &[]));
}

#[test]
fn expires_alone_is_freshness() {
    let in_2100 = "Fri, 01 Jan 2100 00:00:00 GMT";
    assert!(is_stored("", Answer::ok("hello").header("Expires", in_2100), &[]));
    assert!(!is_stored("", Answer::ok("hello").header("Expires", "0"), &[]));
}

#[test]
fn s_maxage_goes_before_max_age() {
    assert!(is_stored("", cached("max-age=0, s-maxage=60"), &[]));
    assert!(!is_stored("", cached("max-age=60, s-maxage=0"), &[]));
}

#[test]
fn no_store_and_private_are_never_stored_even_with_the_policys_ttl() {
    for (value, why) in [("no-store", "no-store"), ("private", "private"), ("private, max-age=60", "private")] {
        for policy in ["", A_MINUTE, RFC9111] {
            let (stored, detail) = asked_twice(policy, cached(value), &[]);
            assert_eq!((stored, detail.as_str()), (false, why), "{value} {policy}");
        }
    }
}

#[test]
fn a_policy_that_removes_no_store_may_store() {
    let policy = "sub backend_response { unset beresp.http.Cache-Control; set beresp.ttl = 1m; }";
    assert!(is_stored(policy, cached("no-store"), &[]));
}

#[test]
fn fields_that_private_lists_are_not_stored() {
    let origin = Origin::start();
    origin.on("/page", cached("max-age=60, private=\"X-Person\"").header("X-Person", "me").header("X-All", "us"));
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/page").header("X-All"), Some("us"));
    let hit = proxy.get("/page");
    assert_eq!((hit.cache_status().hit(), hit.header("X-All"), hit.header("X-Person")), (true, Some("us"), None));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn fields_that_are_not_stored_reach_the_client_that_caused_the_fetch() {
    for listed in ["no-cache=\"X-Person, X-None\"", "private=\"x-person\""] {
        let origin = Origin::start();
        let answer = cached(&format!("max-age=60, {listed}"));
        origin.on("/page", answer.header("X-Person", "me").header("X-Person", "myself"));
        let proxy = Proxy::before(&origin, "");
        let [first, second] = [(); 2].map(|()| proxy.get("/page"));
        assert_eq!(first.fields.all("X-Person").collect::<Vec<_>>(), ["me", "myself"], "{listed}");
        assert_eq!((second.cache_status().hit(), second.header("X-Person")), (true, None), "{listed}");
    }
}

#[test]
fn who_waits_for_a_fetch_does_not_get_the_fields_of_who_caused_it() {
    let origin = Origin::start();
    let gate = Gate::new();
    let answer = cached("max-age=60, private=\"X-Person\"").header("X-Person", "me").header("Age", "5");
    origin.on("/page", answer.behind(&gate));
    let proxy = Proxy::before(&origin, "");
    let mut first = proxy.client();
    first.get("/page").send_only();
    origin.wait_for(1);
    let mut waiting = proxy.client();
    waiting.get("/page").send_only();
    proxy.wait_for_metric("warp_requests_in_flight", 2);
    gate.open();
    let (first, waiting) = (first.read_response("GET").unwrap(), waiting.read_response("GET").unwrap());
    assert_eq!((first.header("X-Person"), waiting.header("X-Person")), (Some("me"), None));
    assert!(waiting.header("Age").is_some());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_304_brings_the_fields_of_its_client() {
    let origin = Origin::start();
    let fields = |answer: Answer, person| {
        let answer = answer.header("Cache-Control", "max-age=0, private=\"X-Person\"").header("ETag", "\"a\"");
        answer.header("X-Person", person)
    };
    origin.once("/page", fields(Answer::ok("hello"), "one"));
    origin.on("/page", fields(Answer::status(304), "two"));
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/page").header("X-Person"), Some("one"));
    let second = proxy.get("/page");
    assert_eq!((second.text(), second.header("X-Person")), ("hello", Some("two")));
}

#[test]
fn authorization_passes_by_the_built_in_policy() {
    for value in ["max-age=60", "public, max-age=60"] {
        let (stored, why) = asked_twice("", cached(value), &[("Authorization", "Basic eDp5")]);
        assert_eq!((stored, why.as_str()), (false, "policy"), "{value}");
    }
}

#[test]
fn authorization_under_rfc9111_is_stored_when_the_response_allows_to_share_it() {
    let request = [("Authorization", "Basic eDp5")];
    for value in ["public, max-age=60", "s-maxage=60", "must-revalidate, max-age=60"] {
        assert!(is_stored(RFC9111, cached(value), &request), "{value}");
    }
    let (stored, why) = asked_twice(RFC9111, cached("max-age=60"), &request);
    assert_eq!((stored, why.as_str()), (false, "authorization"));
}

#[test]
fn authorization_reaches_the_origin() {
    let origin = Origin::start();
    origin.on("/page", cached("max-age=60"));
    let proxy = Proxy::before(&origin, "");
    proxy.client().get("/page").header("Authorization", "Basic eDp5").send();
    assert_eq!(origin.wait_for(1).header("Authorization"), Some("Basic eDp5"));
}

#[test]
fn a_cookie_passes_by_the_built_in_policy() {
    let (stored, why) = asked_twice("", cached("max-age=60"), &[("Cookie", "a=b")]);
    assert_eq!((stored, why.as_str()), (false, "policy"));
    assert!(is_stored(RFC9111, cached("max-age=60"), &[("Cookie", "a=b")]));
}

#[test]
fn a_cookie_that_the_policy_drops_neither_passes_nor_reaches_the_origin() {
    let origin = Origin::start();
    origin.on("/page", cached("max-age=60"));
    let proxy = Proxy::before(&origin, "normalize req { cookie keep [\"session\"]; }");
    let mut client = proxy.client();
    client.get("/page").header("Cookie", "_ga=1").send();
    assert!(client.get("/page").header("Cookie", "_ga=2").send().cache_status().hit());
    assert!(!client.get("/page").header("Cookie", "_ga=2; session=3").send().cache_status().hit());
    let cookies: Vec<_> = origin.requests().iter().map(|asked| asked.header("Cookie").map(str::to_owned)).collect();
    assert_eq!(cookies, [None, Some("session=3".to_owned())]);
}

#[test]
fn set_cookie_is_not_stored_by_the_built_in_policy() {
    let answer = cached("max-age=60").header("Set-Cookie", "a=b");
    let (stored, why) = asked_twice("", answer.clone(), &[]);
    assert_eq!((stored, why.as_str()), (false, "policy"));
    assert!(!is_stored(A_MINUTE, answer.clone(), &[]));
    assert!(is_stored(RFC9111, answer.clone(), &[]));
    assert!(is_stored("rules response first { else -> ttl 1m, strip set_cookie; }", answer, &[]));
}

#[test]
fn set_cookie_reaches_the_client_it_is_meant_for() {
    let origin = Origin::start();
    origin.on("/page", cached("max-age=60").header("Set-Cookie", "a=b").header("Set-Cookie", "c=d"));
    let proxy = Proxy::before(&origin, "");
    let page = proxy.get("/page");
    assert_eq!(page.fields.all("Set-Cookie").collect::<Vec<_>>(), ["a=b", "c=d"]);
}

#[test]
fn uncacheable_is_not_stored() {
    let (stored, why) = asked_twice("rules response first { else -> uncacheable; }", cached("max-age=60"), &[]);
    assert_eq!((stored, why.as_str()), (false, "policy"));
    let passes = "sub backend_response { return (pass); }";
    assert!(!is_stored(passes, cached("max-age=60"), &[]));
}

#[test]
fn errors_are_stored_only_with_a_lifetime() {
    assert!(is_stored("", Answer::status(404).header("Cache-Control", "max-age=60"), &[]));
    assert!(!is_stored("", Answer::status(404), &[]));
    assert!(!is_stored("", Answer::status(500), &[]));
    assert!(is_stored("rules response first { when status == 404 -> ttl 30s; }", Answer::status(404), &[]));
}

#[test]
fn rfc9111_5_2_2_4_no_cache_is_validated_whatever_ttl_the_policy_gives() {
    let origin = Origin::start();
    origin.on("/page", cached("no-cache").header("ETag", "\"v1\""));
    let proxy = Proxy::before(&origin, A_MINUTE);
    proxy.get("/page");
    proxy.get("/page");
    assert_eq!(origin.wait_for(2).header("If-None-Match"), Some("\"v1\""));
}

#[test]
fn a_response_without_freshness_has_a_ttl_of_zero() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello").header("Age", "30"));
    let policy = "sub backend_response { if (beresp.ttl == 0s) { set beresp.http.X-Zero = \"yes\"; } }";
    let proxy = Proxy::before(&origin, policy);
    for _ in 0..5 {
        assert_eq!(proxy.get("/page").header("X-Zero"), Some("yes"));
    }
}
