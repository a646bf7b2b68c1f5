//! Parts that are stored as they come (206): what they answer, and what becomes of them.

use crate::support::{Answer, Client, Gate, Origin, Proxy, Recorded, Response};

const BODY: &str = "0123456789abcdefghij";

/// Ranges go to the origin, as in `examples/rfc9111.warp`.
const RANGES: &str = "override builtin.range {}\n";

fn fresh(answer: Answer) -> Answer {
    answer.header("Cache-Control", "max-age=60")
}

/// The bytes from `first` to `last` of `body`.
fn cut(body: &str, first: usize, last: usize) -> Answer {
    let place = format!("bytes {first}-{last}/{}", body.len());
    fresh(Answer::status(206)).with_body(&body.as_bytes()[first..=last]).header("Content-Range", &place)
}

/// What an origin that knows ranges answers, without its validators.
fn file(request: &Recorded) -> Answer {
    let Some(range) = request.header("Range").and_then(|range| range.strip_prefix("bytes=")) else {
        return fresh(Answer::ok(BODY));
    };
    let (first, last) = range.split_once('-').unwrap();
    let end = BODY.len() - 1;
    match (first.parse(), last.parse()) {
        (Ok(first), _) if first > end => Answer::status(416).header("Content-Range", "bytes */20"),
        (Ok(first), last) => cut(BODY, first, last.unwrap_or(end).min(end)),
        (_, Ok(count)) => cut(BODY, BODY.len() - count, end),
        _ => fresh(Answer::ok(BODY)),
    }
}

fn tagged(request: &Recorded) -> Answer {
    file(request).header("ETag", "\"v1\"")
}

fn start(responder: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) -> (Origin, Proxy) {
    let origin = Origin::start();
    origin.on_each("/file", responder);
    let proxy = Proxy::before(&origin, RANGES);
    (origin, proxy)
}

fn part(client: &mut Client, range: &str) -> Response {
    client.get("/file").header("Range", range).send()
}

/// The `Range` of each request that the origin got, `all` for none.
fn asked(origin: &Origin) -> Vec<String> {
    origin.requests().iter().map(|request| request.header("Range").unwrap_or("all").to_owned()).collect()
}

#[test]
fn rfc9111_3_3_a_stored_part_answers_what_lies_within_it() {
    let (origin, proxy) = start(tagged);
    let mut client = proxy.client();
    let miss = part(&mut client, "bytes=5-14");
    assert_eq!((miss.status, miss.text()), (206, "56789abcde"));
    assert_eq!((miss.cache_status().fwd(), miss.cache_status().stored()), (Some("uri-miss"), true));
    for (range, place, body) in
        [("bytes=5-14", "5-14", "56789abcde"), ("bytes=7-9", "7-9", "789"), ("bytes=14-14", "14-14", "e")]
    {
        let hit = part(&mut client, range);
        assert_eq!((hit.status, hit.text(), hit.cache_status().hit()), (206, body, true), "{range}");
        assert_eq!(hit.header("Content-Range"), Some(format!("bytes {place}/20").as_str()));
        assert_eq!(hit.header("Content-Length"), Some(body.len().to_string().as_str()));
    }
    let strongly = client.get("/file").header("Range", "bytes=6-7").header("If-Range", "\"v1\"").send();
    assert_eq!((strongly.status, strongly.text(), strongly.cache_status().hit()), (206, "67", true));
    assert_eq!(asked(&origin), ["bytes=5-14"]);
}

