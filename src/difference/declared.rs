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

/// What rules name, themselves or by other declarations, and the other policy has in another way.
pub(super) struct Named {
    /// The names of it, and of what names it.
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

/// What rules name of each of two policies.
pub(super) fn named(rules: &[Fired], sources: [&SourceMap; 2], request: &str) -> [Named; 2] {
    let declared = sources.map(all);
    let of = |own: usize| Reached::of(rules, (sources[own], &declared[own]), (sources[1 - own], &declared[1 - own]));
    let mut both = [of(0), of(1)];
    let is_met = |(_, line): &(&str, Fired)| values(&line.text).any(|text| request.contains(text));
    let one_is_met = both.iter().flat_map(|reached| &reached.lines).any(is_met);
    for reached in &mut both {
        reached.lines.retain(|line| !one_is_met || is_met(line));
    }
    both.map(Reached::named)
}

/// A policy, and what it declares.
type Of<'t> = (&'t SourceMap, &'t [Declared<'t>]);

/// What rules of a policy name, themselves or by other declarations.
struct Reached<'t> {
    own: &'t SourceMap,
    found: Vec<&'t Declared<'t>>,
    /// Its lines that the other policy does not have, each with the name of what declares it.
    lines: Vec<(&'t str, Fired)>,
}

impl<'t> Reached<'t> {
    fn of(rules: &[Fired], (own, all): Of<'t>, (other, others): Of<'t>) -> Self {
        let mut reached: HashSet<&str> = rules.iter().flat_map(|rule| words(&rule.text)).collect();
        let mut found: Vec<&Declared<'_>> = Vec::new();
        while let Some(next) =
            all.iter().find(|it| reached.contains(it.name) && !found.iter().any(|known| known.span == it.span))
        {
            reached.extend(words(own.text(next.span)));
            found.push(next);
        }
        let mut lines = Vec::new();
        for declared in &found {
            let same = others.iter().filter(|other| other.name == declared.name);
            let known: HashSet<&str> = same.flat_map(|it| it.entries(other)).collect();
            let is_known = |entry: &str| {
                let has_another_name = known.is_empty();
                known.contains(entry) || has_another_name && says(other, entry)
            };
            lines.extend(declared.lines(own, &is_known).map(|line| (declared.name, line)));
        }
        Self { own, found, lines }
    }

    fn named(mut self) -> Named {
        self.lines.truncate(MOST_LINES);
        let mut names: HashSet<&str> = self.lines.iter().map(|(name, _)| *name).collect();
        // What names it says something else as well.
        while let Some(next) = self
            .found
            .iter()
            .find(|it| !names.contains(it.name) && words(self.own.text(it.span)).any(|word| names.contains(word)))
        {
            names.insert(next.name);
        }
        let names = names.into_iter().map(str::to_owned).collect();
        Named { names, lines: self.lines.into_iter().map(|(_, line)| line).collect() }
    }
}

/// Something that is declared by name.
struct Declared<'t> {
    name: &'t str,
    span: Span,
    /// The file of a table that its rows stand in.
    data: Option<FileId>,
}

/// A text that declares something, and how its entries stand in it.
#[derive(Clone, Copy)]
struct Written<'t> {
    text: &'t str,
    is_csv: bool,
}

impl<'t> Written<'t> {
    /// The entries of a line of it.
    fn entries_of(self, line: &'t str) -> impl Iterator<Item = &'t str> {
        let ends = move |sign: char| !self.is_csv && matches!(sign, ',' | ';' | '{' | '}');
        line.split(ends).map(str::trim).filter(|entry| entry.chars().any(char::is_alphanumeric))
    }
}

impl Declared<'_> {
    /// All that it says, with the file and the line where that begins.
    fn written<'s>(&self, sources: &'s SourceMap) -> impl Iterator<Item = (&'s SourceFile, usize, Written<'s>)> {
        let own = sources.get(self.span.file).zip(sources.locate(self.span));
        let own = own.map(|(file, first)| (file, first.line, sources.text(self.span)));
        let data = self.data.and_then(|data| sources.get(data)).map(|file| (file, 1, file.text()));
        own.into_iter().chain(data).map(|(file, first, text)| {
            let is_csv = file.is_data() && file.name().to_ascii_lowercase().ends_with(".csv");
            (file, first, Written { text, is_csv })
        })
    }

    fn entries<'s>(&self, sources: &'s SourceMap) -> impl Iterator<Item = &'s str> {
        self.written(sources)
            .flat_map(|(.., written)| written.text.lines().flat_map(move |line| written.entries_of(line)))
    }

    /// Its lines with entries that are not known; of long ones these entries alone.
    fn lines(&self, sources: &SourceMap, is_known: &impl Fn(&str) -> bool) -> impl Iterator<Item = Fired> {
        self.written(sources).flat_map(move |(file, first, written)| {
            written.text.lines().enumerate().filter_map(move |(at, line)| {
                let new: Vec<&str> = written.entries_of(line).filter(|entry| !is_known(entry)).collect();
                let line = line.trim();
                let text = if line.chars().count() > MOST_SHOWN { cut(&new.join(", ")) } else { line.to_owned() };
                let place = || format!("{}:{}", file.name(), first + at);
                (!new.is_empty()).then(|| Fired { place: place(), text })
            })
        })
    }
}

/// What a policy declares that rules name.
fn all(sources: &SourceMap) -> Vec<Declared<'_>> {
    let files = sources.iter().filter(|(_, file)| !file.is_data() && file.name() != builtin::NAME);
    files.flat_map(|(id, file)| in_file(file, id, sources)).collect()
}

/// The declarations of a file.
fn in_file<'t>(file: &'t SourceFile, id: FileId, sources: &'t SourceMap) -> Vec<Declared<'t>> {
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
        let span = Span::new(id, start as usize..end as usize);
        Declared { name, span, data: data_of(sources.text(span), sources) }
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

/// The file that the rows of a table stand in, if it names one.
fn data_of(declaration: &str, sources: &SourceMap) -> Option<FileId> {
    let (_, from) = declaration.split_once(" from ")?;
    let path = from.split('"').nth(1)?.trim_start_matches("./");
    let is_it = |file: &SourceFile| {
        file.is_data()
            && file.name().strip_suffix(path).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
    };
    sources.iter().find(|(_, file)| is_it(file)).map(|(id, _)| id)
}

/// What stands in quotes, or in front of a comma.
fn values(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('"').skip(1).step_by(2);
    let key = text.split_once(',').map(|(key, _)| key).filter(|key| !key.contains('"'));
    quoted.chain(key).filter(|text| text.len() > 1)
}
