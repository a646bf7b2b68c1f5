//! One path, many spellings: the guard of the book and the backend see the same one.

use std::fs;

use crate::support::{Answer, Origin, Proxy};

/// The policy of the book, with one spelling for each path.
fn guarded(origin: &Origin) -> Proxy {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/access.md")).unwrap();
    let section = page.split_once("\n## One path, many spellings\n").unwrap().1;
    let policy = section.split_once(".port = \"8000\"; }\n").unwrap().1.split_once("```").unwrap().0;
    Proxy::before(origin, policy)
}

#[test]
fn no_spelling_of_a_path_leads_around_a_guard() {
    let origin = Origin::start();
    let proxy = guarded(&origin);
    for target in [
        "/staff/a",
        "//staff/a",
        "/x/../staff/a",
        "/x/..//staff/a",
        "/../staff/a",
        "/./staff/./a",
        "/%73taff/a",
        "/%2e/staff/a",
        "/x/%2E%2e/staff/a",
        "/x/.%2e/%73taff//a?b=c",
        "/%2E%2E/%2e%2e/staff/",
        "http://HOST/x/../staff/a",
    ] {
        let target = target.replace("HOST", &proxy.address().to_string());
        assert_eq!(proxy.get(&target).status, 403, "{target}");
    }
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn what_servers_read_in_different_ways_is_refused() {
    let origin = Origin::start();
    let proxy = guarded(&origin);
    for target in ["/x%2f..%2Fstaff/a", "/x/..%5cstaff/a", "/x\\..\\staff\\a", "/staff%00/a", "/a%0d%0aX:%20y", "/a%7F"]
    {
        assert_eq!(proxy.get(target).status, 400, "{target}");
    }
    assert_eq!(origin.requests().len(), 0);
}

/// RFC 3986 sections 2.1 and 2.4: a `%` stands for itself as `%25` alone.
#[test]
fn a_percent_sign_that_escapes_nothing_is_refused_unless_it_was_escaped_before() {
    let origin = Origin::start();
    let proxy = |words: &str| Proxy::before(&origin, &format!("normalize req {{ path {words}; }}"));
    let (alone, first) = (proxy("refuse_ambiguous"), proxy("refuse_ambiguous, decode_unreserved"));
    for target in ["/%", "/%?a=b", "/a%zz", "/a%4", "/%%34%31", "/%/a"] {
        assert_eq!((alone.get(target).status, first.get(target).status), (400, 400), "{target}");
    }
    assert_eq!(origin.requests().len(), 0);
    let behind = proxy("decode_unreserved, refuse_ambiguous");
    for (target, asked) in [("/%", "/%25"), ("/%?a=%", "/%25?a=%"), ("/a%4", "/a%254"), ("/%25", "/%25")] {
        origin.on("/%25", Answer::ok("page").header("Cache-Control", "no-store"));
        origin.on("/a%254", Answer::ok("page").header("Cache-Control", "no-store"));
        assert_eq!(behind.get(target).status, 200, "{target}");
        assert_eq!(origin.requests().last().map(|asked| asked.target.clone()).as_deref(), Some(asked), "{target}");
    }
    assert_eq!(behind.get("/%2F").status, 400);
}

#[test]
fn the_backend_and_the_cache_see_the_path_that_the_rules_saw() {
    let origin = Origin::start();
    let proxy = guarded(&origin);
    for (target, expected) in [
        ("/%7Ea//b/../c%2c?x=%61//..", "/~a/c%2C?x=%61//.."),
        ("/a%2561", "/a%2561"),
        ("/a%zz", "/a%25zz"),
        ("/a;x=1/b", "/a;x=1/b"),
        ("/%%34%31", "/%2541"),
    ] {
        origin.on(expected.split('?').next().unwrap(), Answer::ok("page").header("Cache-Control", "max-age=60"));
        assert_eq!(proxy.get(target).status, 200, "{target}");
        let asked: Vec<String> = origin.requests().into_iter().map(|asked| asked.target).collect();
        assert_eq!(asked.last().map(String::as_str), Some(expected), "{target}");
        assert!(proxy.get(expected).cache_status().hit(), "{expected}");
    }
}

#[test]
fn a_request_for_no_path_stays_as_it_is() {
    let origin = Origin::start();
    let proxy = guarded(&origin);
    proxy.client().request("OPTIONS", "*").send();
    assert_eq!(origin.wait_for(1).target, "*");
}

#[test]
fn a_request_for_no_path_is_not_refused_where_a_policy_rewrites_none_of_it() {
    let origin = Origin::start();
    let rewriting =
        |step: &str, url: &str| format!("sub {step} {{ set {url} = regsub({url}, \"^/old/\", \"/new/\"); }}\n");
    let proxy = Proxy::before(&origin, &(rewriting("recv", "req.url") + &rewriting("backend_fetch", "bereq.url")));
    assert_eq!(proxy.client().request("OPTIONS", "*").send().status, 404);
    assert_eq!(origin.wait_for(1).target, "*");
}
