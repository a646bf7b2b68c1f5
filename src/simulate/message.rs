//! What a client sends and what a backend answers.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

/// Where a client comes from of which nothing else is said: an address for documentation (RFC 5737).
pub const SOMEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// A request as the client sends it, over HTTP/1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The value of `Host`, a port included: `Blog.example:8080`.
    pub host: String,
    /// The path with the query, from `/` on. No spaces, controls or bytes beyond ASCII.
    pub target: String,
    /// All other fields in their order; a name may have several lines.
    pub headers: HeaderMap,
    /// The client's address.
    pub client: IpAddr,
    /// The content.
    pub body: Vec<u8>,
}

impl Request {
    /// A GET of that target with no fields, from [`SOMEWHERE`].
    #[must_use]
    pub fn get(host: impl Into<String>, target: impl Into<String>) -> Self {
        let (method, headers) = (Method::GET, HeaderMap::new());
        Self { method, host: host.into(), target: target.into(), headers, client: SOMEWHERE, body: Vec::new() }
    }

    /// The same with a further field line.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }
}

/// A response as the backend sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Its fields in their order; a name may have several lines.
    pub headers: HeaderMap,
    /// The content.
    pub body: Vec<u8>,
}

impl Answer {
    /// A response of that status with no fields and no content.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Vec::new() }
    }

    /// The same with a further field line.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }
}
