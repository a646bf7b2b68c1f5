//! Policy files on disk.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use crate::lang::check::{FILES_LIMIT, Files, Unread};

/// The files of the disk, named by their paths.
///
/// An `include` counts from the folder of the file that it stands in. Names come out without `.`
/// and `..` where that can be told from the name alone, so that one file has one name.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

impl Files for DiskFiles {
    fn expand(&self, from: &str, pattern: &str) -> Result<Vec<String>, String> {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        if !pattern.contains(['*', '?', '[']) {
            let path = tidy(&folder.join(pattern));
            return Ok(if path.exists() { vec![name_of(&path)?] } else { Vec::new() });
        }
        // The folder's own name is no pattern, whatever characters it has.
        let folder = glob::Pattern::escape(&folder.to_string_lossy());
        let whole = Path::new(&folder).join(pattern);
        let found =
            glob::glob(&whole.to_string_lossy()).map_err(|error| format!("the pattern is wrong: {}", error.msg))?;
        let mut names = Vec::new();
        for path in found {
            let path = path.map_err(|error| in_words(error.error()))?;
            if path.is_dir() {
                continue;
            }
            if names.len() >= FILES_LIMIT {
                return Err(format!("more than {FILES_LIMIT} files are like it"));
            }
            names.push(name_of(&tidy(&path))?);
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, name: &str, most_bytes: usize) -> Result<Vec<u8>, Unread> {
        let failed = |error: &io::Error| Unread::Failed(in_words(error));
        // Looked at before it is opened: opening a pipe waits for somebody to write to it.
        let metadata = std::fs::metadata(name).map_err(|error| failed(&error))?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            return Err(Unread::Failed("it is a folder".to_owned()));
        }
        if !kind.is_file() {
            return Err(Unread::Failed("it is a pipe or a device, not a file".to_owned()));
        }
        let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if len > most_bytes {
            return Err(Unread::TooLarge);
        }
        let file = File::open(name).map_err(|error| failed(&error))?;
        let mut bytes = Vec::with_capacity(len);
        // One byte more than is taken: it may have grown, and some files do not tell their length.
        file.take((most_bytes as u64).saturating_add(1)).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        if bytes.len() > most_bytes { Err(Unread::TooLarge) } else { Ok(bytes) }
    }
}

/// The path without `.` and, behind a plain name, without `..`.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            other => tidy.push(other),
        }
    }
    tidy
}

fn name_of(path: &Path) -> Result<String, String> {
    path.to_str().map(str::to_owned).ok_or_else(|| format!("the name {} is not UTF-8", path.display()))
}

/// What went wrong, in words for the user.
fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be read by this user".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::NotADirectory => "a part of its path is not a folder".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    fn expand(folder: &tempfile::TempDir, from: &str, pattern: &str) -> Vec<String> {
        let from = folder.path().join(from);
        let names = DiskFiles.expand(from.to_str().unwrap(), pattern).unwrap();
        let prefix = format!("{}/", folder.path().display());
        names.iter().map(|name| name.strip_prefix(&prefix).unwrap().to_owned()).collect()
    }

    #[test]
    fn patterns_count_from_the_including_file_and_come_out_sorted() {
        let folder = folder(&["main.warp", "parts/b.warp", "parts/a.warp", "parts/c.txt", "parts/d.warp/x"]);
        assert_eq!(expand(&folder, "main.warp", "parts/*.warp"), ["parts/a.warp", "parts/b.warp"]);
        assert_eq!(expand(&folder, "parts/a.warp", "./b.warp"), ["parts/b.warp"]);
        assert_eq!(expand(&folder, "parts/a.warp", "../main.warp"), ["main.warp"]);
        assert!(expand(&folder, "main.warp", "nothing.warp").is_empty());
        assert!(expand(&folder, "main.warp", "nothing/*.warp").is_empty());
    }

    #[test]
    fn a_folder_whose_name_looks_like_a_pattern_is_no_pattern() {
        let folder = folder(&["a[1]/main.warp", "a[1]/part.warp", "a1/part.warp"]);
        assert_eq!(expand(&folder, "a[1]/main.warp", "p*.warp"), ["a[1]/part.warp"]);
    }

    #[test]
    fn failures_are_told_in_words() {
        let folder = folder(&["main.warp"]);
        let read = |name: &str| DiskFiles.read(folder.path().join(name).to_str().unwrap(), 1).unwrap_err();
        let failed = |reason: &str| Unread::Failed(reason.to_owned());
        assert_eq!(read("missing.warp"), failed("there is no such file"));
        assert_eq!(read(""), failed("it is a folder"));
        assert_eq!(read("main.warp/x"), failed("a part of its path is not a folder"));
        std::fs::write(folder.path().join("main.warp"), "ab").unwrap();
        assert_eq!(read("main.warp"), Unread::TooLarge);
        // A file that tells no length.
        #[cfg(target_os = "linux")]
        assert_eq!(DiskFiles.read("/proc/self/status", 1), Err(Unread::TooLarge));
        assert!(DiskFiles.expand("main.warp", "a[*.warp").unwrap_err().starts_with("the pattern is wrong"));
    }
}
