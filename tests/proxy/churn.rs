//! Memory holds: what warp takes stays near the limit of its store, whatever comes.
//!
//! Clients ask for far more than fits: resources of 100 B to 50 MB, few of them popular, some with variants,
//! framed by length or in chunks. Some go away in the middle, some read slowly, some purge, and the origin breaks
//! off now and then. Every second the process's memory and the store's own count are taken.
//!
//! `CHURN_SECONDS` says how long (60), `CHURN_LIMIT_MB` how much the store may hold (128), `CHURN_CSV` names a
//! file for what was measured, and `WARP_BIN` another binary; `benches/churn.sh` does all that for an hour.

mod catalogue;
mod client;
mod origin;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::support::{Proxy, until};
use catalogue::{FLAVOURS, Numbers, Popularity, Resource};
use client::{Client, End, Manner};
use origin::Origin;

const MB: u64 = 1 << 20;
/// Who asks for what is popular, one request after another.
const CLIENTS: u64 = 4;
/// Who reads what is large, slowly.
const SLOW_CLIENTS: u64 = 4;
/// What one client reads in a second at most, so that others have a machine, too.
const BYTES_PER_SECOND: f64 = 24e6;
/// What the process may take beside what is stored: connections, and what its allocator holds back.
const BESIDE: u64 = 48 * MB;

const POLICY: &str = r#"
acl purgers { "127.0.0.1"; }
rules request first {
    when method == "PURGE" and client.ip !~ purgers -> deny 403 "Not you";
    when method == "PURGE" -> purge;
}
"#;

/// What is asked for, and what became of it.
struct Load {
    popularity: Popularity,
    resources: u64,
    stop: AtomicBool,
    asked: Mutex<Vec<bool>>,
    whole: AtomicU64,
    given_up: AtomicU64,
    broken: AtomicU64,
    refused: AtomicU64,
    /// Why, and how often each.
    refusals: Mutex<BTreeMap<(u16, String), u64>>,
    purges: AtomicU64,
    received: AtomicU64,
}

impl Load {
    fn of(resources: u64) -> Self {
        let zero = AtomicU64::default;
        Self {
            popularity: Popularity::of(resources),
            resources,
            stop: AtomicBool::new(false),
            asked: Mutex::new(vec![false; usize::try_from(resources).unwrap()]),
            whole: zero(),
            given_up: zero(),
            broken: zero(),
            refused: zero(),
            refusals: Mutex::default(),
            purges: zero(),
            received: zero(),
        }
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Relaxed)
    }

    /// A resource to be asked for that is larger than so many bytes.
    fn choose(&self, numbers: &mut Numbers, larger_than: u64) -> Resource {
        loop {
            let resource = Resource::new(self.popularity.choose(numbers), numbers.below(FLAVOURS));
            if resource.size > larger_than {
                self.asked.lock().unwrap()[usize::try_from(resource.number).unwrap()] = true;
                return resource;
            }
        }
    }

    fn count(&self, end: End) {
        let counter = match end {
            End::Whole => &self.whole,
            End::GivenUp => &self.given_up,
            End::Broken => &self.broken,
            End::Refused(status, why) => {
                *self.refusals.lock().unwrap().entry((status, why)).or_default() += 1;
                &self.refused
            }
        };
        counter.fetch_add(1, Relaxed);
    }

    /// One client: mostly GET, sometimes of a range, sometimes given up, sometimes PURGE.
    fn run(&self, proxy: &Proxy, seed: u64) {
        let _stop = StopOnDrop(self);
        let (mut numbers, mut client) = (Numbers(seed), Client::new(proxy.address()));
        while self.goes_on() {
            let (resource, begun) = (self.choose(&mut numbers, 0), Instant::now());
            let before = client.received;
            match numbers.below(100) {
                0 => {
                    assert!(client.purge(&resource), "{resource:?} is not purged");
                    self.purges.fetch_add(1, Relaxed);
                }
                1..4 => {
                    let manner = Manner { give_up_after: numbers.below(resource.size), ..Manner::WELL };
                    self.count(client.get(&resource, None, manner));
                }
                4..6 => {
                    let start = numbers.below(resource.size);
                    let end = start + 1 + numbers.below(resource.size - start);
                    self.count(client.get(&resource, Some(start..end), Manner::WELL));
                }
                _ => self.count(client.get(&resource, None, Manner::WELL)),
            }
            let received = client.received - before;
            self.received.fetch_add(received, Relaxed);
            #[expect(clippy::cast_precision_loss, reason = "bodies are small enough")]
            let least = Duration::from_secs_f64(0.001 + received as f64 / BYTES_PER_SECOND);
            std::thread::sleep(least.saturating_sub(begun.elapsed()));
        }
    }

    /// One who reads some MB of what is large with a pause after each read, and then goes away.
    fn run_slowly(&self, proxy: &Proxy, seed: u64) {
        let _stop = StopOnDrop(self);
        let (mut numbers, mut client) = (Numbers(seed), Client::new(proxy.address()));
        while self.goes_on() {
            let resource = self.choose(&mut numbers, MB);
            let manner = Manner { give_up_after: 4 * MB, pause: Duration::from_millis(30) };
            self.count(client.get(&resource, None, manner));
        }
    }

    /// Purges all that was ever asked for.
    fn purge_all(&self, proxy: &Proxy) {
        let mut client = Client::new(proxy.address());
        let asked = self.asked.lock().unwrap();
        for (number, _) in asked.iter().enumerate().filter(|(_, asked)| **asked) {
            let resource = Resource::new(number as u64, 0);
            assert!(client.purge(&resource), "{resource:?} is not purged");
        }
    }
}

