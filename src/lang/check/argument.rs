//! Calls of functions: whether there is one, where it may be called, with what.

use std::borrow::Cow;

use smol_str::SmolStr;

use super::amount::Kind;
use super::context::number;
use super::fold::Literal;
use super::path::FieldPath;
use super::scope::Scope;
use super::{unknown, vcl, words};
use crate::lang::diagnostic::suggest::closest;
use crate::lang::diagnostic::{Code, Diagnostic, Fix};
use crate::lang::hir::{AclId, Expression, ExpressionKind, StatementKind, Target};
use crate::lang::schema::function::{Class, Constant, Header, Limit, Parameter, Takes};
use crate::lang::schema::{Function, Type, Variable};
use crate::lang::source::{SourceFile, Span};
use crate::lang::syntax::ast::{self, Call, ListItem};
use crate::lang::syntax::misspelt_statement;

impl Scope<'_, '_> {
    /// A call that stands for a value.
    pub(super) fn call_value(&mut self, call: &Call, span: Span) -> Option<Expression> {
        if let Some(at) = self.cx.names.functions.refer(&call.function.text()) {
            return self.function_value(at, call, span);
        }
        let function = self.function(call)?;
        if function.result() == Type::Void {
            let message = format!("`{}` yields nothing", function.name());
            let help = format!("write it as a statement of its own: `{}(…);`", function.name());
            self.report(Diagnostic::new(Code::E0306, span, message).help(help));
            return None;
        }
        let mut arguments = self.arguments(function, call)?;
        if function == Function::Limit(Limit::Ratelimit) {
            arguments.push(self.rate_limit(span));
        }
        let kind = ExpressionKind::Call(function, arguments);
        Some(Expression { kind, ty: function.result(), span })
    }

    /// A call for its effect.
    pub(super) fn call_effect(&mut self, call: &Call, span: Span) -> Option<StatementKind> {
        if self.cx.names.functions.refer(&call.function.text()).is_some() {
            self.report(without_use(&call.function.text(), span));
            return None;
        }
        if let Some(finding) = misspelt(call) {
            self.report(finding);
            return None;
        }
        let function = self.function(call)?;
        if function.result() != Type::Void {
            self.report(without_use(function.name(), span));
            return None;
        }
        let arguments = self.arguments(function, call)?;
        // A line of a field is kept; what is logged or hashed is not.
        let is_line =
            |argument: &&Expression| function == Function::Header(Header::Append) && argument.ty == Type::String;
        let fits = arguments.iter().skip(1).filter(is_line).all(|line| self.check_length(line));
        fits.then_some(StatementKind::Effect(function, arguments))
    }

    /// The function that a call names, if it may be called here.
    fn function(&mut self, call: &Call) -> Option<Function> {
        let (name, span) = (call.function.text(), call.function.span);
        let Some(function) = Function::find(&name) else {
            self.report(self.unknown_function(&name, span));
            // A list may be what it takes.
            let is_list = |argument: &&ast::Argument| matches!(argument.value.kind, ast::ExpressionKind::List(_));
            for argument in call.arguments.iter().filter(|argument| !is_list(argument)) {
                self.expression(&argument.value);
            }
            return None;
        };
        let what = format_args!("`{name}`");
        self.check_steps(function.steps(), Code::E0405, span, what, "called").then_some(function)
    }

    fn unknown_function(&self, name: &str, span: Span) -> Diagnostic {
        let finding = Diagnostic::new(Code::E0206, span, format!("there is no function `{name}`"));
        if self.cx.names.subs.find(name).is_some() {
            return finding.help(format!("`{name}` is a sub: write `call {name};`"));
        }
        let functions = self.cx.names.functions.names().chain(Function::all().map(|known| -> &str { known.name() }));
        if let Some(instead) = vcl::instead_of(name).or_else(|| vcl::method(name)) {
            return finding.help(instead);
        }
        if let Some(instead) = self.instead_of_member(name) {
            return finding.help(instead);
        }
        if let Some(known) =
            Function::all().find(|known| known.name().split_once('.').is_some_and(|(_, own)| own == name))
        {
            return finding.help(format!("did you mean `{}`?", known.name()));
        }
        unknown::suggest(self.cx.findings, finding, name, "the functions", functions)
    }

