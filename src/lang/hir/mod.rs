//! The resolved, typed policy: every name looked up, every type known, every constant folded.
//!
//! `check` makes it, `decision` lowers it. Only an error-free policy reaches `decision`, so what
//! stands here always makes sense: an operator has operands of its types, a variable is legal in
//! its step, a sub does not call itself.

mod expression;
mod pattern;
mod statement;

pub use expression::{Arithmetic, Comparison, Expression, ExpressionKind};
pub use pattern::{Glob, PATTERN_SIZE_LIMIT_BYTES, Pattern, literal_start};
pub use statement::{Arm, Normalization, Outcome, Statement, StatementKind, Target};

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::schema::Step;
use super::source::Span;

/// Names a backend of [`Hir::backends`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(pub u32);

/// Names an acl of [`Hir::acls`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AclId(pub u32);

/// Names a sub of [`Hir::subs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubId(pub u32);

/// Names a `let` within one body: its place in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// A whole policy.
#[derive(Debug, Default)]
pub struct Hir {
    /// The backends in order of declaration.
    pub backends: Vec<Backend>,
    /// The backend named `default`, else the first one; `None` if there is none.
    pub default_backend: Option<BackendId>,
    /// The access lists.
    pub acls: Vec<Acl>,
    /// The subs that are called by name, the pieces of the built-in policy among them.
    pub subs: Vec<Sub>,
    /// What each step does: the policy's own subs and tables in source order, then the built-in part.
    pub steps: Vec<StepBody>,
}

impl Hir {
    /// What `step` does; `None` if nothing is written for it.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&StepBody> {
        self.steps.iter().find(|body| body.step == step)
    }
}

/// An origin server.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// The declared name.
    pub name: String,
    /// `None` for `backend NAME none;`, which always fails.
    pub address: Option<BackendAddress>,
    /// `Host` to send when the request carries none.
    pub host_header: Option<String>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the first byte may take.
    pub first_byte_timeout: Duration,
    /// How long it may be silent within a response.
    pub between_bytes_timeout: Duration,
    /// What tells whether it is healthy; without one it always is.
    pub probe: Option<Probe>,
    /// The place of its name.
    pub span: Span,
}

/// Where a backend listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BackendAddress {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// How a backend's health is found out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// The path to ask for.
    pub url: String,
    /// The status that counts as healthy.
    pub expected_response: u16,
    /// How long one probe may take.
    pub timeout: Duration,
    /// Time from one probe to the next.
    pub interval: Duration,
    /// How many of the last probes are looked at, 1 to 64.
    pub window: u8,
    /// How many of them must have succeeded, 0 to `window`.
    pub threshold: u8,
    /// How many of them count as succeeded at start, 0 to `window`.
    pub initial: u8,
}

/// An access list. The most specific entry that holds the address decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Acl {
    /// The declared name.
    pub name: String,
    /// The networks, host bits cleared; `true` if the entry is negated.
    pub entries: Vec<(IpNet, bool)>,
    /// The place of its name.
    pub span: Span,
}

impl Acl {
    /// Whether `address` is in the list: the longest matching prefix decides, and none means no.
    ///
    /// O(entries): the reference that the index of `decision` is held against.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let matching = self.entries.iter().filter(|(net, _)| net.contains(&address));
        matching.max_by_key(|(net, _)| net.prefix_len()).is_some_and(|(_, negated)| !negated)
    }
}

/// A sub that is called by name.
#[derive(Debug)]
pub struct Sub {
    /// The name, dots included.
    pub name: String,
    /// The statements.
    pub body: Body,
    /// The place of its name.
    pub span: Span,
}

/// What a step does.
#[derive(Debug)]
pub struct StepBody {
    /// The step.
    pub step: Step,
    /// The statements.
    pub body: Body,
}

/// Statements with the size of the frame that their `let`s need.
#[derive(Debug, Default)]
pub struct Body {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// How many locals there are; [`LocalId`]s count from 0.
    pub locals: usize,
}
