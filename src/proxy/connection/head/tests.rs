use pingora::protocols::http::v1::server::HttpSession;
use proptest::prelude::*;

use super::*;

/// The status that a head is refused with, 200 for one that is let in.
fn status(head: impl AsRef<[u8]>) -> u16 {
    match HeadReader::default().read(head.as_ref()) {
        Ok(Some(_)) => 200,
        Ok(None) => 0,
        Err(rejection) => rejection.status,
    }
}

/// The status of a request with these lines of fields beside its host.
fn with_fields(lines: &str) -> u16 {
    status(format!("POST / HTTP/1.1\r\nHost: a.test\r\n{lines}\r\n"))
}

fn body(lines: &str) -> Body {
    let head = format!("POST / HTTP/1.1\r\nHost: a.test\r\n{lines}\r\n");
    HeadReader::default().read(head.as_bytes()).unwrap().unwrap().body
}

#[test]
fn rfc9112_2_2_lines_end_with_both_bytes() {
    assert_eq!(status("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"), 200);
    for head in [
        "GET / HTTP/1.1\nHost: a.test\n\n",
        "GET / HTTP/1.1\r\nHost: a.test\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\n\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\nY: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\rY: b\r\n\r\n",
        "GET / HTTP/1.1\r\r\nHost: a.test\r\n\r\n",
        "GET /\r HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
    ] {
        assert_eq!(status(head), 400, "{head:?}");
    }
}

#[test]
fn rfc9112_2_2_a_few_empty_lines_come_before_a_request() {
    let head = HeadReader::default().read(b"\r\n\r\nGET / HTTP/1.0\r\n\r\nmore").unwrap().unwrap();
    assert_eq!(head, Head { place: 4..22, body: Body::Length(0) });
    assert_eq!(status("\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n"), 400);
}

#[test]
fn rfc9112_3_a_request_line_has_three_parts_and_two_spaces() {
    for line in [
        "GET /",
        "GET",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        " GET / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET /a b HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "GET /a\tb HTTP/1.1",
        "GET /\u{0} HTTP/1.1",
        "GET /\u{7f} HTTP/1.1",
        "GET /a#b HTTP/1.1",
        "GET /caf\u{e9} HTTP/1.1",
        "G(T / HTTP/1.1",
        " / HTTP/1.1",
    ] {
        assert_eq!(status(format!("{line}\r\nHost: a.test\r\n\r\n")), 400, "{line:?}");
    }
    assert_eq!(status("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"), 501);
    assert_eq!(status("M-SEARCH /caf%c3%a9?a|b HTTP/1.1\r\nHost: a.test\r\n\r\n"), 200);
}

