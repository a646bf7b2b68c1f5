//! `backend_refresh`: which fields a stored response has once a 304 has validated it.

use crate::support::{Answer, Origin, Proxy, Response};

/// What is stored first: stale at once.
fn stored() -> Answer {
    let answer = Answer::ok("hello").header("Cache-Control", "max-age=0").header("ETag", "\"v1\"");
    answer.header("X-Old", "old").header("X-Both", "old").header("Content-Encoding", "x-own")
}

/// What clients get under such a `backend_refresh`: what was stored, after its validation, and from the store then.
fn refreshed(statements: &str) -> ([Response; 3], Origin) {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("new").header("Cache-Control", "max-age=60"));
    origin.once("/page", stored());
    let validation = Answer::status(304).header("ETag", "\"v1\"").header("Cache-Control", "max-age=60");
    let validation = validation.header("X-New", "new").header("X-Both", "new").header("Content-Encoding", "gzip");
    origin.once("/page", validation);
    let proxy = Proxy::before(&origin, &format!("sub backend_refresh {{ {statements} }}"));
    ([(); 3].map(|()| proxy.get("/page")), origin)
}

/// `X-Old`, `X-New`, `X-Both`, `Content-Encoding` and `ETag`.
fn fields(response: &Response) -> [&str; 5] {
    ["X-Old", "X-New", "X-Both", "Content-Encoding", "ETag"].map(|name| response.header(name).unwrap_or("-"))
}

#[test]
fn the_times_that_a_304_brings_are_those_of_the_response_at_once() {
    let origin = Origin::start();
    origin.once("/page", stored());
    let validation = Answer::status(304).header("ETag", "\"v1\"");
    origin.once("/page", validation.header("Cache-Control", "max-age=60, stale-while-revalidate=77"));
    let proxy = Proxy::before(&origin, "sub deliver { set resp.http.X-Grace = obj.grace; }");
    proxy.get("/page");
    for _ in 0..2 {
        assert_eq!(proxy.get("/page").header("X-Grace"), Some("77.000"));
    }
}

#[test]
fn rfc9111_3_2_without_a_word_of_the_policy_fields_are_merged() {
    for statements in ["", "return (merge);"] {
        let ([_, second, third], origin) = refreshed(statements);
        for response in [&second, &third] {
            assert_eq!((response.status, response.text()), (200, "hello"), "{statements}");
            assert_eq!(fields(response), ["old", "new", "new", "x-own", "\"v1\""], "{statements}");
        }
        assert_eq!((third.cache_status().hit(), origin.requests().len()), (true, 2), "{statements}");
    }
}

#[test]
fn the_policy_may_keep_the_stored_fields() {
    let ([_, second, third], origin) = refreshed("set beresp.ttl = 60s; return (obj_stale);");
    for response in [&second, &third] {
        assert_eq!((response.status, response.text()), (200, "hello"));
        assert_eq!(fields(response), ["old", "-", "old", "x-own", "\"v1\""]);
    }
    assert_eq!((third.cache_status().hit(), origin.requests().len()), (true, 2));
}

#[test]
fn the_policy_may_take_the_fields_of_the_304() {
    let ([_, second, third], origin) = refreshed("set beresp.http.X-Both = \"mine\"; return (beresp);");
    for response in [&second, &third] {
        assert_eq!((response.status, response.text()), (200, "hello"));
        assert_eq!(fields(response), ["-", "new", "mine", "x-own", "\"v1\""]);
    }
    assert_eq!((third.cache_status().hit(), origin.requests().len()), (true, 2));
}

#[test]
fn the_policy_sees_the_304_and_what_is_stored() {
    let seen = "set beresp.http.X-Seen = beresp.status + \" \" + beresp.http.X-Both + \" \" + beresp.was_304 + \" \"
            + obj_stale.status + \" \" + obj_stale.http.X-Both + \" \" + obj_stale.hits + \" \" + obj_stale.is_valid + \" \"
            + (obj_stale.ttl <= 0s) + \" \" + (obj_stale.age < 10s) + \" \" + obj_stale.uncacheable;";
    let ([_, second, _], _origin) = refreshed(seen);
    assert_eq!(second.header("X-Seen"), Some("304 new true 200 old 0 true true true false"));
}

#[test]
fn the_policy_may_refuse_a_304() {
    let ([_, second, _], origin) = refreshed("return (retry);");
    assert_eq!((second.status, second.text(), origin.requests().len()), (200, "new", 3));
    assert_eq!(origin.requests()[2].header("If-None-Match"), None);
    for (statements, status) in [("return (error(502));", 502), ("return (abandon);", 503), ("return (fail);", 503)] {
        let ([_, second, third], origin) = refreshed(statements);
        assert_eq!(second.status, status, "{statements}");
        assert_eq!((third.text(), origin.requests().len()), ("new", 3), "{statements}");
    }
}

#[test]
fn the_policy_may_give_the_stored_response_another_status() {
    for (statements, status, reason) in [
        ("set beresp.status = 203;", 203, "Non Authoritative Information"),
        ("set beresp.status = 410; set beresp.reason = \"Over\"; return (beresp);", 410, "Over"),
        ("set beresp.reason = \"Fine\";", 200, "Fine"),
        ("set beresp.status = 404; return (obj_stale);", 200, "OK"),
        ("set beresp.status = 304;", 200, "OK"),
    ] {
        let ([_, second, third], origin) = refreshed(&format!("set beresp.ttl = 60s; {statements}"));
        for response in [&second, &third] {
            assert_eq!((response.status, response.reason.as_str()), (status, reason), "{statements}");
            assert_eq!(response.text(), "hello", "{statements}");
        }
        assert_eq!((third.cache_status().hit(), origin.requests().len()), (true, 2), "{statements}");
    }
}

#[test]
fn a_stored_response_that_is_given_a_status_without_content_has_none() {
    let ([_, second, third], _origin) = refreshed("set beresp.status = 204;");
    for response in [&second, &third] {
        assert_eq!((response.status, response.header("Content-Length")), (204, None));
    }
}
