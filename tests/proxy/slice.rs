//! Responses put together from slices: `req.slice`.

use std::fs;

use crate::support::{Answer, Fields, Gate, Nginx, Origin, Proxy, Recorded, Response, until};

/// The size of a slice, the smallest there is.
const SIZE: usize = 64 << 10;

const POLICY: &str = "rules request first { when path under \"/\" -> slice 64KB; }\n";

/// Three slices and a half; every place can be told from the others.
fn body() -> String {
    let places: Vec<_> = (0..SIZE / 2).map(|place| format!("{place:06}")).collect();
    places.join(" ") + " "
}

/// The bytes from `first` to `last`, as an origin that knows ranges answers them.
fn ranged(body: &str, request: &Recorded) -> Answer {
    let Some(range) = request.header("Range").and_then(|range| range.strip_prefix("bytes=")) else {
        return Answer::ok(body);
    };
    let (first, last) = range.split_once('-').unwrap();
    let (first, last) = (first.parse::<usize>().unwrap(), last.parse::<usize>().unwrap().min(body.len() - 1));
    if first > last {
        return Answer::status(416).header("Content-Range", &format!("bytes */{}", body.len()));
    }
    let place = format!("bytes {first}-{last}/{}", body.len());
    Answer::status(206).with_body(&body.as_bytes()[first..=last]).header("Content-Range", &place)
}

fn file(request: &Recorded) -> Answer {
    ranged(&body(), request).header("Cache-Control", "max-age=60").header("ETag", "\"v1\"")
}

/// A request for that range.
fn asking_for(range: &str) -> Recorded {
    let fields = Fields(vec![("Range".to_owned(), range.to_owned())]);
    Recorded { method: "GET".to_owned(), target: "/file".to_owned(), fields, body: Vec::new(), connection: 0 }
}

fn start(responder: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) -> (Origin, Proxy) {
    let origin = Origin::start();
    origin.on_each("/file", responder);
    let proxy = Proxy::before(&origin, POLICY);
    (origin, proxy)
}

fn part(proxy: &Proxy, range: &str) -> Response {
    proxy.client().get("/file").header("Range", range).send()
}

fn detail(response: &Response) -> String {
    response.cache_status().parameters["detail"].clone()
}

/// The numbers of the slices that the origin was asked for, in order.
fn asked(origin: &Origin) -> Vec<usize> {
    let mut slices: Vec<_> = origin.requests().iter().map(slice_of).collect();
    slices.sort_unstable();
    slices
}

fn slice_of(request: &Recorded) -> usize {
    let range = request.header("Range").expect("a slice is asked for");
    let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let (first, last) = (first.parse::<usize>().unwrap(), last.parse::<usize>().unwrap());
    assert_eq!((first % SIZE, last - first + 1), (0, SIZE), "{range}");
    first / SIZE
}

/// A request is counted once it has ended, a little after its response has.
fn wait_for_outcomes(proxy: &Proxy, outcome: &str, count: u64) {
    until("the requests that ended so", || (proxy.outcomes(outcome) == count).then_some(()));
}

#[test]
fn a_range_touches_the_slices_that_it_lies_in() {
    let (origin, proxy) = start(file);
    let (first, last) = (SIZE - 10, SIZE + 9);
    for hit in [false, true] {
        let response = part(&proxy, &format!("bytes={first}-{last}"));
        assert_eq!((response.status, response.text()), (206, &body()[first..=last]));
        let place = format!("bytes {first}-{last}/{}", body().len());
        assert_eq!(response.header("Content-Range"), Some(place.as_str()));
        assert_eq!(response.header("Content-Length"), Some("20"));
        assert_eq!(response.cache_status().hit(), hit);
        assert_eq!(detail(&response), if hit { "fresh slice" } else { "uri-miss slice" });
        assert_eq!(response.fields.all("Via").count(), 1);
    }
    let inside = part(&proxy, &format!("bytes={}-{}", 2 * SIZE + 5, 2 * SIZE + 8));
    assert_eq!(inside.text(), &body()[2 * SIZE + 5..=2 * SIZE + 8]);
    assert_eq!(asked(&origin), [0, 1, 2]);
}

