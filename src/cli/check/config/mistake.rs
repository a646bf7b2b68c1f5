//! What is wrong with a `warp.toml`, shown at its place.

use std::ops::Range;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report};

use crate::lang::diagnostic::render::visible;

/// A mistake at some bytes of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) at: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Mistake {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn report(&self) -> MietteDiagnostic {
        let at = LabeledSpan::underline(self.at.clone());
        let report = MietteDiagnostic::new(visible(&self.message)).with_label(at);
        match &self.help {
            Some(help) => report.with_help(visible(help)),
            None => report,
        }
    }
}

/// The mistakes with the lines that they are in.
pub(super) fn draw(mistakes: &[Mistake], name: &str, text: &str) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_links(false)
        .with_context_lines(1)
        .without_syntax_highlighting();
    let text = harmless(text);
    let drawn = mistakes.iter().map(|mistake| {
        let report = Report::new(mistake.report()).with_source_code(NamedSource::new(visible(name), text.clone()));
        let mut drawn = String::new();
        // Writing into a String cannot fail.
        let _ = handler.render_report(&mut drawn, report.as_ref());
        drawn.lines().flat_map(|line| [line.trim_end(), "\n"]).collect::<String>()
    });
    drawn.collect::<Vec<_>>().join("\n")
}

/// The text without what a terminal would obey, each character as long as before.
fn harmless(text: &str) -> String {
    let shown = |character: char| {
        let is_plain =
            matches!(character, '\n' | '\t') || visible(character.encode_utf8(&mut [0; 4])).starts_with(character);
        match character.len_utf8() {
            _ if is_plain => character,
            1 => '?',
            2 => '¿',
            _ => '\u{FFFD}',
        }
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown_in_as_many_bytes() {
        assert_eq!(harmless("a\u{1b}é\u{9b}\u{202e}\u{1F980}\n"), "a?é¿\u{FFFD}\u{1F980}\n");
    }
}
