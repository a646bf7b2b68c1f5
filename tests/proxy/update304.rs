//! A 304 from the backend: which stored response it speaks of, and what it changes (RFC 9111 sections 3.2
//! and 4.3); and conditions that are not for a cache to judge.

use std::time::{Duration, SystemTime};

use crate::support::{Answer, Origin, Proxy, Response, until};

const NOVEMBER: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// Stale at once and validated each time.
fn page() -> Answer {
    Answer::ok("hello").header("Cache-Control", "max-age=0").header("ETag", "\"v1\"")
}

fn validated(fields: &[(&str, &str)]) -> Answer {
    fields.iter().fold(Answer::status(304), |answer, (name, value)| answer.header(name, value))
}

/// Stores `first`, then answers with `second` once and with "new" from then on: what the clients got.
fn asked(first: Answer, second: Answer, times: usize) -> (Vec<Response>, Origin) {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("new").header("Cache-Control", "max-age=60"));
    origin.once("/page", first);
    origin.once("/page", second);
    // Cookies are stored here like other fields.
    let proxy = Proxy::before(&origin, "override builtin.set_cookie {}\n");
    let responses = (0..times).map(|_| proxy.get("/page")).collect();
    (responses, origin)
}

fn texts(responses: &[Response]) -> Vec<&str> {
    responses.iter().map(Response::text).collect()
}

#[test]
fn rfc9111_4_3_1_both_validators_are_sent_as_they_came() {
    for tag in ["\"v1\"", "W/\"v1\"", "v1"] {
        let origin = Origin::start();
        let first = Answer::ok("hello").header("Cache-Control", "max-age=0").header("ETag", tag);
        origin.on("/page", first.header("Last-Modified", NOVEMBER));
        let proxy = Proxy::before(&origin, "");
        proxy.get("/page");
        proxy
            .client()
            .request("HEAD", "/page")
            .header("If-None-Match", "\"other\"")
            .header("Range", "bytes=0-1")
            .send();
        let validation = origin.wait_for(2);
        assert_eq!(validation.header("If-None-Match"), Some(tag));
        assert_eq!(validation.header("If-Modified-Since"), Some(NOVEMBER));
        assert_eq!((validation.method.as_str(), validation.header("Range")), ("HEAD", None));
    }
}

#[test]
fn rfc9111_3_2_a_304_replaces_what_it_has_but_for_what_describes_the_body() {
    let first = page().header("Set-Cookie", "a=1").header("X-Kept", "kept").header("Content-Encoding", "x-own");
    let second = validated(&[
        ("ETag", "\"v1\""),
        ("Cache-Control", "max-age=60"),
        ("Set-Cookie", "b=2"),
        ("Set-Cookie", "c=3"),
        ("Content-Language", "de"),
        ("Content-Encoding", "gzip"),
        ("Content-Range", "bytes 0-0/1"),
        ("Content-Length", "99"),
    ]);
    let (responses, origin) = asked(first, second, 3);
    assert_eq!(texts(&responses), ["hello"; 3]);
    assert_eq!(origin.requests().len(), 2);
    for response in &responses[1..] {
        assert_eq!(response.fields.all("Set-Cookie").collect::<Vec<_>>(), ["b=2", "c=3"]);
        for (name, value) in [
            ("X-Kept", Some("kept")),
            ("Cache-Control", Some("max-age=60")),
            ("Content-Language", Some("de")),
            ("Content-Encoding", Some("x-own")),
            ("Content-Range", None),
            ("Content-Length", Some("5")),
        ] {
            assert_eq!(response.header(name), value, "{name}");
        }
    }
    assert!(responses[2].cache_status().hit());
}

#[test]
fn rfc9111_4_2_3_age_and_date_are_those_of_the_304() {
    let now = SystemTime::now();
    let [earlier, now] = [now - Duration::from_mins(30), now].map(httpdate::fmt_http_date);
    let first = page().header("Date", &earlier).header("Age", "2000");
    let second = validated(&[("ETag", "\"v1\""), ("Cache-Control", "max-age=60"), ("Date", &now), ("Age", "30")]);
    let (responses, _origin) = asked(first, second, 3);
    let ages: Vec<u64> =
        responses[1..].iter().map(|response| response.header("Age").unwrap().parse().unwrap()).collect();
    assert!(ages.iter().all(|age| (30..40).contains(age)), "{ages:?}");
    assert_eq!((responses[1].header("Date"), responses[2].header("Date")), (Some(&*now), Some(&*now)));
    assert!(responses[2].cache_status().hit());
}

