//! New connections, for requests and for probes.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UnixStream};

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A TCP port.
    Network(SocketAddr),
    /// A Unix socket at that path.
    Socket(String),
}

/// A connection.
#[derive(Debug)]
pub enum Socket {
    /// By TCP.
    Tcp(TcpStream),
    /// Within the machine.
    Unix(UnixStream),
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

/// Connects, and sends `greeting`.
///
/// # Errors
/// What the system says. It does not give up by itself before the system does.
pub async fn connect(endpoint: &Endpoint, greeting: &[u8]) -> io::Result<Socket> {
    match endpoint {
        Endpoint::Network(address) => {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            stream.write_all(greeting).await?;
            Ok(Socket::Tcp(stream))
        }
        Endpoint::Socket(path) => {
            let mut stream = UnixStream::connect(path).await?;
            stream.write_all(greeting).await?;
            Ok(Socket::Unix(stream))
        }
    }
}
