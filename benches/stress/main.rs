//! The memory store under everything at once, from many threads: fills that end well and badly, readers of all
//! of a body or of a range that go on or away, purges hard, soft and of groups, eviction, sweeps, walks, and a
//! limit that changes. Each body is compared with what it must be, and in the end every byte is given back. Before that
//! a thousand ask for one key at once, of which nothing is stored.
//!
//! ```sh
//! cargo bench --bench stress -- --seconds 60
//! ```
//!
//! `benches/asan.sh` runs it with a sanitizer that watches every access to memory.

// It may fail as tests do, and is nobody's library.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod body;
mod cache;
mod misses;
mod plain;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Tasks for each of the two: the store itself, and the store as pingora's cache.
const TASKS: u64 = 48;
const THREADS: usize = 6;
/// How many keys there are. Their bodies are some three times what the limit allows.
pub const KEYS: u64 = 600;
/// Bodies of more than a sixteenth of it are handed on and not kept.
pub const LIMIT: u64 = 8 << 20;

/// What was done, counted so that a run that does nothing is seen.
#[derive(Default)]
pub struct Done {
    pub stop: AtomicBool,
    pub stored: AtomicU64,
    pub aborted: AtomicU64,
    pub whole: AtomicU64,
    pub left: AtomicU64,
    /// Bodies that ended before their end, as they do when their fill is aborted.
    pub cut: AtomicU64,
}

impl Done {
    pub fn goes_on(&self) -> bool {
        !self.stop.load(Relaxed)
    }

    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }
}

/// The number behind `--seconds`; `cargo bench` adds a word of its own.
fn seconds() -> u64 {
    let mut words = std::env::args().skip_while(|word| word != "--seconds").skip(1);
    words.next().map_or(10, |word| word.parse().expect("--seconds takes a whole number"))
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build().expect("a runtime");
    let (plain, cache) = (plain::store(), cache::storage());
    runtime.block_on(misses::run(cache));
    let done = [Arc::<Done>::default(), Arc::<Done>::default()];
    let [of_plain, of_cache] = &done;
    let mut tasks = Vec::new();
    for seed in 0..TASKS {
        tasks.push(runtime.spawn(plain::work(plain.clone(), Arc::clone(of_plain), seed)));
        tasks.push(runtime.spawn(cache::work(cache, Arc::clone(of_cache), seed)));
    }
    std::thread::sleep(Duration::from_secs(seconds()));
    for done in &done {
        done.stop.store(true, Relaxed);
    }
    for task in tasks {
        runtime.block_on(task).expect("no task panics");
    }
    for (name, done) in ["the store", "as a cache"].iter().zip(&done) {
        let counters = [&done.stored, &done.aborted, &done.whole, &done.left, &done.cut];
        let [stored, aborted, whole, left, cut] = counters.map(|counter| counter.load(Relaxed));
        println!(
            "{name}: {stored} fills stored, {aborted} aborted; {whole} bodies read whole, {left} left, {cut} cut short"
        );
        assert!(stored > 0 && aborted > 0 && whole > 0 && left > 0 && cut > 0);
    }
    plain::end(&plain);
    cache::end(cache);
    println!("all bytes are given back");
}
