//! One policy file as an argument, for the commands that need a policy without mistakes.

use std::fs::File;
use std::io;
use std::path::Path;

use super::{Failure, output::Output};
use crate::files::DiskFiles;
use crate::lang::check::check;
use crate::lang::diagnostic::render;
use crate::lang::hir::Hir;
use crate::lang::source::SourceMap;

/// The policy in the file of that path, with its text. If it has errors they are shown on stderr, and there is none.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn read(path: &Path) -> Result<Option<(Hir, SourceMap)>, Failure> {
    let failure = |error| Failure::Read { path: path.to_owned(), error };
    open(path).map_err(failure)?;
    if path.is_dir() {
        return Err(failure(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")));
    }
    let checked = check(name(path)?, &DiskFiles);
    if checked.hir.is_none() {
        let mut err = Output::stderr();
        let errors: Vec<_> = checked.diagnostics.iter().filter(|it| it.is_error()).cloned().collect();
        err.write(&render::graphical(&errors, &checked.sources, err.colour()))?;
    }
    Ok(checked.hir.map(|hir| (hir, checked.sources)))
}

/// The file, opened, if it is one: opening a pipe waits for somebody to write to it, and checking tells of what is none.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn open(path: &Path) -> io::Result<Option<File>> {
    path.metadata()?.is_file().then(|| File::open(path)).transpose()
}

/// The name that a policy goes by: its path, as text.
///
/// # Errors
/// When the path is no text.
pub(super) fn name(path: &Path) -> Result<&str, Failure> {
    let is_no_text = || io::Error::new(io::ErrorKind::InvalidInput, "its name is not UTF-8");
    path.to_str().ok_or_else(|| Failure::Read { path: path.to_owned(), error: is_no_text() })
}
