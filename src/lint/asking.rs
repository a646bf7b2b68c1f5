//! Which statements depend on what clients are free to say: a field, a cookie, a parameter, an address.

use std::collections::HashMap;

use http::header::HOST;

use crate::lang::hir::{Expression, ExpressionKind, Hir, Statement, StatementKind};
use crate::lang::schema::{Function, Message, Variable};
use crate::lang::source::Span;

/// So many arms above one are looked at, which were not taken where it is.
const MOST_BEFORE: usize = 8;

/// The conditions that ask what a client says, by the places of the arms that depend on them, and of what stands in an
/// `else`.
pub(super) struct Asking<'h>(HashMap<Span, Vec<&'h Expression>>);

impl<'h> Asking<'h> {
    pub(super) fn of(hir: &'h Hir) -> Self {
        let mut asking = Self(HashMap::new());
        let steps = hir.steps.iter().map(|step| &step.body);
        for body in steps.chain(hir.subs.iter().map(|sub| &sub.body)) {
            asking.add(&body.statements, &[]);
        }
        asking
    }

    /// `otherwise` holds the conditions that did not hold, where it is the `else` of them.
    fn add(&mut self, statements: &'h [Statement], otherwise: &[&'h Expression]) {
        for statement in statements {
            if !otherwise.is_empty() {
                self.0.insert(statement.span, otherwise.to_vec());
            }
            let StatementKind::If { arms, otherwise: rest, .. } = &statement.kind else { continue };
            let mut before: Vec<&Expression> = otherwise.to_vec();
            for arm in arms {
                if asks(&arm.condition) {
                    before.push(&arm.condition);
                }
                let near = before.get(before.len().saturating_sub(MOST_BEFORE)..).unwrap_or_default();
                if !near.is_empty() {
                    self.0.insert(arm.span, near.to_vec());
                }
                self.add(&arm.body, &[]);
            }
            let near = before.get(before.len().saturating_sub(MOST_BEFORE)..).unwrap_or_default();
            self.add(rest, near);
        }
    }

    /// The conditions that decide whether a statement is come to inside of these arms.
    pub(super) fn around<'s>(&'s self, statement: Span, arms: &'s [Span]) -> impl Iterator<Item = &'h Expression> + 's {
        let places = arms.iter().copied().chain([statement]);
        places.filter_map(|place| self.0.get(&place)).flatten().copied()
    }
}

/// Whether an expression is made of what clients are free to say. Path, host and method are not meant.
pub(super) fn asks(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Header(Message::Req | Message::Bereq, name) => *name != HOST,
        ExpressionKind::Directive(Message::Req | Message::Bereq, _)
        | ExpressionKind::Query(..)
        | ExpressionKind::Cookie(..)
        | ExpressionKind::HasQuery(..)
        | ExpressionKind::HasCookie(..)
        | ExpressionKind::AnyQuery(..)
        | ExpressionKind::AnyCookie(..)
        | ExpressionKind::Local(_)
        | ExpressionKind::Call(Function::Accept(_), _)
        | ExpressionKind::Variable(Variable::ClientIp | Variable::RemoteIp | Variable::ClientIdentity) => true,
        _ => expression.parts().any(asks),
    }
}
