//! Constants: values that do not depend on a request, and lists of such, put in place wherever they are named.

use std::borrow::Cow;
use std::cell::RefCell;

use super::context::Context;
use super::fold::Literal;
use super::names::Names;
use super::scope::{Home, Scope};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind};
use crate::lang::schema::Type;
use crate::lang::schema::function::Class;
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, ListItem};

/// How many constants may stand on each other's shoulders before the first one is known.
const CHAIN_LIMIT: usize = 64;

/// How many lists may stand within each other by name, and how many elements they may come to.
const LISTS_LIMIT: usize = 64;
const ELEMENTS_LIMIT: usize = 100_000;

/// Types that a `let`, a `const`, a parameter or the result of a function may be given.
const VALUE_TYPES: &[Type] = &[
    Type::String,
    Type::Int,
    Type::Real,
    Type::Bool,
    Type::Duration,
    Type::Bytes,
    Type::Ip,
    Type::Time,
    Type::Backend,
];

#[derive(Clone)]
enum State {
    Waiting,
    Known(Option<Constant>),
}

/// The value of a constant.
#[derive(Clone)]
pub(super) enum Constant {
    /// A literal, or what is computed from literals alone; its locals are numbered from 0.
    Value(Expression, u32),
    /// A list, of which the elements stand where it is named.
    List,
}

/// The constants, each evaluated when it is first needed.
pub(super) struct Constants {
    states: RefCell<Vec<State>>,
    /// The constants under way, the first one first.
    under_way: RefCell<Vec<usize>>,
}

impl Constants {
    /// All of them waiting.
    pub(super) fn new(names: &Names) -> Self {
        let states = names.consts.iter().map(|_| State::Waiting).collect();
        Self { states: RefCell::new(states), under_way: RefCell::new(Vec::new()) }
    }
}

impl Context<'_> {
    /// Evaluates the constants that nobody asked for, so that their mistakes are found too.
    pub(super) fn check_constants(&self) {
        for (at, entry) in self.names.consts.iter().enumerate() {
            self.constant(at, entry.name.span);
        }
    }

    /// The type of a value that is written; `None` after a finding.
    pub(super) fn value_type(&self, ty: &ast::Name) -> Option<Type> {
        let found = VALUE_TYPES.iter().find(|found| found.name() == ty.text);
        if found.is_none() {
            let names = VALUE_TYPES.iter().map(|ty| ty.name());
            let finding = Diagnostic::new(Code::E0320, ty.span, format!("there is no type `{}` for a value", ty.text));
            self.findings.report(super::unknown::suggest(
                self.findings,
                finding,
                &ty.text.to_ascii_uppercase(),
                "the types",
                names,
            ));
        }
        found.copied()
    }

    /// The value of the constant of that number, which is named at `span`; `None` if it is wrong.
    pub(super) fn constant(&self, at: usize, span: Span) -> Option<Constant> {
        if let Some(State::Known(value)) = self.constants.states.borrow().get(at) {
            return value.clone();
        }
        if self.is_circle(at, span) {
            return None;
        }
        let entry = self.names.consts.get(at)?;
        self.constants.under_way.borrow_mut().push(at);
        let value = Scope::new(self, Home::Constant).constant_value(entry.item);
        self.constants.under_way.borrow_mut().pop();
        if let Some(state) = self.constants.states.borrow_mut().get_mut(at) {
            *state = State::Known(value.clone());
        }
        value
    }

    /// Reports that a constant is needed for its own value, or that the chain is too long.
    fn is_circle(&self, at: usize, span: Span) -> bool {
        let under_way = self.constants.under_way.borrow();
        let name = |at: usize| self.names.consts.get(at).map_or("", |entry| entry.name.text.as_str());
        if let Some(start) = under_way.iter().position(|other| *other == at) {
            let circle = under_way.iter().skip(start).chain([&at]);
            let chain: Vec<&str> = circle.map(|at| name(*at)).collect();
            let message = format!("the value of `{}` depends on itself: {}", name(at), chain.join(" -> "));
            self.findings.report(Diagnostic::new(Code::E0214, span, message).help("give one of them a value"));
            return true;
        }
        if under_way.len() >= CHAIN_LIMIT {
            let message = format!("more than {CHAIN_LIMIT} constants in a row wait for each other's value");
            let help = "declare a constant before the ones that use it";
            self.findings.report(Diagnostic::new(Code::E0214, span, message).help(help));
            return true;
        }
        false
    }
}

impl Scope<'_, '_> {
    /// The value of a `let` or a `const`, of the type that is written, if one is.
    pub(super) fn bound_value(&mut self, binding: &ast::Binding) -> Option<Expression> {
        let Some(ty) = &binding.ty else { return self.expression(&binding.value) };
        let ty = self.cx.value_type(ty)?;
        self.wanted(&binding.value, ty, format_args!("`{}`", binding.name.text))
    }