#[test]
fn the_whole_runs_through_all_slices_and_fills_them() {
    let (origin, proxy) = start(file);
    for hit in [false, true] {
        let whole = proxy.get("/file");
        assert_eq!((whole.status, whole.header("Content-Range")), (200, None));
        assert_eq!(whole.header("Content-Length"), Some(body().len().to_string().as_str()));
        assert!(whole.text() == body());
        assert_eq!(whole.cache_status().hit(), hit);
    }
    assert!(part(&proxy, "bytes=-5").cache_status().hit());
    assert_eq!(asked(&origin), [0, 1, 2, 3]);
    wait_for_outcomes(&proxy, "hit", 2);
    wait_for_outcomes(&proxy, "miss", 1);
}

#[test]
fn the_end_is_found_by_the_first_slice() {
    let (origin, proxy) = start(file);
    let end = part(&proxy, "bytes=-5");
    assert_eq!((end.status, end.text()), (206, &body()[body().len() - 5..]));
    assert_eq!(asked(&origin), [0, 3]);
    let open = part(&proxy, &format!("bytes={}-", body().len() - 3));
    assert_eq!((open.status, open.text()), (206, &body()[body().len() - 3..]));
    let beyond = part(&proxy, &format!("bytes={}-", body().len()));
    assert_eq!(
        (beyond.status, beyond.header("Content-Range")),
        (416, Some(format!("bytes */{}", body().len()).as_str()))
    );
    let far = part(&proxy, "bytes=99999999-");
    assert_eq!(far.status, 416);
}

/// An empty file: of nothing there are no ranges (RFC 9110 section 14.1.2).
fn empty(request: &Recorded) -> Answer {
    let answer = match request.header("Range") {
        Some(_) => Answer::status(416).header("Content-Range", "bytes */0"),
        None => Answer::ok(""),
    };
    answer.header("Cache-Control", "max-age=60").header("ETag", "\"v1\"")
}

#[test]
fn rfc9110_15_5_17_an_empty_file_is_no_error_for_who_asks_for_no_range() {
    for (method, range) in [("GET", None), ("HEAD", None), ("GET", Some("bytes=0-5")), ("GET", Some("bytes=-5"))] {
        let (origin, proxy) = start(empty);
        for hit in [false, true] {
            let mut client = proxy.client();
            let request = client.request(method, "/file");
            let whole = range.into_iter().fold(request, |request, range| request.header("Range", range)).send();
            assert_eq!((whole.status, whole.body.len()), (200, 0), "{method} {range:?}");
            assert_eq!(whole.header("Content-Length"), Some("0"));
            assert_eq!((whole.cache_status().hit(), detail(&whole).contains("slice")), (hit, false));
        }
        assert_eq!(origin.requests().len(), 2);
    }
}

#[test]
fn rfc9110_15_5_17_a_refused_slice_is_the_answer_where_the_length_says_so() {
    let (origin, proxy) = start(file);
    let beyond = part(&proxy, "bytes=99999999-");
    let place = format!("bytes */{}", body().len());
    assert_eq!((beyond.status, beyond.header("Content-Range")), (416, Some(place.as_str())));
    assert_eq!(beyond.cache_status().fwd(), Some("uri-miss"));
    let second = part(&proxy, "bytes=99999998-99999999,0-5");
    assert_eq!((second.status, second.text()), (206, &body()[..=5]));
    assert!(origin.requests().last().unwrap().header("Range").is_none());
}

#[test]
fn a_range_behind_an_end_that_is_known_does_not_reach_the_origin() {
    let (origin, proxy) = start(file);
    part(&proxy, "bytes=0-4");
    for range in ["bytes=99999999-", "bytes=262144-"] {
        let beyond = part(&proxy, range);
        let place = format!("bytes */{}", body().len());
        assert_eq!((beyond.status, beyond.header("Content-Range")), (416, Some(place.as_str())));
        assert!(beyond.cache_status().hit());
    }
    let known = proxy.client().get("/file").header("Range", "bytes=99999999-").header("If-None-Match", "\"v1\"").send();
    assert_eq!(known.status, 304);
    assert_eq!(asked(&origin), [0]);
}

#[test]
fn head_is_answered_by_the_first_slice() {
    let (origin, proxy) = start(file);
    for range in [None, Some("bytes=0-4")] {
        let mut client = proxy.client();
        let request = client.request("HEAD", "/file");
        let head = range.into_iter().fold(request, |request, range| request.header("Range", range)).send();
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("Content-Length"), Some(body().len().to_string().as_str()));
        assert_eq!(client.get("/file").header("Range", "bytes=0-4").send().text(), &body()[..5]);
    }
    assert_eq!(asked(&origin), [0]);
}

