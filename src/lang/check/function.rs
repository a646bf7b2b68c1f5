//! Functions of the policy: each is checked once, and put in the place of its calls.
//!
//! A function computes and does nothing, so its body is an expression: an `if` is a choice, a `let` a name for a
//! value within what follows. No function calls itself, and what takes the place of a call has bounds, so that a
//! policy stays as large as it looks.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::argument::Signature;
use super::calls::CALL_DEPTH_LIMIT;
use super::context::{Context, number};
use super::matching::is_at_hand;
use super::names::Names;
use super::scope::{Home, Need, Scope};
use super::words;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Expression, ExpressionKind, LocalId};
use crate::lang::schema::{StepSet, Type};
use crate::lang::source::Span;
use crate::lang::syntax::ast::{self, Call, FunctionBody, FunctionStatement};

/// The most expressions that take the place of one call, those of its arguments among them.
const SIZE_LIMIT: usize = 4_096;

/// How deep they may stand in each other.
const DEPTH_LIMIT: usize = 256;

/// The most expressions that take the place of calls in a whole policy.
const TOTAL_LIMIT: usize = 4 << 20;

#[derive(Clone)]
enum State {
    Waiting,
    Known(Option<Rc<Template>>),
}

/// The functions, each checked when it is first called.
pub(super) struct Functions {
    states: RefCell<Vec<State>>,
    /// The functions under way, the first one first.
    under_way: RefCell<Vec<usize>>,
    /// How many expressions took the place of calls.
    placed: Cell<usize>,
}

impl Functions {
    /// All of them waiting.
    pub(super) fn new(names: &Names) -> Self {
        let states = names.functions.iter().map(|_| State::Waiting).collect();
        Self { states: RefCell::new(states), under_way: RefCell::default(), placed: Cell::new(0) }
    }
}

/// What takes the place of a call: its locals are numbered from 0, the parameters first.
struct Template {
    parameters: Vec<Type>,
    body: Expression,
    locals: u32,
    needs: Vec<Need>,
}

/// The type that is returned, and by which function; `None` if it is wrong.
pub(super) type Returned<'n> = Option<(Type, &'n str)>;

/// What a function does, before it is one expression.
#[derive(Clone)]
pub(super) enum Flow {
    Let(LocalId, Expression),
    If(Vec<(Expression, Vec<Self>)>, Vec<Self>),
    Return(Expression),
}

/// What comes behind the statements at hand.
struct Rest<'f> {
    flow: &'f [Flow],
    outer: Option<&'f Rest<'f>>,
}

/// Why a body is no expression.
enum Lacking {
    /// On some way nothing is returned.
    Return,
    /// It would be too large.
    Bounds,
}

impl Context<'_> {
    /// Checks the functions that nobody called, so that their mistakes are found too.
    pub(super) fn check_functions(&self) {
        for (at, entry) in self.names.functions.iter().enumerate() {
            self.function(at, entry.name.span);
        }
    }

    /// What the function of that number, which is called at `span`, comes to; `None` if it is wrong.
    fn function(&self, at: usize, span: Span) -> Option<Rc<Template>> {
        if let Some(State::Known(template)) = self.functions.states.borrow().get(at) {
            return template.clone();
        }
        if self.calls_itself(at, span) || self.is_too_deep(span) {
            return None;
        }
        let entry = self.names.functions.get(at)?;
        self.functions.under_way.borrow_mut().push(at);
        let template = Scope::new(self, Home::Function).template(entry.item).map(Rc::new);
        self.functions.under_way.borrow_mut().pop();
        if let Some(state) = self.functions.states.borrow_mut().get_mut(at) {
            *state = State::Known(template.clone());
        }
        template
    }

    fn calls_itself(&self, at: usize, span: Span) -> bool {
        let under_way = self.functions.under_way.borrow();
        let Some(start) = under_way.iter().position(|other| *other == at) else { return false };
        let name = |at: usize| self.names.functions.get(at).map_or("", |entry| entry.name.text.as_str());
        let chain: Vec<&str> = under_way.iter().skip(start).chain([&at]).map(|at| name(*at)).collect();
        let message = format!("`{}` calls itself: {}", name(at), words::chain(&chain));
        let help = "a policy has an end, so no function calls itself; look a value up in a table instead";
        self.findings.report(Diagnostic::new(Code::E0502, span, message).help(help));
        true
    }
}

