//! Alternatives of which the anchors tie only the first and the last: `^GET|HEAD$`, where `^(GET|HEAD)$` is meant.

use regex_syntax::ast::Ast;

use super::anchor::is_path;
use super::dot::is_known_extension;
use super::hosts::plain;
use super::parts::parts;
use super::{Part, Regex, Subject, with};
use crate::lang::diagnostic::{Code, Diagnostic, Safety};

/// One of several ways to be like the pattern.
struct Way {
    is_started: bool,
    is_ended: bool,
    /// What stands between its ends, if that is plain text.
    text: Option<String>,
}

pub(super) fn find(regex: &Regex) -> Option<Diagnostic> {
    let ways: Vec<Way> = ways(&regex.tree)?.iter().map(Way::of).collect();
    words(regex, &ways).or_else(|| extensions(regex, &ways)).or_else(|| paths(regex, &ways))
}

/// The alternatives beside which nothing stands.
fn ways(tree: &Ast) -> Option<&[Ast]> {
    match tree {
        Ast::Group(group) => ways(&group.ast),
        Ast::Alternation(either) => Some(&either.asts),
        _ => None,
    }
}

impl Way {
    fn of(tree: &Ast) -> Self {
        let parts = parts(tree);
        let is_started = matches!(parts.first(), Some(Part::Start(_)));
        let is_ended = matches!(parts.last(), Some(Part::End(_)));
        let end = parts.len() - usize::from(is_ended);
        let text = parts.get(usize::from(is_started)..end).and_then(plain);
        Self { is_started, is_ended, text }
    }

    fn is_free(&self) -> bool {
        !self.is_started && !self.is_ended
    }
}

/// `^DE|AT|CH$`, or `^/shop|cart|checkout$`: whole words, of which only the outer ones have an end.
fn words(regex: &Regex, ways: &[Way]) -> Option<Diagnostic> {
    let texts: Vec<&str> = ways.iter().map(|way| way.text.as_deref()).collect::<Option<_>>()?;
    let (first, others) = texts.split_first().filter(|_| tied(ways) == Some((true, true)))?;
    let start = match regex.subject {
        _ if regex.is_of_a_word() => "",
        Subject::Path | Subject::Url => "/",
        _ => return None,
    };
    let first = first.strip_prefix(start)?;
    let is_ending = |text: &str| !start.is_empty() && is_known_extension(text);
    if !is_word(first) || !others.iter().all(|text| is_word(text) && !is_ending(text)) {
        return None;
    }
    let mended = format!("^{start}({first}|{})$", others.join("|"));
    let last = others.last()?;
    let message = format!("`^` ties only `{start}{first}` here, and `$` only `{last}`");
    Some(tell(regex, message, format!("write `{mended}`"), Some(mended)))
}

/// `\.css|\.js$`, or `\.jpg|png$`
fn extensions(regex: &Regex, ways: &[Way]) -> Option<Diagnostic> {
    let texts: Vec<&str> = ways.iter().map(|way| way.text.as_deref()).collect::<Option<_>>()?;
    let names: Vec<&str> = texts.iter().map(|text| text.strip_prefix('.').unwrap_or(text)).collect();
    let (first, last) = (texts.first()?, texts.last()?);
    if !regex.is_path() || tied(ways) != Some((false, true)) {
        return None;
    }
    if !first.starts_with('.') || !names.iter().all(|name| is_known_extension(name)) {
        return None;
    }
    let mended = format!("\\.({})$", names.join("|"));
    let message = format!("`$` ties only `{last}` here: `{first}` is found anywhere, in `/x{first}/y` too");
    Some(tell(regex, message, format!("write `{mended}`"), Some(mended)))
}

/// `^/admin|/login`
fn paths(regex: &Regex, ways: &[Way]) -> Option<Diagnostic> {
    let (first, others) = ways.split_first().filter(|(first, _)| regex.is_path() && first.is_started)?;
    if others.iter().any(|way| way.is_started) {
        return None;
    }
    let is_plain = |way: &&Way| way.text.as_deref().is_some_and(is_path);
    let found = others.iter().filter(|way| way.is_free()).find(is_plain)?.text.as_deref()?;
    let message = format!("`^` ties only the first of these: `{found}` is found anywhere, in `/other{found}` too");
    let are_paths = first.text.as_deref().is_some_and(is_path) && others.iter().all(|way| is_plain(&way));
    let ends = others.iter().filter(|way| way.is_ended).count();
    let inner = regex.text.strip_prefix('^').filter(|_| are_paths && ends == 0);
    let mended = inner.map(|inner| format!("^({inner})"));
    let help = match &mended {
        Some(mended) => format!("write `{mended}`"),
        None => "write `^` before each of them, or `^(…|…)`".to_owned(),
    };
    Some(tell(regex, message, help, mended))
}

/// Whether the first one has a start and the last one an end, if those between them have neither.
fn tied(ways: &[Way]) -> Option<(bool, bool)> {
    let [first, between @ .., last] = ways else { return None };
    let is_apart = !first.is_ended && !last.is_started && between.iter().all(Way::is_free);
    is_apart.then_some((first.is_started, last.is_ended))
}

fn is_word(text: &str) -> bool {
    let is_whole = text.starts_with(|it: char| it.is_ascii_alphanumeric()) && !text.ends_with(['-', '_']);
    is_whole && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
}

fn tell(regex: &Regex, message: String, help: String, mended: Option<String>) -> Diagnostic {
    let whole = 0..regex.text.len();
    let fix = mended.and_then(|mended| regex.replace(&help, &whole, &mended, Safety::NeedsReview));
    with(Diagnostic::new(Code::W0823, regex.place(&whole), message).help(help), fix)
}
