//! Directors: groups of backends, of which one is chosen for each request.

use std::time::Duration;

use super::{BackendId, Expression};
use crate::lang::source::Span;

/// A group of backends and of other directors. None is in itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Director {
    /// The declared name.
    pub name: String,
    /// How a member is chosen.
    pub choice: Choice,
    /// The members in order, at least one.
    pub members: Vec<Member>,
    /// The place of its name.
    pub span: Span,
}

/// A member of a director.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// A backend or a director.
    pub backend: BackendId,
    /// Its weight, in thousandths; above 0.
    pub weight: u32,
}

/// How a director chooses.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// One after the other.
    RoundRobin,
    /// The first one.
    Fallback {
        /// Whether it stays with a member until that one is sick.
        sticky: bool,
    },
    /// By chance.
    Random,
    /// By a key.
    Hash(Key),
    /// By a key on a ring.
    Shard(Shard),
    /// The least busy one.
    LeastConn,
    /// The less busy of two.
    P2c,
}

impl Choice {
    /// What it goes by, if it goes by a key.
    #[must_use]
    pub fn key(&self) -> Option<&Key> {
        match self {
            Self::Hash(key) | Self::Shard(Shard { key, .. }) => Some(key),
            _ => None,
        }
    }
}

/// What a key is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// The key of the cache.
    Hash,
    /// `bereq.url`.
    Url,
    /// STRING, as `backend_fetch` sees it.
    Value(Expression),
}

/// How a shard director goes about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shard {
    /// What it goes by.
    pub key: Key,
    /// How many places on the ring a member of weight 1 has, 1 to 1000.
    pub replicas: u16,
    /// The share of requests that go to the next member, in thousandths, 0 to 1000.
    pub warmup: u16,
    /// How long a member that recovered gets only a growing share.
    pub rampup: Duration,
    /// INT: how many members are skipped; `None` for none.
    pub alternative: Option<Expression>,
    /// Whose health counts.
    pub health: ShardHealth,
}

/// Whose health a shard director looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShardHealth {
    /// That of the member which is asked.
    Chosen,
    /// Nobody's.
    Ignore,
    /// Also that of members which are skipped.
    All,
}