impl Context<'_> {
    /// Whether too many functions are under way: each is checked while those that call it wait.
    fn is_too_deep(&self, span: Span) -> bool {
        let is_too_deep = self.functions.under_way.borrow().len() >= CALL_DEPTH_LIMIT;
        if is_too_deep {
            let message = format!("more than {CALL_DEPTH_LIMIT} functions call each other here");
            let help = "put what some of them yield in the place of their calls";
            self.findings.report(Diagnostic::new(Code::E0503, span, message).help(help));
        }
        is_too_deep
    }
}

impl<'a> Scope<'_, 'a> {
    fn template(&mut self, written: &'a ast::Function) -> Option<Template> {
        let parameters: Vec<_> = written.parameters.iter().map(|one| self.parameter(one)).collect();
        let result = self.cx.value_type(&written.result);
        let returned = result.map(|result| (result, written.name.text.as_str()));
        let flow = self.computed(&written.body, returned);
        self.forget(0);
        let (parameters, flow) = (parameters.into_iter().collect::<Option<Vec<_>>>()?, flow?);
        let body = self.whole(&flow, written)?;
        let needs = self.take_needs();
        self.fits_some_step(&needs).then(|| Template { parameters, body, locals: self.reserve(0), needs })
    }

    fn parameter(&mut self, parameter: &'a ast::Parameter) -> Option<Type> {
        let ty = self.cx.value_type(&parameter.ty);
        self.declare_parameter(&parameter.name, ty);
        ty
    }

    /// The statements of a body, all of them checked.
    pub(super) fn computed(&mut self, body: &'a FunctionBody, returned: Returned<'_>) -> Option<Vec<Flow>> {
        let visible = self.visible();
        let flow: Vec<_> = body.statements.iter().map(|statement| self.computing(statement, returned)).collect();
        self.forget(visible);
        let ends = body.statements.iter().position(|statement| matches!(statement, FunctionStatement::Return(_)));
        if let Some(behind) = ends.and_then(|end| body.statements.get(end + 1)) {
            let finding = Diagnostic::new(Code::W0501, span_of(behind), "this is never reached");
            self.cx.findings.advise(finding.help("a value is returned above; remove one of the two"));
        }
        Some(flow.into_iter().collect::<Option<Vec<_>>>()?.concat())
    }

    fn computing(&mut self, statement: &'a FunctionStatement, returned: Returned<'_>) -> Option<Vec<Flow>> {
        Some(vec![match statement {
            FunctionStatement::Let(binding) => {
                let value = self.bound_value(binding);
                let id = self.declare(binding, value.as_ref().map(|value| value.ty));
                Flow::Let(id, value?)
            }
            FunctionStatement::If(ladder) => {
                let arms: Vec<_> = ladder
                    .arms
                    .iter()
                    .map(|(condition, body)| (self.condition(condition), self.computed(body, returned)))
                    .collect();
                let otherwise = ladder.otherwise.as_ref().map(|body| self.computed(body, returned));
                let arms = arms.into_iter().map(|(condition, body)| Some((condition?, body?)));
                Flow::If(arms.collect::<Option<_>>()?, otherwise.unwrap_or_else(|| Some(Vec::new()))?)
            }
            FunctionStatement::Match(found, _) => return self.computed_match(found, returned),
            FunctionStatement::Return(value) => match returned {
                Some((ty, name)) => Flow::Return(self.wanted(value, ty, format_args!("`return` of `{name}`"))?),
                None => Flow::Return(self.expression(value)?),
            },
        }])
    }

    /// The statements as one expression.
    fn whole(&self, flow: &[Flow], written: &ast::Function) -> Option<Expression> {
        let name = &written.name;
        match self.as_one(flow, None, &mut SIZE_LIMIT.clone()) {
            Ok(body) if depth(&body) <= DEPTH_LIMIT => Some(body),
            Ok(_) | Err(Lacking::Bounds) => {
                self.report(too_large(&name.text, name.span));
                None
            }
            Err(Lacking::Return) => {
                let message = format!("`{}` does not return a value on every way", name.text);
                let help = "end it with `return VALUE;`, which is what it yields if no condition holds";
                self.report(Diagnostic::new(Code::E0350, name.span, message).help(help));
                None
            }
        }
    }

    /// Whether there is a step in which all that is needed is there; reports what excludes what.
    fn fits_some_step(&self, needs: &[Need]) -> bool {
        let mut common: Option<StepSet> = None;
        for (at, need) in needs.iter().enumerate() {
            let both = common.map_or(need.allowed, |common| common.common(need.allowed));
            if both.is_empty() && !need.allowed.is_empty() {
                let message = format!("{}, in no step in which the rest of the function can be", need.what);
                let mut finding = Diagnostic::new(Code::E0401, need.span, message);
                for other in needs.iter().take(at).filter(|other| other.allowed.common(need.allowed).is_empty()) {
                    finding = finding.context(other.span, other.what.clone());
                }
                self.report(finding.help("pass one of them as an argument"));
                return false;
            }
            common = Some(both);
        }
        true
    }
}

