use std::time::UNIX_EPOCH;

use http::{HeaderValue, Version};
use pingora::http::ResponseHeader;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What nginx says of a small page, 250 bytes of text.
const NGINX: [(&str, &str); 8] = [
    ("Server", "nginx/1.28.0"),
    ("Date", "Sat, 01 Aug 2026 00:00:00 GMT"),
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", "1024"),
    ("Last-Modified", "Fri, 12 Jun 2026 08:49:37 GMT"),
    ("ETag", "\"6a2bc711-400\""),
    ("Cache-Control", "max-age=3600, public"),
    ("Accept-Ranges", "bytes"),
];

fn header(fields: &[(&str, &str)]) -> ResponseHeader {
    let mut header = ResponseHeader::build(200, None).unwrap();
    for (name, value) in fields {
        header.append_header((*name).to_owned(), HeaderValue::from_bytes(value.as_bytes()).unwrap()).unwrap();
    }
    header
}

fn meta_of(header: ResponseHeader) -> CacheMeta {
    let created = UNIX_EPOCH + Duration::new(1_785_542_400, 123_456_789);
    let times = StoredTimes { grace: Duration::from_secs(10), may_be_stale: true, ..StoredTimes::default() };
    let mut meta = CacheMeta::new(created + Duration::from_hours(1), created, 10, 10, header);
    meta.extensions_mut().insert(times);
    meta
}

fn stored(header: &ResponseHeader) -> StoredResponse {
    StoredResponse::new(&meta_of(header.clone()))
}

/// As it goes out to a client: first line and fields in their order and spelling.
fn wire(header: &ResponseHeader) -> (Version, u16, Option<String>, Vec<u8>) {
    let mut fields = Vec::new();
    header.header_to_h1_wire(&mut fields);
    (header.version, header.status.as_u16(), header.get_reason_phrase().map(str::to_owned), fields)
}

/// Before and after its fields are learned.
#[track_caller]
fn assert_read_back(header: &ResponseHeader) {
    (0..10).for_each(|_| assert_read_back_once(header));
}

/// From the record, and from a template.
#[track_caller]
fn assert_read_back_once(header: &ResponseHeader) {
    let stored = stored(header);
    for _ in 0..3 {
        assert_eq!(wire(stored.meta(true).unwrap().0.response_header()), wire(header));
    }
    assert_eq!(stored.headers(), header.headers);
    for name in header.headers.keys() {
        let named = stored.headers_named(name);
        assert!(named.get_all(name).iter().eq(header.headers.get_all(name)) && named.keys_len() == 1);
    }
}

#[test]
fn the_head_of_a_page_takes_few_bytes() {
    let sizes: Vec<_> = (0..20).map(|_| stored(&header(&NGINX)).size_bytes()).collect();
    // Two words for the place of the record, and its block.
    assert!(sizes.iter().all(|bytes| *bytes <= 16 + 112) && sizes.last() == Some(&(16 + 48)), "{sizes:?}");
}

#[test]
fn fields_keep_order_spelling_and_repetition() {
    assert_read_back(&header(&NGINX));
    assert_read_back(&header(&[
        ("sErVeR", "a"),
        ("Set-Cookie", "a=1"),
        ("X-One", "1"),
        ("set-cookie", "b=2"),
        ("X-ONE", "text"),
        ("x-one", "text"),
        ("Content-Length", "010"),
        ("Content-length", "10"),
        ("ETag", "\"1-2\""),
        ("etag", "\"1-2\""),
        ("Empty", ""),
    ]));
    assert_read_back(&header(&[]));
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let mut header = header(&[]);
    header.append_header("X-Name", HeaderValue::from_bytes(b"M\xfcller \xff\t\x80").unwrap()).unwrap();
    assert_read_back(&header);
}

#[test]
fn a_head_that_knows_no_spelling_gets_the_usual_one() {
    let mut header = ResponseHeader::build_no_case(404, None).unwrap();
    header.append_header("x-cache", "a").unwrap();
    header.append_header("etag", "b").unwrap();
    header.set_version(Version::HTTP_2);
    let read = stored(&header).meta(true).unwrap().0.response_header_copy();
    assert_eq!(
        wire(&read),
        (Version::HTTP_2, 404, Some("Not Found".to_owned()), b"X-Cache: a\r\nEtag: b\r\n".to_vec())
    );
}

#[test]
fn a_field_that_comes_later_is_spelled_as_it_is_set() {
    let stored = stored(&header(&NGINX));
    for _ in 0..4 {
        let mut read = stored.meta(true).unwrap().0.response_header_copy();
        read.insert_header("X-cAcHe", "hit").unwrap();
        read.insert_header("ETAG", "\"new\"").unwrap();
        let text = String::from_utf8(wire(&read).3).unwrap();
        assert!(text.contains("\r\nX-cAcHe: hit\r\n") && text.contains("\r\nETAG: \"new\"\r\n"), "{text}");
    }
}

