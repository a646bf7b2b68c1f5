//! Hit ratios at the same real memory: warp's store, and pingora's `MemCache` with its LRU, which counts bodies alone.
//! `cargo bench --bench real_memory`.
//!
//! Each runs in a process of its own, again and again, with the highest limit sought with which the process grows by no
//! more than it may. All go through pingora's `Storage`; 100,000 pages of 4 KiB are asked for by zipf(0.9).

#![allow(clippy::unwrap_used, reason = "what cannot be measured ends the benchmark")]

#[path = "../support/page.rs"]
mod page;
#[path = "../support/process.rs"]
mod process;
#[path = "../eviction/rng.rs"]
#[allow(dead_code, reason = "popularity is all that is drawn here")]
mod rng;
mod stock;
#[path = "../eviction/zipf.rs"]
mod zipf;

use std::process::Command;

use bytes::Bytes;
use pingora::cache::storage::Storage;
use tokio::runtime::Builder;
use warp_edge::store::pingora::PingoraStorage;

use process::resident_bytes;
use rng::Rng;
use stock::Stock;
use zipf::Zipf;

/// As in `warp` itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NAMES: [&str; 2] = ["warp", "pingora MemCache, LRU"];
/// The word by which the program is asked to be a contender, followed by which and its limit.
const CONTEND: &str = "--contend";

const PAGES: usize = 100_000;
const BODY_BYTES: usize = 4096;
const REQUESTS: usize = 1_000_000;
/// Requests that fill the cache and are not counted.
const WARM_UP: usize = 400_000;
/// How much a process may grow.
const MEMORY_BYTES: u64 = 80 << 20;
/// How often the interval in which the limit lies is halved.
const TRIES: usize = 8;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let Some(at) = words.iter().position(|word| word == CONTEND) {
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        return contend(number(at + 1), number(at + 2));
    }
    println!("| cache | limit it was told, MiB | growth of the process, MiB | hit ratio |\n|---|---:|---:|---:|");
    for (which, name) in NAMES.iter().enumerate() {
        let (limit, outcome) = tuned(which);
        println!("| {name} | {:.1} | {:.1} | {:.4} |", mib(limit), mib(outcome.grown), outcome.hit_ratio);
    }
}

struct Outcome {
    grown: u64,
    hit_ratio: f64,
}

/// The highest limit with which a contender takes no more memory than it may, and what came of it.
fn tuned(which: usize) -> (u64, Outcome) {
    let (mut fits, mut too_much) = (MEMORY_BYTES / 4, 2 * MEMORY_BYTES);
    let mut best = run(which, fits);
    for _ in 0..TRIES {
        let limit = u64::midpoint(fits, too_much);
        let outcome = run(which, limit);
        if outcome.grown <= MEMORY_BYTES {
            (fits, best) = (limit, outcome);
        } else {
            too_much = limit;
        }
    }
    (fits, best)
}

fn run(which: usize, limit: u64) -> Outcome {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([CONTEND, &which.to_string(), &limit.to_string()]);
    let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let (grown, hit_ratio) = said.trim().split_once(' ').unwrap();
    Outcome { grown: grown.parse().unwrap(), hit_ratio: hit_ratio.parse().unwrap() }
}

/// Asks one cache for pages, and prints what that took.
fn contend(which: u64, limit: u64) {
    let before = resident_bytes();
    let zipf = Zipf::new(0.9, PAGES);
    let of_bench = resident_bytes() - before;
    let runtime = Builder::new_current_thread().build().unwrap();
    let hits = if which == 0 {
        let storage = Box::leak(Box::new(PingoraStorage::new(limit)));
        runtime.block_on(ask(&zipf, storage, None))
    } else {
        let stock = Stock::new(limit);
        runtime.block_on(ask(&zipf, stock.storage, Some(&stock)))
    };
    #[expect(clippy::cast_precision_loss, reason = "a ratio")]
    let ratio = hits as f64 / (REQUESTS - WARM_UP) as f64;
    println!("{} {ratio}", resident_bytes() - before - of_bench);
}

async fn ask(zipf: &Zipf, storage: &'static (dyn Storage + Sync), stock: Option<&Stock>) -> u64 {
    let (mut rng, mut hits) = (Rng::new(1), 0);
    let body = Bytes::from(vec![b'x'; BODY_BYTES]);
    for request in 0..REQUESTS {
        let number = zipf.draw(&mut rng) as u64;
        let key = page::key(number);
        let is_hit = page::read(storage, &key).await.is_some();
        match stock {
            Some(stock) if is_hit => stock.access(&key, BODY_BYTES),
            Some(stock) => stock.admit(&key, page::store(storage, number, &body).await).await,
            None if !is_hit => drop(page::store(storage, number, &body).await),
            None => {}
        }
        hits += u64::from(is_hit && request >= WARM_UP);
    }
    hits
}

#[expect(clippy::cast_precision_loss, reason = "printed with one digit")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
