//! Lossless tokens: every byte of the text is in exactly one token, white space and comments too.
//!
//! Behind [`source`](super::source), before [`syntax`](super::syntax), which cuts the file into
//! declarations by these tokens. What is no token of the language is one all the same
//! ([`TokenKind::Unknown`] and its neighbours); saying so to the user is left to `syntax`.

mod kind;

pub use kind::TokenKind;

use std::ops::Range;

use logos::Logos;

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
    let mut lexer = TokenKind::lexer(text).spanned().peekable();
    std::iter::from_fn(move || {
        let (found, range) = lexer.next()?;
        let Err(()) = found else { return Some(token(found.ok()?, range)) };
        let kind = kind::flawed(text.get(range.clone()).unwrap_or_default());
        let mut range = range;
        if kind == TokenKind::Unknown {
            while let Some((_, next)) = lexer.next_if(|(found, next)| found.is_err() && unknown(text, next)) {
                range.end = next.end;
            }
        }
        Some(token(kind, range))
    })
}

fn unknown(text: &str, range: &Range<usize>) -> bool {
    kind::flawed(text.get(range.clone()).unwrap_or_default()) == TokenKind::Unknown
}

fn token(kind: TokenKind, range: Range<usize>) -> Token {
    let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Token { kind, start: clamp(range.start), end: clamp(range.end) }
}
