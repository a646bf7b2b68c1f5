//! Words for what has no text of its own.

use crate::lang::hir::{Normalization, StatementKind, Target};

/// A statement in a few words.
pub(super) fn statement(kind: &StatementKind) -> String {
    match kind {
        StatementKind::Let(..) => "let".to_owned(),
        StatementKind::Set(to, _) => format!("set {}", target(to)),
        StatementKind::Unset(of) => format!("unset {}", target(of)),
        StatementKind::Effect(function, _) => function.name().to_owned(),
        StatementKind::Normalize(_) => "normalize".to_owned(),
        StatementKind::Key(_) => "key".to_owned(),
        StatementKind::Ban(_) => "ban".to_owned(),
        StatementKind::Tag(_) => "tag".to_owned(),
        StatementKind::Call(_) => "call".to_owned(),
        StatementKind::If { .. } => "if".to_owned(),
        StatementKind::Return(outcome) => format!("return ({})", outcome.action.name()),
        StatementKind::Leave => "return".to_owned(),
    }
}

/// A statement as written, with the words around it that its own text does not hold.
pub(super) fn in_context(kind: &StatementKind, written: String) -> String {
    let StatementKind::Normalize(clause) = kind else { return written };
    let part = match clause {
        Normalization::QueryDrop(_) | Normalization::QueryKeep(_) | Normalization::QuerySort => "query",
        Normalization::PathDecode | Normalization::PathResolve | Normalization::PathMerge => "path",
        Normalization::CookieDrop(_) | Normalization::CookieKeep(_) => "cookie",
        Normalization::AcceptEncoding(_) => "accept_encoding",
        Normalization::HostLower => "host",
    };
    if written.contains(part) { written } else { format!("{part} {written}") }
}

fn target(target: &Target) -> String {
    match target {
        Target::Variable(variable) => variable.name().to_owned(),
        Target::Header(message, name) => format!("{}.http.{name}", message.name()),
    }
}

/// `1 text`, `2 texts`; `kind` is the plural.
pub(super) fn count(count: usize, kind: &str) -> String {
    match (count, kind) {
        (1, "prefixes") => "1 prefix".to_owned(),
        (1, "suffixes") => "1 suffix".to_owned(),
        (1, plural) => format!("1 {}", plural.trim_end_matches('s')),
        (count, plural) => format!("{count} {plural}"),
    }
}
