//! Sockets: accepting connections, and letting them end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pingora::protocols::l4::stream::Stream;
use pingora::protocols::{GetSocketDigest, SocketDigest};
use std::os::fd::AsRawFd;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::connection::{self, Front, Listener};

/// How long accepting pauses when the system has no more descriptors or memory to give.
const PAUSE: Duration = Duration::from_millis(100);

/// Binds `address`; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Accepts until `shutdown` says true. Each connection holds a clone of `alive` until it ends.
pub async fn accept(
    listener: TcpListener,
    name: Arc<Listener>,
    front: Arc<Front>,
    mut shutdown: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((connection, client)) => {
                tokio::spawn(serve(connection, client, name.clone(), front.clone(), shutdown.clone(), alive.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn serve(
    connection: TcpStream,
    client: SocketAddr,
    listener: Arc<Listener>,
    front: Arc<Front>,
    shutdown: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    connection::serve(prepare(connection, client), client, listener, &front, shutdown).await;
    drop(alive);
}

fn prepare(connection: TcpStream, client: SocketAddr) -> Stream {
    // Without it a response of two writes waits for the client's acknowledgement of the first.
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let digest = SocketDigest::from_raw_fd(connection.as_raw_fd());
    let _ = digest.peer_addr.set(Some(client.into()));
    let mut stream = Stream::from(connection);
    stream.set_socket_digest(digest);
    stream
}
