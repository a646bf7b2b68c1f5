//! Words for brackets without partners.

use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::lexer::TokenKind;
use crate::lang::source::{FileId, Span};

use super::cut::{Flaw, MAX_NESTING, Piece};
use super::stream::{Stream, Tok};

/// The span of a token.
pub(super) fn span(file: FileId, tok: Tok) -> Span {
    Span::new(file, tok.start as usize..tok.end as usize)
}

/// What is wrong with a parenthesis, bracket or closing brace; `None` never happens for a flaw of
/// the same stream.
pub(super) fn flaw(stream: &Stream<'_>, file: FileId, flaw: Flaw) -> Option<Diagnostic> {
    match flaw {
        Flaw::Unopened(index) => Some(unopened(stream, file, stream.tok(index)?)),
        Flaw::Unclosed { opener, before } => {
            let last = stream.tok(before.checked_sub(1)?)?;
            Some(unclosed_parenthesis(stream, file, stream.tok(opener)?, last))
        }
    }
}

fn unopened(stream: &Stream<'_>, file: FileId, tok: Tok) -> Diagnostic {
    let mark = stream.text_of(tok);
    Diagnostic::new(Code::E0118, span(file, tok), format!("this `{mark}` closes nothing"))
        .help(format!("remove it, or open what it should close with `{}`", partner(mark)))
}

fn unclosed_parenthesis(stream: &Stream<'_>, file: FileId, opener: Tok, last: Tok) -> Diagnostic {
    let mark = stream.text_of(opener);
    let closer = partner(mark);
    let place = span(file, last).after();
    let fix = Fix { safety: Safety::NeedsReview, ..Fix::replace(format!("add the missing `{closer}`"), place, closer) };
    Diagnostic::new(Code::E0105, place, format!("this `{mark}` is not closed"))
        .label(format!("`{closer}` expected here at the latest"))
        .context(span(file, opener), "opened here")
        .help(format!("write the `{closer}` that belongs to it"))
        .fix(fix)
}

fn partner(mark: &str) -> &'static str {
    match mark {
        "(" => ")",
        ")" => "(",
        "[" => "]",
        "]" => "[",
        "{" => "}",
        _ => "{",
    }
}

/// A piece that ends before its braces are closed.
pub(super) fn unclosed_braces(stream: &Stream<'_>, file: FileId, piece: &Piece) -> Option<Diagnostic> {
    let outermost = *piece.unclosed.first()?;
    let opener = stream.tok(misindented(stream, piece).unwrap_or(outermost))?;
    let last = span(file, stream.tok(piece.toks.end.checked_sub(1)?)?);
    let message = match piece.unclosed.len() {
        1 => "this `{` is not closed".to_owned(),
        count => format!("{count} braces are not closed"),
    };
    let closers = "\n}".repeat(piece.unclosed.len());
    let fix = Fix { safety: Safety::NeedsReview, ..Fix::replace("close it here", last.after(), closers) };
    Some(
        Diagnostic::new(Code::E0105, last.after(), message)
            .label("`}` expected here at the latest")
            .context(span(file, opener), "opened here")
            .help("write the `}` that belongs to it")
            .fix(fix),
    )
}

/// The first brace whose partner stands less far to the right than the line that opens it: the
/// partner was meant for another one.
fn misindented(stream: &Stream<'_>, piece: &Piece) -> Option<usize> {
    let mut open = Vec::new();
    let mut line_start = stream.tok(piece.toks.start)?;
    for index in piece.toks.clone() {
        let tok = stream.tok(index)?;
        if tok.first_on_line {
            line_start = tok;
        }
        match tok.kind {
            TokenKind::BraceOpen => open.push((index, column(stream, line_start))),
            TokenKind::BraceClose => {
                let (opener, indent) = open.pop()?;
                if tok.first_on_line && column(stream, tok) < indent {
                    return Some(opener);
                }
            }
            _ => {}
        }
    }
    None
}

/// How many bytes stand before the token on its line.
fn column(stream: &Stream<'_>, tok: Tok) -> usize {
    let before = stream.text.as_bytes().get(..tok.start as usize).unwrap_or_default();
    memchr::memrchr(b'\n', before).map_or(before.len(), |newline| before.len() - newline - 1)
}

/// A piece that nests too deep to be parsed.
pub(super) fn too_deep(stream: &Stream<'_>, file: FileId, opener: usize) -> Option<Diagnostic> {
    let tok = stream.tok(opener)?;
    let message = format!("more than {MAX_NESTING} brackets stand inside each other");
    Some(
        Diagnostic::new(Code::E0108, span(file, tok), message)
            .label("one too many")
            .help("move a part into a sub of its own, or give it a name with `let`"),
    )
}