#[test]
fn the_end_of_a_representation_answers_open_ranges() {
    let (origin, proxy) = start(tagged);
    let mut client = proxy.client();
    part(&mut client, "bytes=-6");
    for (range, body) in [("bytes=-2", "ij"), ("bytes=16-", "ghij"), ("bytes=15-99", "fghij")] {
        let hit = part(&mut client, range);
        assert_eq!((hit.status, hit.text(), hit.cache_status().hit()), (206, body, true), "{range}");
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn rfc9111_3_3_a_part_is_never_served_for_the_whole() {
    for (method, fields, status, body) in [
        ("GET", &[][..], 200, BODY),
        ("HEAD", &[], 200, ""),
        ("GET", &[("Range", "bytes=0-3")], 206, "0123"),
        ("GET", &[("Range", "bytes=8-")], 206, "89abcdefghij"),
        ("GET", &[("Range", "bytes=5-6"), ("If-Range", "\"other\"")], 206, "56"),
    ] {
        let (origin, proxy) = start(tagged);
        let mut client = proxy.client();
        part(&mut client, "bytes=4-9");
        let request = client.request(method, "/file");
        let other = fields.iter().fold(request, |request, (name, value)| request.header(name, value)).send();
        assert_eq!((other.status, other.text()), (status, body), "{method} {fields:?}");
        assert_eq!(other.cache_status().fwd(), Some("partial"), "{method} {fields:?}");
        assert_eq!(origin.requests().len(), 2);
    }
}

#[test]
fn several_ranges_are_cut_from_the_whole() {
    let (origin, proxy) = start(tagged);
    let mut client = proxy.client();
    part(&mut client, "bytes=0-9");
    for hit in [false, true] {
        let several = part(&mut client, "bytes=0-1,14-15");
        assert_eq!((several.status, several.cache_status().hit()), (206, hit));
        for place in ["bytes 0-1/20\r\n\r\n01", "bytes 14-15/20\r\n\r\n"] {
            assert!(several.text().contains(place), "{}", several.text());
        }
    }
    assert_eq!(asked(&origin), ["bytes=0-9", "bytes=10-"]);
}

#[test]
fn rfc9111_3_4_the_whole_is_made_of_its_beginning_and_the_rest() {
    let (origin, proxy) = start(|request| {
        let answer = tagged(request).header("Kept", "old");
        if request.header("If-Range").is_some() { tagged(request).header("New", "1") } else { answer }
    });
    let mut client = proxy.client();
    part(&mut client, "bytes=0-7");
    let whole = client.get("/file").send();
    assert_eq!((whole.status, whole.text(), whole.header("Content-Length")), (200, BODY, Some("20")));
    assert_eq!((whole.header("Content-Range"), whole.cache_status().fwd()), (None, Some("partial")));
    assert_eq!((whole.header("Kept"), whole.header("New")), (Some("old"), Some("1")));
    assert_eq!(origin.wait_for(2).header("If-Range"), Some("\"v1\""));
    assert_eq!(asked(&origin), ["bytes=0-7", "bytes=8-"]);
    let hit = client.get("/file").send();
    assert_eq!((hit.status, hit.text(), hit.cache_status().hit()), (200, BODY, true));
    assert_eq!(part(&mut client, "bytes=6-9").text(), "6789");
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn rfc9110_15_3_7_3_without_a_strong_validator_nothing_is_joined() {
    for fields in [&[][..], &[("ETag", "W/\"v1\"")], &[("Last-Modified", "Fri, 01 Jan 2100 00:00:00 GMT")]] {
        let (origin, proxy) =
            start(move |request| fields.iter().fold(file(request), |answer, (name, value)| answer.header(name, value)));
        let mut client = proxy.client();
        part(&mut client, "bytes=0-7");
        let whole = client.get("/file").send();
        assert_eq!((whole.status, whole.text()), (200, BODY), "{fields:?}");
        assert_eq!(asked(&origin), ["bytes=0-7", "bytes=8-", "all"], "{fields:?}");
        assert_eq!(origin.wait_for(2).header("If-Range"), None);
        assert!(client.get("/file").send().cache_status().hit());
    }
}

#[test]
fn an_old_last_modified_is_a_strong_validator() {
    let (origin, proxy) = start(|request| {
        let dated = file(request).header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
        dated.header("Date", &httpdate::fmt_http_date(std::time::SystemTime::now()))
    });
    let mut client = proxy.client();
    part(&mut client, "bytes=0-7");
    assert_eq!(client.get("/file").send().text(), BODY);
    assert_eq!(asked(&origin), ["bytes=0-7", "bytes=8-"]);
    assert_eq!(origin.wait_for(2).header("If-Range"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
}

#[test]
fn the_rest_of_another_version_is_thrown_away() {
    for other in [
        // An origin that does not know If-Range.
        cut("JIHGFEDCBA9876543210", 8, 19).header("ETag", "\"v2\""),
        cut("JIHGFEDCBA987654321", 8, 18).header("ETag", "\"v1\""),
        cut(BODY, 8, 18).header("ETag", "\"v1\""),
        cut(BODY, 9, 19).header("ETag", "\"v1\""),
        Answer::status(416).header("Content-Range", "bytes */5"),
    ] {
        let origin = Origin::start();
        origin.on("/file", fresh(Answer::ok("second version")).header("ETag", "\"v2\""));
        origin.once("/file", cut(BODY, 0, 7).header("ETag", "\"v1\""));
        origin.once("/file", other.clone());
        let proxy = Proxy::before(&origin, RANGES);
        let mut client = proxy.client();
        part(&mut client, "bytes=0-7");
        let whole = client.get("/file").send();
        assert_eq!((whole.status, whole.text()), (200, "second version"), "{other:?}");
        assert_eq!(asked(&origin), ["bytes=0-7", "bytes=8-", "all"], "{other:?}");
        assert_eq!(client.get("/file").send().text(), "second version");
        assert_eq!(proxy.metric("warp_origin_requests_total{backend=\"default\",result=\"ok\"}"), 3);
    }
}

#[test]
fn a_whole_response_to_a_request_for_the_rest_takes_the_place_of_all() {
    let origin = Origin::start();
    origin.on("/file", fresh(Answer::ok("second version")).header("ETag", "\"v2\""));
    origin.once("/file", cut(BODY, 0, 7).header("ETag", "\"v1\""));
    let proxy = Proxy::before(&origin, RANGES);
    let mut client = proxy.client();
    part(&mut client, "bytes=0-7");
    for _ in 0..2 {
        let whole = client.get("/file").send();
        assert_eq!((whole.status, whole.text()), (200, "second version"));
    }
    assert_eq!(asked(&origin), ["bytes=0-7", "bytes=8-"]);
}

#[test]
fn rfc9111_3_4_parts_that_touch_become_one() {
    let (origin, proxy) = start(tagged);
    let mut client = proxy.client();
    for (range, body) in [("bytes=6-9", "6789"), ("bytes=10-12", "abc"), ("bytes=3-7", "34567")] {
        let response = part(&mut client, range);
        assert_eq!((response.status, response.text(), response.cache_status().hit()), (206, body, false));
    }
    let hit = part(&mut client, "bytes=3-12");
    assert_eq!((hit.text(), hit.header("Content-Range")), ("3456789abc", Some("bytes 3-12/20")));
    assert!(hit.cache_status().hit());
    // And in the end they are the whole.
    assert_eq!(part(&mut client, "bytes=0-2").text(), "012");
    assert_eq!(part(&mut client, "bytes=13-").text(), "defghij");
    let whole = client.get("/file").send();
    assert_eq!((whole.status, whole.text(), whole.cache_status().hit()), (200, BODY, true));
    assert_eq!(whole.header("Content-Range"), None);
    assert_eq!(origin.requests().len(), 5);
}

#[test]
fn parts_in_chunks_are_joined_too() {
    let (origin, proxy) = start(|request| tagged(request).chunked(3));
    let mut client = proxy.client();
    assert_eq!(part(&mut client, "bytes=0-7").text(), "01234567");
    let hit = part(&mut client, "bytes=2-3");
    assert_eq!((hit.text(), hit.cache_status().hit()), ("23", true));
    assert_eq!(client.get("/file").send().text(), BODY);
    assert!(client.get("/file").send().cache_status().hit());
    assert_eq!(asked(&origin), ["bytes=0-7", "bytes=8-"]);
}

#[test]
fn a_part_is_as_long_as_its_body() {
    let origin = Origin::start();
    let short = fresh(Answer::status(206)).with_body("01234").header("ETag", "\"v1\"");
    origin.on("/file", fresh(Answer::ok("whole")));
    origin.once("/file", short.header("Content-Range", "bytes 4-9/10"));
    let proxy = Proxy::before(&origin, RANGES);
    let mut client = proxy.client();
    let miss = part(&mut client, "bytes=-5");
    assert_eq!((miss.text(), miss.header("Content-Range")), ("01234", Some("bytes 4-9/10")));
    for (range, place, body) in
        [("bytes=-5", "4-8/9", "01234"), ("bytes=6-8", "6-8/9", "234"), ("bytes=6-", "6-8/9", "234")]
    {
        let hit = part(&mut client, range);
        assert_eq!((hit.text(), hit.header("Content-Range")), (body, Some(format!("bytes {place}").as_str())));
        assert!(hit.cache_status().hit());
    }
    assert_eq!(client.get("/file").send().text(), "whole");
}

#[test]
fn a_part_that_does_not_say_which_one_it_is_is_not_stored() {
    for place in ["bytes 0-4/*", "bytes 4-0/20", "bytes 0-3/20", "lines 0-4/20", ""] {
        let origin = Origin::start();
        origin.on("/file", fresh(Answer::status(206)).with_body("01234").header("Content-Range", place));
        let proxy = Proxy::before(&origin, RANGES);
        let mut client = proxy.client();
        for _ in 0..2 {
            let response = part(&mut client, "bytes=0-4");
            assert_eq!((response.status, response.text()), (206, "01234"), "{place}");
        }
        assert_eq!(origin.requests().len(), 2, "{place}");
    }
}

#[test]
fn a_part_that_nobody_asked_for_is_not_stored() {
    let origin = Origin::start();
    origin.on("/file", cut(BODY, 0, 4));
    let proxy = Proxy::before(&origin, "");
    assert_eq!(proxy.get("/file").status, 503);
    for _ in 0..2 {
        let response = part(&mut proxy.client(), "bytes=0-4");
        assert_eq!((response.status, response.text(), response.cache_status().stored()), (206, "01234", false));
    }
    assert!(proxy.metric("warp_requests_total{outcome=\"error\",reason=\"bad-response\"}") >= 1);
}

#[test]
fn a_range_that_cannot_be_had_says_nothing_of_the_whole() {
    let (origin, proxy) = start(tagged);
    let mut client = proxy.client();
    origin.once("/file", fresh(Answer::status(416)).header("Content-Range", "bytes */20"));
    assert_eq!(part(&mut client, "bytes=99-").status, 416);
    assert_eq!(client.get("/file").send().text(), BODY);
}

#[test]
fn an_origin_without_ranges_gives_the_whole_to_all() {
    let (origin, proxy) = start(|_| fresh(Answer::ok(BODY)));
    let mut client = proxy.client();
    for range in ["bytes=0-4", "bytes=0-4,6-7"] {
        assert_eq!(part(&mut client, range).status, 206);
    }
    assert_eq!(client.get("/file").send().text(), BODY);
    assert_eq!(asked(&origin), ["bytes=0-4"]);
}

#[test]
fn a_policy_that_fetches_without_the_builtin_piece_stores_parts() {
    let origin = Origin::start();
    origin.on_each("/file", tagged);
    let proxy = Proxy::before(&origin, "sub backend_fetch { return (fetch); }");
    let mut client = proxy.client();
    assert_eq!(part(&mut client, "bytes=0-4").text(), "01234");
    assert_eq!(client.get("/file").send().text(), BODY);
    assert_eq!(asked(&origin), ["bytes=0-4", "bytes=5-"]);
}

#[test]
fn the_whole_is_fetched_around_a_stored_part_when_ranges_are_not_sent() {
    let origin = Origin::start();
    origin.on_each("/file", tagged);
    let policy = "sub backend_fetch { if (bereq.http.First) { return (fetch); } }";
    let proxy = Proxy::before(&origin, policy);
    let mut client = proxy.client();
    client.get("/file").header("Range", "bytes=0-4").header("First", "1").send();
    let other = part(&mut client, "bytes=3-6");
    assert_eq!((other.status, other.text(), other.header("Content-Range")), (206, "3456", Some("bytes 3-6/20")));
    assert!(client.get("/file").send().cache_status().hit());
    assert_eq!(asked(&origin), ["bytes=0-4", "bytes=5-"]);
}

#[test]
fn if_range_goes_with_its_range_only() {
    let (origin, proxy) = start(tagged);
    let whole = Proxy::before(&origin, "");
    for (proxy, range, sent) in [(&proxy, "bytes=0-4", Some("\"v0\"")), (&whole, "bytes=0-4", None)] {
        let mut client = proxy.client();
        client.get("/file").header("Range", range).header("If-Range", "\"v0\"").send();
        assert_eq!(origin.requests().pop().unwrap().header("If-Range"), sent);
    }
}

#[test]
fn a_stale_part_is_validated() {
    let origin = Origin::start();
    let stale = |answer: Answer| answer.header("ETag", "\"v1\"");
    let place = |answer: Answer| answer.header("Content-Range", "bytes 0-4/20").with_body("01234");
    origin.once("/file", stale(place(Answer::status(206))).header("Cache-Control", "max-age=0"));
    origin.on("/file", fresh(stale(Answer::status(304))));
    let proxy = Proxy::before(&origin, RANGES);
    let mut client = proxy.client();
    part(&mut client, "bytes=0-4");
    let validated = part(&mut client, "bytes=1-2");
    assert_eq!((validated.status, validated.text()), (206, "12"));
    assert_eq!(origin.wait_for(2).header("If-None-Match"), Some("\"v1\""));
    let hit = part(&mut client, "bytes=2-3");
    assert_eq!((hit.text(), hit.cache_status().hit()), ("23", true));
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a_stale_whole_is_validated_as_a_whole() {
    let origin = Origin::start();
    origin.once("/file", Answer::ok(BODY).header("ETag", "\"v1\"").header("Cache-Control", "max-age=0"));
    origin.on_each("/file", tagged);
    let proxy = Proxy::before(&origin, RANGES);
    let mut client = proxy.client();
    client.get("/file").send();
    assert_eq!(part(&mut client, "bytes=1-2").text(), "12");
    assert_eq!(asked(&origin), ["all", "all"]);
    assert!(client.get("/file").send().cache_status().hit());
}

#[test]
fn variants_have_parts_of_their_own() {
    let (origin, proxy) = start(|request| {
        let body = request.header("A").unwrap().repeat(20);
        cut(&body, 0, 9).header("Vary", "A").header("ETag", &format!("\"{}\"", &body[..1]))
    });
    let mut client = proxy.client();
    for (value, hit) in [("x", false), ("y", false), ("x", true), ("y", true)] {
        let response = client.get("/file").header("A", value).header("Range", "bytes=0-9").send();
        assert_eq!((response.text(), response.cache_status().hit()), (value.repeat(10).as_str(), hit));
    }
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a_purge_removes_a_part() {
    let origin = Origin::start();
    origin.on_each("/file", tagged);
    let proxy =
        Proxy::before(&origin, &format!("{RANGES}sub recv {{ if (req.method == \"PURGE\") {{ return (purge); }} }}"));
    let mut client = proxy.client();
    part(&mut client, "bytes=0-4");
    assert_eq!(client.request("PURGE", "/file").send().status, 200);
    assert_eq!(proxy.metric("warp_store_objects"), 0);
    assert_eq!(client.get("/file").send().text(), BODY);
    assert_eq!(asked(&origin), ["bytes=0-4", "all"]);
}

#[test]
fn requests_for_other_parts_do_not_wait_for_the_whole_of_one() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on_each("/file", tagged);
    origin.once("/file", cut(BODY, 0, 9).header("ETag", "\"v1\"").body_behind(2, &gate));
    let proxy = Proxy::before(&origin, RANGES);
    let mut first = proxy.client();
    first.get("/file").header("Range", "bytes=0-9").send_only().read_head().unwrap();
    let mut others: Vec<_> = (10..20).map(|place| (place, proxy.client())).collect();
    for (place, client) in &mut others {
        client.get("/file").header("Range", &format!("bytes={place}-{place}")).send_only();
    }
    for (place, client) in &mut others {
        assert_eq!(client.read_response("GET").unwrap().text(), &BODY[*place..=*place]);
    }
    gate.open();
    assert_eq!(first.read_bytes(10).unwrap(), b"0123456789");
}

#[test]
fn many_who_want_the_whole_share_one_request_for_the_rest() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.once("/file", cut(BODY, 0, 9).header("ETag", "\"v1\""));
    let held = gate.clone();
    origin.on_each("/file", move |request| tagged(request).behind(&held));
    let proxy = Proxy::before(&origin, RANGES);
    part(&mut proxy.client(), "bytes=0-9");
    let mut clients: Vec<_> = (0..20).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/file").send_only();
    }
    proxy.wait_for_metric("warp_requests_in_flight", 20);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.read_response("GET").unwrap().text(), BODY);
    }
    assert_eq!(asked(&origin), ["bytes=0-9", "bytes=10-"]);
}

#[test]
fn a_part_that_breaks_off_is_not_stored() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on_each("/file", tagged);
    origin.once("/file", cut(BODY, 0, 9).header("ETag", "\"v1\"").truncated(4).body_behind(2, &gate));
    let proxy = Proxy::before(&origin, RANGES);
    let mut client = proxy.client();
    let head = client.get("/file").header("Range", "bytes=0-9").send_only().read_head().unwrap();
    gate.open();
    client.read_rest(&head).expect_err("4 of 10 bytes");
    assert_eq!(proxy.get("/file").text(), BODY);
    assert_eq!(asked(&origin), ["bytes=0-9", "all"]);
}

#[test]
fn what_is_joined_but_too_large_to_store_is_whole_to_its_client() {
    let body: String = ('a'..='z').cycle().take(100_000).collect();
    let origin = Origin::start();
    origin.once("/file", cut(&body, 0, 49_999).header("ETag", "\"v1\""));
    origin.once("/file", cut(&body, 50_000, 99_999).header("ETag", "\"v1\""));
    let proxy = Proxy::start_with(&format!("warp 1;\n{}{RANGES}", origin.backend()), &["--memory", "1MB"]);
    let mut client = proxy.client();
    part(&mut client, "bytes=0-49999");
    assert!(part(&mut client, "bytes=1-1").cache_status().hit());
    let whole = client.get("/file").send();
    assert_eq!(whole.status, 200);
    assert!(whole.text() == body);
}
