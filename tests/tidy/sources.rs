//! The sources of the package as text, and the rules about single files.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the package.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file of ours.
pub struct Source {
    /// From the folder of the package, with `/`.
    pub path: String,
    pub text: String,
}

/// The files that match a pattern below the folder of the package.
pub fn files(pattern: &str) -> Vec<Source> {
    let pattern = root().join(pattern);
    let paths = glob::glob(pattern.to_str().unwrap()).unwrap().flatten();
    let found: Vec<Source> = paths.map(|path| read(&path)).collect();
    assert!(!found.is_empty(), "nothing matches {}", pattern.display());
    found
}

fn read(path: &Path) -> Source {
    let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
    Source { path: relative, text: fs::read_to_string(path).unwrap() }
}

impl Source {
    /// The text up to the tests at its end; nothing of a file that holds tests alone.
    pub fn shipped(&self) -> &str {
        if self.path.ends_with("/tests.rs") || self.path.contains("/tests/") {
            return "";
        }
        self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    /// The shipped lines that are no comments, with their numbers from 1.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.shipped().lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Where the shipped code holds one of these texts.
    fn places_of(&self, texts: &[&str]) -> Vec<String> {
        let hits = self.code().filter(|(_, line)| texts.iter().any(|text| line.contains(text)));
        hits.map(|(number, line)| format!("{}:{number}: {}", self.path, line.trim())).collect()
    }
}

#[test]
fn each_module_says_what_it_is() {
    let silent: Vec<String> = files("src/**/*.rs")
        .into_iter()
        .filter(|source| !source.shipped().is_empty() && !source.text.starts_with("//!"))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top of {silent:#?}");
}

/// A file that nobody can keep in mind is two files.
const MOST_LINES: usize = 800;

#[test]
fn no_file_is_too_long() {
    for source in files("src/**/*.rs").into_iter().chain(files("tests/**/*.rs")) {
        let lines = source.text.lines().count();
        assert!(lines < MOST_LINES, "{} has {lines} lines", source.path);
    }
}

/// What ends a thread, where a request would be on it.
const ENDINGS: &[&str] = &[".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!("];

#[test]
fn nothing_on_the_path_of_a_request_panics() {
    for module in ["proxy", "store", "policy", "cache", "decision", "origin", "telemetry"] {
        for source in files(&format!("src/{module}/**/*.rs")) {
            assert_eq!(source.places_of(ENDINGS), Vec::<String>::new());
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["#[ign", "ore"]].map(|parts| parts.concat());
    for source in files("src/**/*.rs").into_iter().chain(files("tests/**/*.rs")) {
        let found = source.text.lines().find(|line| marks.iter().any(|mark| line.contains(mark)));
        assert_eq!(found, None, "{}", source.path);
    }
}
