//! The kinds of directors (`vmod_directors` of Varnish), each with its attributes.

use super::{Attribute, MEMBER_ATTRIBUTES, Type};

/// How a director chooses among its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DirectorKind {
    /// One after the other.
    RoundRobin,
    /// The first one that is healthy.
    Fallback,
    /// By chance, by weight.
    Random,
    /// By a key, by weight.
    Hash,
    /// By a key on a ring.
    Shard,
    /// The one with the fewest requests under way.
    LeastConn,
    /// The less busy of two that chance picks.
    P2c,
}

/// The words for what a key is made of.
const KEYS: &[&str] = &["HASH", "URL", "KEY"];

const BY: Attribute = Attribute::new(
    "by",
    Type::String,
    "What decides: `HASH` the cache key, `URL` the `bereq.url`, `KEY` the value of `.key`.",
)
.one_of(KEYS)
.or("HASH");

const KEY: Attribute =
    Attribute::new("key", Type::String, "The key; may read what `backend_fetch` may read. Implies `.by = KEY`.")
        .of_request();

const STICKY: Attribute =
    Attribute::new("sticky", Type::Bool, "Stay with a member until it is sick, also when an earlier one recovers.")
        .or("false");

const HASH: &[Attribute] = &[BY, KEY];

const SHARD: &[Attribute] = &[
    BY,
    KEY,
    Attribute::new("replicas", Type::Int, "How many places on the ring a member of weight 1 has (1 to 1000).").or("67"),
    Attribute::new(
        "warmup",
        Type::Real,
        "The share of requests (0.0 to 1.0) that go to the next member, so that it knows them when it has to step in.",
    )
    .or("0.0"),
    Attribute::new("rampup", Type::Duration, "How long a member that recovered gets only a growing share of its keys.")
        .or("0s"),
    Attribute::new("alt", Type::Int, "Take the so-many-th member after the one that the key leads to.")
        .of_request()
        .or("0"),
    Attribute::new(
        "healthy",
        Type::String,
        "Whose health counts: `CHOSEN` that of the member which is asked, `ALL` also that of those which `.alt` skips, \
         `IGNORE` nobody's.",
    )
    .one_of(&["CHOSEN", "IGNORE", "ALL"])
    .or("CHOSEN"),
];

impl DirectorKind {
    /// All kinds.
    pub const ALL: &[Self] =
        &[Self::RoundRobin, Self::Fallback, Self::Random, Self::Hash, Self::Shard, Self::LeastConn, Self::P2c];

    /// The name as written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::Fallback => "fallback",
            Self::Random => "random",
            Self::Hash => "hash",
            Self::Shard => "shard",
            Self::LeastConn => "least_conn",
            Self::P2c => "p2c",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// One line about it.
    #[must_use]
    pub fn doc(self) -> &'static str {
        match self {
            Self::RoundRobin => "The healthy members one after the other.",
            Self::Fallback => "The first healthy member in the order in which they are written.",
            Self::Random => "A healthy member by chance, by weight.",
            Self::Hash => {
                "The same member for the same key, by weight, among those that are healthy; a change of health moves many keys."
            }
            Self::Shard => {
                "The same member for the same key by consistent hashing: a change of health or of the members moves only \
                 the keys of those."
            }
            Self::LeastConn => "The healthy member with the fewest requests under way, by weight.",
            Self::P2c => "Of two healthy members that chance picks, by weight, the one with fewer requests under way.",
        }
    }

    /// What a director of this kind takes.
    #[must_use]
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::RoundRobin | Self::Random | Self::LeastConn | Self::P2c => &[],
            Self::Fallback => &[STICKY],
            Self::Hash => HASH,
            Self::Shard => SHARD,
        }
    }

    /// What its members take.
    #[must_use]
    pub fn member_attributes(self) -> &'static [Attribute] {
        match self {
            Self::RoundRobin | Self::Fallback => &[],
            _ => MEMBER_ATTRIBUTES,
        }
    }
}