    /// The arguments in the order of the parameters, with the defaults of those that are left out.
    fn arguments(&mut self, function: Function, call: &Call) -> Option<Vec<Expression>> {
        let given = self.assigned(&Signature::of(function), call)?;
        let pairs = given.into_iter().zip(function.parameters());
        let checked: Option<Vec<_>> = pairs
            .map(|(argument, parameter)| match (argument, parameter.default) {
                (Some(argument), _) => self.argument(function, argument, parameter),
                (None, Some(default)) => Some(constant(default, parameter, call.function.span)),
                (None, None) => None,
            })
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        checked.filter(|arguments| self.is_possible(function, arguments))
    }

    /// Which argument is whose: those without a name come first, in the order of the parameters.
    pub(super) fn assigned<'e>(
        &self,
        signature: &Signature<'_>,
        call: &'e Call,
    ) -> Option<Vec<Option<&'e ast::Expression>>> {
        let parameters = &signature.parameters;
        let mut given: Vec<Option<&ast::Expression>> = vec![None; parameters.len()];
        let by_place = call.arguments.iter().take_while(|argument| argument.label.is_none()).count();
        if by_place <= parameters.len() {
            for (slot, argument) in given.iter_mut().zip(call.arguments.iter().take(by_place)) {
                *slot = Some(&argument.value);
            }
        }
        let mut fine = true;
        for argument in call.arguments.iter().skip(by_place) {
            fine &= self.assign_named(signature, argument, &mut given);
        }
        let missing = given.iter().zip(parameters).any(|(slot, (_, has_default))| slot.is_none() && !has_default);
        if fine && (missing || by_place > parameters.len()) {
            self.report(wrong_count(signature, call));
            fine = false;
        }
        fine.then_some(given)
    }

    /// Gives a named argument to its parameter; one without a name behind named ones has none.
    fn assign_named<'e>(
        &self,
        signature: &Signature<'_>,
        argument: &'e ast::Argument,
        given: &mut [Option<&'e ast::Expression>],
    ) -> bool {
        let Some(label) = &argument.label else {
            let message = "an argument without a name stands behind one with a name";
            let help = format!("name it too, or move it to its place: `{}`", signature.written());
            self.report(Diagnostic::new(Code::E0342, argument.value.span, message).help(help));
            return false;
        };
        let at = signature.parameters.iter().position(|(name, _)| *name == label.text);
        let Some(slot) = at.and_then(|at| given.get_mut(at)) else {
            let message = format!("`{}` has no parameter `{}`", signature.name, label.text);
            let names = signature.parameters.iter().map(|(name, _)| *name);
            let finding = Diagnostic::new(Code::E0240, label.span, message);
            self.report(unknown::suggest(self.cx.findings, finding, &label.text, "the parameters", names));
            return false;
        };
        if let Some(earlier) = slot.replace(&argument.value) {
            let message = format!("`{}` is given twice", label.text);
            let finding = Diagnostic::new(Code::E0340, label.span, message).context(earlier.span, "given here already");
            self.report(finding.help("leave one of them out"));
            return false;
        }
        true
    }

    fn argument(
        &mut self,
        function: Function,
        argument: &ast::Expression,
        parameter: &Parameter,
    ) -> Option<Expression> {
        let span = argument.span;
        let what = format!("`{}` of `{}`", parameter.name, function.name());
        let (kind, ty) = match parameter.takes {
            Takes::Words(words) => (self.word_of(argument, words, &what)?, Type::String),
            Takes::Value(Type::Regex) => (ExpressionKind::Regex(self.pattern(argument)?), Type::Regex),
            Takes::Value(Type::List) => (self.list_argument(argument, &what)?, Type::List),
            Takes::Value(Type::Acl) => (self.acl_argument(argument, &what)?, Type::Acl),
            Takes::Value(ty) => return self.wanted(argument, ty, format_args!("{what}")),
            Takes::Secret => return self.wanted(argument, Type::String, format_args!("{what}")),
            Takes::Header => (self.field_argument(function, argument, &what)?, Type::String),
            Takes::File => (self.file_argument(argument, &what)?, Type::String),
            Takes::Users => (self.users_argument(argument, &what)?, Type::Void),
            Takes::Keys => (self.keys_argument(argument, &what)?, Type::Void),
            Takes::Database => (self.database_argument(argument, &what)?, Type::Void),
            Takes::Presence => (self.presence_argument(argument, &what)?, Type::Bool),
        };
        Some(Expression { kind, ty, span })
    }

    /// One of the words of an enumeration.
    fn word_of(&self, argument: &ast::Expression, words: &[&'static str], what: &str) -> Option<ExpressionKind> {
        let written = match &argument.kind {
            ast::ExpressionKind::Path(path) => path.text(),
            _ => SmolStr::default(),
        };
        if let Some(word) = words.iter().find(|word| **word == written) {
            return Some(ExpressionKind::Text(word.as_bytes().into()));
        }
        let message = format!("{what} is one of {}", words::quoted(words.iter().copied(), "or"));
        let finding = Diagnostic::new(Code::E0341, argument.span, message).label("none of them");
        let meant = match &argument.kind {
            ast::ExpressionKind::String(text) => words.iter().copied().find(|word| word == text),
            _ => closest(&written, words.iter().copied()),
        };
        self.report(match (meant, &argument.kind) {
            (Some(word), ast::ExpressionKind::String(_)) => {
                let fix = Fix::replace(format!("write `{word}`"), argument.span, word);
                finding.help(format!("write `{word}` without quotation marks")).fix(fix)
            }
            (Some(word), _) => finding.help(format!("did you mean `{word}`?")),
            (None, _) => finding.help("write one of the words, without quotation marks"),
        });
        None
    }

    /// A list of texts; one text is a list of one.
    fn list_argument(&mut self, argument: &ast::Expression, what: &str) -> Option<ExpressionKind> {
        if let ast::ExpressionKind::List(items) = &argument.kind {
            return self.texts(&self.spliced(items), false).map(ExpressionKind::List);
        }
        let alone = [ListItem::Value(argument.clone())];
        if let Cow::Owned(items) = self.spliced(&alone) {
            return self.texts(&items, false).map(ExpressionKind::List);
        }
        let value = self.expression(argument)?;
        if let ExpressionKind::Text(text) = value.kind {
            return Some(ExpressionKind::List(vec![text]));
        }
        let message = format!("{what} takes {}, this is {}", Type::List.in_words(), value.ty.in_words());
        let finding = Diagnostic::new(Code::E0301, argument.span, message).label(value.ty.name());
        self.report(finding.help("write texts in brackets: `[\"a\", \"b\"]`"));
        None
    }

    /// A header field, which an effect has to be allowed to change.
    fn field_argument(&mut self, function: Function, argument: &ast::Expression, what: &str) -> Option<ExpressionKind> {
        let field = match &argument.kind {
            ast::ExpressionKind::Path(path) => match self.field_of(path) {
                FieldPath::Field(..) => Some(path),
                FieldPath::Wrong => return None,
                FieldPath::Other => None,
            },
            _ => None,
        };
        let Some(field) = field else {
            let finding = Diagnostic::new(Code::E0385, argument.span, format!("{what} takes a header field"));
            self.report(finding.help("name one: `req.http.Accept`"));
            return None;
        };
        if function.class() != Class::Effect {
            return self.expression(argument).map(|value| value.kind);
        }
        match self.target(field, "set", |access| access.set)? {
            Target::Header(message, name) => Some(ExpressionKind::Header(message, name)),
            Target::Variable(_) => None,
        }
    }

    /// What the file holds that a text names.
    fn file_argument(&mut self, argument: &ast::Expression, what: &str) -> Option<ExpressionKind> {
        let path = self.path_argument(argument, what)?;
        self.cx.read(&path, argument.span, Kind::Text).map(ExpressionKind::File)
    }

    /// Whether the file is there that a text names.
    fn presence_argument(&mut self, argument: &ast::Expression, what: &str) -> Option<ExpressionKind> {
        let path = self.path_argument(argument, what)?;
        Some(ExpressionKind::Bool(self.cx.has_file(self.file_of(argument.span), &path)))
    }

    pub(super) fn path_argument(&mut self, argument: &ast::Expression, what: &str) -> Option<String> {
        let value = self.wanted(argument, Type::String, format_args!("{what}"))?;
        match self.known(&value, format_args!("{what}"))? {
            Literal::Text(path) => Some(String::from_utf8_lossy(&path).into_owned()),
            _ => None,
        }
    }

    /// The name of the file that something is written in.
    pub(super) fn file_of(&self, span: Span) -> &str {
        self.cx.sources.get(span.file).map_or("", SourceFile::name)
    }

    /// The name of an acl.
    fn acl_argument(&mut self, argument: &ast::Expression, what: &str) -> Option<ExpressionKind> {
        if let ast::ExpressionKind::Path(path) = &argument.kind
            && let Some(at) = self.cx.names.acls.refer(&path.text())
        {
            return Some(ExpressionKind::Acl(AclId(number(at))));
        }
        let finding = Diagnostic::new(Code::E0203, argument.span, format!("{what} takes the name of an acl"));
        self.report(unknown::suggest(self.cx.findings, finding, "", "the acls", self.cx.names.acls.names()));
        None
    }
}

