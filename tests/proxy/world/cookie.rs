//! What becomes of the cookies on their way to the backend.

use crate::support::{Origin, Proxy};

/// The cookies that reach the backend when a client sends these and `statements` run in `recv`.
fn sent(statements: &str, cookies: &str) -> Option<String> {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, &format!("sub recv {{ {statements} return (pass); }}"));
    proxy.client().get("/").header("Cookie", cookies).send();
    origin.wait_for(1).header("Cookie").map(str::to_owned)
}

#[test]
fn cookies_are_removed_by_name_and_pattern() {
    let all = "a=1; _ga=2; b=3; _gid=4";
    for (statement, left) in [
        ("cookie.delete(\"a\");", Some("_ga=2; b=3; _gid=4")),
        ("cookie.keep([\"a\", \"b\"]);", Some("a=1; b=3")),
        ("cookie.keep(\"b, a\");", Some("a=1; b=3")),
        ("cookie.filter(\"_ga,_gid\");", Some("a=1; b=3")),
        ("cookie.filter_re(\"^_\");", Some("a=1; b=3")),
        ("cookie.keep_re(\"^_g[a-z]+$\");", Some("_ga=2; _gid=4")),
        ("cookie.delete(\"A\");", Some(all)),
        ("cookie.clean();", None),
        ("cookie.keep(\"c\");", None),
    ] {
        assert_eq!(sent(statement, all).as_deref(), left, "{statement}");
    }
}

#[test]
fn a_cookie_is_set_in_its_place_or_behind_the_others() {
    assert_eq!(sent("cookie.set(\"a\", \"9\");", "a=1; b=2; a=3").as_deref(), Some("a=9; b=2"));
    assert_eq!(sent("cookie.set(\"c\", \"9\");", "a=1").as_deref(), Some("a=1; c=9"));
    assert_eq!(sent("cookie.clean(); cookie.set(\"c\", \"\");", "a=1").as_deref(), Some("c="));
}

#[test]
fn on_the_backend_s_side_they_are_those_of_the_request_to_it() {
    let origin = Origin::start();
    let proxy = Proxy::before(
        &origin,
        "sub recv { return (pass); }
         sub backend_fetch { cookie.set(\"was\", cookie.get_re(\"^a\") + cookie.isset(\"b\")); cookie.delete(\"a1\"); }",
    );
    proxy.client().get("/").header("Cookie", "a1=x").send();
    assert_eq!(origin.wait_for(1).header("Cookie"), Some("was=xfalse"));
}

#[test]
fn one_cookie_cannot_become_two() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "sub recv { cookie.set(\"a\", req.query[\"v\"]); return (pass); }");
    assert_eq!(proxy.get("/?v=1%3b%20admin=1").status, 503);
    assert!(origin.requests().is_empty());
}
