//! Parses each shape of text once.
//!
//! To the grammar two texts are the same if their tokens are of the same kinds, its own words stand in the same places,
//! and the same tokens are glued together: names, numbers and the inside of strings are the author's. A policy of ten
//! thousand rules has a handful of shapes, so that pest reads a handful of rules.

use std::rc::Rc;
use std::sync::LazyLock;

use hashbrown::HashMap;
use pest::Parser as _;

use crate::lang::lexer::TokenKind;
use crate::pace;

use super::grammar::{GRAMMAR, Grammar, Rule};
use super::parsed::Parsed;
use super::stream::{Stream, Tok};

/// How many shapes are kept, and of how many tokens each: what is longer is a list, and no other is as long.
const MOST_SHAPES: usize = 4_096;
const MOST_TOKENS: usize = 512;

/// What sets a token apart to the grammar.
type Mark = u16;

/// Of tokens with nothing before them but another token.
const GLUED: Mark = 1 << 15;
/// Where the words of the grammar begin, behind the kinds of tokens.
pub(super) const FIRST_WORD: Mark = 1 << 8;

/// The words of the grammar: everything in its quotes that is a word.
static WORDS: LazyLock<HashMap<&str, Mark>> = LazyLock::new(|| {
    let is_word = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    GRAMMAR.split('"').filter(is_word).zip(FIRST_WORD..GLUED).collect()
});

/// What sets a token of that kind and text apart, but for what stands before it.
pub(super) fn mark(kind: TokenKind, text: &str) -> u16 {
    let word = if kind == TokenKind::Word { WORDS.get(text).copied() } else { None };
    word.unwrap_or(kind as Mark)
}

/// The shapes so far.
#[derive(Default)]
pub(super) struct Shapes {
    known: HashMap<Box<[Mark]>, Rc<Parsed>>,
    /// The shape that is looked up.
    wanted: Vec<Mark>,
}

impl Shapes {
    /// The tree of tokens, which need not stand side by side: one node of that rule, or of what it stands for, made of
    /// all of them; `None` if they are not that.
    pub(super) fn parse(&mut self, rule: Rule, stream: &Stream<'_>, toks: &[Tok]) -> Option<Rc<Parsed>> {
        pace::pause();
        self.wanted.clear();
        self.wanted.push(rule as Mark);
        self.wanted.extend(toks.iter().map(|tok| if tok.glued { tok.mark | GLUED } else { tok.mark }));
        if let Some(known) = self.known.get(self.wanted.as_slice()) {
            return Some(Rc::clone(known));
        }
        let parsed = Rc::new(parse(rule, stream, toks)?);
        if toks.len() <= MOST_TOKENS && self.known.len() < MOST_SHAPES {
            self.known.insert(self.wanted.as_slice().into(), Rc::clone(&parsed));
        }
        Some(parsed)
    }
}

fn parse(rule: Rule, stream: &Stream<'_>, toks: &[Tok]) -> Option<Parsed> {
    let (text, placed) = written(stream, toks);
    let pairs = Grammar::parse(rule, &text).ok()?;
    Parsed::new(&pairs, &placed).filter(|parsed| parsed.is_one_of(toks.len()))
}

/// The tokens as a text, without comments, and where they stand in it.
fn written(stream: &Stream<'_>, toks: &[Tok]) -> (String, Vec<Tok>) {
    let mut text = String::new();
    let place = |tok: &Tok| {
        if !tok.glued && !text.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(stream.text_of(*tok));
        let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Tok { start: at(start), end: at(text.len()), ..*tok }
    };
    let placed = toks.iter().map(place).collect();
    (text, placed)
}

#[cfg(test)]
mod tests {
    use super::{WORDS, mark};
    use crate::lang::lexer::TokenKind;
    use crate::lang::syntax::grammar::GRAMMAR;

    #[test]
    fn the_words_of_the_grammar_are_told_apart() {
        let keywords = GRAMMAR.lines().filter(|line| line.starts_with("kw_"));
        let words = keywords.map(|line| line.split('"').nth(1).unwrap()).collect::<Vec<_>>();
        assert!(words.len() > 30);
        for word in words {
            assert_eq!(WORDS.get(word), Some(&mark(TokenKind::Word, word)), "{word}");
        }
        assert_eq!(mark(TokenKind::Word, "example"), mark(TokenKind::Word, "other"));
        assert_ne!(mark(TokenKind::Word, "example"), mark(TokenKind::Word, "if"));
    }
}