#[test]
fn conditions_of_the_client_are_judged_on_the_whole() {
    let (origin, proxy) = start(file);
    let ask =
        |name: &str, value: &str| proxy.client().get("/file").header("Range", "bytes=0-4").header(name, value).send();
    assert_eq!(ask("If-Range", "\"v1\"").status, 206);
    assert!(ask("If-Range", "\"v2\"").text() == body());
    let known = ask("If-None-Match", "\"v1\"");
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert!(origin.requests().iter().all(|request| request.header("If-None-Match").is_none()));
}

#[test]
fn several_ranges_are_answered_with_the_whole() {
    let (_origin, proxy) = start(file);
    let whole = part(&proxy, "bytes=0-1,9-10");
    assert_eq!(whole.status, 200);
    assert!(whole.text() == body());
}

#[test]
fn rfc9110_15_3_7_3_slices_of_two_versions_are_never_mixed() {
    let other = body().replace('0', "o");
    for (tag, changed) in [("\"v2\"", other.clone()), ("\"v1\"", other.clone() + "longer"), ("W/\"v1\"", other)] {
        let origin = Origin::start();
        let new = changed.clone();
        origin.on_each("/file", move |request| {
            ranged(&new, request).header("Cache-Control", "max-age=60").header("ETag", tag)
        });
        // Two slices of the first version, then the file changes.
        for range in ["bytes=0-65535", "bytes=65536-131071"] {
            origin.once("/file", file(&asking_for(range)));
        }
        let proxy = Proxy::before(&origin, POLICY);
        part(&proxy, "bytes=0-65536");
        // What was stored of the first is gone, and nothing of it was sent.
        for _ in 0..2 {
            assert!(proxy.get("/file").text() == changed, "{tag}");
        }
    }
}

