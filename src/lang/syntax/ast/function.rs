//! Functions, which compute and do nothing.

use super::{Binding, Expression, Match, Name};
use crate::lang::source::Span;

/// `fn NAME(a: STRING) -> INT { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The declared name.
    pub name: Name,
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// The type of what it yields.
    pub result: Name,
    /// How it comes to that.
    pub body: FunctionBody,
    /// The whole declaration.
    pub span: Span,
}

/// `a: STRING`
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in the body and in calls.
    pub name: Name,
    /// Its type.
    pub ty: Name,
}

/// `{ … }` of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionBody {
    /// The statements in order.
    pub statements: Vec<FunctionStatement>,
    /// With the braces.
    pub span: Span,
}

/// A statement of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionStatement {
    /// `let NAME = EXPRESSION;`
    Let(Binding),
    /// `if (…) { … } else if (…) { … } else { … }`
    If(FunctionIf),
    /// `match VALUE { TESTS -> { … } … }`
    Match(Match<FunctionBody>, Span),
    /// `return EXPRESSION;`
    Return(Expression),
}

/// An `if` with all of its arms.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionIf {
    /// Conditions with what is computed, in order.
    pub arms: Vec<(Expression, FunctionBody)>,
    /// The `else`.
    pub otherwise: Option<FunctionBody>,
    /// The whole `if`.
    pub span: Span,
}
