//! Methods that no client sends: in other letters, since they are case-sensitive (RFC 9110 section 9.1), so `get` is no `GET`,
//! and misspelt ones, such as `DELTE`.

use super::{regex, walk};
use crate::lang::diagnostic::suggest::distance;
use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::hir::{Comparison, Expression, ExpressionKind, Hir};
use crate::lang::schema::Variable;
use crate::lang::source::{SourceMap, Span};

/// Those that everybody means who writes one of them, whatever the letters.
const KNOWN: [&str; 12] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "PURGE", "BAN", "REFRESH"];

/// So many keys of a table are looked at.
const MOST_KEYS: usize = 50;

/// One that some servers know, and that is near to another.
const TRACK: &str = "TRACK";

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for expression in walk::expressions(hir) {
        for text in compared(expression, hir) {
            let known = meant(&text).filter(|known| !is_taken(expression, known));
            let written = || written(&text, place(expression, hir, sources), sources);
            found.extend(known.map(|known| finding(&text, known, written(), expression.span)));
        }
    }
    found
}

/// The method that is meant, if nobody sends this one.
fn meant(text: &str) -> Option<&'static str> {
    let upper = text.to_ascii_uppercase();
    let known = || KNOWN.iter().find(|known| **known == upper).filter(|known| **known != text);
    if upper == TRACK { None } else { known().or_else(|| misspelt(&upper)).copied() }
}

/// The method of which this one is a misspelling. Short ones are near to each other by chance, so only letters that are out
/// of order count there; and whoever sends `PURGEALL` or `PURGES` means it.
fn misspelt(upper: &str) -> Option<&'static &'static str> {
    if KNOWN.contains(&upper) {
        return None;
    }
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let is_near = |known: &&&str| {
        let is_other = known.len() < 5 && letters(known) != letters(upper) || upper.starts_with(**known);
        !is_other && known.get(..1) == upper.get(..1) && distance(upper, known, 1).is_some()
    };
    KNOWN.iter().find(is_near)
}

/// The texts that a method is compared with.
fn compared(expression: &Expression, hir: &Hir) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match &expression.kind {
        ExpressionKind::Compare(Comparison::Equal | Comparison::NotEqual, left, right) => {
            let other = match (is_method(left), is_method(right)) {
                (true, _) => right,
                (_, true) => left,
                _ => return Vec::new(),
            };
            if let ExpressionKind::Text(other) = &other.kind { vec![text(other)] } else { Vec::new() }
        }
        ExpressionKind::InTexts(subject, texts) if is_method(subject) => texts.iter().map(|it| text(it)).collect(),
        ExpressionKind::InTable(table, key) | ExpressionKind::Lookup(table, key) if is_method(key) => {
            let entries = hir.tables.get(table.0 as usize).map_or(&[][..], |table| &table.entries);
            // A larger one is data.
            let few = entries.get(..entries.len().min(MOST_KEYS)).unwrap_or_default();
            few.iter().map(|(key, _)| text(key)).collect()
        }
        ExpressionKind::Matches(subject, pattern) if is_method(subject) => regex::words(pattern),
        _ => Vec::new(),
    }
}

/// Whether a pattern is like the method, in whichever way it is written there.
fn is_taken(expression: &Expression, known: &str) -> bool {
    matches!(&expression.kind, ExpressionKind::Matches(_, pattern) if pattern.is_match(known.as_bytes()))
}

/// Where the texts are written: in the test, or in a table that is no file.
fn place(expression: &Expression, hir: &Hir, sources: &SourceMap) -> Span {
    let (ExpressionKind::InTable(id, _) | ExpressionKind::Lookup(id, _)) = &expression.kind else {
        return expression.span;
    };
    let table = hir.tables.get(id.0 as usize).filter(|table| !table.is_from_file);
    let behind = table.and_then(|table| {
        let file = sources.get(table.span.file)?;
        Some(Span::new(table.span.file, table.span.range().end..file.text().len()))
    });
    behind.unwrap_or(expression.span)
}

fn is_method(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Variable(Variable::ReqMethod | Variable::BereqMethod))
}

fn finding(text: &str, upper: &str, written: Option<Span>, whole: Span) -> Diagnostic {
    let is_case = text.eq_ignore_ascii_case(upper);
    let why = if is_case { ": methods are written in capital letters, and letters count" } else { "" };
    let message = format!("no client sends `{text}`{why}");
    let finding = Diagnostic::new(Code::W0263, written.unwrap_or(whole), message).help(format!("write `{upper}`"));
    match written {
        // A rule that no request came to decides from then on.
        Some(span) => {
            finding.fix(Fix { safety: Safety::NeedsReview, ..Fix::replace(format!("write `{upper}`"), span, upper) })
        }
        None => finding,
    }
}

/// Where a word stands by itself.
fn written(text: &str, whole: Span, sources: &SourceMap) -> Option<Span> {
    let source = sources.text(whole);
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let is_alone = |at: &usize| {
        let bytes = source.as_bytes();
        !is_letter(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_letter(bytes.get(at + text.len()))
    };
    let (at, _) = source.match_indices(text).find(|(at, _)| is_alone(at))?;
    let start = whole.start as usize + at;
    Some(Span::new(whole.file, start..start + text.len()))
}
