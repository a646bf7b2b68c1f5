//! From the typed policy to decision trees, and their evaluation.
//!
//! Each step becomes a tree: inner nodes test facts, leaves say what comes next. Chains of tests
//! become one indexed node (hash, radix tree, regex automaton, intervals, networks) that keeps the
//! order of the first match exactly. [`facts::Facts`] is all that evaluation knows of a request,
//! so that it runs with no server; [`naive`] walks the typed policy as written and is the oracle.
//!
//! The way of the data: `lower` turns statements into [`tree`]s, `index` speeds up their long
//! matches, [`program`] runs them, `eval` yields the values that both ways of running share, and
//! [`graph`] draws them. No clock and no I/O here: `now` is a fact like any other.

mod eval;
mod fold;
mod lower;

pub mod ban;
pub mod facts;
pub mod graph;
pub mod index;
pub mod naive;
pub mod program;
pub mod settable;
pub mod trace;
pub mod tree;

pub use ban::Ban;
pub(crate) use eval::AclNetworks;
pub use eval::{ChangingAcl, is_password};
pub(crate) use eval::{cookies, directives, normalize, query, reckon};
pub use facts::{
    CONDITION_TEXT_LIMIT_BYTES, Facts, KEPT_TEXT_LIMIT_BYTES, Refused, TEXT_LIMIT_BYTES, Value, WORK_LIMIT_BYTES,
};
pub use graph::GraphFormat;
pub use program::{Program, Verdict};
pub use trace::{Event, Explanation, Rule, RuleId, Trace};
pub use tree::DecisionTree;
