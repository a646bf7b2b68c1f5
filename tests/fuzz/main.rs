//! Any text at all, for lexer, parser, checker, compiler and evaluator: none fails, hangs or fills the memory, and the
//! tree decides as the policy as written does.
//!
//! Inputs are made from the corpus by changes along its tokens, and from the schema by a writer of policies; an input
//! with something new in it is kept and changed further. The same seed makes the same inputs. A text that failed is
//! kept in `found/` and tried by every run. `./x fuzz MINUTES` goes on for longer, with seeds of its own.

#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_precision_loss, clippy::cast_possible_wrap)]

mod dice;
mod drive;
#[path = "../lang/decision/facts.rs"]
mod facts;
#[path = "../../benches/hostile/texts.rs"]
mod hostile;
#[path = "../support/mmdb.rs"]
mod mmdb;
mod mutate;
mod policy;
mod requests;
mod seeds;
mod targets;
mod words;
mod work;

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use drive::{Report, drive, drive_large, drive_text};

/// How many inputs a test makes: some seconds' worth where nothing is optimized.
const INPUTS: usize = 500;
const LARGE_INPUTS: usize = 4;

#[test]
fn any_text_is_taken() {
    let report = drive(1, |report| report.inputs < INPUTS);
    assert!(report.policies > INPUTS / 10, "too few policies without mistakes: {report:?}");
}

#[test]
fn a_text_of_a_megabyte_is_taken() {
    drive_large(2, LARGE_INPUTS);
}

/// How long texts are that are made to take long: a megabyte of each is tried by `cargo bench --bench hostile`.
const HOSTILE_BYTES: usize = 30_000;

#[test]
fn texts_made_to_take_long_are_taken() {
    for (name, write) in hostile::TEXTS {
        drive_text(name, write(HOSTILE_BYTES));
    }
}

#[test]
fn what_once_failed_holds() {
    let found = glob::glob(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/found/*.warp")).unwrap().flatten();
    for path in found.chain(std::env::var_os("FUZZ_FILE").map(Into::into)) {
        drive_text(&path.display().to_string(), std::fs::read_to_string(&path).unwrap());
    }
}

/// The long run: nothing unless `FUZZ_MINUTES` says for how long.
#[test]
fn as_long_as_asked_for() {
    let Some(minutes) = std::env::var("FUZZ_MINUTES").ok().and_then(|text| text.parse().ok()) else { return };
    let until = Instant::now() + Duration::from_mins(minutes);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let first = std::env::var("FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(now);
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let runs = (first..first + threads).map(|seed| thread::spawn(move || drive(seed, move |_| Instant::now() < until)));
    let runs: Vec<_> = runs.collect();
    runs.into_iter().zip(first..).for_each(|(run, seed)| show(seed, &run.join().unwrap()));
}

#[expect(clippy::print_stdout, reason = "the result of the run")]
fn show(seed: u64, report: &Report) {
    let Report { inputs, policies, compared, features, most } = report;
    println!("seed {seed}: {inputs} inputs, {policies} policies, {compared} comparisons, {features} features");
    for (stage, most) in most {
        let (memory, ms) = (most.memory_bytes / 1024, most.processor_ns / 1_000_000);
        println!("    {stage}: at most {memory} KiB, {} allocations, {ms} ms", most.allocations);
    }
}