#[test]
fn rfc9110_15_6_6_other_versions_are_not_supported() {
    for (version, expected) in [
        ("HTTP/1.1", 200),
        ("HTTP/1.0", 200),
        ("HTTP/2.0", 505),
        ("HTTP/1.2", 505),
        ("HTTP/0.9", 505),
        ("http/1.1", 400),
        ("HTTP/1", 400),
        ("HTTP/1.10", 400),
        ("HTTP/1.+", 400),
        ("HTTPS/1.1", 400),
    ] {
        assert_eq!(status(format!("GET / {version}\r\nHost: a.test\r\n\r\n")), expected, "{version}");
    }
    assert_eq!(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

#[test]
fn rfc9112_5_a_field_is_a_name_a_colon_and_a_value() {
    for lines in [
        "X : a\r\n",
        "X\t: a\r\n",
        " X: a\r\n",
        "X: a\r\n b\r\n",
        "X: a\r\n\tb\r\n",
        ": a\r\n",
        "X\r\n",
        "X(y): a\r\n",
        "X\u{0}: a\r\n",
        "X: a\u{0}b\r\n",
        "X: a\u{b}b\r\n",
        "X: \u{7f}\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
    ] {
        assert_eq!(with_fields(lines), 400, "{lines:?}");
    }
    assert_eq!(with_fields("X:\r\nY: \t a\tb \r\nZ: caf\u{e9}\r\n"), 200);
}

#[test]
fn rfc9112_6_1_only_chunked_is_known() {
    for value in ["gzip, chunked", "chunked, identity", "xchunked", "chunked;a=b", "identity", "", "chunked, chunked"] {
        assert_eq!(with_fields(&format!("Transfer-Encoding: {value}\r\n")), 501, "{value}");
    }
    assert_eq!(with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 501);
    assert_eq!(with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 501);
    assert_eq!(body("transfer-ENCODING: \tChunked \r\n"), Body::Chunked);
    assert_eq!(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

#[test]
fn rfc9112_6_3_ambiguous_framing_is_refused() {
    for lines in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: 5,\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 18446744073709551615\r\n",
        "Content-Length: 9223372036854775808\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
    ] {
        assert_eq!(with_fields(lines), 400, "{lines:?}");
    }
    assert_eq!(body("Content-Length: 0005\r\n"), Body::Length(5));
    assert_eq!(body("Content-Length: 5, 5\r\nContent-Length: 5\r\n"), Body::Length(5));
    assert_eq!(body("Content-Length: 9223372036854775807\r\n"), Body::Length(i64::MAX.unsigned_abs()));
    assert_eq!(body(""), Body::Length(0));
}

#[test]
fn rfc9112_3_2_there_is_one_host_and_only_http_1_0_does_without() {
    assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), 400);
    assert_eq!(status("GET / HTTP/1.0\r\n\r\n"), 200);
    assert_eq!(with_fields("host: a.test\r\n"), 400);
    assert_eq!(status("GET / HTTP/1.1\r\nHost: user@a.test\r\n\r\n"), 400);
    assert_eq!(status("GET / HTTP/1.0\r\nHost:\r\n\r\n"), 400);
}

#[test]
fn rfc9112_3_2_a_target_has_one_of_its_forms_and_names_no_other_host() {
    let asked = |line: &str| status(format!("{line} HTTP/1.1\r\nHost: a.test\r\n\r\n"));
    for line in ["GET /", "GET //b.test/", "OPTIONS *", "GET http://a.test", "GET http://a.test/x?y", "OPTIONS /"] {
        assert_eq!(asked(line), 200, "{line}");
    }
    for line in ["GET *", "GET page", "GET ftp://a.test/", "GET http://b.test/", "GET http://u@a.test/", "GET http:a"] {
        assert_eq!(asked(line), 400, "{line}");
    }
    assert_eq!(status("GET http://a.test/ HTTP/1.0\r\n\r\n"), 200);
}

#[test]
fn what_backends_find_too_large_is_refused_here() {
    let sized = |length: usize| "a".repeat(length);
    assert_eq!(with_fields(&format!("X: {}\r\n", sized(MOST_LINE_BYTES - 3))), 200);
    assert_eq!(with_fields(&format!("X: {}\r\n", sized(MOST_LINE_BYTES - 1))), 431);
    assert_eq!(with_fields(&format!("X: {}\r\n", sized(7_000)).repeat(5)), 431);
    assert_eq!(with_fields(&"X: a\r\n".repeat(MOST_FIELDS - 1)), 200);
    assert_eq!(with_fields(&"X: a\r\n".repeat(MOST_FIELDS)), 431);
    let target = |length: usize| status(format!("GET /{} HTTP/1.1\r\nHost: a.test\r\n\r\n", sized(length)));
    assert_eq!([target(MOST_LINE_BYTES - 1), target(MOST_LINE_BYTES), target(3 * MOST_LINE_BYTES)], [200, 414, 414]);
}

#[test]
fn what_never_ends_is_refused_before_it_ends() {
    assert_eq!(status(vec![b'G'; MOST_LINE_BYTES * 2]), 414);
    assert_eq!(status([b"GET / HTTP/1.1\r\nX: ", &vec![b'a'; MOST_LINE_BYTES][..]].concat()), 431);
    assert_eq!(status("GET / HTTP/1.1\r\nHost: a.te"), 0);
}

/// Text that is nearly a request: pieces that mean something, in any order.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "GET",
        "POST",
        " ",
        "/",
        "/a?b",
        "http://a/",
        "HTTP/1.1",
        "HTTP/1.0",
        "\r\n",
        "\r",
        "\n",
        "\r\n\r\n",
        ":",
        ": ",
        "Host",
        "Host: a\r\n",
        "Content-Length: ",
        "5",
        ",",
        "Transfer-Encoding: ",
        "chunked",
        "\t",
        "\0",
        "X",
        "\u{e9}",
        "GET / HTTP/1.1\r\n",
        "GET http://a HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

/// What every head that is let in has: nothing that a second reader could read in another way.
fn assert_plain(head: &[u8]) {
    assert!(head.ends_with(b"\r\n\r\n") && !head.starts_with(b"\r\n"));
    let lines: Vec<_> = head.strip_suffix(b"\r\n\r\n").unwrap().split(|byte| *byte == b'\n').collect();
    for (number, line) in lines.iter().enumerate() {
        let is_last = number + 1 == lines.len();
        let text = if is_last { Some(*line) } else { line.strip_suffix(b"\r") };
        let text = text.expect("a line ends with both bytes");
        assert!(!text.is_empty() && !text.iter().any(|byte| is_control(*byte)), "{head:?}");
        assert!(number == 0 || text.first().is_some_and(|first| !b" \t:".contains(first)));
    }
    assert_eq!(lines[0].split(|byte| *byte == b' ').count(), 3);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = HeadReader::default().read(&bytes);
    }

    #[test]
    fn what_is_let_in_is_plain(bytes in nearly()) {
        if let Ok(Some(head)) = HeadReader::default().read(&bytes) {
            assert_plain(&bytes[head.place]);
        }
    }

    #[test]
    fn it_is_the_same_however_the_bytes_arrive(bytes in nearly(), step in 1_usize..9) {
        let whole = HeadReader::default().read(&bytes);
        let mut reader = HeadReader::default();
        let ends = (0..bytes.len()).step_by(step).chain([bytes.len()]);
        let found = ends.map(|end| reader.read(&bytes[..end])).find(|found| *found != Ok(None));
        prop_assert_eq!(found.unwrap_or(Ok(None)), whole);
    }

    #[test]
    fn pingora_takes_what_is_let_in_and_finds_the_same_end(bytes in nearly()) {
        let Ok(Some(head)) = HeadReader::default().read(&bytes) else { return Ok(()) };
        let mut session = HttpSession::new(Box::new(std::io::Cursor::new(bytes[head.place.clone()].to_vec())));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let read = runtime.block_on(session.read_request());
        prop_assert!(matches!(read, Ok(Some(length)) if length == head.place.len()), "{:?}", read);
    }
}
