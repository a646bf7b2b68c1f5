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
        used(&to, value, statement.span, self.statements_before())
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

/// What is done with a value: each that may be chosen in its own place. What is kept for the choice goes to `before`.
fn used(to: &Use, value: Expression, span: Span, before: &mut Vec<Statement>) -> Statement {
    let kind = match (value.kind, to) {
        (ExpressionKind::Bind(id, subject, body), _) if matches!(body.kind, ExpressionKind::Choose(..)) => {
            before.push(Statement { kind: StatementKind::Let(id, *subject), span });
            return used(to, *body, span, before);
        }
        (ExpressionKind::Choose(conditions, values), _) => {
            let rest = values.last().map(|value| value.span);
            let mut bodies = values.into_iter().map(|value| used_alone(to, value, span));
            let arm = |(condition, body): (Expression, _)| Arm { span: condition.span, condition, body };
            let arms = conditions.into_iter().zip(bodies.by_ref()).map(arm).collect();
            StatementKind::If { arms, otherwise: bodies.next().unwrap_or_default(), rest }
        }
        (kind, Use::Let(id)) => StatementKind::Let(*id, Expression { kind, ..value }),
        (kind, Use::Set(target)) => StatementKind::Set(target.clone(), Expression { kind, ..value }),
    };
    Statement { kind, span }
}

/// The body of an arm: it keeps what it needs itself.
fn used_alone(to: &Use, value: Expression, span: Span) -> Vec<Statement> {
    let mut body = Vec::new();
    let last = used(to, value, span, &mut body);
    body.push(last);
    body
}
