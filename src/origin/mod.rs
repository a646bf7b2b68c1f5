//! Backends and directors: where they are, how they are reached, whether they are healthy.
//!
//! A policy asks the [`Registry`] for the [`Backend`] of each definition it holds; the proxy asks the
//! backend for its health and its address and tells it how each request ended. What is known of a
//! backend is kept by its definition, so that it outlives the policies that come and go; when no
//! policy holds a definition any more, its probe stops. How a connection is made stands here; which are kept, and
//! what is said on them, is the proxy's. All is kept by name, and a name by its site ([`full_name`]): what two sites call the
//! same are two things.

mod addresses;
mod backend;
mod connect;
mod definition;
mod director;
mod dns;
mod exchange;
mod greeting;
mod health;
mod host;
mod lookup;
mod naming;
mod probe;
mod refusal;
mod registry;
mod shared;
mod slots;
mod tls;

pub use addresses::ResolveError;
pub use backend::{Backend, BackendStatus, OriginRequest, Route};
pub use connect::{Endpoint, Socket, connect};
pub use definition::{
    Address, BackendDefinition, Greeting, HttpProbe, Limit, Place, ProbeDefinition, ProbeKind, ProxyVersion, Via,
};
pub use director::{Chosen, Director, DirectorDefinition, DirectorStatus, Question, Shard, Target, Way, digest};
pub use dns::Dns;
pub use greeting::ClientConnection;
pub use health::ProbeStatus;
pub use host::{HostAddresses, HostsWatch};
pub use lookup::{Candidate, Found, Lookup, LookupFuture, Name};
pub use naming::{declared_name, full_name};
pub use refusal::why_refused;
pub use registry::Registry;
pub use slots::Busy;
pub use tls::{ClientIdentity, TlsDefinition, TlsError, certificates, private_key};
