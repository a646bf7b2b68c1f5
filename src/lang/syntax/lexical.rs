//! Mistakes within a token: quotation marks, comments and characters that mean nothing.

use std::ops::Range;

use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::lexer::TokenKind;
use crate::lang::source::{FileId, Span};
use crate::pace;

use super::limits::MAX_DIAGNOSTICS;
use super::stream::{Stream, Tok};

/// A finding, and the bytes of the file that cannot be parsed because of it.
pub(super) type Finding = (Diagnostic, Range<usize>);

/// The mistakes in the tokens of a piece, in order; at most one more than is ever shown.
pub(super) fn findings(stream: &Stream<'_>, file: FileId, toks: Range<usize>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !stream.is_flawed {
        return findings;
    }
    let mut left = toks;
    while let Some((at, tok)) = first_flawed(stream, left.clone()).filter(|_| findings.len() <= MAX_DIAGNOSTICS) {
        let partner = wrong_quotes(stream, at, left.end);
        findings.push(finding(stream, file, tok, partner));
        left.start = partner.map_or(at, |(index, _)| index) + 1;
    }
    findings
}

fn first_flawed(stream: &Stream<'_>, toks: Range<usize>) -> Option<(usize, Tok)> {
    let is_flawed = |(_, tok): &(usize, &Tok)| {
        pace::pause();
        tok.kind.is_flawed()
    };
    let (ahead, tok) = stream.toks.get(toks.clone())?.iter().enumerate().find(is_flawed)?;
    Some((toks.start + ahead, *tok))
}

fn finding(stream: &Stream<'_>, file: FileId, tok: Tok, partner: Option<(usize, Tok)>) -> Finding {
    let range = tok.start as usize..tok.end as usize;
    let span = Span::new(file, range.clone());
    let diagnostic = match tok.kind {
        TokenKind::UnterminatedString if escapes(stream, tok) => escaped(span),
        TokenKind::UnterminatedString => unterminated_string(span),
        TokenKind::UnterminatedLongString => unterminated(Code::E0103, span, "\"\"\"", "text"),
        TokenKind::BracedString => braced(stream.text_of(tok), span),
        TokenKind::UnterminatedComment => match path_before(stream, tok) {
            Some(path) => comment_in_path(path, span),
            None => unterminated(Code::E0104, span, "*/", "comment"),
        },
        _ => match partner {
            Some((_, partner)) => {
                let end = Span::new(file, partner.start as usize..partner.end as usize);
                return (quotes_in_place_of_straight_ones(stream, tok, span, end), span.to(end).range());
            }
            None => pattern(stream, tok, span).unwrap_or_else(|| unknown(stream.text_of(tok), span)),
        },
    };
    (diagnostic, range)
}

fn unterminated_string(span: Span) -> Diagnostic {
    let fix = Fix { safety: Safety::NeedsReview, ..Fix::replace("close the text here", span.after(), "\"") };
    Diagnostic::new(Code::E0103, span, "this text is not closed")
        .label("no closing `\"` on this line")
        .help("close it with `\"`; a text over several lines stands in `\"\"\"`, and `\"` cannot be escaped")
        .fix(fix)
}

/// Whether a text before it on the line ends in `\`, as if that kept the `"` from ending it: `"a\"b"`.
fn escapes(stream: &Stream<'_>, tok: Tok) -> bool {
    let text = stream.text.get(..tok.start as usize).unwrap_or_default();
    text.rsplit('\n').next().is_some_and(|line| line.contains("\\\""))
}

fn escaped(span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0103, span, "`\\` escapes nothing: the text ends at the `\"` behind it")
        .label("this `\"` opens another text")
        .help("a text with a `\"` in it stands in `\"\"\"`: `\"\"\"{\"a\": 1}\"\"\"`")
}

/// The path without quotes in which `/*` opens a comment: `parts` of `include parts/*.warp;`.
fn path_before<'s>(stream: &Stream<'s>, tok: Tok) -> Option<&'s str> {
    let text = stream.text.get(..tok.start as usize)?;
    let start = text.rfind(|letter: char| letter.is_whitespace() || "\"(=,".contains(letter)).map_or(0, |at| at + 1);
    let line = text.rsplit('\n').next().unwrap_or_default();
    let wants_path = ["include", "under", "path", "url"].iter().any(|word| line.contains(word));
    text.get(start..).filter(|path| wants_path && !path.ends_with([';', '{', '}', ')']))
}

fn comment_in_path(path: &str, span: Span) -> Diagnostic {
    let opener = Span { end: span.start.saturating_add(2), ..span };
    let finding = Diagnostic::new(Code::E0104, opener, "`/*` begins a comment, and this one is not closed");
    finding.label("no `*/` up to the end of the file").help(format!("a path stands in quotes: `\"{path}/*…\"`"))
}

