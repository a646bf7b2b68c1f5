//! The kinds of tokens, and the automaton that finds them.

use logos::{Lexer, Logos};

/// What a token is. Keywords are words: the grammar tells them apart by their place.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
// Whether no `"}` is left in the text.
#[logos(extras = bool)]
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
    /// `"""…"""` over any number of lines; the last of several `"` behind each other ends it.
    #[token("\"\"\"", long_string)]
    LongString,
    /// `{`
    #[token("{", brace)]
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
    /// `=>`
    #[token("=>")]
    Implies,
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
    /// `{"…"}` where a value may stand: a text as VCL writes it.
    BracedString,
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
            Self::UnterminatedString
                | Self::UnterminatedLongString
                | Self::UnterminatedComment
                | Self::BracedString
                | Self::Unknown
        )
    }
}

/// What a text that no rule took is.
pub(super) fn flawed(slice: &str) -> TokenKind {
    if slice.starts_with("\"\"\"") {
        TokenKind::UnterminatedLongString
    } else if slice.starts_with('"') {
        TokenKind::UnterminatedString
    } else if slice.starts_with("{\"") {
        TokenKind::BracedString
    } else if slice.starts_with("/*") {
        TokenKind::UnterminatedComment
    } else {
        TokenKind::Unknown
    }
}

/// A brace; not one if it opens a text of VCL. A brace that is one never stands behind such a sign and before a `"`.
fn brace(lexer: &mut Lexer<'_, TokenKind>) -> bool {
    if !lexer.remainder().starts_with('"') || lexer.extras {
        return true;
    }
    let before = lexer.source().get(..lexer.span().start).unwrap_or_default();
    if !may_stand_before_a_value(before) {
        return true;
    }
    let end = memchr::memmem::find(lexer.remainder().as_bytes().get(1..).unwrap_or_default(), b"\"}");
    lexer.extras = end.is_none();
    lexer.bump(end.map_or(0, |at| at + 3));
    end.is_none()
}

/// Whether the text ends with a sign behind which a value stands. A comment may end with any sign.
fn may_stand_before_a_value(before: &str) -> bool {
    let text = before.trim_ascii_end();
    if !text.ends_with(['=', '(', '+', ',', '~', '}']) {
        return false;
    }
    let is_line_end = before.get(text.len()..).is_some_and(|blanks| blanks.contains('\n'));
    // Only then: a line may be as long as the file, with a brace at every second byte.
    let line = if is_line_end { text.rsplit('\n').next().unwrap_or_default() } else { "" };
    !line.contains('#') && !line.contains("//")
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

/// It ends with the last `"""` of a run of marks, so that the text may end with one itself.
fn long_string(lexer: &mut Lexer<'_, TokenKind>) -> bool {
    let is_closed = bump_past(lexer, b"\"\"\"");
    let marks = lexer.remainder().bytes().take_while(|byte| *byte == b'"').count();
    lexer.bump(marks);
    is_closed
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
