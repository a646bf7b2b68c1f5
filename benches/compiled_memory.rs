//! What a policy of many rules takes in memory, its text included, while it is compiled and then: `cargo bench
//! --no-default-features --bench compiled_memory`, with the number of rules after `--`.

#![allow(clippy::expect_used, reason = "what cannot be measured ends the benchmark")]

#[path = "support/rules.rs"]
mod rules;

use allocation_counter::{AllocationInfo, measure};
use rules::Form;
use warp_edge::decision::Program;
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, check};

const RULES: usize = 10_000;

fn main() {
    let rules = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(RULES);
    println!(
        "{rules} rules\n\n| bytes for each rule | text | kept, text included | at the most | allocations |\n|---|---:|---:|---:|---:|"
    );
    for form in Form::ALL {
        let (none, all) = (taken(form, 0), taken(form, rules));
        let each = |all: i64, none: i64| (all - none) / rules.cast_signed() as i64;
        let text = form.policy(rules).len().cast_signed() as i64;
        let most = each(all.bytes_max.cast_signed(), none.bytes_max.cast_signed());
        let count = each(all.count_total.cast_signed(), none.count_total.cast_signed());
        let kept = each(all.bytes_current, none.bytes_current);
        println!("| {} | {} | {kept} | {most} | {count} |", form.name(), each(text, 0));
    }
}

/// What compiling a policy of so many rules takes, and what is kept of it.
fn taken(form: Form, rules: usize) -> AllocationInfo {
    let files = MemoryFiles::new("bench.warp", form.policy(rules));
    let mut kept = None;
    measure(|| {
        let Checked { sources, diagnostics, hir } = check("bench.warp", &files);
        kept = Some((Program::new(hir.expect("a policy without mistakes")), sources, diagnostics));
    })
}
