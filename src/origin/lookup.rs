//! Names as policies write them, and ways to look them up.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

/// What is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// A host, with the port that goes with each of its addresses.
    Host {
        /// The name.
        host: String,
        /// The port.
        port: u16,
    },
    /// A service that SRV records tell the hosts of (RFC 2782): `_http._tcp.example.com`.
    Service(String),
}

impl Name {
    /// The text that is looked up.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Host { host, .. } => host,
            Self::Service(name) => name,
        }
    }
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The addresses, in any order.
    pub addresses: Vec<Candidate>,
    /// How long that holds.
    pub ttl: Duration,
}

/// One address of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The address.
    pub address: SocketAddr,
    /// Those with a greater number are used only if none with a smaller one can be.
    pub priority: u16,
    /// Its share among those of the same priority; above 0.
    pub weight: u32,
}

/// What a lookup gives.
pub type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Found>> + Send>>;

/// A way to look names up.
pub trait Lookup: Send + Sync + std::fmt::Debug {
    /// What `name` stands for. Runs on a runtime with I/O and time.
    fn lookup(&self, name: &Name) -> LookupFuture;
}
