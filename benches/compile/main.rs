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
const TIMES: usize = 15;

fn main() {
    let rules = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(RULES);
    println!(
        "{rules} rules, median (least) of {TIMES}\n\n| form | parse | check, parsing included | index | both |\n|---|---:|---:|---:|---:|"
    );
    for form in Form::ALL {
        let text = form.policy(rules);
        let runs: Vec<[Duration; 3]> = (0..TIMES).map(|_| run(&text)).collect();
        let summary = |part: fn(&[Duration; 3]) -> Duration| {
            let mut times: Vec<f64> = runs.iter().map(|run| part(run).as_secs_f64() * 1e3).collect();
            times.sort_by(f64::total_cmp);
            format!("{:.1} ({:.1}) ms", times[TIMES / 2], times[0])
        };
        let [parse, check, index] =
            [|run: &[Duration; 3]| run[0], |run: &[Duration; 3]| run[1], |run: &[Duration; 3]| run[2]];
        let columns = [summary(parse), summary(check), summary(index), summary(|run| run[1] + run[2])];
        println!("| {} | {} |", form.name(), columns.join(" | "));
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
    let program = black_box(Program::new(checked.hir.unwrap_or_default()));
    let index = began.elapsed();
    drop(program);
    [parse, check, index]
}
