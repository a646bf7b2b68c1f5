//! What a policy is held to: invariants and tests.

use super::{Expression, Name};
use crate::lang::source::Span;

/// `invariant "admin is never stored" { path under "/admin/" => not stored }`
#[derive(Clone, Debug, PartialEq)]
pub struct Invariant {
    /// What it is called.
    pub name: Name,
    /// The requests that it speaks of; all, if `None`.
    pub facts: Option<Expression>,
    /// What is claimed of them.
    pub claim: Expression,
    /// The whole declaration.
    pub span: Span,
}

/// `test "accounts are never stored" { request GET "https://a.example/account/x"; origin 200 { }; expect not stored; }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it is called.
    pub name: Name,
    /// The parts in order.
    pub parts: Vec<TestPart>,
    /// The whole declaration.
    pub span: Span,
}

/// A part of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestPart {
    /// What it is.
    pub kind: TestPartKind,
    /// The whole part.
    pub span: Span,
}

/// The parts of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum TestPartKind {
    /// `before GET "https://a.example/";`
    Before(Sent),
    /// `request GET "https://a.example/" { Cookie: "a=1" } from 10.0.0.1;`
    Request(Sent),
    /// `origin 200 { Cache-Control: "max-age=60" };`: the status as written, and the fields.
    Origin(Name, Vec<FieldLine>),
    /// `origin none;`
    Unreachable,
    /// `expect not stored;`
    Expect(Expression),
}

/// A request that a client sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The method; a text in its place where it is missing.
    pub method: Name,
    /// The URL.
    pub url: Option<Name>,
    /// The fields in order.
    pub fields: Vec<FieldLine>,
    /// The client's address as written, if it is.
    pub client: Option<Name>,
}

/// `Cookie: "a=1"`
#[derive(Clone, Debug, PartialEq)]
pub struct FieldLine {
    /// The name of the field.
    pub name: Name,
    /// Its value.
    pub value: Name,
}

/// `contains EXPRESSION` or `excludes query "sig"` behind `key`.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyClaim {
    /// A part of the key is that value.
    Contains(Box<Expression>),
    /// Nothing in the key is made of that part of the request: its kind, to be looked up, and its name.
    Excludes(Name, Name),
}
