//! Fields that are about one connection, set in a policy: what it keeps with clients and backends is warp's own business
//! (RFC 9110 §7.6.1). In `pipe`, where the bytes go through as they are, it is the policy's.

use http::HeaderName;
use http::header::{CONNECTION, TE, TRAILER, UPGRADE};

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::hir::{Expression, ExpressionKind, Hir, Statement, StatementKind, Target};
use crate::lang::schema::function::Header;
use crate::lang::schema::{Function, Message, Step};
use crate::lang::source::SourceMap;

const FIELDS: [HeaderName; 6] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    UPGRADE,
];

pub(super) fn find(hir: &Hir, sources: &SourceMap) -> Vec<Diagnostic> {
    let statements = walk::bodies_beside(hir, Step::Pipe).into_iter().flat_map(walk::all_of);
    statements.filter_map(|statement| finding(statement, sources)).collect()
}

/// The field that a statement writes.
fn written(kind: &StatementKind) -> Option<(&Message, &HeaderName)> {
    match kind {
        StatementKind::Set(Target::Header(message, name), _) => Some((message, name)),
        StatementKind::Effect(Function::Header(Header::Append), given) => match given.as_slice() {
            [Expression { kind: ExpressionKind::Header(message, name), .. }, ..] => Some((message, name)),
            _ => None,
        },
        _ => None,
    }
}

fn finding(statement: &Statement, sources: &SourceMap) -> Option<Diagnostic> {
    let (message, name) = written(&statement.kind)?;
    // A request that is piped takes the protocol that it asks for along.
    let is_taken_along = *message == Message::Req && *name == UPGRADE;
    if !FIELDS.contains(name) || is_taken_along {
        return None;
    }
    let name = sources.text(statement.span).to_ascii_lowercase().find(name.as_str()).map_or(name.as_str(), |at| {
        sources.text(statement.span).get(at..at + name.as_str().len()).unwrap_or(name.as_str())
    });
    let message = format!("`{name}` is about one connection, which is warp's to keep");
    let finding = Diagnostic::new(Code::W0810, statement.span, message)
        .help("remove the line; `return (pipe)` hands a connection over to the backend");
    let text = sources.text(statement.span).trim_start();
    let is_whole = ["set", "header.append"].iter().any(|word| text.starts_with(word)) && text.ends_with(';');
    let edits = vec![Edit { span: statement.span, text: String::new() }];
    let fix = Fix { title: "remove the line".to_owned(), edits, safety: Safety::NeedsReview };
    Some(if is_whole { finding.fix(fix) } else { finding })
}
