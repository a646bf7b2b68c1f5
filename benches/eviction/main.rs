//! Hit ratios of policies of eviction on generated traces, counted by bytes, and of warp's own store on the same:
//! tables in Markdown. `cargo bench --bench eviction`; a word after `--` picks the traces whose name holds it.

#![allow(clippy::unwrap_used, reason = "what cannot be measured ends the benchmark")]

mod arc;
mod fifo;
mod gdsf;
mod lists;
mod lru;
mod policy;
mod real;
mod rng;
mod s3_fifo;
mod sieve;
mod sketch;
mod table;
mod tiny_clock;
mod trace;
mod w_tiny_lfu;
mod zipf;

use policy::{Make, Room};
use table::{Ratio, Row};
use trace::{Order, Sizes, Trace};

/// The first one is what the others are compared with.
const CONTENDERS: &[(&str, Make)] = &[
    ("LRU", lru::Lru::boxed),
    ("FIFO", fifo::Fifo::boxed),
    ("SIEVE", sieve::Sieve::boxed),
    ("ARC", arc::Arc::boxed),
    ("S3-FIFO", s3_fifo::S3Fifo::boxed),
    ("S3-FIFO, sized", s3_fifo::S3Fifo::sized),
    ("W-TinyLFU", w_tiny_lfu::WTinyLfu::boxed),
    ("TinyClock", tiny_clock::TinyClock::boxed),
    ("GDSF", gdsf::Gdsf::boxed),
    ("warp's store", real::RealStore::boxed),
];

const ORDERS: &[Order] = &[
    Order::Zipf(0.6),
    Order::Zipf(0.8),
    Order::Zipf(0.9),
    Order::Zipf(1.0),
    Order::Zipf(1.2),
    Order::Scans(0.9),
    Order::Wonders(0.9),
    Order::Drift(0.9),
    Order::Upheaval(0.9),
    Order::Loop,
];

/// How many objects a trace of each kind has, and how many requests.
const EQUAL: (usize, usize) = (1_000_000, 5_000_000);
const LOG_NORMAL: (usize, usize) = (100_000, 2_000_000);

/// The room of the cache in percent of the bytes of all objects that are asked for more than once.
const SHARES: [u64; 3] = [1, 5, 20];
/// An object may take this part of the room, as in the store.
const LARGEST_SHARE: u64 = 16;
/// The first part of a trace that fills the cache and is not counted.
const WARM_UP: usize = 5;
/// A loop has so many objects more than the cache holds, in percent.
const LOOP_SURPLUS: u64 = 10;

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with("--")).unwrap_or_default();
    let overhead = real::overhead();
    println!("Each object is charged {overhead} B beside its body.\n");
    let mut rows = Vec::new();
    for (sizes, (objects, requests)) in [(Sizes::LogNormal, LOG_NORMAL), (Sizes::Equal, EQUAL)] {
        for order in ORDERS {
            let whole = Trace::new(*order, objects, sizes, requests);
            if !format!("{}, {}", whole.name, sizes.name()).contains(&wanted) {
                continue;
            }
            rows.extend(SHARES.map(|share| measure(&whole, *order, (objects, sizes), share, overhead)));
        }
    }
    let names: Vec<&str> = CONTENDERS.iter().map(|(name, _)| *name).collect();
    table::print("Object hit ratio", &names, &rows, |ratio| ratio.objects);
    table::print("Byte hit ratio", &names, &rows, |ratio| ratio.bytes);
}

/// All contenders on one trace, with room for a part of its bytes.
fn measure(whole: &Trace, order: Order, (objects, sizes): (usize, Sizes), share: u64, overhead: u64) -> Row {
    let charge = |size: &u32| u64::from(*size) + overhead;
    let all: u64 = whole.sizes[..objects].iter().map(charge).sum();
    let bytes = all * share / 100;
    let fitting = bytes * objects as u64 / all;
    let looped = matches!(order, Order::Loop).then(|| {
        let objects = usize::try_from(fitting * (100 + LOOP_SURPLUS) / 100).unwrap();
        Trace::new(order, objects, sizes, whole.requests.len())
    });
    let trace = looped.as_ref().unwrap_or(whole);
    let room = Room { bytes, ids: trace.sizes.len(), objects: fitting };
    let ratios = std::thread::scope(|scope| {
        let started = CONTENDERS.iter().map(|(_, make)| scope.spawn(move || run(trace, *make, room, overhead)));
        started.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let is_loop = matches!(order, Order::Loop);
    Row { trace: format!("{}, {}", trace.name, sizes.name()), share, is_loop, ratios }
}

/// One contender on one trace.
fn run(trace: &Trace, make: Make, room: Room, overhead: u64) -> Ratio {
    let mut policy = make(room);
    let mut ratio = Ratio::default();
    let counted_from = trace.requests.len() / WARM_UP;
    for (at, id) in trace.requests.iter().enumerate() {
        let size = u64::from(trace.sizes[*id as usize]);
        let charge = size + overhead;
        let hit = charge <= room.bytes / LARGEST_SHARE && policy.request(*id, charge);
        if at >= counted_from {
            ratio.count(hit, size);
        }
    }
    ratio
}
