//! Parts of a stored response.

use crate::support::{Answer, Client, Gate, Origin, Proxy, Response};

const BODY: &str = "0123456789abcdefghij";

fn file() -> Answer {
    Answer::ok(BODY)
        .header("Cache-Control", "max-age=60")
        .header("ETag", "\"v1\"")
        .header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
        .header("Content-Type", "text/plain")
}

fn origin() -> Origin {
    let origin = Origin::start();
    origin.on("/file", file());
    origin
}

fn part(client: &mut Client, range: &str) -> Response {
    client.get("/file").header("Range", range).send()
}

#[test]
fn one_part_of_a_stored_response() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/file").send();
    for (range, place, body) in [
        ("bytes=0-4", "bytes 0-4/20", "01234"),
        ("bytes=5-9", "bytes 5-9/20", "56789"),
        ("bytes=19-19", "bytes 19-19/20", "j"),
        ("bytes=15-", "bytes 15-19/20", "fghij"),
        ("bytes=-3", "bytes 17-19/20", "hij"),
        ("bytes=10-999", "bytes 10-19/20", "abcdefghij"),
        ("bytes=-999", "bytes 0-19/20", BODY),
    ] {
        let response = part(&mut client, range);
        assert_eq!((response.status, response.text()), (206, body), "{range}");
        assert_eq!(response.header("Content-Range"), Some(place), "{range}");
        assert_eq!(response.header("Content-Length"), Some(body.len().to_string().as_str()), "{range}");
        assert!(response.cache_status().hit());
    }
    assert_eq!(client.get("/file").send().text(), BODY);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn several_parts_of_a_stored_response() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/file").send();
    let response = part(&mut client, "bytes=0-1,5-6,-2");
    assert_eq!(response.status, 206);
    let content_type = response.header("Content-Type").unwrap();
    let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").expect(content_type);
    let parts: Vec<_> = response.text().split(&format!("--{boundary}")).map(str::trim).collect();
    assert_eq!((parts.len(), parts[0], parts[4]), (5, "", "--"));
    for (n, (place, body)) in [("0-1", "01"), ("5-6", "56"), ("18-19", "ij")].into_iter().enumerate() {
        let (head, content) = parts[n + 1].split_once("\r\n\r\n").expect(parts[n + 1]);
        assert!(head.contains(&format!("Content-Range: bytes {place}/20")), "{head}");
        assert!(head.to_lowercase().contains("content-type: text/plain"), "{head}");
        assert_eq!(content, body);
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_part_of_a_miss_fetches_and_stores_the_whole() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let response = part(&mut client, "bytes=5-9");
    assert_eq!((response.status, response.text()), (206, "56789"));
    assert_eq!(response.header("Content-Range"), Some("bytes 5-9/20"));
    let asked = origin.wait_for(1);
    assert_eq!((asked.header("Range"), asked.header("If-Range")), (None, None));
    let whole = client.get("/file").send();
    assert_eq!((whole.status, whole.text(), whole.cache_status().hit()), (200, BODY, true));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_part_of_a_miss_in_chunks_is_the_whole_while_the_length_is_unknown() {
    let origin = Origin::start();
    origin.on("/file", file().chunked(7));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    let miss = part(&mut client, "bytes=5-9");
    assert_eq!((miss.status, miss.text()), (200, BODY));
    let hit = part(&mut client, "bytes=5-9");
    assert_eq!((hit.status, hit.text(), hit.header("Content-Range")), (206, "56789", Some("bytes 5-9/20")));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_part_beyond_the_end_cannot_be_had() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/file").send();
    for range in ["bytes=20-", "bytes=99-100", "bytes=-0"] {
        let response = part(&mut client, range);
        assert_eq!((response.status, response.body.len()), (416, 0), "{range}");
        assert_eq!(response.header("Content-Range"), Some("bytes */20"), "{range}");
    }
    assert_eq!(client.get("/file").send().text(), BODY);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn what_is_no_range_is_the_whole() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/file").send();
    for range in ["bytes=", "bytes=a-b", "bytes=5-2", "lines=1-2", "5-9", "bytes 5-9"] {
        let response = part(&mut client, range);
        assert_eq!((response.status, response.text()), (200, BODY), "{range}");
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_great_many_ranges_do_not_multiply_the_response() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/file").send();
    let ranges = format!("bytes={}", vec!["0-"; 500].join(","));
    let response = part(&mut client, &ranges);
    assert!(response.body.len() < 10 * BODY.len(), "{} bytes", response.body.len());
}

#[test]
fn if_range_gives_the_whole_when_the_response_is_another() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/file").send();
    for (value, status) in [
        ("\"v1\"", 206),
        ("\"v2\"", 200),
        ("W/\"v1\"", 200),
        ("nonsense", 200),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 206),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 200),
    ] {
        let response = client.get("/file").header("Range", "bytes=0-4").header("If-Range", value).send();
        assert_eq!(response.status, status, "{value}");
        assert_eq!(response.text(), if status == 206 { "01234" } else { BODY }, "{value}");
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn only_a_success_has_parts() {
    let origin = Origin::start();
    origin.on("/gone", Answer::status(404).header("Cache-Control", "max-age=60").with_body(BODY));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for _ in 0..2 {
        let response = client.get("/gone").header("Range", "bytes=0-4").send();
        assert_eq!((response.status, response.text()), (404, BODY));
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn head_has_no_parts() {
    let origin = origin();
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    client.get("/file").send();
    let head = client.request("HEAD", "/file").header("Range", "bytes=0-4").send();
    assert_eq!((head.status, head.header("Content-Length"), head.body.len()), (200, Some("20"), 0));
    assert_eq!(client.get("/file").send().text(), BODY);
}

#[test]
fn an_empty_body_has_no_parts() {
    let origin = Origin::start();
    origin.on("/empty", Answer::ok("").header("Cache-Control", "max-age=60"));
    let proxy = Proxy::before(&origin, "");
    let mut client = proxy.client();
    for range in ["bytes=0-", "bytes=-5", "bytes=-0"] {
        let response = client.get("/empty").header("Range", range).send();
        assert_eq!((response.status, response.body.len()), (200, 0), "{range}");
    }
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_part_of_a_response_that_is_still_coming() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/file", file().body_behind(10, &gate));
    let proxy = Proxy::before(&origin, "");
    let mut first = proxy.client();
    first.get("/file").send_only().read_head().unwrap();
    // What is there is answered at once, in one part and in several.
    let mut second = proxy.client();
    let early = part(&mut second, "bytes=2-5");
    assert_eq!((early.status, early.text(), early.header("Content-Range")), (206, "2345", Some("bytes 2-5/20")));
    assert!(early.cache_status().hit());
    // What is not waits until it is.
    let mut late: Vec<_> = ["bytes=15-17", "bytes=0-1,12-13"].map(|range| (range, proxy.client())).into();
    let heads: Vec<_> = late
        .iter_mut()
        .map(|(range, client)| client.get("/file").header("Range", range).send_only().read_head().unwrap())
        .collect();
    assert!(heads.iter().all(|head| head.first_line == "HTTP/1.1 206 Partial Content"), "{heads:?}");
    gate.open();
    let bodies = late.iter_mut().zip(&heads).map(|((_, client), head)| client.read_rest(head).unwrap());
    let bodies: Vec<_> = bodies.map(|body| String::from_utf8(body).unwrap()).collect();
    assert_eq!(bodies[0], "fgh");
    for place_and_bytes in ["bytes 0-1/20\r\n\r\n01\r\n", "bytes 12-13/20\r\n\r\ncd\r\n"] {
        assert!(bodies[1].contains(place_and_bytes), "{}", bodies[1]);
    }
    assert_eq!(first.read_bytes(20).unwrap(), BODY.as_bytes());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a_fill_that_breaks_off_breaks_its_parts_off() {
    let (origin, gate) = (Origin::start(), Gate::new());
    origin.on("/file", file().truncated(12).body_behind(5, &gate));
    let proxy = Proxy::before(&origin, "");
    let mut first = proxy.client();
    first.get("/file").send_only().read_head().unwrap();
    let mut second = proxy.client();
    let head = second.get("/file").header("Range", "bytes=10-15").send_only().read_head().unwrap();
    gate.open();
    let broken = second.read_rest(&head).expect_err("the origin sent 12 of 20 bytes");
    assert!(broken.body.len() < 6);
}