#[test]
fn an_origin_without_ranges_is_stored_as_a_whole() {
    let (origin, proxy) = start(|_| Answer::ok(body()).header("Cache-Control", "max-age=60"));
    let first = part(&proxy, "bytes=10-19");
    assert_eq!((first.status, first.text()), (206, &body()[10..20]));
    let whole = proxy.get("/file");
    assert!(whole.cache_status().hit() && whole.text() == body());
    assert_eq!(part(&proxy, "bytes=70000-70001").text(), &body()[70_000..=70_001]);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn what_has_no_validator_is_fetched_as_a_whole() {
    let (origin, proxy) = start(|request| ranged(&body(), request).header("Cache-Control", "max-age=60"));
    for _ in 0..2 {
        assert_eq!(part(&proxy, "bytes=70000-70001").text(), &body()[70_000..=70_001]);
    }
    let ranges: Vec<_> = origin.requests().iter().map(|request| request.header("Range").is_some()).collect();
    assert_eq!(ranges, [true, false]);
}

#[test]
fn an_error_in_place_of_the_first_slice_is_the_answer() {
    let (origin, proxy) = start(file);
    origin.on("/gone", Answer::status(404).with_body("no such file").header("Cache-Control", "max-age=60"));
    for hit in [false, true] {
        let response = proxy.client().get("/gone").header("Range", "bytes=99999-").send();
        assert_eq!((response.status, response.text(), response.cache_status().hit()), (404, "no such file", hit));
    }
    origin.on("/away", Answer::close());
    let away = proxy.get("/away");
    assert_eq!((away.status, away.fields.all("Via").count()), (503, 1));
    wait_for_outcomes(&proxy, "error", 1);
}

#[test]
fn a_purge_removes_all_slices() {
    let origin = Origin::start();
    origin.on_each("/file", file);
    let purge = "sub recv { if (req.method == \"PURGE\") { return (purge); } }";
    let proxy = Proxy::before(&origin, &format!("{POLICY}{purge}"));
    proxy.get("/file");
    assert_eq!(proxy.metric("warp_store_objects"), 4);
    assert_eq!(proxy.client().request("PURGE", "/file").send().status, 200);
    assert_eq!(proxy.metric("warp_store_objects"), 0);
    assert!(!part(&proxy, "bytes=0-0").cache_status().hit());
    assert_eq!(asked(&origin), [0, 0, 1, 2, 3]);
}

#[test]
fn a_slice_that_breaks_off_breaks_the_response_off() {
    let (origin, proxy) = start(|request| {
        let answer = file(request);
        if slice_of(request) == 2 { answer.truncated(1_000) } else { answer }
    });
    let mut client = proxy.client();
    let head = client.get("/file").send_only().read_head().unwrap();
    let broken = client.read_rest(&head).expect_err("a slice is cut short");
    assert!(broken.body.len() < 3 * SIZE && body().as_bytes().starts_with(&broken.body));
    assert_eq!(origin.requests_to("/file").len(), 3 + usize::from(asked(&origin).contains(&3)));
}

#[test]
fn a_client_that_goes_away_stops_the_slices_to_come() {
    let gate = Gate::new();
    let held = gate.clone();
    let (origin, proxy) = start(move |request| {
        let answer = file(request);
        if slice_of(request) == 0 { answer.body_behind(10, &held) } else { answer }
    });
    let mut client = proxy.client();
    client.get("/file").send_only().read_head().unwrap();
    origin.wait_for(2);
    drop(client);
    gate.open();
    proxy.wait_for_metric("warp_requests_in_flight", 0);
    assert!(origin.requests().len() <= 3, "{:?}", asked(&origin));
}

/// The fetch of a slice that is not kept waits for who reads it.
#[test]
fn a_client_that_goes_away_leaves_no_fetch_of_a_slice_behind() {
    let origin = Origin::start();
    // More than the sockets between take.
    let film = "x".repeat(24 << 20);
    origin.on_each("/film", move |request| {
        ranged(&film, request).header("ETag", "\"v1\"").header("Cache-Control", "max-age=60")
    });
    let policy = format!("warp 1;\n{}sub recv {{ set req.slice = 1MB; }}", origin.backend());
    let proxy = Proxy::start_with(&policy, &["--memory", "8MB"]);
    for count in 1..=8 {
        let mut client = proxy.client();
        client.get("/film").send_only().read_head().unwrap();
        // It reads no more than the first slice, and is written to.
        client.read_bytes(1 << 20).unwrap();
        origin.wait_for(2 * count);
    }
    proxy.wait_for_metric("warp_requests_in_flight", 0);
    proxy.wait_for_metric("warp_store_fills", 0);
}

#[test]
fn many_who_ask_for_one_slice_share_its_fetch() {
    let gate = Gate::new();
    let held = gate.clone();
    let (origin, proxy) = start(move |request| file(request).behind(&held));
    let mut clients: Vec<_> = (0..20).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/file").header("Range", "bytes=5-9").send_only();
    }
    proxy.wait_for_metric("warp_requests_in_flight", 20);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.read_response("GET").unwrap().text(), &body()[5..=9]);
    }
    assert_eq!(asked(&origin), [0]);
}

#[test]
fn many_who_ask_for_the_whole_share_all_slices() {
    let gate = Gate::new();
    let held = gate.clone();
    let (origin, proxy) = start(move |request| file(request).body_behind(100, &held));
    let mut clients: Vec<_> = (0..10).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/file").send_only();
    }
    proxy.wait_for_metric("warp_requests_in_flight", 10);
    gate.open();
    for client in &mut clients {
        assert!(client.read_response("GET").unwrap().text() == body());
    }
    assert_eq!(asked(&origin), [0, 1, 2, 3]);
}

#[test]
fn an_error_in_place_of_a_later_slice_breaks_the_response_off_and_the_others_stay() {
    let (origin, proxy) = start(file);
    part(&proxy, "bytes=131072-131073");
    for slice in [0, 1] {
        origin.once("/file", if slice == 0 { file(&asking_for("bytes=0-65535")) } else { Answer::status(500) });
    }
    let mut client = proxy.client();
    let head = client.get("/file").send_only().read_head().unwrap();
    let broken = client.read_rest(&head).expect_err("no second slice");
    assert!(broken.body == body().as_bytes()[..SIZE]);
    assert!(proxy.get("/file").text() == body());
    assert_eq!(asked(&origin), [0, 1, 1, 2, 3]);
}

