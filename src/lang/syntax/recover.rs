//! What is done with a declaration that does not parse: each of its parts is parsed alone, the bad
//! ones are reported and blanked out, and what is left is parsed again.
//!
//! Blanking keeps every byte in its place, so that spans need no correction, and keeps the
//! declaration in the tree: its name stays known to later rooms.

use std::collections::BTreeSet;
use std::ops::Range;

use pest::Parser as _;
use pest::error::{Error, ErrorVariant, InputLocation};

use crate::lang::diagnostic::{Code, Diagnostic};

use super::build::Place;
use super::expected::Expected;
use super::foreign::misspelt_statement;
use super::grammar::{Grammar, Rule};
use super::limits::MAX_DIAGNOSTICS;
use super::mistake::Mistake;
use super::stream::Stream;
use super::unit::{self, Section};

/// What stands in for a condition that is reported already.
const MENDED_CONDITION: &str = "(true)";

/// The text of one declaration while its mistakes are blanked out.
pub(super) struct Mending<'a, 's> {
    pub(super) stream: &'a Stream<'s>,
    pub(super) place: Place,
    /// The text of the piece, as it was or mended.
    pub(super) text: String,
    /// Bytes of the file that are reported already: what holds one fails in silence.
    pub(super) explained: BTreeSet<usize>,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
    /// How many bytes may still be read again.
    pub(super) budget: &'a mut usize,
    /// How many braces are closed at the end of `text` on the author's behalf.
    pub(super) closers: usize,
}

impl Mending<'_, '_> {
    /// Parses the parts of the body, reports their mistakes and mends the text.
    pub(super) fn body(&mut self, section: Section, body: Range<usize>) {
        for part in unit::parts(self.stream, section, body) {
            if self.exhausted() {
                return;
            }
            self.part(section, part);
        }
    }

    /// Whether there is no point in going on.
    pub(super) fn exhausted(&self) -> bool {
        *self.budget == 0 || self.diagnostics.len() > MAX_DIAGNOSTICS
    }

    /// Reports the first mistake of the whole text as it is now.
    pub(super) fn report(&mut self, rule: Rule, toks: &Range<usize>) {
        let whole = self.place.base..self.place.base + self.text.len();
        if let Err(error) = self.parse(rule, &whole, 0) {
            let diagnostic = self.mistake(*error, &whole, toks).diagnose();
            self.diagnostics.push(diagnostic);
        }
    }

    fn part(&mut self, section: Section, part: Range<usize>) {
        let Some(mut bytes) = self.bytes(&part) else { return };
        let closers = if self.closers == 0 { 0 } else { unit::open_braces(self.stream, part.clone()) };
        if !self.is_explained(&bytes) && self.parse(section.rule(), &bytes, closers).is_ok() {
            return;
        }
        for condition in self.conditions(section, &part) {
            self.condition(condition);
        }
        for block in self.blocks(section, &part) {
            self.body(self.section_within(section, &part), block);
        }
        while !self.exhausted() && !self.is_explained(&bytes) {
            let Err(error) = self.parse(section.rule(), &bytes, closers) else { return };
            let mistake = self.mistake(*error, &bytes, &part);
            let (diagnostic, behind) = (mistake.diagnose(), mistake.index.saturating_sub(1));
            let mended = diagnostic.code == Code::E0102 && self.add_semicolon(behind, &mut bytes);
            self.diagnostics.push(diagnostic);
            if !mended {
                break;
            }
        }
        self.blank(&bytes);
        self.drop_closers(closers);
    }

    fn conditions(&self, section: Section, part: &Range<usize>) -> Vec<Range<usize>> {
        let is_if =
            matches!(section, Section::Statements | Section::Computation) && self.stream.word(part.start) == "if";
        if is_if { unit::conditions(self.stream, part) } else { Vec::new() }
    }

    /// The blocks in which statements or arms stand.
    fn blocks(&self, section: Section, part: &Range<usize>) -> Vec<Range<usize>> {
        let values = unit::holds_match_value(self.stream, section, part);
        // Those of a test hold fields, which are read with what they belong to; a row has none.
        if values || matches!(section, Section::Trial | Section::Rows) {
            Vec::new()
        } else {
            unit::blocks(self.stream, part.clone())
        }
    }

    /// What stands in the blocks of a part.
    fn section_within(&self, section: Section, part: &Range<usize>) -> Section {
        match section {
            Section::Statements if self.begins_with_match(part) => Section::Arms,
            Section::Arms => Section::Statements,
            Section::Computation if self.begins_with_match(part) => Section::FunctionArms,
            Section::FunctionArms => Section::Computation,
            other => other,
        }
    }

