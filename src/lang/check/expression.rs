//! Expressions: from what is written to what it yields.

use super::convert::to_text;
use super::fold::Literal;
use super::joint::{Joint, value_among};
use super::path::{Collection, Meaning};
use super::scope::Scope;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arithmetic, Expression, ExpressionKind};
use crate::lang::schema::{Message, RuleTable, Type};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, Name, Path};

/// How to ask for any parameter.
const WHOLE_QUERY: &str = "; whether there is any, `req.url ~ \"[?]\"`";

impl Scope<'_, '_> {
    /// The typed expression; `None` after a finding.
    pub(super) fn expression(&mut self, written: &ast::Expression) -> Option<Expression> {
        let span = written.span;
        match &written.kind {
            ast::ExpressionKind::Path(path) => self.path_value(path),
            ast::ExpressionKind::Index { base, key } => self.index(base, key, span),
            ast::ExpressionKind::Call(call) => self.call_value(call, span),
            ast::ExpressionKind::Header(name) => self.table_header(name, span),
            ast::ExpressionKind::KeyClaim(_) => {
                self.report_claim_elsewhere(span);
                None
            }
            ast::ExpressionKind::Match(found) => self.match_value(found, span),
            ast::ExpressionKind::Fallback(parts) => self.fallback(parts, span),
            ast::ExpressionKind::List(_) => {
                let finding = Diagnostic::new(Code::E0317, span, "a list has no value of its own");
                self.report(finding.help("a list stands behind `in`, or where a function takes one"));
                None
            }
            ast::ExpressionKind::Not(inner) => self.condition(inner).map(|inner| negation(inner, span)),
            ast::ExpressionKind::Negate(inner) => self.negate(inner, span),
            ast::ExpressionKind::And(parts) => {
                let parts = self.conditions(parts, Joint::And)?;
                Some(Expression { kind: ExpressionKind::And(parts), ty: Type::Bool, span })
            }
            ast::ExpressionKind::Or(parts) => {
                let parts = self.conditions(parts, Joint::Or)?;
                Some(Expression { kind: ExpressionKind::Or(parts), ty: Type::Bool, span })
            }
            ast::ExpressionKind::Binary { operator, left, right, .. } => self.binary(*operator, left, right, span),
            ast::ExpressionKind::Test { operator, subject, list, .. } => {
                self.membership(*operator, subject, list, span)
            }
            literal => literal_value(literal).map(|(kind, ty)| Expression { kind, ty, span }),
        }
    }

    /// All of the parts as conditions, each checked even if one is wrong.
    fn conditions(&mut self, parts: &[ast::Expression], joint: Joint) -> Option<Vec<Expression>> {
        if let Some(finding) = value_among(parts, joint) {
            self.report(finding);
            return None;
        }
        let checked: Vec<Option<Expression>> = parts.iter().map(|part| self.condition(part)).collect();
        checked.into_iter().collect()
    }

    /// A name that has to have a value.
    fn path_value(&mut self, path: &Path) -> Option<Expression> {
        let (why, help) = match self.path(path)? {
            Meaning::Value(value) => return Some(value),
            Meaning::Acl => {
                let help = format!("test an address with it: `client.ip ~ {}`", path.text());
                ("is an acl, it has no value of its own", help)
            }
            Meaning::Table(_) => {
                let help =
                    format!("look a key up: `{name}[req.host]`, or ask `{name} has req.host`", name = path.text());
                ("is a table, it has no value of its own", help)
            }
            Meaning::Collection(_, collection) => {
                let rest = if collection == Collection::Query { WHOLE_QUERY } else { "" };
                let help =
                    format!("name one: `{name}[\"key\"]`, or ask `{name} has \"key\"`{rest}", name = path.text());
                ("holds many values", help)
            }
        };
        self.report(Diagnostic::new(Code::E0317, path.span, format!("`{}` {why}", path.text())).help(help));
        None
    }