#[test]
fn a_reason_of_its_own_is_kept() {
    let mut header = header(&NGINX);
    for (status, reason) in [(200, Some("Fine")), (200, Some("")), (299, None), (299, Some("Fine"))] {
        header.set_status(status).unwrap();
        header.set_reason_phrase(reason).unwrap();
        assert_read_back(&header);
    }
}

#[test]
fn times_are_kept_to_the_nanosecond() {
    let meta = meta_of(header(&NGINX));
    let (read, times) = StoredResponse::new(&meta).meta(false).unwrap();
    assert_eq!((read.created(), read.fresh_until()), (meta.created(), meta.fresh_until()));
    assert_eq!((read.epoch(), read.variance()), (meta.epoch(), None));
    assert_eq!((read.stale_while_revalidate_sec(), read.stale_if_error_sec()), (10, 10));
    assert_eq!(times, StoredTimes::said_of(&meta).unwrap_or_default());
}

#[test]
fn no_open_value_of_one_head_is_seen_in_another() {
    let tagged = |tag: &str| stored(&header(&[("X-Plan", "same"), ("ETag", tag), ("Content-Length", "5")]));
    for tag in (0..200).map(|tag| format!("\"tag {tag}\"")) {
        let (read, _) = tagged(&tag).meta(true).unwrap();
        assert_eq!(read.headers().get("etag").unwrap().as_bytes(), tag.as_bytes());
    }
}

#[test]
fn what_heads_share_is_counted_and_bounded() {
    (0..20).for_each(|_| drop(stored(&header(&NGINX))));
    assert!((1..=512 * 1024).contains(&crate::store::pingora::shared_bytes()));
}

fn names() -> impl Strategy<Value = String> {
    let usual = prop::sample::select(NGINX.map(|(name, _)| name.to_owned()).to_vec());
    prop_oneof![usual, "[A-Za-z][A-Za-z0-9_-]{0,10}", "[ab]", "[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Tt]ype"]
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    let usual = prop::sample::select(NGINX.map(|(_, value)| value.as_bytes().to_vec()).to_vec());
    let bytes = vec(prop_oneof![Just(b'\t'), b' '..=b'~', 0x80..=0xff_u8], 0..300);
    prop_oneof![
        usual,
        bytes,
        "W?/?\"?[0-9a-f]{0,33}-?[0-9a-f]{0,3}\"?".prop_map(String::into_bytes),
        "[0-9]{0,25}".prop_map(String::into_bytes)
    ]
}

proptest! {
    #[test]
    fn every_head_is_read_back(
        status in 100..1000_u16, reason in proptest::option::of("[ -~]{0,9}"), fields in vec((names(), values()), 0..12),
    ) {
        let mut header = ResponseHeader::build(status, None).unwrap();
        header.set_reason_phrase(reason.as_deref()).unwrap();
        for (name, value) in fields {
            header.append_header(name, HeaderValue::from_bytes(&value).unwrap()).unwrap();
        }
        assert_read_back_once(&header);
    }
}

#[test]
fn tags_are_groups_and_stay_when_it_expires() {
    let tagged = |tags: &[&str]| {
        let mut meta = meta_of(header(&NGINX));
        let groups = tags.iter().map(|tag| group_of(tag.as_bytes())).collect();
        meta.extensions_mut().insert(StoredTags(groups));
        StoredResponse::new(&meta)
    };
    let stored = tagged(&["post-12", "author-7"]);
    assert_eq!(stored.groups(), [group_of(b"post-12"), group_of(b"author-7")]);
    assert_eq!(stored.expired(UNIX_EPOCH).groups(), stored.groups());
    assert_eq!(wire(stored.meta(true).unwrap().0.response_header()), wire(&header(&NGINX)));
    assert!(tagged(&[]).groups().is_empty());
    // What tags take is counted.
    assert!(tagged(&["a"; 100]).size_bytes() >= tagged(&[]).size_bytes() + 800);
}

#[test]
fn what_was_asked_for_takes_its_length_and_little_more_and_stays_when_it_expires() {
    let asked = |target: Option<StoredTarget>| {
        let mut meta = meta_of(header(&NGINX));
        if let Some(target) = target {
            meta.extensions_mut().insert(target);
        }
        StoredResponse::new(&meta)
    };
    let target = StoredTarget { url: vec![b'/'; 300].into(), host: b"www.example.com"[..].into() };
    let (with, without) = (asked(Some(target.clone())), asked(None));
    assert_eq!((with.target(), without.target()), (Some(target.clone()), None));
    assert_eq!(with.expired(UNIX_EPOCH).target(), Some(target));
    assert_eq!(wire(with.meta(true).unwrap().0.response_header()), wire(&header(&NGINX)));
    // Blocks of memory are in steps.
    assert!(with.size_bytes() <= without.size_bytes() + 300 + 15 + 4 + 128);
}
