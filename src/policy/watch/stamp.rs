//! What a file looks like from outside: enough to see that it is another one.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

/// Time, length and identity of a file, symlinks followed; all `None` if it is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    modified: Option<SystemTime>,
    length: Option<u64>,
    identity: Option<(u64, u64)>,
}

impl Stamp {
    /// The stamp of a file.
    pub fn of_file(path: &Path) -> Self {
        let Ok(metadata) = path.metadata() else { return Self::default() };
        if metadata.is_dir() {
            return Self { identity: Some(identity(&metadata)), ..Self::default() };
        }
        Self { modified: metadata.modified().ok(), length: Some(metadata.len()), identity: Some(identity(&metadata)) }
    }

    /// The stamp of a directory; its time changes with each name in it, so that it counts only
    /// where new names matter.
    pub fn of_directory(path: &Path, names_matter: bool) -> Self {
        let Ok(metadata) = path.metadata() else { return Self::default() };
        let modified = metadata.modified().ok().filter(|_| names_matter);
        Self { modified, length: None, identity: Some(identity(&metadata)) }
    }
}

/// Device and inode.
fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
