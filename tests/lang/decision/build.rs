//! Typed policies made by hand.

use http::HeaderName;
use warp_edge::lang::hir::{
    AclId, Arm, Body, Comparison, Expression, ExpressionKind, Hir, Outcome, Pattern, Statement, StatementKind,
    StepBody, Target,
};
use warp_edge::lang::schema::{Action, Function, Message, Step, Type, Variable};
use warp_edge::lang::source::{FileId, Span};

/// A place; those of a finished policy are given by [`policy`].
pub fn nowhere() -> Span {
    Span::new(FileId(0), 0..0)
}

pub fn expression(kind: ExpressionKind, ty: Type) -> Expression {
    Expression { kind, ty, span: nowhere() }
}

pub fn condition(kind: ExpressionKind) -> Expression {
    expression(kind, Type::Bool)
}

pub fn text(text: &str) -> Expression {
    expression(ExpressionKind::Text(bytes(text)), Type::String)
}

pub fn int(number: i64) -> Expression {
    expression(ExpressionKind::Int(number), Type::Int)
}

pub fn variable(variable: Variable) -> Expression {
    expression(ExpressionKind::Variable(variable), variable.ty())
}

pub fn header(name: &str) -> Expression {
    expression(ExpressionKind::Header(Message::Req, field(name)), Type::String)
}

pub fn host() -> Expression {
    variable(Variable::ReqHost)
}

pub fn path() -> Expression {
    variable(Variable::ReqPath)
}

pub fn field(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).unwrap()
}

pub fn bytes(text: &str) -> Box<[u8]> {
    text.as_bytes().into()
}

pub fn list(texts: &[&str]) -> Vec<Box<[u8]>> {
    texts.iter().map(|text| bytes(text)).collect()
}

pub fn compare(comparison: Comparison, left: Expression, right: Expression) -> Expression {
    condition(ExpressionKind::Compare(comparison, Box::new(left), Box::new(right)))
}

pub fn equal(subject: Expression, to: &str) -> Expression {
    compare(Comparison::Equal, subject, text(to))
}

pub fn under(prefix: &str) -> Expression {
    condition(ExpressionKind::Under(Box::new(path()), list(&[prefix])))
}

pub fn matches(subject: Expression, pattern: &str) -> Expression {
    condition(ExpressionKind::Matches(Box::new(subject), Pattern::new(pattern)))
}

pub fn regex(pattern: &str) -> Expression {
    expression(ExpressionKind::Regex(Pattern::new(pattern)), Type::Regex)
}

pub fn call(function: impl Into<Function>, arguments: Vec<Expression>) -> Expression {
    let function = function.into();
    expression(ExpressionKind::Call(function, arguments), function.result())
}

pub fn in_acl(acl: u32) -> Expression {
    condition(ExpressionKind::InAcl(Box::new(variable(Variable::ClientIp)), AclId(acl)))
}

pub fn truth(inner: Expression) -> Expression {
    condition(ExpressionKind::Truth(Box::new(inner)))
}

pub fn all(parts: Vec<Expression>) -> Expression {
    condition(ExpressionKind::And(parts))
}

pub fn statement(kind: StatementKind) -> Statement {
    Statement { kind, span: nowhere() }
}

pub fn set_header(name: &str, value: Expression) -> Statement {
    statement(StatementKind::Set(Target::Header(Message::Req, field(name)), value))
}

pub fn set(variable: Variable, value: Expression) -> Statement {
    statement(StatementKind::Set(Target::Variable(variable), value))
}

pub fn effect(function: impl Into<Function>, argument: Expression) -> Statement {
    statement(StatementKind::Effect(function.into(), vec![argument]))
}

pub fn ends(action: Action) -> Statement {
    statement(StatementKind::Return(Box::new(Outcome::of(action))))
}

pub fn synth(status: i64, reason: Option<Expression>) -> Statement {
    statement(StatementKind::Return(Box::new(Outcome {
        status: Some(int(status)),
        reason,
        ..Outcome::of(Action::Synth)
    })))
}

pub fn arm(condition: Expression, body: Vec<Statement>) -> Arm {
    Arm { condition, body, span: nowhere() }
}

pub fn when(condition: Expression, body: Vec<Statement>) -> Statement {
    ladder(vec![arm(condition, body)], Vec::new())
}

pub fn ladder(arms: Vec<Arm>, otherwise: Vec<Statement>) -> Statement {
    statement(StatementKind::If { arms, otherwise, rest: None })
}

pub fn body(statements: Vec<Statement>) -> Body {
    Body { statements, locals: 3 }
}

/// A policy that does this in `recv`, each statement with a place of its own.
pub fn policy(statements: Vec<Statement>) -> Hir {
    let mut hir = Hir { steps: vec![StepBody { step: Step::Recv, body: body(statements) }], ..Hir::default() };
    place(&mut hir);
    hir
}

/// Gives each statement a place of its own, so that verdicts say which `return` decided.
pub fn place(hir: &mut Hir) {
    let mut next = 0;
    let bodies = hir.steps.iter_mut().map(|step| &mut step.body).chain(hir.subs.iter_mut().map(|sub| &mut sub.body));
    for body in bodies {
        place_all(&mut body.statements, &mut next);
    }
}

fn place_all(statements: &mut [Statement], next: &mut usize) {
    for statement in statements {
        *next += 1;
        statement.span = Span::new(FileId(0), *next..*next + 1);
        if let StatementKind::If { arms, otherwise, .. } = &mut statement.kind {
            for arm in arms {
                place_all(&mut arm.body, next);
            }
            place_all(otherwise, next);
        }
    }
}
