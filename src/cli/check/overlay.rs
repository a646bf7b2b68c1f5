//! The disk with changes that are not written yet, and with stdin as a file.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::diff;
use crate::cli::{Failure, Output};
use crate::files::DiskFiles;
use crate::lang::check::{FILE_LIMIT_BYTES, Files, Unread};

/// The name of the text on stdin.
pub(super) const STDIN: &str = "<stdin>";

/// Files as a check sees them.
#[derive(Clone, Debug, Default)]
pub(super) struct Overlay {
    stdin: Option<Vec<u8>>,
    /// By the names behind all links, so that a file that goes by two is one.
    changed: BTreeMap<String, String>,
}

impl Overlay {
    pub(super) fn set_stdin(&mut self, text: Vec<u8>) {
        self.stdin = Some(text);
    }

    /// Puts `text` over the file of that name, in memory.
    pub(super) fn change(&mut self, name: &str, text: String) {
        self.changed.insert(self.behind_links(name), text);
    }

    /// What would be written, as one unified diff.
    pub(super) fn diff(&self) -> String {
        self.changed.iter().map(|(name, text)| self.diff_of(name, text)).collect()
    }

    fn diff_of(&self, name: &str, text: &str) -> String {
        let before = self.original(name, FILE_LIMIT_BYTES).unwrap_or_default();
        let before = String::from_utf8_lossy(&before);
        diff::unified(name, &before, text)
    }

    /// Writes what changed; the text of stdin goes to `out`, changed or not.
    pub(super) fn save(&self, out: &mut Output) -> Result<(), Failure> {
        for (name, text) in self.changed.iter().filter(|(name, _)| *name != STDIN) {
            replace(Path::new(name), text).map_err(|error| Failure::Write { path: PathBuf::from(name), error })?;
        }
        match &self.stdin {
            Some(text) => {
                let text = String::from_utf8_lossy(text);
                out.write(self.changed.get(STDIN).map_or(&text, String::as_str))
            }
            None => Ok(()),
        }
    }

    fn behind_links(&self, name: &str) -> String {
        if self.stdin.is_some() && name == STDIN {
            return name.to_owned();
        }
        let path = Path::new(name).canonicalize().ok();
        path.and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_else(|| name.to_owned())
    }

    fn original(&self, name: &str, most_bytes: usize) -> Result<Vec<u8>, Unread> {
        match &self.stdin {
            Some(text) if name == STDIN && text.len() > most_bytes => Err(Unread::TooLarge),
            Some(text) if name == STDIN => Ok(text.clone()),
            _ => DiskFiles.read(name, most_bytes),
        }
    }
}

impl Files for Overlay {
    fn expand(&self, from: &str, pattern: &str) -> Result<Vec<String>, String> {
        DiskFiles.expand(from, pattern)
    }

    fn read(&self, name: &str, most_bytes: usize) -> Result<Vec<u8>, Unread> {
        let changed = if self.changed.is_empty() { None } else { self.changed.get(&self.behind_links(name)) };
        changed.map_or_else(|| self.original(name, most_bytes), |text| Ok(text.clone().into_bytes()))
    }
}

/// Writes a new file and renames it over the old one (through symlinks, keeping its mode and owner), so that
/// a proxy that watches it never sees half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = path.canonicalize()?;
    // A file that may not be written is not replaced either, though its folder would allow it.
    let old = OpenOptions::new().write(true).open(&target)?;
    let beside = beside(&target);
    // What is there already is somebody else's, and may be a link to anywhere.
    let fresh = File::create_new(&beside)?;
    let written = fill(&fresh, &old, text).and_then(|()| std::fs::rename(&beside, &target));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// A name in the same folder, that no policy has.
fn beside(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.mended", std::process::id()));
    target.with_file_name(name)
}

fn fill(mut fresh: &File, old: &File, text: &str) -> io::Result<()> {
    let metadata = old.metadata()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let group = || fchown(fresh, None, Some(metadata.gid()));
        // Nobody but root may give a file away; a group can be kept by all who are in it.
        let _ = fchown(fresh, Some(metadata.uid()), Some(metadata.gid())).or_else(|_| group());
    }
    fresh.set_permissions(metadata.permissions())?;
    fresh.write_all(text.as_bytes())
}