    /// `req.query["k"]`
    fn index(&mut self, base: &Path, key: &ast::Expression, span: Span) -> Option<Expression> {
        let key = self.expression(key).map(|key| Box::new(to_text(key)));
        if matches!(self.field_of_base(base), Some(())) {
            return None;
        }
        let kind = match self.path(base)? {
            Meaning::Collection(message, Collection::Query) => ExpressionKind::Query(message, key?),
            Meaning::Collection(message, Collection::Cookies) => ExpressionKind::Cookie(message, key?),
            Meaning::Table(at) => return self.certain_entry(base, at, key?, span),
            _ => {
                let message = format!("`{}` has no parts to look up with `[…]`", base.text());
                let help = "only tables, the query and the cookies have: `req.query[\"key\"]`, `req.cookies[\"key\"]`";
                self.report(Diagnostic::new(Code::E0317, base.span, message).help(help));
                return None;
            }
        };
        Some(Expression { kind, ty: Type::String, span })
    }

    /// `req.http["X"]`: header fields are named with a dot. `Some` after the finding.
    fn field_of_base(&self, base: &Path) -> Option<()> {
        let [first, second] = base.parts.as_slice() else { return None };
        Message::find(&first.text).filter(|_| second.text == "http")?;
        let message = format!("the header fields of `{}` are named with a dot", first.text);
        let help = format!("write `{0}.http.Accept`, or `{0}.http.\"odd.name\"`", first.text);
        self.report(Diagnostic::new(Code::E0317, base.span, message).help(help));
        Some(())
    }

    /// `header "Set-Cookie"` of a rule table.
    fn table_header(&self, name: &Name, span: Span) -> Option<Expression> {
        let message = match self.table {
            Some(RuleTable::Request) => Message::Req,
            Some(RuleTable::Response) => Message::Beresp,
            None if self.in_invariant => Message::Req,
            None => {
                let finding = Diagnostic::new(Code::E0317, span, "`header \"…\"` belongs to rule tables");
                self.report(finding.help(format!("name the message: `req.http.{}`", name.text)));
                return None;
            }
        };
        let value = self.header(message, &name.text, name.span)?;
        Some(Expression { span, ..value })
    }

    /// `- x`
    fn negate(&mut self, inner: &ast::Expression, span: Span) -> Option<Expression> {
        let value = self.expression(inner)?;
        let zero = match value.ty {
            Type::Int => ExpressionKind::Int(0),
            Type::Real => ExpressionKind::Real(0.0),
            Type::Duration => ExpressionKind::Duration(0),
            Type::Bytes => ExpressionKind::Bytes(0),
            ty => {
                let message = format!("`-` cannot stand before {}", ty.in_words());
                self.report(Diagnostic::new(Code::E0304, span, message).help("remove the `-`"));
                return None;
            }
        };
        let zero = Expression { kind: zero, ty: value.ty, span };
        self.arithmetic(Arithmetic::Subtract, zero, value, span)
    }
}

/// The opposite of a condition.
pub(super) fn negation(condition: Expression, span: Span) -> Expression {
    let kind = match condition.kind {
        ExpressionKind::Bool(truth) => ExpressionKind::Bool(!truth),
        _ => ExpressionKind::Not(Box::new(condition)),
    };
    Expression { kind, ty: Type::Bool, span }
}

fn literal_value(literal: &ast::ExpressionKind) -> Option<(ExpressionKind, Type)> {
    let literal = match literal {
        ast::ExpressionKind::String(text) => Literal::Text(text.as_bytes().into()),
        ast::ExpressionKind::Int(number) => Literal::Int(*number),
        ast::ExpressionKind::Real(number) => Literal::Real(*number),
        ast::ExpressionKind::Bool(truth) => Literal::Bool(*truth),
        ast::ExpressionKind::Duration(millis) => Literal::Duration(*millis),
        ast::ExpressionKind::Bytes(bytes) => Literal::Bytes(*bytes),
        _ => return None,
    };
    let ty = literal.ty();
    Some((literal.into_kind(), ty))
}