/// Nothing is sent yet when the first slice that is not stored is asked for.
#[test]
fn an_error_behind_slices_that_are_stored_has_the_whole_asked_for() {
    let (origin, proxy) = start(file);
    part(&proxy, "bytes=0-131071");
    origin.once("/file", Answer::status(500));
    let whole = proxy.get("/file");
    assert!(whole.text() == body() && whole.status == 200);
    let ranges: Vec<_> = origin.requests().iter().map(|request| request.header("Range").is_some()).collect();
    assert_eq!(ranges, [true, true, true, false]);
}

#[test]
fn slices_that_are_too_large_to_store_are_served_all_the_same() {
    let origin = Origin::start();
    origin.on_each("/file", file);
    let policy = format!("warp 1;\n{}{POLICY}", origin.backend());
    let proxy = Proxy::start_with(&policy, &["--memory", "1MB"]);
    for _ in 0..2 {
        assert!(proxy.get("/file").text() == body());
        assert_eq!(part(&proxy, "bytes=70000-70001").text(), &body()[70_000..=70_001]);
    }
}

#[test]
fn responses_that_may_not_be_stored_are_put_together_for_each() {
    let (origin, proxy) =
        start(|request| ranged(&body(), request).header("Cache-Control", "no-store").header("ETag", "\"v1\""));
    for _ in 0..3 {
        let response = part(&proxy, "bytes=65530-65540");
        assert_eq!((response.text(), response.cache_status().hit()), (&body()[65_530..=65_540], false));
    }
    assert_eq!(asked(&origin), [0, 0, 0, 1, 1, 1]);
    assert_eq!(proxy.metric("warp_store_objects"), 0);
}

#[test]
fn variants_have_slices_of_their_own() {
    let (origin, proxy) = start(|request| {
        let variant = request.header("A").unwrap().to_owned();
        let answer = ranged(&body().replace(' ', &variant), request).header("Cache-Control", "max-age=60");
        answer.header("Vary", "A").header("ETag", &format!("\"{variant}\""))
    });
    for (value, hit) in [("x", false), ("y", false), ("x", true), ("y", true)] {
        let response = proxy.client().get("/file").header("A", value).send();
        assert!(response.text() == body().replace(' ', value), "{value}");
        assert_eq!(response.cache_status().hit(), hit, "{value}");
    }
    assert_eq!(asked(&origin), [0, 0, 1, 1, 2, 2, 3, 3]);
}

#[test]
fn a_stale_slice_is_validated() {
    let origin = Origin::start();
    let validated = |request: &Recorded| request.header("If-None-Match").is_some();
    origin.on_each("/file", move |request| {
        let fresh = Answer::status(304).header("ETag", "\"v1\"").header("Cache-Control", "max-age=60");
        let stale = ranged(&body(), request).header("ETag", "\"v1\"").header("Cache-Control", "max-age=0");
        if validated(request) { fresh } else { stale }
    });
    let proxy = Proxy::before(&origin, POLICY);
    for (fwd, forward_status) in [(Some("uri-miss"), Some("206")), (Some("stale"), Some("304")), (None, None)] {
        let response = part(&proxy, "bytes=5-9");
        let status = response.cache_status();
        assert_eq!(response.text(), &body()[5..=9]);
        assert_eq!(status.fwd(), fwd);
        assert_eq!(status.parameters.get("fwd-status").map(String::as_str), forward_status);
    }
    assert_eq!(asked(&origin), [0, 0]);
}

#[test]
fn deliver_sees_the_response_that_was_put_together() {
    let origin = Origin::start();
    origin.on_each("/file", file);
    let deliver = "sub deliver { set resp.http.Seen = resp.status; if (req.http.No) { return (synth(403)); } }";
    let proxy = Proxy::before(&origin, &format!("{POLICY}{deliver}"));
    assert_eq!(part(&proxy, "bytes=5-9").header("Seen"), Some("206"));
    assert_eq!(proxy.get("/file").header("Seen"), Some("200"));
    assert_eq!(proxy.client().get("/file").header("No", "1").send().status, 403);
}

const OBJ: &str = "sub deliver {
    set resp.http.Hits = obj.hits;
    set resp.http.Obj = obj.status + \" \" + obj.uncacheable + \" \" + obj.http.Content-Length;
    if (obj.ttl > 50s && obj.ttl <= 60s) { set resp.http.Ttl = \"is that of the slice\"; }
}";

