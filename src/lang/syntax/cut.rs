//! Cuts a file into declarations by its tokens, and finds brackets without partners on the way.
//!
//! This is where nesting is measured: a piece that nests too deep never reaches the recursive
//! parser. The cutter itself keeps a stack of its own and runs in O(tokens).

use std::ops::Range;

use crate::lang::lexer::TokenKind;
use crate::lang::schema::DECLARATIONS;
use crate::pace;

use super::build::MAX_EXPRESSION_DEPTH;
use super::stream::Stream;

/// How many brackets may stand inside each other.
pub(super) const MAX_NESTING: usize = 64;

/// How many flaws of one piece are kept; more are never shown.
const MAX_FLAWS: usize = 128;

/// A declaration as a run of tokens.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// The indices of its tokens.
    pub(super) toks: Range<usize>,
    /// Brackets without partners, but for `unclosed`.
    pub(super) flaws: Vec<Flaw>,
    /// The braces that are still open at its end, outermost first.
    pub(super) unclosed: Vec<usize>,
    /// The first opening bracket beyond [`MAX_NESTING`].
    pub(super) too_deep: Option<usize>,
    /// The first sign of a sum or product beyond [`MAX_EXPRESSION_DEPTH`].
    pub(super) too_long: Option<usize>,
}

/// A parenthesis, bracket or closing brace without its partner.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flaw {
    /// The bracket at `opener` should have been closed before the token at `before`.
    Unclosed {
        /// The opening bracket.
        opener: usize,
        /// The token that cannot stand inside it.
        before: usize,
    },
    /// Nothing is open that the bracket at this index closes.
    Unopened(usize),
}

/// The declarations of a file in order; every token is in one of them.
pub(super) fn pieces(stream: &Stream<'_>) -> impl Iterator<Item = Piece> {
    let mut cutter = Cutter {
        stream,
        stack: Vec::new(),
        start: 0,
        next: 0,
        chain: Chain::default(),
        braces: 0,
        matches: Vec::new(),
        open: Piece::default(),
        done: None,
    };
    std::iter::from_fn(move || cutter.next_piece())
}

/// The signs of a sum, of a product in it, and before a value in that, that came in a row: what has more of them than an
/// expression may is not worth being parsed.
#[derive(Clone, Copy, Default)]
struct Chain {
    sums: usize,
    products: usize,
    prefixes: usize,
}

impl Chain {
    /// Goes on with a token, and says whether what came is too long.
    fn goes_on(&mut self, kind: TokenKind, word: Option<&str>, behind_value: bool) -> bool {
        let prefixes = std::mem::take(&mut self.prefixes);
        match (kind, word) {
            (TokenKind::Plus | TokenKind::Minus, _) if behind_value => {
                self.sums += 1;
                self.products = 0;
            }
            (TokenKind::Star | TokenKind::Slash | TokenKind::Percent, _) if behind_value => self.products += 1,
            (TokenKind::Minus, _) => self.prefixes = prefixes + 1,
            (TokenKind::Not, _) | (_, Some("not")) => *self = Self { prefixes: prefixes + 1, ..Self::default() },
            (TokenKind::Dot | TokenKind::Number, _) | (TokenKind::Word, None) => {}
            (kind, _) if kind.is_string() => {}
            _ => *self = Self::default(),
        }
        [self.sums, self.products, self.prefixes].iter().any(|signs| *signs > MAX_EXPRESSION_DEPTH)
    }
}

/// Whether a value may end with the token.
fn ends_value(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Word | TokenKind::Number) || kind.is_string() || ends_bracket(kind)
}

fn ends_bracket(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::ParenClose | TokenKind::BracketClose | TokenKind::BraceClose)
}

/// An open bracket.
struct Open {
    /// What it stands in.
    chain: Chain,
    /// The index of its token.
    at: usize,
    /// What closes it.
    wanted: TokenKind,
    /// Whether it belongs to a `match`, which may be a value: what is around goes on behind it.
    is_match: bool,
}

