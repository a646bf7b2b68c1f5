//! Backends and directors: where they are, how they are reached, whether they are healthy.
//!
//! A policy asks the [`Registry`] for the [`Backend`] of each definition it holds; the proxy asks the
//! backend for its health and its address and tells it how each request ended. What is known of a
//! backend is kept by its definition, so that it outlives the policies that come and go; when no
//! policy holds a definition any more, its probe stops. Connections are the proxy's.

mod addresses;
mod backend;
mod definition;
mod director;
mod exchange;
mod health;
mod probe;
mod registry;
mod shared;

pub use addresses::{Lookup, LookupFuture, ResolveError, SystemLookup};
pub use backend::{Backend, BackendStatus, OriginRequest};
pub use definition::{Address, BackendDefinition, ProbeDefinition};
pub use director::{Chosen, Director, DirectorDefinition, DirectorStatus, Question, Shard, Target, Way, digest};
pub use health::ProbeStatus;
pub use registry::Registry;
