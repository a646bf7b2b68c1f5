//! One file's text with its name.

use super::LineIndex;

/// A file of a policy, or one of data: its name as the user would write it, its text, and where its lines start.
#[derive(Debug)]
pub struct SourceFile {
    name: Box<str>,
    text: Box<str>,
    lines: LineIndex,
    is_data: bool,
}

impl SourceFile {
    /// Takes the text as it is; the line index is built at once (O(bytes)).
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into().into_boxed_str();
        let lines = LineIndex::new(&text);
        Self { name: name.into().into(), text, lines, is_data: false }
    }

    /// The same of a file of data, which may hold what is not for everybody's eyes.
    #[must_use]
    pub fn data(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { is_data: true, ..Self::new(name, text) }
    }

    /// Whether its lines are shown to its author alone.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.is_data
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
