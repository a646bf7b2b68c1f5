//! All files of one policy: the entry file and what it includes.

use super::{LineColumn, SourceFile, Span};

/// Names one file of a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// The files that a policy is made of, in the order in which they were reached.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a file and names it.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        let id = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.push(file);
        FileId(id)
    }

    /// The file of that id, or `None` if the id came from another map.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The text that `span` covers; empty if the span is not of this map.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).and_then(|file| file.text().get(span.range())).unwrap_or_default()
    }

    /// The first line and column of `span`.
    #[must_use]
    pub fn locate(&self, span: Span) -> Option<LineColumn> {
        let file = self.get(span.file)?;
        Some(file.lines().locate(file.text(), span.start as usize))
    }

    /// `name:line:column` of `span`, as compilers print it.
    #[must_use]
    pub fn describe(&self, span: Span) -> String {
        match (self.get(span.file), self.locate(span)) {
            (Some(file), Some(at)) => format!("{}:{}:{}", file.name(), at.line, at.column),
            _ => "unknown place".to_owned(),
        }
    }

    /// The files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(u32::try_from(at).unwrap_or(u32::MAX)), file))
    }
}