#[test]
fn obj_is_the_first_slice_as_the_whole() {
    let origin = Origin::start();
    origin.on_each("/file", file);
    let proxy = Proxy::before(&origin, &format!("{POLICY}{OBJ}"));
    let stored = format!("200 false {}", body().len());
    for hits in ["0", "1", "2"] {
        let response = part(&proxy, "bytes=5-9");
        assert_eq!((response.header("Hits"), response.header("Obj")), (Some(hits), Some(stored.as_str())));
        assert!(response.header("Ttl").is_some());
    }
}

#[test]
fn obj_is_the_whole_that_came_in_place_of_a_slice() {
    let origin = Origin::start();
    origin.on_each("/file", |_| Answer::ok(body()).header("Cache-Control", "max-age=60"));
    let proxy = Proxy::before(&origin, &format!("{POLICY}{OBJ}"));
    let stored = format!("200 false {}", body().len());
    for hits in ["0", "1"] {
        let response = part(&proxy, "bytes=5-9");
        assert_eq!((response.header("Hits"), response.header("Obj")), (Some(hits), Some(stored.as_str())));
    }
}

#[test]
fn obj_of_slices_that_are_not_stored() {
    let origin = Origin::start();
    origin.on_each("/file", |request| {
        ranged(&body(), request).header("Cache-Control", "no-store").header("ETag", "\"v1\"")
    });
    let proxy = Proxy::before(&origin, &format!("{POLICY}{OBJ}"));
    let response = part(&proxy, "bytes=5-9");
    assert!(response.header("Obj").unwrap().contains("true"), "{:?}", response.header("Obj"));
}

#[test]
fn rfc9211_2_a_hit_has_all_its_slices_stored() {
    let (_origin, proxy) = start(file);
    part(&proxy, "bytes=0-4");
    for (range, fwd, word) in [
        ("bytes=0-65536", Some("partial"), "partial-miss slice"),
        ("bytes=0-65536", None, "fresh slice"),
        ("bytes=-5", Some("partial"), "partial-miss slice"),
        ("bytes=-5", None, "fresh slice"),
        ("bytes=131072-131073", Some("uri-miss"), "uri-miss slice"),
        ("bytes=0-", None, "fresh slice"),
    ] {
        let response = part(&proxy, range);
        let status = response.cache_status();
        assert_eq!((status.hit(), status.fwd()), (fwd.is_none(), fwd), "{range}");
        assert_eq!(status.parameters.contains_key("ttl"), fwd.is_none(), "{range}");
        assert_eq!(detail(&response), word, "{range}");
    }
    wait_for_outcomes(&proxy, "hit", 3);
}

#[test]
fn why_slices_are_not_stored_is_told() {
    for (name, value, told) in
        [("Cache-Control", "no-store", "no-store slice"), ("Set-Cookie", "a=1", "policy builtin.set_cookie slice")]
    {
        let (_origin, proxy) =
            start(move |request| ranged(&body(), request).header("ETag", "\"v1\"").header(name, value));
        assert_eq!(detail(&part(&proxy, "bytes=5-9")), told);
    }
    // Of a whole that came in place of a slice, too.
    let (_origin, proxy) = start(|_| Answer::ok(body()).header("Cache-Control", "no-store"));
    assert_eq!(detail(&part(&proxy, "bytes=5-9")), "no-store");
}

#[test]
fn nginx_with_a_large_file() {
    let dir = tempfile::tempdir().unwrap();
    let film: Vec<u8> = (0..10 << 17).flat_map(|place| format!("{place:07} ").into_bytes()).collect();
    fs::write(dir.path().join("film.mp4"), &film).unwrap();
    let nginx = Nginx::serve(dir.path());
    let backend = nginx.address();
    let policy = format!(
        "warp 1;\nbackend default {{ .host = \"{}\"; .port = \"{}\"; }}\nrules request first {{ when path ext [\"mp4\"] -> slice 1MB; }}\n\
         rules response first {{ when path ext [\"mp4\"] -> ttl 1h; }}",
        backend.ip(),
        backend.port()
    );
    let proxy = Proxy::start(&policy);
    let ask = |range: &str| proxy.client().get("/film.mp4").header("Range", range).send();
    let middle = ask("bytes=5242870-5242889");
    assert_eq!((middle.status, &middle.body[..]), (206, &film[5_242_870..=5_242_889]));
    assert_eq!(nginx.wait_for_requests(2).len(), 2);
    let whole = proxy.get("/film.mp4");
    assert_eq!((whole.status, whole.body.len()), (200, 10 << 20));
    assert!(whole.body == film);
    assert_eq!(nginx.wait_for_requests(10).len(), 10);
    let hit = ask("bytes=-100");
    assert!(hit.cache_status().hit() && hit.body == film[film.len() - 100..]);
    assert!(proxy.get("/film.mp4").body == film);
    assert_eq!(nginx.asked().len(), 10);
}

