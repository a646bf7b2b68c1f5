//! Tests of a policy: a request, what the backend answers, and what is to come of both.

use std::net::IpAddr;

use http::{HeaderMap, Method, StatusCode};

use super::Claim;
use crate::lang::source::Span;

/// A test.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it is called.
    pub name: String,
    /// The place of the name.
    pub name_span: Span,
    /// The requests that came before, in order: what was stored for them is found.
    pub before: Vec<Sent>,
    /// The request that is judged.
    pub request: Sent,
    /// What the backend does when it is asked for a request the first time, and each further time; the last one is what it
    /// goes on with. None, if the test is about a request that no backend is asked for.
    pub origins: Vec<Origin>,
    /// What is to come of it, at least one.
    pub expectations: Vec<Expectation>,
    /// The whole declaration.
    pub span: Span,
}

/// A request that a client sends, without content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The method.
    pub method: Method,
    /// The value of `Host`.
    pub host: String,
    /// The path with the query, from `/` on.
    pub target: String,
    /// All other fields in their order.
    pub headers: HeaderMap,
    /// The client's address, if it is said.
    pub client: Option<IpAddr>,
    /// Where it is written.
    pub span: Span,
}

/// What the backend does when it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// No connection to it can be made.
    Unreachable,
    /// It answers that.
    Answers(StatusCode, HeaderMap),
}

/// Something that is to come of a request.
///
/// In its expressions `resp` is what the client gets, beside what an [invariant](super::Invariant) knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// What is to hold.
    pub claim: Claim,
    /// Its place.
    pub span: Span,
}
