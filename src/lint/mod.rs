//! All that is found in a policy: what the checker says, and what its comments say about that.
//!
//! The commands and the running proxy ask here; [`crate::lang::check`] is asked by what needs the typed policy alone.

use crate::lang::check::{self, Checked, Files, Options};
use crate::lang::suppress;

/// Checks the policy that starts in the file `entry`, included files and all. Never fails.
#[must_use]
pub fn check(entry: &str, files: &dyn Files) -> Checked {
    check_with(entry, files, &Options::default())
}

/// [`check`], with what the caller brings along.
#[must_use]
pub fn check_with(entry: &str, files: &dyn Files, options: &Options) -> Checked {
    let Checked { sources, diagnostics, hir } = check::check_with(entry, files, options);
    let diagnostics = suppress::apply(&sources, diagnostics);
    Checked { sources, diagnostics, hir }
}
