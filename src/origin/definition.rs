//! What a policy says of a backend.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// An origin server as declared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BackendDefinition {
    /// The declared name.
    pub name: String,
    /// Where it listens; `None` for `backend NAME none;`, which always fails.
    pub address: Option<Address>,
    /// `Host` to send when the request carries none.
    pub host_header: Option<String>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the first byte of the response may take.
    pub first_byte_timeout: Duration,
    /// How long it may be silent within a response.
    pub between_bytes_timeout: Duration,
    /// What tells whether it is healthy; without one it always is.
    pub probe: Option<ProbeDefinition>,
}

impl BackendDefinition {
    /// A backend at `host` and `port` with the default timeouts of Varnish and no probe.
    #[must_use]
    pub fn new(name: impl Into<String>, host: impl Into<String>, port: u16) -> Self {
        Self {
            name: name.into(),
            address: Some(Address { host: host.into(), port }),
            host_header: None,
            connect_timeout: Duration::from_millis(3_500),
            first_byte_timeout: Duration::from_mins(1),
            between_bytes_timeout: Duration::from_mins(1),
            probe: None,
        }
    }
}

/// Where a backend listens.
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

/// How a backend's health is found out (VCL 4.1, "Health probes").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProbeDefinition {
    /// The path to ask for.
    pub url: String,
    /// The status that counts as healthy.
    pub expected_response: u16,
    /// How long one probe may take, from connecting to the end of the response's head.
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