/// `{"…"}`: a text as VCL writes it, of the same sense between other marks.
fn braced(written: &str, span: Span) -> Diagnostic {
    let text = written.get(2..written.len().saturating_sub(2)).unwrap_or_default();
    let marks = if text.contains(['"', '\n', '\r']) { "\"\"\"" } else { "\"" };
    let diagnostic = Diagnostic::new(Code::E0112, span, "a text does not stand in braces")
        .label("VCL's marks for a long text")
        .help("put the text in `\"\"\"`, or in `\"` if it is on one line and without a `\"`");
    if text.trim_end_matches('"').contains("\"\"\"") {
        return diagnostic;
    }
    let opener = Span { end: span.start.saturating_add(2), ..span };
    let closer = Span { start: span.end.saturating_sub(2), ..span };
    let edits = [opener, closer].map(|span| Edit { span, text: marks.to_owned() }).to_vec();
    diagnostic.fix(Fix { title: format!("use `{marks}`"), edits, safety: Safety::Safe })
}

fn unterminated(code: Code, span: Span, closer: &str, what: &str) -> Diagnostic {
    let opener = Span { end: span.start.saturating_add(if what == "text" { 3 } else { 2 }), ..span };
    Diagnostic::new(code, opener, format!("this {what} is not closed"))
        .label(format!("no `{closer}` up to the end of the file"))
        .help(format!("write `{closer}` where the {what} ends"))
}

/// The token that ends what the wrong quotation mark at `index` opens, if it does open something.
fn wrong_quotes(stream: &Stream<'_>, index: usize, end: usize) -> Option<(usize, Tok)> {
    let opener = stream.tok(index).filter(|tok| tok.kind == TokenKind::Unknown)?;
    let closers = closers_of(stream.text_of(opener))?;
    let line = (index + 1..end).map_while(|next| Some((next, stream.tok(next).filter(|tok| !tok.first_on_line)?)));
    let mut unknown = line.filter(|(_, tok)| tok.kind == TokenKind::Unknown);
    unknown.find(|(_, tok)| matches!(single(stream.text_of(*tok)), Some(mark) if closers.contains(mark)))
}

fn closers_of(opener: &str) -> Option<&'static str> {
    match single(opener)? {
        '“' | '”' | '„' | '‟' => Some("“”"),
        '‘' | '’' | '‚' => Some("‘’"),
        '«' => Some("»"),
        '\'' => Some("'"),
        '`' => Some("`'"),
        _ => None,
    }
}

fn single(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

fn quotes_in_place_of_straight_ones(stream: &Stream<'_>, opener: Tok, start: Span, end: Span) -> Diagnostic {
    let mark = stream.text_of(opener);
    let edits = [start, end].map(|span| Edit { span, text: "\"".to_owned() }).to_vec();
    let fix = Fix { title: "use `\"`".to_owned(), edits, safety: Safety::Safe };
    Diagnostic::new(Code::E0112, start.to(end), format!("`{mark}` does not open a text"))
        .label("texts stand in straight double quotes")
        .help("put the text in `\"`")
        .fix(fix)
}

/// `~ /^a/`, up to a sign of it that means nothing.
fn pattern(stream: &Stream<'_>, at: Tok, span: Span) -> Option<Diagnostic> {
    let number = stream.toks.partition_point(|tok| tok.start < at.start);
    let on_line = (0..number).rev().map_while(|before| stream.kind(before).map(|kind| (before, kind)));
    let slash = on_line.take(MOST_OF_A_PATTERN).find(|(before, kind)| {
        let sign = before.checked_sub(1).and_then(|sign| stream.kind(sign));
        *kind == TokenKind::Slash && matches!(sign, Some(TokenKind::Match | TokenKind::NotMatch))
    });
    slash.map(|_| {
        Diagnostic::new(Code::E0111, span, "a pattern stands in quotes, not between slashes")
            .help("write it as a text: `~ \"^/a\"`")
    })
}

/// So many tokens of a pattern are looked through for its beginning.
const MOST_OF_A_PATTERN: usize = 16;

fn unknown(text: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::E0111, span, format!("{} means nothing here", describe(text)));
    match text {
        "&" => diagnostic.help("did you mean `&&`?").fix(Fix::replace("write `&&`", span, "&&")),
        "?" => diagnostic.help("`a ?? b` is `b` where `a` is unset; to choose between two values, use `match`"),
        "$" => diagnostic
            .help("names have no `$`: write `req.http.NAME`, `req.query[\"NAME\"]` or `req.cookies[\"NAME\"]`"),
        "\\" => diagnostic
            .help("`\\` escapes nothing, and a text ends at its first `\"`: one with a `\"` in it stands in `\"\"\"`"),
        "|" => diagnostic.help("did you mean `||`?").fix(Fix::replace("write `||`", span, "||")),
        _ if text.chars().all(is_invisible) => diagnostic
            .help("it looks like a space, or like nothing at all; put a plain space there")
            .fix(Fix::replace("write a space", span, " ")),
        _ if text.chars().any(|mark| closers_of(mark.encode_utf8(&mut [0; 4])).is_some()) => {
            diagnostic.help("texts stand in straight double quotes: `\"text\"`")
        }
        _ => diagnostic.help("remove it, or put it in a text or a comment"),
    }
}

/// The characters as they can be shown: what cannot be seen as its number.
fn describe(text: &str) -> String {
    const SHOWN: usize = 8;
    let shown: String = text.chars().take(SHOWN).map(visible).collect();
    let more = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("`{shown}{more}`")
}

fn visible(character: char) -> String {
    if character.is_control() || is_invisible(character) {
        format!("U+{:04X}", u32::from(character))
    } else {
        character.to_string()
    }
}

fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{00AD}' | '\u{202A}'..='\u{202E}')
}