/// What was measured at one moment.
struct Sample {
    seconds: f64,
    rss: u64,
    store: u64,
    objects: u64,
    requests: u64,
}

impl Sample {
    fn take(proxy: &Proxy, load: &Load, since: Instant) -> Self {
        let metrics = proxy.metrics();
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.expect(name).parse().expect("a whole number")
        };
        Self {
            store: value("warp_store_bytes"),
            objects: value("warp_store_objects"),
            rss: proxy.resident_bytes(),
            requests: load.whole.load(Relaxed),
            seconds: since.elapsed().as_secs_f64(),
        }
    }
}

/// The bounds that hold at every moment.
#[derive(Clone, Copy)]
struct Bounds {
    limit: u64,
}

impl Bounds {
    fn of_process(self) -> u64 {
        self.limit + self.limit / 10 + BESIDE
    }

    /// The index and what is read of removed objects are counted without asking.
    fn of_store(self) -> u64 {
        self.limit + self.limit / 50 + MB
    }
}

fn csv(samples: &[Sample], bounds: Bounds) -> String {
    let mut text = "seconds,rss_bytes,store_bytes,limit_bytes,bound_bytes,objects,requests\n".to_owned();
    for Sample { seconds, rss, store, objects, requests } in samples {
        let (limit, bound) = (bounds.limit, bounds.of_process());
        writeln!(text, "{seconds:.1},{rss},{store},{limit},{bound},{objects},{requests}").unwrap();
    }
    text
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a whole number"))
}

/// Takes a sample each second until the time is over, or a client has failed.
fn watch(proxy: &Proxy, load: &Load, bounds: Bounds, length: Duration) -> Vec<Sample> {
    let (since, mut samples) = (Instant::now(), Vec::new());
    while since.elapsed() < length && load.goes_on() {
        std::thread::sleep(Duration::from_secs(1));
        samples.push(Sample::take(proxy, load, since));
        if let Ok(file) = std::env::var("CHURN_CSV") {
            std::fs::write(file, csv(&samples, bounds)).unwrap();
        }
    }
    samples
}

