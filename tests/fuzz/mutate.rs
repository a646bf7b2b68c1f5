//! Changes to a text, made along its tokens: so that a good part of what comes out is still a policy.

use std::ops::Range;

use warp_edge::lang::lexer::{TokenKind, tokenize};

use super::dice::Dice;

/// The longest input.
pub const MOST_BYTES: usize = 1 << 20;

/// How deep a piece is nested at most.
const MOST_LEVELS: usize = 300;

/// A text by its tokens, white space left out.
struct Tokens {
    text: String,
    tokens: Vec<(TokenKind, Range<usize>)>,
}

impl Tokens {
    fn new(text: &str) -> Self {
        let tokens = tokenize(text).into_iter().filter(|token| !token.kind.is_trivia());
        Self { text: text.to_owned(), tokens: tokens.map(|token| (token.kind, token.range())).collect() }
    }

    fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        match self.tokens.get(tokens.clone()) {
            Some([first, .., last]) => first.1.start..last.1.end,
            Some([only]) => only.1.clone(),
            _ => {
                let at = self.tokens.get(tokens.start).map_or(self.text.len(), |token| token.1.start);
                at..at
            }
        }
    }

    fn slice(&self, tokens: &Range<usize>) -> &str {
        &self.text[self.bytes(tokens)]
    }

    fn replaced(&self, tokens: &Range<usize>, by: &str) -> String {
        let bytes = self.bytes(tokens);
        format!("{} {by} {}", &self.text[..bytes.start], &self.text[bytes.end..])
    }

    /// Some tokens in a row, mostly few.
    fn any(&self, dice: &mut Dice) -> Range<usize> {
        let start = dice.below(self.tokens.len() + 1);
        start..(start + dice.mostly_small(40)).min(self.tokens.len())
    }

    /// A whole statement, declaration, row or entry: up to its `;`, its block and all.
    fn whole(&self, dice: &mut Dice) -> Range<usize> {
        let ends = |kind| matches!(kind, TokenKind::Semicolon | TokenKind::BraceOpen | TokenKind::BraceClose);
        let starts: Vec<usize> = (0..self.tokens.len())
            .filter(|at| at.checked_sub(1).is_none_or(|before| ends(self.tokens[before].0)))
            .filter(|at| self.tokens[*at].0 != TokenKind::BraceClose)
            .collect();
        if starts.is_empty() {
            return 0..0;
        }
        let (start, mut depth) = (*dice.pick(&starts), 0_usize);
        for (at, (kind, _)) in self.tokens.iter().enumerate().skip(start) {
            match kind {
                TokenKind::BraceOpen => depth += 1,
                TokenKind::BraceClose if depth <= 1 => return start..(at + depth).min(self.tokens.len()),
                TokenKind::BraceClose => depth -= 1,
                TokenKind::Semicolon if depth == 0 => return start..at + 1,
                _ => {}
            }
        }
        start..self.tokens.len()
    }

    /// A name with its dots, a number or a text.
    fn operand(&self, dice: &mut Dice) -> Option<Range<usize>> {
        let kind = |at: usize| self.tokens.get(at).map(|token| token.0);
        let operands: Vec<usize> = (0..self.tokens.len()).filter(|at| is_operand(self.tokens[*at].0)).collect();
        let mut start = *operands.get(dice.below(operands.len()))?;
        let mut end = start + 1;
        while start >= 2 && kind(start - 1) == Some(TokenKind::Dot) && kind(start - 2) == Some(TokenKind::Word) {
            start -= 2;
        }
        while kind(end) == Some(TokenKind::Dot) && kind(end + 1).is_some_and(is_operand) {
            end += 2;
        }
        Some(start..end)
    }
}

fn is_operand(kind: TokenKind) -> bool {
    kind == TokenKind::Word || kind == TokenKind::Number || kind.is_string()
}

/// What changes are made of.
pub struct Mutator<'a> {
    pub dictionary: &'a [String],
    /// Texts that others are spliced from.
    pub others: &'a [String],
}