#[test]
fn rfc9111_4_3_4_a_304_for_another_response_has_the_backend_asked_again_without_conditions() {
    let second = validated(&[("ETag", "\"v2\""), ("Cache-Control", "max-age=60")]);
    let (responses, origin) = asked(page(), second, 3);
    assert_eq!(texts(&responses), ["hello", "new", "new"]);
    assert_eq!((responses[1].status, responses[1].cache_status().stored()), (200, true));
    assert_eq!(responses[1].cache_status().fwd(), Some("stale"));
    assert!(responses[2].cache_status().hit());
    let asked: Vec<_> =
        origin.requests().iter().map(|asked| asked.header("If-None-Match").map(str::to_owned)).collect();
    assert_eq!(asked, [None, Some("\"v1\"".to_owned()), None]);
}

#[test]
fn rfc9111_4_3_4_also_behind_a_stale_response() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("new").header("Cache-Control", "max-age=60"));
    let first = Answer::ok("hello").header("ETag", "\"v1\"");
    origin.once("/page", first.header("Cache-Control", "max-age=0, stale-while-revalidate=60"));
    origin.once("/page", validated(&[("ETag", "\"v2\"")]));
    let proxy = Proxy::before(&origin, "");
    until("the new response", || (proxy.get("/page").text() == "new").then_some(()));
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn rfc9111_4_3_4_a_304_to_a_request_without_conditions_is_no_answer() {
    let origin = Origin::start();
    origin.on("/page", validated(&[("ETag", "\"v2\"")]));
    origin.once("/page", page());
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/page").text(), "hello");
    assert_eq!(proxy.get("/page").status, 503);
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn rfc9111_4_3_4_a_304_that_forbids_storing_lets_the_response_be_used_once() {
    for forbids in ["no-store", "private"] {
        let second = validated(&[("ETag", "\"v1\""), ("Cache-Control", forbids), ("Set-Cookie", "a=1")]);
        let (responses, origin) = asked(page(), second, 3);
        assert_eq!(texts(&responses), ["hello", "hello", "new"], "{forbids}");
        assert_eq!(responses[1].header("Cache-Control"), Some(forbids));
        assert_eq!((responses[1].status, responses[1].header("Set-Cookie")), (200, Some("a=1")));
        assert_eq!(origin.wait_for(3).header("If-None-Match"), None);
    }
}

#[test]
fn rfc9111_4_1_a_304_that_adds_a_vary_makes_a_variant_of_what_is_stored() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let of = request.header("X-Of").unwrap_or("nobody");
        Answer::ok(of).header("Cache-Control", "max-age=60").header("Vary", "X-Of")
    });
    origin.once("/page", page());
    origin.once("/page", validated(&[("ETag", "\"v1\""), ("Cache-Control", "max-age=60"), ("Vary", "X-Of")]));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let mut ask = |of: &str| client.get("/page").header("X-Of", of).send().text().to_owned();
    // Validated for the second, so his from then on.
    assert_eq!(
        ["first", "second", "second", "first", "first"].map(&mut ask),
        ["hello", "hello", "hello", "first", "first"]
    );
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn rfc9111_4_1_a_304_that_changes_vary_ends_a_variant() {
    for vary in ["X-Other", "X-Of, X-Other", "*"] {
        let origin = Origin::start();
        origin.on("/page", Answer::ok("new").header("Cache-Control", "max-age=60").header("Vary", "X-Other"));
        origin.once("/page", page().header("Vary", "X-Of"));
        origin.once("/page", validated(&[("ETag", "\"v1\""), ("Cache-Control", "max-age=60"), ("Vary", vary)]));
        let proxy = Proxy::before(&origin, "");
        let mut client = proxy.client();
        let mut ask = || client.get("/page").header("X-Of", "1").header("X-Other", "2").send().text().to_owned();
        assert_eq!([ask(), ask(), ask()], ["hello", "hello", "new"], "{vary}");
    }
}

#[test]
fn a_set_cookie_of_a_304_is_stored_only_where_the_policy_ends_the_step_before() {
    for (policy, texts, cookie) in [
        ("", ["hello", "hello", "new"], None),
        ("sub backend_response { if (beresp.was_304) { return (deliver); } }", ["hello"; 3], Some("id=1")),
    ] {
        let origin = Origin::start();
        origin.on("/page", Answer::ok("new").header("Cache-Control", "max-age=60"));
        origin.once("/page", page());
        origin.once("/page", validated(&[("ETag", "\"v1\""), ("Cache-Control", "max-age=60"), ("Set-Cookie", "id=1")]));
        let proxy = Proxy::before(&origin, policy);
        let responses: Vec<Response> = (0..3).map(|_| proxy.get("/page")).collect();
        assert_eq!(self::texts(&responses), texts, "{policy}");
        assert_eq!(responses.last().and_then(|last| last.header("Set-Cookie")), cookie, "{policy}");
    }
}

