//! Fields that are about one connection, set in a policy: what it keeps with clients and backends is warp's own business
//! (RFC 9110 §7.6.1). In `pipe`, where the bytes go through as they are, it is the policy's.

use http::HeaderName;
use http::header::{CONNECTION, TE, TRAILER, UPGRADE};

use super::walk;
use crate::lang::diagnostic::{Code, Diagnostic, Edit, Fix, Safety};
use crate::lang::hir::{Hir, Statement, StatementKind, Target};
use crate::lang::schema::{Message, Step};
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

fn finding(statement: &Statement, sources: &SourceMap) -> Option<Diagnostic> {
    let StatementKind::Set(Target::Header(message, name), _) = &statement.kind else { return None };
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
    let is_whole =
        sources.text(statement.span).trim_start().starts_with("set") && sources.text(statement.span).ends_with(';');
    let edits = vec![Edit { span: statement.span, text: String::new() }];
    let fix = Fix { title: "remove the line".to_owned(), edits, safety: Safety::NeedsReview };
    Some(if is_whole { finding.fix(fix) } else { finding })
}
