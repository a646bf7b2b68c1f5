//! Fields that stand in for `Cache-Control`: `CDN-Cache-Control` (RFC 9213), `Surrogate-Control`, and
//! those that a policy names.

use crate::support::{Answer, Origin, Proxy, Response};

/// RFC 9111 alone: no piece of the built-in policy is in the way.
const RFC9111: &str = "override builtin.cookie {} override builtin.authorization {} override builtin.set_cookie {}\n";

/// An origin whose page has these fields.
fn origin_with(fields: &[(&str, &str)]) -> Origin {
    let origin = Origin::start();
    origin.on("/page", fields.iter().fold(Answer::ok("hello"), |answer, (name, value)| answer.header(name, value)));
    origin
}

/// The answers to two requests.
fn ask_twice(policy: &str, fields: &[(&str, &str)]) -> [Response; 2] {
    let origin = origin_with(fields);
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    [(); 2].map(|()| client.get("/page").send())
}

fn is_reused(policy: &str, fields: &[(&str, &str)]) -> bool {
    let [first, second] = ask_twice(policy, fields);
    assert_eq!(first.cache_status().stored(), second.cache_status().hit(), "{fields:?}");
    second.cache_status().hit()
}

#[test]
fn cdn_cache_control_goes_before_cache_control_and_expires() {
    for (cdn, others, reused) in [
        ("max-age=60", ("Cache-Control", "no-store"), true),
        ("max-age=60", ("Cache-Control", "private"), true),
        ("max-age=60", ("Cache-Control", "max-age=0"), true),
        ("max-age=60", ("Expires", "0"), true),
        ("max-age=0", ("Cache-Control", "max-age=60"), false),
        ("no-store", ("Cache-Control", "max-age=60"), false),
        ("private", ("Cache-Control", "max-age=60"), false),
        ("none", ("Cache-Control", "max-age=60"), false),
        ("none", ("Expires", "Fri, 01 Jan 2100 00:00:00 GMT"), false),
    ] {
        assert_eq!(is_reused("", &[("CDN-Cache-Control", cdn), others]), reused, "{cdn} {others:?}");
    }
}

#[test]
fn no_cache_in_cdn_cache_control_asks_for_validation() {
    let fields = [("CDN-Cache-Control", "no-cache"), ("Cache-Control", "max-age=60"), ("ETag", "\"a\"")];
    let origin = origin_with(&fields);
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    assert!(!proxy.get("/page").cache_status().hit());
    assert_eq!(origin.requests()[1].header("If-None-Match"), Some("\"a\""));
}

#[test]
fn a_cdn_cache_control_that_is_no_dictionary_is_ignored() {
    for cdn in ["max-age=60, &&&&&", "max-age =60", "MAX-AGE=60", ""] {
        assert!(!is_reused("", &[("CDN-Cache-Control", cdn), ("Cache-Control", "no-store")]), "{cdn}");
        assert!(is_reused("", &[("CDN-Cache-Control", cdn), ("Cache-Control", "max-age=60")]), "{cdn}");
    }
}

#[test]
fn a_lifetime_of_a_wrong_type_is_ignored() {
    for cdn in ["max-age=\"60\"", "max-age=60.0"] {
        assert!(!is_reused("", &[("CDN-Cache-Control", cdn), ("Cache-Control", "no-store")]), "{cdn}");
    }
}

#[test]
fn age_counts_against_its_max_age() {
    assert!(!is_reused("", &[("CDN-Cache-Control", "max-age=60"), ("Age", "70")]));
}

#[test]
fn cdn_cache_control_is_passed_on() {
    let fields = [("CDN-Cache-Control", "max-age=60"), ("Cache-Control", "max-age=1")];
    for response in ask_twice("", &fields) {
        assert_eq!(response.header("CDN-Cache-Control"), Some("max-age=60"));
        assert_eq!(response.header("Cache-Control"), Some("max-age=1"));
    }
}

#[test]
fn public_in_cdn_cache_control_shares_what_was_asked_with_authorization() {
    for (cdn, shared) in [("max-age=60, public", true), ("max-age=60", false)] {
        let origin = origin_with(&[("CDN-Cache-Control", cdn), ("Cache-Control", "public")]);
        let proxy = Proxy::before(&origin, RFC9111);
        let mut client = proxy.client();
        let [_, second] = [(); 2].map(|()| client.get("/page").header("Authorization", "Basic eDp5").send());
        assert_eq!(second.cache_status().hit(), shared, "{cdn}");
    }
}

