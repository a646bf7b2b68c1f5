//! Directors: groups of backends, of which one is chosen for each request.
//!
//! A [`Director`] belongs to one policy; what it remembers between requests ([`State`]: whose turn it
//! is, the ring) is kept by its definition and so outlives policies that do not change it. Only members
//! that are healthy and have not failed this very request are chosen.

mod busy;
mod chance;
mod ring;
mod state;
mod weighted;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

pub use chance::digest;
use serde::Serialize;
pub use state::State;

use super::backend::Backend;

/// What a policy says of a director: what its [`State`] is kept by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DirectorDefinition {
    /// The declared name, behind that of its site.
    pub name: String,
    /// How it chooses.
    pub way: Way,
    /// The names of its members, behind that of its site too, and their weights in thousandths.
    pub members: Vec<(String, u32)>,
}

/// How a director chooses among its members.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// One after the other.
    RoundRobin,
    /// The first one.
    Fallback {
        /// Whether it stays with a member until that one is sick.
        sticky: bool,
    },
    /// By chance, by weight.
    Random,
    /// By a key, by weight.
    Hash,
    /// By a key on a ring.
    Shard(Shard),
    /// The least busy one, by weight.
    LeastConn,
    /// The less busy of two, by weight.
    P2c,
}

/// How a shard director goes about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    /// How many places on the ring a member of weight 1 has.
    pub replicas: u16,
    /// The share of requests that go to the next member, in thousandths.
    pub warmup: u16,
    /// How long a member that recovered gets only a growing share.
    pub rampup: Duration,
    /// Whether the health of the member that is asked counts.
    pub looks_at_chosen: bool,
    /// Whether the health of those counts that are skipped.
    pub looks_at_skipped: bool,
}

impl Way {
    fn name(&self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::Fallback { .. } => "fallback",
            Self::Random => "random",
            Self::Hash => "hash",
            Self::Shard(_) => "shard",
            Self::LeastConn => "least_conn",
            Self::P2c => "p2c",
        }
    }
}

/// A director in `/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectorStatus {
    /// The declared name, behind that of its site.
    pub name: String,
    /// How it chooses, as the policy names it.
    pub kind: &'static str,
    /// Whether a member is healthy.
    pub healthy: bool,
    /// The names of its members, in order.
    pub members: Vec<String>,
}

/// What requests can be sent to.
#[derive(Clone, Debug)]
pub enum Target {
    /// One backend, with its number in the policy.
    Backend(u32, Arc<Backend>),
    /// One of several.
    Director(Arc<Director>),
}

/// A director of a running policy.
#[derive(Debug)]
pub struct Director {
    number: u32,
    definition: DirectorDefinition,
    members: Vec<Target>,
    state: Arc<State>,
}

/// What a choice depends on beside the director.
pub trait Question {
    /// What the director of that number goes by, as 64 well-mixed bits.
    fn key(&self, director: u32) -> u64;

    /// How many members it is to skip.
    fn alternative(&self, director: u32) -> usize;

    /// Where this request has failed already.
    fn failed(&self) -> &[Arc<Backend>];
}

/// A choice.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The number of the backend in its policy.
    pub number: u32,
    /// The backend.
    pub backend: Arc<Backend>,
}

