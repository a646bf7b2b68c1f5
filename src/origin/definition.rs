//! What a policy says of a backend.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::lookup::Name;
use super::tls::TlsDefinition;

/// An origin server as declared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BackendDefinition {
    /// The declared name, behind that of its site ([`full_name`](super::full_name)).
    pub name: String,
    /// Where it listens; `None` for `backend NAME none;`, which always fails.
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
    pub tls: Option<TlsDefinition>,
    /// What tells whether it is healthy; without one it always is.
    pub probe: Option<ProbeDefinition>,
}

impl BackendDefinition {
    /// A backend at `host` and `port` with the default timeouts of Varnish and no probe.
    #[must_use]
    pub fn new(name: impl Into<String>, host: impl Into<String>, port: u16) -> Self {
        Self {
            name: name.into(),
            place: Some(Place::Network(Address { host: host.into(), port })),
            host_header: None,
            connect_timeout: Duration::from_millis(3_500),
            first_byte_timeout: Duration::from_mins(1),
            between_bytes_timeout: Duration::from_mins(1),
            limit: None,
            greeting: Greeting::default(),
            tls: None,
            probe: None,
        }
    }

    /// `Host` for a request that carries none.
    #[must_use]
    pub fn host_text(&self) -> String {
        let of_place = || match &self.place {
            Some(Place::Network(address)) => address.to_string(),
            Some(place) => place.host_text(),
            None => "localhost".to_owned(),
        };
        self.host_header.clone().unwrap_or_else(of_place)
    }

    /// Where connections go: to the backend, or to the proxy in between.
    #[must_use]
    pub fn next_place(&self) -> Option<&Place> {
        self.greeting.via.as_ref().map(|via| &via.place).or(self.place.as_ref())
    }
}

/// Where something listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// On a TCP port.
    Network(Address),
    /// On a Unix socket at that path.
    Socket(String),
    /// Where SRV records of that name say (RFC 2782): `_http._tcp.example.com`.
    Service(String),
}

impl Place {
    /// The host as it stands in a `Host` field, without its port; for a service the domain that offers it.
    #[must_use]
    pub fn host_text(&self) -> String {
        match self {
            Self::Network(address) => address.host_text(),
            Self::Socket(_) => "localhost".to_owned(),
            Self::Service(name) => {
                let labels = name.split('.').skip_while(|label| label.starts_with('_'));
                labels.collect::<Vec<_>>().join(".")
            }
        }
    }

    /// What stands for it until it is looked up; `None` for a socket.
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        match self {
            Self::Network(Address { host, port }) => Some(Name::Host { host: host.clone(), port: *port }),
            Self::Service(name) => Some(Name::Service(name.clone())),
            Self::Socket(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => address.fmt(f),
            Self::Socket(path) => f.write_str(path),
            Self::Service(name) => f.write_str(name),
        }
    }
}

/// A host and its port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Name or address; an IPv6 address with or without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Address {
    /// The host as an address, if it is one.
    #[must_use]
    pub fn literal(&self) -> Option<IpAddr> {
        let inner = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        inner.unwrap_or(&self.host).parse().ok()
    }

    /// The host as it stands in a URL or a `Host` field: an IPv6 address in brackets (RFC 3986 section 3.2.2).
    #[must_use]
    pub fn host_text(&self) -> String {
        match self.literal() {
            Some(IpAddr::V6(address)) => format!("[{address}]"),
            _ => self.host.clone(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host_text(), self.port)
    }
}

/// How many requests a backend gets at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// That many.
    pub max_connections: u32,
    /// How many more may wait for one of those to end.
    pub wait_limit: u32,
    /// For how long.
    pub wait_timeout: Duration,
}

/// What is sent on a new connection before anything else, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Greeting {
    /// To a proxy in between, which is told where to connect to.
    pub via: Option<Via>,
    /// These bytes.
    pub preamble: Vec<u8>,
    /// The client's address by the PROXY protocol.
    pub proxy_header: Option<ProxyVersion>,
}

/// A proxy that connects to where the PROXY protocol tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Via {
    /// Where it listens.
    pub place: Place,
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

/// How a backend's health is found out (VCL 4.1, "Health probes").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProbeDefinition {
    /// What is tried.
    pub kind: ProbeKind,
    /// How long one probe may take, from connecting to the end.
    pub timeout: Duration,
    /// Time from the start of one probe to the start of the next.
    pub interval: Duration,
    /// How many of the last probes are looked at, 1 to 64.
    pub window: u8,
    /// How many of them must have succeeded, 0 to `window`.
    pub threshold: u8,
    /// How many probes count as succeeded at start, 0 to `window`.
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

impl ProbeKind {
    /// As policies name it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
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

impl HttpProbe {
    /// The expected statuses as a policy writes them.
    #[must_use]
    pub fn expected_text(&self) -> String {
        let text = |range: &RangeInclusive<u16>| match (range.start(), range.end()) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}..{last}"),
        };
        self.expected.iter().map(text).collect::<Vec<_>>().join(", ")
    }
}
