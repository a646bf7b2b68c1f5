//! Sites: policies of their own for some hosts.

use std::fmt;
use std::sync::Arc;

use super::Hir;
use crate::lang::source::Span;

/// A policy of its own for some hosts.
#[derive(Clone, Debug)]
pub struct Site {
    /// The hosts, at least one. No two sites of a policy have one in common.
    pub hosts: Vec<HostPattern>,
    /// The name of the file that its policy starts in.
    pub file: String,
    /// What that says; shared by sites of the same file. It has no sites itself.
    pub policy: Arc<Hir>,
    /// The whole declaration.
    pub span: Span,
}

impl Site {
    /// What the site is called wherever it has to be told from others: its first host as written, but for case.
    #[must_use]
    pub fn name(&self) -> String {
        self.hosts.first().map(ToString::to_string).unwrap_or_default()
    }
}

/// A host, or all names below one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPattern {
    /// The name in lower case, without `*.` and without the dot of a full name; or an address.
    pub name: String,
    /// Whether it stands for every name that has one label or more in front of that one, and not for that one itself.
    pub is_wildcard: bool,
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_wildcard { "*." } else { "" }, self.name)
    }
}
