//! One comment: what it leaves out, where, and why.

use std::ops::Range;

use super::extent;
use crate::lang::diagnostic::Code;
use crate::lang::diagnostic::suggest::closest;
use crate::lang::lexer::{Token, TokenKind, tokenize};

/// What all of these comments hold.
pub(super) const MARK: &str = "warp:";

const NEXT: &str = "allow";
const FILE: &str = "allow-file";

/// A comment that is meant to leave something out. Ranges are bytes of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// The comment, without the end of its line.
    pub(super) range: Range<usize>,
    /// What goes when the comment goes: the line if it is alone there, else the space before it too.
    pub(super) whole: Range<usize>,
    /// What it is about: findings that begin there.
    pub(super) extent: Range<usize>,
    /// What stands between the parentheses.
    pub(super) list: Range<usize>,
    pub(super) named: Vec<Named>,
    pub(super) has_reason: bool,
    pub(super) flaw: Option<Flaw>,
}

/// One word of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    pub(super) code: Option<Code>,
    /// Whether it left something out.
    pub(super) used: bool,
}

/// Why a comment leaves nothing out at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It begins with a word that is nearly this one.
    Misspelt(&'static str),
    /// No list of codes in parentheses follows.
    NoList,
    /// It is about a whole file and stands further down.
    NotAtTheTop,
}

impl Comment {
    /// Notes that a finding of that code is there; whether it is left out.
    pub(super) fn take(&mut self, code: Code) -> bool {
        let mut taken = false;
        for named in self.named.iter_mut().filter(|named| named.code == Some(code)) {
            named.used = true;
            taken = true;
        }
        taken && self.flaw.is_none()
    }
}

/// The comments of a text that are meant to leave something out.
pub(super) fn comments(text: &str) -> Vec<Comment> {
    let tokens = tokenize(text);
    let top = extent::top(text, &tokens);
    let is_comment = |token: &Token| matches!(token.kind, TokenKind::LineComment | TokenKind::BlockComment);
    let found = tokens.iter().enumerate().filter(|(_, token)| is_comment(token));
    found.filter_map(|(at, token)| read(text, &tokens, at, token.range(), top)).collect()
}

fn read(text: &str, tokens: &[Token], at: usize, token: Range<usize>, top: usize) -> Option<Comment> {
    let range = token.start..token.start + text.get(token)?.trim_end().len();
    let said = Said::new(text.get(range.clone())?, range.start)?;
    let (is_file, misspelt) = said.verb()?;
    let (list, reason) = said.list().unwrap_or((range.end..range.end, ""));
    let flaw = match misspelt {
        Some(word) => Some(Flaw::Misspelt(word)),
        None if list.is_empty() => Some(Flaw::NoList),
        None if is_file && range.start >= top => Some(Flaw::NotAtTheTop),
        None => None,
    };
    let extent = if is_file { 0..text.len() + 1 } else { extent::of(text, tokens, at) };
    let whole = extent::whole(text, &range);
    let named = names(text, &list);
    Some(Comment { range, whole, extent, list, named, has_reason: !reason.is_empty(), flaw })
}

/// What stands behind the mark.
struct Said<'a> {
    text: &'a str,
    /// The byte of the file that it begins at.
    start: usize,
}

impl<'a> Said<'a> {
    fn new(comment: &'a str, start: usize) -> Option<Self> {
        let (comment, marks) = match comment.strip_suffix("*/").filter(|_| comment.starts_with("/*")) {
            Some(block) => (block.trim_end(), ['/', '*']),
            None => (comment, ['#', '/']),
        };
        let text = comment.trim_start_matches(marks).trim_start().strip_prefix(MARK)?.trim_start();
        Some(Self { text, start: start + comment.len() - text.len() })
    }

