//! What a policy claims of all requests.

use http::HeaderName;

use super::Expression;
use crate::lang::source::Span;

/// A claim about every request of which something holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Invariant {
    /// What it is called.
    pub name: String,
    /// Which requests it speaks of.
    pub facts: Claim,
    /// What is claimed of them.
    pub claim: Claim,
    /// The place of the claim.
    pub span: Span,
    /// The place of the name.
    pub name_span: Span,
}

/// Something that holds of a request and what came of it, or does not.
///
/// In its expressions `req` is the request as the client sent it, `beresp` what the backend answered, and what came of
/// both are the variables that begin with `outcome`.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// All of them hold.
    All(Vec<Claim>),
    /// One of them holds.
    Any(Vec<Claim>),
    /// It does not hold.
    Not(Box<Claim>),
    /// A BOOL that is true.
    Holds(Expression),
    /// A part of the key is that text.
    KeyContains(Expression),
    /// No part of the key is made of that part of the request.
    KeyExcludes(Input),
}

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A parameter of the query.
    Query(Box<[u8]>),
    /// A header field.
    Field(HeaderName),
    /// A cookie.
    Cookie(Box<[u8]>),
}

impl Claim {
    /// What holds of every request.
    pub const ALWAYS: Self = Self::All(Vec::new());

    /// The claims in it that are no others joined.
    pub fn leaves(&self) -> Vec<&Self> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::leaves).collect(),
            Self::Not(inner) => inner.leaves(),
            leaf => vec![leaf],
        }
    }
}