impl Scope<'_, '_> {
    /// What takes the place of a call of the function of that number.
    pub(super) fn function_value(&mut self, at: usize, call: &Call, span: Span) -> Option<Expression> {
        let template = self.cx.function(at, call.function.span);
        let written = self.cx.names.functions.get(at)?.item;
        let names = written.parameters.iter().map(|parameter| (parameter.name.text.as_str(), false)).collect();
        let given = self.assigned(&Signature { name: &written.name.text, parameters: names }, call);
        // Where the whole policy is full, no call needs to be put in its place to be refused.
        let is_full = self.cx.functions.placed.get() > TOTAL_LIMIT;
        if is_full {
            self.report(too_large(&written.name.text, call.function.span));
        }
        let (Some(template), Some(given), false) = (template, given, is_full) else {
            call.arguments.iter().for_each(|argument| drop(self.expression(&argument.value)));
            return None;
        };
        let wanted = given.into_iter().zip(template.parameters.iter().zip(&written.parameters));
        let arguments: Vec<_> = wanted
            .map(|(argument, (ty, parameter))| {
                let what = format!("`{}` of `{}`", parameter.name.text, written.name.text);
                self.wanted(argument?, *ty, format_args!("{what}"))
            })
            .collect();
        let arguments = arguments.into_iter().collect::<Option<Vec<_>>>()?;
        let value = self.placed(&template, arguments, span);
        (self.is_within_bounds(&value, call) && self.can_be_called(&template, call)).then_some(value)
    }

    /// The body with its own places in the frame and the arguments in those of the parameters.
    fn placed(&mut self, template: &Template, arguments: Vec<Expression>, span: Span) -> Expression {
        let base = self.reserve(template.locals);
        let mut body = template.body.clone();
        renumber(&mut body, base);
        for (at, argument) in arguments.into_iter().enumerate().rev() {
            let at = base.saturating_add(number(at));
            if !self.cx.as_written && (is_at_hand(&argument) || is_literal(&argument.kind)) {
                replace(&mut body, LocalId(at), &argument.kind);
            } else {
                let (ty, span) = (body.ty, body.span);
                let kind = ExpressionKind::Bind(LocalId(at), Box::new(argument), Box::new(body));
                body = Expression { kind, ty, span };
            }
        }
        Expression { span, ..body }
    }

    fn is_within_bounds(&self, value: &Expression, call: &Call) -> bool {
        let size = size(value);
        let placed = self.cx.functions.placed.get().saturating_add(size);
        self.cx.functions.placed.set(placed);
        let fits = size <= SIZE_LIMIT && depth(value) <= DEPTH_LIMIT && placed <= TOTAL_LIMIT;
        if !fits {
            self.report(too_large(&call.function.text(), call.function.span));
        }
        fits
    }

    /// Whether the steps that reach this place have all that the function needs.
    fn can_be_called(&self, template: &Template, call: &Call) -> bool {
        for need in &template.needs {
            if self.home == Home::Function {
                self.need(need.clone());
            }
            let missing = self.missing_steps(need.allowed);
            if !missing.is_empty() {
                let message = format!(
                    "`{}` cannot be called in {}: {}",
                    call.function.text(),
                    self.in_steps(&missing),
                    need.what
                );
                let finding = Diagnostic::new(Code::E0405, call.function.span, message);
                let finding = finding.context(need.span, "here").help("pass what it needs as an argument");
                self.report_in_steps(finding, &missing);
                return false;
            }
        }
        true
    }
}

