//! Where the running policy comes from.

use std::path::PathBuf;

use crate::files::DiskFiles;
use crate::lang::check::{Files, check};
use crate::lang::hir::{Backend, BackendAddress, BackendId, Hir};
use crate::lang::source::{FileId, Span};

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
    /// The name of the entry file, as [`Files`] knows it.
    pub(super) fn entry(&self) -> String {
        self.path.as_ref().map_or_else(|| ORIGIN_NAME.to_owned(), |path| path.display().to_string())
    }

    /// Points the backend `default` of `hir` to the origin; declares it first if the file does not.
    pub(super) fn place_origin(&self, hir: &mut Hir) {
        let Some(origin) = &self.origin else { return };
        if let Some(backend) = hir.backends.iter_mut().find(|backend| backend.name == DEFAULT) {
            backend.address = Some(origin.clone());
            return;
        }
        let Some(backend) = self.origin_backend() else { return };
        hir.default_backend = u32::try_from(hir.backends.len()).ok().map(BackendId);
        hir.backends.push(backend);
    }

    /// The backend of a bare `--origin`, with the defaults that the language gives it.
    fn origin_backend(&self) -> Option<Backend> {
        let bare = Self { path: None, origin: self.origin.clone() };
        let checked = check(ORIGIN_NAME, &SourceFiles { source: &bare, disk: &DiskFiles });
        let mut backend = checked.hir?.backends.into_iter().next()?;
        backend.span = Span::new(FileId(u32::MAX), 0..0);
        Some(backend)
    }

    /// The policy that stands for a bare `--origin`: one backend, the rest is built in.
    fn origin_text(&self) -> String {
        let Some(BackendAddress { host, port }) = &self.origin else { return "warp 1;\n".to_owned() };
        format!("warp 1;\n\nbackend {DEFAULT} {{\n    .host = \"{host}\";\n    .port = \"{port}\";\n}}\n")
    }
}

const DEFAULT: &str = "default";

/// The files of a source: the disk, plus the policy of a bare `--origin`.
pub(super) struct SourceFiles<'a> {
    pub(super) source: &'a PolicySource,
    pub(super) disk: &'a dyn Files,
}

impl Files for SourceFiles<'_> {
    fn expand(&self, from: &str, pattern: &str) -> Result<Vec<String>, String> {
        self.disk.expand(from, pattern)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        if self.source.path.is_none() && name == ORIGIN_NAME {
            return Ok(self.source.origin_text().into_bytes());
        }
        self.disk.read(name)
    }
}
