//! Time of one decision, and of building the trees: few rules and many, spread over hosts and all on
//! one host. `cargo bench --no-default-features --bench decision`.

#[path = "../tests/lang/decision/facts.rs"]
mod facts;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use warp_edge::decision::Program;
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Options, check_with};
use warp_edge::lang::hir::Hir;
use warp_edge::lang::schema::Step;

use facts::Request;

/// How many rules a host has when they are spread.
const RULES_A_HOST: usize = 5;

#[derive(Clone, Copy)]
enum Layout {
    Spread,
    OneHost,
}

impl Layout {
    fn name(self) -> &'static str {
        match self {
            Self::Spread => "spread over hosts",
            Self::OneHost => "on one host",
        }
    }

    fn host(self, rule: usize) -> String {
        match self {
            Self::Spread => format!("h{}.example.com", rule / RULES_A_HOST),
            Self::OneHost => "www.example.com".to_owned(),
        }
    }
}

/// A table of rules, half prefixes, half regular expressions.
fn policy(layout: Layout, rules: usize) -> Hir {
    let mut text = "warp 1;\nrules request first {\n".to_owned();
    for rule in 0..rules {
        let path = if rule % 2 == 0 {
            format!("path under \"/p{rule}/\"")
        } else {
            format!("path ~ \"^/r{rule}/[a-z]+/[0-9]+\\.html$\"")
        };
        let _ = writeln!(text, "when host == \"{}\" and {path} -> pass;", layout.host(rule));
    }
    text.push_str("else -> cache;\n}\n");
    let options = Options { require_backend: false, ..Options::default() };
    let checked = check_with("bench.warp", &MemoryFiles::new("bench.warp", text), &options);
    checked.hir.unwrap_or_default()
}

/// Requests for the first rule, the last two, and none.
fn requests(layout: Layout, rules: usize) -> [(&'static str, Request); 4] {
    let get = |rule: usize, url: String| Request::get(&layout.host(rule), &url);
    let (prefix, pattern) = (rules - 2, rules - 1);
    [
        ("first rule", get(0, "/p0/index.html".to_owned())),
        ("last prefix", get(prefix, format!("/p{prefix}/some/where/image.png?x=1"))),
        ("last pattern", get(pattern, format!("/r{pattern}/article/12345.html"))),
        ("no rule", get(pattern, "/wp-content/themes/style.css".to_owned())),
    ]
}

fn decide(criterion: &mut Criterion) {
    for layout in [Layout::Spread, Layout::OneHost] {
        let mut group = criterion.benchmark_group(format!("decide, {}", layout.name()));
        group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1)).sample_size(30);
        for rules in [10, 10_000] {
            let program = Program::new(&policy(layout, rules));
            for (name, mut request) in requests(layout, rules) {
                group.bench_function(BenchmarkId::new(name, rules), |bencher| {
                    bencher.iter(|| black_box(program.run(Step::Recv, black_box(&mut request))));
                });
            }
        }
        group.finish();
    }
}

fn build(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("build");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(3)).sample_size(20);
    for layout in [Layout::Spread, Layout::OneHost] {
        for rules in [10, 10_000] {
            let hir = || policy(layout, rules);
            group.bench_function(BenchmarkId::new(layout.name(), rules), |bencher| {
                bencher.iter_batched(hir, |hir| black_box(Program::new(&hir)), BatchSize::PerIteration);
            });
        }
    }
    group.finish();
}

criterion_group!(benches, decide, build);
criterion_main!(benches);
