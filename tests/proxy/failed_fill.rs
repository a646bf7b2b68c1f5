//! A fill that fails is an error to all who read it, never a clean end, and nothing of it is stored: every way to
//! fail, at every moment, in every framing, for every kind of reader.

use crate::support::{Answer, Client, Gate, Origin, Proxy, Response, until};

const WHOLE: &str = "the whole page, from its first word to its last, and none of it twice";
const CHUNK: usize = 16;

/// Long enough for all readers to have joined.
const TIMEOUTS: &str =
    "sub backend_fetch { set bereq.first_byte_timeout = 1500ms; set bereq.between_bytes_timeout = 1500ms; }";

fn whole() -> Answer {
    Answer::ok(WHOLE).header("Cache-Control", "max-age=60").header("ETag", "\"whole\"")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length,
    Chunked,
    UntilClose,
}

impl Framing {
    const ALL: [Self; 3] = [Self::Length, Self::Chunked, Self::UntilClose];

    fn of(self, answer: Answer) -> Answer {
        match self {
            Self::Length => answer,
            Self::Chunked => answer.chunked(CHUNK),
            Self::UntilClose => answer.until_close(),
        }
    }

    /// The length of the body as framed.
    fn framed_len(self) -> usize {
        match self {
            Self::Length | Self::UntilClose => WHOLE.len(),
            // Four chunks of 16 bytes and one of 5, each with its size and two line ends, and the last chunk.
            Self::Chunked => WHOLE.len() + 4 * 6 + 5 + 5,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    BeforeTheHeadIsWhole,
    AfterTheHead,
    InTheMiddle,
    BeforeTheLastChunk,
    BeforeTheEnd,
}

impl Moment {
    const ALL: [Self; 5] = [
        Self::BeforeTheHeadIsWhole,
        Self::AfterTheHead,
        Self::InTheMiddle,
        Self::BeforeTheLastChunk,
        Self::BeforeTheEnd,
    ];

    /// How many bytes of the body as framed have come by then.
    fn bytes(self, framing: Framing) -> usize {
        match self {
            Self::BeforeTheHeadIsWhole | Self::AfterTheHead => 0,
            Self::InTheMiddle => framing.framed_len() / 2,
            Self::BeforeTheLastChunk => framing.framed_len() - 5,
            Self::BeforeTheEnd => framing.framed_len() - 1,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    One,
    Several,
    Late,
    Range,
    RangeLate,
    Head,
}

impl Readers {
    const ALL: [Self; 6] = [Self::One, Self::Several, Self::Late, Self::Range, Self::RangeLate, Self::Head];

    /// What each of them asks, the one who begins the fill first.
    fn asks(self) -> &'static [Ask] {
        match self {
            Self::One => &[Ask::Whole],
            Self::Several => &[Ask::Whole, Ask::Whole, Ask::Whole],
            Self::Late => &[Ask::Whole, Ask::Whole],
            Self::Range => &[Ask::Range],
            Self::RangeLate => &[Ask::Whole, Ask::Range],
            Self::Head => &[Ask::Head, Ask::Whole],
        }
    }

    fn come_late(self) -> bool {
        matches!(self, Self::Late | Self::RangeLate)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Whole,
    Range,
    Head,
}

impl Ask {
    fn send(self, client: &mut Client, path: &str) {
        match self {
            Self::Whole => client.get(path).send_only(),
            // To the last byte, so that none of the failures leaves it whole.
            Self::Range => client.get(path).header("Range", "bytes=10-").send_only(),
            Self::Head => client.request("HEAD", path).send_only(),
        };
    }
}

/// One cell of the matrix.
#[derive(Clone, Debug)]
struct Cell {
    name: String,
    path: String,
    answer: Answer,
    moment: Moment,
    readers: Readers,
}

impl Cell {
    /// Asks as its readers do, opens the gate when all have joined, and reads to the end.
    fn run(&self, origin: &Origin, proxy: &Proxy, gate: Option<&Gate>) {
        let answer = match (gate, self.moment) {
            (None, _) => self.answer.clone(),
            (Some(gate), Moment::BeforeTheHeadIsWhole) => self.answer.clone().behind(gate),
            (Some(gate), moment) => {
                let now = if self.readers.come_late() { moment } else { Moment::AfterTheHead };
                self.answer.clone().body_behind(now.bytes(Framing::Length), gate)
            }
        };
        origin.on(&self.path, answer);
        let is_head_first = gate.is_some() && self.moment != Moment::BeforeTheHeadIsWhole;
        let mut clients = Vec::new();
        for (n, ask) in self.readers.asks().iter().enumerate() {
            let mut client = proxy.client();
            ask.send(&mut client, &self.path);
            let head = is_head_first.then(|| client.read_head().unwrap_or_else(|e| panic!("{self:?}: {e:?}")));
            if n == 0 {
                until("the backend to be asked", || (!origin.requests_to(&self.path).is_empty()).then_some(()));
            }
            clients.push((ask, client, head));
        }
        if let Some(gate) = gate {
            if !is_head_first {
                proxy.wait_for_metric("warp_requests_in_flight", clients.len() as u64);
            }
            gate.open();
        }
        for (ask, mut client, head) in clients {
            match (ask, head) {
                (Ask::Head, Some(_)) => {}
                (_, Some(head)) => {
                    let read = client.read_rest(&head);
                    assert!(read.is_err(), "{}: {ask:?} ended well: {read:?}", self.name);
                }
                (Ask::Head, None) => {
                    let read = client.read_response("HEAD");
                    let is_head = read.as_ref().is_ok_and(|page| page.status == 200);
                    let may_be_head = self.moment != Moment::BeforeTheHeadIsWhole;
                    assert!((is_head && may_be_head) || is_failure(&read), "{}: {read:?}", self.name);
                }
                (_, None) => {
                    let read = client.read_response("GET");
                    assert!(is_failure(&read), "{}: {ask:?} ended well: {read:?}", self.name);
                }
            }
        }
    }

    /// Asks again: the backend is asked anew, on another connection, and gives the whole.
    fn ask_again(&self, origin: &Origin, proxy: &Proxy) {
        origin.on(&self.path, whole());
        let before = origin.requests_to(&self.path).len();
        let page = proxy.get(&self.path);
        assert_eq!((page.status, page.text(), page.cache_status().hit()), (200, WHOLE, false), "{}", self.name);
        assert_eq!(origin.requests_to(&self.path).len(), before + 1, "{}", self.name);
        assert!(proxy.get(&self.path).cache_status().hit(), "{}", self.name);
    }
}

fn is_failure<E>(read: &Result<Response, E>) -> bool {
    read.as_ref().map_or(true, |page| matches!(page.status, 502..=504))
}

/// Runs the cells one after the other, or all at the same time where nothing can be held back.
fn run(cells: &[Cell], is_gated: bool) {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, TIMEOUTS);
    if is_gated {
        for cell in cells {
            cell.run(&origin, &proxy, Some(&Gate::new()));
            proxy.wait_for_metric("warp_requests_in_flight", 0);
        }
    } else {
        std::thread::scope(|scope| {
            for cell in cells {
                scope.spawn(|| cell.run(&origin, &proxy, None));
            }
        });
        proxy.wait_for_metric("warp_requests_in_flight", 0);
    }
    assert_eq!(proxy.metric("warp_store_objects"), 0);
    assert_eq!(proxy.metric("warp_store_bytes"), 0);
    let failed = origin.requests().len();
    for cell in cells {
        cell.ask_again(&origin, &proxy);
    }
    assert_no_reuse(&origin, failed);
}

/// Asserts that no connection of those first requests, which all failed, was used again.
fn assert_no_reuse(origin: &Origin, failed: usize) {
    let connections: Vec<_> = origin.requests().iter().map(|request| request.connection).collect();
    for (n, connection) in connections.iter().take(failed).enumerate() {
        let uses = connections.iter().filter(|other| *other == connection).count();
        assert_eq!(uses, 1, "request {n} left its connection in use: {connections:?}");
    }
}

/// A cell for each framing, moment and kind of reader. `fail` makes the failure of what has come by then.
fn matrix(what: &str, framings: &[Framing], fail: impl Fn(Answer, usize) -> Answer) -> Vec<Cell> {
    let mut cells = Vec::new();
    for framing in framings {
        for moment in Moment::ALL {
            for readers in Readers::ALL {
                let begun = match moment {
                    Moment::BeforeTheHeadIsWhole => Answer::raw("HTTP/1.1 200 OK\r\nCache-Control: max-ag"),
                    _ => framing.of(whole()),
                };
                cells.push(Cell {
                    name: format!("{what}, {framing:?}, {moment:?}, {readers:?}"),
                    path: format!("/{}", cells.len()),
                    answer: fail(begun, moment.bytes(*framing)),
                    moment,
                    readers,
                });
            }
        }
    }
    cells
}

#[test]
fn closed_too_early() {
    // Without a length and without chunks a close is the end (RFC 9112 section 8).
    run(&matrix("closed", &[Framing::Length, Framing::Chunked], Answer::truncated), true);
}

#[test]
fn reset() {
    run(&matrix("reset", &Framing::ALL, Answer::reset_after), true);
}

#[test]
fn fallen_silent() {
    run(&matrix("silent", &Framing::ALL, Answer::silent_after), false);
}

#[test]
fn framed_as_nobody_may_frame() {
    let framed: &[(&str, &[u8])] = &[
        ("a chunk longer than said", b"5\r\nhello, and more\r\n0\r\n\r\n"),
        ("a chunk shorter than said", b"9\r\nhello\r\n0\r\n\r\n"),
        ("no line end after a chunk", b"5\r\nhello5\r\nhello\r\n0\r\n\r\n"),
        ("a bare line feed after a chunk", b"5\r\nhello\n0\r\n\r\n"),
        ("a size that is none", b"five\r\nhello\r\n0\r\n\r\n"),
        ("a size below nothing", b"-5\r\nhello\r\n0\r\n\r\n"),
        ("a size with 0x", b"0x5\r\nhello\r\n0\r\n\r\n"),
        ("a size that overflows", b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ("the largest size", b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ("NUL in a size", b"5\0\r\nhello\r\n0\r\n\r\n"),
        ("NULs for a chunk", b"\0\0\0\0\0\0\0\0\0\0\0"),
        ("garbage for the next chunk", b"5\r\nhello\r\nHTTP/1.1 200 OK\r\n\r\n"),
        ("no line end after the last chunk", b"5\r\nhello\r\n0\r\n"),
        ("a last chunk that is not ended", b"5\r\nhello\r\n0"),
        ("a trailer that is not ended", b"5\r\nhello\r\n0\r\nX-Trailer: 1\r\n"),
    ];
    let mut cells = Vec::new();
    for (name, bytes) in framed {
        for readers in Readers::ALL {
            cells.push(Cell {
                name: format!("{name}, {readers:?}"),
                path: format!("/{}", cells.len()),
                answer: whole().chunked(CHUNK).framed_as(*bytes).truncated(bytes.len()),
                moment: Moment::AfterTheHead,
                readers,
            });
        }
    }
    run(&cells, true);
}

/// RFC 9112 section 7.1: a size has a digit. Without one it is not 0, and so not the end, whatever comes behind it on a
/// connection that stays open.
#[test]
fn a_chunk_without_a_size_does_not_end_a_body() {
    let lines = [("an empty line", ""), ("an extension", ";a=b"), ("a space", " "), ("a tab", "\t"), ("both", " ;a=b")];
    let places = [("at first", ""), ("in the middle", "5\r\nhello\r\n"), ("behind extensions", "5;a=b\r\nhello\r\n")];
    let ends = [("nothing", ""), ("more chunks", "5\r\nagain\r\n0\r\n"), ("a trailer", "X-Trailer: 1\r\n")];
    let mut cells = Vec::new();
    for (line_name, line) in lines {
        for (place_name, before) in places {
            for (end_name, behind) in ends {
                let readers = Readers::ALL[cells.len() % Readers::ALL.len()];
                cells.push(Cell {
                    name: format!("{line_name} {place_name}, {end_name} behind it, {readers:?}"),
                    path: format!("/{}", cells.len()),
                    answer: whole().chunked(CHUNK).framed_as(format!("{before}{line}\r\n{behind}\r\n")),
                    moment: Moment::AfterTheHead,
                    readers,
                });
            }
        }
    }
    run(&cells, true);
}

/// What stands in a chunk is not a size, and interim responses, extensions and trailers do not change where one stands.
#[test]
fn chunks_with_a_size_are_taken_as_they_come() {
    let origin = Origin::start();
    let proxy = Proxy::before(&origin, "");
    let framed = [
        ("/lines", "\r\n\r\n;a\r\n\r\n", "a\r\n\r\n\r\n;a\r\n\r\n\r\n0\r\n\r\n"),
        ("/blanks", "hello", "5  \r\nhello\r\n0\t\r\n\r\n"),
        ("/extensions", "hello", "05;a=\"\n\"\r\nhello\r\n000;b\r\n\r\n"),
        ("/trailers", "hello", "5\r\nhello\r\n0\r\nX: 1\r\nY: 2\r\n\r\n"),
        ("/none", "", "0\r\n\r\n"),
    ];
    for (path, body, bytes) in framed {
        let head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n";
        let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        origin.on(path, Answer::raw(format!("{interim}{interim}{head}{bytes}")));
        assert_eq!((proxy.get(path).text(), proxy.get(path).cache_status().hit()), (body, true), "{path}");
    }
    // A body that is not in chunks may begin as it likes.
    origin.on("/length", Answer::ok("\r\n;a\r\n").header("Cache-Control", "max-age=60"));
    assert_eq!((proxy.get("/length").text(), proxy.get("/length").cache_status().hit()), ("\r\n;a\r\n", true));
}

#[test]
fn a_head_that_is_none() {
    let ok = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n";
    let endless = format!("{ok}{}", "X: and so on\r\n".repeat(150_000));
    let heads = [
        ("no status line", "nonsense\r\n\r\nhello".to_owned()),
        ("a body for a head", "<html>hello</html>".to_owned()),
        ("a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
        ("a status that is none", "HTTP/1.1 2000 OK\r\n\r\nhello".to_owned()),
        ("a status of letters", "HTTP/1.1 abc OK\r\n\r\nhello".to_owned()),
        ("another protocol", "ICY 200 OK\r\n\r\nhello".to_owned()),
        ("NULs", "\0".repeat(100)),
        ("NUL in a name", format!("{ok}X\0Y: 1\r\nContent-Length: 5\r\n\r\nhello")),
        ("NUL in a value", format!("{ok}X: a\0b\r\nContent-Length: 5\r\n\r\nhello")),
        ("a name with spaces", format!("{ok}X Y: 1\r\nContent-Length: 5\r\n\r\nhello")),
        ("a line without a colon", format!("{ok}X\r\nContent-Length: 5\r\n\r\nhello")),
        ("no line end", format!("{ok}Content-Length: 5")),
        ("a bare carriage return", format!("{ok}X: a\rContent-Length: 5\r\n\r\nhello")),
        ("two lengths", format!("{ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")),
        ("two lengths in a line", format!("{ok}Content-Length: 5, 6\r\n\r\nhello!")),
        ("a length that is none", format!("{ok}Content-Length: five\r\n\r\nhello")),
        ("a length below nothing", format!("{ok}Content-Length: -5\r\n\r\nhello")),
        ("a length that overflows", format!("{ok}Content-Length: 99999999999999999999\r\n\r\nhello")),
        ("a length with a sign", format!("{ok}Content-Length: +5\r\n\r\nhello")),
        ("an empty length", format!("{ok}Content-Length: \r\n\r\nhello")),
        ("a coding of which nothing is known", format!("{ok}Transfer-Encoding: rot13\r\n\r\nuryyb")),
        ("a coding below the chunks", format!("{ok}Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")),
        ("chunks below a coding", format!("{ok}Transfer-Encoding: chunked, gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n")),
        ("chunks twice", format!("{ok}Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")),
        ("a coding that is not quite chunks", format!("{ok}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")),
        ("no end", endless),
    ];
    let mut cells = Vec::new();
    for (name, head) in heads {
        for readers in [Readers::One, Readers::Several, Readers::Range, Readers::Head] {
            cells.push(Cell {
                name: format!("{name}, {readers:?}"),
                path: format!("/{}", cells.len()),
                answer: Answer::raw(head.clone()),
                moment: Moment::BeforeTheHeadIsWhole,
                readers,
            });
        }
    }
    run(&cells, true);
}

/// What comes after a response that has ended is nobody's: the response is whole, and the connection is given up.
#[test]
fn more_than_was_said_does_not_reach_anybody() {
    let evil = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nevil";
    let length = whole().header("Content-Length", &WHOLE.len().to_string()).framed_as(format!("{WHOLE}{evil}"));
    let chunks = format!("{:x}\r\n{WHOLE}\r\n0\r\n\r\n", WHOLE.len());
    let chunked = whole().chunked(CHUNK).framed_as(format!("{chunks}{evil}"));
    for (name, answer, at_most) in [("length", length, WHOLE.len()), ("chunked", chunked, chunks.len())] {
        for comes_later in [false, true] {
            let (origin, gate, sent) = (Origin::start(), Gate::new(), Gate::new());
            origin.on("/other", Answer::ok("other"));
            let answer = if comes_later { answer.clone().body_behind(at_most, &gate) } else { answer.clone() };
            origin.on("/page", answer.then_open(&sent));
            let proxy = Proxy::before(&origin, "");
            let mut client = proxy.client();
            assert_eq!(client.get("/page").send().text(), WHOLE, "{name}");
            gate.open();
            until("all to be sent", || sent.is_open().then_some(()));
            for _ in 0..3 {
                assert_eq!(client.get("/other").send().text(), "other", "{name}, later: {comes_later}");
            }
            assert_eq!(client.get("/page").send().text(), WHOLE, "{name}");
            assert!(origin.requests_to("/other").iter().all(|other| other.connection != 0), "{name}, {comes_later}");
        }
    }
}

/// RFC 9112 section 8: such a response is complete when its head came whole and the connection ended without an
/// error. So it is stored, as a body without any other end always is.
#[test]
fn rfc9112_8_a_body_that_a_close_ends_is_whole_and_stored() {
    for answer in [
        whole().until_close(),
        Answer::raw(format!("HTTP/1.0 200 OK\r\nCache-Control: max-age=60\r\n\r\n{WHOLE}")),
        Answer::raw("HTTP/1.0 200 OK\r\nCache-Control: max-age=60\r\n\r\n"),
    ] {
        let origin = Origin::start();
        origin.on("/page", answer);
        let proxy = Proxy::before(&origin, "");
        let mut client = proxy.client();
        let first = client.get("/page").send();
        let second = client.get("/page").send();
        assert!(second.cache_status().hit());
        assert_eq!(first.body, second.body);
        assert_eq!(second.header("Content-Length"), Some(first.body.len().to_string().as_str()));
        assert_eq!(origin.requests().len(), 1);
    }
}

/// What is stale is not lost to a fetch that fails on the way.
#[test]
fn a_failed_fill_leaves_what_is_stored() {
    for answer in [whole().truncated(20), whole().chunked(CHUNK).truncated(20), whole().chunked(CHUNK).reset_after(20)]
    {
        let origin = Origin::start();
        let stale = Answer::ok("old").header("Cache-Control", "max-age=0, stale-if-error=60").header("ETag", "\"old\"");
        origin.once("/page", stale);
        origin.once("/page", answer);
        origin.on("/page", Answer::close());
        let proxy = Proxy::before(&origin, "");
        proxy.get("/page");
        assert!(is_failure(&proxy.client().get("/page").try_send()));
        let served = proxy.get("/page");
        assert_eq!((served.status, served.text()), (200, "old"));
        assert_eq!(proxy.metric("warp_store_objects"), 1);
    }
}
