//! Findings with the lines they are about, drawn by miette.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode};

use crate::lang::diagnostic::{Diagnostic, Label, Level};
use crate::lang::source::SourceMap;

use super::snippet::Snippet;
use super::visible;

/// The width that messages are wrapped to.
const WIDTH: usize = 100;

/// Who reads what is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Who wrote the policy, and what it is made of.
    Author,
    /// Anyone: lines of files of data stay out.
    Log,
}

/// Each finding with its lines, labels and help, one empty line between them. Labels in other files
/// or far away stand below as notes of their own.
#[must_use]
pub fn graphical(diagnostics: &[Diagnostic], sources: &SourceMap, color: bool) -> String {
    drawn(diagnostics, sources, color, Reader::Author)
}

/// The same for a log: of files of data there are only the places, since others than their authors read it.
#[must_use]
pub fn logged(diagnostics: &[Diagnostic], sources: &SourceMap, color: bool) -> String {
    drawn(diagnostics, sources, color, Reader::Log)
}

fn drawn(diagnostics: &[Diagnostic], sources: &SourceMap, color: bool, reader: Reader) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(WIDTH)
        .with_context_lines(1)
        .without_syntax_highlighting();
    let draw = |found| draw(&handler, &Report::new(found, sources, reader));
    let drawn: Vec<String> = diagnostics.iter().map(draw).collect();
    drawn.join("\n")
}

/// One finding, without the spaces at line ends and the headings over notes that miette leaves.
fn draw(handler: &GraphicalReportHandler, report: &Report) -> String {
    let mut drawn = String::new();
    // Writing into a String cannot fail, and the snippet answers every question.
    let _ = handler.render_report(&mut drawn, report);
    let lines = drawn.lines().map(str::trim_end).filter(|line| *line != "Advice:");
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A finding, or a note below one, as miette wants it.
#[derive(Debug)]
struct Report {
    code: Option<String>,
    severity: Severity,
    message: String,
    snippet: Option<Snippet>,
    help: Option<String>,
    notes: Vec<Report>,
}

impl Report {
    fn new(diagnostic: &Diagnostic, sources: &SourceMap, reader: Reader) -> Self {
        let code = diagnostic.code;
        let severity = match code.level() {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
        };
        let file = sources.get(diagnostic.primary.span.file);
        let (snippet, far) = match file {
            Some(file) => {
                let (snippet, far) = Snippet::new(file, &diagnostic.primary, &diagnostic.context, reader);
                (Some(snippet), far)
            }
            None => (None, diagnostic.context.iter().collect()),
        };
        Self {
            code: Some(format!("{} {}", code.id(), code.name())),
            severity,
            message: visible(&diagnostic.message),
            snippet,
            help: help(diagnostic),
            notes: far.into_iter().map(|label| Self::note(label, sources, reader)).collect(),
        }
    }

    fn note(label: &Label, sources: &SourceMap, reader: Reader) -> Self {
        let silent = Label { text: String::new(), span: label.span };
        let snippet = sources.get(label.span.file).map(|file| Snippet::new(file, &silent, &[], reader).0);
        let message = visible(&label.text);
        Self { code: None, severity: Severity::Advice, message, snippet, help: None, notes: Vec::new() }
    }
}

/// The help, and the title of the fix if the help does not say the same.
fn help(diagnostic: &Diagnostic) -> Option<String> {
    let help = diagnostic.help.as_deref().map(visible);
    let title = diagnostic.fix.as_ref().map(|fix| visible(&fix.title));
    match (help, title) {
        (Some(help), Some(title)) if !help.contains(&title) => Some(format!("{help}\nfix: {title}")),
        (None, Some(title)) => Some(format!("fix: {title}")),
        (help, _) => help,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.snippet.as_ref().map(|snippet| Box::new(snippet.labels.iter().cloned()) as Box<dyn Iterator<Item = _>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.notes.is_empty() {
            return None;
        }
        Some(Box::new(self.notes.iter().map(|note| note as &dyn miette::Diagnostic)))
    }
}
