//! From byte offsets to lines and columns.

use std::ops::Range;

/// A place as people count: both from 1, the column in characters (not bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in Unicode scalar values.
    pub column: usize,
}

/// The byte offset at which each line starts.
#[derive(Debug)]
pub struct LineIndex {
    /// A file of a policy is far smaller than 4 GiB.
    starts: Box<[u32]>,
}

impl LineIndex {
    /// Scans `text` once for line feeds.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes());
        let mut starts = Vec::with_capacity(1 + newlines.clone().count());
        starts.push(0);
        starts.extend(newlines.map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX)));
        Self { starts: starts.into() }
    }

    /// How many lines the text has; an empty text has one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// The bytes of the line of that number, counted from 0 here, without its line end; `None` if
    /// there is no such line.
    #[must_use]
    pub fn range(&self, text: &str, line: usize) -> Option<Range<usize>> {
        let start = *self.starts.get(line)? as usize;
        let end = self.starts.get(line + 1).map_or(text.len(), |next| *next as usize - 1);
        let end = end - usize::from(text.as_bytes().get(start..end)?.ends_with(b"\r"));
        Some(start..end)
    }

    /// The line and column of byte `offset` in `text` (the text the index was built from).
    ///
    /// An offset past the end, or inside a character, counts as the place before it.
    #[must_use]
    pub fn locate(&self, text: &str, offset: usize) -> LineColumn {
        let offset = floor_char_boundary(text, offset);
        let line = self.starts.partition_point(|&start| start as usize <= offset) - 1;
        let column = text[self.starts[line] as usize..offset].chars().count() + 1;
        LineColumn { line: line + 1, column }
    }
}

fn floor_char_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(text: &str, offset: usize) -> (usize, usize) {
        let at = LineIndex::new(text).locate(text, offset);
        (at.line, at.column)
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        assert_eq!(locate("ab\ncd", 0), (1, 1));
        assert_eq!(locate("ab\ncd", 2), (1, 3));
        assert_eq!(locate("ab\ncd", 3), (2, 1));
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(locate("éx", 2), (1, 2));
    }

    #[test]
    fn lines_are_without_their_ends() {
        let text = "ab\r\n\nc";
        let lines = LineIndex::new(text);
        assert_eq!(lines.range(text, 0), Some(0..2));
        assert_eq!(lines.range(text, 1), Some(4..4));
        assert_eq!(lines.range(text, 2), Some(5..6));
        assert_eq!(lines.range(text, 3), None);
    }

    #[test]
    fn offsets_out_of_range_are_clamped() {
        assert_eq!(locate("", 9), (1, 1));
        assert_eq!(locate("é", 1), (1, 1));
    }
}
