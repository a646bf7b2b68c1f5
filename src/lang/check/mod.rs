//! Names, types, steps and control flow: from trees to the typed policy.

use super::diagnostic::Diagnostic;
use super::hir::Hir;
use super::source::SourceMap;

/// What checking a policy yields.
#[derive(Debug)]
pub struct Checked {
    /// Every file that was read.
    pub sources: SourceMap,
    /// All findings of all files, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The policy, if no finding is an error.
    pub hir: Option<Hir>,
}

/// Where the text of included files comes from. The disk is one place, a map in a test another.
pub trait Files {
    /// The names of the files that `pattern`, written in the file `from`, stands for, sorted.
    /// Empty if there is none.
    ///
    /// # Errors
    /// What went wrong, in words for the user.
    fn expand(&self, from: &str, pattern: &str) -> Result<Vec<String>, String>;

    /// The bytes of the file of that name.
    ///
    /// # Errors
    /// What went wrong, in words for the user.
    fn read(&self, name: &str) -> Result<Vec<u8>, String>;
}

/// Checks the policy that starts in the file `entry`, included files and all. Never fails.
#[must_use]
pub fn check(entry: &str, files: &dyn Files) -> Checked {
    let _ = (entry, files);
    Checked { sources: SourceMap::default(), diagnostics: Vec::new(), hir: None }
}
