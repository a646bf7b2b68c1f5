//! What `set` and `unset` change.

use super::fold::Literal;
use super::path::FieldPath;
use super::scope::Scope;
use super::{unknown, vcl};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Arithmetic, Expression, ExpressionKind, StatementKind, Target};
use crate::lang::schema::{self, Access, DirectiveView, RuleTable, SHORT_NAMES, STATUS_WORDS, StepSet, Type, Variable};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, AssignOperator, Path};

impl Scope<'_, '_> {
    /// `set TARGET = VALUE;`
    pub(super) fn set(
        &mut self,
        target: &Path,
        operator: AssignOperator,
        value: &ast::Expression,
        span: Span,
    ) -> Option<StatementKind> {
        let found = self.target(target, "set", |access| access.set);
        let Some(found) = found else {
            self.expression(value);
            return None;
        };
        let value = match arithmetic_of(operator) {
            None => self.wanted(value, type_of(&found), format_args!("`{target}`"))?,
            Some(sign) => {
                let present = Expression { kind: kind_of(&found), ty: type_of(&found), span: target.span };
                let value = self.expression(value)?;
                let result = self.arithmetic(sign, present, value, span)?;
                self.convert(result, type_of(&found), format_args!("`{target}`"))?
            }
        };
        self.advise_on(&found, &value, span);
        self.check_value(&found, &value).then_some(StatementKind::Set(found, value))
    }

    /// `unset TARGET;`
    pub(super) fn unset(&mut self, target: &Path) -> Option<StatementKind> {
        self.target(target, "unset", |access| access.unset).map(StatementKind::Unset)
    }

    /// What the name stands for, if `verb` may be done to it here.
    pub(super) fn target(&mut self, path: &Path, verb: &str, steps: impl Fn(Access) -> StepSet) -> Option<Target> {
        let (access, target) = match self.field_of(path) {
            FieldPath::Wrong => return None,
            FieldPath::Field(message, field) => {
                (message.access(), Target::Header(message, self.settable_field(&field, path.span)?))
            }
            FieldPath::Other => {
                let text = path.text();
                let Some(variable) = Variable::find(self.spelled_out(&text)) else {
                    let finding = self.not_a_target(&text, verb, path.span);
                    self.report(finding);
                    return None;
                };
                (variable.access(), Target::Variable(variable))
            }
        };
        let allowed = steps(access);
        if allowed.is_empty() {
            self.report(read_only(&path.text(), verb, path.span));
            return None;
        }
        self.check_steps(allowed, Code::E0402, path.span, format_args!("`{path}`"), verb).then_some(target)
    }

