//! Which directories to watch for a set of files, and which names in them matter.
//!
//! Directories, not files: editors write a new file and rename it over the old one, and Kubernetes
//! flips a symlink (`..data`) on the way to a `ConfigMap`'s files. So each hop of each symlink
//! counts, and so does the name of the folder that a file is in, for when it is made anew.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Component, MAIN_SEPARATOR_STR, Path, PathBuf};

use notify::Event;

use super::stamp::Stamp;
use crate::policy::reads::Reads;

/// A chain of symlinks longer than this is a loop (Linux gives up at 40 as well).
const MAX_HOPS: usize = 40;

/// Directories with the names in them that matter.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Targets {
    directories: BTreeMap<PathBuf, Names>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Names {
    exact: BTreeSet<OsString>,
    patterns: BTreeSet<glob::Pattern>,
}

impl Names {
    fn hold(&self, name: &OsStr) -> bool {
        let text = name.to_string_lossy();
        self.exact.contains(name) || self.patterns.iter().any(|pattern| pattern.matches(&text))
    }
}

impl Targets {
    /// Adds what a load asked for: files, the way to them, and the folders of patterns.
    pub fn add(&mut self, reads: &Reads) {
        for path in reads.paths() {
            self.add_path(path);
        }
        for (folder, pattern) in reads.patterns() {
            self.add_pattern(folder, pattern);
        }
    }

    /// The directories, which exist or existed a moment ago.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.directories.keys().map(PathBuf::as_path)
    }

    /// Whether the event may stand for a change of the policy. When in doubt it does.
    pub fn concern(&self, event: &Event) -> bool {
        event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(|path| self.hold(path))
    }

    /// What the watched places look like, for comparing later without an event.
    pub fn stamps(&self) -> Vec<Stamp> {
        let mut stamps = Vec::new();
        for (directory, names) in &self.directories {
            stamps.push(Stamp::of_directory(directory, !names.patterns.is_empty()));
            stamps.extend(names.exact.iter().map(|name| Stamp::of_file(&directory.join(name))));
        }
        stamps
    }

    fn hold(&self, path: &Path) -> bool {
        let named = || Some(self.directories.get(path.parent()?)?.hold(path.file_name()?));
        self.directories.contains_key(path) || named().unwrap_or(false)
    }

    /// Walks to `path` as the system would and adds each symlink on the way, the last folder and
    /// the file; where the way ends early, the name that is missing. Returns the place reached.
    fn add_path(&mut self, path: &Path) -> PathBuf {
        let mut way = Way::to(path);
        let mut hops = 0;
        while let Some(name) = way.left.pop_front() {
            if name == ".." {
                way.at.pop();
                continue;
            }
            let here = way.at.join(&name);
            let Ok(metadata) = std::fs::symlink_metadata(&here) else {
                self.names(&way.at).exact.insert(name);
                return here;
            };
            if metadata.is_symlink() || way.left.len() < 2 {
                self.names(&way.at).exact.insert(name);
            }
            match std::fs::read_link(&here) {
                Ok(_) if hops == MAX_HOPS => return here,
                Ok(target) => way.detour(&target),
                Err(_) => way.at = here,
            }
            hops += usize::from(metadata.is_symlink());
        }
        way.at
    }

    /// Adds the folders in which a path that matches `pattern`, written in `folder`, may appear.
    fn add_pattern(&mut self, folder: &Path, pattern: &Path) {
        let parts: Vec<&OsStr> = pattern.components().map(Component::as_os_str).collect();
        let literal = parts.iter().take_while(|part| !is_glob(part)).count();
        let (base, rest) = parts.split_at(literal.min(parts.len().saturating_sub(1)));
        // `join` of an absolute pattern leaves the folder out.
        self.add_below(&folder.join(base.iter().collect::<PathBuf>()), rest);
    }

    fn add_below(&mut self, base: &Path, rest: &[&OsStr]) {
        let reached = self.add_path(base);
        let Some((first, deeper)) = rest.split_first() else { return };
        let Ok(pattern) = glob::Pattern::new(&first.to_string_lossy()) else { return };
        if !reached.is_dir() {
            return;
        }
        self.names(&reached).patterns.insert(pattern.clone());
        // `**` stands for any number of folders, none among them.
        let any_depth = *first == "**";
        if any_depth {
            self.add_below(&reached, deeper);
        }
        let below = if any_depth { rest } else { deeper };
        if below.is_empty() {
            return;
        }
        for folder in folders_in(&reached).filter(|name| pattern.matches(&name.to_string_lossy())) {
            self.add_below(&reached.join(folder), below);
        }
    }

    fn names(&mut self, directory: &Path) -> &mut Names {
        self.directories.entry(directory.to_owned()).or_default()
    }
}

/// A place reached, and the names still to walk.
struct Way {
    at: PathBuf,
    left: VecDeque<OsString>,
}

impl Way {
    fn to(path: &Path) -> Self {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut way = Self { at: PathBuf::from(MAIN_SEPARATOR_STR), left: VecDeque::new() };
        way.detour(&absolute);
        way
    }

    /// Puts the target of a symlink before the names still to walk.
    fn detour(&mut self, target: &Path) {
        if target.is_absolute() {
            self.at = PathBuf::from(MAIN_SEPARATOR_STR);
        }
        let names = target.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
        for name in names.rev() {
            self.left.push_front(name.as_os_str().to_owned());
        }
    }
}

/// Its folders, not following links, which may lead in circles.
fn folders_in(directory: &Path) -> impl Iterator<Item = OsString> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.file_name())
}

fn is_glob(part: &OsStr) -> bool {
    part.to_string_lossy().contains(['*', '?', '['])
}
