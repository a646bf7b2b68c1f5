//! How a file and its declarations begin: the version line, and words that start nothing.

use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::lexer::TokenKind;
use crate::lang::schema::{CONTEXTUAL_STATEMENTS, DECLARATIONS, STATEMENTS};
use crate::lang::source::{FileId, Span};

use super::ast::Version;
use super::bracket::span;
use super::cut::Piece;
use super::foreign;
use super::stream::Stream;

/// The version of the language that this parser reads.
const VERSION: u32 = 1;

/// What a piece is, told by its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// `warp`
    Version,
    /// `vcl`
    Vcl,
    /// A word that starts a declaration.
    Known(&'static str),
    /// Something that is like such a word.
    Misspelt(&'static str),
    /// Anything else.
    Unknown,
}

/// Looks at the first tokens of a piece.
pub(super) fn head(stream: &Stream<'_>, piece: &Piece) -> Head {
    let start = piece.toks.start;
    let word = stream.word(start);
    if word == "warp" {
        return Head::Version;
    }
    if word == "vcl" && stream.kind(start + 1) == Some(TokenKind::Number) {
        return Head::Vcl;
    }
    if let Some(known) = DECLARATIONS.iter().find(|known| **known == word) {
        return Head::Known(known);
    }
    if STATEMENTS.contains(&word) || CONTEXTUAL_STATEMENTS.contains(&word) {
        return Head::Unknown;
    }
    let versioned = stream.kind(start + 1) == Some(TokenKind::Number);
    let candidates = DECLARATIONS.iter().copied().filter(|known| (*known == "warp") == versioned);
    closest(word, candidates).map_or(Head::Unknown, Head::Misspelt)
}

/// A piece whose first word is nearly `meant`.
pub(super) fn misspelt(stream: &Stream<'_>, file: FileId, piece: &Piece, meant: &str) -> Option<Diagnostic> {
    let tok = stream.tok(piece.toks.start)?;
    let place = span(file, tok);
    let message = format!("`{}` starts no declaration", stream.text_of(tok));
    let fix = Fix::replace(format!("write `{meant}`"), place, meant);
    Some(Diagnostic::new(Code::E0116, place, message).help(format!("did you mean `{meant}`?")).fix(fix))
}

/// A piece that starts with nothing known.
pub(super) fn unknown(stream: &Stream<'_>, file: FileId, piece: &Piece) -> Option<Diagnostic> {
    let tok = stream.tok(piece.toks.start)?;
    let place = span(file, tok);
    let word = stream.word(piece.toks.start);
    if tok.kind == TokenKind::Semicolon {
        let fix = Fix::replace("remove it", place, "");
        return Some(Diagnostic::new(Code::E0101, place, "this `;` ends nothing").help("remove it").fix(fix));
    }
    if let Some(help) = foreign::declaration(word) {
        return Some(Diagnostic::new(Code::E0116, place, format!("`{word}` starts no declaration")).help(help));
    }
    if STATEMENTS.contains(&word) || CONTEXTUAL_STATEMENTS.contains(&word) {
        let message = format!("`{word}` cannot stand outside of a sub");
        let help = "put it into the sub of the step in which it should run: `sub recv { … }`";
        return Some(Diagnostic::new(Code::E0116, place, message).help(help));
    }
    let found = stream.text_of(tok).lines().next().unwrap_or_default();
    let found: String = found.chars().take(24).collect();
    let rest: Vec<String> = DECLARATIONS.iter().skip(1).map(|known| format!("`{known}`")).collect();
    let help = format!("a declaration starts with {}", rest.join(", "));
    Some(Diagnostic::new(Code::E0116, place, format!("`{found}` starts no declaration")).help(help))
}

/// `vcl 4.1;`
pub(super) fn vcl(stream: &Stream<'_>, file: FileId, piece: &Piece) -> Option<Diagnostic> {
    let place = whole(stream, file, piece)?;
    let line = format!("warp {VERSION};");
    Some(
        Diagnostic::new(Code::E0117, place, "this is the version line of a VCL file")
            .label(format!("a policy starts with `{line}`"))
            .help(format!("write `{line}`; most of VCL reads the same here, and what does not is reported"))
            .fix(Fix::replace(format!("write `{line}`"), place, line)),
    )
}

/// A version line with a number that is not ours.
pub(super) fn unsupported(version: Option<&Version>, number: Span) -> Option<Diagnostic> {
    if version.is_some_and(|version| version.number == VERSION) {
        return None;
    }
    Some(
        Diagnostic::new(Code::E0107, number, "this version of the language is not known")
            .label(format!("this warp reads version {VERSION}"))
            .help(format!("write `warp {VERSION};`, or run a newer warp"))
            .fix(Fix::replace(format!("write `{VERSION}`"), number, VERSION.to_string())),
    )
}

/// A version line behind other things.
pub(super) fn misplaced(place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, place, format!("`warp {VERSION};` comes first in a file, and once"))
        .help("remove this line, or move it to the top if there is none")
}

/// A file without a version line; `first` is its first token.
pub(super) fn missing(first: Span) -> Diagnostic {
    let line = format!("warp {VERSION};");
    let start = Span { end: first.start, ..first };
    Diagnostic::new(Code::E0106, first, format!("`{line}` is missing"))
        .label("expected before this")
        .help(format!("write `{line}` as the first line"))
        .fix(Fix::replace(format!("add `{line}`"), start, format!("{line}\n\n")))
}

/// A file without any token.
pub(super) fn empty(file: FileId, text: &str) -> Diagnostic {
    let what = if text.trim().is_empty() { "the file is empty" } else { "the file holds nothing but comments" };
    Diagnostic::new(Code::E0110, Span::new(file, 0..0), what)
        .help(format!("a policy starts with `warp {VERSION};` and names at least a backend"))
}

fn whole(stream: &Stream<'_>, file: FileId, piece: &Piece) -> Option<Span> {
    let (first, last) = (stream.tok(piece.toks.start)?, stream.tok(piece.toks.end.checked_sub(1)?)?);
    Some(span(file, first).to(span(file, last)))
}
