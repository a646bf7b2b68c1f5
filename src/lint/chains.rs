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
    let tests: Vec<Test<'_>> = parts.iter().map(|part| Test::of(part, wanted, sources)).collect::<Option<_>>()?;
    let first = tests.first().filter(|_| tests.len() >= CHAIN)?;
    if tests.iter().any(|other| (other.subject, other.word) != (first.subject, first.word)) {
        return None;
    }
    let message = format!("{} tests of one value are one", tests.len());
    let finding = Diagnostic::new(Code::W0913, expression.span, message);
    if first.word == IN_ACL {
        return Some(finding.help("declare an `acl` with the addresses, and test with `~`"));
    }
    let values: Vec<&str> = tests.iter().map(|test| test.values).collect();
    let list = format!("{} {} [{}]", first.subject, first.word, values.join(", "));
    let mended = if wanted { list } else { format!("!({list})") };
    let finding = finding.help(format!("write `{mended}`"));
    let fix = || Fix::replace("write one test", expression.span, mended);
    Some(if is_plain(expression.span, sources) { finding.fix(fix()) } else { finding })
}

/// Whether a place holds tests joined by signs, as nowhere in a table, and no comment.
fn is_plain(span: Span, sources: &SourceMap) -> bool {
    let text = sources.text(span);
    (text.contains("||") || text.contains("&&"))
        && !["#", "//", "/*", " and ", " or "].iter().any(|mark| text.contains(mark))
}

/// How addresses are tested that are among some.
const IN_ACL: &str = "~";

/// A test of a value, as it is written.
struct Test<'s> {
    subject: &'s str,
    /// The word that tests it against several values.
    word: &'static str,
    /// What it is tested against.
    values: &'s str,
}

impl<'s> Test<'s> {
    fn of(part: &Expression, wanted: bool, sources: &'s SourceMap) -> Option<Self> {
        match &part.kind {
            ExpressionKind::Compare(sign, subject, value) => {
                let is_wanted = *sign == if wanted { Comparison::Equal } else { Comparison::NotEqual };
                Self::compared(subject, value, sources).filter(|_| is_wanted)
            }
            ExpressionKind::Not(inner) if !wanted => Self::listed(inner, sources),
            _ if wanted => Self::listed(part, sources),
            _ => None,
        }
    }

    fn compared(subject: &Expression, value: &Expression, sources: &'s SourceMap) -> Option<Self> {
        let word = match value.kind {
            ExpressionKind::Text(_) | ExpressionKind::Int(_) => "in",
            ExpressionKind::Ip(_) => IN_ACL,
            _ => return None,
        };
        let (text, values) = (sources.text(subject.span), sources.text(value.span));
        let is_written = values.starts_with('"') || values.bytes().all(|byte| byte.is_ascii_digit());
        (is_place(subject) && is_written).then_some(Self { subject: text, word, values })
    }

    /// `under` and `ext`, which take a list as they are.
    fn listed(part: &Expression, sources: &'s SourceMap) -> Option<Self> {
        let (subject, word) = match &part.kind {
            ExpressionKind::Under(subject, _) => (subject, "under"),
            ExpressionKind::Extension(subject, _) => (subject, "ext"),
            _ => return None,
        };
        let behind = sources.text(Span { start: subject.span.end, ..part.span });
        let values = behind.trim_end_matches(')').trim().strip_prefix(word)?.trim();
        let list = values.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
        let values = list.map(str::trim).or_else(|| values.strip_suffix('"').map(|_| values))?;
        let is_literal = values.split(',').all(|one| one.trim().starts_with('"') && one.trim().ends_with('"'));
        (is_place(subject) && is_literal).then_some(Self { subject: sources.text(subject.span), word, values })
    }
}

fn is_place(subject: &Expression) -> bool {
    matches!(subject.kind, ExpressionKind::Variable(_) | ExpressionKind::Header(..))
}
