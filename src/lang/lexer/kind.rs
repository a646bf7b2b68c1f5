//! The kinds of tokens, and the automaton that finds them.

use logos::{Lexer, Logos};

/// What a token is. Keywords are words: the grammar tells them apart by their place.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenKind {
    /// Spaces, tabs, line ends, form feeds, and a byte order mark wherever it stands.
    #[regex("[ \t\r\n\u{000C}\u{FEFF}]+")]
    Whitespace,
    /// `# …` or `// …` up to the end of the line.
    #[regex(r"#[^\n]*", allow_greedy = true)]
    #[regex(r"//[^\n]*", allow_greedy = true)]
    LineComment,
    /// `/* … */`; such comments do not nest.
    #[token("/*", block_comment)]
    BlockComment,
    /// A name or a keyword; `-` is part of it between letters and digits: `X-Forwarded-For`.
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*(-+[A-Za-z0-9_]+)*")]
    Word,
    /// A number with what is glued to it: `42`, `0.5`, `10s`, `64KB`.
    #[regex(r"[0-9]+(\.[0-9]+)?[A-Za-z0-9_]*")]
    Number,
    /// `"…"` on one line; there are no escapes, as in VCL.
    #[token("\"", string)]
    String,
    /// `"""…"""` over any number of lines.
    #[token("\"\"\"", long_string)]
    LongString,
    /// `{`
    #[token("{")]
    BraceOpen,
    /// `}`
    #[token("}")]
    BraceClose,
    /// `(`
    #[token("(")]
    ParenOpen,
    /// `)`
    #[token(")")]
    ParenClose,
    /// `[`
    #[token("[")]
    BracketOpen,
    /// `]`
    #[token("]")]
    BracketClose,
    /// `;`
    #[token(";")]
    Semicolon,
    /// `,`
    #[token(",")]
    Comma,
    /// `:`
    #[token(":")]
    Colon,
    /// `.`
    #[token(".")]
    Dot,
    /// `..`
    #[token("..")]
    Dots,
    /// `->`
    #[token("->")]
    Arrow,
    /// `=`
    #[token("=")]
    Assign,
    /// `+=`
    #[token("+=")]
    AddAssign,
    /// `-=`
    #[token("-=")]
    SubtractAssign,
    /// `*=`
    #[token("*=")]
    MultiplyAssign,
    /// `/=`
    #[token("/=")]
    DivideAssign,
    /// `==`
    #[token("==")]
    Equal,
    /// `!=`
    #[token("!=")]
    NotEqual,
    /// `<`
    #[token("<")]
    Less,
    /// `<=`
    #[token("<=")]
    LessOrEqual,
    /// `>`
    #[token(">")]
    Greater,
    /// `>=`
    #[token(">=")]
    GreaterOrEqual,
    /// `~`
    #[token("~")]
    Match,
    /// `!~`
    #[token("!~")]
    NotMatch,
    /// `!`
    #[token("!")]
    Not,
    /// `&&`
    #[token("&&")]
    And,
    /// `||`
    #[token("||")]
    Or,
    /// `??`
    #[token("??")]
    Otherwise,
    /// `+`
    #[token("+")]
    Plus,
    /// `-`
    #[token("-")]
    Minus,
    /// `*`
    #[token("*")]
    Star,
    /// `/`
    #[token("/")]
    Slash,
    /// `%`
    #[token("%")]
    Percent,
    /// A `"` without its partner on the line. Marks that close a statement at the end of the line
    /// (`"abc);`) are left out of it, so that the statement still ends there.
    UnterminatedString,
    /// A `"""` without its partner, up to the end of the text.
    UnterminatedLongString,
    /// A `/*` without its partner, up to the end of the text.
    UnterminatedComment,
    /// A run of characters that no token starts with.
    Unknown,
}

impl TokenKind {
    /// White space or a comment: what the grammar skips.
    #[must_use]
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Whitespace | Self::LineComment | Self::BlockComment)
    }

    /// A text literal that is complete.
    #[must_use]
    pub fn is_string(self) -> bool {
        matches!(self, Self::String | Self::LongString)
    }

    /// Not a token of the language.
    #[must_use]
    pub fn is_flawed(self) -> bool {
        matches!(
            self,
            Self::UnterminatedString | Self::UnterminatedLongString | Self::UnterminatedComment | Self::Unknown
        )
    }
}

/// What a text that no rule took is.
pub(super) fn flawed(slice: &str) -> TokenKind {
    if slice.starts_with("\"\"\"") {
        TokenKind::UnterminatedLongString
    } else if slice.starts_with('"') {
        TokenKind::UnterminatedString
    } else if slice.starts_with("/*") {
        TokenKind::UnterminatedComment
    } else {
        TokenKind::Unknown
    }
}

fn string(lexer: &mut Lexer<'_, TokenKind>) -> bool {
    let rest = lexer.remainder();
    let end = memchr::memchr3(b'"', b'\n', b'\r', rest.as_bytes());
    let closed = end.is_some_and(|at| rest.as_bytes().get(at) == Some(&b'"'));
    let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    let closing = |character: char| character.is_ascii_whitespace() || ";){}],".contains(character);
    lexer.bump(if closed { line.len() + 1 } else { line.trim_end_matches(closing).len() });
    closed
}

fn long_string(lexer: &mut Lexer<'_, TokenKind>) -> bool {
    bump_past(lexer, b"\"\"\"")
}

fn block_comment(lexer: &mut Lexer<'_, TokenKind>) -> bool {
    bump_past(lexer, b"*/")
}

fn bump_past(lexer: &mut Lexer<'_, TokenKind>, end: &[u8]) -> bool {
    let rest = lexer.remainder().as_bytes();
    let found = memchr::memmem::find(rest, end);
    lexer.bump(found.map_or(rest.len(), |at| at + end.len()));
    found.is_some()
}