struct Cutter<'a, 's> {
    stream: &'a Stream<'s>,
    stack: Vec<Open>,
    /// Where the current piece starts.
    start: usize,
    /// The token to look at next.
    next: usize,
    /// The sum that is under way.
    chain: Chain,
    /// How many braces are open.
    braces: usize,
    /// How many braces were open at each `match` that waits for its own. What is matched may hold another one.
    matches: Vec<usize>,
    /// The current piece, its flaws so far.
    open: Piece,
    /// The piece that the last step closed; a step closes one at most.
    done: Option<Piece>,
}

impl Cutter<'_, '_> {
    fn next_piece(&mut self) -> Option<Piece> {
        while self.next < self.stream.toks.len() {
            self.step(self.next);
            self.next += 1;
            if self.done.is_some() {
                return self.done.take();
            }
        }
        self.close(self.next);
        self.done.take()
    }

    fn step(&mut self, index: usize) {
        pace::pause();
        let Some(kind) = self.stream.kind(index) else { return };
        if index > self.start && self.starts_declaration(index) {
            self.close(index);
        }
        self.chain(index, kind);
        match kind {
            TokenKind::Word if self.stream.is_leading(index, "match") => self.matches.push(self.braces),
            TokenKind::BraceOpen => {
                let is_match = self.matches.pop_if(|braces| *braces == self.braces).is_some();
                if !is_match {
                    self.drop_parentheses(index);
                }
                self.open(index, TokenKind::BraceClose, is_match);
                self.braces += 1;
            }
            TokenKind::ParenOpen => self.open(index, TokenKind::ParenClose, false),
            TokenKind::BracketOpen => self.open(index, TokenKind::BracketClose, false),
            TokenKind::BraceClose => self.close_brace(index),
            TokenKind::ParenClose | TokenKind::BracketClose => self.close_parenthesis(index, kind),
            TokenKind::Semicolon => {
                self.forget_matches();
                self.drop_parentheses(index);
                if self.stack.is_empty() {
                    self.close(index + 1);
                }
            }
            _ => {}
        }
    }

    /// Looks for sums, products and runs of signs that are too long. A bracket begins another one.
    fn chain(&mut self, index: usize, kind: TokenKind) {
        let word = self.stream.is_keyword(index).then(|| self.stream.word(index));
        let behind_value = index.checked_sub(1).and_then(|before| self.stream.kind(before)).is_some_and(ends_value);
        if !ends_bracket(kind) && self.chain.goes_on(kind, word, behind_value) {
            self.open.too_long.get_or_insert(index);
        }
    }

    /// What waits for its brace within the innermost braces gets none.
    fn forget_matches(&mut self) {
        while self.matches.pop_if(|braces| *braces >= self.braces).is_some() {}
    }

    fn open(&mut self, index: usize, closer: TokenKind, is_match: bool) {
        let chain = std::mem::take(&mut self.chain);
        self.stack.push(Open { chain, at: index, wanted: closer, is_match });
        if self.stack.len() > MAX_NESTING {
            self.open.too_deep.get_or_insert(index);
        }
    }

    fn close_brace(&mut self, index: usize) {
        self.forget_matches();
        self.drop_parentheses(index);
        let Some(open) = self.stack.pop() else {
            self.flaw(Flaw::Unopened(index));
            return self.close(index + 1);
        };
        self.chain = open.chain;
        self.braces -= 1;
        if self.stack.is_empty() && !open.is_match {
            self.close(index + 1);
        }
    }

    fn close_parenthesis(&mut self, index: usize, closer: TokenKind) {
        let inner = self.stack.iter().rev().take(MAX_NESTING);
        let mut inner = inner.take_while(|open| open.wanted != TokenKind::BraceClose);
        let Some(above) = inner.position(|open| open.wanted == closer) else {
            return self.flaw(Flaw::Unopened(index));
        };
        for _ in 0..above {
            self.unclosed(index);
        }
        if let Some(open) = self.stack.pop() {
            self.chain = open.chain;
        }
    }

