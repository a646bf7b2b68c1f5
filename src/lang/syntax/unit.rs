//! Cuts the body of a declaration that does not parse into the smallest parts that can be parsed
//! alone: attributes, members, acl entries, statements, rows, clauses.

use std::ops::Range;

use crate::lang::lexer::TokenKind;
use crate::lang::schema::{CONTEXTUAL_STATEMENTS, ELSE_IF_WORDS, NORMALIZE_CLAUSES, TEST_PARTS, WORD_OPERATORS};
use crate::pace;

use super::grammar::Rule;
use super::stream::Stream;

/// What stands between the braces of a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Of a backend or a probe.
    Attributes,
    /// Of a director: attributes and members.
    Members,
    /// Of an acl.
    Entries,
    /// Of a table.
    Data,
    /// Of a sub, or of an `if` in it.
    Statements,
    /// Of a function, or of an `if` in it.
    Computation,
    /// Of a rule table.
    Rows,
    /// Of a `match` that is a statement.
    Arms,
    /// The same of a function.
    FunctionArms,
    /// Of `normalize`.
    Clauses,
    /// Of `key`.
    KeyParts,
    /// Of `test`.
    Trial,
}

impl Section {
    /// What a declaration that starts with `keyword` holds; `None` if it has no braces.
    pub(super) fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "backend" | "probe" => Self::Attributes,
            "director" => Self::Members,
            "acl" => Self::Entries,
            "table" => Self::Data,
            "sub" | "override" => Self::Statements,
            "fn" => Self::Computation,
            "rules" => Self::Rows,
            "normalize" => Self::Clauses,
            "key" => Self::KeyParts,
            "test" => Self::Trial,
            _ => return None,
        })
    }

    /// Whether it is a list of any length, each part of which can be parsed alone.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::Entries | Self::Data | Self::Statements | Self::Rows)
    }

    /// The rule that reads any number of its parts.
    pub(super) fn rule(self) -> Rule {
        match self {
            Self::Attributes => Rule::attribute_piece,
            Self::Members => Rule::member_piece,
            Self::Entries => Rule::acl_piece,
            Self::Data => Rule::table_piece,
            Self::Statements => Rule::statement_piece,
            Self::Computation => Rule::fn_piece,
            Self::Rows => Rule::row_piece,
            Self::Arms => Rule::arm_piece,
            Self::FunctionArms => Rule::fn_arm_piece,
            Self::Clauses => Rule::clause_piece,
            Self::KeyParts => Rule::key_piece,
            Self::Trial => Rule::trial_piece,
        }
    }
}

/// The parts of a body, as ranges of tokens. Where a `;` is missing, a word or mark that can only
/// start a part starts one.
pub(super) fn parts(stream: &Stream<'_>, section: Section, body: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut braces) = (body.start, Braces::default());
    for index in body.clone() {
        pace::pause();
        let Some(kind) = stream.kind(index) else { break };
        if braces.depth == 0 && index > start && starts_part(stream, section, index) {
            parts.push(start..index);
            start = index;
            braces = Braces::default();
        }
        let closes_value = braces.step(stream, index, kind);
        if braces.depth == 0 && !closes_value && ends_part(stream, section, kind, start..index) {
            parts.push(start..index + 1);
            start = index + 1;
            braces = Braces::default();
        }
    }
    if start < body.end {
        parts.push(start..body.end);
    }
    parts
}

/// The braces of a part, and which of them belong to a `match` within brackets, that is, to a value.
#[derive(Default)]
struct Braces {
    /// How many are open.
    depth: usize,
    /// How many parentheses and brackets are open outside of them.
    brackets: usize,
    /// How many `match`es in those wait for their braces.
    matches: usize,
    /// Whether the open ones belong to a value.
    is_value: bool,
}

impl Braces {
    /// Goes on with a token, and says whether it closes the braces of a value.
    fn step(&mut self, stream: &Stream<'_>, index: usize, kind: TokenKind) -> bool {
        match kind {
            TokenKind::BraceOpen => {
                if self.depth == 0 {
                    self.is_value = self.matches > 0;
                    self.matches = self.matches.saturating_sub(1);
                }
                self.depth += 1;
            }
            TokenKind::BraceClose => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0 && std::mem::take(&mut self.is_value);
            }
            _ if self.depth > 0 => {}
            TokenKind::ParenOpen | TokenKind::BracketOpen => self.brackets += 1,
            TokenKind::ParenClose | TokenKind::BracketClose => {
                self.brackets = self.brackets.saturating_sub(1);
                if self.brackets == 0 {
                    self.matches = 0;
                }
            }
            TokenKind::Word if self.brackets > 0 && stream.is_leading(index, "match") => self.matches += 1,
            _ => {}
        }
        false
    }
}

/// Whether a `match` stands in the part as a value, so that its brace does not end the part.
pub(super) fn holds_match_value(stream: &Stream<'_>, section: Section, part: &Range<usize>) -> bool {
    if matches!(section, Section::KeyParts | Section::Trial) {
        return part.clone().any(|index| stream.is_leading(index, "match"));
    }
    if !matches!(section, Section::Statements | Section::Computation | Section::Rows) {
        return false;
    }
    let first = stream.leading_word(part.start);
    let chooses = first == "if" || first == "match" || ELSE_IF_WORDS.contains(&first);
    !chooses && part.clone().any(|index| stream.is_leading(index, "match"))
}

