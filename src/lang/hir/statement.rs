//! Typed statements.

use http::HeaderName;

use super::{Expression, Glob, LocalId, SubId};
use crate::lang::schema::{Action, Function, Message, Variable};
use crate::lang::source::Span;
use crate::pace;

/// A statement with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// The statement, or the row of a table, as written.
    pub span: Span,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// Binds a local.
    Let(LocalId, Expression),
    /// Sets a variable or a header field. `+=` and its like are written out as `target = target + value`.
    Set(Target, Expression),
    /// Removes a header field. Variables that can be unset are set to unset text.
    Unset(Target),
    /// Runs a sub; a `return (action)` in it ends the step.
    Call(SubId),
    /// The first arm whose condition holds is run; flat, for ladders and rule tables alike.
    If {
        /// Conditions with what is done.
        arms: Vec<Arm>,
        /// What is done if no condition holds.
        otherwise: Vec<Statement>,
        /// Where that stands, if something does.
        rest: Option<Span>,
    },
    /// Ends the step.
    Return(Box<Outcome>),
    /// Ends the sub and goes on behind its `call`.
    Leave,
    /// Calls a function for its effect (`hash_data`, `synthetic`, `std.log`).
    Effect(Function, Vec<Expression>),
    /// Rewrites a part of the request.
    Normalize(Normalization),
    /// Adds a part to the cache key.
    Key(KeyPart),
    /// Bans all that is stored of which this BOOL holds; it may read `obj` in any step.
    Ban(Expression),
    /// Gives tags to the response that is to be stored.
    Tag(Tags),
}

impl StatementKind {
    /// Its expressions, but for those of the arms of an `if`.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let (several, outcome) = match self {
            Self::Let(_, value)
            | Self::Set(_, value)
            | Self::Ban(value)
            | Self::Key(KeyPart::Value(value))
            | Self::Tag(Tags::Text(value)) => (std::slice::from_ref(value), None),
            Self::Effect(_, arguments) => (arguments.as_slice(), None),
            Self::Return(outcome) => (&[][..], Some(&**outcome)),
            _ => (&[][..], None),
        };
        several.iter().chain(outcome.into_iter().flat_map(Outcome::values))
    }
}

/// Frees statements part by part.
pub(super) fn discard(statements: Vec<Statement>) {
    for statement in statements {
        pace::pause();
        if let StatementKind::If { arms, otherwise, .. } = statement.kind {
            pace::discard(arms);
            discard(otherwise);
        }
    }
}

/// An arm of an `if`, a row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// BOOL.
    pub condition: Expression,
    /// What is done.
    pub body: Vec<Statement>,
    /// The condition with its block, or the row.
    pub span: Span,
}

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A variable.
    Variable(Variable),
    /// A header field.
    Header(Message, HeaderName),
}

/// How a step ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What comes next.
    pub action: Action,
    /// The status of `synth` and `error`: INT.
    pub status: Option<Expression>,
    /// The reason of `synth`, `error` and `fail`: STRING.
    pub reason: Option<Expression>,
    /// Where `redirect` sends the client: STRING.
    pub location: Option<Expression>,
    /// The time of `pass`: DURATION.
    pub time: Option<Expression>,
    /// Whether `purge` is a soft one: what is stored becomes stale and stays.
    pub soft: bool,
}

impl Outcome {
    /// An action without arguments.
    #[must_use]
    pub fn of(action: Action) -> Self {
        Self { action, status: None, reason: None, location: None, time: None, soft: false }
    }

    /// What it is given.
    pub fn values(&self) -> impl Iterator<Item = &Expression> {
        [&self.status, &self.reason, &self.location, &self.time].into_iter().flatten()
    }

    /// What it is given, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Expression> {
        [&mut self.status, &mut self.reason, &mut self.location, &mut self.time].into_iter().flatten()
    }
}

/// What a part of the cache key is made of. Parts are framed, and one that is unset is not like an empty one.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyPart {
    /// STRING.
    Value(Expression),
    /// What stands behind the first `?` of the URL; unset without one.
    Query {
        /// Whether its parameters are sorted by name, values of one name in their order.
        sorted: bool,
    },
}

/// Where the tags of a response stand, between white space or commas.
#[derive(Clone, Debug, PartialEq)]
pub enum Tags {
    /// In a STRING.
    Text(Expression),
    /// In all lines of that field of the response.
    Field(HeaderName),
}

/// One clause of `normalize req { … }`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Normalization {
    /// Drops query parameters whose name is like one of the patterns.
    QueryDrop(Vec<Glob>),
    /// Keeps only those query parameters.
    QueryKeep(Vec<Glob>),
    /// Sorts query parameters by name, values of one name in their order.
    QuerySort,
    /// Undoes what is escaped in the path and need not be; escapes are in upper case.
    PathDecode,
    /// Resolves the segments of the path that are dots.
    PathResolve,
    /// Makes one of slashes that follow each other in the path.
    PathMerge,
    /// Drops cookies whose name is like one of the patterns; an empty `Cookie` is removed.
    CookieDrop(Vec<Glob>),
    /// Keeps only those cookies.
    CookieKeep(Vec<Glob>),
    /// Reduces `Accept-Encoding` to the first of these codings that the client accepts; a request
    /// without the field is taken for one that accepts `identity` alone.
    AcceptEncoding(Vec<String>),
    /// Puts `Host` in lower case.
    HostLower,
}