#[test]
fn what_the_policy_says_of_a_304() {
    let origin = Origin::start();
    origin.on("/page", validated(&[("ETag", "\"v1\"")]));
    origin.once("/page", page());
    let proxy = Proxy::before(
        &origin,
        "sub backend_response {
             set beresp.http.X-Was-304 = beresp.was_304;
             if (beresp.was_304 && bereq.http.X-Refuse) { return (error(502, \"Refused\")); }
         }",
    );
    assert_eq!(proxy.get("/page").header("X-Was-304"), Some("false"));
    let validated = proxy.get("/page");
    assert_eq!((validated.status, validated.text(), validated.header("X-Was-304")), (200, "hello", Some("true")));
    let refused = proxy.client().get("/page").header("X-Refuse", "1").send();
    assert_eq!((refused.status, refused.reason.as_str()), (502, "Refused"));
}

#[test]
fn rfc9110_13_2_1_only_a_success_is_not_modified() {
    let origin = Origin::start();
    let fields = |answer: Answer| answer.header("Cache-Control", "max-age=60").header("ETag", "\"v1\"");
    origin.on("/gone", fields(Answer::status(404)));
    origin.on("/page", fields(Answer::ok("hello")).header("Last-Modified", NOVEMBER));
    let proxy = Proxy::before(&origin, "");
    for _ in 0..2 {
        let ask = |target: &str| proxy.client().get(target).header("If-None-Match", "\"v1\"").send().status;
        assert_eq!((ask("/gone"), ask("/page")), (404, 304));
        let mut client = proxy.client();
        let both = client.get("/page").header("If-None-Match", "\"v1\"").header("Range", "bytes=0-1").send();
        assert_eq!((both.status, both.body.len()), (304, 0));
        let head = proxy.client().request("HEAD", "/page").header("If-Modified-Since", NOVEMBER).send();
        assert_eq!(head.status, 304);
    }
}

#[test]
fn rfc9111_4_3_2_conditions_that_only_the_origin_can_judge_go_there() {
    let origin = Origin::start();
    origin.on_each("/page", |request| {
        let stated = request.header("If-Match").or_else(|| request.header("If-Unmodified-Since"));
        if stated.is_some() { Answer::status(412) } else { page().header("X", "y") }
    });
    let proxy = Proxy::before(&origin, "rules response first { when status == 200 -> ttl 60s; }");
    assert_eq!(proxy.get("/page").status, 200);
    for (name, value) in [("If-Match", "\"v0\""), ("If-Unmodified-Since", NOVEMBER)] {
        for method in ["GET", "HEAD", "QUERY"] {
            let refused =
                proxy.client().request(method, "/page").header(name, value).header("Range", "bytes=0-1").send();
            assert_eq!((refused.status, refused.cache_status().hit()), (412, false), "{name}");
        }
        let asked = origin.requests().pop().unwrap();
        assert_eq!((asked.header(name), asked.header("Range")), (Some(value), Some("bytes=0-1")));
    }
    // What is stored is as it was.
    assert!(proxy.get("/page").cache_status().hit());
}

#[test]
fn rfc9110_13_1_conditions_of_unsafe_requests_are_sent_on() {
    let origin = Origin::start();
    origin.on("/page", Answer::status(412));
    origin.once("/page", page());
    let proxy = Proxy::before(&origin, "");
    proxy.get("/page");
    for (n, method) in [(2, "PUT"), (3, "POST"), (4, "DELETE")] {
        let fields = [("If-Match", "\"v1\""), ("If-None-Match", "*"), ("If-Unmodified-Since", NOVEMBER)];
        let mut client = proxy.client();
        let request =
            fields.iter().fold(client.request(method, "/page"), |request, (name, value)| request.header(name, value));
        assert_eq!(request.body("data").send().status, 412);
        let asked = origin.wait_for(n);
        assert!(fields.iter().all(|(name, value)| asked.header(name) == Some(value)), "{method}");
    }
}

#[test]
fn a_head_that_304s_make_too_large_is_fetched_anew() {
    let origin = Origin::start();
    let count = std::sync::atomic::AtomicUsize::new(0);
    origin.on_each("/page", move |request| {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if request.header("If-None-Match").is_none() {
            return page().header("X-Fetched", &n.to_string());
        }
        (0..100).fold(validated(&[("ETag", "\"v1\"")]), |answer, field| answer.header(&format!("X-{n}-{field}"), "new"))
    });
    let proxy = Proxy::before(&origin, "");
    let fields: Vec<_> = (0..8)
        .map(|_| {
            let response = proxy.get("/page");
            assert_eq!((response.status, response.text()), (200, "hello"));
            response.fields.0.iter().filter(|(name, _)| name.to_lowercase().starts_with("x-")).count()
        })
        .collect();
    // Two hundred fields are stored, a hundred more are too many: of that 304 nothing is left.
    assert_eq!(fields, [1, 101, 201, 1, 101, 201, 1, 101]);
    let unconditional = origin.requests().iter().filter(|request| request.header("If-None-Match").is_none()).count();
    assert_eq!((unconditional, origin.requests().len()), (3, 10));
}
