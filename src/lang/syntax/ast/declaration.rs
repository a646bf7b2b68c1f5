//! Declarations that hold no statements: where files, backends, addresses and tables are told.

use super::{Expression, Name};
use crate::lang::source::Span;

/// `include "GLOB";`
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    /// The path or pattern, relative to the file it stands in.
    pub path: Name,
    /// The whole declaration.
    pub span: Span,
}

/// `site "HOST", "*.HOST" from "FILE";`
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The hosts, at least one.
    pub hosts: Vec<Name>,
    /// The policy of these hosts, relative to the file it stands in.
    pub path: Name,
    /// The whole declaration.
    pub span: Span,
}

/// A backend, a probe, a member of a director.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeBlock {
    /// The declared name; for a probe written inside a backend, the word `probe`.
    pub name: Name,
    /// The attributes; `None` for `backend NAME none;` and for a member without a block.
    pub attributes: Option<Vec<Attribute>>,
    /// The whole declaration.
    pub span: Span,
}

/// `.host = "127.0.0.1";`
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The name without the dot (the span has the dot).
    pub name: Name,
    /// What it is set to.
    pub value: AttributeValue,
    /// The whole line.
    pub span: Span,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// An expression; a probe's name is an [`ExpressionKind::Path`].
    Expression(Expression),
    /// `.probe = { … }`
    Block(AttributeBlock),
}

/// `director NAME = KIND { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Director {
    /// The declared name.
    pub name: Name,
    /// How it chooses, to be looked up in the schema.
    pub kind: Name,
    /// Its own attributes.
    pub attributes: Vec<Attribute>,
    /// Its members in order, each with its attributes if it has a block.
    pub members: Vec<AttributeBlock>,
    /// The whole declaration.
    pub span: Span,
}

/// `acl NAME { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Acl {
    /// The declared name.
    pub name: Name,
    /// VCL's flags, which an acl does not have.
    pub flags: Vec<Span>,
    /// The entries in order.
    pub entries: Vec<AclEntry>,
    /// The whole declaration.
    pub span: Span,
}

/// `! "10.0.0.0"/8;`
#[derive(Clone, Debug, PartialEq)]
pub struct AclEntry {
    /// Whether it starts with `!`.
    pub negated: bool,
    /// The address as written, between the quotes.
    pub address: Name,
    /// The prefix length as written, without the slash.
    pub mask: Option<Name>,
    /// Whether it stands in parentheses: left out while its name cannot be looked up.
    pub optional: bool,
    /// The whole entry.
    pub span: Span,
}

/// `table NAME: STRING -> INT { "key": 1 }`
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The declared name.
    pub name: Name,
    /// The types of keys and values, if written.
    pub types: Option<(Name, Name)>,
    /// Where what it holds stands.
    pub source: TableSource,
    /// The whole declaration.
    pub span: Span,
}

/// Where what a table holds stands.
#[derive(Clone, Debug, PartialEq)]
pub enum TableSource {
    /// Between its braces.
    Entries(Vec<TableEntry>),
    /// In the file of that name, relative to the file that the table stands in.
    File(Name),
}

/// `"key": value`
#[derive(Clone, Debug, PartialEq)]
pub struct TableEntry {
    /// The key, between the quotes.
    pub key: Name,
    /// The value.
    pub value: Expression,
}

/// `let NAME = EXPRESSION;` or `const …`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The declared name.
    pub name: Name,
    /// The type, if written: `let x: STRING = …`.
    pub ty: Option<Name>,
    /// The value.
    pub value: Expression,
    /// The whole declaration.
    pub span: Span,
}
