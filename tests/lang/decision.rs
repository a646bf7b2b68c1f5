//! Decision trees: whatever the index, the verdict and the effects are those of the policy as
//! written.

mod build;
mod equal;
mod facts;
mod graphs;
mod indexes;
mod random;
mod semantics;
mod size;
