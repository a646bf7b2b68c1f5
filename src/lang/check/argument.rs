//! Calls of functions: whether there is one, where it may be called, with what.

use super::scope::Scope;
use super::{unknown, vcl};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, StatementKind};
use crate::lang::schema::{Function, Parameter, Type};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, Call};

impl Scope<'_, '_> {
    /// A call that stands for a value.
    pub(super) fn call_value(&mut self, call: &Call, span: Span) -> Option<Expression> {
        let function = self.function(call)?;
        if function.result() == Type::Void {
            let message = format!("`{}` yields nothing", function.name());
            let help = format!("write it as a statement of its own: `{}(…);`", function.name());
            self.report(Diagnostic::new(Code::E0306, span, message).help(help));
            return None;
        }
        let kind = match function {
            Function::Regsub => self.substitution(call, false)?,
            Function::Regsuball => self.substitution(call, true)?,
            _ => ExpressionKind::Call(function, self.arguments(function, call)?),
        };
        Some(Expression { kind, ty: function.result(), span })
    }

    /// A call for its effect.
    pub(super) fn call_effect(&mut self, call: &Call, span: Span) -> Option<StatementKind> {
        let function = self.function(call)?;
        if function.result() != Type::Void {
            let message = format!("nothing is done with what `{}` yields", function.name());
            let help = format!("set something to it, or keep it: `let x = {}(…);`", function.name());
            self.report(Diagnostic::new(Code::E0307, span, message).help(help));
            return None;
        }
        Some(StatementKind::Effect(function, self.arguments(function, call)?))
    }

    /// The function that a call names, if it may be called here with that many arguments.
    fn function(&mut self, call: &Call) -> Option<Function> {
        let (name, span) = (call.function.text(), call.function.span);
        let Some(function) = Function::find(&name) else {
            self.report(self.unknown_function(&name, span));
            for argument in &call.arguments {
                self.expression(argument);
            }
            return None;
        };
        let available = self.check_steps(function.steps(), Code::E0405, span, format_args!("`{name}`"), "called");
        let counted = self.check_count(function, call);
        (available && counted).then_some(function)
    }

    fn unknown_function(&self, name: &str, span: Span) -> Diagnostic {
        let finding = Diagnostic::new(Code::E0206, span, format!("there is no function `{name}`"));
        if self.cx.names.subs.find(name).is_some() {
            return finding.help(format!("`{name}` is a sub: write `call {name};`"));
        }
        if let Some(instead) = vcl::instead_of(name) {
            return finding.help(instead);
        }
        unknown::suggest(finding, name, "the functions", Function::ALL.iter().map(|function| function.name()))
    }

    fn check_count(&self, function: Function, call: &Call) -> bool {
        let parameters = function.parameters();
        let required = parameters.iter().filter(|parameter| !parameter.optional).count();
        let given = call.arguments.len();
        if (required..=parameters.len()).contains(&given) {
            return true;
        }
        let message = format!("`{}` takes {}, not {given}", function.name(), counted(required, parameters.len()));
        let finding = Diagnostic::new(Code::E0305, call.function.span, message);
        self.report(finding.help(format!("write `{}`", signature(function))));
        false
    }

    fn arguments(&mut self, function: Function, call: &Call) -> Option<Vec<Expression>> {
        let pairs = call.arguments.iter().zip(function.parameters());
        let checked: Vec<_> = pairs.map(|(argument, parameter)| self.argument(function, argument, parameter)).collect();
        checked.into_iter().collect()
    }

    fn argument(
        &mut self,
        function: Function,
        argument: &ast::Expression,
        parameter: &Parameter,
    ) -> Option<Expression> {
        self.wanted(argument, parameter.ty, format_args!("`{}` of `{}`", parameter.name, function.name()))
    }

    /// `regsub(text, regex, replacement)`
    fn substitution(&mut self, call: &Call, all: bool) -> Option<ExpressionKind> {
        let [text, pattern, replacement] = call.arguments.as_slice() else { return None };
        let text = self.wanted(text, Type::String, format_args!("`text`"));
        let pattern = self.pattern(pattern);
        let replacement = self.wanted(replacement, Type::String, format_args!("`replacement`"));
        let (text, replacement) = (Box::new(text?), Box::new(replacement?));
        Some(ExpressionKind::Substitute { text, pattern: pattern?, replacement, all })
    }
}

fn counted(required: usize, most: usize) -> String {
    let word = if most == 1 { "argument" } else { "arguments" };
    if required == most { format!("{most} {word}") } else { format!("{required} to {most} {word}") }
}

/// `std.integer(text, fallback)`
fn signature(function: Function) -> String {
    let names: Vec<&str> = function.parameters().iter().map(|parameter| parameter.name).collect();
    format!("{}({})", function.name(), names.join(", "))
}