impl Target {
    /// Whether there is a healthy backend.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        match self {
            Self::Backend(_, backend) => backend.is_healthy(),
            Self::Director(director) => director.is_healthy(),
        }
    }

    /// The backend to ask. One that is named is it, however it is; of a director `None` if no member can be asked.
    pub fn choose(&self, question: &impl Question) -> Option<Chosen> {
        match self {
            Self::Backend(number, backend) => Some(Chosen { number: *number, backend: backend.clone() }),
            Self::Director(director) => director.choose(question),
        }
    }

    /// Whether a request can be sent there that has failed at these.
    #[must_use]
    pub fn can_serve(&self, failed: &[Arc<Backend>]) -> bool {
        match self {
            Self::Backend(_, backend) => backend.is_healthy() && !failed.iter().any(|it| Arc::ptr_eq(it, backend)),
            Self::Director(director) => director.in_use().any(|(_, member)| member.can_serve(failed)),
        }
    }

    /// The longest of what `of` says of the backends that may be chosen; `None` if there are none.
    pub fn longest(&self, of: &impl Fn(&Backend) -> Duration) -> Option<Duration> {
        match self {
            Self::Backend(_, backend) => Some(of(backend)),
            Self::Director(director) => director.in_use().filter_map(|(_, member)| member.longest(of)).max(),
        }
    }

    /// Requests under way.
    fn in_flight(&self) -> u64 {
        match self {
            Self::Backend(_, backend) => backend.in_flight(),
            Self::Director(director) => director.members.iter().map(Self::in_flight).sum(),
        }
    }

    /// How long ago it recovered; `None` if it always was healthy, as far as is known.
    fn recovered_for(&self) -> Option<Duration> {
        match self {
            Self::Backend(_, backend) => backend.recovered_for(),
            Self::Director(_) => None,
        }
    }
}

impl Director {
    /// The director of that number, with `members` in the order of the definition.
    #[must_use]
    pub fn new(number: u32, definition: DirectorDefinition, members: Vec<Target>, state: Arc<State>) -> Self {
        Self { number, definition, members, state }
    }

    /// The declared name, behind that of its site.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// Its members with their places, but for those of weight 0, which get nothing.
    fn in_use(&self) -> impl Iterator<Item = (usize, &Target)> {
        self.members.iter().enumerate().filter(|(at, _)| self.weight(*at) > 0)
    }

    /// Whether a member that gets requests is healthy.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.in_use().any(|(_, member)| member.is_healthy())
    }

    /// What `/status` says of it.
    #[must_use]
    pub fn status(&self) -> DirectorStatus {
        DirectorStatus {
            name: self.definition.name.clone(),
            kind: self.definition.way.name(),
            healthy: self.is_healthy(),
            members: self.definition.members.iter().map(|(name, _)| name.clone()).collect(),
        }
    }

    /// The backend to ask; `None` if no member can be asked.
    fn choose(&self, question: &impl Question) -> Option<Chosen> {
        if let Way::Shard(shard) = &self.definition.way {
            return self.members.get(self.shard(shard, question)?)?.choose(question);
        }
        let able = self.in_use().filter(|(_, member)| member.can_serve(question.failed()));
        let able: Vec<usize> = able.map(|(at, _)| at).collect();
        let at = match self.definition.way {
            Way::RoundRobin | Way::Shard(_) => self.state.next_of(&able),
            Way::Fallback { sticky } => self.first(sticky, &able),
            Way::Random => self.by_weight(&able, self.state.chance()),
            Way::Hash => self.by_weight(&able, question.key(self.number)),
            Way::LeastConn => self.least_busy(&able),
            Way::P2c => self.less_busy_of_two(&able),
        };
        self.members.get(at?)?.choose(question)
    }

    /// The first of those that are able; a sticky director goes on from the one that it stayed with.
    fn first(&self, sticky: bool, able: &[usize]) -> Option<usize> {
        if !sticky {
            return able.first().copied();
        }
        let stays = self.state.stays_with();
        // A member that failed this request alone may be well for the others.
        if self.members.get(stays).is_some_and(|member| !member.is_healthy()) {
            let next = (stays..self.members.len())
                .chain(0..stays)
                .find(|at| self.members.get(*at).is_some_and(Target::is_healthy));
            self.state.stay_with(next.unwrap_or(stays));
        }
        let stays = self.state.stays_with();
        able.iter().find(|at| **at >= stays).or(able.first()).copied()
    }

    fn weight(&self, at: usize) -> u64 {
        self.definition.members.get(at).map_or(0, |(_, weight)| u64::from(*weight))
    }
}
