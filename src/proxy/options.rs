//! What the proxy is told at its start.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::policy::PolicySource;
use crate::store::pingora::Coalescing;
use crate::telemetry::LogFormat;

/// How many fetches may go on for nobody but the store, if nothing is said: few enough to leave the file descriptors
/// that a process commonly has (1024) to clients.
pub const MOST_ABANDONED: usize = 100;

/// Everything that only a restart changes, and where the policy comes from.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where the policy comes from.
    pub source: PolicySource,
    /// Sockets for traffic; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// The admin listener; `None` for none.
    pub admin: Option<SocketAddr>,
    /// The name servers that are asked; those of the system if empty.
    pub resolvers: Vec<SocketAddr>,
    /// How many bytes the memory store may take.
    pub memory_bytes: u64,
    /// How often a request is tried anew when the policy says so.
    pub limits: Limits,
    /// How many requests may wait for the same response, and then ask for it.
    pub coalescing: Coalescing,
    /// How many fetches may go on though their client is gone and nobody else reads them.
    pub most_abandoned: usize,
    /// How many threads serve; `None` for one per core.
    pub threads: Option<usize>,
    /// The form of the log on stderr and of the access log.
    pub log_format: LogFormat,
    /// Where each request is written to.
    pub access_log: AccessLogTarget,
}

/// How often a request is tried anew when the policy says so; beyond that it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How often it begins again (`restart`).
    pub most_restarts: u32,
    /// How often each fetch is made again (`retry`).
    pub most_retries: u32,
}

impl Default for Limits {
    /// As in Varnish.
    fn default() -> Self {
        Self { most_restarts: 4, most_retries: 4 }
    }
}

/// Where each request is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessLogTarget {
    /// Nowhere.
    Off,
    /// stdout.
    Stdout,
    /// Appended to this file.
    File(PathBuf),
}

/// The sockets that accept, with the ports that they got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// For traffic, in the order of [`ServeOptions::listen`].
    pub traffic: Vec<SocketAddr>,
    /// For the admin listener.
    pub admin: Option<SocketAddr>,
}
