//! Which statements depend on what clients are free to say: a field, a cookie, a parameter, an address.

use std::collections::{HashMap, HashSet};

use http::header::HOST;

use crate::lang::hir::{Expression, ExpressionKind, Hir, Statement, StatementKind};
use crate::lang::schema::{Function, Message, Variable};
use crate::lang::source::Span;

/// So many arms above one are looked at, which were not taken where it is.
const MOST_BEFORE: usize = 32;

/// The conditions that ask what a client says, by the places of the arms that depend on them, and of what stands in an
/// `else`.
pub(super) struct Asking<'h> {
    by_place: HashMap<Span, Vec<&'h Expression>>,
    /// The places for which there are more than are looked at.
    cut: HashSet<Span>,
}

impl<'h> Asking<'h> {
    pub(super) fn of(hir: &'h Hir) -> Self {
        let mut asking = Self { by_place: HashMap::new(), cut: HashSet::new() };
        let steps = hir.steps.iter().map(|step| &step.body);
        for body in steps.chain(hir.subs.iter().map(|sub| &sub.body)) {
            asking.add(&body.statements, &[]);
        }
        asking
    }

    /// `otherwise` holds the conditions that did not hold, where it is the `else` of them.
    fn add(&mut self, statements: &'h [Statement], otherwise: &[&'h Expression]) {
        for statement in statements {
            self.insert(statement.span, otherwise);
            let StatementKind::If { arms, otherwise: rest, .. } = &statement.kind else { continue };
            let mut before: Vec<&Expression> = otherwise.to_vec();
            for arm in arms {
                if asks(&arm.condition) {
                    before.push(&arm.condition);
                }
                self.insert(arm.span, &before);
                self.add(&arm.body, &[]);
            }
            self.add(rest, &before);
        }
    }

    /// Of many conditions the last ones are kept.
    fn insert(&mut self, place: Span, before: &[&'h Expression]) {
        if before.is_empty() {
            return;
        }
        if before.len() > MOST_BEFORE {
            self.cut.insert(place);
        }
        let near = before.get(before.len().saturating_sub(MOST_BEFORE)..).unwrap_or_default();
        self.by_place.insert(place, near.to_vec());
    }

    /// The conditions that decide whether a statement is come to inside of these arms.
    pub(super) fn around<'s>(&'s self, statement: Span, arms: &'s [Span]) -> impl Iterator<Item = &'h Expression> + 's {
        let places = arms.iter().copied().chain([statement]);
        places.filter_map(|place| self.by_place.get(&place)).flatten().copied()
    }

    /// Whether there are more of them.
    pub(super) fn is_cut(&self, statement: Span, arms: &[Span]) -> bool {
        arms.iter().chain([&statement]).any(|place| self.cut.contains(place))
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
        | ExpressionKind::Call(Function::Accept(_) | Function::Cookie(_), _)
        | ExpressionKind::Variable(Variable::ClientIp | Variable::RemoteIp | Variable::ClientIdentity) => true,
        _ => expression.parts().any(asks),
    }
}
