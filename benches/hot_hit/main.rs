//! What a hit of a page of 1 KiB costs through pingora's whole state machine, with three storages in turn: a bare map,
//! warp's store, and pingora's own `MemCache`. `cargo bench --bench hot_hit`.
//!
//! Rounds are short and their order rotates, so that a slow minute of the machine hits all alike; what counts is the
//! time of the proxy's thread. If valgrind is installed, the instructions of a lookup alone are counted as well.

#![allow(clippy::unwrap_used, reason = "what cannot be measured ends the benchmark")]

mod bare;
mod instructions;
mod load;
#[path = "../support/page.rs"]
mod page;
#[path = "../support/process.rs"]
mod process;
mod server;

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use load::Client;
use pingora::cache::MemCache;
use pingora::cache::storage::Storage;
use server::Server;
use warp_edge::store::pingora::PingoraStorage;

/// As in `warp` itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 90;
/// In each round, over each connection.
const REQUESTS: usize = 150;
const STORE_BYTES: u64 = 64 << 20;

/// The numbers of the pages beside the one that is asked for.
const OTHER_PAGES: Range<u64> = 2..22;

/// The names of the storages; the first is what the others are compared with.
const NAMES: [&str; 3] = ["bare map", "warp", "MemCache"];

/// A new storage by its place in the list of names, with other pages in it: a cache has more than one, and their fields
/// are much alike.
async fn storage(which: usize) -> &'static (dyn Storage + Sync) {
    let storage: &'static (dyn Storage + Sync) = match which {
        0 => Box::leak(Box::new(bare::BareMap::new())),
        1 => Box::leak(Box::new(PingoraStorage::new(STORE_BYTES))),
        _ => Box::leak(Box::new(MemCache::new())),
    };
    for number in OTHER_PAGES {
        page::store(storage, number, &Bytes::from_static(&[b'x'; load::BODY_BYTES])).await;
    }
    storage
}

struct Contender {
    server: Server,
    client: Client,
    /// Processor time of a request in each round, in microseconds.
    rounds: Vec<f64>,
}

impl Contender {
    fn start(which: usize, origin: std::net::SocketAddr) -> Self {
        let server = server::start(which, origin);
        let mut client = Client::connect(server.address);
        // One miss, and what is slow at first.
        client.ask(REQUESTS);
        Self { server, client, rounds: Vec::new() }
    }

    fn round(&mut self) {
        let before = self.server.thread.run_time();
        let requests = self.client.ask(REQUESTS);
        // The thread's time is noted when it goes to sleep.
        std::thread::sleep(Duration::from_millis(1));
        let spent = self.server.thread.run_time().saturating_sub(before);
        self.rounds.push(spent.as_secs_f64() * 1e6 / f64::from(requests));
    }
}

fn main() {
    if instructions::count_if_asked() {
        return;
    }
    let origin = load::start_origin();
    let mut contenders: Vec<Contender> = (0..NAMES.len()).map(|which| Contender::start(which, origin)).collect();
    for round in 0..ROUNDS {
        for turn in 0..NAMES.len() {
            contenders[(round + turn) % NAMES.len()].round();
        }
    }
    print(&contenders);
    instructions::print();
}

fn print(contenders: &[Contender]) {
    println!("| storage | processor time of a hit, us | of the bare map's, in the same round |\n|---|---:|---:|");
    for (name, contender) in NAMES.iter().zip(contenders) {
        let ratios = contender.rounds.iter().zip(&contenders[0].rounds).map(|(own, bare)| own / bare);
        let (time, ratio) = (median(contender.rounds.iter().copied()), median(ratios));
        println!("| {name} | {time:.2} | {ratio:.3} |");
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
