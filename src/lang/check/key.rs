//! `key { … }`: its parts as statements of the piece that makes the cache key.

use super::path::Collection;
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{Expression, ExpressionKind, KeyPart, Statement, StatementKind};
use crate::lang::schema::{Message, Type, Variable};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, Key};

impl<'a> Scope<'_, 'a> {
    /// The statements that a key stands for, one for each part.
    pub(super) fn key(&mut self, key: &'a Key) -> Vec<Statement> {
        if key.parts.is_empty() && self.cx.findings.any_within(key.span) {
            return Vec::new();
        }
        if key.parts.is_empty() {
            let finding =
                Diagnostic::new(Code::E0740, key.piece.span, "the key has no parts: one answer would be for all");
            self.report(finding.help("say what tells one page from another: `key { req.host; req.url; }`"));
            return Vec::new();
        }
        let mut statements = Vec::with_capacity(key.parts.len());
        for part in &key.parts {
            let part = self.key_part(part).map(|value| Statement { kind: StatementKind::Key(value), span: part.span });
            statements.extend(self.with_those_before(part));
        }
        self.report_what_is_left_out(key, &statements);
        statements
    }

    fn key_part(&mut self, part: &'a ast::KeyPart) -> Option<KeyPart> {
        if let ast::ExpressionKind::Path(path) = &part.value.kind
            && Self::collection_named(path) == Some((Message::Req, Collection::Query))
        {
            return Some(KeyPart::Query { sorted: part.sorted.is_some() });
        }
        let value = self.wanted(&part.value, Type::String, format_args!("a part of the key"))?;
        if let Some(sorted) = part.sorted {
            self.report_sorted(sorted, part.value.span);
            return None;
        }
        Some(KeyPart::Value(value))
    }

    fn report_sorted(&self, sorted: Span, value: Span) {
        let finding = Diagnostic::new(Code::E0317, sorted, "only `req.query` can be sorted")
            .context(value, "this is one value")
            .help("leave `sorted` out")
            .fix(Fix::replace("remove `sorted`", Span { start: value.end, ..sorted }, ""));
        self.report(finding);
    }

    /// Pages of different hosts or URLs that have one key are one page to the cache.
    fn report_what_is_left_out(&self, key: &Key, statements: &[Statement]) {
        let any = |wanted: fn(&Expression) -> bool| statements.iter().any(|statement| reads(statement, wanted));
        let has_url = any(|part| {
            matches!(
                part.kind,
                ExpressionKind::Variable(Variable::ReqUrl | Variable::ReqPath) | ExpressionKind::Query(..)
            )
        });
        let has_query = statements.iter().any(|part| matches!(part.kind, StatementKind::Key(KeyPart::Query { .. })));
        let has_host = any(|part| match &part.kind {
            ExpressionKind::Variable(Variable::ReqHost) => true,
            ExpressionKind::Header(Message::Req, name) => *name == http::header::HOST,
            _ => false,
        });
        let (what, add) = match (has_host, has_url || has_query) {
            (true, true) => return,
            (false, _) => ("host", "req.host"),
            (true, false) => ("URL", "req.url"),
        };
        let message = format!("the key has nothing of the {what}: what is stored for one {what} answers for all");
        let finding = Diagnostic::new(Code::W0741, key.piece.span, message);
        self.cx.findings.advise(finding.help(format!("add `{add};`")));
    }
}

/// Whether a part of the key reads something, at any depth.
fn reads(statement: &Statement, wanted: fn(&Expression) -> bool) -> bool {
    fn within(whole: &Expression, wanted: fn(&Expression) -> bool) -> bool {
        wanted(whole) || whole.parts().any(|part| within(part, wanted))
    }
    matches!(&statement.kind, StatementKind::Key(KeyPart::Value(value)) if within(value, wanted))
}
