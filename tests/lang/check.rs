//! Checking: from the text of a policy to its findings and its typed form.

use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, Options, check_with};

fn check(text: &str) -> Checked {
    let options = Options { require_backend: false, ..Options::default() };
    check_with("policy.warp", &MemoryFiles::new("policy.warp", text), &options)
}

#[test]
fn the_builtin_policy_is_clean() {
    let checked = check("warp 1;\n");
    assert!(checked.diagnostics.is_empty(), "{:#?}", checked.diagnostics);
    assert!(checked.hir.is_some());
}
