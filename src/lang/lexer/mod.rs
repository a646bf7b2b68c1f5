//! Lossless tokens: every byte of the text is in exactly one token, white space and comments too.
//!
//! Behind [`source`](super::source), before [`syntax`](super::syntax), which cuts the file into
//! declarations by these tokens. What is no token of the language is one all the same
//! ([`TokenKind::Unknown`] and its neighbours); saying so to the user is left to `syntax`.

mod kind;

pub use kind::TokenKind;

use std::ops::Range;

use logos::{Lexer, Logos};

/// A token: its kind and the bytes it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Token {
    /// The bytes it covers, to slice the text with.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The tokens of `text`, in order and without gaps. O(bytes).
#[must_use]
pub fn tokenize(text: &str) -> Vec<Token> {
    tokens(text).collect()
}

/// As [`tokenize`], one at a time.
pub fn tokens(text: &str) -> impl Iterator<Item = Token> {
    let mut lexer = TokenKind::lexer(text);
    // What stands behind a run of unknown characters.
    let mut behind = None;
    std::iter::from_fn(move || {
        // To take from what is empty writes to it, and what reads it for the next token waits for that.
        let mut token = if behind.is_some() { behind.take() } else { next(&mut lexer) }?;
        while token.kind == TokenKind::Unknown {
            behind = next(&mut lexer);
            let Some(more) = behind.take_if(|token| token.kind == TokenKind::Unknown) else { break };
            token.end = more.end;
        }
        Some(token)
    })
}

/// The next token; of unknown characters, only one.
fn next(lexer: &mut Lexer<'_, TokenKind>) -> Option<Token> {
    let kind = lexer.next()?.unwrap_or_else(|()| kind::flawed(lexer.slice()));
    let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    let Range { start, end } = lexer.span();
    Some(Token { kind, start: clamp(start), end: clamp(end) })
}
