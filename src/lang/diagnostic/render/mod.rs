//! Diagnostics as text for people (through miette) and as JSON for programs.
//!
//! The last room of a finding's way; nothing is decided here. Text that comes out of a policy is
//! shown with its control characters made visible, so that a file cannot drive the terminal.

mod graphical;
mod machine;
mod snippet;

pub use graphical::{graphical, logged};
pub use machine::{json, json_lines, json_of_all};

use super::Diagnostic;
use crate::lang::source::SourceMap;

/// One line for each finding: `path:line:column: error[E0102] message`.
#[must_use]
pub fn concise(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    diagnostics.iter().map(|diagnostic| concise_line(diagnostic, sources)).collect()
}

fn concise_line(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let place = sources.describe(diagnostic.primary.span);
    let (level, code) = (diagnostic.code.level().name(), diagnostic.code.id());
    format!("{}: {level}[{code}] {}\n", visible(&place), visible(&diagnostic.message))
}

/// The text with what a terminal would obey shown as its number: `\u{1b}`.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a terminal may do something else than show the character: control characters, and
/// those that turn the direction of writing.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
