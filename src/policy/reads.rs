//! What a load asked of the files, and what they answered.
//!
//! Checking is a pure function of those answers: as long as they stay the same, compiling again
//! would yield the same policy or the same mistakes. So "did anything change" is answered by
//! asking again, and the same record says which places have to be watched.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::digest::Digest;
use super::watch::Stamp;
use crate::lang::check::{Files, Unread};

/// How often is looked whether what was read has changed since.
const LOOK: Duration = Duration::from_millis(100);

/// One `include` pattern that was looked up.
#[derive(Debug, PartialEq, Eq)]
struct Expansion {
    from: String,
    pattern: String,
    names: Result<Vec<String>, String>,
}

/// One file that was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    name: String,
    most_bytes: usize,
    text: Result<Digest, Unread>,
}

impl Asked {
    fn still_holds(&self, files: &dyn Files) -> bool {
        digested(&files.read(&self.name, self.most_bytes)) == self.text
    }
}

/// Every question of one load, in order, with its answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reads {
    files: Vec<Asked>,
    expansions: Vec<Expansion>,
}

impl Reads {
    /// Whether `files` would answer every question in the same way now. Reads every file again.
    #[must_use]
    pub fn still_hold(&self, files: &dyn Files) -> bool {
        let same_names = |it: &Expansion| files.expand(&it.from, &it.pattern) == it.names;
        self.expansions.iter().all(same_names) && self.files.iter().all(|asked| asked.still_holds(files))
    }

    /// The files that were asked for, the missing ones too.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|asked| Path::new(&asked.name))
    }

    /// The `include` patterns, each with the folder of the file that it stands in.
    pub fn patterns(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.expansions.iter().map(|it| {
            let folder = Path::new(&it.from).parent().filter(|folder| !folder.as_os_str().is_empty());
            (folder.unwrap_or(Path::new(".")), Path::new(&it.pattern))
        })
    }

    /// What tells the texts of the files apart, by their names. O(files).
    pub(super) fn texts(&self) -> Texts<'_> {
        let mut texts: HashMap<&str, Option<&Digest>> = HashMap::with_capacity(self.files.len());
        for asked in &self.files {
            let text = asked.text.as_ref().ok();
            texts
                .entry(asked.name.as_str())
                .and_modify(|first| *first = first.filter(|_| *first == text))
                .or_insert(text);
        }
        Texts(texts)
    }

    /// Sixteen hex digits that change with the text: the start of a SHA-256 over names and the hashes of texts.
    ///
    /// A label for people and for comparing instances; nothing is decided by it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let whole = Digest::made(|hash| {
            for asked in &self.files {
                let Ok(text) = &asked.text else { continue };
                hash.update(asked.name.as_bytes());
                hash.update(&[0]);
                hash.update(&text.0);
            }
        });
        hex::encode(&whole.0[..8])
    }
}

/// The texts that files had when they were read.
pub(super) struct Texts<'r>(HashMap<&'r str, Option<&'r Digest>>);

impl Texts<'_> {
    /// The text of that file; `None` if it was not read, or not the same each time.
    pub(super) fn of(&self, name: &str) -> Option<Digest> {
        self.0.get(name).copied().flatten().copied()
    }
}

fn digested(text: &Result<Vec<u8>, Unread>) -> Result<Digest, Unread> {
    text.as_deref().map(Digest::of).map_err(Clone::clone)
}

/// Passes questions on to `files` and writes them down.
pub(super) struct Recorder<'a> {
    files: &'a dyn Files,
    reads: RefCell<Reads>,
    /// What the files looked like before they were read, where a load is given up that has become obsolete.
    stamps: Option<RefCell<Vec<(PathBuf, Stamp)>>>,
    looked: Cell<Instant>,
    is_obsolete: Cell<bool>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(files: &'a dyn Files) -> Self {
        let (looked, is_obsolete) = (Cell::new(Instant::now()), Cell::new(false));
        Self { files, reads: RefCell::default(), stamps: None, looked, is_obsolete }
    }

    /// Reads no more once a file has changed that was read before: what came of it would be replaced at once, and would
    /// only hold up what is there by now.
    pub(super) fn giving_up(files: &'a dyn Files) -> Self {
        Self { stamps: Some(RefCell::default()), ..Self::new(files) }
    }

    /// What was read, and whether that was given up.
    pub(super) fn into_reads(self) -> (Reads, bool) {
        (self.reads.into_inner(), self.is_obsolete.get())
    }

    /// Looks once in a while whether what was read has changed, and notes the file that is read next.
    fn is_obsolete_before(&self, next: &str) -> bool {
        let Some(stamps) = &self.stamps else { return false };
        if self.looked.get().elapsed() >= LOOK {
            let has_changed = |(path, stamp): &(PathBuf, Stamp)| Stamp::of_file(path) != *stamp;
            self.is_obsolete.set(self.is_obsolete.get() || stamps.borrow().iter().any(has_changed));
            self.looked.set(Instant::now());
        }
        let path = PathBuf::from(next);
        let stamp = Stamp::of_file(&path);
        stamps.borrow_mut().push((path, stamp));
        self.is_obsolete.get()
    }
}