    /// Whether a part is a `match`, perhaps a misspelt one.
    fn begins_with_match(&self, part: &Range<usize>) -> bool {
        let word = self.stream.leading_word(part.start);
        word == "match" || misspelt_statement(word) == Some("match")
    }

    /// A condition that does not parse is reported, and `(true)` stands in for it.
    fn condition(&mut self, condition: Range<usize>) {
        let Some(bytes) = self.bytes(&condition) else { return };
        if self.exhausted() {
            return;
        }
        let explained = self.is_explained(&bytes);
        if !explained {
            let Err(error) = self.parse(Rule::condition_piece, &bytes, 0) else { return };
            let diagnostic = self.mistake(*error, &bytes, &condition).diagnose();
            self.diagnostics.push(diagnostic);
        }
        self.explained.insert(bytes.start);
        if bytes.len() >= MENDED_CONDITION.len() {
            self.blank(&bytes);
            self.overwrite(bytes.start, MENDED_CONDITION);
        }
    }

    fn mistake(&self, error: Error<Rule>, bytes: &Range<usize>, toks: &Range<usize>) -> Mistake<'_, '_> {
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => bytes.start + at,
        };
        let positives = match error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives,
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        let index = self.stream.ending_behind(at);
        Mistake {
            stream: self.stream,
            file: self.place.file,
            index,
            first: toks.start,
            at_end: index >= toks.end,
            expected: Expected::new(positives),
        }
    }

    /// Parses the bytes with so many braces closed behind them.
    fn parse(&mut self, rule: Rule, bytes: &Range<usize>, closers: usize) -> Result<(), Box<Error<Rule>>> {
        let text = self.relative(bytes).and_then(|range| self.text.get(range)).unwrap_or_default();
        let closed: String;
        let text = if closers == 0 {
            text
        } else {
            closed = text.to_owned() + &"}".repeat(closers);
            &closed
        };
        let parsed = Grammar::parse(rule, text).map(|_| ()).map_err(Box::new);
        let read = match &parsed {
            Ok(()) => text.len(),
            Err(error) => match error.location {
                InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
            },
        };
        *self.budget = self.budget.saturating_sub(read + 1);
        parsed
    }

    /// The bytes of the file from the first of the tokens to the last.
    fn bytes(&self, toks: &Range<usize>) -> Option<Range<usize>> {
        let first = self.stream.tok(toks.start).filter(|_| !toks.is_empty())?;
        let last = self.stream.tok(toks.end.checked_sub(1)?)?;
        Some(first.start as usize..last.end as usize)
    }

    fn relative(&self, bytes: &Range<usize>) -> Option<Range<usize>> {
        Some(bytes.start.checked_sub(self.place.base)?..bytes.end.checked_sub(self.place.base)?)
    }

    fn is_explained(&self, bytes: &Range<usize>) -> bool {
        self.explained.range(bytes.clone()).next().is_some()
    }

    /// Puts a `;` over the white space behind the token, if there is some.
    fn add_semicolon(&mut self, behind: usize, bytes: &mut Range<usize>) -> bool {
        let Some(at) = self.stream.tok(behind).map(|tok| tok.end as usize) else { return false };
        let Some(relative) = self.relative(&(at..at + 1)) else { return false };
        let blank = self.text.as_bytes().get(relative.start).is_some_and(u8::is_ascii_whitespace);
        if blank {
            self.overwrite(at, ";");
            bytes.end = bytes.end.max(at + 1);
        }
        blank
    }

    /// Blanks the bytes out; what was explained in them is gone with them.
    fn blank(&mut self, bytes: &Range<usize>) {
        self.overwrite(bytes.start, &" ".repeat(bytes.len()));
        let inside: Vec<usize> = self.explained.range(bytes.clone()).copied().collect();
        for at in inside {
            self.explained.remove(&at);
        }
    }

    /// A part with open braces was blanked out: they need no closing any more.
    fn drop_closers(&mut self, closers: usize) {
        self.text.truncate(self.text.len().saturating_sub(closers));
        self.closers = self.closers.saturating_sub(closers);
    }

    fn overwrite(&mut self, at: usize, with: &str) {
        let Some(range) = self.relative(&(at..at + with.len())) else { return };
        let whole = self.text.is_char_boundary(range.start) && self.text.is_char_boundary(range.end);
        if whole {
            self.text.replace_range(range, with);
        }
    }
}
