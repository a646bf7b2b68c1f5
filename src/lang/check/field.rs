//! Names and values of header fields.

use http::HeaderName;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind};
use crate::lang::source::Span;

/// Whether only warp itself may set the field: it frames the message (RFC 9112 section 6).
pub(super) fn is_framing(name: &HeaderName) -> bool {
    *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING
}

impl Scope<'_, '_> {
    /// The field of that name; reports what is no token (RFC 9110 section 5.6.2).
    pub(super) fn field_name(&self, text: &str, span: Span) -> Option<HeaderName> {
        if let Ok(name) = HeaderName::from_bytes(text.as_bytes()) {
            return Some(name);
        }
        let message = match text.chars().find(|c| !is_token(*c)) {
            Some(wrong) => format!("a header name cannot hold `{}`", wrong.escape_default()),
            None if text.is_empty() => "a header name cannot be empty".to_owned(),
            None => "this header name is too long".to_owned(),
        };
        let help = "letters, digits and `!#$%&'*+-.^_`|~` may stand in a header name";
        self.report(Diagnostic::new(Code::E0311, span, message).help(help));
        None
    }

    /// The field of that name, if a policy may change it.
    pub(super) fn settable_field(&self, text: &str, span: Span) -> Option<HeaderName> {
        let name = self.field_name(text, span)?;
        if is_framing(&name) {
            let message = format!("`{text}` cannot be changed: it says how long the message is");
            self.report(Diagnostic::new(Code::E0403, span, message).help("remove the line; warp sets it by itself"));
            return None;
        }
        Some(name)
    }

    /// Whether a list of field names between commas holds nothing else, as far as it is known.
    pub(super) fn check_field_list(&self, value: &Expression) -> bool {
        let ExpressionKind::Text(text) = &value.kind else { return true };
        let list = String::from_utf8_lossy(text);
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        // Each is looked at, so that every mistake is found at once.
        names.filter(|name| self.field_name(name, value.span).is_none()).count() == 0
    }

    /// Whether a value can go into one line of a message, as far as it is known (RFC 9110 section 5.5).
    pub(super) fn check_line(&self, value: &Expression) -> bool {
        let broken = match &value.kind {
            ExpressionKind::Concat(parts) => parts.iter().any(|part| breaks_line(&part.kind)),
            kind => breaks_line(kind),
        };
        if broken {
            let message = "a line break or a NUL cannot stand in a line of a message";
            self.report(Diagnostic::new(Code::E0312, value.span, message).help("write the text in one line"));
        }
        !broken
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn breaks_line(kind: &ExpressionKind) -> bool {
    matches!(kind, ExpressionKind::Text(text) if text.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)))
}
