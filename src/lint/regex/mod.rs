//! Mistakes within regular expressions, and expressions that say what a plain test says better.

mod alone;
mod alternatives;
mod anchor;
mod brackets;
mod class;
mod dot;
mod ends;
mod few;
mod glob;
mod group;
mod hosts;
mod never;
mod parts;
mod plain;
mod stars;

use http::header::{HOST, ORIGIN};
use regex_syntax::ast::Ast;

use super::known_fields::{ADDRESSES, KNOWN};
use super::walk;
use crate::lang::diagnostic::{Diagnostic, Fix, Safety};
use crate::lang::hir::{Expression, ExpressionKind, Hir, Pattern};
use crate::lang::schema::function::Core;
use crate::lang::schema::{Function, Message, Type, Variable};
use crate::lang::source::{SourceMap, Span};
pub(super) use alone::words;
pub(super) use few::texts;
pub(super) use hosts::is_host;
use parts::{Part, parts};

/// What a pattern is matched with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// A path, without a query.
    Path,
    /// A path with its query.
    Url,
    Host,
    /// Where a page came from that asks for another: scheme, host and port.
    Origin,
    /// A field that holds the address of a client.
    Address,
    /// A header field, which has no line break as a path has none.
    Field,
    /// Text that may hold anything.
    Other,
}

/// What is done with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// It is asked for.
    Test,
    /// It is asked for in an arm of a `match`, where what it is matched with stands elsewhere.
    Arm,
    /// What is like it is replaced.
    Replaced,
}

impl Use {
    fn of(expression: &Expression, subject: &Expression) -> Self {
        match expression.kind {
            ExpressionKind::Matches(..) if subject.span == expression.span => Self::Arm,
            ExpressionKind::Matches(..) => Self::Test,
            _ => Self::Replaced,
        }
    }
}

/// What stands before a pattern for which letters are alike however they are written.
const CASELESS: &str = "(?i)";

/// A pattern with all that lints ask about it.
struct Regex<'h> {
    subject: Subject,
    used: Use,
    /// Whether it is the view of a host that leaves its port out.
    is_without_port: bool,
    /// Whether it is of what the backend is asked.
    is_of_backend: bool,
    /// What it is matched with.
    matched: &'h Expression,
    /// Whether it does not matter how letters are written.
    is_caseless: bool,
    /// To match texts with.
    pattern: &'h Pattern,
    /// What it is matched with, as written.
    subject_text: &'h str,
    /// As the engine reads it.
    text: &'h str,
    parts: Vec<Part>,
    tree: Ast,
    /// The whole test: `req.url ~ "…"`.
    test: Span,
    /// Where the pattern stands between its quotes, if it is written there and not elsewhere.
    written: Option<Span>,
}

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = group::find(hir, sources);
    for expression in walk::expressions(hir) {
        let Some(regex) = Regex::of(expression, sources) else { continue };
        // One that never matches has no other mistakes.
        if let Some(finding) = never::find(&regex) {
            found.push(finding);
            continue;
        }
        found.extend(class::find(&regex));
        let in_brackets = brackets::find(&regex);
        if !in_brackets.is_empty() {
            found.extend(in_brackets);
            continue;
        }
        if regex.used == Use::Replaced {
            found.extend(dot::find(&regex));
            continue;
        }
        // In what is meant as a glob a dot is one, and no anchor is missed.
        if let Some(finding) = glob::find(&regex) {
            found.push(finding);
            continue;
        }
        found.extend(dot::find(&regex));
        found.extend(ends::find(&regex).or_else(|| anchor::find(&regex)));
        // Of those in which letters may be written in two ways less is known.
        if !regex.is_caseless {
            found.extend(plain::find(&regex, sources));
            found.extend(stars::find(&regex));
            found.extend(alternatives::find(&regex));
        }
    }
    found
}