    fn word(&self) -> &'a str {
        let end = self.text.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter));
        self.text.get(..end.unwrap_or(self.text.len())).unwrap_or_default()
    }

    /// Whether it is about a file, and the right word if it is misspelt; `None` if it is a comment like any other.
    fn verb(&self) -> Option<(bool, Option<&'static str>)> {
        let word = self.word();
        let rest = self.text.get(word.len()..)?.trim_start();
        if [NEXT, FILE].contains(&word) {
            // `allow` alone may begin a sentence.
            let code = rest.split(|letter: char| !letter.is_ascii_alphanumeric()).next().and_then(Code::find);
            return (rest.starts_with('(') || code.is_some()).then_some((word == FILE, None));
        }
        let meant = closest(&word.replace('_', "-"), [NEXT, FILE]).filter(|_| rest.starts_with('('))?;
        Some((meant == FILE, Some(if meant == FILE { FILE } else { NEXT })))
    }

    /// The bytes of the file between the parentheses, and what follows.
    fn list(&self) -> Option<(Range<usize>, &'a str)> {
        let rest = self.text.get(self.word().len()..)?;
        let open = rest.find('(').filter(|open| rest.get(..*open).is_some_and(|space| space.trim().is_empty()))?;
        let close = rest.find(')').filter(|close| *close > open + 1)?;
        let start = self.start + self.word().len();
        let reason = rest.get(close + 1..)?.trim_matches([' ', '\t', ':', '-', '–', '—']);
        Some((start + open + 1..start + close, reason))
    }
}

/// The words of the list, which commas or spaces stand between.
fn names(text: &str, list: &Range<usize>) -> Vec<Named> {
    let listed = text.get(list.clone()).unwrap_or_default();
    let words = listed.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    let named = words.map(|word| {
        let start = list.start + (word.as_ptr().addr() - listed.as_ptr().addr());
        Named { range: start..start + word.len(), text: word.to_owned(), code: Code::find(word), used: false }
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (Vec<String>, bool, Option<Flaw>);

    /// What the only comment names, whether it has a reason, and its flaw.
    fn read_one(comment: &str) -> Option<Read> {
        let found = comments(comment).pop()?;
        Some((found.named.into_iter().map(|named| named.text).collect(), found.has_reason, found.flaw))
    }

    fn of(names: &[&str], has_reason: bool) -> Read {
        (names.iter().map(|name| (*name).to_owned()).collect(), has_reason, None)
    }

    #[test]
    fn codes_and_reasons_are_read_in_every_spelling() {
        assert_eq!(read_one("# warp: allow(W0701) it is meant").unwrap(), of(&["W0701"], true));
        assert_eq!(read_one("//warp:allow(W0701,w0610): it is meant\r\n").unwrap(), of(&["W0701", "w0610"], true));
        assert_eq!(
            read_one("## warp: allow (duplicate-acl-entry, W0701)").unwrap(),
            of(&["duplicate-acl-entry", "W0701"], false)
        );
        assert_eq!(read_one("# warp: allow-file(W0701) — it is meant").unwrap(), of(&["W0701"], true));
        assert_eq!(read_one("# warp: allow(W0701) -").unwrap(), of(&["W0701"], false));
    }

    #[test]
    fn other_comments_are_comments() {
        for comment in
            ["# warp: an edge cache", "# warp: allow me", "# allow(W0701)", "# see warp: allow(W0701)", "# warp:"]
        {
            assert_eq!(read_one(comment), None, "{comment}");
        }
    }

    #[test]
    fn what_is_nearly_one_is_told() {
        let flaw = |comment| read_one(comment).unwrap().2;
        assert_eq!(flaw("# warp: alow(W0701) x"), Some(Flaw::Misspelt("allow")));
        assert_eq!(flaw("# warp: allow_file(W0701) x"), Some(Flaw::Misspelt("allow-file")));
        for comment in
            ["# warp: allow W0701 x", "# warp: allow() x", "# warp: allow(W0701 x", "# warp: allow-file W0701"]
        {
            assert_eq!(flaw(comment), Some(Flaw::NoList), "{comment}");
        }
        assert_eq!(flaw("warp 1; backend a none; # warp: allow-file(W0701) x"), Some(Flaw::NotAtTheTop));
    }
}
