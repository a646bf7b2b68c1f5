//! Why a command could not do its work: exit code 2.

use std::io;
use std::path::{Path, PathBuf};

use crate::lang::diagnostic::render::visible;

/// An operating failure, or a use that the argument parser cannot know to be wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// What was asked for makes no sense; the text says what does.
    #[error("{0}")]
    Usage(String),
    /// `warp.toml` says what is not understood; the text shows where.
    #[error("the settings are wrong\n\n{0}")]
    Config(String),
    /// A file or folder could not be read.
    #[error("cannot read {}: {error}", shown(path))]
    Read { path: PathBuf, error: io::Error },
    /// A file could not be written.
    #[error("cannot write {}: {error}", shown(path))]
    Write { path: PathBuf, error: io::Error },
    /// stdout, or what feeds stdin, broke.
    #[error("cannot {what}: {error}")]
    Stream { what: &'static str, error: io::Error },
    /// The running proxy did not answer.
    #[cfg(feature = "server")]
    #[error(
        "cannot reach the admin listener at {admin}: {reason}\n  is `warp serve` running, with this `--admin` address?"
    )]
    Unreachable { admin: std::net::SocketAddr, reason: String },
    /// The proxy could not start, or broke.
    #[cfg(feature = "server")]
    #[error("{0}")]
    Serve(crate::proxy::ServeError),
}

/// A path as a terminal may see it.
pub(super) fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}
