//! Connections to backends: pingora's, each wrapped once, when it is made.

use std::time::Duration;

use async_trait::async_trait;
use pingora::Result;
use pingora::connectors::http::custom::{self, Connection};
use pingora::connectors::{ConnectorOptions, TransportConnector};
use pingora::protocols::ALPN;
use pingora::protocols::tls::CustomALPN;
use pingora::server::configuration::ServerConf;
use pingora::upstreams::peer::Peer;

use super::stream::BackendStream;

/// What has pingora ask [`Connector`] for a connection that it does not have. Nobody else sees it.
pub fn alpn() -> ALPN {
    ALPN::Custom(CustomALPN::new(b"warp".to_vec()))
}

/// Makes connections that note what comes on them. As pingora gets no session of another protocol, it speaks HTTP/1.1
/// on them and keeps them with its own.
pub struct Connector {
    transport: TransportConnector,
}

impl Connector {
    /// One that connects as pingora would.
    pub fn new(conf: &ServerConf) -> Self {
        Self { transport: TransportConnector::new(Some(ConnectorOptions::from_server_conf(conf))) }
    }
}

/// The same peer; a server with which a protocol is agreed on (RFC 7301) hears of the one that is spoken.
fn offering_http<P: Peer>(peer: &P) -> P {
    let mut peer = peer.clone();
    if let Some(options) = peer.get_mut_peer_options() {
        options.alpn = ALPN::H1;
    }
    peer
}

#[async_trait]
impl custom::Connector for Connector {
    type Session = ();

    async fn get_http_session<P: Peer + Send + Sync + 'static>(&self, peer: &P) -> Result<(Connection<()>, bool)> {
        let stream = BackendStream::new(self.transport.new_stream(&offering_http(peer)).await?)?;
        Ok((Connection::Stream(Box::new(stream)), false))
    }

    async fn reused_http_session<P: Peer + Send + Sync + 'static>(&self, _peer: &P) -> Option<()> {
        None
    }

    async fn release_http_session<P: Peer + Send + Sync + 'static>(
        &self,
        (): (),
        _peer: &P,
        _idle_timeout: Option<Duration>,
    ) {
    }
}
