//! Where the running policy comes from.

use std::path::PathBuf;

use super::reads::{Reads, Recorder};
use crate::lang::check::{Checked, Files, check};
use crate::lang::hir::{BackendAddress, Place};
use crate::lang::source::SourceMap;
use crate::lang::syntax::ast::Declaration;
use crate::lang::syntax::parse;

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
    /// Checks the policy; tells what was read from `disk` for it.
    pub(super) fn check(&self, disk: &dyn Files) -> (Checked, Reads) {
        let (checked, reads) = self.check_as(disk, false);
        if self.path.is_none() || self.origin.is_none() || declares_default(&checked.sources) {
            return (self.place_origin(checked), reads);
        }
        self.check_as(disk, true)
    }

    fn check_as(&self, disk: &dyn Files, declare_origin: bool) -> (Checked, Reads) {
        let disk = Recorder::new(disk);
        let entry = self.entry();
        let checked = check(&entry, &SourceFiles { source: self, entry: &entry, declare_origin, disk: &disk });
        (checked, disk.into_reads())
    }

    /// The name of the entry file, as [`Files`] knows it.
    fn entry(&self) -> String {
        self.path.as_ref().map_or_else(|| ORIGIN_NAME.to_owned(), |path| path.display().to_string())
    }

    /// Points the declared backend `default` to the origin.
    fn place_origin(&self, mut checked: Checked) -> Checked {
        let backends = checked.hir.iter_mut().flat_map(|hir| &mut hir.backends);
        if let Some((backend, origin)) = backends.filter(|backend| backend.name == DEFAULT).zip(&self.origin).next() {
            backend.place = Some(Place::Network(origin.clone()));
        }
        checked
    }

    /// The declaration of the origin as a backend.
    fn declaration(&self) -> String {
        let Some(BackendAddress { host, port }) = &self.origin else { return String::new() };
        format!("backend {DEFAULT} {{\n    .host = \"{host}\";\n    .port = \"{port}\";\n}}\n")
    }
}

/// Whether one of the files declares the backend `default`.
fn declares_default(sources: &SourceMap) -> bool {
    sources.iter().any(|(id, file)| {
        let (tree, _) = parse(id, file);
        let is_default = |it: &Declaration| matches!(it, Declaration::Backend(block) if block.name.text == DEFAULT);
        tree.declarations.iter().any(is_default)
    })
}

const DEFAULT: &str = "default";

/// The disk, with the origin declared where the policy does not.
struct SourceFiles<'a> {
    source: &'a PolicySource,
    entry: &'a str,
    declare_origin: bool,
    disk: &'a dyn Files,
}

impl Files for SourceFiles<'_> {
    fn expand(&self, from: &str, pattern: &str) -> Result<Vec<String>, String> {
        self.disk.expand(from, pattern)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        if self.source.path.is_none() && name == ORIGIN_NAME {
            return Ok(format!("warp 1;\n\n{}", self.source.declaration()).into_bytes());
        }
        let mut text = self.disk.read(name)?;
        if self.declare_origin && name == self.entry {
            text.push(b'\n');
            text.extend_from_slice(self.source.declaration().as_bytes());
        }
        Ok(text)
    }
}
