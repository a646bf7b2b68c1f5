//! What a comment is about, told from the tokens around it.

use std::ops::Range;

use crate::lang::lexer::{Token, TokenKind};

/// Where the top of a file ends: behind it stands something else than comments and `warp 1;`.
pub(super) fn top(text: &str, tokens: &[Token]) -> usize {
    let mut solid = tokens.iter().filter(|token| !token.kind.is_trivia());
    let first = solid.next();
    let is_greeting = first.and_then(|token| text.get(token.range())) == Some("warp");
    let behind =
        if is_greeting { solid.find(|token| token.kind == TokenKind::Semicolon).and(solid.next()) } else { first };
    behind.map_or(text.len() + 1, |token| token.start as usize)
}

/// What the comment that is the token `at` is about: the line that it ends, or the statement behind it.
pub(super) fn of(text: &str, tokens: &[Token], at: usize) -> Range<usize> {
    let Some(comment) = tokens.get(at) else { return 0..0 };
    let start = comment.start as usize;
    let line = line_start(text, start);
    let before = tokens.get(..at).unwrap_or_default().iter().rev();
    let mut on_the_line = before.take_while(|token| token.end as usize > line);
    if on_the_line.any(|token| !token.kind.is_trivia()) {
        return line..start;
    }
    statement(text, tokens.get(at..).unwrap_or_default())
}

/// The first statement, declaration, row or entry of the tokens: up to its `;`, or to the end of its block. What an `else`
/// adds belongs to it.
fn statement(text: &str, tokens: &[Token]) -> Range<usize> {
    let mut solid = tokens.iter().filter(|token| !token.kind.is_trivia()).peekable();
    let Some(first) = solid.peek() else { return 0..0 };
    let (start, mut end, mut depth) = (first.start as usize, first.start as usize, 0_usize);
    while let Some(token) = solid.next() {
        match token.kind {
            TokenKind::BraceOpen | TokenKind::ParenOpen | TokenKind::BracketOpen => depth += 1,
            TokenKind::BraceClose | TokenKind::ParenClose | TokenKind::BracketClose if depth == 0 => break,
            TokenKind::BraceClose | TokenKind::ParenClose | TokenKind::BracketClose => depth -= 1,
            _ => {}
        }
        end = token.end as usize;
        let goes_on =
            solid.peek().and_then(|next| text.get(next.range())).is_some_and(|next| ["else", ";"].contains(&next));
        let ends = token.kind == TokenKind::Semicolon || token.kind == TokenKind::BraceClose && !goes_on;
        if depth == 0 && ends {
            break;
        }
    }
    start..end
}

/// What goes with the comment: its line if nothing else stands there, else the space before it, or behind it where it
/// begins the line.
pub(super) fn whole(text: &str, comment: &Range<usize>) -> Range<usize> {
    const SPACE: [char; 2] = [' ', '\t'];
    let line = line_start(text, comment.start);
    let before = text.get(line..comment.start).unwrap_or_default();
    if !before.trim_matches(SPACE).is_empty() {
        return line + before.trim_end_matches(SPACE).len()..comment.end;
    }
    let rest = text.get(comment.end..).unwrap_or_default();
    let behind = rest.split_inclusive('\n').next().unwrap_or_default();
    if behind.trim().is_empty() {
        return line..comment.end + behind.len();
    }
    comment.start..comment.end + behind.len() - behind.trim_start_matches(SPACE).len()
}

fn line_start(text: &str, byte: usize) -> usize {
    text.get(..byte).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::lexer::tokenize;

    /// What the first comment is about.
    fn about(text: &str) -> &str {
        let tokens = tokenize(text);
        let at = tokens.iter().position(|token| token.kind == TokenKind::LineComment).unwrap();
        &text[of(text, &tokens, at)]
    }

    #[test]
    fn a_comment_behind_something_is_about_its_line() {
        assert_eq!(about("a;\n  b; c; # x\nd;"), "  b; c; ");
    }

    #[test]
    fn a_comment_alone_is_about_what_follows() {
        assert_eq!(about("{ # x\n"), "{ ");
        assert_eq!(about("# x\n# y\n\na\n  b;\nc;"), "a\n  b;");
        assert_eq!(about("# x\nsub a { b; c; }\nd;"), "sub a { b; c; }");
        assert_eq!(about("# x\nif (a) { b; } else { c; }\nd;"), "if (a) { b; } else { c; }");
        assert_eq!(about("# x\n.probe = { a; };\nd;"), ".probe = { a; };");
        assert_eq!(about("{\n# x\na }\nd;"), "a");
        assert_eq!(about("# x\n"), "");
        assert_eq!(about("# x\n}"), "");
    }

    #[test]
    fn a_comment_goes_with_its_line_or_with_the_space_before_it() {
        let gone = |text: &str| {
            let start = text.find('#').unwrap();
            let end = text[start..].find(['\r', '\n']).map_or(text.len(), |end| start + end);
            let range = whole(text, &(start..end));
            [&text[..range.start], &text[range.end..]].concat()
        };
        assert_eq!(gone("a;\n  # x\nb;"), "a;\nb;");
        assert_eq!(gone("a;\r\n# x\r\nb;"), "a;\r\nb;");
        assert_eq!(gone("a;  # x\r\nb;"), "a;\r\nb;");
        assert_eq!(gone("a;\n# x"), "a;\n");
        assert_eq!(gone("\u{feff}# x\nb;"), "\u{feff}\nb;");
        let block = |text: &str| {
            let range = whole(text, &(text.find("/*").unwrap()..text.find("*/").unwrap() + 2));
            [&text[..range.start], &text[range.end..]].concat()
        };
        assert_eq!(block("a;\n  /* x */ b;\nc;"), "a;\n  b;\nc;");
        assert_eq!(block("a;\n  /* x */ \nc;"), "a;\nc;");
        assert_eq!(block("a;\n  /* x\n y */\r\nc;"), "a;\nc;");
        assert_eq!(block("a; /* x */ # y\nc;"), "a; # y\nc;");
    }
}
