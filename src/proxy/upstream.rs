//! How the backend is connected to, in pingora's words: address, TLS, timeouts, what opens a connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora::connectors::L4Connect;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::tls::CaType;
use pingora::proxy::Session;
use pingora::upstreams::peer::HttpPeer;
use pingora::utils::tls::{CertKey, WrappedX509, parse_x509};
use pingora::{Error, ErrorType, Result};

use super::backend_connection;
use super::ctx::RequestCtx;
use crate::origin::{Backend, ClientConnection, Endpoint, Route, Socket, TlsDefinition, connect, digest};

/// How long an idle connection to a backend is kept.
const IDLE: Duration = Duration::from_mins(1);

/// How long a head may take where it is not known yet which backend is asked: the default of `.first_byte_timeout`.
const UNSAID: Duration = Duration::from_mins(1);

/// How long the two halves of a response may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The head.
    pub first_byte: Duration,
    /// Each silence within the body.
    pub between_bytes: Duration,
}

impl Patience {
    /// That of this request with this backend.
    pub fn of(backend: &Backend, ctx: &RequestCtx) -> Self {
        let definition = backend.definition();
        Self {
            first_byte: ctx.fetch.first_byte_timeout.unwrap_or(definition.first_byte_timeout),
            between_bytes: ctx.fetch.between_bytes_timeout.unwrap_or(definition.between_bytes_timeout),
        }
    }

    /// Whether one limit for every read, which is what pingora has, does not do.
    pub fn needs_watch(self) -> bool {
        self.first_byte != self.between_bytes
    }
}

/// How long the head of what the backend of this request answers may take; before `backend_fetch`, of the backend that
/// it is meant for, and of the slowest member if that is a director.
pub fn longest_to_head(ctx: &RequestCtx) -> Duration {
    let id = ctx.fetch.backend.or(ctx.exchange.backend_hint).or(ctx.policy.default_backend);
    let target = id.and_then(|id| ctx.policy.target(id));
    target.and_then(|target| target.longest(&to_head)).unwrap_or(UNSAID)
}

fn to_head(backend: &Backend) -> Duration {
    let definition = backend.definition();
    let wait = definition.limit.map_or(Duration::ZERO, |limit| limit.wait_timeout);
    wait.saturating_add(definition.connect_timeout).saturating_add(definition.first_byte_timeout)
}

/// The backend as pingora connects to it, by this way, for this request.
///
/// # Errors
/// When the path of a socket is none.
pub fn peer(session: &Session, backend: &Backend, route: Route, ctx: &RequestCtx) -> Result<HttpPeer> {
    let definition = backend.definition();
    let tls = definition.tls.as_ref();
    let name = tls.map(|tls| tls.server_name.clone()).unwrap_or_default();
    let mut peer = match &route.endpoint {
        Endpoint::Network(address) => HttpPeer::new(address, tls.is_some(), name),
        Endpoint::Socket(path) => HttpPeer::new_uds(path, tls.is_some(), name)?,
    };
    let greeting = definition.greeting.bytes(route.backend, client(session));
    let patience = Patience::of(backend, ctx);
    peer.options.alpn = backend_connection::alpn();
    set_timeouts(&mut peer, ctx.fetch.connect_timeout.unwrap_or(definition.connect_timeout), patience);
    peer.group_key = digest(&[&greeting, &backend.tls_group().to_le_bytes()]);
    if let Some(tls) = tls {
        secure(&mut peer, backend, tls);
    }
    if !greeting.is_empty() {
        peer.options.custom_l4 = Some(Arc::new(Dial { endpoint: route.endpoint, greeting }));
    }
    Ok(peer)
}

fn set_timeouts(peer: &mut HttpPeer, connect: Duration, patience: Patience) {
    peer.options.connection_timeout = Some(connect);
    peer.options.total_connection_timeout = Some(connect);
    // Where they differ, `deadline` watches over both.
    peer.options.read_timeout = (!patience.needs_watch()).then_some(patience.first_byte);
    peer.options.write_timeout = Some(patience.between_bytes);
    peer.options.idle_timeout = Some(IDLE);
}

/// Both ends of the client's connection; none for a request of warp's own.
fn client(session: &Session) -> Option<ClientConnection> {
    let from = *session.client_addr()?.as_inet()?;
    let to = *session.server_addr()?.as_inet()?;
    Some(ClientConnection { from, to })
}

/// Certificates in pingora's form, made once for each backend.
struct Certificates {
    ca: Option<Arc<CaType>>,
    client: Option<Arc<CertKey>>,
}

impl Certificates {
    fn of(tls: &TlsDefinition) -> Self {
        let certificate = |der: &Vec<u8>| WrappedX509::new(der.clone(), parse_x509);
        let ca: Vec<WrappedX509> = tls.ca.iter().map(certificate).collect();
        let client = tls.client.as_ref();
        Self {
            ca: if ca.is_empty() { nobody(tls) } else { Some(ca.into()) },
            client: client.map(|it| Arc::new(CertKey::new(it.certificates.clone(), it.key.clone()))),
        }
    }
}

/// Someone to trust where nobody is to be trusted: pingora wants there to be someone, and looks at nobody then.
/// The key of this certificate was thrown away.
fn nobody(tls: &TlsDefinition) -> Option<Arc<CaType>> {
    const NOBODY: &[u8] = include_bytes!("upstream/nobody.der");
    (!tls.verify).then(|| Arc::from(vec![WrappedX509::new(NOBODY.to_vec(), parse_x509)]))
}

fn secure(peer: &mut HttpPeer, backend: &Backend, tls: &TlsDefinition) {
    peer.options.verify_cert = tls.verify;
    peer.options.verify_hostname = tls.verify;
    if let Some(certificates) = backend.attached(|| Certificates::of(tls)) {
        peer.options.ca.clone_from(&certificates.ca);
        peer.client_cert_key.clone_from(&certificates.client);
    }
}

/// Connects as [`connect`] does, in pingora's place.
#[derive(Debug)]
struct Dial {
    endpoint: Endpoint,
    greeting: Vec<u8>,
}

#[async_trait]
impl L4Connect for Dial {
    async fn connect(&self, _address: &SocketAddr) -> Result<Stream> {
        let socket = connect(&self.endpoint, &self.greeting).await.map_err(|error| refused(&self.endpoint, error))?;
        Ok(match socket {
            Socket::Tcp(stream) => Stream::from(stream),
            Socket::Unix(stream) => Stream::from(stream),
        })
    }
}

fn refused(endpoint: &Endpoint, error: io::Error) -> Box<Error> {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => ErrorType::ConnectNoRoute,
        io::ErrorKind::TimedOut => ErrorType::ConnectTimedout,
        _ => ErrorType::ConnectError,
    };
    Error::because(kind, format!("no connection to {endpoint:?}"), error)
}
