//! Calls that count: each is a limit of its own.

use super::context::number;
use super::scope::Scope;
use crate::lang::hir::{Expression, ExpressionKind, RateLimit, RateLimitId};
use crate::lang::schema::Type;
use crate::lang::source::Span;

impl Scope<'_, '_> {
    /// What stands for the limit that the call at this place is.
    pub(super) fn rate_limit(&self, span: Span) -> Expression {
        let written = self.cx.sources.text(span);
        let definition = written.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut limits = self.cx.rate_limits.borrow_mut();
        let id = RateLimitId(number(limits.len()));
        limits.push(RateLimit { definition, span });
        Expression { kind: ExpressionKind::RateLimit(id), ty: Type::Void, span }
    }
}
