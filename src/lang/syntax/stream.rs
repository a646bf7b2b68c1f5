//! The tokens that mean something: white space and comments left out, line starts noted.

use crate::lang::lexer::{self, TokenKind};
use crate::pace;

use super::shape;

/// A token that is neither white space nor a comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tok {
    /// What it is.
    pub(super) kind: TokenKind,
    /// Its first byte.
    pub(super) start: u32,
    /// One past its last byte.
    pub(super) end: u32,
    /// Whether nothing but white space and comments stands before it on its line.
    pub(super) first_on_line: bool,
    /// Whether it follows another token with nothing between.
    pub(super) glued: bool,
    /// What it is to the grammar: its kind, or which of the grammar's words.
    pub(super) mark: u16,
}

/// A file's tokens beside its text.
pub(super) struct Stream<'s> {
    /// The whole text of the file.
    pub(super) text: &'s str,
    /// Its tokens.
    pub(super) toks: Vec<Tok>,
    /// Whether there is a mistake within one of them.
    pub(super) is_flawed: bool,
}

impl<'s> Stream<'s> {
    /// Reads `text`. O(bytes).
    pub(super) fn new(text: &'s str) -> Self {
        let (mut first_on_line, mut glued, mut is_flawed) = (true, false, false);
        // A token takes four bytes and more; a table of rules is made of such.
        let mut toks = Vec::with_capacity(text.len() / 4);
        for token in lexer::tokens(text) {
            pace::pause();
            if token.kind.is_trivia() {
                first_on_line |= text.get(token.range()).is_some_and(|trivia| trivia.bytes().any(|byte| byte == b'\n'));
                glued = false;
                continue;
            }
            is_flawed |= token.kind.is_flawed();
            let mark = shape::mark(token.kind, text.get(token.range()).unwrap_or_default());
            toks.push(Tok { kind: token.kind, start: token.start, end: token.end, first_on_line, glued, mark });
            (first_on_line, glued) = (false, true);
        }
        Self { text, toks, is_flawed }
    }

    /// The token at `index`, or `None` behind the last one.
    pub(super) fn tok(&self, index: usize) -> Option<Tok> {
        self.toks.get(index).copied()
    }

    /// The kind of the token at `index`.
    pub(super) fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tok(index).map(|tok| tok.kind)
    }

    /// The text of `tok`.
    pub(super) fn text_of(&self, tok: Tok) -> &'s str {
        self.text.get(tok.start as usize..tok.end as usize).unwrap_or_default()
    }

    /// The word at `index`; empty if there is no word there.
    pub(super) fn word(&self, index: usize) -> &'s str {
        self.tok(index).filter(|tok| tok.kind == TokenKind::Word).map_or("", |tok| self.text_of(tok))
    }

    /// Whether a word of the grammar stands at `index`.
    pub(super) fn is_keyword(&self, index: usize) -> bool {
        self.toks.get(index).is_some_and(|tok| tok.mark >= shape::FIRST_WORD)
    }

    /// The word at `index` unless it is a part of a dotted name.
    pub(super) fn leading_word(&self, index: usize) -> &'s str {
        let behind_dot = index.checked_sub(1).and_then(|before| self.kind(before)) == Some(TokenKind::Dot);
        if behind_dot { "" } else { self.word(index) }
    }

    /// Whether this word of the grammar stands at `index`, and is no part of a dotted name.
    pub(super) fn is_leading(&self, index: usize, keyword: &str) -> bool {
        self.is_keyword(index) && self.leading_word(index) == keyword
    }

    /// The index of the token that holds the byte at `offset`, or of the next one.
    pub(super) fn ending_behind(&self, offset: usize) -> usize {
        self.toks.partition_point(|tok| (tok.end as usize) <= offset)
    }
}
