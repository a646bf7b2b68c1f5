//! Values, and the names that they are read from.

use std::fmt;

use smol_str::{SmolStr, SmolStrBuilder};

use super::{KeyClaim, Match, Name};
use crate::lang::source::Span;

/// A dotted name: `req.http.X-Forwarded-For`, `std.tolower`, `default`, `req.http."7-x"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The parts between the dots; a quoted part without its quotes.
    pub parts: Vec<Name>,
    /// The whole name.
    pub span: Span,
}

impl Path {
    /// The parts joined by dots.
    #[must_use]
    pub fn text(&self) -> SmolStr {
        dotted(&self.parts)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())
    }
}

/// Names with dots between them.
#[must_use]
pub fn dotted(parts: &[Name]) -> SmolStr {
    let (first, rest) = match parts {
        [] => return SmolStr::default(),
        [only] => return only.text.clone(),
        [first, rest @ ..] => (first, rest),
    };
    let mut text = SmolStrBuilder::new();
    text.push_str(&first.text);
    for part in rest {
        text.push('.');
        text.push_str(&part.text);
    }
    text.finish()
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// The whole expression.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// `"text"` or `"""text"""`
    String(SmolStr),
    /// `42`
    Int(i64),
    /// `0.5`
    Real(f64),
    /// `true`
    Bool(bool),
    /// `10s`, in milliseconds.
    Duration(i64),
    /// `64KB`, in bytes.
    Bytes(i64),
    /// A variable, header, constant, backend, acl …: whatever the name turns out to be.
    Path(Path),
    /// `req.query["k"]`
    Index {
        /// What is looked into.
        base: Path,
        /// The key.
        key: Box<Expression>,
    },
    /// `std.tolower(x)`
    Call(Call),
    /// `header "Set-Cookie"` in a rule table.
    Header(Name),
    /// `key contains tenant()` in an invariant.
    KeyClaim(Box<KeyClaim>),
    /// `match VALUE { TESTS -> VALUE; … }`
    Match(Box<Match<Expression>>),
    /// `a ?? b ?? c`, flat.
    Fallback(Vec<Expression>),
    /// `["a", "b"]` where no word such as `in` stands before it.
    List(Vec<ListItem>),
    /// `! x`, `not x`
    Not(Box<Expression>),
    /// `- x`
    Negate(Box<Expression>),
    /// `a && b && c`, flat.
    And(Vec<Expression>),
    /// `a || b || c`, flat.
    Or(Vec<Expression>),
    /// `a == b`, `a + b` …
    Binary {
        /// Which sign.
        operator: BinaryOperator,
        /// Where it stands.
        operator_span: Span,
        /// The left side.
        left: Box<Expression>,
        /// The right side.
        right: Box<Expression>,
    },
    /// `x in […]`, `x under […]`, `x ext […]`, `x has "k"`, `x any "k*"`
    Test {
        /// Which word.
        operator: TestOperator,
        /// Where it stands.
        operator_span: Span,
        /// What is tested.
        subject: Box<Expression>,
        /// What it is tested for; one element when no brackets are written.
        list: Vec<ListItem>,
    },
}

/// `NAME(ARGUMENTS)`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function.
    pub function: Path,
    /// The arguments in order.
    pub arguments: Vec<Argument>,
}

/// `VALUE` or `NAME: VALUE` in a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The parameter, if it is named.
    pub label: Option<Name>,
    /// The value.
    pub value: Expression,
}

/// Signs between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `~`
    Match,
    /// `!~`
    NotMatch,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

/// Words between a subject and a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestOperator {
    /// Equal to one of them, or within one of the ranges.
    In,
    /// A path at or below one of them.
    Under,
    /// A path with one of these extensions.
    Ext,
    /// A collection with that key.
    Has,
    /// A collection with a key like one of these patterns.
    Any,
}

/// An element of a list.
#[derive(Clone, Debug, PartialEq)]
pub enum ListItem {
    /// One value.
    Value(Expression),
    /// `500..599`, both ends included.
    Range(Box<(Expression, Expression)>),
}

impl ListItem {
    /// Its value, or the first one of the range.
    #[must_use]
    pub fn first(&self) -> &Expression {
        match self {
            Self::Value(value) => value,
            Self::Range(ends) => &ends.0,
        }
    }

    /// The last one of the range.
    #[must_use]
    pub fn last(&self) -> Option<&Expression> {
        match self {
            Self::Value(_) => None,
            Self::Range(ends) => Some(&ends.1),
        }
    }
}
