//! What rules name that is declared elsewhere: where they stand in both policies as they are, a table or a constant that
//! they name may say something else.

use std::collections::HashSet;

use super::fired::{Fired, MOST_SHOWN, cut, says};
use crate::lang::builtin;
use crate::lang::lexer::{Token, TokenKind, tokenize};
use crate::lang::source::{FileId, SourceFile, SourceMap, Span};

/// Words that begin a declaration of something that rules name.
const KINDS: [&str; 4] = ["table", "acl", "const", "fn"];

/// So many lines of declarations are shown.
const MOST_LINES: usize = 4;

/// What rules name, themselves or by other declarations.
pub(super) struct Named {
    /// The names of all of it.
    names: HashSet<String>,
    /// The lines of it that the other policy does not have; of many, those that say something that a request has.
    pub lines: Vec<Fired>,
}

impl Named {
    /// Whether a rule names some of it.
    pub fn is_in(&self, rule: &Fired) -> bool {
        words(&rule.text).any(|word| self.names.contains(word))
    }
}

/// What rules name of a policy.
pub(super) fn named(rules: &[Fired], own: &SourceMap, other: &SourceMap, request: &str) -> Named {
    let files = own.iter().filter(|(_, file)| !file.is_data() && file.name() != builtin::NAME);
    let all: Vec<Declared<'_>> = files.flat_map(|(id, file)| in_file(file, id)).collect();
    let mut names: HashSet<&str> = rules.iter().flat_map(|rule| words(&rule.text)).collect();
    let mut found: Vec<&Declared<'_>> = Vec::new();
    while let Some(next) =
        all.iter().find(|it| names.contains(it.name) && !found.iter().any(|known| known.span == it.span))
    {
        names.extend(words(own.text(next.span)));
        found.push(next);
    }
    let mut lines: Vec<Fired> = found.iter().flat_map(|it| it.lines(own)).filter(|line| !says(other, line)).collect();
    for line in &mut lines {
        shorten(line, other);
    }
    let is_met = |line: &Fired| literals(&line.text).any(|text| request.contains(text));
    if lines.iter().any(is_met) {
        lines.retain(is_met);
    }
    lines.truncate(MOST_LINES);
    Named { names: found.iter().map(|it| it.name.to_owned()).collect(), lines }
}

/// Something that is declared by name.
struct Declared<'t> {
    name: &'t str,
    span: Span,
}

impl Declared<'_> {
    /// Its lines, but for what is nothing but braces.
    fn lines<'s>(&'s self, sources: &'s SourceMap) -> impl Iterator<Item = Fired> + 's {
        let (file, first) = (sources.get(self.span.file), sources.locate(self.span));
        let lines = sources.text(self.span).lines().enumerate();
        let told = lines.filter(|(_, line)| line.chars().any(char::is_alphanumeric));
        told.filter_map(move |(at, line)| {
            let place = format!("{}:{}", file?.name(), first?.line + at);
            Some(Fired { place, text: line.trim().to_owned() })
        })
    }
}

/// The declarations of a file.
fn in_file(file: &SourceFile, id: FileId) -> Vec<Declared<'_>> {
    let text = file.text();
    let is_told =
        |token: &Token| !matches!(token.kind, TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment);
    let tokens: Vec<Token> = tokenize(text).into_iter().filter(is_told).collect();
    let word = |token: &Token| text.get(token.range()).unwrap_or_default();
    let begun = tokens.windows(2).enumerate().filter_map(|(at, pair)| match pair {
        [kind, name] if name.kind == TokenKind::Word && KINDS.contains(&word(kind)) => {
            Some((at, kind.start, word(name)))
        }
        _ => None,
    });
    let whole = begun.map(|(at, start, name)| {
        let end = end_of(tokens.get(at..).unwrap_or_default()).unwrap_or(start);
        Declared { name, span: Span::new(id, start as usize..end as usize) }
    });
    whole.collect()
}

/// Where a declaration ends: with its braces, or with a semicolon.
fn end_of(tokens: &[Token]) -> Option<u32> {
    let mut depth = 0_usize;
    let last = tokens.iter().find(|token| {
        match token.kind {
            TokenKind::BraceOpen => depth += 1,
            TokenKind::BraceClose => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(token.kind, TokenKind::BraceClose | TokenKind::Semicolon)
    });
    last.or(tokens.last()).map(|token| token.end)
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| !(sign.is_alphanumeric() || sign == '_')).filter(|word| !word.is_empty())
}

/// What stands in quotes.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2).filter(|text| text.len() > 1)
}

/// Leaves of a long line the entries that the other policy does not have.
fn shorten(line: &mut Fired, other: &SourceMap) {
    if line.text.chars().count() > MOST_SHOWN {
        let entry = |text: &str| Fired { place: String::new(), text: text.trim().to_owned() };
        let entries = line.text.split(',').filter(|text| !says(other, &entry(text))).map(str::trim);
        line.text = cut(&entries.collect::<Vec<_>>().join(", "));
    }
}
