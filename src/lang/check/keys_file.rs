//! Keys of tokens: a file of JSON, or the JSON itself.
//!
//! What stands there is not shown in what is reported: it may be a secret.

use std::sync::Arc;

use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{ExpressionKind, KeySet};
use crate::lang::syntax::ast;

impl Scope<'_, '_> {
    /// The keys of a file whose path is written, or the keys themselves.
    pub(super) fn keys_argument(&mut self, argument: &ast::Expression, what: &str) -> Option<ExpressionKind> {
        let written = self.path_argument(argument, what)?;
        let text = if written.trim_start().starts_with('{') {
            written.into_bytes()
        } else {
            self.read(&written, argument.span)?.bytes
        };
        match KeySet::parse(&text) {
            Ok(keys) => Some(ExpressionKind::Keys(Arc::new(keys))),
            Err(why) => {
                let finding = Diagnostic::new(Code::E0387, argument.span, format!("these are no keys: {why}"));
                self.report(finding.help("write them as JSON: `{\"keys\": [{\"kty\": \"RSA\", …}]}` (RFC 7517)"));
                None
            }
        }
    }
}
