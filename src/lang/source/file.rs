//! One file's text with its name.

use super::LineIndex;

/// A policy file: its name as the user would write it, its text, and where its lines start.
#[derive(Debug)]
pub struct SourceFile {
    name: Box<str>,
    text: Box<str>,
    lines: LineIndex,
}

impl SourceFile {
    /// Takes the text as it is; the line index is built at once (O(bytes)).
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into().into_boxed_str();
        let lines = LineIndex::new(&text);
        Self { name: name.into().into(), text, lines }
    }

    /// The name shown in diagnostics: a path, or `<stdin>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the lines start.
    #[must_use]
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }
}