/// What stands for an argument that is left out.
fn constant(constant: Constant, parameter: &Parameter, span: Span) -> Expression {
    let ty = match parameter.takes {
        Takes::Value(ty) => ty,
        Takes::Presence => Type::Bool,
        Takes::Users | Takes::Keys | Takes::Database => Type::Void,
        Takes::Words(_) | Takes::Secret | Takes::Header | Takes::File => Type::String,
    };
    let kind = match constant {
        // What is left out is told from what is unset by its type.
        Constant::Unset => return Expression { kind: ExpressionKind::Unset, ty: Type::Void, span },
        Constant::Text(text) => ExpressionKind::Text(text.as_bytes().into()),
        Constant::Int(number) => ExpressionKind::Int(number),
        Constant::Now => ExpressionKind::Variable(Variable::Now),
        Constant::Real(number) => ExpressionKind::Real(number),
        Constant::Bool(flag) => ExpressionKind::Bool(flag),
        Constant::Duration(millis) => ExpressionKind::Duration(millis),
        Constant::Bytes(bytes) => ExpressionKind::Bytes(bytes),
        Constant::List(texts) => ExpressionKind::List(texts.iter().map(|text| text.as_bytes().into()).collect()),
    };
    Expression { kind, ty, span }
}

/// A function as calls see it.
pub(super) struct Signature<'n> {
    pub(super) name: &'n str,
    /// The names of the parameters, each with whether it may be left out.
    pub(super) parameters: Vec<(&'n str, bool)>,
}

