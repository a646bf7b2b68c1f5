//! What must hold for the tree of sources and papers, whoever changes it.

// Helpers of tests may fail as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod imports;
mod papers;
mod sources;