    /// A brace that is not of a `match`, or a `;`, never stands inside parentheses: those still open were
    /// forgotten.
    fn drop_parentheses(&mut self, before: usize) {
        while self.stack.last().is_some_and(|open| open.wanted != TokenKind::BraceClose) {
            self.unclosed(before);
        }
    }

    fn unclosed(&mut self, before: usize) {
        if let Some(open) = self.stack.pop() {
            self.flaw(Flaw::Unclosed { opener: open.at, before });
        }
    }

    fn flaw(&mut self, flaw: Flaw) {
        if self.open.flaws.len() < MAX_FLAWS {
            self.open.flaws.push(flaw);
        }
    }

    /// Ends the piece before the token at `end`.
    fn close(&mut self, end: usize) {
        self.drop_parentheses(end);
        let unclosed = self.stack.drain(..).map(|open| open.at).collect();
        self.matches.clear();
        self.chain = Chain::default();
        self.braces = 0;
        let piece = Piece { toks: self.start..end, unclosed, ..std::mem::take(&mut self.open) };
        self.done = Some(piece).filter(|piece| !piece.toks.is_empty());
        self.start = end;
    }

    /// Whether a declaration starts at `index`, although the one before it may not be closed.
    fn starts_declaration(&self, index: usize) -> bool {
        let first = self.stream.tok(index).is_some_and(|tok| tok.first_on_line);
        if !first || !self.stream.is_keyword(index) || !DECLARATIONS.contains(&self.stream.leading_word(index)) {
            return false;
        }
        let may_start = self.stack.is_empty() || self.ends_something(index);
        may_start && self.looks_like_declaration(index)
    }

    fn ends_something(&self, index: usize) -> bool {
        let before = index.checked_sub(1).and_then(|before| self.stream.kind(before));
        matches!(before, Some(TokenKind::Semicolon | TokenKind::BraceOpen | TokenKind::BraceClose))
    }

    /// Whether nothing stands before the token on its line, not even a blank.
    fn starts_line(&self, index: usize) -> bool {
        let start = self.stream.tok(index).map_or(0, |tok| tok.start as usize);
        start.checked_sub(1).is_none_or(|before| self.stream.text.as_bytes().get(before) == Some(&b'\n'))
    }

    /// More than the first word is asked for, since it can be a name: `backend probe { … }`.
    fn looks_like_declaration(&self, index: usize) -> bool {
        let kind = |ahead: usize| self.stream.kind(index + ahead);
        match self.stream.word(index) {
            // Further to the right it is one within a sub.
            "include" => {
                (self.stack.is_empty() || self.starts_line(index)) && kind(1).is_some_and(TokenKind::is_string)
            }
            "site" | "invariant" | "test" => kind(1).is_some_and(TokenKind::is_string),
            "sub" | "override" => {
                kind(1) == Some(TokenKind::Word) && matches!(kind(2), Some(TokenKind::Dot | TokenKind::BraceOpen))
            }
            "backend" if self.stream.word(index + 2) == "none" => kind(1) == Some(TokenKind::Word),
            "rules" => matches!(self.stream.word(index + 1), "request" | "response"),
            // Further to the right it is JavaScript's word for `let`.
            "const" => {
                (self.stack.is_empty() || self.starts_line(index))
                    && kind(1) == Some(TokenKind::Word)
                    && matches!(kind(2), Some(TokenKind::Assign | TokenKind::Colon))
            }
            "fn" => kind(1) == Some(TokenKind::Word) && kind(2) == Some(TokenKind::ParenOpen),
            "key" => kind(1) == Some(TokenKind::BraceOpen),
            "director" => kind(1) == Some(TokenKind::Word) && kind(2) == Some(TokenKind::Assign),
            "table" => {
                kind(1) == Some(TokenKind::Word)
                    && (matches!(kind(2), Some(TokenKind::BraceOpen | TokenKind::Colon))
                        || self.stream.word(index + 2) == "from")
            }
            "acl" | "probe" | "normalize" | "backend" => {
                kind(1) == Some(TokenKind::Word) && kind(2) == Some(TokenKind::BraceOpen)
            }
            _ => false,
        }
    }
}