impl Files for Recorder<'_> {
    fn expand(&self, from: &str, pattern: &str) -> Result<Vec<String>, String> {
        let names = self.files.expand(from, pattern);
        let expansion = Expansion { from: from.to_owned(), pattern: pattern.to_owned(), names: names.clone() };
        self.reads.borrow_mut().expansions.push(expansion);
        names
    }

    fn read(&self, name: &str, most_bytes: usize) -> Result<Vec<u8>, Unread> {
        if self.is_obsolete_before(name) {
            return Err(Unread::Failed("what was read before it has changed since".to_owned()));
        }
        let text = self.files.read(name, most_bytes);
        let asked = Asked { name: name.to_owned(), most_bytes, text: digested(&text) };
        self.reads.borrow_mut().files.push(asked);
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Default)]
    struct Memory(BTreeMap<String, Vec<u8>>);

    impl Memory {
        fn with(mut self, name: &str, text: &str) -> Self {
            self.0.insert(name.to_owned(), text.as_bytes().to_vec());
            self
        }
    }

    impl Files for Memory {
        fn expand(&self, _: &str, pattern: &str) -> Result<Vec<String>, String> {
            let stem = pattern.trim_end_matches('*');
            Ok(self.0.keys().filter(|name| name.starts_with(stem)).cloned().collect())
        }

        fn read(&self, name: &str, _: usize) -> Result<Vec<u8>, Unread> {
            self.0.get(name).cloned().ok_or_else(|| Unread::Failed("no such file".to_owned()))
        }
    }

    fn reads_of(files: &Memory) -> Reads {
        let recorder = Recorder::new(files);
        for name in recorder.expand("main", "part*").unwrap() {
            recorder.read(&name, 10).unwrap();
        }
        let _ = recorder.read("main", 10);
        recorder.into_reads().0
    }

    #[test]
    fn tell_a_text_apart_unless_it_changed_between() {
        let reads = reads_of(&Memory::default().with("main", "a").with("part1", "b"));
        assert_eq!(reads.texts().of("part1"), Some(Digest::of(b"b")));
        assert_eq!(reads.texts().of("part2"), None);

        let again = reads_of(&Memory::default().with("main", "A").with("part1", "b"));
        let both = Reads { files: reads.files.into_iter().chain(again.files).collect(), expansions: Vec::new() };
        assert_eq!([both.texts().of("main"), both.texts().of("part1")], [None, Some(Digest::of(b"b"))]);
    }

    #[test]
    fn hold_while_nothing_changes() {
        let files = Memory::default().with("main", "a").with("part1", "b");
        assert!(reads_of(&files).still_hold(&files));
    }

    #[test]
    fn break_on_other_text_a_new_match_and_a_file_that_appears() {
        let files = Memory::default().with("main", "a").with("part1", "b");
        let reads = reads_of(&files);
        assert!(!reads.still_hold(&Memory::default().with("main", "a").with("part1", "B")));
        assert!(!reads.still_hold(&Memory::default().with("main", "a").with("part1", "b").with("part2", "c")));

        let missing = reads_of(&Memory::default());
        assert!(!missing.still_hold(&Memory::default().with("main", "a")));
    }

    #[test]
    fn a_load_whose_files_change_meanwhile_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for name in ["a", "b"] {
            std::fs::write(path(name), "1").unwrap();
        }
        let disk = crate::files::DiskFiles;
        let long_ago = Instant::now().checked_sub(LOOK).unwrap();
        for (mut recorder, gives_up) in [(Recorder::giving_up(&disk), true), (Recorder::new(&disk), false)] {
            recorder.looked = Cell::new(long_ago);
            assert!(recorder.read(&path("a"), 10).is_ok());
            recorder.looked = Cell::new(long_ago);
            assert!(recorder.read(&path("b"), 10).is_ok(), "nothing has changed");
            std::fs::write(path("a"), "changed").unwrap();
            recorder.looked = Cell::new(long_ago);
            assert_eq!(recorder.read(&path("b"), 10).is_err(), gives_up);
            assert_eq!(recorder.into_reads().1, gives_up);
            std::fs::write(path("a"), "1").unwrap();
        }
    }

    #[test]
    fn the_fingerprint_tells_texts_and_names_apart() {
        let one = reads_of(&Memory::default().with("main", "a")).fingerprint();
        let same = reads_of(&Memory::default().with("main", "a")).fingerprint();
        let other = reads_of(&Memory::default().with("main", "b")).fingerprint();
        assert_eq!((one.as_str(), one.len()), (same.as_str(), 16));
        assert_ne!(one, other);
    }
}
