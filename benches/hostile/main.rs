//! What texts that nobody writes take, from the parser to the evaluator: `cargo bench --no-default-features --bench
//! hostile`, with their size in bytes and a part of a name after `--`.

#![allow(clippy::unwrap_used, reason = "what cannot be measured ends the benchmark")]

mod texts;

#[path = "../../tests/lang/decision/facts.rs"]
mod facts;
#[path = "../support/process.rs"]
mod process;

use std::io::Write as _;
use std::time::Duration;

use allocation_counter::measure;
use warp_edge::decision::Program;
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, check};
use warp_edge::lang::diagnostic::render::graphical;
use warp_edge::lang::schema::{Action, Message};

use facts::Request;

/// The longest text that has to be taken.
const BYTES: usize = 1_000_000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let bytes = words.iter().find_map(|word| word.parse().ok()).unwrap_or(BYTES);
    let wanted = words.iter().find(|word| word.parse::<usize>().is_err());
    println!("texts of {bytes} bytes\n\n| text | found | check | show | compile | run all steps | memory |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for (name, write) in texts::TEXTS {
        if wanted.is_none_or(|wanted| name.contains(wanted.as_str())) {
            print!("| {name} | ");
            std::io::stdout().flush().unwrap_or_default();
            println!("{} |", taken(write(bytes)));
        }
    }
}

/// What a text takes, in cells of a table.
fn taken(text: String) -> String {
    let mut cells = String::new();
    let files = MemoryFiles::new("policy.warp", text);
    let counted = measure(|| cells = stages(&files));
    format!("{cells} | {} MB", counted.bytes_max / 1_000_000)
}

fn stages(files: &MemoryFiles) -> String {
    let (Checked { sources, diagnostics, hir }, checking) = timed(|| check("policy.warp", files));
    let (_, showing) = timed(|| graphical(&diagnostics, &sources, true));
    let found = match diagnostics.iter().find(|found| found.is_error()).or(diagnostics.first()) {
        Some(first) => format!("{} and {} more", first.code.id(), diagnostics.len() - 1),
        None => String::new(),
    };
    let Some(hir) = hir else { return format!("{found} | {} | {} | | ", ms(checking), ms(showing)) };
    let steps: Vec<_> = hir.steps.iter().map(|body| body.step).collect();
    let (program, compiling) = timed(|| Program::new(hir));
    let mut request = Request::get("h1.example", "/abcdefghij/klmnop?a=1&b=2&utm_c=3");
    request.headers.insert((Message::Req, "authorization".to_owned()), b"Basic YTpi".to_vec());
    let (verdicts, running) =
        timed(|| steps.iter().map(|step| program.run(*step, &mut request.clone())).collect::<Vec<_>>());
    let failed = verdicts.iter().find_map(|verdict| match verdict.action {
        Action::Fail => verdict.reason.as_deref().filter(|reason| reason.starts_with(b"the ")),
        _ => None,
    });
    let failed = String::from_utf8_lossy(failed.unwrap_or_default());
    format!("{found} {failed} | {} | {} | {} | {}", ms(checking), ms(showing), ms(compiling), ms(running))
}

/// In time of the processor, which what else runs on the machine changes little.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let thread = process::Thread::own();
    let began = thread.run_time();
    let made = work();
    (made, thread.run_time().saturating_sub(began))
}

fn ms(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}
