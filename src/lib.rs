//! warp: an edge HTTP cache that site owners program.
//!
//! A policy is text; it is compiled into decision trees and swapped into the running proxy. The
//! modules follow the data: [`lang`] (text, tokens, tree, typed policy), [`decision`] (decision
//! trees), `policy` (the running policy), `proxy` (a request's way), [`cache`] (the rules of
//! RFC 9111) and `store` (what is kept).

#![forbid(unsafe_code)]

pub mod cache;
pub mod cli;
pub mod decision;
pub mod editors;
pub mod files;
pub mod lang;

#[cfg(feature = "server")]
pub mod admin;
#[cfg(feature = "server")]
pub mod origin;
#[cfg(feature = "server")]
pub mod policy;
#[cfg(feature = "server")]
pub mod proxy;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
