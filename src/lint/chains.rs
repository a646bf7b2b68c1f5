//! Several tests of one value, joined by `||`, that one test says in fewer words: `req.path == "/a" || req.path == "/b"`.

use std::collections::HashMap;

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{AclId, Comparison, Expression, ExpressionKind, Hir};
use crate::lang::source::{SourceMap, Span};

/// So many tests are a chain.
const CHAIN: usize = 4;

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let all = walk::expressions(hir);
    let mut uses: HashMap<AclId, usize> = HashMap::new();
    for expression in &all {
        if let ExpressionKind::InAcl(_, acl) = &expression.kind {
            *uses.entry(*acl).or_default() += 1;
        }
    }
    all.into_iter().filter_map(|expression| chain(expression, &uses, sources)).collect()
}

/// `uses` says of each acl how often it is tested: one that is tested elsewhere, too, is one for a reason.
fn chain(expression: &Expression, uses: &HashMap<AclId, usize>, sources: &SourceMap) -> Option<Diagnostic> {
    // Of `a != 1 && a != 2` the opposite is a chain.
    let (parts, wanted) = match &expression.kind {
        ExpressionKind::Or(parts) => (parts, true),
        ExpressionKind::And(parts) => (parts, false),
        _ => return None,
    };
    let is_shared =
        |part: &Expression| matches!(acl_of(part), Some(acl) if uses.get(&acl).is_some_and(|times| *times > 1));
    if parts.iter().any(is_shared) {
        return None;
    }
    let tests: Vec<Test<'_>> = parts.iter().map(|part| Test::of(part, wanted, sources)).collect::<Option<_>>()?;
    let first = tests.first().filter(|_| tests.len() >= CHAIN)?;
    if !tests.iter().all(|other| other.is_like(first)) {
        return None;
    }
    let message = format!("{} tests of one value are one", tests.len());
    let finding = Diagnostic::new(Code::W0913, expression.span, message);
    if first.word == IN_ACL {
        return Some(finding.help("declare one `acl` with all the addresses, and test with `~`"));
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
pub(super) struct Test<'s> {
    pub subject: &'s str,
    /// The word that tests it against several values.
    pub word: &'static str,
    /// What it is tested against.
    pub values: &'s str,
}

impl<'s> Test<'s> {
    /// The test that holds where the condition does, or where it does not.
    pub(super) fn of(part: &Expression, wanted: bool, sources: &'s SourceMap) -> Option<Self> {
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

    /// Whether there is a list of what it is tested against.
    pub(super) fn has_list(&self) -> bool {
        self.word != IN_ACL
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.subject, self.word) == (other.subject, other.word)
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

    /// `under` and `ext`, which take a list as they are, and an acl.
    fn listed(part: &Expression, sources: &'s SourceMap) -> Option<Self> {
        if let ExpressionKind::InAcl(subject, _) = &part.kind {
            let (text, values) = (sources.text(subject.span), sources.text(part.span));
            return is_place(subject).then_some(Self { subject: text, word: IN_ACL, values });
        }
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

fn acl_of(part: &Expression) -> Option<AclId> {
    match &part.kind {
        ExpressionKind::InAcl(_, acl) => Some(*acl),
        ExpressionKind::Not(inner) => acl_of(inner),
        _ => None,
    }
}

fn is_place(subject: &Expression) -> bool {
    matches!(subject.kind, ExpressionKind::Variable(_) | ExpressionKind::Header(..))
}
