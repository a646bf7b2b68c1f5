//! Values that are chosen among many, as statements: `set x = match …` is looked up as fast as an `if` is.

use super::scope::Scope;
use crate::lang::hir::{Arm, Expression, ExpressionKind, LocalId, Statement, StatementKind, Target};
use crate::lang::source::Span;

/// What is done with a value.
#[derive(Clone)]
enum Use {
    Let(LocalId),
    Set(Target),
}

impl Scope<'_, '_> {
    /// The statement with the choice outside, if its value is one.
    pub(super) fn spread(&mut self, statement: Statement) -> Statement {
        if self.cx.as_written {
            return statement;
        }
        let (to, value) = match statement.kind {
            StatementKind::Let(id, value) if is_choice(&value) => (Use::Let(id), value),
            StatementKind::Set(target, value) if is_choice(&value) => (Use::Set(target), value),
            kind => return Statement { kind, ..statement },
        };
        self.used(&to, value, statement.span)
    }

    fn used(&mut self, to: &Use, value: Expression, span: Span) -> Statement {
        let kind = match value.kind {
            ExpressionKind::Bind(id, subject, body) if matches!(body.kind, ExpressionKind::Choose(..)) => {
                self.put_before(Statement { kind: StatementKind::Let(id, *subject), span });
                return self.used(to, *body, span);
            }
            ExpressionKind::Choose(conditions, values) => {
                let rest = values.last().map(|value| value.span);
                let mut bodies = values.into_iter().map(|value| vec![plainly_used(to, value, span)]);
                let arm = |(condition, body): (Expression, _)| Arm { span: condition.span, condition, body };
                let arms = conditions.into_iter().zip(bodies.by_ref()).map(arm).collect();
                StatementKind::If { arms, otherwise: bodies.next().unwrap_or_default(), rest }
            }
            kind => return plainly_used(to, Expression { kind, ..value }, span),
        };
        Statement { kind, span }
    }
}

/// Whether it is chosen among many, perhaps by what is kept for that.
fn is_choice(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Choose(..) => true,
        ExpressionKind::Bind(_, _, body) => matches!(body.kind, ExpressionKind::Choose(..)),
        _ => false,
    }
}

/// The statement with the value in its place.
fn plainly_used(to: &Use, value: Expression, span: Span) -> Statement {
    let kind = match to {
        Use::Let(id) => StatementKind::Let(*id, value),
        Use::Set(target) => StatementKind::Set(target.clone(), value),
    };
    Statement { kind, span }
}
