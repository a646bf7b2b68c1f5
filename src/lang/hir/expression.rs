//! Typed expressions.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use http::HeaderName;

use super::{AclId, BackendId, Database, FileText, Glob, KeySet, LocalId, Pattern, RateLimitId, TableId, Users};
use crate::lang::schema::function::Class;
use crate::lang::schema::{Directive, Function, Message, Type, Variable};
use crate::lang::source::Span;

/// An expression with its type and place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// What it yields.
    pub ty: Type,
    /// As written.
    pub span: Span,
}

/// What an expression is. Each line says what it yields from what.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// STRING.
    Text(Box<[u8]>),
    /// INT.
    Int(i64),
    /// REAL.
    Real(f64),
    /// BOOL.
    Bool(bool),
    /// DURATION in milliseconds.
    Duration(i64),
    /// BYTES.
    Bytes(i64),
    /// IP.
    Ip(IpAddr),
    /// BACKEND; `None` for `none`.
    Backend(Option<BackendId>),
    /// The variable's type.
    Variable(Variable),
    /// STRING: the first field line of that name (`Cookie`: all lines joined); unset if there is none.
    Header(Message, HeaderName),
    /// BOOL, or DURATION that is missing where the message does not have it.
    Directive(Message, Directive),
    /// STRING: the first value of that query parameter, percent-decoded; unset if there is none.
    Query(Message, Box<Expression>),
    /// STRING: the first cookie of that name; unset if there is none.
    Cookie(Message, Box<Expression>),
    /// The type of its value.
    Local(LocalId),
    /// STRING from STRINGs; an unset part counts as empty.
    Concat(Vec<Expression>),
    /// STRING from anything, as VCL writes it: durations and reals with three decimals, times as RFC 9110 dates.
    ToText(Box<Expression>),
    /// BOOL from anything: set text, a backend, a number other than 0, a duration above 0 (VCL's truth).
    Truth(Box<Expression>),
    /// BOOL from BOOL.
    Not(Box<Expression>),
    /// BOOL from BOOLs, left to right, stops at the first false.
    And(Vec<Expression>),
    /// BOOL from BOOLs, left to right, stops at the first true.
    Or(Vec<Expression>),
    /// BOOL from two of one type. Unset text is equal to nothing, not even to unset text.
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// A number from numbers: INT, REAL, DURATION, BYTES, TIME (TIME ± DURATION, TIME − TIME). Saturates;
    /// dividing by zero yields zero.
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    /// BOOL from STRING; unset text is matched as empty (as in Varnish).
    Matches(Box<Expression>, Pattern),
    /// BOOL from IP.
    InAcl(Box<Expression>, AclId),
    /// The value of a table for the key, STRING; unset, whatever its type, if there is none.
    Lookup(TableId, Box<Expression>),
    /// BOOL from STRING: the table has that key.
    InTable(TableId, Box<Expression>),
    /// BOOL from STRING: equal to one of them.
    InTexts(Box<Expression>, Vec<Box<[u8]>>),
    /// BOOL from INT (DURATION, BYTES): within one of the ranges.
    InRanges(Box<Expression>, Vec<RangeInclusive<i64>>),
    /// BOOL from STRING, a path: equal to one of them, or below it. `/a` holds `/a`, `/a/` and `/a/b`, not `/ab`. None of
    /// them ends in `/`.
    Under(Box<Expression>, Vec<Box<[u8]>>),
    /// BOOL from STRING, a path: its last segment ends in `.` and one of them, ASCII case ignored.
    /// The texts are in lower case and without the dot.
    Extension(Box<Expression>, Vec<Box<[u8]>>),
    /// BOOL: the query has a parameter of one of these names.
    HasQuery(Message, Vec<Box<[u8]>>),
    /// BOOL: the query has a parameter whose name is like one of these.
    AnyQuery(Message, Vec<Glob>),
    /// BOOL: there is a cookie of one of these names.
    HasCookie(Message, Vec<Box<[u8]>>),
    /// BOOL: there is a cookie whose name is like one of these.
    AnyCookie(Message, Vec<Glob>),
    /// The result of a function that has one, from all of its parameters in order.
    Call(Function, Vec<Expression>),
    /// The first of them that is set, all of one type.
    Fallback(Vec<Expression>),
    /// The value beside the first condition that holds; the last value, one more than there are conditions,
    /// if none does.
    Choose(Vec<Expression>, Vec<Expression>),
    /// The second with the value of the first as that local.
    Bind(LocalId, Box<Expression>, Box<Expression>),
    /// STRING: unset. Also stands for an argument of any type that is left out.
    Unset,
    /// REGEX, an argument.
    Regex(Pattern),
    /// ACL, an argument.
    Acl(AclId),
    /// LIST, an argument.
    List(Vec<Box<[u8]>>),
    /// STRING: what a file holds; an argument.
    File(FileText),
    /// Users, an argument.
    Users(Arc<Users>),
    /// Keys of tokens, an argument.
    Keys(Arc<KeySet>),
    /// A database of networks, an argument.
    Database(Database),
    /// Which rate limit a call is, behind its arguments.
    RateLimit(RateLimitId),
}

