//! The admin listener: status, health and metrics of the running proxy, on loopback only.
//!
//! It has a small runtime on a thread of its own, so that it answers while the proxy is busy. What
//! it tells comes from a [`StatusSource`]; nothing is changed through it.

mod routes;
mod server;
mod source;

pub use server::{AdminServer, RunningAdmin};
pub use source::StatusSource;
