//! Time of one evaluation of many rules and of few, over thousands of different URLs.
//!
//! `cargo bench --no-default-features --bench decision` has criterion measure each; with `-- --table` it prints a table of
//! the best of several rounds instead, and with `-- --instructions` one of instructions, which other programs on the
//! machine do not change.

#[path = "../support/asked.rs"]
mod asked;
mod instructions;
mod matrix;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, BenchmarkId, Criterion};
use warp_edge::decision::Program;
use warp_edge::lang::schema::Step;

use asked::Asked;
use matrix::{Cell, SIZES, URLS};

/// How often all URLs are asked for; the best counts.
const ROUNDS: usize = 60;

fn main() {
    if instructions::evaluate_if_asked() {
        return;
    }
    let is_asked = |word: &str| std::env::args().any(|argument| argument == word);
    if is_asked("--table") {
        return print_table();
    }
    if is_asked("--instructions") {
        return instructions::print();
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    evaluate(&mut criterion);
    build(&mut criterion);
    criterion.final_summary();
}

fn evaluate(criterion: &mut Criterion) {
    for cell in Cell::all() {
        let mut group = criterion.benchmark_group(cell.name());
        for rules in SIZES {
            let (program, mut requests) = (cell.program(rules), cell.requests(rules));
            let mut next = 0;
            group.bench_function(BenchmarkId::from_parameter(rules), |bencher| {
                bencher.iter(|| {
                    next = (next + 1) % URLS;
                    requests.get_mut(next).map(|request| black_box(program.run(Step::Recv, request)))
                });
            });
        }
        group.finish();
    }
}

fn build(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check and build");
    for cell in Cell::all().filter(|cell| cell.form == matrix::Form::Table) {
        group.bench_function(cell.name(), |bencher| {
            bencher.iter_batched(|| cell, |cell| black_box(cell.program(SIZES[1])), BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn print_table() {
    println!("| rules | 10 rules | 10,000 rules | ratio |\n|---|---:|---:|---:|");
    for cell in Cell::all() {
        let mut sides = SIZES.map(|rules| (cell.program(rules), cell.requests(rules), f64::MAX));
        // In turns, so that what else runs hits both alike.
        for _ in 0..ROUNDS {
            for (program, requests, best) in &mut sides {
                *best = best.min(round(program, requests));
            }
        }
        let [few, many] = sides.map(|(_, _, best)| best);
        println!("| {} | {few:.0} ns | {many:.0} ns | {:.2} |", cell.name(), many / few);
    }
}

/// Nanoseconds of an evaluation, on the average of all URLs.
#[expect(clippy::cast_precision_loss, reason = "of a few thousand")]
fn round(program: &Program, requests: &mut [Asked]) -> f64 {
    let began = Instant::now();
    for request in requests.iter_mut() {
        black_box(program.run(Step::Recv, request));
    }
    began.elapsed().as_secs_f64() * 1e9 / requests.len() as f64
}
