//! Decision trees: whatever the index, the verdict and the effects are those of the policy as
//! written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may, as tests do")]

mod aliases;
mod allocations;
#[path = "../../benches/support/asked.rs"]
mod asked;
mod build;
mod equal;
mod explained;
mod facts;
mod functions;
mod graphs;
mod indexes;
mod memory;
#[path = "../support/mmdb.rs"]
pub(crate) mod mmdb;
mod own_functions;
mod policies;
mod random;
mod semantics;
mod size;
mod unique;
mod work;
mod written;
