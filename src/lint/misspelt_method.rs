//! Methods in other letters than clients send: they are case-sensitive (RFC 9110 section 9.1), so `get` is no `GET`.

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{Comparison, Expression, ExpressionKind, Hir};
use crate::lang::schema::Variable;
use crate::lang::source::{SourceMap, Span};

/// Those that everybody means who writes one of them, whatever the letters.
const KNOWN: [&str; 12] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "PURGE", "BAN", "REFRESH"];

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for expression in walk::expressions(hir) {
        for text in compared(expression) {
            let upper = text.to_ascii_uppercase();
            if text != upper && KNOWN.contains(&upper.as_str()) {
                found.push(finding(&text, &upper, expression.span, sources));
            }
        }
    }
    found
}

/// The texts that a method is compared with.
fn compared(expression: &Expression) -> Vec<String> {
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
        _ => Vec::new(),
    }
}

fn is_method(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Variable(Variable::ReqMethod | Variable::BereqMethod))
}

fn finding(text: &str, upper: &str, whole: Span, sources: &SourceMap) -> Diagnostic {
    let quoted = format!("\"{text}\"");
    let written = sources.text(whole).find(&quoted).map(|at| {
        let start = whole.start as usize + at;
        Span::new(whole.file, start..start + quoted.len())
    });
    let message = format!("no client sends `{text}`: methods are written in capital letters, and letters count");
    let finding = Diagnostic::new(Code::W0263, written.unwrap_or(whole), message).help(format!("write `\"{upper}\"`"));
    match written {
        Some(span) => finding.fix(Fix::replace(format!("write `{upper}`"), span, format!("\"{upper}\""))),
        None => finding,
    }
}