/// The blocks in a part, as ranges of the tokens between their braces; those of a `match` within brackets are not
/// among them.
pub(super) fn blocks(stream: &Stream<'_>, part: Range<usize>) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let (mut start, mut braces) = (part.start, Braces::default());
    for index in part.clone() {
        let Some(kind) = stream.kind(index) else { break };
        let before = braces.depth;
        let closes_value = braces.step(stream, index, kind);
        match (before, braces.depth) {
            (0, 1) => start = index + 1,
            (1, 0) if !closes_value => blocks.push(start..index),
            _ => {}
        }
    }
    if braces.depth > 0 && !braces.is_value {
        blocks.push(start..part.end);
    }
    blocks
}

/// The conditions of an `if`, parentheses included, as ranges of tokens; those of the blocks in it
/// are not among them.
pub(super) fn conditions(stream: &Stream<'_>, part: &Range<usize>) -> Vec<Range<usize>> {
    let blocks = blocks(stream, part.clone());
    let mut conditions = Vec::new();
    let mut head = part.start;
    for block in blocks {
        let brace = block.start - 1;
        let start = (head..brace).find(|&index| stream.kind(index) == Some(TokenKind::ParenOpen));
        conditions.extend(start.map(|start| start..brace));
        head = block.end + 1;
    }
    conditions
}

/// How many braces of a part are open at its end.
pub(super) fn open_braces(stream: &Stream<'_>, part: Range<usize>) -> usize {
    part.fold(0, |depth: usize, index| match stream.kind(index) {
        Some(TokenKind::BraceOpen) => depth + 1,
        Some(TokenKind::BraceClose) => depth.saturating_sub(1),
        _ => depth,
    })
}

fn starts_part(stream: &Stream<'_>, section: Section, index: usize) -> bool {
    let Some(tok) = stream.tok(index) else { return false };
    if matches!(section, Section::Statements | Section::Computation | Section::Rows) && !stream.is_keyword(index) {
        return false;
    }
    let word = stream.leading_word(index);
    match section {
        Section::Attributes => tok.first_on_line && tok.kind == TokenKind::Dot,
        Section::Members => tok.first_on_line && matches!(tok.kind, TokenKind::Dot | TokenKind::Word),
        Section::Entries => tok.first_on_line && (tok.kind.is_string() || tok.kind == TokenKind::Not),
        Section::Statements | Section::Computation if word == "if" => stream.leading_word(index - 1) != "else",
        Section::Statements | Section::Computation if word == "match" => tok.first_on_line,
        Section::Statements if CONTEXTUAL_STATEMENTS.contains(&word) => {
            tok.first_on_line && starts_contextual(stream, index)
        }
        Section::Statements | Section::Computation => matches!(word, "let" | "set" | "unset" | "call" | "return"),
        Section::Rows => matches!(word, "when" | "else"),
        Section::Data => false,
        Section::Arms | Section::FunctionArms => word == "else",
        Section::KeyParts => tok.first_on_line && starts_value(stream, index),
        Section::Trial => tok.first_on_line && TEST_PARTS.contains(&word),
        Section::Clauses => {
            tok.first_on_line && NORMALIZE_CLAUSES.contains(&word) && stream.kind(index - 1) != Some(TokenKind::Comma)
        }
    }
}

fn ends_part(stream: &Stream<'_>, section: Section, kind: TokenKind, part: Range<usize>) -> bool {
    let index = part.end;
    match (kind, section) {
        (TokenKind::BraceClose, _) if holds_match_value(stream, section, &part) => false,
        (TokenKind::BraceClose, Section::Attributes | Section::Members) => {
            stream.kind(index + 1) != Some(TokenKind::Semicolon)
        }
        (TokenKind::BraceClose, Section::Statements | Section::Computation) => !goes_on(stream.word(index + 1)),
        (TokenKind::BraceClose, Section::Trial) => {
            stream.kind(index + 1) != Some(TokenKind::Semicolon) && stream.word(index + 1) != "from"
        }
        (TokenKind::Comma, Section::Data) | (TokenKind::Semicolon | TokenKind::BraceClose, _) => true,
        _ => false,
    }
}

/// Whether a word that may be a name starts a statement at `index`: something stands before it that can end one, and
/// behind it what cannot follow a name.
fn starts_contextual(stream: &Stream<'_>, index: usize) -> bool {
    let behind = stream.kind(index + 1).is_some_and(|kind| kind == TokenKind::Word || kind.is_string());
    let is_operator = |index| WORD_OPERATORS.contains(&stream.word(index));
    let before = stream.kind(index - 1);
    let ends = before.is_some_and(|kind| {
        matches!(kind, TokenKind::Word | TokenKind::Number | TokenKind::ParenClose | TokenKind::BracketClose)
            || kind.is_string()
    });
    behind && ends && !is_operator(index + 1) && !is_operator(index - 1)
}

/// Whether a dotted name stands at `index` behind a value that it does not belong to.
fn starts_value(stream: &Stream<'_>, index: usize) -> bool {
    let is_name = |index| stream.kind(index) == Some(TokenKind::Word) && !WORD_OPERATORS.contains(&stream.word(index));
    let is_value =
        |kind: TokenKind| matches!(kind, TokenKind::BracketClose | TokenKind::ParenClose) || kind.is_string();
    let ends_value = stream.kind(index - 1).is_some_and(is_value) || is_name(index - 1);
    ends_value && is_name(index) && stream.kind(index + 1) == Some(TokenKind::Dot)
}

/// Whether the word goes on with the `if` before it.
fn goes_on(word: &str) -> bool {
    word == "else" || ELSE_IF_WORDS.contains(&word)
}