impl Expression {
    /// The expressions that it is made of.
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        let (first, second) = self.kind.parts();
        first.iter().chain(second)
    }

    /// The expressions that it is made of, to be changed.
    pub fn parts_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        let (first, second) = self.kind.parts_mut();
        first.iter_mut().chain(second)
    }

    /// Whether it reads a variable.
    #[must_use]
    pub fn reads_variable(&self, variable: Variable) -> bool {
        matches!(self.kind, ExpressionKind::Variable(one) if one == variable)
            || self.parts().any(|part| part.reads_variable(variable))
    }

    /// The fields of a message that it reads.
    #[must_use]
    pub fn fields(&self, message: Message) -> Vec<HeaderName> {
        let own = match &self.kind {
            ExpressionKind::Header(of, name) if *of == message => Some(name.clone()),
            _ => None,
        };
        own.into_iter().chain(self.parts().flat_map(|part| part.fields(message))).collect()
    }

    /// Whether it reads anything of a message.
    #[must_use]
    pub fn reads(&self, message: Message) -> bool {
        let itself = match &self.kind {
            ExpressionKind::Variable(variable) => variable.name().split('.').next() == Some(message.name()),
            ExpressionKind::Header(of, _)
            | ExpressionKind::Directive(of, _)
            | ExpressionKind::Query(of, _)
            | ExpressionKind::Cookie(of, _)
            | ExpressionKind::HasQuery(of, _)
            | ExpressionKind::AnyQuery(of, _)
            | ExpressionKind::HasCookie(of, _)
            | ExpressionKind::AnyCookie(of, _) => *of == message,
            _ => false,
        };
        itself || self.parts().any(|part| part.reads(message))
    }

    /// Whether its value depends on nothing but the request: asking for it early, twice or not at all
    /// changes nothing.
    #[must_use]
    pub fn is_pure(&self) -> bool {
        let itself = match &self.kind {
            // What the client accepts is of the request, however it is asked for.
            ExpressionKind::Call(Function::Accept(_), _) => true,
            ExpressionKind::Call(function, _) => function.class() == Class::Pure,
            _ => true,
        };
        itself && self.parts().all(Self::is_pure)
    }
}

/// The parts of an expression, each kind listed once for reading and once for changing them.
macro_rules! parts {
    ($name:ident, $one:path, $none:expr $(, $change:tt)?) => {
        fn $name(& $($change)? self) -> (& $($change)? [Expression], & $($change)? [Expression]) {
            match self {
                Self::Query(_, inner)
                | Self::Cookie(_, inner)
                | Self::ToText(inner)
                | Self::Truth(inner)
                | Self::Not(inner)
                | Self::Matches(inner, _)
                | Self::InAcl(inner, _)
                | Self::Lookup(_, inner)
                | Self::InTable(_, inner)
                | Self::InTexts(inner, _)
                | Self::InRanges(inner, _)
                | Self::Under(inner, _)
                | Self::Extension(inner, _) => ($one(inner), $none),
                Self::Concat(parts)
                | Self::And(parts)
                | Self::Or(parts)
                | Self::Call(_, parts)
                | Self::Fallback(parts) => (parts, $none),
                Self::Choose(conditions, values) => (conditions, values),
                Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) | Self::Bind(_, left, right) => {
                    ($one(left), $one(right))
                }
                Self::Text(_)
                | Self::Int(_)
                | Self::Real(_)
                | Self::Bool(_)
                | Self::Duration(_)
                | Self::Bytes(_)
                | Self::Ip(_)
                | Self::Backend(_)
                | Self::Variable(_)
                | Self::Header(..)
                | Self::Directive(..)
                | Self::Local(_)
                | Self::HasQuery(..)
                | Self::AnyQuery(..)
                | Self::HasCookie(..)
                | Self::AnyCookie(..)
                | Self::Unset
                | Self::Regex(_)
                | Self::Acl(_)
                | Self::List(_)
                | Self::File(_)
                | Self::Users(_)
                | Self::Keys(_)
                | Self::Database(_)
                | Self::RateLimit(_) => ($none, $none),
            }
        }
    };
}

impl ExpressionKind {
    parts!(parts, std::slice::from_ref, &[]);
    parts!(parts_mut, std::slice::from_mut, &mut [], mut);
}

/// Ways to compare. Only `Equal` and `NotEqual` apply to STRING, BOOL, IP and BACKEND.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
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
}

impl Comparison {
    /// The same with the two sides changed.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            equality => equality,
        }
    }
}

/// Ways to reckon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
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
