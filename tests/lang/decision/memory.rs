//! What a policy of many rules takes.

#[path = "../../../benches/support/rules.rs"]
mod rules;

use allocation_counter::measure;
use warp_edge::decision::Program;
use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, check};

use rules::Form;

/// How many rules are compared with none.
const RULES: usize = 1_000;

/// The bytes that a policy of so many rules keeps: its text, its places and its program.
fn kept(form: Form, rules: usize) -> i64 {
    let files = MemoryFiles::new("rules.warp", form.policy(rules));
    let mut kept = None;
    let taken = measure(|| {
        let Checked { sources, diagnostics, hir } = check("rules.warp", &files);
        kept = Some((Program::new(hir.expect("a policy without mistakes")), sources, diagnostics));
    });
    taken.bytes_current
}

#[test]
fn a_rule_keeps_less_than_a_kilobyte() {
    for form in Form::ALL {
        let each = (kept(form, RULES) - kept(form, 0)) / RULES.cast_signed() as i64;
        assert!(each < 1_000, "{}: {each} bytes a rule", form.name());
    }
}