impl Signature<'static> {
    fn of(function: Function) -> Self {
        let parameters = function.parameters().iter().map(|parameter| (parameter.name, parameter.default.is_some()));
        Self { name: function.name(), parameters: parameters.collect() }
    }
}

impl Signature<'_> {
    /// `std.integer(text, fallback)`
    fn written(&self) -> String {
        let names: Vec<&str> = self.parameters.iter().map(|(name, _)| *name).collect();
        format!("{}({})", self.name, names.join(", "))
    }

    /// The same without what may be left out, which is named behind it.
    fn needed(&self) -> String {
        let needed = self.parameters.iter().filter(|(_, has_default)| !has_default).map(|(name, _)| *name);
        let further = words::quoted(self.parameters.iter().filter(|(_, it)| *it).map(|(name, _)| *name), "and");
        let needed = format!("`{}({})`", self.name, needed.collect::<Vec<_>>().join(", "));
        if further.is_empty() { needed } else { format!("{needed}; named behind them, there may be {further}") }
    }
}

/// `retrun (pass);` reads like a call.
fn misspelt(call: &Call) -> Option<Diagnostic> {
    let (name, span) = (call.function.text(), call.function.span);
    let meant = misspelt_statement(&name).filter(|_| Function::find(&name).is_none())?;
    let finding = Diagnostic::new(Code::E0206, span, format!("there is no statement `{name}`"));
    Some(finding.help(format!("did you mean `{meant}`?")).fix(Fix::replace(format!("write `{meant}`"), span, meant)))
}

fn without_use(name: &str, span: Span) -> Diagnostic {
    let message = format!("nothing is done with what `{name}` yields");
    let help = format!("set something to it, or keep it: `let x = {name}(…);`");
    Diagnostic::new(Code::E0307, span, message).help(help)
}

fn wrong_count(signature: &Signature<'_>, call: &Call) -> Diagnostic {
    let parameters = &signature.parameters;
    let required = parameters.iter().filter(|(_, has_default)| !has_default).count();
    let given = call.arguments.len();
    let message = format!("`{}` takes {}, not {given}", signature.name, counted(required, parameters.len()));
    let named = |name: &str| {
        call.arguments.iter().any(|argument| argument.label.as_ref().is_some_and(|label| label.text == name))
    };
    let by_place = call.arguments.iter().filter(|argument| argument.label.is_none()).count();
    let missing = parameters.iter().skip(by_place).find(|(name, has_default)| !has_default && !named(name));
    let message = match missing {
        Some((missing, _)) if given >= required => format!("`{}` is called without `{missing}`", signature.name),
        _ => message,
    };
    Diagnostic::new(Code::E0305, call.function.span, message).help(format!("write {}", signature.needed()))
}

fn counted(required: usize, most: usize) -> String {
    let word = if most == 1 { "argument" } else { "arguments" };
    if required == most { format!("{most} {word}") } else { format!("{required} to {most} {word}") }
}
