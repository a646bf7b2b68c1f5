//! Backends: where they are and how they are spoken to.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::BackendId;
use crate::lang::source::Span;

/// An origin server.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// The declared name.
    pub name: String,
    /// `None` for `backend NAME none;`, which always fails.
    pub place: Option<Place>,
    /// `Host` to send when the request carries none.
    pub host_header: Option<String>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the head of the response may take.
    pub first_byte_timeout: Duration,
    /// How long it may be silent within a response.
    pub between_bytes_timeout: Duration,
    /// How many requests it gets at the same time; `None` for any number.
    pub limit: Option<Limit>,
    /// What is sent on a new connection before anything else.
    pub greeting: Greeting,
    /// Whether and how it is spoken to by TLS.
    pub tls: Option<Tls>,
    /// What tells whether it is healthy; without one it always is.
    pub probe: Option<Probe>,
    /// The place of its name.
    pub span: Span,
}

/// Where a backend listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// On a TCP port.
    Network(BackendAddress),
    /// On a Unix socket at that path.
    Socket(String),
    /// Where SRV records of that name say (RFC 2782): `_http._tcp.example.com`.
    Service(String),
}

/// A host and its port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BackendAddress {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// How many requests a backend gets at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// That many, at least one.
    pub max_connections: u32,
    /// How many more may wait.
    pub wait_limit: u32,
    /// For how long.
    pub wait_timeout: Duration,
}

/// What is sent on a new connection before anything else, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Greeting {
    /// To the backend that connections go through.
    pub via: Option<Via>,
    /// These bytes.
    pub preamble: Vec<u8>,
    /// The client's address by the PROXY protocol, in that version.
    pub proxy_header: Option<ProxyVersion>,
}

/// A proxy in between that connects to where the PROXY protocol tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Via {
    /// The proxy.
    pub backend: BackendId,
    /// The name that it is to use towards the backend.
    pub authority: Option<String>,
}

/// Versions of the PROXY protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyVersion {
    /// One line of text.
    V1,
    /// Binary.
    V2,
}

/// How a backend is spoken to by TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The name that it is asked for and has to prove.
    pub sni: String,
    /// Whether it has to prove it.
    pub verify: bool,
    /// Who may vouch for it, as PEM; those whom the system trusts if `None`.
    pub ca: Option<FileText>,
    /// What warp proves itself by: certificates and their key, as PEM.
    pub client: Option<(FileText, FileText)>,
}

/// What a file said, which may be a secret: not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct FileText {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where the file is named.
    pub span: Span,
}

impl fmt::Debug for FileText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileText({} bytes)", self.bytes.len())
    }
}

/// How a backend's health is found out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// What is tried.
    pub kind: ProbeKind,
    /// How long one probe may take.
    pub timeout: Duration,
    /// Time from one probe to the next.
    pub interval: Duration,
    /// How many of the last probes are looked at, 1 to 64.
    pub window: u8,
    /// How many of them must have succeeded, 0 to `window`.
    pub threshold: u8,
    /// How many of them count as succeeded at start, 0 to `window`.
    pub initial: u8,
}

/// What a probe tries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProbeKind {
    /// To be answered as expected.
    Http(HttpProbe),
    /// To connect.
    Tcp,
    /// To agree on keys, over TLS.
    Tls,
}

/// What a probe asks for, and what it expects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HttpProbe {
    /// The path to ask for, or the one within `lines`.
    pub url: String,
    /// The lines of the request's head; those that go with `url` if empty.
    pub lines: Vec<String>,
    /// The statuses that count as healthy.
    pub expected: Vec<RangeInclusive<u16>>,
    /// Whether the backend has to close the connection after its answer.
    pub expect_close: bool,
}
