//! Where the running policy comes from.

use std::path::PathBuf;

use super::reads::Recorder;
use crate::lang::check::{Checked, Files, Options, Unread};
use crate::lang::hir::BackendAddress;
use crate::lint::check_to_run;

/// What `warp serve` was told to run: a policy file, an origin, or both.
///
/// Without a path it is the built-in policy alone in front of the origin; with both the origin is
/// the backend named `default`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySource {
    /// The policy file; `None` for the built-in policy alone.
    pub path: Option<PathBuf>,
    /// The backend named `default`, whatever the file says of its address.
    pub origin: Option<BackendAddress>,
}

/// The name under which the policy of a bare `--origin` is shown.
const ORIGIN_NAME: &str = "<origin>";

impl PolicySource {
    /// Checks the policy; `disk` writes down what is read for it.
    pub(super) fn check(&self, disk: &Recorder<'_>) -> Checked {
        let entry = self.entry();
        // Alone, the origin is declared in the text that stands for the missing file.
        let default_backend = self.origin.clone().filter(|_| self.path.is_some());
        let options = Options { default_backend, ..Options::default() };
        check_to_run(&entry, &SourceFiles { source: self, disk }, &options)
    }

    /// The name of the entry file, as [`Files`] knows it.
    fn entry(&self) -> String {
        self.path.as_ref().map_or_else(|| ORIGIN_NAME.to_owned(), |path| path.display().to_string())
    }

    /// The declaration of the origin as a backend.
    fn declaration(&self) -> String {
        let Some(BackendAddress { host, port }) = &self.origin else { return String::new() };
        format!("backend {DEFAULT} {{\n    .host = \"{host}\";\n    .port = \"{port}\";\n}}\n")
    }
}

const DEFAULT: &str = "default";

/// The disk, and the text that stands for a missing policy file.
struct SourceFiles<'a> {
    source: &'a PolicySource,
    disk: &'a dyn Files,
}

impl Files for SourceFiles<'_> {
    fn expand(&self, from: &str, pattern: &str) -> Result<Vec<String>, String> {
        self.disk.expand(from, pattern)
    }

    fn read(&self, name: &str, most_bytes: usize) -> Result<Vec<u8>, Unread> {
        if self.source.path.is_none() && name == ORIGIN_NAME {
            return Ok(format!("warp 1;\n\n{}", self.source.declaration()).into_bytes());
        }
        self.disk.read(name, most_bytes)
    }
}