impl<'h> Regex<'h> {
    fn of(expression: &'h Expression, sources: &'h SourceMap) -> Option<Self> {
        let (subject, pattern) = match &expression.kind {
            ExpressionKind::Matches(subject, pattern) => (&**subject, pattern),
            ExpressionKind::Call(Function::Core(Core::Regsub | Core::Regsuball), given) => match given.as_slice() {
                [subject, Expression { kind: ExpressionKind::Regex(pattern), .. }, ..] => (subject, pattern),
                _ => return None,
            },
            _ => return None,
        };
        let whole_text = pattern.text();
        let text = whole_text.strip_prefix(CASELESS).unwrap_or(whole_text);
        let is_anchored_first = text.strip_prefix('^').is_some_and(|rest| rest.starts_with(CASELESS));
        let is_caseless = text.len() < whole_text.len() || is_anchored_first;
        let rest = if is_anchored_first { text.get(CASELESS.len()..).unwrap_or_default() } else { text };
        // Flags may change what all of it means.
        if rest.replace("(?:", "").contains("(?") {
            return None;
        }
        let tree = without_flags(regex_syntax::ast::parse::Parser::new().parse(text).ok()?);
        let whole = sources.text(expression.span);
        let at = whole.rfind(&format!("\"{whole_text}\""));
        let written = at.map(|at| {
            let start = expression.span.start as usize + at + 1 + whole_text.len() - text.len();
            Span::new(expression.span.file, start..start + text.len())
        });
        Some(Self {
            subject: subject_of(subject),
            used: Use::of(expression, subject),
            is_without_port: is_view_of_host(subject),
            is_of_backend: is_of_backend(subject),
            matched: subject,
            is_caseless,
            pattern,
            subject_text: sources.text(subject.span),
            text,
            parts: parts(&tree),
            tree,
            test: expression.span,
            written,
        })
    }

    /// The place of some bytes of the pattern, or of the whole test where they are written elsewhere.
    fn place(&self, bytes: &std::ops::Range<usize>) -> Span {
        let part = |written: Span| {
            let start = written.start as usize;
            Span::new(written.file, start + bytes.start..start + bytes.end)
        };
        self.written.map_or(self.test, part)
    }

    /// A fix that puts another text in the place of these bytes, if they are written there.
    fn replace(&self, title: &str, bytes: &std::ops::Range<usize>, text: &str, safety: Safety) -> Option<Fix> {
        self.written?;
        Some(Fix { safety, ..Fix::replace(title, self.place(bytes), text) })
    }

    /// Whether it is one word: a method, a cookie, a parameter, a country, a field of the site's own.
    fn is_of_a_word(&self) -> bool {
        is_of_a_word(self.matched)
    }

    fn is_path(&self) -> bool {
        matches!(self.subject, Subject::Path | Subject::Url)
    }
}

/// The pattern without the flags that it has at its start.
fn without_flags(mut tree: Ast) -> Ast {
    if let Ast::Concat(row) = &mut tree {
        row.asts.retain(|part| !matches!(part, Ast::Flags(_)));
    }
    tree
}

fn subject_of(expression: &Expression) -> Subject {
    match &expression.kind {
        ExpressionKind::Variable(Variable::ReqPath | Variable::BereqPath) => Subject::Path,
        ExpressionKind::Variable(Variable::ReqUrl | Variable::BereqUrl) => Subject::Url,
        ExpressionKind::Variable(Variable::ReqHost | Variable::BereqHost) => Subject::Host,
        ExpressionKind::Header(_, name) if *name == HOST => Subject::Host,
        ExpressionKind::Header(Message::Req | Message::Bereq, name) if *name == ORIGIN => Subject::Origin,
        ExpressionKind::Header(_, name) if ADDRESSES.contains(&name.as_str()) => Subject::Address,
        ExpressionKind::Header(..) => Subject::Field,
        ExpressionKind::ToText(inner) if inner.ty == Type::Ip => Subject::Address,
        ExpressionKind::ToText(inner) if inner.ty == Type::String => subject_of(inner),
        _ => Subject::Other,
    }
}

fn is_of_a_word(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::ToText(inner) => is_of_a_word(inner),
        ExpressionKind::Fallback(parts) => parts.first().is_some_and(is_of_a_word),
        ExpressionKind::Variable(variable) => matches!(variable, Variable::ReqMethod | Variable::BereqMethod),
        ExpressionKind::Cookie(..) | ExpressionKind::Query(..) | ExpressionKind::Call(Function::Geo(_), _) => true,
        ExpressionKind::Header(_, name) => !KNOWN.contains(&name.as_str()),
        _ => false,
    }
}

fn is_of_backend(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::ToText(inner) => is_of_backend(inner),
        kind => matches!(kind, ExpressionKind::Variable(Variable::BereqUrl | Variable::BereqPath)),
    }
}

fn is_view_of_host(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::ToText(inner) => is_view_of_host(inner),
        kind => matches!(kind, ExpressionKind::Variable(Variable::ReqHost | Variable::BereqHost)),
    }
}

/// The finding with a fix, if there is one.
fn with(finding: Diagnostic, fix: Option<Fix>) -> Diagnostic {
    match fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}
