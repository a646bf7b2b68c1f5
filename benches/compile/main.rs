//! How long a policy of many rules takes from its text to what can run: `cargo bench --bench compile`, with the number
//! of rules after `--`.

#[path = "../support/rules.rs"]
mod rules;

use std::hint::black_box;
use std::time::{Duration, Instant};

use rules::Form;
use warp_edge::decision::Program;
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::check;
use warp_edge::lang::source::{FileId, SourceFile};
use warp_edge::lang::syntax::parse;

/// As in `warp` itself.
#[cfg(feature = "server")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RULES: usize = 10_000;
const TIMES: usize = 9;

fn main() {
    let rules = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(RULES);
    println!("{rules} rules\n\n| form | parse | check (parse and all) | index | whole |\n|---|---:|---:|---:|---:|");
    for form in Form::ALL {
        let text = form.policy(rules);
        let mut runs: Vec<[Duration; 3]> = (0..TIMES).map(|_| run(&text)).collect();
        let [parse, check, index] = [0, 1, 2].map(|part| {
            runs.sort_by_key(|run| run[part]);
            runs[TIMES / 2][part]
        });
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "| {} | {:.1} ms | {:.1} ms | {:.1} ms | {:.1} ms |",
            form.name(),
            ms(parse),
            ms(check),
            ms(index),
            ms(check + index)
        );
    }
}

fn run(text: &str) -> [Duration; 3] {
    let file = SourceFile::new("bench.warp", text);
    let began = Instant::now();
    let parsed = black_box(parse(FileId(0), &file));
    let parse = began.elapsed();
    drop(parsed);
    let files = MemoryFiles::new("bench.warp", text);
    let began = Instant::now();
    let checked = check("bench.warp", &files);
    let check = began.elapsed();
    let began = Instant::now();
    let program = black_box(Program::new(&checked.hir.unwrap_or_default()));
    let index = began.elapsed();
    drop(program);
    [parse, check, index]
}
