//! Mistakes within regular expressions, and expressions that say what a plain test says better.

mod alternatives;
mod anchor;
mod dot;
mod never;
mod parts;
mod plain;
mod stars;

use http::header::HOST;

use super::walk;
use crate::lang::diagnostic::{Diagnostic, Fix, Safety};
use crate::lang::hir::{Expression, ExpressionKind, Hir};
use crate::lang::schema::{Type, Variable};
use crate::lang::source::{SourceMap, Span};
use parts::{Part, parts};

/// What a pattern is matched with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// A path, without a query.
    Path,
    /// A path with its query.
    Url,
    Host,
    /// A header field, which has no line break as a path has none.
    Field,
    /// Text that may hold anything.
    Other,
}

/// A pattern with all that lints ask about it.
struct Regex<'h> {
    subject: Subject,
    /// Whether it is the view of a host that leaves its port out.
    is_without_port: bool,
    /// What it is matched with, as written.
    subject_text: &'h str,
    /// As the engine reads it.
    text: &'h str,
    parts: Vec<Part>,
    tree: regex_syntax::ast::Ast,
    /// The whole test: `req.url ~ "…"`.
    test: Span,
    /// Where the pattern stands between its quotes, if it is written there and not elsewhere.
    written: Option<Span>,
}

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for expression in walk::expressions(hir) {
        let Some(regex) = Regex::of(expression, sources) else { continue };
        // One that never matches has no other mistakes.
        if let Some(finding) = never::find(&regex) {
            found.push(finding);
            continue;
        }
        found.extend(dot::find(&regex));
        found.extend(anchor::find(&regex));
        found.extend(plain::find(&regex, sources));
        found.extend(stars::find(&regex));
        found.extend(alternatives::find(&regex));
    }
    found
}

impl<'h> Regex<'h> {
    fn of(expression: &'h Expression, sources: &'h SourceMap) -> Option<Self> {
        let ExpressionKind::Matches(subject, pattern) = &expression.kind else { return None };
        let text = pattern.text();
        // Flags may change what all of it means.
        if text.replace("(?:", "").contains("(?") {
            return None;
        }
        let tree = regex_syntax::ast::parse::Parser::new().parse(text).ok()?;
        let whole = sources.text(expression.span);
        let at = whole.rfind(&format!("\"{text}\""));
        let written = at.map(|at| {
            let start = expression.span.start as usize + at + 1;
            Span::new(expression.span.file, start..start + text.len())
        });
        let subject_text = sources.text(subject.span);
        let is_without_port = is_host(subject);
        let (subject, parts) = (subject_of(subject), parts(&tree));
        Some(Self { subject, is_without_port, subject_text, text, parts, tree, test: expression.span, written })
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

    fn is_path(&self) -> bool {
        matches!(self.subject, Subject::Path | Subject::Url)
    }
}

fn subject_of(expression: &Expression) -> Subject {
    match &expression.kind {
        ExpressionKind::Variable(Variable::ReqPath | Variable::BereqPath) => Subject::Path,
        ExpressionKind::Variable(Variable::ReqUrl | Variable::BereqUrl) => Subject::Url,
        ExpressionKind::Variable(Variable::ReqHost | Variable::BereqHost) => Subject::Host,
        ExpressionKind::Header(_, name) if *name == HOST => Subject::Host,
        ExpressionKind::Header(..) => Subject::Field,
        ExpressionKind::ToText(inner) if inner.ty == Type::String => subject_of(inner),
        _ => Subject::Other,
    }
}

fn is_host(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::ToText(inner) => is_host(inner),
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
