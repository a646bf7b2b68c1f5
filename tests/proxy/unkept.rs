//! A response that turns out to be too large to be stored is shared by those who asked for it together: whoever reads
//! slowly holds up nobody else, memory stays bounded, and nobody takes a part for the whole.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::support::{Answer, Broken, Client, Gate, Head, Origin, Proxy, until};

const MIB: usize = 1 << 20;
/// Objects of more than a sixteenth of that, 4 MiB, are not stored.
const MEMORY: &str = "64MB";
/// More than the sockets between and the window of a slow reader take.
const LENGTH: usize = 40 * MIB;
/// How long those may take who are held up by nobody.
const SOON: Duration = Duration::from_secs(15);

fn bytes(count: usize) -> Vec<u8> {
    let pattern: Vec<u8> = (0..=250).collect();
    let mut bytes = pattern.repeat(count / pattern.len() + 1);
    bytes.truncate(count);
    bytes
}

/// One that is known to be too large from its head on, and those of which it turns out.
fn framings(count: usize) -> [(&'static str, Answer); 3] {
    let answer = || Answer::ok(bytes(count)).header("Cache-Control", "max-age=60");
    [("length", answer()), ("chunked", answer().chunked(64 << 10)), ("until close", answer().until_close())]
}

/// A client that has the head of the response.
struct Reader {
    client: Client,
    head: Head,
}

impl Reader {
    /// The next bytes of the body, of which so many were read; `None` at its end.
    fn next(&mut self, read: usize) -> Result<Option<Vec<u8>>, Broken> {
        if let Some(length) = self.head.fields.first("Content-Length") {
            let left = length.parse::<usize>().unwrap() - read;
            return Ok(Some(self.client.read_bytes(left.min(64 << 10))?).filter(|bytes| !bytes.is_empty()));
        }
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(self.client.read_bytes(1)?);
        }
        let size = str::from_utf8(&line).unwrap().trim_end();
        let mut chunk = self.client.read_bytes(usize::from_str_radix(size, 16).unwrap() + 2)?;
        assert_eq!(chunk.split_off(chunk.len() - 2), b"\r\n");
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    /// The body, as far as it comes, and whether that is all.
    fn body(&mut self) -> (Vec<u8>, bool) {
        self.body_behind(Vec::new())
    }

    /// The same, where the beginning was read.
    fn body_behind(&mut self, mut body: Vec<u8>) -> (Vec<u8>, bool) {
        loop {
            match self.next(body.len()) {
                Ok(Some(bytes)) => body.extend(bytes),
                Ok(None) => return (body, true),
                Err(broken) => {
                    let kind = broken.error.map(|error| error.kind());
                    assert!(matches!(kind, None | Some(ErrorKind::ConnectionReset)), "it was left to wait: {kind:?}");
                    return (body, false);
                }
            }
        }
    }

    fn read_all(&mut self) {
        let (body, is_all) = self.body();
        assert!(is_all, "it was cut off after {} bytes", body.len());
        assert!(body == bytes(LENGTH), "{} bytes", body.len());
    }

    /// It was cut off, and can tell.
    fn read_part(&mut self) {
        let (body, is_all) = self.body();
        assert!(!is_all, "it is far behind the others");
        assert!(body.len() < LENGTH && bytes(LENGTH).starts_with(&body), "{} bytes", body.len());
    }
}

/// Those who share one response. The first one's request fetches it.
struct Shared {
    origin: Origin,
    proxy: Proxy,
    /// Opened when the origin has sent all.
    sent: Gate,
    readers: Vec<Reader>,
    /// How much of it the store may hold meanwhile, in bytes.
    most_stored: u64,
}

impl Shared {
    fn by(count: usize, answer: Answer) -> Self {
        Self::within(MEMORY, 20 * MIB, count, answer, "")
    }

    fn within(memory: &str, most_stored: usize, count: usize, answer: Answer, policy: &str) -> Self {
        let (origin, head, sent) = (Origin::start(), Gate::new(), Gate::new());
        origin.on("/page", answer.behind(&head).then_open(&sent));
        let proxy = Proxy::start_with(&format!("warp 1;\n{}{policy}", origin.backend()), &["--memory", memory]);
        let mut clients = Vec::new();
        for number in 1..=count {
            let mut client = proxy.client();
            client.get("/page").send_only();
            clients.push(client);
            proxy.wait_for_metric("warp_requests_in_flight", number as u64);
            until("the first to ask", || (!origin.requests().is_empty()).then_some(()));
        }
        // They wait for the first as soon as they have looked in the store.
        std::thread::park_timeout(Duration::from_millis(200));
        head.open();
        let with_head = |mut client: Client| {
            let head = client.read_head().unwrap();
            Reader { client, head }
        };
        Self {
            readers: clients.into_iter().map(with_head).collect(),
            origin,
            proxy,
            sent,
            most_stored: most_stored as u64,
        }
    }

    fn take(&mut self) -> Reader {
        self.readers.remove(0)
    }

    /// Does this while looking that memory stays bounded.
    fn bounded<T>(&self, run: impl FnOnce() -> T) -> T {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watch = scope.spawn(|| {
                while !is_over.load(SeqCst) {
                    let (resident, stored) = (self.proxy.resident_bytes(), self.proxy.metric("warp_store_bytes"));
                    assert!(resident < (120 * MIB) as u64, "{resident} bytes resident");
                    assert!(stored < self.most_stored, "{stored} bytes stored");
                    std::thread::park_timeout(Duration::from_millis(20));
                }
            });
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            is_over.store(true, SeqCst);
            watch.join().unwrap();
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// They read all of it at the same time, and are held up by nobody.
    fn read_all(&self, readers: &mut [Reader]) {
        let began = Instant::now();
        self.bounded(|| {
            std::thread::scope(|scope| readers.iter_mut().for_each(|reader| drop(scope.spawn(|| reader.read_all()))));
        });
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }

    /// It was fetched once, and nothing is left of it.
    fn assert_over(self) {
        drop(self.readers);
        self.proxy.wait_for_metric("warp_requests_in_flight", 0);
        until("its bytes to be given back", || (self.proxy.metric("warp_store_bytes") == 0).then_some(()));
        assert_eq!(self.proxy.metric("warp_store_objects"), 0);
        assert_eq!(self.origin.requests().len(), 1);
    }
}

#[test]
fn all_get_it_when_all_read() {
    for (_, answer) in framings(LENGTH) {
        let mut shared = Shared::by(4, answer);
        let mut readers = std::mem::take(&mut shared.readers);
        shared.read_all(&mut readers);
        shared.assert_over();
    }
}

#[test]
fn one_who_reads_nothing_is_cut_off_alone() {
    for (_, answer) in framings(LENGTH) {
        // The one whose request fetches it, or another.
        for number in [0, 1] {
            let mut shared = Shared::by(3, answer.clone());
            let mut stalled = shared.readers.remove(number);
            let mut readers = std::mem::take(&mut shared.readers);
            shared.read_all(&mut readers);
            stalled.read_part();
            shared.assert_over();
        }
    }
}

#[test]
fn one_who_leaves_takes_nobody_along() {
    for (_, answer) in framings(LENGTH) {
        for number in [0, 1] {
            let mut shared = Shared::by(3, answer.clone());
            let mut leaver = shared.readers.remove(number);
            leaver.client.read_bytes(MIB).unwrap();
            drop(leaver);
            let mut readers = std::mem::take(&mut shared.readers);
            shared.read_all(&mut readers);
            shared.assert_over();
        }
    }
}

#[test]
fn when_nobody_reads_the_origin_is_waited_for_and_whoever_reads_on_first_gets_all() {
    for (_, answer) in framings(LENGTH) {
        for number in [0, 1] {
            let mut shared = Shared::by(2, answer.clone());
            shared.bounded(|| std::thread::park_timeout(Duration::from_secs(1)));
            assert!(!shared.sent.is_open(), "it was fetched for nobody");
            let mut reader = shared.readers.remove(number);
            shared.read_all(std::slice::from_mut(&mut reader));
            shared.take().read_part();
            drop(reader);
            shared.assert_over();
        }
    }
}

#[test]
fn when_nobody_reads_and_then_all_do_all_get_it() {
    for (_, answer) in framings(LENGTH) {
        let mut shared = Shared::by(3, answer);
        shared.bounded(|| std::thread::park_timeout(Duration::from_millis(500)));
        let mut readers = std::mem::take(&mut shared.readers);
        shared.read_all(&mut readers);
        shared.assert_over();
    }
}

/// The first one stalls while another reads for a while and then leaves, or stalls, too: from then on the first one is
/// waited for, and has lost nothing that it was not cut off for.
#[test]
fn the_first_is_waited_for_again_when_the_others_have_gone() {
    for (_, answer) in framings(LENGTH) {
        let mut shared = Shared::by(2, answer);
        let (mut first, mut other) = (shared.take(), shared.take());
        for _ in 0..4 {
            other.client.read_bytes(MIB / 2).unwrap();
            shared.bounded(|| std::thread::park_timeout(Duration::from_millis(50)));
        }
        drop(other);
        shared.bounded(|| std::thread::park_timeout(Duration::from_millis(500)));
        assert!(!shared.sent.is_open(), "it was fetched for nobody");
        shared.read_all(std::slice::from_mut(&mut first));
        drop(first);
        shared.assert_over();
    }
}

/// A slow one is not held to the pace of the slowest, and the first one keeps no more than the store lets it.
#[test]
fn a_slow_follower_and_a_first_one_that_stalls_take_bounded_memory() {
    for (_, answer) in framings(LENGTH) {
        let mut shared = Shared::by(2, answer);
        let (mut first, mut slow) = (shared.take(), shared.take());
        shared.bounded(|| {
            let mut body = 0;
            while body < LENGTH {
                body += slow.client.read_bytes((256 << 10).min(LENGTH - body)).unwrap().len();
                std::thread::park_timeout(Duration::from_millis(10));
            }
        });
        first.read_part();
        drop((first, slow));
        shared.assert_over();
    }
}

/// The fetch is the client's own request, or one of warp's for a slice.
#[test]
fn what_is_purged_while_it_is_shared_is_not_kept_and_all_get_it() {
    let all = format!("bytes 0-{}/{LENGTH}", LENGTH - 1);
    let part = Answer::status(206).with_body(bytes(LENGTH)).header("Content-Range", &all).header("ETag", "\"a\"");
    let slices = "when path under \"/\" -> slice 64MB;";
    for (policy, answer) in [("", Answer::ok(bytes(LENGTH))), (slices, part)] {
        for number in [0, 1] {
            let body = Gate::new();
            let answer = answer.clone().header("Cache-Control", "max-age=60").body_behind(MIB, &body);
            let policy = format!("rules request first {{ when method == \"PURGE\" -> purge; {policy} }}\n");
            // It could be kept, and so could be as much as a slow one has yet to read.
            let mut shared = Shared::within("1GB", LENGTH + 5 * MIB, 3, answer, &policy);
            shared.proxy.client().request("PURGE", "/page").send();
            body.open();
            let mut stalled = shared.readers.remove(number);
            let mut readers = std::mem::take(&mut shared.readers);
            shared.read_all(&mut readers);
            stalled.read_all();
            drop(stalled);
            shared.assert_over();
        }
    }
}

#[test]
fn who_wants_a_range_of_it_shares_it_and_holds_up_nobody() {
    let (origin, head) = (Origin::start(), Gate::new());
    origin.on("/page", Answer::ok(bytes(LENGTH)).header("Cache-Control", "max-age=60").behind(&head));
    let proxy = Proxy::start_with(&format!("warp 1;\n{}", origin.backend()), &["--memory", MEMORY]);
    let mut clients = [proxy.client(), proxy.client()];
    clients[0].get("/page").send_only();
    origin.wait_for(1);
    let from = LENGTH - MIB;
    clients[1].get("/page").header("Range", &format!("bytes={from}-")).send_only();
    proxy.wait_for_metric("warp_requests_waiting", 1);
    head.open();
    let [all, part] = std::thread::scope(|scope| {
        let reading = clients.each_mut().map(|client| scope.spawn(|| client.read_response("GET").unwrap()));
        reading.map(|reading| reading.join().unwrap())
    });
    assert!((all.status, part.status) == (200, 206) && all.body == bytes(LENGTH) && part.body == bytes(LENGTH)[from..]);
    assert_eq!(origin.requests().len(), 1);
}

/// Whoever asks after a purge, or a ban, gets nothing that was asked for before, though nothing of it is stored.
#[test]
fn who_asks_after_a_purge_of_its_tag_or_a_ban_shares_no_older_fetch() {
    for purges in ["std.purge_tags(\"t\");", "std.purge_tags(\"t\", soft);", "ban where obj.http.X-Kind == \"k\";"] {
        let (origin, gate) = (Origin::start(), Gate::new());
        let page = |text: u8| {
            let answer = Answer::ok(vec![text; 8 * MIB]).header("Cache-Control", "max-age=60");
            answer.header("Surrogate-Key", "t").header("X-Kind", "k")
        };
        origin.once("/page", page(b'1').behind(&gate));
        origin.on("/page", page(b'2'));
        let policy = format!(
            "warp 1;\n{}sub recv {{ if (req.method == \"PURGE\") {{ {purges} return (synth(200)); }} }}
            sub backend_response {{ tag header \"Surrogate-Key\"; }}",
            origin.backend()
        );
        let proxy = Proxy::start_with(&policy, &["--memory", MEMORY]);
        let (mut first, mut second) = (proxy.client(), proxy.client());
        first.get("/page").send_only();
        origin.wait_for(1);
        assert_eq!(proxy.client().request("PURGE", "/").send().status, 200);
        second.get("/page").send_only();
        proxy.wait_for_metric("warp_requests_waiting", 1);
        gate.open();
        let (second, first) = (second.read_response("GET").unwrap(), first.read_response("GET").unwrap());
        assert_eq!((first.body[0], second.body[0]), (b'1', b'2'), "{purges}");
    }
}

/// Each is stuck at another place, as where their connections take more or less before that.
#[test]
fn many_who_are_stuck_hold_up_the_others_no_longer_than_one() {
    const STUCK: usize = 8;
    for (name, answer) in framings(LENGTH) {
        let mut shared = Shared::by(STUCK + 2, answer);
        let mut stuck: Vec<_> = (0..STUCK).map(|_| (shared.take(), Vec::new())).collect();
        for (pieces, (reader, body)) in stuck.iter_mut().enumerate() {
            for _ in 0..pieces {
                body.extend(reader.next(body.len()).unwrap().unwrap());
            }
        }
        let mut readers = std::mem::take(&mut shared.readers);
        let began = Instant::now();
        shared.read_all(&mut readers);
        assert!(began.elapsed() < Duration::from_secs(10), "{name}: {:?}", began.elapsed());
        for (mut reader, body) in stuck {
            let (body, is_all) = reader.body_behind(body);
            assert!(!is_all && body.len() < LENGTH && bytes(LENGTH).starts_with(&body), "{name}: {} bytes", body.len());
        }
        drop(readers);
        shared.assert_over();
    }
}