/// The first two slices are stored, and then the backend answers ranges no more, or the file is another one.
#[test]
fn rfc9110_15_3_7_3_what_is_stored_of_a_file_that_changed_makes_no_request_fail() {
    let other = body().replace('0', "o");
    let new = |kind: &'static str| {
        let other = other.clone();
        move |request: &Recorded| {
            let fields = |answer: Answer| answer.header("Cache-Control", "max-age=60").header("ETag", "\"v2\"");
            match kind {
                "no ranges" => fields(Answer::ok(other.clone())),
                "uncacheable" => Answer::ok(other.clone()).header("Cache-Control", "no-store"),
                "shorter" => fields(ranged(&other[..SIZE + 5], request)),
                "gone" if request.header("Range").is_some() => Answer::status(404),
                _ => fields(ranged(&other, request)),
            }
        }
    };
    for kind in ["no ranges", "uncacheable", "shorter", "gone", "changed"] {
        for range in [None, Some("bytes=65530-200000")] {
            let (origin, proxy) = start(file);
            part(&proxy, "bytes=0-131071");
            origin.on_each("/file", new(kind));
            let expected = if kind == "shorter" { &other[..SIZE + 5] } else { &other };
            for _ in 0..2 {
                let mut client = proxy.client();
                let asked = range.into_iter().fold(client.get("/file"), |asked, range| asked.header("Range", range));
                let response = asked.send();
                let part = if range.is_some() { &expected[65_530..expected.len().min(200_001)] } else { expected };
                assert_eq!(response.status, if range.is_some() { 206 } else { 200 }, "{kind} {range:?}");
                assert!(response.text() == part, "{kind} {range:?}: {} bytes", response.body.len());
            }
        }
    }
}

/// What the first slice says has just come, so the one that is stored is the older one.
#[test]
fn rfc9110_15_3_7_3_a_stored_slice_that_is_older_than_what_came_is_asked_for_anew() {
    let (origin, proxy) = start(file);
    part(&proxy, "bytes=65536-65537");
    let other = body().replace('0', "o");
    let new = other.clone();
    origin.on_each("/file", move |request| {
        ranged(&new, request).header("Cache-Control", "max-age=60").header("ETag", "\"v2\"")
    });
    let whole = proxy.get("/file");
    assert!(whole.status == 200 && whole.text() == other);
    assert_eq!(asked(&origin), [0, 1, 1, 2, 3]);
}

/// Bytes of the old one have gone out when it turns out.
#[test]
fn rfc9110_15_3_7_3_a_file_that_changes_on_the_way_breaks_the_response_off() {
    let (origin, proxy) = start(file);
    let gate = Gate::new();
    let late = gate.clone();
    origin.on_each(
        "/file",
        move |request| {
            if slice_of(request) == 1 { file(request).behind(&late) } else { file(request) }
        },
    );
    let mut client = proxy.client();
    client.get("/file").send_only();
    let head = client.read_head().unwrap();
    client.read_bytes(SIZE / 2).unwrap();
    origin.on_each("/file", |_| Answer::ok(body()).header("ETag", "\"v2\""));
    gate.open();
    let broken = client.read_rest(&head).expect_err("no third slice");
    assert!(body().as_bytes()[SIZE / 2..2 * SIZE].starts_with(&broken.body), "{} bytes", broken.body.len());
}

#[test]
fn many_who_ask_for_a_file_without_ranges_share_its_fetch() {
    let gate = Gate::new();
    let held = gate.clone();
    let (origin, proxy) = start(move |_| Answer::ok(body()).header("Cache-Control", "max-age=60").behind(&held));
    let mut clients: Vec<_> = (0..20).map(|_| proxy.client()).collect();
    for client in &mut clients {
        client.get("/file").send_only();
    }
    proxy.wait_for_metric("warp_requests_waiting", 19);
    gate.open();
    for client in &mut clients {
        assert!(client.read_response("GET").unwrap().text() == body());
    }
    assert_eq!(origin.requests().len(), 1);
}
