//! The bytes that open a connection: for a proxy in between, a preamble, the PROXY protocol.
//!
//! The PROXY protocol is that of `HAProxy`, `doc/proxy-protocol.txt`, versions 1 and 2.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::definition::{Greeting, ProxyVersion};

/// The client's connection: its address, and the one on which it was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientConnection {
    /// The client.
    pub from: SocketAddr,
    /// Us.
    pub to: SocketAddr,
}

impl Greeting {
    /// What opens a connection for `client`, or on nobody's behalf; `backend` is the backend's own address.
    #[must_use]
    pub fn bytes(&self, backend: Option<SocketAddr>, client: Option<ClientConnection>) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(via) = &self.via {
            // The proxy has no business with the client's address.
            let ends = backend.map(|backend| ClientConnection { from: backend, to: backend });
            bytes.extend(version_2(ends, via.authority.as_deref()));
        }
        bytes.extend_from_slice(&self.preamble);
        match self.proxy_header {
            Some(ProxyVersion::V1) => bytes.extend(version_1(client)),
            Some(ProxyVersion::V2) => bytes.extend(version_2(client, None)),
            None => {}
        }
        bytes
    }
}

/// Both ends in one family: an IPv4 address beside an IPv6 one is mapped (RFC 4291 section 2.5.5.2).
fn one_family(ends: ClientConnection) -> ClientConnection {
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let (from, to) = (canonical(ends.from), canonical(ends.to));
    if from.is_ipv4() == to.is_ipv4() {
        return ClientConnection { from, to };
    }
    let mapped = |address: SocketAddr| SocketAddr::new(IpAddr::V6(mapped(address.ip())), address.port());
    ClientConnection { from: mapped(from), to: mapped(to) }
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// Section 2.1: one line; what is sent on nobody's behalf is `UNKNOWN`.
fn version_1(ends: Option<ClientConnection>) -> Vec<u8> {
    let Some(ClientConnection { from, to }) = ends.map(one_family) else { return b"PROXY UNKNOWN\r\n".to_vec() };
    let family = if from.is_ipv4() { "TCP4" } else { "TCP6" };
    format!("PROXY {family} {} {} {} {}\r\n", from.ip(), to.ip(), from.port(), to.port()).into_bytes()
}

/// Section 2.2: what is sent on nobody's behalf is `LOCAL`.
fn version_2(ends: Option<ClientConnection>, authority: Option<&str>) -> Vec<u8> {
    const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
    const LOCAL: u8 = 0x20;
    const PROXY: u8 = 0x21;
    const AUTHORITY: u8 = 0x02;
    let mut body = Vec::new();
    let (command, family) = match ends.map(one_family) {
        Some(ClientConnection { from, to }) => {
            for ip in [from.ip(), to.ip()] {
                match ip {
                    IpAddr::V4(ip) => body.extend(ip.octets()),
                    IpAddr::V6(ip) => body.extend(ip.octets()),
                }
            }
            body.extend(from.port().to_be_bytes());
            body.extend(to.port().to_be_bytes());
            (PROXY, if from.is_ipv4() { 0x11 } else { 0x21 })
        }
        None => (LOCAL, 0x00),
    };
    if let Some(authority) = authority {
        body.push(AUTHORITY);
        body.extend(length(authority.len()));
        body.extend_from_slice(authority.as_bytes());
    }
    [&SIGNATURE[..], &[command, family], &length(body.len()), &body].concat()
}

/// The checker has seen to it that nothing is longer.
fn length(bytes: usize) -> [u8; 2] {
    u16::try_from(bytes).unwrap_or(u16::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::definition::{Address, Place, Via};
    use super::*;

    fn ends(from: &str, to: &str) -> ClientConnection {
        ClientConnection { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    fn header(version: ProxyVersion, client: Option<ClientConnection>) -> Vec<u8> {
        Greeting { proxy_header: Some(version), ..Greeting::default() }.bytes(None, client)
    }

    #[test]
    fn proxy_protocol_2_1_version_1_is_a_line() {
        let line = |client| String::from_utf8(header(ProxyVersion::V1, client)).unwrap();
        let four = ends("192.0.2.1:5000", "192.0.2.2:80");
        assert_eq!(line(Some(four)), "PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n");
        assert_eq!(line(Some(ends("[2001:db8::1]:5000", "[::1]:80"))), "PROXY TCP6 2001:db8::1 ::1 5000 80\r\n");
        assert_eq!(line(Some(ends("[::ffff:192.0.2.1]:1", "192.0.2.2:2"))), "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
        assert_eq!(line(Some(ends("[::1]:1", "192.0.2.2:2"))), "PROXY TCP6 ::1 ::ffff:192.0.2.2 1 2\r\n");
        assert_eq!(line(None), "PROXY UNKNOWN\r\n");
    }

    #[test]
    fn proxy_protocol_2_2_version_2_is_binary() {
        let bytes = header(ProxyVersion::V2, Some(ends("192.0.2.1:5000", "192.0.2.2:80")));
        assert_eq!(&bytes[..12], b"\r\n\r\n\0\r\nQUIT\n");
        assert_eq!(bytes[12..16], [0x21, 0x11, 0, 12]);
        assert_eq!(bytes[16..], [192, 0, 2, 1, 192, 0, 2, 2, 0x13, 0x88, 0, 80]);
        let six = header(ProxyVersion::V2, Some(ends("[::1]:1", "[::2]:2")));
        assert_eq!((&six[12..16], six.len()), (&[0x21, 0x21, 0, 36][..], 16 + 36));
        assert_eq!(header(ProxyVersion::V2, None)[12..], [0x20, 0, 0, 0]);
    }

    #[test]
    fn a_proxy_in_between_is_told_where_to_connect_to_first() {
        let place = Place::Network(Address { host: "proxy".to_owned(), port: 1 });
        let via = Via { place, authority: Some("a.test".to_owned()) };
        let greeting = Greeting { via: Some(via), preamble: b"hi".to_vec(), proxy_header: Some(ProxyVersion::V1) };
        let bytes =
            greeting.bytes(Some("192.0.2.9:443".parse().unwrap()), Some(ends("192.0.2.1:5000", "192.0.2.2:80")));
        assert_eq!(bytes[12..16], [0x21, 0x11, 0, 12 + 3 + 6]);
        assert_eq!(bytes[16..28], [192, 0, 2, 9, 192, 0, 2, 9, 1, 0xbb, 1, 0xbb]);
        assert_eq!(&bytes[28..], b"\x02\0\x06a.testhiPROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n");
    }
}
