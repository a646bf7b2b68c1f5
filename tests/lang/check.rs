//! Checking: from the text of a policy to its findings and its typed form.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may, as tests do")]

mod assemble;
mod bounds;
mod findings;
mod policy;
mod steps;
mod variables;

use warp_edge::files::MemoryFiles;
use warp_edge::lang::check::{Checked, Options, check_with};
use warp_edge::lang::hir::Hir;

/// Checks one file that needs no backend.
fn check(text: &str) -> Checked {
    let options = Options { require_backend: false, ..Options::default() };
    check_with("policy.warp", &MemoryFiles::new("policy.warp", text), &options)
}

/// The typed form of one file that is fine.
fn typed(text: &str) -> Hir {
    let checked = check(text);
    let codes = codes(&checked);
    checked.hir.unwrap_or_else(|| panic!("{codes:?} in {text}"))
}

/// The codes that were found, in the order of their places.
fn codes(checked: &Checked) -> Vec<&'static str> {
    checked.diagnostics.iter().map(|finding| finding.code.id()).collect()
}
