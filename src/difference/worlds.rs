//! Worlds in which functions yield something else than they usually do.

use std::time::SystemTime;

use crate::lang::schema::Function;
use crate::lang::schema::function::{Limit, World as Worldly};
use crate::simulate;

/// What is not as usual in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// Every rate limit is exceeded.
    OverLimits,
    /// Every variable of the environment is set.
    Configured,
    /// No backend is healthy.
    Sick,
    /// Chance gives the largest numbers.
    Chance,
}

/// What the variables of the environment hold where they are set.
pub(super) const CONFIGURED: &str = "one";

impl World {
    /// The world in which a function yields something else.
    pub(super) fn of(function: Function) -> Option<Self> {
        match function {
            Function::Limit(Limit::Ratelimit) => Some(Self::OverLimits),
            Function::World(Worldly::Getenv) => Some(Self::Configured),
            Function::World(Worldly::Healthy) => Some(Self::Sick),
            Function::World(Worldly::Random | Worldly::RandomInt | Worldly::RandomBool) => Some(Self::Chance),
            _ => None,
        }
    }

    /// The world at that moment.
    #[must_use]
    pub fn at(self, now: SystemTime) -> simulate::World {
        let mut world = simulate::World::at(now);
        match self {
            Self::OverLimits => world.is_over_limits = true,
            Self::Configured => world.other_variables = Some(CONFIGURED.into()),
            Self::Sick => world.are_all_sick = true,
            Self::Chance => world.random_bits = u128::MAX,
        }
        world
    }

    /// In which world that is, for people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::OverLimits => "with every rate limit exceeded",
            Self::Configured => "with \"one\" in every environment variable",
            Self::Sick => "with no backend healthy",
            Self::Chance => "with the largest random numbers",
        }
    }
}
