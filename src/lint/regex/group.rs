//! Groups that a replacement names and its pattern does not have: `\2` in `regsub(x, "a(b)", "\2")`, where nothing stands then,
//! as in Varnish. And those that are named as elsewhere: `$1`, `\\1`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use regex_syntax::ast::Ast;

use super::{walk, with};
use crate::lang::diagnostic::{Code, Diagnostic, Fix, Safety};
use crate::lang::hir::{Expression, ExpressionKind, Hir, LocalId, Statement, StatementKind};
use crate::lang::schema::Function;
use crate::lang::schema::function::Core;
use crate::lang::source::{SourceMap, Span};

/// How a replacement names a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// `\1`
    Here,
    /// `$1`, `${1}` or `\\1`, which are text.
    Elsewhere,
}

/// A group that a replacement names, with the bytes that do.
struct Name {
    named: Named,
    group: usize,
    bytes: Range<usize>,
}

/// What names stand for.
type Names<'h> = HashMap<LocalId, &'h Expression>;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let of_body = |body: &[Statement]| {
        let statements = walk::all_of(body);
        let values = values(&statements);
        let expressions = walk::expressions_of(&statements);
        expressions.into_iter().flat_map(|expression| look(expression, &values, sources)).collect::<Vec<_>>()
    };
    walk::bodies(hir).flat_map(of_body).collect()
}

/// What the names of a body stand for, but for those in whose place others stand later.
fn values<'h>(statements: &[&'h Statement]) -> Names<'h> {
    let mut seen = HashSet::new();
    let mut values = Names::new();
    for statement in statements {
        let StatementKind::Let(id, value) = &statement.kind else { continue };
        if seen.insert(*id) {
            values.insert(*id, value)
        } else {
            values.remove(id)
        };
    }
    values
}

fn look<'h>(expression: &'h Expression, values: &Names<'h>, sources: &SourceMap) -> Vec<Diagnostic> {
    let ExpressionKind::Call(Function::Core(Core::Regsub | Core::Regsuball), given) = &expression.kind else {
        return Vec::new();
    };
    let [_, Expression { kind: ExpressionKind::Regex(pattern), .. }, replacement] = given.as_slice() else {
        return Vec::new();
    };
    let Ok(tree) = regex_syntax::ast::parse::Parser::new().parse(pattern.text()) else { return Vec::new() };
    let (known, mut texts) = (groups(&tree), Vec::new());
    add_texts(replacement, values, &mut texts);
    let names: Vec<(&str, Span, Name)> = texts
        .into_iter()
        .flat_map(|(text, span)| names(text).into_iter().map(move |name| (text, span, name)))
        .collect();
    // Who writes `\1` does not mean `$2`.
    let is_here = names.iter().any(|(.., name)| name.named == Named::Here);
    let is_wrong = |(.., name): &&(&str, Span, Name)| match name.named {
        Named::Here => name.group > known,
        Named::Elsewhere => !is_here && (1..=known).contains(&name.group),
    };
    let tell = |(text, span, name): &(&str, Span, Name)| {
        let written = text.get(name.bytes.clone()).unwrap_or_default();
        let place = place(*span, text, &name.bytes, sources);
        match name.named {
            Named::Here => missing(written, known, pattern.text(), place.unwrap_or(expression.span)),
            Named::Elsewhere => foreign(written, name.group, place, expression.span),
        }
    };
    names.iter().filter(is_wrong).map(tell).collect()
}

/// How many groups a pattern has that keep what is like them.
fn groups(tree: &Ast) -> usize {
    match tree {
        Ast::Group(group) => usize::from(group.is_capturing()) + groups(&group.ast),
        Ast::Repetition(many) => groups(&many.ast),
        Ast::Alternation(either) => either.asts.iter().map(groups).sum(),
        Ast::Concat(row) => row.asts.iter().map(groups).sum(),
        _ => 0,
    }
}

/// The texts that a replacement is made of.
fn add_texts<'h>(replacement: &'h Expression, values: &Names<'h>, texts: &mut Vec<(&'h str, Span)>) {
    match &replacement.kind {
        ExpressionKind::Text(text) => texts.extend(std::str::from_utf8(text).ok().map(|text| (text, replacement.span))),
        ExpressionKind::Concat(_) | ExpressionKind::Choose(..) | ExpressionKind::Fallback(_) => {
            replacement.parts().for_each(|part| add_texts(part, values, texts));
        }
        ExpressionKind::Local(id) => {
            values.get(id).into_iter().for_each(|value| add_texts(value, &Names::new(), texts));
        }
        _ => {}
    }
}

/// The groups that a text names.
fn names(text: &str) -> Vec<Name> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
        let (named, digit, length) = match rest {
            [b'\\', b'\\', digit @ b'0'..=b'9', ..] => (Named::Elsewhere, *digit, 3),
            [b'\\', digit @ b'0'..=b'9', ..] => (Named::Here, *digit, 2),
            [b'$', digit @ b'0'..=b'9', ..] => (Named::Elsewhere, *digit, 2),
            [b'$', b'{', digit @ b'0'..=b'9', b'}', ..] => (Named::Elsewhere, *digit, 4),
            [b'\\', ..] => {
                at += 2;
                continue;
            }
            _ => {
                at += 1;
                continue;
            }
        };
        found.push(Name { named, group: usize::from(digit - b'0'), bytes: at..at + length });
        at += length;
    }
    found
}

/// Where these bytes of a text stand, if it is written there.
fn place(span: Span, text: &str, bytes: &Range<usize>, sources: &SourceMap) -> Option<Span> {
    let start = span.start as usize + sources.text(span).find(text)?;
    Some(Span::new(span.file, start + bytes.start..start + bytes.end))
}

fn missing(written: &str, known: usize, pattern: &str, place: Span) -> Diagnostic {
    let has = match known {
        0 => "no group".to_owned(),
        1 => "one group".to_owned(),
        known => format!("{known} groups"),
    };
    let message = format!("nothing stands for `{written}`: `{pattern}` has {has}");
    let help = match known {
        _ if pattern.contains("(?:") => format!("`(?:…)` keeps nothing: write `(…)` for what `{written}` stands for"),
        0 => format!("put what `{written}` stands for in `(…)`; `\\0` is all that is like the pattern"),
        _ => format!("put what `{written}` stands for in `(…)`, or name a group that there is"),
    };
    Diagnostic::new(Code::W0824, place, message).help(help)
}

fn foreign(written: &str, group: usize, place: Option<Span>, whole: Span) -> Diagnostic {
    let meant = format!("\\{group}");
    let message = format!("`{written}` is no group here, but text");
    let fix = place.map(|place| Fix {
        safety: Safety::NeedsReview,
        ..Fix::replace(format!("write `{meant}`"), place, meant.clone())
    });
    let finding = Diagnostic::new(Code::W0824, place.unwrap_or(whole), message);
    with(finding.help(format!("write `{meant}` for the group")), fix)
}
