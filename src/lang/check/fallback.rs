//! `a ?? b`: what stands for a value that is not there.

use super::convert::to_text;
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind};
use crate::lang::schema::Type;
use crate::lang::source::Span;
use crate::lang::syntax::ast;

impl Scope<'_, '_> {
    /// `a ?? b ?? c`
    pub(super) fn fallback(&mut self, written: &[ast::Expression], span: Span) -> Option<Expression> {
        let (last, first) = written.split_last()?;
        let checked: Vec<Option<Expression>> = first.iter().map(|part| self.perhaps(part)).collect();
        let last = self.expression(last);
        let mut parts = checked.into_iter().chain([last]).collect::<Option<Vec<_>>>()?;
        let ty = parts.first()?.ty;
        let (_, before_last) = parts.split_last()?;
        if let Some(certain) = before_last.iter().find(|part| is_always_set(part)) {
            self.report(nothing_to_stand_for(certain));
            return None;
        }
        let last = parts.pop()?;
        let last = if ty == Type::String { to_text(last) } else { self.convert(last, ty, format_args!("`??`"))? };
        parts.push(last);
        Some(Expression { kind: ExpressionKind::Fallback(parts), ty, span })
    }
}

/// Whether the value is there whatever the request is.
fn is_always_set(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Text(_) | ExpressionKind::Concat(_) => true,
        ExpressionKind::Lookup(..) => false,
        ExpressionKind::Directive(..) => value.ty == Type::Bool,
        ExpressionKind::ToText(inner) => inner.ty != Type::Backend,
        ExpressionKind::Call(function, _) => !function.row().may_be_unset,
        _ => value.ty != Type::String,
    }
}

fn nothing_to_stand_for(value: &Expression) -> Diagnostic {
    let finding = Diagnostic::new(Code::E0344, value.span, "this is always set, `??` has nothing to stand in for");
    match value.kind {
        ExpressionKind::Concat(_) => {
            finding.help("`+` binds more tightly than `??`: write parentheses, `\"a\" + (req.http.X ?? \"b\")`")
        }
        _ => finding.help("remove the `??` and what stands behind it"),
    }
}
