//! A thousand reloads under traffic: no request is lost, and each is wholly one policy's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Answer, Client, DEADLINE, Origin, Proxy, Response};

const RELOADS: usize = 1_000;
const CONNECTIONS: usize = 16;

/// More than the text of all the policies at once would take, and far less than a leak of each would.
const GROWTH_BYTES: u64 = 48 << 20;

/// Ten rules that leave `mark` on both ends of a request.
fn policy(origin: &Origin, mark: &str) -> String {
    format!(
        r#"warp 1;
{backend}
sub recv {{
    set req.http.X-Mark = "{mark}";
    set req.http.X-Recv = "{mark}";
}}
rules request first {{
    when path under "/admin/" -> deny 403;
    when path ext ["php", "cgi"] -> deny 404;
    when method == "POST" -> pass;
    when path == "/passed" -> pass;
    when host == "old.example" -> redirect 301 "/";
    when path ~ "^/api/v[0-9]+/" -> pass;
}}
sub backend_fetch {{
    set bereq.http.X-Fetch = "{mark}";
}}
rules response first {{
    when status in 500..599 -> uncacheable;
    when path == "/passed" -> uncacheable;
    when path ext ["css", "js"] -> ttl 1d;
    else -> ttl 1h;
}}
sub backend_response {{
    set beresp.http.X-Response = "{mark}";
}}
sub deliver {{
    set resp.http.X-Mark = req.http.X-Mark;
    set resp.http.X-Deliver = "{mark}";
}}
"#,
        backend = origin.backend(),
    )
}

/// An origin that sends the marks of a request back.
fn origin() -> Origin {
    let origin = Origin::start();
    for path in ["/hot", "/cold", "/passed"] {
        origin.on_each(path, |request| {
            let mark = |name| request.header(name).unwrap_or("none");
            Answer::ok("body").header("X-Seen-Recv", mark("X-Recv")).header("X-Seen-Fetch", mark("X-Fetch"))
        });
    }
    origin
}

/// What the clients have found so far.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    answers: AtomicU64,
    hits: AtomicU64,
}

/// Asks for what is stored, what is not stored yet and what passes in turn, over one connection, until told to stop.
fn ask(load: &Load, proxy: &Proxy, connection: usize) {
    let mut client = proxy.client();
    for turn in 0_usize.. {
        let target = match turn % 3 {
            0 => "/hot".to_owned(),
            1 => format!("/cold?{connection}-{turn}"),
            _ => "/passed".to_owned(),
        };
        let response = client.get(&target).try_send().unwrap_or_else(|broken| panic!("{target} is lost: {broken:?}"));
        load.hits.fetch_add(u64::from(check(&target, &response)), Relaxed);
        load.answers.fetch_add(1, Relaxed);
        if load.stop.load(Relaxed) {
            return;
        }
    }
}

/// Both ends of the request bear one policy's mark; tells whether the store answered.
fn check(target: &str, response: &Response) -> bool {
    assert_eq!((response.status, response.text()), (200, "body"), "{target}");
    let hit = response.cache_status().hit();
    assert_eq!(hit, target == "/hot", "{target}: {:?}", response.fields);
    let here = ["X-Mark", "X-Deliver"];
    let there = ["X-Response", "X-Seen-Recv", "X-Seen-Fetch"];
    let mark = response.header("X-Mark").expect("a mark");
    // What is stored was fetched by some policy: one alone as well, but maybe an older one.
    let fetched = if hit { response.header("X-Response").expect("a mark") } else { mark };
    assert_eq!(here.map(|name| response.header(name)), [Some(mark); 2], "{target}");
    assert_eq!(there.map(|name| response.header(name)), [Some(fetched); 3], "{target}");
    hit
}

/// Reloads, as `/status` counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    ok: u64,
    rejected: u64,
    unchanged: u64,
    generation: u64,
}

impl Counts {
    fn read(admin: &mut Client) -> Self {
        let status: Value = serde_json::from_slice(&admin.get("/status").send().body).expect("JSON");
        let count = |name: &str| status["policy"][name].as_u64().expect("a count");
        Self {
            ok: count("reloads_ok"),
            rejected: count("reloads_rejected"),
            unchanged: count("reloads_unchanged"),
            generation: count("generation"),
        }
    }

