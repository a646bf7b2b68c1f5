//! Tables of rules, and what makes requests alike: `normalize` and `key`.

use super::{Expression, Name, Statement};
use crate::lang::schema::RuleTable;
use crate::lang::source::Span;

/// `rules request first { … }`, `rules request unique { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Which table.
    pub table: RuleTable,
    /// The place of the word `request` or `response`.
    pub table_span: Span,
    /// The place of `unique`, if it stands in place of `first`.
    pub unique: Option<Span>,
    /// The rows in order.
    pub rows: Vec<RuleRow>,
    /// The `else` row.
    pub otherwise: Option<RuleRow>,
    /// The whole declaration.
    pub span: Span,
}

/// `when CONDITION -> ACTION, ACTION;` (for an `else` row the condition is `None`).
#[derive(Clone, Debug, PartialEq)]
pub struct RuleRow {
    /// What must hold.
    pub condition: Option<Expression>,
    /// What is done then, in order.
    pub actions: Vec<RuleStep>,
    /// The whole row.
    pub span: Span,
}

/// One action of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleStep {
    /// What it is.
    pub kind: RuleStepKind,
    /// The whole action.
    pub span: Span,
}

/// The kinds of actions of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleStepKind {
    /// `ttl 10m`, `deny 403 "no"`, `strip set_cookie`: a name and what follows it.
    Action {
        /// The name, to be looked up in the schema.
        name: Name,
        /// The operands in order; a bare word is an [`ExpressionKind::Path`].
        operands: Vec<Expression>,
    },
    /// `set`, `unset` or `call`, as in a sub.
    Statement(Box<Statement>),
}

/// `normalize req { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Normalize {
    /// The clauses in order.
    pub clauses: Vec<NormalizeClause>,
    /// The whole declaration.
    pub span: Span,
}

/// `query drop ["utm_*"], sort;`
#[derive(Clone, Debug, PartialEq)]
pub struct NormalizeClause {
    /// `query`, `cookie`, `accept_encoding`, `host`.
    pub subject: Name,
    /// What is done, in order.
    pub operations: Vec<NormalizeOperation>,
    /// The whole clause.
    pub span: Span,
}

/// `drop ["utm_*", "gclid"]`
#[derive(Clone, Debug, PartialEq)]
pub struct NormalizeOperation {
    /// `drop`, `keep`, `sort`, `to`, `lower`.
    pub name: Name,
    /// The strings in brackets; empty if there are none.
    pub arguments: Vec<Name>,
    /// The whole operation.
    pub span: Span,
}

/// `key { req.host; req.query sorted; }`
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The piece of the built-in policy that it replaces, `builtin.key`, at the place of the word `key`.
    pub piece: Name,
    /// The parts in order.
    pub parts: Vec<KeyPart>,
    /// The whole declaration.
    pub span: Span,
}

/// `req.query sorted;`
#[derive(Clone, Debug, PartialEq)]
pub struct KeyPart {
    /// What stands in the key.
    pub value: Expression,
    /// The word `sorted`, if it is there.
    pub sorted: Option<Span>,
    /// The whole part.
    pub span: Span,
}
