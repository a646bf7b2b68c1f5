//! The few lines of a file that are shown around a place, made fit for a terminal. In a log there are only the places of a
//! file of data: whoever reads it need not know what is in that.

use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::lang::diagnostic::Label;
use crate::lang::source::{LineColumn, SourceFile, Span};

use super::graphical::Reader;
use super::{is_obeyed, visible};

/// How many lines around the first label are shown, and how far from it another label may be to be
/// shown with it.
const CONTEXT_LINES: usize = 1;
const NEAR_LINES: usize = 8;

/// How many characters of a long line are shown before and behind the place.
const BEFORE: usize = 60;
const BEHIND: usize = 100;

/// Lines of one file with the labels in them.
#[derive(Debug)]
pub(super) struct Snippet {
    name: String,
    text: String,
    /// The number of the first line, from 0.
    line: usize,
    /// Where the first label is, for the header.
    place: LineColumn,
    /// For each character that is shown: its byte in the file, and its byte in `text`.
    bytes: Vec<(usize, usize)>,
    pub(super) labels: Vec<LabeledSpan>,
}

impl Snippet {
    /// The lines around `primary`, with `primary` and those of `others` that are near it. The
    /// labels that are not are returned.
    pub(super) fn new<'l>(
        file: &SourceFile,
        primary: &'l Label,
        others: &'l [Label],
        reader: Reader,
    ) -> (Self, Vec<&'l Label>) {
        let is_hidden = file.is_data() && reader == Reader::Log;
        let line_of = |span: Span| file.lines().locate(file.text(), span.start as usize);
        let place = line_of(primary.span);
        let is_near = |label: &&Label| {
            label.span.file == primary.span.file && line_of(label.span).line.abs_diff(place.line) <= NEAR_LINES
        };
        let (near, far): (Vec<&Label>, Vec<&Label>) = others.iter().partition(is_near);
        let lines = near.iter().map(|label| line_of(label.span).line).chain([place.line]);
        let (first, last) =
            lines.fold((place.line, place.line), |(first, last), line| (first.min(line), last.max(line)));
        let context = if is_hidden { 0 } else { CONTEXT_LINES };
        let mut snippet = Self::empty(file, place, first.saturating_sub(1 + context));
        for number in snippet.line..=last - 1 + context {
            snippet.push_line(file, number, primary.span.start as usize, is_hidden);
        }
        snippet.label(primary, true);
        for label in near {
            snippet.label(label, false);
        }
        (snippet, far)
    }

    fn empty(file: &SourceFile, place: LineColumn, line: usize) -> Self {
        let (bytes, labels) = (Vec::new(), Vec::new());
        Self { name: visible(file.name()), text: String::new(), line, place, bytes, labels }
    }

    /// Adds the line of that number, from 0; of a long one what is around the byte `near`.
    fn push_line(&mut self, file: &SourceFile, number: usize, near: usize, is_hidden: bool) {
        let Some(range) = file.lines().range(file.text(), number) else { return };
        if is_hidden {
            return self.push_hidden(range.end);
        }
        let line = file.text().get(range.clone()).unwrap_or_default();
        let shown = window(line, near.saturating_sub(range.start));
        self.push_cut(shown.start > 0, range.start + shown.start);
        for (at, character) in line.get(shown.clone()).unwrap_or_default().char_indices() {
            self.bytes.push((range.start + shown.start + at, self.text.len()));
            if is_obeyed(character) && character != '\t' {
                self.text.push('\u{FFFD}');
            } else {
                self.text.push(character);
            }
        }
        self.push_cut(shown.end < line.len(), range.start + shown.end);
        self.bytes.push((range.start + shown.end, self.text.len()));
        self.text.push('\n');
    }

    /// Stands for a line that ends at that byte.
    fn push_hidden(&mut self, end: usize) {
        self.bytes.push((end, self.text.len()));
        self.text.push_str("…\n");
    }

    fn push_cut(&mut self, cut: bool, byte: usize) {
        if cut {
            self.bytes.push((byte, self.text.len()));
            self.text.push('…');
        }
    }

    /// Marks a label; one over several lines is marked on its first.
    fn label(&mut self, label: &Label, primary: bool) {
        let start = self.shown(label.span.start as usize);
        let rest = self.text.get(start..).unwrap_or_default();
        let line_end = start + rest.find('\n').unwrap_or(rest.len());
        let end = self.shown(label.span.end as usize).clamp(start, line_end);
        let words = Some(visible(&label.text)).filter(|words| !words.is_empty());
        let span = SourceSpan::from(start..end);
        self.labels.push(if primary {
            LabeledSpan::new_primary_with_span(words, span)
        } else {
            LabeledSpan::new_with_span(words, span)
        });
    }

    /// Where the byte of the file is in the text that is shown.
    fn shown(&self, byte: usize) -> usize {
        let index = self.bytes.partition_point(|(from, _)| *from < byte);
        let last = self.text.len().saturating_sub(1);
        self.bytes.get(index).map_or(last, |(_, to)| *to)
    }
}

/// What is shown of a line: all of a short one, else what is around the byte `near`.
fn window(line: &str, near: usize) -> Range<usize> {
    let near = near.min(line.len());
    let boundary = |mut at: usize| {
        while !line.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    if line.len() <= BEFORE + BEHIND {
        return 0..line.len();
    }
    boundary(near.saturating_sub(BEFORE))..boundary((near + BEHIND).min(line.len()))
}

impl SourceCode for Snippet {
    /// All of the snippet whatever is asked for; with no context asked for, miette wants to know
    /// the place for the header.
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (line, column) =
            if before + after == 0 { (self.place.line - 1, self.place.column - 1) } else { (self.line, 0) };
        let whole = SourceSpan::from(0..self.text.len());
        let lines = self.text.lines().count();
        let name = self.name.clone();
        Ok(Box::new(MietteSpanContents::new_named(name, self.text.as_bytes(), whole, line, column, lines)))
    }
}
