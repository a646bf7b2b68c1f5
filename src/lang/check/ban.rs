//! `ban where`: a condition on what is stored.

use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, StatementKind};
use crate::lang::schema::Message;
use crate::lang::schema::function::{ACTING, Class};
use crate::lang::source::Span;
use crate::lang::syntax::ast;

impl Scope<'_, '_> {
    /// `ban where obj.http.X-Kind == "news";`
    pub(super) fn ban(&mut self, condition: &ast::Expression, span: Span) -> Option<StatementKind> {
        let here = self.check_steps(ACTING, Code::E0404, span, format_args!("`ban`"), "used");
        self.in_ban = true;
        let condition = self.condition(condition);
        self.in_ban = false;
        let condition = condition?;
        let chosen = self
            .statements_before()
            .iter()
            .find(|before| matches!(&before.kind, StatementKind::Let(_, value) if value.reads(Message::Obj)));
        if let Some(span) = unfit(&condition).or(chosen.map(|before| before.span)) {
            let finding = Diagnostic::new(Code::E0745, span, "this cannot be asked of what is stored");
            self.report(finding.help("compare and match fields of `obj`; a `ban` knows no tables, acls and `match` of them, and no functions that change with the world"));
            return None;
        }
        if !condition.reads(Message::Obj) {
            let finding = Diagnostic::new(Code::E0744, condition.span, "this asks nothing of what is stored");
            self.report(finding.help(
                "ask for something of `obj`, which is each stored response: `ban where obj.http.X-Kind == \"news\";`",
            ));
            return None;
        }
        here.then_some(StatementKind::Ban(condition))
    }
}

/// The first part that asks of what is stored what only a request's own policy can answer.
fn unfit(whole: &Expression) -> Option<Span> {
    if !whole.reads(Message::Obj) {
        return None;
    }
    let is_fit = match &whole.kind {
        ExpressionKind::InAcl(..)
        | ExpressionKind::Lookup(..)
        | ExpressionKind::InTable(..)
        | ExpressionKind::Bind(..)
        | ExpressionKind::Choose(..) => false,
        ExpressionKind::Variable(variable) => variable.is_in_bans(),
        ExpressionKind::Call(function, _) => function.class() == Class::Pure,
        _ => true,
    };
    if is_fit { whole.parts().find_map(unfit) } else { Some(whole.span) }
}
