//! What a request meets beside the policy.

use std::collections::BTreeMap;
use std::time::SystemTime;

/// What the world is like while a request is under way. Time stands still.
#[derive(Clone, Debug)]
pub struct World {
    /// `now`, and when the request came.
    pub now: SystemTime,
    /// The environment in which warp was started.
    pub environment: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What all other variables of it hold, if they are set.
    pub other_variables: Option<Vec<u8>>,
    /// The names of the backends that cannot be asked.
    pub sick: Vec<String>,
    /// Whether no backend can be asked.
    pub are_all_sick: bool,
    /// Whether every rate limit is exceeded.
    pub is_over_limits: bool,
    /// Whether each answer is what a 304 made of a stored response, `beresp.was_304`.
    pub is_confirming: bool,
    /// What chance gives, each time.
    pub random_bits: u128,
    /// How often a request begins again; beyond that it fails.
    pub most_restarts: u32,
    /// How often the backend is asked again.
    pub most_retries: u32,
}

impl World {
    /// A world at that moment in which all goes well: all backends are healthy, and no limit is exceeded.
    #[must_use]
    pub fn at(now: SystemTime) -> Self {
        Self {
            now,
            environment: BTreeMap::new(),
            other_variables: None,
            sick: Vec::new(),
            are_all_sick: false,
            is_over_limits: false,
            is_confirming: false,
            random_bits: 0,
            most_restarts: 4,
            most_retries: 4,
        }
    }
}
