//! The disk with changes that are not written yet, and with stdin as a file.

use std::collections::BTreeMap;
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
    changed: BTreeMap<String, String>,
}

impl Overlay {
    pub(super) fn set_stdin(&mut self, text: Vec<u8>) {
        self.stdin = Some(text);
    }

    /// Puts `text` over the file of that name, in memory.
    pub(super) fn change(&mut self, name: &str, text: String) {
        self.changed.insert(name.to_owned(), text);
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
        self.changed.get(name).map_or_else(|| self.original(name, most_bytes), |text| Ok(text.clone().into_bytes()))
    }
}

/// Writes a new file and renames it over the old one (through symlinks, keeping its mode), so that
/// a proxy that watches it never sees half of it.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let target = path.canonicalize()?;
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".mended");
    let fresh = target.with_file_name(name);
    std::fs::write(&fresh, text)?;
    std::fs::set_permissions(&fresh, target.metadata()?.permissions())?;
    std::fs::rename(&fresh, &target)
}