    fn constant_value(&mut self, binding: &ast::Binding) -> Option<Constant> {
        if let (ast::ExpressionKind::List(items), None) = (&binding.value.kind, &binding.ty) {
            return self.constant_list(items);
        }
        let value = self.bound_value(binding)?;
        match &value.kind {
            _ if !self.check_length(&value) => None,
            _ if is_settled(&value) => Some(Constant::Value(value, self.reserve(0))),
            _ => {
                let message = "the value of a const depends on nothing but literals and other constants";
                let help = match &value.kind {
                    ExpressionKind::Backend(_) => help_for(&value.kind),
                    _ => {
                        "for what depends on a request or a table write a `let`, or a function: `fn NAME() -> TYPE { … }`"
                    }
                };
                self.report(Diagnostic::new(Code::E0316, value.span, message).help(help));
                None
            }
        }
    }

    /// A list whose elements have a value each; whether they fit is seen where it is named.
    fn constant_list(&mut self, items: &[ListItem]) -> Option<Constant> {
        let mut fine = true;
        for item in self.spliced(items).iter() {
            for end in std::iter::once(item.first()).chain(item.last()) {
                let value = self.expression(end);
                fine &= value.and_then(|value| self.known(&value, format_args!("an element of a list"))).is_some();
            }
        }
        fine.then_some(Constant::List)
    }

    /// The elements, with those of lists that are named among them.
    pub(super) fn spliced<'e>(&self, items: &'e [ListItem]) -> Cow<'e, [ListItem]> {
        if !items.iter().any(|item| self.list_named_by(item).is_some()) {
            return Cow::Borrowed(items);
        }
        let (mut all, mut open) = (Vec::new(), vec![(items, 0)]);
        while let Some((items, at)) = open.pop() {
            let Some(item) = items.get(at) else { continue };
            open.push((items, at + 1));
            match self.list_named_by(item) {
                // A list that names itself is reported when it is looked at as a constant.
                Some(named) if open.iter().any(|(open, _)| std::ptr::eq(*open, named)) => all.push(item.clone()),
                Some(named) if open.len() <= LISTS_LIMIT && all.len() <= ELEMENTS_LIMIT => open.push((named, 0)),
                Some(_) => {
                    self.report(too_many_lists(item));
                    break;
                }
                None => all.push(item.clone()),
            }
        }
        Cow::Owned(all)
    }

    /// The elements of the constant that an element is the name of, if that is a list.
    fn list_named_by(&self, item: &ListItem) -> Option<&[ListItem]> {
        let ListItem::Value(ast::Expression { kind: ast::ExpressionKind::Path(path), .. }) = item else { return None };
        let [name] = path.parts.as_slice() else { return None };
        let consts = &self.cx.names.consts;
        let binding = consts.get(consts.find(&name.text)?)?.item;
        let ast::ExpressionKind::List(items) = &binding.value.kind else { return None };
        consts.refer(&name.text)?;
        Some(items)
    }

    /// The value of an expression that has to be known when the policy is checked.
    pub(super) fn known(&self, value: &Expression, what: std::fmt::Arguments) -> Option<Literal> {
        let literal = Literal::of(&value.kind);
        if literal.is_none() {
            let message = format!("{what} has to be known when the policy is checked");
            let finding = Diagnostic::new(Code::E0316, value.span, message).help(help_for(&value.kind));
            self.report(finding);
        }
        literal
    }
}

fn too_many_lists(item: &ListItem) -> Diagnostic {
    let message =
        format!("more than {LISTS_LIMIT} lists stand within each other, or come to {ELEMENTS_LIMIT} elements");
    Diagnostic::new(Code::E0318, item.first().span, message).help("write some of the lists out, or name fewer of them")
}

/// Whether the value is the same for all requests, whenever it is asked for.
fn is_settled(value: &Expression) -> bool {
    use ExpressionKind as Kind;
    let itself = match &value.kind {
        Kind::Variable(_)
        | Kind::Header(..)
        | Kind::Directive(..)
        | Kind::Query(..)
        | Kind::Cookie(..)
        | Kind::HasQuery(..)
        | Kind::AnyQuery(..)
        | Kind::HasCookie(..)
        | Kind::AnyCookie(..)
        | Kind::Lookup(..)
        | Kind::InTable(..)
        | Kind::Backend(_) => false,
        Kind::Call(function, _) => function.class() == Class::Pure,
        _ => true,
    };
    itself && value.parts().all(is_settled)
}

fn help_for(kind: &ExpressionKind) -> &'static str {
    match kind {
        ExpressionKind::Backend(_) => "name the backend where it is used",
        ExpressionKind::Lookup(..) => "write a `match` of the key, with a test in each of its arms",
        _ => "write a literal, or put it together from literals and other constants",
    }
}