#[test]
fn its_stale_windows_are_those_that_count() {
    let stale = |field: &str| {
        let policy = "sub backend_response { if (beresp.grace > 1s) { set beresp.http.X-Grace = \"long\"; } }";
        ask_twice(policy, &[(field, "max-age=60, stale-while-revalidate=30"), ("Cache-Control", "max-age=60")])[0]
            .header("X-Grace")
            .map(str::to_owned)
    };
    assert_eq!(stale("CDN-Cache-Control").as_deref(), Some("long"));
    assert_eq!(stale("X-Other-Cache-Control"), None);
}

#[test]
fn surrogate_control_is_obeyed_and_goes_no_further() {
    let fields = [("Surrogate-Control", "max-age=60, content=\"ESI/1.0\""), ("Cache-Control", "no-store")];
    let [first, second] = ask_twice("", &fields);
    assert!(second.cache_status().hit());
    for response in [first, second] {
        assert_eq!(response.header("Surrogate-Control"), None);
        assert_eq!(response.header("Cache-Control"), Some("no-store"));
    }
    let [pass, _] = ask_twice("", &[("Surrogate-Control", "no-store"), ("Cache-Control", "max-age=60")]);
    assert_eq!((pass.cache_status().stored(), pass.header("Surrogate-Control")), (false, None));
}

#[test]
fn a_surrogate_control_that_says_nothing_of_caching_is_passed_on() {
    let [first, second] =
        ask_twice("", &[("Surrogate-Control", "content=\"ESI/1.0\""), ("Cache-Control", "max-age=60")]);
    assert!(second.cache_status().hit());
    for response in [first, second] {
        assert_eq!(response.header("Surrogate-Control"), Some("content=\"ESI/1.0\""));
    }
}

#[test]
fn a_surrogate_control_that_was_not_obeyed_is_passed_on() {
    let fields = [("CDN-Cache-Control", "max-age=60"), ("Surrogate-Control", "no-store")];
    let [_, second] = ask_twice("", &fields);
    assert!(second.cache_status().hit());
    assert_eq!(second.header("Surrogate-Control"), Some("no-store"));
}

#[test]
fn a_304_that_repeats_nothing_leaves_surrogate_control_in_force() {
    let origin = Origin::start();
    let stale = Answer::ok("hello").header("Surrogate-Control", "max-age=60").header("Cache-Control", "no-store");
    origin.once("/page", stale.header("ETag", "\"a\"").header("Age", "60"));
    origin.on("/page", Answer::status(304).header("ETag", "\"a\""));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for (n, sent) in [1, 2, 2].into_iter().enumerate() {
        let response = client.get("/page").send();
        assert_eq!((response.text(), response.header("Surrogate-Control")), ("hello", None), "{n}");
        assert_eq!(origin.requests().len(), sent);
    }
}

#[test]
fn a_policy_says_which_fields_count() {
    let fields =
        [("CDN-Cache-Control", "max-age=60"), ("X-Our-Cache-Control", "no-store"), ("Cache-Control", "private")];
    let with = |names: &str| format!("sub backend_fetch {{ set bereq.cache_control_fields = \"{names}\"; }}");
    assert!(is_reused("", &fields));
    assert!(is_reused(&with("CDN-Cache-Control, X-Our-Cache-Control"), &fields));
    assert!(!is_reused(&with("X-Our-Cache-Control, CDN-Cache-Control"), &fields));
    assert!(!is_reused(&with(""), &fields));
}

#[test]
fn a_name_that_is_none_is_left_out_and_logged() {
    let origin = origin_with(&[("CDN-Cache-Control", "max-age=60")]);
    let policy = "sub backend_fetch { set bereq.cache_control_fields = bereq.http.X-Fields; }";
    let proxy = Proxy::before(&origin, policy);
    proxy.client().get("/page").header("X-Fields", "no name, CDN-Cache-Control").send();
    assert!(proxy.get("/page").cache_status().hit());
    crate::support::until("the log to tell", || proxy.log().contains("no name").then_some(()));
}