impl Mutator<'_> {
    /// The text with some changes; no longer than [`MOST_BYTES`].
    pub fn mutate(&self, text: &str, dice: &mut Dice) -> String {
        let mut text = text.to_owned();
        for _ in 0..=dice.mostly_small(6) {
            text = self.change(&text, dice);
        }
        cut(text)
    }

    fn change(&self, text: &str, dice: &mut Dice) -> String {
        let tokens = Tokens::new(text);
        match dice.below(16) {
            0 => tokens.replaced(&tokens.any(dice), ""),
            1 => tokens.replaced(&tokens.whole(dice), ""),
            2 => {
                let again = tokens.slice(&tokens.any(dice)).to_owned();
                tokens.replaced(&insertion(&tokens.any(dice)), &again)
            }
            3 | 4 => {
                let again = tokens.slice(&tokens.whole(dice)).to_owned();
                tokens.replaced(&insertion(&tokens.whole(dice)), &again)
            }
            5 | 6 => {
                let other = Tokens::new(dice.pick::<String>(self.others));
                let piece = other.slice(&other.whole(dice)).to_owned();
                tokens.replaced(&insertion(&tokens.whole(dice)), &piece)
            }
            7 => {
                let other = Tokens::new(dice.pick::<String>(self.others));
                let piece = other.slice(&other.any(dice)).to_owned();
                tokens.replaced(&tokens.any(dice), &piece)
            }
            8 => tokens.replaced(&insertion(&tokens.any(dice)), dice.pick::<String>(self.dictionary)),
            9..=11 => self.other_operand(&tokens, dice),
            12 => nested(&tokens, dice),
            13 => longer(&tokens, dice),
            _ => characters(text, dice),
        }
    }

    fn other_operand(&self, tokens: &Tokens, dice: &mut Dice) -> String {
        let Some(place) = tokens.operand(dice) else { return tokens.text.clone() };
        let by = match dice.below(3) {
            0 => dice.pick(self.dictionary).clone(),
            1 => tokens.operand(dice).map_or_else(String::new, |other| tokens.slice(&other).to_owned()),
            _ => {
                let other = Tokens::new(dice.pick::<String>(self.others));
                other.operand(dice).map_or_else(String::new, |place| other.slice(&place).to_owned())
            }
        };
        tokens.replaced(&place, &by)
    }
}

fn insertion(place: &Range<usize>) -> Range<usize> {
    place.start..place.start
}

/// A piece within others of its kind.
fn nested(tokens: &Tokens, dice: &mut Dice) -> String {
    let statements: &[(&str, &str)] = &[
        ("if (req.http.X-A) {", "}"),
        ("if (true) { } else {", "}"),
        ("match req.url { else -> {", "} }"),
        ("sub nest {", "}"),
        ("{", "}"),
    ];
    let expressions: &[(&str, &str)] = &[
        ("(", ")"),
        ("!", ""),
        ("-", ""),
        ("std.tolower(", ")"),
        ("req.query[", "]"),
        ("(match req.url { \"/a\" -> \"b\"; else ->", "; })"),
        ("(\"a\" ?? ", ")"),
        ("[", "]"),
        ("\"a\" + ", ""),
        ("true and ", ""),
        ("true or ", ""),
    ];
    let (place, around) = if dice.one_in(2) {
        (tokens.whole(dice), dice.pick(statements))
    } else {
        (tokens.operand(dice).unwrap_or(0..0), dice.pick(expressions))
    };
    let levels = dice.mostly_small(MOST_LEVELS);
    let inner = tokens.slice(&place);
    let (open, close) = (around.0.repeat(levels), around.1.repeat(levels));
    tokens.replaced(&place, &format!("{open} {inner} {close}"))
}

/// A piece many times over.
fn longer(tokens: &Tokens, dice: &mut Dice) -> String {
    let place = if dice.one_in(2) { tokens.whole(dice) } else { tokens.any(dice) };
    let piece = format!("{} ", tokens.slice(&place));
    let times = dice.mostly_small(200).min(40_000 / piece.len());
    tokens.replaced(&place, &piece.repeat(times))
}

/// Characters within a token, or anywhere.
fn characters(text: &str, dice: &mut Dice) -> String {
    const ODD: &[char] =
        &['\0', '\r', '\t', '"', '\\', '/', '*', '#', '%', '{', '}', '\u{feff}', 'é', '“', '𝄞', '9', '-'];
    let start = text.floor_char_boundary(dice.below(text.len() + 1));
    let end = text.ceil_char_boundary((start + dice.mostly_small(8)).min(text.len()));
    let odd: String = (0..dice.mostly_small(3)).map(|_| *dice.pick(ODD)).collect();
    format!("{}{odd}{}", &text[..start], &text[end..])
}

/// The text with a piece of it so often that it is as long as an input may be.
pub fn grow(text: &str, dice: &mut Dice) -> String {
    let tokens = Tokens::new(text);
    let place = match dice.below(4) {
        0 => tokens.any(dice),
        1 => 0..tokens.tokens.len(),
        _ => tokens.whole(dice),
    };
    let piece = tokens.slice(&place);
    let room = MOST_BYTES.saturating_sub(text.len());
    let numbered = dice.one_in(2);
    let mut pieces = String::with_capacity(MOST_BYTES);
    let mut at = 0_usize;
    while !piece.is_empty() && pieces.len() + piece.len() + 12 < room {
        at += 1;
        pieces.push(' ');
        if numbered { pieces.push_str(&numbered_words(piece, at)) } else { pieces.push_str(piece) }
    }
    cut(tokens.replaced(&place, &pieces))
}

/// The piece with a number behind its last text or in it, so that it is not the same each time.
fn numbered_words(piece: &str, at: usize) -> String {
    match piece.rfind('"') {
        Some(quote) => format!("{}{at}{}", &piece[..quote], &piece[quote..]),
        None => piece.to_owned(),
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MOST_BYTES));
    text
}
