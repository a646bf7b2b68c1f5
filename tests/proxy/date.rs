//! The `Date` of a response is the origin's, however it was come by (RFC 9110 section 6.6.1).

use std::time::{Duration, SystemTime};

use crate::support::{Answer, Gate, Origin, Proxy, Response};

const NOVEMBER: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const DECEMBER: &str = "Tue, 06 Dec 1994 08:49:37 GMT";
const FOR_A_MINUTE: &str = "rules response first { else -> ttl 1m; }\n";

fn dated(body: &str) -> Answer {
    Answer::ok(body).header("Date", NOVEMBER).header("ETag", "\"v1\"").header("Last-Modified", NOVEMBER)
}

fn dates(response: &Response) -> Vec<&str> {
    response.fields.all("Date").collect()
}

fn is_recent(date: &str) -> bool {
    let date = httpdate::parse_http_date(date).unwrap();
    SystemTime::now().duration_since(date).is_ok_and(|age| age < Duration::from_mins(1))
}

#[test]
fn a_miss_and_its_hits_have_the_date_of_the_origin() {
    let origin = Origin::start();
    origin.on("/page", dated("hello"));
    origin.on("/chunked", dated("hello").chunked(2));
    let proxy = Proxy::before(&origin, FOR_A_MINUTE);
    let mut client = proxy.client();
    for target in ["/page", "/chunked"] {
        for hit in [false, true, true] {
            let page = client.get(target).send();
            assert_eq!((page.cache_status().hit(), page.text()), (hit, "hello"));
            assert_eq!(dates(&page), [NOVEMBER], "{target}");
        }
        let head = client.request("HEAD", target).send();
        assert_eq!((dates(&head), head.header("Content-Length")), (vec![NOVEMBER], Some("5")));
    }
}

#[test]
fn a_hit_says_an_age_that_goes_with_its_date() {
    let origin = Origin::start();
    origin.on("/page", dated("hello"));
    let proxy = Proxy::before(&origin, FOR_A_MINUTE);
    proxy.get("/page");
    let age: u64 = proxy.get("/page").header("Age").unwrap().parse().unwrap();
    assert!(age > 30 * 365 * 86_400, "{age}");
}

#[test]
fn a_response_that_passes_keeps_its_date() {
    let origin = Origin::start();
    origin.on("/page", dated("hello"));
    origin.on("/closing", dated("hello").until_close());
    let proxy = Proxy::before(&origin, "rules request first { else -> pass; }");
    for target in ["/page", "/closing"] {
        let page = proxy.get(target);
        assert_eq!((dates(&page), page.text()), (vec![NOVEMBER], "hello"));
    }
}

#[test]
fn a_304_and_a_part_have_the_date_of_what_is_stored() {
    let origin = Origin::start();
    origin.on("/page", dated("hello"));
    let proxy = Proxy::before(&origin, FOR_A_MINUTE);
    let mut client = proxy.client();
    client.get("/page").send();
    let unchanged = client.get("/page").header("If-None-Match", "\"v1\"").send();
    assert_eq!((unchanged.status, dates(&unchanged)), (304, vec![NOVEMBER]));
    let part = client.get("/page").header("Range", "bytes=1-2").send();
    assert_eq!((part.status, part.text(), dates(&part)), (206, "el", vec![NOVEMBER]));
    let beyond = client.get("/page").header("Range", "bytes=9-").send();
    assert_eq!((beyond.status, beyond.fields.all("Date").count()), (416, 1));
    assert_eq!(client.get("/page").send().text(), "hello");
}

#[test]
fn rfc9111_3_2_a_validation_brings_its_own_date() {
    let origin = Origin::start();
    origin.once("/page", dated("hello").header("X-Old", "1"));
    origin.on("/page", Answer::status(304).header("ETag", "\"v1\"").header("X-Old", "").header("Date", DECEMBER));
    let proxy =
        Proxy::before(&origin, "rules response first { when beresp.http.X-Old -> ttl 0s, keep 1h; else -> ttl 1m; }");
    let mut client = proxy.client();
    assert_eq!(dates(&client.get("/page").send()), [NOVEMBER]);
    for _ in 0..2 {
        let page = client.get("/page").send();
        assert_eq!((page.status, dates(&page), page.text()), (200, vec![DECEMBER], "hello"));
    }
}

#[test]
fn without_a_date_it_is_that_of_the_receipt() {
    let origin = Origin::start();
    origin.on("/page", Answer::ok("hello"));
    let policy = format!("{FOR_A_MINUTE}sub backend_response {{ set beresp.http.X-Received = beresp.http.Date; }}\n");
    let proxy = Proxy::before(&origin, &policy);
    for hit in [false, true] {
        let page = proxy.get("/page");
        assert_eq!(page.cache_status().hit(), hit);
        let received = page.header("X-Received").expect("the policy sees it").to_owned();
        assert!(is_recent(&received), "{received}");
        assert_eq!(dates(&page), [received]);
    }
}

#[test]
fn deliver_may_set_another_date_of_any_length() {
    let origin = Origin::start();
    origin.on("/page", dated("hello"));
    for date in ["then", "a very long time ago, before anybody had thought of writing dates into responses"] {
        let policy = format!("{FOR_A_MINUTE}sub deliver {{ set resp.http.Date = \"{date}\"; }}\n");
        let proxy = Proxy::before(&origin, &policy);
        let mut client = proxy.client();
        for _ in 0..3 {
            let page = client.get("/page").send();
            assert_eq!((dates(&page), page.text()), (vec![date], "hello"));
        }
    }
}

#[test]
fn synth_may_set_another_date() {
    let proxy = Proxy::start(
        "warp 1; backend default none; sub recv { return (synth(200)); }
        sub synth { set resp.http.Date = \"then\"; }",
    );
    assert_eq!(dates(&proxy.get("/")), ["then"]);
}

#[test]
fn what_warp_says_itself_has_the_time_of_day() {
    let origin = Origin::start();
    origin.on("/page", dated("hello"));
    origin.on("/refused", dated("secret"));
    let proxy = Proxy::before(
        &origin,
        "rules request first { when path == \"/synth\" -> deny 403; }\n\
         sub deliver { if (req.url == \"/refused\") { return (synth(410)); } }\n",
    );
    let mut client = proxy.client();
    for (target, status) in [("/page", 200), ("/synth", 403), ("/refused", 410), ("/page", 200)] {
        let page = client.get(target).send();
        let [date] = dates(&page)[..] else { panic!("one date: {:?}", dates(&page)) };
        assert_eq!((page.status, date == NOVEMBER), (status, status == 200), "{target}");
        assert!(status == 200 || is_recent(date), "{date}");
    }
}

#[test]
fn a_head_whose_body_is_late_does_not_wait_for_it() {
    let origin = Origin::start();
    let gate = Gate::new();
    origin.on("/page", dated("hello").body_behind(0, &gate));
    let proxy = Proxy::before(&origin, FOR_A_MINUTE);
    let mut client = proxy.client();
    client.get("/page").send_only();
    let head = client.read_head().unwrap();
    assert_eq!(head.fields.first("Date"), Some(NOVEMBER));
    gate.open();
    assert_eq!(client.read_rest(&head).unwrap(), b"hello");
}
