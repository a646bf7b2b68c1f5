//! `key { … }`: its parts as statements of the piece that makes the cache key.

use super::path::Collection;
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{KeyPart, Statement, StatementKind};
use crate::lang::schema::{Message, Type};
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
}