    /// The full name of a short name of the table.
    fn spelled_out<'t>(&self, text: &'t str) -> &'t str {
        let short = SHORT_NAMES.iter().find(|short| short.name == text && self.table.is_some());
        match (short, self.table) {
            (Some(short), Some(RuleTable::Request)) => short.request.unwrap_or(text),
            (Some(short), Some(RuleTable::Response)) => short.response.unwrap_or(text),
            _ => text,
        }
    }

    fn not_a_target(&mut self, text: &str, verb: &str, span: Span) -> Diagnostic {
        let is_local = self.local(text).is_some();
        if is_local || self.cx.names.values().any(|name| name == text) {
            let finding = Diagnostic::new(Code::E0403, span, format!("`{text}` cannot be {verb}: it never changes"));
            return finding.help("keep the new value in a `let` with another name");
        }
        if matches!(text.split_once('.'), Some(("req" | "bereq", "query" | "cookies"))) {
            let finding = Diagnostic::new(Code::E0403, span, format!("`{text}` is a view and cannot be {verb}"));
            return finding.help("change `req.url` or the `Cookie` field, or use `normalize req`");
        }
        if let Some(view) = DirectiveView::find(text) {
            let finding = Diagnostic::new(Code::E0403, span, format!("`{text}` is a view and cannot be {verb}"));
            return finding.help(format!("change the field: `{}.http.Cache-Control`", view.message.name()));
        }
        let finding = Diagnostic::new(Code::E0201, span, format!("there is no variable `{text}`"));
        if let Some(instead) = vcl::instead_of(text).or_else(|| in_collection(text)) {
            return finding.help(instead);
        }
        let variables = Variable::ALL.iter().filter(|variable| !variable.access().set.is_empty());
        unknown::suggest(self.cx.findings, finding, text, "there are", variables.map(|variable| variable.name()))
    }

    /// Reports a value that changes nothing.
    fn advise_on(&self, target: &Target, value: &Expression, span: Span) {
        let is_uncacheable = matches!(target, Target::Variable(Variable::BerespUncacheable));
        if is_uncacheable && value.kind == ExpressionKind::Bool(false) {
            let message = "this has no effect: `beresp.uncacheable` can only become true";
            let help = "leave it out; to keep the built-in policy from setting it, replace that piece: \
                        `override builtin.set_cookie {}`";
            self.report(Diagnostic::new(Code::W0701, span, message).help(help));
        }
    }

    /// Whether the value can stand there, as far as it is known.
    fn check_value(&self, target: &Target, value: &Expression) -> bool {
        match target {
            Target::Variable(Variable::RespBody | Variable::BerespBody) => true,
            Target::Variable(Variable::RespStatus | Variable::BerespStatus) => self.check_status(value),
            Target::Variable(Variable::BereqCacheControlFields) => self.check_field_list(value),
            Target::Variable(variable) if variable.ty() != Type::String => true,
            _ => self.check_length(value) && self.check_line(value),
        }
    }

    /// Whether a status is one, as far as it is known.
    pub(super) fn check_status(&self, value: &Expression) -> bool {
        match Literal::of(&value.kind) {
            Some(Literal::Int(status)) if schema::status(status).is_none() => {
                let message = format!("{status} is not a status that ends a request");
                self.report(Diagnostic::new(Code::E0313, value.span, message).help(format!("write {STATUS_WORDS}")));
                false
            }
            _ => true,
        }
    }
}

fn read_only(text: &str, verb: &str, span: Span) -> Diagnostic {
    let finding = Diagnostic::new(Code::E0403, span, format!("`{text}` cannot be {verb}"));
    match text {
        "req.path" | "req.host" | "bereq.path" | "bereq.host" => {
            let (message, view) = text.split_once('.').unwrap_or_default();
            let source = if view == "path" { format!("{message}.url") } else { format!("{message}.http.Host") };
            finding.help(format!("it is a view: change `{source}`"))
        }
        _ if verb == "unset" => finding.help("it always has a value: `set` it to another one"),
        _ => finding.help("it can only be read"),
    }
}

fn arithmetic_of(operator: AssignOperator) -> Option<Arithmetic> {
    match operator {
        AssignOperator::Assign => None,
        AssignOperator::Add => Some(Arithmetic::Add),
        AssignOperator::Subtract => Some(Arithmetic::Subtract),
        AssignOperator::Multiply => Some(Arithmetic::Multiply),
        AssignOperator::Divide => Some(Arithmetic::Divide),
    }
}

fn type_of(target: &Target) -> Type {
    match target {
        Target::Variable(variable) => variable.ty(),
        Target::Header(..) => Type::String,
    }
}

fn kind_of(target: &Target) -> ExpressionKind {
    match target {
        Target::Variable(variable) => ExpressionKind::Variable(*variable),
        Target::Header(message, name) => ExpressionKind::Header(*message, name.clone()),
    }
}

/// What to write in the place of one value of many: `set req.cookies.a = "b";`
fn in_collection(name: &str) -> Option<&'static str> {
    let mut parts = name.split('.').skip(1);
    match (parts.next()?, parts.next()) {
        ("cookies" | "cookie", Some(_)) => {
            Some("write `cookie.set(\"NAME\", \"VALUE\");`, or `cookie.delete(\"NAME\");`")
        }
        ("query", Some(_)) => Some("write the URL anew, or `normalize req { query drop [\"NAME\"]; }` outside of subs"),
        ("headers" | "header", _) => Some("header fields are named behind `http`: `req.http.NAME`"),
        _ => None,
    }
}