    fn reloads(self) -> u64 {
        self.ok + self.rejected + self.unchanged
    }
}

/// Asks until `is_there` holds of an answer; how long that took.
fn time_until<T>(what: &str, mut ask: impl FnMut() -> T, is_there: impl Fn(&T) -> bool) -> Duration {
    let began = Instant::now();
    while !is_there(&ask()) {
        assert!(began.elapsed() < DEADLINE, "waited for {what}");
    }
    began.elapsed()
}

/// Puts policies in place one after the other: `b`, `a`, a broken one, and again. Gives the times from the rename to
/// the first answer of each new policy.
fn reload_again_and_again(proxy: &Proxy, origin: &Origin, after_each: impl Fn(usize)) -> Vec<Duration> {
    let broken = policy(origin, "broken").replace("else -> ttl 1h;", "else -> ttl;");
    let texts = [("b", policy(origin, "b")), ("a", policy(origin, "a")), ("broken", broken)];
    let (mut client, mut admin) = (proxy.client(), Client::connect(proxy.admin()));
    let mut times = Vec::new();
    for (done, (mark, text)) in texts.iter().cycle().take(RELOADS).enumerate() {
        let new = proxy.dir().join("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, proxy.dir().join("policy.warp")).unwrap();
        if *mark != "broken" {
            let serving = |response: &Response| response.header("X-Deliver") == Some(mark);
            times.push(time_until("the new policy", || client.get("/hot").send(), serving));
        }
        let wanted = done as u64 + 1;
        time_until("the reload", || Counts::read(&mut admin), |counts| counts.reloads() >= wanted);
        after_each(done);
    }
    times
}

/// The value below which `share` percent of the times lie.
fn percentile(times: &mut [Duration], share: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * share / 100).min(times.len() - 1)]
}

#[test]
fn a_thousand_reloads_lose_no_request_and_mix_no_policies() {
    let origin = origin();
    // A small store, so that it is full early and what grows after that is not the store.
    let proxy = Proxy::start_with(&policy(&origin, "a"), &["--memory", "4MB"]);
    let load = Load::default();
    let early = AtomicU64::new(0);
    proxy.get("/hot");
    let began = Instant::now();
    let mut times = std::thread::scope(|scope| {
        let clients = (0..CONNECTIONS).map(|connection| {
            scope.spawn({
                let (load, proxy) = (&load, &proxy);
                move || ask(load, proxy, connection)
            })
        });
        let clients: Vec<_> = clients.collect();
        let times = reload_again_and_again(&proxy, &origin, |done| {
            assert!(clients.iter().all(|client| !client.is_finished()), "a client has ended early");
            if done == RELOADS / 10 {
                early.store(proxy.resident_bytes(), Relaxed);
            }
        });
        load.stop.store(true, Relaxed);
        times
    });
    let took = began.elapsed();

    let counts = Counts::read(&mut Client::connect(proxy.admin()));
    let wanted = Counts { ok: 667, rejected: 333, unchanged: 0, generation: 668 };
    assert_eq!(counts, wanted, "each rename is one reload");
    for asked in origin.requests().iter().skip(1) {
        assert_eq!(asked.header("X-Recv"), asked.header("X-Fetch"), "{}", asked.target);
    }
    let requests = proxy.status()["requests"].clone();
    assert_eq!(requests["by_outcome"]["error"], 0, "{requests}");
    let (early, late) = (early.load(Relaxed), proxy.resident_bytes());
    assert!(late < early + GROWTH_BYTES, "resident bytes grew from {early} to {late}");
    println!(
        "{RELOADS} reloads in {took:.1?} under {} requests ({} hits) over {CONNECTIONS} connections; \
         from the rename to the first answer of the new policy: median {:.1?}, 95th {:.1?}; resident {} KB, then {} KB",
        load.answers.load(Relaxed),
        load.hits.load(Relaxed),
        percentile(&mut times, 50),
        percentile(&mut times, 95),
        early >> 10,
        late >> 10,
    );
}