impl Scope<'_, '_> {
    /// The statements and what is behind them as one expression.
    fn as_one(&self, flow: &[Flow], rest: Option<&Rest<'_>>, budget: &mut usize) -> Result<Expression, Lacking> {
        let Some((first, tail)) = flow.split_first() else {
            let rest = rest.ok_or(Lacking::Return)?;
            return self.as_one(rest.flow, rest.outer, budget);
        };
        match first {
            Flow::Return(value) => {
                *budget = budget.checked_sub(size(value)).ok_or(Lacking::Bounds)?;
                Ok(value.clone())
            }
            Flow::Let(id, value) => {
                *budget = budget.checked_sub(size(value)).ok_or(Lacking::Bounds)?;
                let mut body = self.as_one(tail, rest, budget)?;
                if !self.cx.as_written && is_as_good_as_its_name(value, *id, &body) {
                    replace(&mut body, *id, &value.kind);
                    return Ok(body);
                }
                let (ty, span) = (body.ty, body.span);
                Ok(Expression { kind: ExpressionKind::Bind(*id, Box::new(value.clone()), Box::new(body)), ty, span })
            }
            Flow::If(arms, otherwise) => {
                let rest = Rest { flow: tail, outer: rest };
                let (mut conditions, mut values) = (Vec::with_capacity(arms.len()), Vec::with_capacity(arms.len() + 1));
                for (condition, body) in arms {
                    *budget = budget.checked_sub(size(condition)).ok_or(Lacking::Bounds)?;
                    conditions.push(condition.clone());
                    values.push(self.as_one(body, Some(&rest), budget)?);
                }
                let otherwise = self.as_one(otherwise, Some(&rest), budget)?;
                let (ty, span) = (otherwise.ty, otherwise.span);
                values.push(otherwise);
                Ok(Expression { kind: ExpressionKind::Choose(conditions, values), ty, span })
            }
        }
    }
}

/// Whether the value of a `let` may stand in the place of its name, so that conditions on it are looked up: a function
/// changes nothing, so it is the same there.
fn is_as_good_as_its_name(value: &Expression, id: LocalId, body: &Expression) -> bool {
    is_at_hand(value) || is_literal(&value.kind) || value.is_pure() && uses(body, id) == 1
}

fn uses(body: &Expression, local: LocalId) -> usize {
    usize::from(body.kind == ExpressionKind::Local(local)) + body.parts().map(|part| uses(part, local)).sum::<usize>()
}

/// Numbers the locals from `base` on.
pub(super) fn renumber(body: &mut Expression, base: u32) {
    if let ExpressionKind::Local(id) | ExpressionKind::Bind(id, ..) = &mut body.kind {
        id.0 = id.0.saturating_add(base);
    }
    body.parts_mut().for_each(|part| renumber(part, base));
}

/// Puts an expression in the place of a local.
fn replace(body: &mut Expression, local: LocalId, with: &ExpressionKind) {
    if body.kind == ExpressionKind::Local(local) {
        body.kind = with.clone();
        return;
    }
    body.parts_mut().for_each(|part| replace(part, local, with));
}

fn is_literal(kind: &ExpressionKind) -> bool {
    use ExpressionKind as Kind;
    matches!(
        kind,
        Kind::Text(_)
            | Kind::Int(_)
            | Kind::Real(_)
            | Kind::Bool(_)
            | Kind::Duration(_)
            | Kind::Bytes(_)
            | Kind::Ip(_)
            | Kind::Backend(_)
    )
}

fn size(expression: &Expression) -> usize {
    expression.parts().map(size).sum::<usize>() + 1
}

fn depth(expression: &Expression) -> usize {
    expression.parts().map(depth).max().unwrap_or(0) + 1
}

fn span_of(statement: &FunctionStatement) -> Span {
    match statement {
        FunctionStatement::Let(binding) => binding.span,
        FunctionStatement::If(ladder) => ladder.span,
        FunctionStatement::Match(_, span) => *span,
        FunctionStatement::Return(value) => value.span,
    }
}

fn too_large(name: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` becomes too large here: it is put in the place of its calls");
    let help = "a function that calls another one twice doubles it; keep the value in a `let`, or use a table";
    Diagnostic::new(Code::E0503, span, message).help(help)
}
