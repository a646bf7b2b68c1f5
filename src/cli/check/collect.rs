//! From the paths on the command line to the policies to check.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::overlay::{Overlay, STDIN};
use crate::cli::failure::shown;
use crate::cli::{Failure, policy_file};
use crate::lang::check::FILE_LIMIT_BYTES;
use crate::lang::lexer;

/// What is to be checked.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// The names of files that are policies of their own.
    pub(super) policies: Vec<String>,
    /// Files that were named, but have no `warp 1;`: checked alone if no policy includes them.
    pub(super) named_fragments: Vec<PathBuf>,
    /// Files of folders without `warp 1;`: only checked through what includes them.
    pub(super) found_fragments: Vec<PathBuf>,
    seen: BTreeSet<PathBuf>,
}

impl Entries {
    pub(super) fn have_stdin(&self) -> bool {
        self.policies.iter().any(|name| name == STDIN)
    }

    /// The names of all that may be checked as policies of their own.
    pub(super) fn names(&self) -> Vec<String> {
        let fragments = self.named_fragments.iter().map(|path| path.display().to_string());
        self.policies.iter().cloned().chain(fragments).collect()
    }

    fn add(&mut self, path: &Path, named: bool) -> Result<(), Failure> {
        if !self.seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned())) {
            return Ok(());
        }
        let shown = path.strip_prefix(".").unwrap_or(path);
        let name = policy_file::name(shown)?;
        if is_policy(path)? {
            self.policies.push(name.to_owned());
        } else if named {
            self.named_fragments.push(shown.to_owned());
        } else {
            self.found_fragments.push(shown.to_owned());
        }
        Ok(())
    }
}

/// The policies that `paths` stand for, none meaning the current folder. stdin is read into `files`.
///
/// # Errors
/// When a path cannot be read, or nothing is there to check: that is how a mistyped path shows.
pub(super) fn entries(paths: &[PathBuf], files: &mut Overlay) -> Result<Entries, Failure> {
    let current = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &current } else { paths };
    let mut entries = Entries::default();
    for path in paths {
        if path.as_os_str() == "-" {
            if !entries.have_stdin() {
                files.set_stdin(read_stdin()?);
                entries.policies.push(STDIN.to_owned());
            }
        } else if unreadable(path, path.metadata())?.is_dir() {
            let mut has_any = false;
            walk(path, &mut |file| {
                has_any = true;
                entries.add(file, false)
            })?;
            if !has_any {
                return Err(Failure::Usage(format!(
                    "there is no policy in {}: no file there ends in .warp",
                    shown(path)
                )));
            }
        } else {
            entries.add(path, true)?;
        }
    }
    if entries.policies.is_empty() && entries.named_fragments.is_empty() {
        let first = entries.found_fragments.first().map(|path| shown(path)).unwrap_or_default();
        return Err(Failure::Usage(format!(
            "there is no policy to check: {first} has no `warp 1;`, and neither has any other file"
        )));
    }
    Ok(entries)
}

/// Every `*.warp` file under `folder`, in the order of names; hidden folders and links to folders
/// are left out.
fn walk(folder: &Path, visit: &mut dyn FnMut(&Path) -> Result<(), Failure>) -> Result<(), Failure> {
    let entries = unreadable(folder, std::fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>))?;
    let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).filter(|path| !is_hidden(path)).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if !path.is_symlink() {
                walk(&path, visit)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "warp") {
            visit(&path)?;
        }
    }
    Ok(())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let read = up_to_the_limit(std::io::stdin().lock()).read_to_end(&mut text);
    read.map_err(|error| Failure::Stream { what: "read stdin", error })?;
    Ok(text)
}

/// One byte more than a policy may have, by which it is found too long.
fn up_to_the_limit(stream: impl Read) -> impl Read {
    stream.take(FILE_LIMIT_BYTES as u64 + 1)
}

/// Whether the first word of the file is `warp`; what is no file is told as one that cannot be read.
fn is_policy(path: &Path) -> Result<bool, Failure> {
    let Some(file) = unreadable(path, policy_file::open(path))? else { return Ok(true) };
    let mut text = Vec::new();
    unreadable(path, up_to_the_limit(file).read_to_end(&mut text))?;
    Ok(begins_with_warp(&String::from_utf8_lossy(&text)))
}

fn begins_with_warp(text: &str) -> bool {
    let first = lexer::tokens(text).find(|token| !token.kind.is_trivia());
    first.and_then(|token| text.get(token.range())) == Some("warp")
}

fn unreadable<T>(path: &Path, result: std::io::Result<T>) -> Result<T, Failure> {
    result.map_err(|error| Failure::Read { path: path.to_owned(), error })
}
