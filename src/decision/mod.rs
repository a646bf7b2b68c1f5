//! From the typed policy to decision trees, and their evaluation.
//!
//! Each step becomes a tree: inner nodes test facts, leaves say what comes next. Chains of tests
//! become one indexed node (hash, radix tree, regex automaton, intervals, networks) that keeps the
//! order of the first match exactly. [`facts::Facts`] is all that evaluation knows of a request,
//! so that it runs with no server; [`naive`] walks the typed policy as written and is the oracle.

pub mod facts;

pub use facts::{Facts, Refused, Value};
