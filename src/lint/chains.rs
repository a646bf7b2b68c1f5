//! Several tests of one value, joined by `||`, that one test says in fewer words: `req.path == "/a" || req.path == "/b"`.

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{Comparison, Expression, ExpressionKind, Hir};
use crate::lang::source::{SourceMap, Span};

/// So many tests are a chain.
const CHAIN: usize = 4;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    walk::expressions(hir).into_iter().filter_map(|expression| chain(expression, sources)).collect()
}

fn chain(expression: &Expression, sources: &SourceMap) -> Option<Diagnostic> {
    // Of `a != 1 && a != 2` the opposite is a chain.
    let (parts, wanted) = match &expression.kind {
        ExpressionKind::Or(parts) => (parts, true),
        ExpressionKind::And(parts) => (parts, false),
        _ => return None,
    };
    let tests: Vec<(&str, &str)> = parts.iter().map(|part| test(part, wanted, sources)).collect::<Option<_>>()?;
    let (subject, _) = *tests.first().filter(|_| tests.len() >= CHAIN)?;
    if tests.iter().any(|(other, _)| *other != subject) {
        return None;
    }
    let values: Vec<&str> = tests.iter().map(|(_, value)| *value).collect();
    let list = format!("{subject} in [{}]", values.join(", "));
    let mended = if wanted { list } else { format!("!({list})") };
    let message = format!("{} tests of one value are one", tests.len());
    let finding = Diagnostic::new(Code::W0913, expression.span, message).help(format!("write `{mended}`"));
    let fix = || Fix::replace("write one test", expression.span, mended);
    Some(if is_plain(expression.span, sources) { finding.fix(fix()) } else { finding })
}

/// Whether a place holds tests joined by signs, as nowhere in a table, and no comment.
fn is_plain(span: Span, sources: &SourceMap) -> bool {
    let text = sources.text(span);
    (text.contains("||") || text.contains("&&"))
        && !["#", "//", "/*", " and ", " or "].iter().any(|mark| text.contains(mark))
}

/// The value that is tested and what it is compared with, as they are written.
fn test<'s>(part: &Expression, wanted: bool, sources: &'s SourceMap) -> Option<(&'s str, &'s str)> {
    let sign = if wanted { Comparison::Equal } else { Comparison::NotEqual };
    let ExpressionKind::Compare(comparison, subject, value) = &part.kind else { return None };
    let is_place = matches!(subject.kind, ExpressionKind::Variable(_) | ExpressionKind::Header(..));
    let is_constant = matches!(value.kind, ExpressionKind::Text(_) | ExpressionKind::Int(_));
    let (subject, value) = (sources.text(subject.span), sources.text(value.span));
    let is_written = value.starts_with('"') || value.bytes().all(|byte| byte.is_ascii_digit());
    (*comparison == sign && is_place && is_constant && is_written).then_some((subject, value))
}
