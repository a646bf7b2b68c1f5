//! Keys of tokens: a file of JSON or PEM, or the text itself.
//!
//! What stands there is not shown in what is reported: it may be a secret.

use std::sync::Arc;

use super::amount::Kind;
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{ExpressionKind, KeySet};
use crate::lang::syntax::ast;

/// How a text begins that is no path.
const STARTS: [&str; 3] = ["{", "[", "-----BEGIN "];

impl Scope<'_, '_> {
    /// The keys of a file whose path is written, or the keys themselves.
    pub(super) fn keys_argument(&mut self, argument: &ast::Expression, what: &str) -> Option<ExpressionKind> {
        let written = self.path_argument(argument, what)?;
        let is_text = STARTS.iter().any(|start| written.trim_start().starts_with(start));
        let (text, place) = if is_text {
            (written.into_bytes(), "these are no keys".to_owned())
        } else {
            let text = self.cx.read(&written, argument.span, Kind::Text)?.bytes;
            (text, format!("`{written}` holds no keys"))
        };
        match KeySet::parse(&text) {
            Ok(keys) => Some(ExpressionKind::Keys(Arc::new(keys))),
            Err(why) => {
                let finding = Diagnostic::new(Code::E0387, argument.span, format!("{place}: {why}"));
                self.report(finding.help(
                    "write a JSON Web Key Set, `{\"keys\": [{\"kty\": \"RSA\", …}]}` (RFC 7517), or PEM: \
                     `-----BEGIN PUBLIC KEY-----`",
                ));
                None
            }
        }
    }
}