#[test]
fn memory_stays_near_the_limit_under_churn() {
    let length = Duration::from_secs(number("CHURN_SECONDS", 60));
    let bounds = Bounds { limit: number("CHURN_LIMIT_MB", 128) * MB };
    // Of 220 KB on average: some thirty times what fits.
    let load = Load::of(bounds.limit / 7_000);
    let origin = Origin::start();
    let address = origin.address;
    let policy = format!(
        "warp 1;\nbackend default {{ .host = \"{}\"; .port = \"{}\"; }}\n{POLICY}",
        address.ip(),
        address.port()
    );
    let memory = format!("{}B", bounds.limit);
    let proxy = Proxy::start_with(&policy, &["--memory", &memory]);

    let samples = std::thread::scope(|scope| {
        let (load, proxy) = (&load, &proxy);
        let stop = StopOnDrop(load);
        for seed in 0..CLIENTS {
            scope.spawn(move || load.run(proxy, seed));
        }
        for seed in CLIENTS..CLIENTS + SLOW_CLIENTS {
            scope.spawn(move || load.run_slowly(proxy, seed));
        }
        let samples = watch(proxy, load, bounds, length);
        drop(stop);
        samples
    });
    report(&samples, &load, bounds);
    print_counts(&proxy);

    for sample in &samples {
        let Sample { seconds, rss, store, .. } = *sample;
        assert!(rss <= bounds.of_process(), "after {seconds:.0} s the process takes {rss} bytes");
        assert!(store <= bounds.of_store(), "after {seconds:.0} s the store counts {store} bytes");
    }
    let all = [&load.whole, &load.given_up, &load.broken, &load.refused].map(|counter| counter.load(Relaxed));
    let [whole, given_up, broken, refused] = all;
    assert!(given_up > 0 && load.purges.load(Relaxed) > 0 && broken > 0);
    assert!((broken + refused) * 20 < whole, "{all:?}");

    // What was given up may still be fetched to its end.
    proxy.wait_for_metric("warp_requests_in_flight", 0);
    load.purge_all(&proxy);
    // A fill that goes on counts, too.
    until("an empty store", || (proxy.metric("warp_store_bytes") == 0).then_some(()));
    assert_eq!(proxy.metric("warp_store_objects"), 0);
    proxy.wait_for_metric("warp_requests_in_flight", 0);
}

/// Tells all to stop: at the end, and also when one of them fails.
struct StopOnDrop<'a>(&'a Load);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Relaxed);
    }
}

fn report(samples: &[Sample], load: &Load, bounds: Bounds) {
    let most = |value: fn(&Sample) -> u64| samples.iter().map(value).max().unwrap_or(0);
    let of_limit = |bytes: u64| bytes * 1000 / bounds.limit;
    let (rss, store) = (most(|sample| sample.rss), most(|sample| sample.store));
    println!(
        "limit {} bytes; at most {rss} resident ({}/1000 of the limit, {} bytes above it) and {store} counted ({}/1000)",
        bounds.limit,
        of_limit(rss),
        i64::try_from(rss).unwrap() - i64::try_from(bounds.limit).unwrap(),
        of_limit(store),
    );
    println!(
        "{} resources; {} whole, {} given up, {} broken, {} refused, {} purges, {} bytes received",
        load.resources,
        load.whole.load(Relaxed),
        load.given_up.load(Relaxed),
        load.broken.load(Relaxed),
        load.refused.load(Relaxed),
        load.purges.load(Relaxed),
        load.received.load(Relaxed),
    );
    for ((status, why), times) in load.refusals.lock().unwrap().iter() {
        println!("{times} times {status}: {why}");
    }
}

/// What was refused, and what else came of requests as warp counts it, for who looks at the run.
fn print_counts(proxy: &Proxy) {
    let metrics = proxy.metrics();
    let counted = ["warp_requests_total{", "warp_origin_requests_total{", "warp_fetches_abandoned_ended_total "];
    for line in metrics.lines().filter(|line| counted.iter().any(|start| line.starts_with(start))) {
        println!("{line}");
    }
}
