//! Tags: given by `tag`, purged by `std.purge_tags`.

use crate::support::{Answer, Gate, Origin, Proxy};

/// Whoever asks with PURGE purges the tags of `X-Tags`, softly if `X-Soft` is there.
const PURGES: &str = "
    sub recv {
        if (req.method == \"PURGE\") {
            if (req.http.X-Soft) { std.purge_tags(req.http.X-Tags, soft); } else { std.purge_tags(req.http.X-Tags); }
            return (synth(200, \"Purged\"));
        }
    }
";

fn tagged(tags: &str) -> Answer {
    Answer::ok("page").header("Cache-Control", "max-age=600, stale-while-revalidate=60").header("Surrogate-Key", tags)
}

/// It is stale at once, and can be validated.
fn stale() -> Answer {
    let answer = Answer::ok("page").header("Cache-Control", "max-age=0").header("ETag", "\"1\"");
    answer.header("Surrogate-Key", "post-1")
}

fn before(origin: &Origin, policy: &str) -> Proxy {
    Proxy::before(origin, &[PURGES, policy].concat())
}

fn is_hit(proxy: &Proxy, target: &str) -> bool {
    proxy.client().get(target).send().cache_status().hit()
}

fn purge(proxy: &Proxy, tags: &str) {
    assert_eq!(proxy.client().request("PURGE", "/").header("X-Tags", tags).send().status, 200);
}

fn purge_softly(proxy: &Proxy, tags: &str) {
    proxy.client().request("PURGE", "/").header("X-Tags", tags).header("X-Soft", "1").send();
}

const BY_FIELD: &str = "sub backend_response { tag header \"Surrogate-Key\"; }";

#[test]
fn a_purge_takes_all_that_have_the_tag_and_nothing_else() {
    let origin = Origin::start();
    for (path, tags) in [("/1", "post-1 author-7"), ("/2", "post-2, author-7"), ("/3", "post-11")] {
        origin.on(path, tagged(tags));
    }
    let proxy = before(&origin, BY_FIELD);
    let hits = || ["/1", "/2", "/3"].map(|path| is_hit(&proxy, path));
    hits();
    assert_eq!(hits(), [true; 3]);
    purge(&proxy, "post-1");
    assert_eq!(hits(), [false, true, true]);
    purge(&proxy, "nothing author-7");
    assert_eq!(hits(), [false, false, true]);
    assert_eq!(hits(), [true; 3]);
    purge(&proxy, "Post-1 post AUTHOR-7");
    assert_eq!(hits(), [true; 3]);
}

#[test]
fn tags_come_from_texts_from_all_lines_of_a_field_and_from_rule_tables() {
    let origin = Origin::start();
    origin.on("/shop/7", tagged("a b").header("Surrogate-Key", "c"));
    let policy = "
        rules response first { when path under \"/shop/\" -> tag \"shop\" + bereq.path, tag header \"surrogate-key\"; }
        sub backend_response { tag \"every page\"; }
    ";
    let proxy = before(&origin, policy);
    for tag in ["shop/shop/7", "a", "b", "c", "every", "page"] {
        is_hit(&proxy, "/shop/7");
        assert!(is_hit(&proxy, "/shop/7"), "{tag}");
        purge(&proxy, tag);
        assert!(!is_hit(&proxy, "/shop/7"), "{tag}");
    }
}

#[test]
fn a_soft_purge_leaves_what_has_the_tag_to_be_served_stale() {
    let origin = Origin::start();
    origin.on("/1", tagged("post-1"));
    let proxy = before(&origin, BY_FIELD);
    is_hit(&proxy, "/1");
    purge_softly(&proxy, "post-1");
    let stale = proxy.client().get("/1").send();
    assert!(
        stale.cache_status().hit() && stale.header("Cache-Status").unwrap().contains("detail=\"grace\""),
        "{stale:?}"
    );
    origin.wait_for(2);
}

#[test]
fn what_was_asked_for_before_the_purge_does_not_come_in() {
    let origin = Origin::start();
    let gate = Gate::new();
    origin.once("/1", tagged("post-1").behind(&gate));
    origin.on("/1", tagged("post-1"));
    let proxy = before(&origin, BY_FIELD);
    let mut client = proxy.client();
    client.get("/1").send_only();
    origin.wait_for(1);
    purge(&proxy, "post-1");
    gate.open();
    assert_eq!(client.read_response("GET").unwrap().text(), "page");
    assert!(!is_hit(&proxy, "/1"));
    assert!(is_hit(&proxy, "/1"));
}

#[test]
fn rfc9111_4_3_4_a_304_without_the_field_keeps_the_tags() {
    // The field is taken off what is stored, too.
    let policy = "sub backend_response { tag header \"Surrogate-Key\"; unset beresp.http.Surrogate-Key; }";
    for method in ["GET", "HEAD"] {
        let origin = Origin::start();
        origin.once("/1", stale());
        let fresh = if method == "GET" { Answer::status(304) } else { Answer::ok("page") };
        origin.once("/1", fresh.header("ETag", "\"1\"").header("Cache-Control", "max-age=600"));
        origin.on("/1", Answer::ok("another"));
        let proxy = before(&origin, policy);
        proxy.client().get("/1").send();
        assert_eq!(proxy.client().request(method, "/1").send().header("Surrogate-Key"), None);
        assert!(is_hit(&proxy, "/1"), "{method}");
        purge(&proxy, "post-1");
        assert_eq!(proxy.client().get("/1").send().text(), "another", "{method}");
    }
}

#[test]
fn a_304_that_was_asked_for_before_a_soft_purge_makes_nothing_fresh() {
    let origin = Origin::start();
    let gate = Gate::new();
    origin.once("/1", stale());
    origin.once("/1", Answer::status(304).header("ETag", "\"1\"").header("Cache-Control", "max-age=600").behind(&gate));
    origin.on("/1", Answer::ok("another"));
    let proxy = before(&origin, BY_FIELD);
    proxy.client().get("/1").send();
    let mut client = proxy.client();
    client.get("/1").send_only();
    origin.wait_for(2);
    purge_softly(&proxy, "post-1");
    gate.open();
    assert_eq!(client.read_response("GET").unwrap().text(), "page");
    assert_eq!(proxy.client().get("/1").send().text(), "another");
}

#[test]
fn the_field_goes_to_clients_unless_it_is_taken_off() {
    let origin = Origin::start();
    origin.on("/1", tagged("post-1"));
    let proxy = before(&origin, BY_FIELD);
    assert_eq!(proxy.client().get("/1").send().header("Surrogate-Key"), Some("post-1"));
    let proxy = before(&origin, &[BY_FIELD, "sub deliver { unset resp.http.Surrogate-Key; }"].concat());
    assert_eq!(proxy.client().get("/1").send().header("Surrogate-Key"), None);
    assert!(is_hit(&proxy, "/1"));
    purge(&proxy, "post-1");
    assert!(!is_hit(&proxy, "/1"));
}

#[test]
fn what_has_too_many_tags_is_not_stored() {
    let many = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>().join(" ");
    for (tags, is_stored) in
        [(many(1024), true), (many(1025), false), ("x".repeat(1024), true), ("x".repeat(1025), false)]
    {
        let origin = Origin::start();
        origin.on("/1", tagged(&tags));
        let proxy = before(&origin, BY_FIELD);
        is_hit(&proxy, "/1");
        assert_eq!(is_hit(&proxy, "/1"), is_stored);
    }
}

#[test]
fn a_response_can_purge_what_it_changes() {
    let origin = Origin::start();
    origin.on("/1", tagged("post-1"));
    origin.on("/edit", Answer::ok("done").header("X-Changed", "post-1"));
    let proxy =
        before(&origin, &[BY_FIELD, "sub backend_response { std.purge_tags(beresp.http.X-Changed); }"].concat());
    is_hit(&proxy, "/1");
    assert!(is_hit(&proxy, "/1"));
    proxy.client().request("POST", "/edit").body("x").send();
    assert!(!is_hit(&proxy, "/1"));
}

#[test]
fn asking_the_policy_for_a_key_purges_nothing() {
    let origin = Origin::start();
    origin.on("/1", tagged("post-1"));
    origin.on("/other", Answer::ok("done"));
    // An unsafe request has the policy asked for the key of a GET.
    let policy = "sub recv { if (req.http.X-Get && req.method == \"GET\") { std.purge_tags(\"post-1\"); } }";
    let proxy = before(&origin, &[BY_FIELD, policy].concat());
    is_hit(&proxy, "/1");
    proxy.client().request("POST", "/other").header("X-Get", "1").body("x").send();
    assert!(is_hit(&proxy, "/1"));
}

#[test]
fn all_variants_have_the_tags() {
    let origin = Origin::start();
    origin.on_each("/1", |request| {
        tagged("post-1").header("Vary", "X-Kind").header("X-Kind", request.header("X-Kind").unwrap_or(""))
    });
    let proxy = before(&origin, BY_FIELD);
    let is_hit = |kind: &str| proxy.client().get("/1").header("X-Kind", kind).send().cache_status().hit();
    let hits = || ["a", "b"].map(is_hit);
    hits();
    assert_eq!(hits(), [true; 2]);
    purge(&proxy, "post-1");
    assert_eq!(hits(), [false; 2]);
    assert_eq!(hits(), [true; 2]);
}

/// The head goes out behind the purge.
#[test]
fn rfc9211_2_5_what_was_purged_while_it_was_asked_for_is_not_said_to_be_stored() {
    let purges = "
        sub recv {
            if (req.http.X-Purge == \"tag\") { std.purge_tags(\"post-1\"); return (synth(200)); }
            if (req.http.X-Purge == \"ban\") { ban where obj.http.Surrogate-Key == \"post-1\"; return (synth(200)); }
            if (req.http.X-Purge == \"url\") { return (purge); }
            if (req.http.X-Purge == \"soft url\") { return (purge(soft)); }
            if (req.http.X-Purge == \"other\") { std.purge_tags(\"post-2\"); return (synth(200)); }
        }";
    for (kind, stored) in [("tag", false), ("ban", false), ("url", false), ("soft url", false), ("other", true)] {
        let (origin, gate) = (Origin::start(), Gate::new());
        origin.once("/1", tagged("post-1").behind(&gate));
        origin.on("/1", tagged("post-1"));
        let proxy = Proxy::before(&origin, &[purges, BY_FIELD].concat());
        let mut client = proxy.client();
        client.get("/1").send_only();
        origin.wait_for(1);
        assert_eq!(proxy.client().get("/1").header("X-Purge", kind).send().status, 200);
        gate.open();
        let response = client.read_response("GET").unwrap();
        assert_eq!(response.cache_status().stored(), stored, "{kind}: {:?}", response.header("Cache-Status"));
        assert_eq!(is_hit(&proxy, "/1"), stored, "{kind}");
    }
}
